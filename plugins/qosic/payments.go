package qosic

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// PaymentInput asks a customer to pay.
type PaymentInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"your unique id of this payment (transref)"`
	Amount    capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer" jsonschema_description:"payer's number with country code, 228… or 229…"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj,enum=celtiis_bj" jsonschema_description:"inferred from the number when left out"`
	FirstName string                 `json:"customer_first_name,omitempty" jsonschema:"maxLength=60"`
	LastName  string                 `json:"customer_last_name,omitempty" jsonschema:"maxLength=60"`
}

// StatusInput asks for the state of a payment or payout.
type StatusInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"the reference (transref) it was started with"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj,enum=celtiis_bj" jsonschema_description:"the network it was started on; may be left out if it was started here"`
}

// Output is the answer of every capability but the webhook.
type Output struct {
	capabilities.Outcome
	Response *Response `json:"provider_response,omitempty"`
}

func (c *client) initiatePayment(ctx context.Context, in PaymentInput) (Output, error) {
	r, number, err := choose(in.Network, in.MSISDN)
	if err != nil {
		return Output{}, err
	}
	a, err := c.post(ctx, r, r.collect, request{
		MSISDN: string(number), Amount: string(in.Amount), TransRef: string(in.Reference),
		FirstName: in.FirstName, LastName: in.LastName,
	})
	if err != nil {
		return Output{}, err
	}
	return begun(capabilities.Outcome{Reference: string(in.Reference), Amount: in.Amount, Currency: xof, Network: r.network.ID}, a)
}

// begun reads the answer to a request for money, or says that it was refused,
// or that nobody can tell.
func begun(o capabilities.Outcome, a Response) (Output, error) {
	o.State, o.Doubt = stateOf(a.ResponseCode)
	switch {
	case o.State == capabilities.Failed && !o.Doubt:
		f := failures()[a.ResponseCode]
		return Output{}, capabilities.Rejected(fmt.Sprintf("%s (code %s)", f.what, a.ResponseCode), f.fix).WithResponse(a)
	case o.State == capabilities.Unknown:
		return Output{}, capabilities.MayHaveHappened(fmt.Sprintf("qosic answered HTTP %d with the undocumented code %q", a.HTTPStatus, a.ResponseCode)).WithResponse(a)
	}
	return Output{Outcome: o, Response: &a}, nil
}

func (c *client) checkPaymentStatus(ctx context.Context, in StatusInput) (Output, error) {
	if in.Network == "" {
		return Output{}, capabilities.InvalidField("network", "nothing, and the payment was not started here", "the network it was started on")
	}
	r, err := routeOf(string(in.Network))
	if err != nil {
		return Output{}, err
	}
	a, err := c.post(ctx, r, r.status, request{TransRef: string(in.Reference)})
	if err != nil {
		return Output{}, err
	}
	return told(in.Reference, r, a), nil
}

// told reads the answer to a question. It tells no amount.
func told(reference capabilities.Reference, r route, a Response) Output {
	out := Output{Response: &a, Outcome: capabilities.Outcome{Reference: string(reference), Network: r.network.ID}}
	out.State, out.Doubt = stateOf(a.ResponseCode)
	if f, ok := failures()[a.ResponseCode]; ok {
		out.Notes = append(out.Notes, f.what+": "+f.fix)
	}
	if out.State == capabilities.Unknown {
		out.Notes = append(out.Notes, fmt.Sprintf("Qosic answered with the undocumented code %q: ask Qosic what it means before doing anything with this payment", a.ResponseCode))
	}
	return out
}
