// Package guard holds the checks that stand between a caller and a provider.
// Each is small and has a name, by which the catalogue of gotchas says what it
// makes harmless. None of them knows a provider: they read manifests, and
// inputs by the roles of their fields.
package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Call is a valid call as a guard sees it.
type Call struct {
	Manifest   *capabilities.Manifest
	Capability *capabilities.Capability
	Target     capabilities.Target
	// Fields holds the input's values by role. A role without a value is absent.
	Fields map[capabilities.Role]string
	// Input is the whole input, complete.
	Input json.RawMessage
	// Transaction is what the ledger would get of a call that moves money, or
	// what it has of one that is confirmed.
	Transaction ledger.Transaction
	// Ledger is what is on record now.
	Ledger ledger.View
	Policy *Policy
	Now    time.Time

	// Asked is how often the transaction was asked for, this call included.
	// PollingPace sets it.
	Asked *ledger.Question

	// Facts are what the provider says that a human should know of the call.
	// Preview sets them.
	Facts []capabilities.Fact

	// Again is what was sent under the reference before, if the provider says
	// that it was never created. Reference sets it.
	Again *ledger.Transaction

	// Doubt is why a human should look at the call whatever the policy says.
	// SuspectedRepeat sets it, Approval acts on it.
	Doubt   string
	doubted string // the reference that it looks like a repeat of
	// Approval is the id of the human's approval that the call uses up.
	// Approval sets it.
	Approval       string
	ApprovalDigest string
}

// Tool is the name under which callers know the capability.
func (c *Call) Tool() string { return c.Manifest.Slug + "_" + c.Capability.Name }

// Party is who gets the money, or who is asked to pay, in one spelling.
func (c *Call) Party() string { return Party(c.Fields) }

// Party is the payee or the payer among an input's fields, in one spelling. An
// account is nobody's without its bank: account/bank, or account/ where there is
// none. No number looks like that.
func Party(fields map[capabilities.Role]string) string {
	if account := fields[capabilities.RoleAccount]; account != "" {
		return strings.ToLower(account + "/" + fields[capabilities.RoleBank])
	}
	if payee := fields[capabilities.RolePayee]; payee != "" {
		return canonical(payee)
	}
	return canonical(fields[capabilities.RolePayer])
}

// begins reports whether the call begins a transaction. What only confirms one
// was judged when that began.
func (c *Call) begins() bool {
	return c.Capability.Effect.MovesMoney() && !c.Capability.Confirms()
}

// effect is the capability's effect. An unknown one counts as paying out.
func (c *Call) effect() capabilities.Effect {
	if e := c.Capability.Effect; e == capabilities.Collects || !e.MovesMoney() {
		return e
	}
	return capabilities.PaysOut
}

// Guard refuses calls.
type Guard interface {
	// Name is what catalogues call it.
	Name() string
	// Check returns a *capabilities.Refusal, a *Recorded or a *Held, or nil if
	// the call may go on.
	Check(context.Context, *Call) error
}

// Recorded says that the answer is on record already, so nothing is sent.
type Recorded struct {
	ledger.Transaction
	// AfterSeconds is how long to wait before the provider may be asked, if that
	// is why.
	AfterSeconds int
}

func (r *Recorded) Error() string { return "the answer is on record" }

// Held says that a human has to approve exactly this call.
type Held struct {
	Guard  string
	Digest string // what the approval has to be for
	Reason string
}

func (h *Held) Error() string { return h.Reason }

// Check asks guards in their order and returns the first objection; a refusal
// is signed with the guard's name. An error that is none of these refuses too.
func Check(ctx context.Context, guards []Guard, c *Call) error {
	for _, g := range guards {
		err := g.Check(ctx, c)
		var recorded *Recorded
		var held *Held
		var r *capabilities.Refusal
		switch {
		case err == nil:
			continue
		case errors.As(err, &recorded), errors.As(err, &held):
			return err
		case ctx.Err() != nil:
			r = capabilities.NotSent("the caller has gone")
		case !errors.As(err, &r):
			r = refuse(fmt.Sprintf("the check did not work: %v", err), "nothing was sent; run 'mcp-payments doctor'")
		}
		r.Guard = g.Name()
		return r
	}
	return nil
}

func refuse(message, fix string) *capabilities.Refusal {
	return &capabilities.Refusal{Kind: capabilities.Refused, Message: message, Fix: fix}
}
