package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body string `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the webhook, as received"`
}

// verifyWebhook reads a webhook that Tontine signed. Whether it is true is not
// asked here: the host asks the status.
func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	var order, state, amount, signature wire.Text
	err := wire.Read([]byte(in.Body), map[string]*wire.Text{"order": &order, "state": &state, "amount": &amount, "signature": &signature})
	if err != nil || order == "" {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "text that is no webhook of Tontine's", "the raw JSON body, as received")
	}
	mac := hmac.New(sha256.New, []byte(c.config.Secret))
	mac.Write([]byte(order + "\n" + state + "\n" + amount))
	given, err := hex.DecodeString(string(signature))
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "a webhook that Tontine did not sign",
			"one whose signature was made with TONTINE_WEBHOOK_SECRET; do not fulfil on this one, ask for the status")
	}
	return capabilities.WebhookClaim{Reference: string(order), State: stateOf(state), Amount: string(amount), Authentic: true}, nil
}
