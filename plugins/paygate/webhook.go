package paygate

import (
	"context"
	"encoding/json"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body string `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the webhook, as received"`
}

// webhook is what PayGate posts of a completed payment. It has no status.
type webhook struct {
	TxReference      wire.Text `json:"tx_reference,omitempty"`
	Identifier       wire.Text `json:"identifier"`
	PaymentReference wire.Text `json:"payment_reference,omitempty"`
	Amount           wire.Text `json:"amount,omitempty"`
	DateTime         wire.Text `json:"datetime,omitempty"`
	PaymentMethod    wire.Text `json:"payment_method,omitempty"`
}

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return parseWebhook(in)
}

func parseWebhook(in WebhookInput) (capabilities.WebhookClaim, error) {
	w, err := readWebhook([]byte(in.Body))
	if err != nil {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "text that is not a PayGate webhook: "+err.Error(), "the raw JSON body, as received")
	}
	if w.Identifier == "" {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "no identifier", "the raw JSON body, with its identifier")
	}
	body, err := json.Marshal(w)
	if err != nil {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", err.Error(), "the raw JSON body, as received")
	}
	return capabilities.WebhookClaim{
		Reference: string(w.Identifier),
		State:     capabilities.Succeeded, // it is sent of completed payments only
		Amount:    string(w.Amount),
		Network:   networkOf(w.PaymentMethod),
		Body:      body,
	}, nil
}

func readWebhook(body []byte) (webhook, error) {
	var w webhook
	err := wire.Read(body, map[string]*wire.Text{
		"tx_reference": &w.TxReference, "identifier": &w.Identifier, "payment_reference": &w.PaymentReference,
		"amount": &w.Amount, "datetime": &w.DateTime, "payment_method": &w.PaymentMethod,
	})
	return w, err
}
