package mobipay

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// DisburseInput pays a mobile number, or an account where the network is a
// bank.
type DisburseInput struct {
	Order
	MSISDN        capabilities.MSISDN `json:"msisdn,omitempty" jsonschema_extras:"x-role=payee" jsonschema_description:"payee's number with country code"`
	Account       string              `json:"account,omitempty" jsonschema:"pattern=^[A-Za-z0-9]{4\\,34}$" jsonschema_extras:"x-role=account" jsonschema_description:"instead of msisdn, on bank networks"`
	Bank          string              `json:"bank,omitempty" jsonschema:"pattern=^[A-Za-z0-9]{3\\,11}$" jsonschema_extras:"x-role=bank" jsonschema_description:"bank code (Nigeria) or BIC (Tanzania)"`
	CustomerName  string              `json:"customer_name,omitempty" jsonschema:"maxLength=100"`
	CustomerEmail string              `json:"customer_email,omitempty" jsonschema:"format=email"`
	DocType       string              `json:"customer_doc_type,omitempty" jsonschema:"enum=intl_passport,enum=driving_license,enum=national_id"`
	DocNumber     string              `json:"customer_doc_number,omitempty" jsonschema:"maxLength=50"`
}

// PayoutOutput is the answer to a payout.
type PayoutOutput struct {
	Output
	// ConfirmType is set where MobiPay wants the payout confirmed.
	ConfirmType string `json:"confirm_type,omitempty"`
}

func (in DisburseInput) wish() wish {
	return wish{direction: disburse, Order: in.Order, msisdn: in.MSISDN, account: in.Account, bank: in.Bank, extras: given(
		extra{"customer_name", in.CustomerName}, extra{"customer_email", in.CustomerEmail},
		extra{"customer_doc_type", in.DocType}, extra{"customer_doc_number", in.DocNumber})}
}

func (c *client) previewPayout(_ context.Context, in DisburseInput) ([]capabilities.Fact, error) {
	return c.preview(in.wish())
}

func (c *client) disburse(ctx context.Context, in DisburseInput) (PayoutOutput, error) {
	_, out, err := c.send(ctx, "payment_b2c", in.wish())
	if err != nil {
		return PayoutOutput{}, err
	}
	return payingOut(out), nil
}

// payingOut adds the confirmation that a payout waits for.
func payingOut(out Output) PayoutOutput {
	p := PayoutOutput{Output: out, ConfirmType: out.Response.confirmType()}
	if p.ConfirmType != "" && p.State == capabilities.Succeeded {
		p.State = capabilities.Pending
	}
	if p.State == capabilities.Pending {
		p.Action = unconfirmed(p.ConfirmType)
	}
	return p
}
