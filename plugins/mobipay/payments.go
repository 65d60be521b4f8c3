package mobipay

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Order is what payments and payouts have in common.
type Order struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=128" jsonschema_description:"your unique id of it (order_id)"`
	Amount    capabilities.Amount    `json:"amount" jsonschema_description:"in major units, such as 5000"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"pattern=^[A-Z]{3}$" jsonschema_description:"where list_networks names none"`
	Network   capabilities.NetworkID `json:"network" jsonschema:"pattern=^[a-z0-9]+(_[a-z]{2})?$" jsonschema_description:"operator and country, such as mtn_bj: see list_networks"`
}

// PaymentInput asks a customer to pay.
type PaymentInput struct {
	Order
	MSISDN        capabilities.MSISDN `json:"msisdn" jsonschema_extras:"x-role=payer" jsonschema_description:"payer's number with country code"`
	CustomerName  string              `json:"customer_name,omitempty" jsonschema:"maxLength=100"`
	CustomerEmail string              `json:"customer_email,omitempty" jsonschema:"format=email"`
	OTP           string              `json:"otp,omitempty" jsonschema:"pattern=^[0-9]{4\\,8}$" jsonschema_extras:"x-role=secret" jsonschema_description:"the payer's code, where one is wanted"`
	ReturnURL     string              `json:"return_url,omitempty" jsonschema:"format=uri,maxLength=500" jsonschema_description:"where the payer goes afterwards"`
	DocType       string              `json:"customer_doc_type,omitempty" jsonschema:"enum=intl_passport,enum=driving_license,enum=national_id"`
	DocNumber     string              `json:"customer_doc_number,omitempty" jsonschema:"maxLength=50"`
}

func (in PaymentInput) wish() wish {
	return wish{direction: collect, Order: in.Order, msisdn: in.MSISDN, extras: given(
		extra{"customer_name", in.CustomerName}, extra{"customer_email", in.CustomerEmail}, extra{"otp", in.OTP}, extra{"return_url", in.ReturnURL},
		extra{"customer_doc_type", in.DocType}, extra{"customer_doc_number", in.DocNumber})}
}

// given are the extras that have a value.
func given(all ...extra) extras {
	var e extras
	for _, one := range all {
		if one.value != "" {
			e = append(e, one)
		}
	}
	return e
}

func (c *client) previewPayment(_ context.Context, in PaymentInput) ([]capabilities.Fact, error) {
	return c.preview(in.wish())
}

// preview says what the table of networks rules out. Nothing is sent.
func (c *client) preview(w wish) ([]capabilities.Fact, error) {
	o, err := c.plan(w)
	if err != nil {
		return nil, err
	}
	return o.facts(), nil
}

func (c *client) initiatePayment(ctx context.Context, in PaymentInput) (PaymentOutput, error) {
	o, out, err := c.send(ctx, "payment_c2b", in.wish())
	if err != nil {
		return PaymentOutput{}, err
	}
	return paying(out, &o, nil), nil
}

func (c *client) send(ctx context.Context, call string, w wish) (order, Output, error) {
	o, err := c.plan(w)
	if err != nil {
		return order{}, Output{}, err
	}
	amount, _ := twoDecimals(o.money) // plan made sure of it
	a, err := c.post(capabilities.OnNetwork(ctx, o.network.ID), call, request{
		CustomerID: o.customerID, OrderID: string(o.Reference), Amount: amount, Currency: o.Currency, Country: o.network.Country,
		CallbackURL: c.config.CallbackURL, ProviderID: o.providerID, Extra: o.extras,
	})
	if err != nil {
		return order{}, Output{}, err
	}
	state, err := begun(a)
	if err != nil {
		return order{}, Output{}, err
	}
	out := answered(o.Reference, state, a)
	out.Amount, out.Currency, out.Network = o.money.Amount(), o.Currency, o.network.ID
	if o.network.ID == simulator {
		out.Notes = append(out.Notes, "the simulator never calls back, and what it was asked for stays in progress for ever")
	}
	return o, out, nil
}

// begun reads the answer to a request for money, or says that it was refused,
// or that nobody can tell.
func begun(a Response) (capabilities.State, error) {
	state := stateOf(a.Status)
	if a.Result.Code != codeOK {
		return "", refused(a)
	}
	if state == capabilities.Unknown {
		return "", capabilities.MayHaveHappened(fmt.Sprintf("mobipay answered with the status %q, which tells nothing", a.Status)).WithResponse(a)
	}
	return state, nil
}

// refused reads a result that is not OK. It is MobiPay's final no if the status
// says so too, or if there is no status and the code is one that blames the
// request. What has another code and no end may still be going on: 10301 is
// what MobiPay could not pass on, and 13104 was never explained. And what was
// initiated may go on whatever the code says. A code that blames the
// credentials says that no operation was looked at, so any status denies it.
func refused(a Response) error {
	m, blames := meaningOf(a.Result.Code)
	switch final := a.Status == statusFailed || a.Status == statusCancelled; {
	case aboutMerchant(a.Result.Code):
		refusal := contradiction(a)
		refusal.Fix += "; then " + checkMerchant
		return refusal
	case final, blames && (a.Status == "" || a.Status == statusUndefined):
		return capabilities.Rejected(m.what, m.fix).WithResponse(a)
	case a.Status == "", a.Status == statusUndefined, a.Status == statusInitiated:
		return capabilities.MayHaveHappened(m.what + ", and does not say what became of it").WithResponse(a)
	}
	return contradiction(a)
}

func contradiction(a Response) *capabilities.Refusal {
	return capabilities.MayHaveHappened(fmt.Sprintf("mobipay contradicts itself: it refuses (code %s) what has the status %s", a.Result.Code, a.Status)).WithResponse(a)
}

// StatusInput asks for the state of a payment or payout.
type StatusInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=128" jsonschema_description:"as it was started (order_id)"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema_description:"filled in from the record"`
}

func (c *client) checkPaymentStatus(ctx context.Context, in StatusInput) (PaymentOutput, error) {
	a, err := c.post(ctx, "status", request{OrderID: string(in.Reference)})
	if err != nil {
		return PaymentOutput{}, err
	}
	if a.Status == "" {
		return PaymentOutput{}, capabilities.NothingChanged(fmt.Sprintf("mobipay does not answer the question (code %s)", a.Result.Code)).WithResponse(a)
	}
	state, note := told(a)
	out := answered(in.Reference, state, a)
	if note != "" {
		out.Notes = append(out.Notes, note)
	}
	n, _ := named(string(in.Network)) // one that is not known has no rules
	return paying(out, nil, n.Collect), nil
}
