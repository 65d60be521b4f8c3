package guard

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Outlay holds what a call costs to the policy's limits: the provider told it
// when it was shown the call. The ledger keeps the amount of the input, so a
// cost in another currency is in no day's sum, and is refused where there is a
// limit for the day.
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
		inside.Transaction.Money = m
		foreign := m.Currency() != c.Transaction.Money.Currency()
		for _, r := range rules {
			if foreign && (r.day != nil || r.party != nil) {
				return refuse(fmt.Sprintf("it costs %s, and the policy limits what leaves in a day in %s: costs in another currency than the payout's are not added up", m, m.Currency()), policyFix)
			}
			if err := r.check(ctx, &inside, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// outlays are what the provider says that leaves.
func (c *Call) outlays() []capabilities.Sum {
	var all []capabilities.Sum
	for _, f := range c.Facts {
		if f.Leaves != nil {
			all = append(all, *f.Leaves)
		}
	}
	return all
}

// costs reports whether all that leaves is known to be no more than that.
func (c *Call) costs(most *capabilities.Money) bool {
	for _, s := range c.outlays() {
		m, err := capabilities.ParseMoney(s.Amount, s.Currency)
		if err != nil || m.Currency() != most.Currency() || m.Minor() > most.Minor() {
			return false
		}
	}
	return true
}
