package guard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Limits holds calls to the operator's policy: providers, payees, and amounts
// per transaction, per day, and per day and party. In production money moves
// only where a rule says how much.
type Limits struct{}

// Name implements Guard.
func (Limits) Name() string { return "limits" }

// day is what a daily limit looks back on: any 24 hours, so that no midnight
// doubles it.
const day = 24 * time.Hour

const policyFix = "only the operator can allow it, in policy.yaml; 'mcp-payments doctor' says where that is"

// Check implements Guard.
func (Limits) Check(ctx context.Context, c *Call) error {
	if !c.begins() {
		return nil
	}
	production := c.Target.Environment == capabilities.Production
	if production && len(c.Policy.Providers) > 0 && !slices.Contains(c.Policy.Providers, c.Manifest.Slug) {
		return refuse(c.Manifest.Slug+" is not among the providers that the policy allows in production", policyFix)
	}
	m := c.Transaction.Money
	rules := c.Policy.rules(c)
	switch {
	case production && !m.Known() && c.open():
		return nil
	case production && !m.Known():
		return refuse("how much money this moves is not known here, so it cannot be held to the policy's limits",
			"name the amount; of a payment that is given back it is known if that was begun here. The policy lets payers choose the amount in a currency whose rule for collects has no limits")
	case production && len(rules) == 0:
		return refuse(fmt.Sprintf("the policy has no rule for %s in %s", c.effect(), m.Currency()), policyFix)
	}
	for _, r := range rules {
		if err := r.check(ctx, c, m); err != nil {
			return err
		}
	}
	return nil
}

// open reports whether the policy takes any amount that a payer may choose:
// there is a rule for the currency, and none that limits it.
func (c *Call) open() bool {
	rules := c.Policy.rulesIn(c, capabilities.Currency(c.Fields[capabilities.RoleCurrency]))
	limited := func(r Rule) bool { return r.transaction != nil || r.day != nil || r.party != nil }
	return c.effect() == capabilities.Collects && len(rules) > 0 && !slices.ContainsFunc(rules, limited)
}

func (r Rule) check(ctx context.Context, c *Call, m capabilities.Money) error {
	if c.effect() == capabilities.PaysOut && len(r.allowed) > 0 && !slices.Contains(r.allowed, c.Party()) {
		return refuse("the payee is not among those that the policy allows", policyFix)
	}
	if r.transaction != nil && m.Minor() > r.transaction.Minor() {
		return refuse(fmt.Sprintf("%s is more than the policy allows in one transaction, %s", m, r.transaction), policyFix)
	}
	spending := ledger.Spending{
		Provider: c.Manifest.Slug, Environment: c.Target.Environment, Effect: c.effect(), Currency: m.Currency(), Since: c.Now.Add(-day),
	}
	if err := r.within(ctx, c, spending, r.day, "in 24 hours"); err != nil {
		return err
	}
	spending.Party = c.Transaction.Party
	return r.within(ctx, c, spending, r.party, "to one payee in 24 hours")
}

func (r Rule) within(ctx context.Context, c *Call, s ledger.Spending, most *capabilities.Money, span string) error {
	if most == nil {
		return nil
	}
	spent, err := c.Ledger.Spent(ctx, s)
	if err != nil {
		return err
	}
	m := c.Transaction.Money
	if c.Again != nil && c.Again.Claimed.After(s.Since) && c.Again.Money.Currency() == m.Currency() {
		spent -= c.Again.Money.Minor() // it is among what was spent
	}
	if left := most.Minor() - spent; m.Minor() > left {
		so := "nothing"
		if already, err := capabilities.MoneyOfMinor(spent, m.Currency()); err == nil {
			so = already.String()
		}
		return refuse(fmt.Sprintf("%s is more than the policy still allows: %s %s, of which %s is used", m, most, span, so), policyFix)
	}
	return nil
}
