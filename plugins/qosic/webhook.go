package qosic

import (
	"context"
	"encoding/json"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body    string                 `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the webhook, as received"`
	Network capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj,enum=celtiis_bj" jsonschema_description:"the network whose callback URL was called; may be left out if the payment was started here"`
}

// webhook is what Qosic posts. Its names and codes differ from the answers'.
type webhook struct {
	Status        text `json:"status"`
	TransRef      text `json:"transRef"`
	SpecialField1 text `json:"specialfield1,omitempty"`
	Amount        text `json:"amount,omitempty"`
	ServiceRef    text `json:"serviceRef,omitempty"`
	Code          text `json:"code,omitempty"`
}

// The two values of a webhook's code and status. They are no response codes.
const (
	webhookPaid       text = "SUCCESSFUL"
	webhookPaidCode   text = "200"
	webhookFailed     text = "FAILED"
	webhookFailedCode text = "-1"
)

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return parseWebhook(in)
}

func parseWebhook(in WebhookInput) (capabilities.WebhookClaim, error) {
	var w webhook
	if err := json.Unmarshal([]byte(in.Body), &w); err != nil {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "text that is not a Qosic webhook", "the raw JSON body, as received")
	}
	if w.TransRef == "" {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "no transRef", "the raw JSON body, with its transRef")
	}
	body, err := json.Marshal(w)
	if err != nil {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", err.Error(), "the raw JSON body, as received")
	}
	return capabilities.WebhookClaim{
		Reference: string(w.TransRef),
		State:     claimed(w),
		Amount:    string(w.Amount),
		Network:   string(in.Network),
		Body:      body,
	}, nil
}

// claimed reads what the webhook says. One that contradicts itself says
// nothing.
func claimed(w webhook) capabilities.State {
	switch {
	case w.Status == webhookPaid && (w.Code == webhookPaidCode || w.Code == ""):
		return capabilities.Succeeded
	case w.Status == webhookFailed && (w.Code == webhookFailedCode || w.Code == ""):
		return capabilities.Failed
	}
	return capabilities.Unknown
}
