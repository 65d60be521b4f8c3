package paygate

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// BalanceInput asks for the balances. It has no fields.
type BalanceInput struct{}

// BalanceOutput holds the merchant's accounts: one for each network, and no
// money goes from one to the other.
type BalanceOutput struct {
	Balances []capabilities.Balance `json:"balances,omitempty"`
	Response *Response              `json:"provider_response,omitempty"`
}

func (c *client) checkBalance(ctx context.Context, _ BalanceInput) (BalanceOutput, error) {
	a, err := c.post(ctx, "/api/v1/check-balance", map[string]string{"auth_token": c.config.Token})
	if err != nil {
		return BalanceOutput{}, err
	}
	switch a.Status {
	case "0":
	case wire.Text(badToken):
		return BalanceOutput{}, wrongToken().WithResponse(a)
	default:
		return BalanceOutput{}, capabilities.NothingChanged(fmt.Sprintf("paygate tells no balance (status %s)", a.Status)).WithResponse(a)
	}
	out := BalanceOutput{Response: &a}
	for _, of := range []struct {
		network string
		amount  wire.Text
	}{{"moov_tg", a.flooz}, {"togocel_tg", a.tmoney}} {
		amount, err := whole(of.amount)
		if err != nil {
			return BalanceOutput{}, capabilities.NothingChanged(fmt.Sprintf("paygate: the balance of %s cannot be read: %v", of.network, err)).WithResponse(a)
		}
		out.Balances = append(out.Balances, capabilities.Balance{Network: of.network, Available: amount, Currency: xof})
	}
	return out, nil
}

// whole reads a balance in XOF, which has no decimals. It may be nothing.
func whole(amount wire.Text) (capabilities.Amount, error) {
	if amount == "0" {
		return "0", nil
	}
	m, err := capabilities.ParseMoney(capabilities.Amount(amount), xof)
	return m.Amount(), err
}
