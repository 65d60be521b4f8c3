package paygate

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// DisburseInput pays a mobile-money number.
type DisburseInput struct {
	Reference   capabilities.Reference `json:"reference" jsonschema:"minLength=1,maxLength=50" jsonschema_description:"your unique id of this payout (reference)"`
	Amount      capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency    capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN      capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee" jsonschema_description:"payee's number with country code, 228…"`
	Network     capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg" jsonschema_description:"inferred from the number when left out"`
	Description string                 `json:"description,omitempty" jsonschema:"maxLength=200" jsonschema_description:"what it is for (reason)"`
}

func (c *client) disburse(ctx context.Context, in DisburseInput) (Output, error) {
	s, number, err := choose(in.Network, in.MSISDN)
	if err != nil {
		return Output{}, err
	}
	reason := in.Description
	if reason == "" {
		reason = "payout " + string(in.Reference)
	}
	a, err := c.post(capabilities.OnNetwork(ctx, s.network), "/api/v1/disburse", money{
		Token: c.config.Token, Phone: number.Local(), Amount: json.Number(in.Amount), Network: s.api,
		Reference: string(in.Reference), Reason: reason,
	})
	if err != nil {
		return Output{}, err
	}
	if _, err := json.Number(a.Status).Int64(); err != nil {
		return Output{}, undocumented(a)
	}
	if acceptance(a.Status) != accepted {
		return Output{}, capabilities.Rejected(fmt.Sprintf("paygate refuses the payout (status %s)", a.Status),
			"check the balance of this network, the number, and that this machine's address is whitelisted").WithResponse(a)
	}
	return Output{Response: &a, Outcome: capabilities.Outcome{ // accepted; it is not paid yet
		Reference: string(in.Reference), State: capabilities.Pending, Amount: in.Amount, Currency: xof, Network: s.network,
	}}, nil
}
