package mobipay

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body string `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body, byte for byte"`
}

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return readWebhook(in, c.config)
}

// readWebhook reads a webhook that MobiPay signed for this merchant, over
// whatever fields it has, in the order in which they came. The documentation
// shows one set of them, the OpenAPI document another. Nothing is decided by
// most of them, so only those that say what it is about have to be of a kind.
func readWebhook(in WebhookInput, config Config) (capabilities.WebhookClaim, error) {
	body := []byte(in.Body)
	if err := authentic(body, config.SecretKey); err != nil {
		return capabilities.WebhookClaim{}, notOurs("a webhook of which anybody may be the author: " + err.Error())
	}
	var merchant, order, status wire.Text
	if err := wire.Read(body, map[string]*wire.Text{"merchant_id": &merchant, "order_id": &order, "status": &status}); err != nil {
		return capabilities.WebhookClaim{}, notOurs("text that is no webhook of MobiPay's: " + err.Error())
	}
	switch {
	case merchant != "" && string(merchant) != config.MerchantID:
		return capabilities.WebhookClaim{}, notOurs("a webhook for another merchant_id")
	case order == "":
		return capabilities.WebhookClaim{}, notOurs("no order_id")
	}
	return capabilities.WebhookClaim{
		Reference: string(order),
		State:     claimed(status, loosely(body, "result.code")),
		Amount:    string(loosely(body, "amount")),
		Authentic: true,
	}, nil
}

// loosely reads one field, which is empty if it is neither a string nor a
// number.
func loosely(body []byte, name string) wire.Text {
	var t wire.Text
	_ = wire.Read(body, map[string]*wire.Text{name: &t}) // what is of another kind says nothing
	return t
}

func notOurs(found string) error {
	return capabilities.InvalidField("body", found,
		"the raw body as received, signed with MOBIPAY_SECRET_KEY over its fields in their order; do not fulfil on this one, ask for the status")
}

// claimed reads what a webhook says. One that contradicts itself says nothing,
// and neither does one without a status.
func claimed(status, code wire.Text) capabilities.State {
	state := stateOf(status)
	if code != codeOK && state == capabilities.Succeeded {
		return capabilities.Unknown
	}
	return state
}
