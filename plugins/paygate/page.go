package paygate

import (
	"context"
	"net/url"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// PageInput asks for a payment page.
type PageInput struct {
	Reference   capabilities.Reference `json:"reference" jsonschema:"minLength=1,maxLength=50" jsonschema_description:"your unique id of this payment (identifier)"`
	Amount      capabilities.Amount    `json:"amount" jsonschema:"pattern=^[1-9][0-9]{0\\,8}$" jsonschema_description:"whole XOF, such as 5000"`
	Currency    capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN      capabilities.MSISDN    `json:"msisdn,omitempty" jsonschema_extras:"x-role=payer" jsonschema_description:"payer's number, to fill the page in (phone)"`
	Network     capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg" jsonschema_description:"to fill the page in; the customer may choose another"`
	ReturnURL   string                 `json:"return_url,omitempty" jsonschema:"format=uri,maxLength=500" jsonschema_description:"where the customer goes afterwards (url); arriving there proves nothing"`
	Description string                 `json:"description,omitempty" jsonschema:"maxLength=200"`
}

// PageOutput holds the page's address.
type PageOutput struct {
	capabilities.Outcome
	// PageURL carries the merchant's token: that is how PayGate works.
	PageURL string `json:"page_url,omitempty"`
}

// createPaymentPage builds the address. The page lies outside the API's /api.
func (c *client) createPaymentPage(_ context.Context, in PageInput) (PageOutput, error) {
	q := url.Values{"token": {c.config.Token}, "amount": {string(in.Amount)}, "identifier": {string(in.Reference)}}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	if in.MSISDN != "" {
		number, _, err := capabilities.ParseMSISDN(string(in.MSISDN), "TG")
		if err != nil {
			return PageOutput{}, capabilities.InvalidField("msisdn", err.Error(), "an international number of Togo (228…)")
		}
		set("phone", number.Local())
	}
	set("network", spelled(string(in.Network)).page)
	set("url", in.ReturnURL)
	set("description", in.Description)
	return PageOutput{
		PageURL: strings.TrimSuffix(c.base, "/") + "/v1/page?" + q.Encode(),
		Outcome: capabilities.Outcome{
			Reference: string(in.Reference), State: capabilities.Pending, Amount: in.Amount, Currency: xof, Network: string(in.Network),
			Action: "send the customer, and nobody else, to page_url: it carries the merchant's token",
		},
	}, nil
}
