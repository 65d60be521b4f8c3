package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Reference lets each reference stand for one transaction. Asked for again
// with the same content, it gives what is on record; with other content it is
// refused.
type Reference struct{}

// Name implements Guard.
func (Reference) Name() string { return "reference" }

// Check implements Guard.
func (Reference) Check(ctx context.Context, c *Call) error {
	if !c.begins() {
		return nil
	}
	c.Again = nil
	t, found, err := c.Ledger.Find(ctx, c.Transaction.Key)
	switch {
	case err != nil:
		return err
	case found && t.State == ledger.Absent && t.Digest == c.Transaction.Digest && t.Account == c.Transaction.Account:
		c.Again = &t
		return nil
	case found && t.State == ledger.Absent:
		return refuse(fmt.Sprintf("%s was sent before, and the provider says that it was never created: only exactly that call, with the same account, may be made again", c.shown()),
			"make the same call again, or give another payment another reference")
	case !found || t.State == ledger.NotSent || Repeatable(c.Fields, t.State):
		return nil
	case t.Digest == c.Transaction.Digest:
		return &Recorded{Transaction: t}
	}
	return refuse(
		fmt.Sprintf("the reference %s is taken: %s. This call asks for %s", c.shown(), described(t), described(c.Transaction)),
		"give a new payment a new reference; to learn what became of the recorded one, ask for its status")
}

// Repeatable reports whether a transaction that ended in a state may be begun
// anew under its key. Only one without a reference of its own may, such as a
// refund: nobody could give it another.
func Repeatable(fields map[capabilities.Role]string, s capabilities.State) bool {
	return fields[capabilities.RoleReference] == "" && s.Final() && s != capabilities.Succeeded
}

// shown is the reference as the caller gave it.
func (c *Call) shown() string {
	if r := c.Fields[capabilities.RoleReference]; r != "" {
		return r
	}
	return c.Fields[capabilities.RoleOriginalReference]
}

// described tells a transaction to a reader, without whom it is with.
func described(t ledger.Transaction) string {
	parts := []string{t.Provider + "_" + t.Capability, t.Money.String()}
	if t.Network != "" {
		parts = append(parts, t.Network)
	}
	if t.State != "" {
		parts = append(parts, string(t.State)+" since "+t.Updated.Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}
