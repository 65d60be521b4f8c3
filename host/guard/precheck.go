package guard

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// PreCheck asks for the balance before money leaves, where the manifest names
// a capability that tells it.
type PreCheck struct {
	// Balances asks a provider's capability for the merchant's accounts.
	Balances func(ctx context.Context, provider, capability string) ([]capabilities.Balance, error)
}

// Name implements Guard.
func (PreCheck) Name() string { return "pre_check" }

// Check implements Guard.
func (g PreCheck) Check(ctx context.Context, c *Call) error {
	m := c.Transaction.Money
	if c.Capability.PreCheck == "" || !m.Known() {
		return nil
	}
	all, err := g.Balances(ctx, c.Manifest.Slug, c.Capability.PreCheck)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Network != "" && b.Network != c.Fields[capabilities.RoleNetwork] || b.Currency != m.Currency() {
			continue
		}
		if enough(b, m) {
			return nil
		}
		return refuse(fmt.Sprintf("the balance of %s is %s %s, too low for %s", account(b), b.Available, b.Currency, m),
			"top the account up, or pay out less")
	}
	return refuse(fmt.Sprintf("there is no balance in %s for network %q to pay from", m.Currency(), c.Fields[capabilities.RoleNetwork]),
		"name the network whose account has the money")
}

// enough reports whether a balance covers an amount. A balance of nothing, or
// one that is no amount, does not.
func enough(b capabilities.Balance, m capabilities.Money) bool {
	available, err := capabilities.ParseMoney(b.Available, b.Currency)
	return err == nil && available.Minor() >= m.Minor()
}

func account(b capabilities.Balance) string {
	if b.Network == "" {
		return "the account"
	}
	return "the account for " + b.Network
}
