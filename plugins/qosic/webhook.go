package qosic

import (
	"context"
	"encoding/json"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body    string                 `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the webhook, as received"`
	Network capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj,enum=celtiis_bj" jsonschema_description:"the network whose callback URL was called; may be left out if the payment was started here"`
}

// webhook is what Qosic posts. Its names and codes differ from the answers'.
type webhook struct {
	Status        wire.Text `json:"status"`
	TransRef      wire.Text `json:"transRef"`
	SpecialField1 wire.Text `json:"specialfield1,omitempty"`
	Amount        wire.Text `json:"amount,omitempty"`
	ServiceRef    wire.Text `json:"serviceRef,omitempty"`
	Code          wire.Text `json:"code,omitempty"`
}

// The two values of a webhook's code and status. They are no response codes.
const (
	webhookPaid       wire.Text = "SUCCESSFUL"
	webhookPaidCode   wire.Text = "200"
	webhookFailed     wire.Text = "FAILED"
	webhookFailedCode wire.Text = "-1"
)

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return parseWebhook(in)
}

func parseWebhook(in WebhookInput) (capabilities.WebhookClaim, error) {
	w, err := readWebhook([]byte(in.Body))
	if err != nil {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "text that is not a Qosic webhook: "+err.Error(), "the raw JSON body, as received")
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

func readWebhook(body []byte) (webhook, error) {
	var w webhook
	err := wire.Read(body, map[string]*wire.Text{
		"status": &w.Status, "transRef": &w.TransRef, "specialfield1": &w.SpecialField1,
		"amount": &w.Amount, "serviceRef": &w.ServiceRef, "code": &w.Code,
	})
	return w, err
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
