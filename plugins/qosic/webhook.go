package qosic

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body    string                 `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the webhook, as received"`
	Network capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg,enum=mtn_bj,enum=moov_bj,enum=celtiis_bj" jsonschema_description:"the network whose callback URL was called; may be left out if the payment was started here"`
}

// The two values of a webhook's code and status. They are no response codes.
const (
	webhookPaid       wire.Text = "SUCCESSFUL"
	webhookPaidCode   wire.Text = "200"
	webhookFailed     wire.Text = "FAILED"
	webhookFailedCode wire.Text = "-1"
)

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return readWebhook(in)
}

// readWebhook reads what Qosic posts. Its names and codes differ from the
// answers', and anybody may be its author.
func readWebhook(in WebhookInput) (capabilities.WebhookClaim, error) {
	var transRef, status, code, amount wire.Text
	err := wire.Read([]byte(in.Body), map[string]*wire.Text{"transRef": &transRef, "status": &status, "code": &code, "amount": &amount})
	switch {
	case err != nil:
		return capabilities.WebhookClaim{}, notOurs("text that is no webhook of Qosic's: " + err.Error())
	case transRef == "":
		return capabilities.WebhookClaim{}, notOurs("no transRef")
	}
	return capabilities.WebhookClaim{
		Reference: string(transRef),
		State:     claimed(status, code),
		Amount:    string(amount),
		Network:   string(in.Network),
	}, nil
}

func notOurs(found string) error {
	return capabilities.InvalidField("body", found, "the raw JSON body as received, with its transRef")
}

// claimed reads what a webhook says. One that contradicts itself says nothing.
func claimed(status, code wire.Text) capabilities.State {
	switch {
	case status == webhookPaid && (code == webhookPaidCode || code == ""):
		return capabilities.Succeeded
	case status == webhookFailed && (code == webhookFailedCode || code == ""):
		return capabilities.Failed
	}
	return capabilities.Unknown
}
