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

// DisburseInput pays a mobile-money number. No deposit path is known for
// Celtiis Benin.
type DisburseInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"your unique id of this payout (transref)"`
	Amount    capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee" jsonschema_description:"payee's number with country code, 228… or 229…"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj" jsonschema_description:"inferred from the number when left out"`
}

// StatusInput asks for the state of a payment or payout.
type StatusInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"the reference (transref) it was started with"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj,enum=celtiis_bj" jsonschema_description:"the network it was started on; may be left out if it was started here"`
}

// RefundInput gives a whole payment back to its payer.
type RefundInput struct {
	Original capabilities.OriginalReference `json:"original_reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"the reference (transref) of the payment to give back"`
	MSISDN   capabilities.MSISDN            `json:"msisdn,omitempty" jsonschema_description:"the payer's number; used only to check that it is MTN Benin's"`
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
	answer, err := c.post(ctx, r, r.collect, paymentBody{
		MSISDN: string(number), Amount: string(in.Amount), TransRef: string(in.Reference),
		FirstName: in.FirstName, LastName: in.LastName,
	})
	if err != nil {
		return Output{}, err
	}
	state, doubt := stateOf(answer.ResponseCode)
	out := Output{Outcome: outcome(in.Reference, in.Amount, r), Response: &answer}
	out.State, out.Doubt = state, doubt
	return out, unless(out, answer)
}

func (c *client) disburse(ctx context.Context, in DisburseInput) (Output, error) {
	r, number, err := choose(in.Network, in.MSISDN)
	if err != nil {
		return Output{}, err
	}
	if r.deposit == "" {
		return Output{}, capabilities.InvalidField("network", r.network.ID, "a network that Qosic can pay out to; no path is known for this one")
	}
	answer, err := c.post(ctx, r, r.deposit, paymentBody{
		MSISDN: string(number), Amount: string(in.Amount), TransRef: string(in.Reference),
	})
	if err != nil {
		return Output{}, err
	}
	state, doubt := stateOf(answer.ResponseCode)
	if state == capabilities.Succeeded {
		state = capabilities.Pending // accepted; the operator's credit comes later
	}
	out := Output{Outcome: outcome(in.Reference, in.Amount, r), Response: &answer}
	out.State, out.Doubt = state, doubt
	return out, unless(out, answer)
}

func (c *client) checkPaymentStatus(ctx context.Context, in StatusInput) (Output, error) {
	if in.Network == "" {
		return Output{}, capabilities.InvalidField("network", "nothing, and the payment was not started here", "the network it was started on")
	}
	r, err := routeOf(string(in.Network))
	if err != nil {
		return Output{}, err
	}
	answer, err := c.post(ctx, r, r.status, paymentBody{TransRef: string(in.Reference)})
	if err != nil {
		return Output{}, err
	}
	out := Output{Outcome: outcome(in.Reference, "", r), Response: &answer}
	out.State, out.Doubt = stateOf(answer.ResponseCode)
	if f, ok := failures()[answer.ResponseCode]; ok {
		out.Notes = append(out.Notes, f.meaning+": "+f.fix)
	}
	if out.State == capabilities.Unknown {
		out.Notes = append(out.Notes, fmt.Sprintf("Qosic answered with the undocumented code %q: ask Qosic what it means before doing anything with this payment", answer.ResponseCode))
	}
	return out, nil
}

func (c *client) refund(ctx context.Context, in RefundInput) (Output, error) {
	r, err := routeOf("mtn_bj")
	if err != nil {
		return Output{}, err
	}
	if in.MSISDN != "" {
		of, _, err := choose("", in.MSISDN)
		if err != nil {
			return Output{}, err
		}
		if of.network.ID != r.network.ID {
			return Output{}, capabilities.InvalidField("msisdn", "a number of "+of.network.Name, "a number of MTN Benin: Qosic refunds on no other network")
		}
	}
	answer, err := c.post(ctx, r, r.refund, paymentBody{TransRef: string(in.Original)})
	if err != nil {
		return Output{}, err
	}
	out := Output{Outcome: capabilities.Outcome{Network: r.network.ID}, Response: &answer}
	out.State, _ = stateOf(answer.ResponseCode)
	if answer.ResponseCode == codeNotKnown {
		return Output{}, capabilities.Rejected("qosic knows no payment that could be given back under this reference",
			"check original_reference; it must be a paid MTN Benin payment").WithResponse(answer)
	}
	return out, unless(out, answer)
}

func outcome(reference capabilities.Reference, amount capabilities.Amount, r route) capabilities.Outcome {
	o := capabilities.Outcome{Reference: string(reference), Amount: amount, Network: r.network.ID}
	if amount != "" {
		o.Currency = xof
	}
	return o
}

// unless returns the refusal that a request for money ended in, if it did: a
// final no of the provider, or a code that nobody can read.
func unless(out Output, a Response) error {
	switch {
	case out.State == capabilities.Failed && !out.Doubt:
		f := failures()[a.ResponseCode]
		return capabilities.Rejected(fmt.Sprintf("%s (code %s)", f.meaning, a.ResponseCode), f.fix).WithResponse(a)
	case out.State == capabilities.Unknown:
		return capabilities.MayHaveHappened(fmt.Sprintf("qosic answered HTTP %d with the undocumented code %q", a.HTTPStatus, a.ResponseCode)).WithResponse(a)
	}
	return nil
}
