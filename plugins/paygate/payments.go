package paygate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// PaymentInput asks a customer to pay.
type PaymentInput struct {
	Reference   capabilities.Reference `json:"reference" jsonschema:"minLength=1,maxLength=50" jsonschema_description:"your unique id of this payment (identifier)"`
	Amount      capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency    capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN      capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer" jsonschema_description:"payer's number with country code, 228…"`
	Network     capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg" jsonschema_description:"inferred from the number when left out"`
	Description string                 `json:"description,omitempty" jsonschema:"maxLength=200"`
}

// StatusInput asks for the state of a payment or payout, by one of its ids.
type StatusInput struct {
	Reference   capabilities.Reference         `json:"reference,omitempty" jsonschema:"minLength=1,maxLength=50" jsonschema_description:"the reference (identifier) it was started with"`
	TxReference capabilities.ProviderReference `json:"tx_reference,omitempty" jsonschema:"maxLength=50" jsonschema_description:"PayGate's own id, if the reference is not known"`
}

// Output is the answer of every capability about one transaction.
type Output struct {
	capabilities.Outcome
	// PaymentReference is the operator's own id, once the payment is paid.
	PaymentReference string    `json:"payment_reference,omitempty"`
	Response         *Response `json:"provider_response,omitempty"`
}

// money is the body of requests for payments and payouts. Amounts are JSON
// integers.
type money struct {
	Token       string      `json:"auth_token"`
	Phone       string      `json:"phone_number"`
	Amount      json.Number `json:"amount"`
	Network     string      `json:"network"`
	Identifier  string      `json:"identifier,omitempty"`
	Description string      `json:"description,omitempty"`
	Reference   string      `json:"reference,omitempty"`
	Reason      string      `json:"reason,omitempty"`
}

func (c *client) initiatePayment(ctx context.Context, in PaymentInput) (Output, error) {
	s, number, err := choose(in.Network, in.MSISDN)
	if err != nil {
		return Output{}, err
	}
	a, err := c.post(capabilities.OnNetwork(ctx, s.network), "/api/v1/pay", money{
		Token: c.config.Token, Phone: number.Local(), Amount: json.Number(in.Amount), Network: s.api,
		Identifier: string(in.Reference), Description: in.Description,
	})
	if err != nil {
		return Output{}, err
	}
	return begun(capabilities.Outcome{Reference: string(in.Reference), Amount: in.Amount, Currency: xof, Network: s.network}, a)
}

// begun reads the answer to a request for a payment, or says that it was
// refused, or that nobody can tell.
func begun(o capabilities.Outcome, a Response) (Output, error) {
	switch registration(a.Status) {
	case registered:
		o.State = capabilities.Pending // it is not paid yet
		return Output{Outcome: o, Response: &a}, nil
	case badToken:
		return Output{}, wrongToken().WithResponse(a)
	case badParameters:
		return Output{}, capabilities.Rejected("paygate refuses a value of the request (status 4)",
			"check the values; the number may be on the other network").WithResponse(a)
	case duplicate:
		// Perhaps this very payment, if its first answer was lost elsewhere.
		return Output{}, capabilities.MayHaveHappened("paygate has a transaction of this reference already (status 6)").WithResponse(a)
	}
	return Output{}, undocumented(a)
}

func undocumented(a Response) error {
	return capabilities.MayHaveHappened(fmt.Sprintf("paygate answered HTTP %d with the undocumented status %q", a.HTTPStatus, a.Status)).WithResponse(a)
}

func (c *client) checkPaymentStatus(ctx context.Context, in StatusInput) (Output, error) {
	path, question := "/api/v2/status", map[string]string{"auth_token": c.config.Token, "identifier": string(in.Reference)}
	if in.Reference == "" {
		path, question = "/api/v1/status", map[string]string{"auth_token": c.config.Token, "tx_reference": string(in.TxReference)}
	}
	if in.Reference == "" && in.TxReference == "" {
		return Output{}, capabilities.InvalidField("reference", "nothing, and no tx_reference", "the reference that it was started with, or tx_reference")
	}
	a, err := c.post(ctx, path, question)
	if a.ErrorCode == notFound && a.unreadable == "" {
		return Output{Response: &a, Outcome: capabilities.Outcome{
			Reference: string(in.Reference), State: capabilities.Failed, Doubt: true,
			Notes: []string{"PayGate knows no such transaction"},
		}}, nil
	}
	if err != nil {
		return Output{}, err
	}
	if err := concerns(in, a); err != nil {
		return Output{}, capabilities.NothingChanged("paygate: " + err.Error()).WithResponse(a)
	}
	return told(in, a), nil
}

// concerns makes sure that an answer is about what was asked.
func concerns(in StatusInput, a Response) error {
	switch {
	case in.Reference != "" && a.Identifier != "" && a.Identifier != wire.Text(in.Reference):
		return errors.New("the answer is about another identifier")
	case in.Reference == "" && a.TxReference != "" && a.TxReference != wire.Text(in.TxReference):
		return errors.New("the answer is about another tx_reference")
	}
	return nil
}

// told reads the answer to a question.
func told(in StatusInput, a Response) Output {
	out := Output{Response: &a, PaymentReference: string(a.PaymentReference), Outcome: capabilities.Outcome{
		Reference: string(in.Reference), State: stateOf(outcome(a.Status)), Network: networkOf(a.PaymentMethod),
	}}
	if out.Reference == "" {
		out.Reference = string(a.Identifier)
	}
	if m, err := capabilities.ParseMoney(capabilities.Amount(a.Amount), xof); err == nil {
		out.Amount, out.Currency = m.Amount(), xof
	}
	if out.State == capabilities.Unknown {
		out.Notes = append(out.Notes, fmt.Sprintf("PayGate answered with the undocumented status %q: ask PayGate what it means before doing anything with this payment", a.Status))
	}
	return out
}
