package paygate

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body string `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the webhook, as received"`
}

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return readWebhook(in)
}

// readWebhook reads what PayGate posts of a completed payment. It has no
// status, and anybody may be its author.
func readWebhook(in WebhookInput) (capabilities.WebhookClaim, error) {
	var identifier, amount, method wire.Text
	err := wire.Read([]byte(in.Body), map[string]*wire.Text{"identifier": &identifier, "amount": &amount, "payment_method": &method})
	switch {
	case err != nil:
		return capabilities.WebhookClaim{}, notOurs("text that is no webhook of PayGate's: " + err.Error())
	case identifier == "":
		return capabilities.WebhookClaim{}, notOurs("no identifier")
	}
	return capabilities.WebhookClaim{
		Reference: string(identifier),
		State:     capabilities.Succeeded, // it is sent of completed payments only
		Amount:    string(amount),
		Network:   networkOf(method),
	}, nil
}

func notOurs(found string) error {
	return capabilities.InvalidField("body", found, "the raw JSON body as received, with its identifier")
}
