package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

const xof capabilities.Currency = "XOF"

// Order is what every payment says. The host's guards read an input by the
// roles of its fields: these types bring theirs, and a number says in its tag
// whether it is the payer's or the payee's.
type Order struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=50" jsonschema_description:"your unique id of this payment (order)"`
	Amount    capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
}

// PaymentInput asks a customer to pay.
type PaymentInput struct {
	Order
	Payer capabilities.MSISDN `json:"msisdn" jsonschema_extras:"x-role=payer" jsonschema_description:"payer's number with country code, 228… (phone)"`
}

// PayoutInput pays a wallet.
type PayoutInput struct {
	Order
	Payee capabilities.MSISDN `json:"msisdn" jsonschema_extras:"x-role=payee" jsonschema_description:"payee's number with country code, 228… (phone)"`
}

// StatusInput asks for the state of a payment or payout.
type StatusInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=50" jsonschema_description:"the reference that it was started with"`
}

// BalanceInput asks for the balance. It has no fields.
type BalanceInput struct{}

// Output is the answer of every capability about one transaction.
type Output struct {
	capabilities.Outcome
	Response *Response `json:"provider_response,omitempty"`
}

// BalanceOutput holds the merchant's one account.
type BalanceOutput struct {
	Balances []capabilities.Balance `json:"balances,omitempty"`
	Response *Response              `json:"provider_response,omitempty"`
}

// Response is Tontine's own answer, with the HTTP status it came with.
type Response struct {
	HTTPStatus int       `json:"http_status"`
	Order      wire.Text `json:"order,omitempty"`
	State      wire.Text `json:"state,omitempty"`
	Amount     wire.Text `json:"amount,omitempty"`
	Balance    wire.Text `json:"balance,omitempty"`
	Error      wire.Text `json:"error,omitempty"`
}

// client calls the API with one merchant's key.
type client struct {
	config Config
	http   *transport.Client
}

func (c *client) configure(_ context.Context, target capabilities.Target, config Config) error {
	h, err := transport.New(transport.Options{
		Provider: "tontine", BaseURL: target.BaseURL,
		Prepare: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+config.Key) },
	})
	if err != nil {
		return err
	}
	c.config, c.http = config, h
	return nil
}

func (c *client) initiatePayment(ctx context.Context, in PaymentInput) (Output, error) {
	return c.begin(ctx, "/v1/collect", in.Order, in.Payer)
}

func (c *client) disburse(ctx context.Context, in PayoutInput) (Output, error) {
	return c.begin(ctx, "/v1/payout", in.Order, in.Payee)
}

// begin starts a transaction.
func (c *client) begin(ctx context.Context, path string, o Order, with capabilities.MSISDN) (Output, error) {
	number, _, err := capabilities.ParseMSISDN(string(with), "TG")
	if err != nil {
		return Output{}, capabilities.InvalidField("msisdn", err.Error(), "an international number of Togo (228…)")
	}
	q := request{Order: string(o.Reference), Amount: json.Number(o.Amount), Phone: "+" + string(number)}
	a, err := c.post(ctx, path, q, http.StatusAccepted)
	if err != nil {
		return Output{}, err
	}
	return told(ctx, a)
}

func (c *client) checkPaymentStatus(ctx context.Context, in StatusInput) (Output, error) {
	a, err := c.post(ctx, "/v1/status", request{Order: string(in.Reference)}, http.StatusOK)
	if a.HTTPStatus == http.StatusNotFound && a.Error == "no_such_order" {
		// It says the same of one that it does not know yet: the host decides.
		return Output{Response: &a, Outcome: capabilities.Outcome{
			Reference: string(in.Reference), State: capabilities.Failed, Doubt: true,
		}}, nil
	}
	if err != nil {
		return Output{}, err
	}
	return told(ctx, a)
}

func (c *client) checkBalance(ctx context.Context, _ BalanceInput) (BalanceOutput, error) {
	a, err := c.post(ctx, "/v1/balance", request{}, http.StatusOK)
	if err != nil {
		return BalanceOutput{}, err
	}
	left := capabilities.Amount(a.Balance)
	if _, err := capabilities.ParseMoney(left, xof); err != nil && left != "0" { // an amount is more than nothing
		return BalanceOutput{}, capabilities.NothingChanged("tontine: the balance cannot be read: " + err.Error()).WithResponse(a)
	}
	return BalanceOutput{Response: &a, Balances: []capabilities.Balance{{Available: left, Currency: xof}}}, nil
}

// request is the body of every request. Amounts are JSON integers.
type request struct {
	Order  string      `json:"order,omitempty"`
	Amount json.Number `json:"amount,omitempty"`
	Phone  string      `json:"phone,omitempty"`
}

// post sends a request. The error is a refusal unless Tontine's answer is the
// documented one, and about this order.
func (c *client) post(ctx context.Context, path string, q request, want int) (Response, error) {
	h, err := c.http.PostJSON(ctx, path, q)
	if err != nil {
		return Response{}, err // which says whether it may have been sent
	}
	a := Response{HTTPStatus: h.Status}
	if err := wire.Read(h.Body, map[string]*wire.Text{
		"order": &a.Order, "state": &a.State, "amount": &a.Amount, "balance": &a.Balance, "error": &a.Error,
	}); err != nil {
		a = Response{HTTPStatus: h.Status} // nor is believed what could be read
	}
	if a.HTTPStatus == want && a.Error == "" && string(a.Order) == q.Order {
		return a, nil
	}
	return a, refusal(ctx, a).WithResponse(a)
}

// refusal is what any other answer means.
func refusal(ctx context.Context, a Response) *capabilities.Refusal {
	switch fmt.Sprintf("%d %s", a.HTTPStatus, a.Error) {
	case "401 bad_key":
		return capabilities.Misconfiguration("tontine does not know the key", "check TONTINE_KEY; it is in Tontine's dashboard")
	case "422 bad_request", "422 no_wallet", "422 low_balance", "422 over_limit":
		return capabilities.Rejected(fmt.Sprintf("tontine refuses the request: %s", a.Error),
			"no money moved; correct the request, and give a new payment a new reference")
	case "422 order_used": // perhaps by this very payment, which may be paid
		return capabilities.NotKnown(ctx, "tontine has an order of this id already")
	}
	return undocumented(ctx, a)
}

// undocumented tells nothing: a payment may have been made all the same.
func undocumented(ctx context.Context, a Response) *capabilities.Refusal {
	return capabilities.NotKnown(ctx, fmt.Sprintf("tontine answered HTTP %d in a way that is not documented", a.HTTPStatus))
}

// told is what an answer says of its order.
func told(ctx context.Context, a Response) (Output, error) {
	state := stateOf(a.State)
	if state == capabilities.Unknown {
		return Output{}, undocumented(ctx, a).WithResponse(a)
	}
	amount, _ := capabilities.ParseMoney(capabilities.Amount(a.Amount), xof) // without one, the host takes the recorded
	return Output{Response: &a, Outcome: capabilities.Outcome{
		Reference: string(a.Order), State: state, Amount: amount.Amount(), Currency: amount.Currency(),
	}}, nil
}

// stateOf reads a state. What Tontine does not document is never a failure.
func stateOf(s wire.Text) capabilities.State {
	switch s {
	case "waiting":
		return capabilities.Pending
	case "paid":
		return capabilities.Succeeded
	case "refused":
		return capabilities.Failed
	case "timeout":
		return capabilities.Expired
	}
	return capabilities.Unknown
}
