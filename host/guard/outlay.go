package guard

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Outlay holds what a call costs in another currency to the policy's limits in
// that: the provider told it when it was shown the call. The ledger keeps a
// transaction in the currency of its input, so a day's sum here is of the
// payouts that were asked for in the outlay's currency, and this one.
type Outlay struct{}

// Name implements Guard: it is a part of the limits.
func (Outlay) Name() string { return Limits{}.Name() }

// Check implements Guard.
func (Outlay) Check(ctx context.Context, c *Call) error {
	for _, s := range c.outlays() {
		m, err := capabilities.ParseMoney(s.Amount, s.Currency)
		if err != nil {
			return refuse("what it costs cannot be read: "+err.Error(), "ask the provider; nothing was sent")
		}
		rules := c.Policy.rulesIn(c, m.Currency())
		if c.Target.Environment == capabilities.Production && len(rules) == 0 {
			return refuse(fmt.Sprintf("it costs %s, and the policy has no rule for %s in %s", m, c.effect(), m.Currency()), policyFix)
		}
		inside := *c
		inside.Transaction.Money, inside.Again = m, nil
		for _, r := range rules {
			if err := r.check(ctx, &inside, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// outlays are what the provider says that leaves, in currencies of their own.
func (c *Call) outlays() []capabilities.Sum {
	var all []capabilities.Sum
	for _, f := range c.Facts {
		if f.Leaves != nil && f.Leaves.Currency != c.Transaction.Money.Currency() {
			all = append(all, *f.Leaves)
		}
	}
	return all
}
