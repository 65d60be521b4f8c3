package guard

import (
	"context"
	"fmt"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// SuspectedRepeat doubts a payment that looks like another one of a short
// while ago under another reference: an agent that lost an answer tries again
// with a new reference. It leaves the decision to a human, whom Approval asks.
type SuspectedRepeat struct{}

// Name implements Guard.
func (SuspectedRepeat) Name() string { return "suspected_repeat" }

// Check implements Guard.
func (SuspectedRepeat) Check(ctx context.Context, c *Call) error {
	c.Doubt, c.doubted = "", ""
	if !c.begins() || c.Transaction.Party == "" || !c.Transaction.Money.Known() {
		return nil
	}
	since := c.Now.Add(-c.Policy.RepeatWindow)
	other, found, err := c.Ledger.Similar(ctx, c.Transaction, since)
	if err != nil {
		return err
	}
	if !found {
		return c.insistent(ctx, since)
	}
	c.Doubt = fmt.Sprintf("it looks like a repeat of %s: the same amount and number, %s ago, now %s",
		other.Reference, c.Now.Sub(other.Claimed).Round(time.Second), other.State)
	c.doubted = other.Reference
	return nil
}

// mostVain is how many collections from one number may come to nothing, or be
// open, before a human is asked about the next: enough for an honest customer
// with an empty balance, too few to guess a code or to annoy somebody.
const mostVain = 5

// insistent doubts a collection from somebody who was asked for money again
// and again.
func (c *Call) insistent(ctx context.Context, since time.Time) error {
	if c.effect() != capabilities.Collects {
		return nil
	}
	n, err := c.Ledger.Vain(ctx, c.Transaction, since)
	if err != nil || n < mostVain {
		return err
	}
	c.Doubt = fmt.Sprintf("this number was asked for money %d times in the last %s, and did not pay", n, c.Policy.RepeatWindow)
	c.doubted = fmt.Sprintf("%d in vain", n)
	return nil
}
