package mobipay

import (
	"context"
	"encoding/json"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a callback as it was received.
type WebhookInput struct {
	Body string `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body, byte for byte"`
}

// webhook is what MobiPay posts. The documentation shows one set of fields, the
// OpenAPI document another.
type webhook struct {
	MerchantID      wire.Text `json:"merchant_id,omitempty"`
	OperationType   wire.Text `json:"operation_type,omitempty"`
	CustomerID      wire.Text `json:"customer_id,omitempty"`
	Amount          wire.Text `json:"amount,omitempty"`
	OrderID         wire.Text `json:"order_id"`
	TransactionID   wire.Text `json:"transaction_id,omitempty"`
	TransactionRef  wire.Text `json:"transaction_ref,omitempty"`
	Status          wire.Text `json:"status,omitempty"`
	ProviderID      wire.Text `json:"provider_id,omitempty"`
	DestinationID   wire.Text `json:"destination_id,omitempty"`
	ServiceID       wire.Text `json:"service_id,omitempty"`
	ServiceVersion  wire.Text `json:"service_version,omitempty"`
	ServiceDateTime wire.Text `json:"service_date_time,omitempty"`
	Result          Result    `json:"result,omitzero"`
}

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return parseWebhook(in, c.config)
}

// parseWebhook reads a callback that MobiPay signed for this merchant, over
// whatever fields it has, in the order in which they came.
func parseWebhook(in WebhookInput, config Config) (capabilities.WebhookClaim, error) {
	body := []byte(in.Body)
	w, err := readWebhook(body)
	if err != nil {
		return capabilities.WebhookClaim{}, notOurs("text that is no callback of MobiPay's: " + err.Error())
	}
	if err := authentic(body, config.SecretKey); err != nil {
		return capabilities.WebhookClaim{}, notOurs("a callback of which anybody may be the author: " + err.Error())
	}
	switch {
	case w.MerchantID != "" && string(w.MerchantID) != config.MerchantID:
		return capabilities.WebhookClaim{}, notOurs("a callback for another merchant_id")
	case w.OrderID == "":
		return capabilities.WebhookClaim{}, notOurs("no order_id")
	}
	told, err := json.Marshal(w)
	if err != nil {
		return capabilities.WebhookClaim{}, notOurs(err.Error())
	}
	return capabilities.WebhookClaim{
		Reference: string(w.OrderID),
		State:     claimed(w),
		Amount:    string(w.Amount),
		Authentic: true,
		Body:      told,
	}, nil
}

func notOurs(found string) error {
	return capabilities.InvalidField("body", found,
		"the raw body as received, signed with MOBIPAY_SECRET_KEY over its fields in their order; do not fulfil on this one, ask for the status")
}

func readWebhook(body []byte) (webhook, error) {
	var w webhook
	err := wire.Read(body, map[string]*wire.Text{
		"merchant_id": &w.MerchantID, "operation_type": &w.OperationType, "customer_id": &w.CustomerID, "amount": &w.Amount,
		"order_id": &w.OrderID, "transaction_id": &w.TransactionID, "transaction_ref": &w.TransactionRef, "status": &w.Status,
		"provider_id": &w.ProviderID, "destination_id": &w.DestinationID,
		"service_id": &w.ServiceID, "service_version": &w.ServiceVersion, "service_date_time": &w.ServiceDateTime,
		"result.code": &w.Result.Code, "result.message": &w.Result.Message,
	})
	return w, err
}

// claimed reads what a callback says. One that contradicts itself says
// nothing, and neither does one without a status.
func claimed(w webhook) capabilities.State {
	state := stateOf(w.Status)
	if w.Result.Code != codeOK && state == capabilities.Succeeded {
		return capabilities.Unknown
	}
	return state
}
