package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Approval lets a payout go on only with a human's approval of exactly it, and
// so whatever another guard doubts. An approval is for one input, one
// environment, one policy, one doubt and one quote.
type Approval struct {
	// Hash is a keyed hash.
	Hash func(purpose string, parts ...string) (string, error)
}

// Name implements Guard.
func (Approval) Name() string { return "approval" }

// Check implements Guard.
func (g Approval) Check(ctx context.Context, c *Call) error {
	c.Approval, c.ApprovalDigest = "", ""
	if c.Doubt == "" && c.Again == nil && (c.effect() != capabilities.PaysOut || c.free()) {
		return nil
	}
	digest, err := g.Hash("approval", c.Transaction.Digest, c.Policy.Digest(), c.doubted, c.told(), c.since())
	if err != nil {
		return err
	}
	a, found, err := c.Ledger.Approval(ctx, digest, ledger.Approved, c.Now)
	switch {
	case err != nil:
		return err
	case found:
		c.Approval, c.ApprovalDigest = a.ID, digest
		return nil
	}
	denied, found, err := c.Ledger.Approval(ctx, digest, ledger.Denied, c.Now)
	switch {
	case err != nil:
		return err
	case found:
		return refuse(fmt.Sprintf("a human said no to exactly this call, at %s", denied.At.Format(time.RFC3339)),
			"do not make it again; ask the user what to do instead")
	case c.Doubt != "":
		return &Held{Guard: SuspectedRepeat{}.Name(), Digest: digest, Reason: c.Doubt}
	}
	return &Held{Guard: g.Name(), Digest: digest, Reason: c.reason()}
}

func (c *Call) reason() string {
	if c.Again != nil {
		return fmt.Sprintf("it was sent before, at %s, and got no answer; the provider says that it was never created, and takes the same again", c.Again.Claimed.Format(time.RFC3339))
	}
	return fmt.Sprintf("%s moves money out: a human has to approve exactly this call", c.Tool())
}

// since is when the call was sent before, if it was.
func (c *Call) since() string {
	if c.Again == nil {
		return ""
	}
	return c.Again.Claimed.Format(time.RFC3339Nano)
}

// told is what the provider says of the call, in one text: an approval is for
// one quote, too.
func (c *Call) told() string {
	b, _ := json.Marshal(c.Facts) // texts always marshal
	return string(b)
}

// free reports whether the policy lets the payout pass without a human: a rule
// that matches names the payee and allows the amount.
func (c *Call) free() bool {
	m := c.Transaction.Money
	return m.Known() && slices.ContainsFunc(c.Policy.rules(c), func(r Rule) bool {
		return r.free != nil && m.Minor() <= r.free.Minor() && c.costs(r.free) && slices.Contains(r.allowed, c.Party())
	})
}
