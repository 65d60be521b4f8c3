package guard

import (
	"context"
	"fmt"
	"time"
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
	other, found, err := c.Ledger.Similar(ctx, c.Transaction, c.Now.Add(-c.Policy.RepeatWindow))
	if err != nil || !found {
		return err
	}
	c.Doubt = fmt.Sprintf("it looks like a repeat of %s: the same amount and number, %s ago, now %s",
		other.Reference, c.Now.Sub(other.Claimed).Round(time.Second), other.State)
	c.doubted = other.Reference
	return nil
}
