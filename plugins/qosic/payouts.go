package qosic

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// DisburseInput pays a mobile-money number. No deposit path is known for
// Celtiis Benin.
type DisburseInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"your unique id of this payout (transref)"`
	Amount    capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee" jsonschema_description:"payee's number with country code, 228… or 229…"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj" jsonschema_description:"inferred from the number when left out"`
}

func (c *client) disburse(ctx context.Context, in DisburseInput) (Output, error) {
	r, number, err := choose(in.Network, in.MSISDN)
	if err != nil {
		return Output{}, err
	}
	if r.deposit == "" {
		return Output{}, capabilities.InvalidField("network", r.network.ID, "a network that Qosic can pay out to; no path is known for this one")
	}
	a, err := c.post(ctx, r, r.deposit, request{
		MSISDN: string(number), Amount: string(in.Amount), TransRef: string(in.Reference),
	})
	if err != nil {
		return Output{}, err
	}
	out, err := begun(capabilities.Outcome{Reference: string(in.Reference), Amount: in.Amount, Currency: xof, Network: r.network.ID}, a)
	if out.State == capabilities.Succeeded {
		out.State = capabilities.Pending // accepted; the operator's credit comes later
	}
	return out, err
}
