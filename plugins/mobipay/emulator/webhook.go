package emulator

import (
	"encoding/json"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// The values of operation_type.
const (
	paymentB2C = 16
	paymentC2B = 17
)

// forgersKey is what signs a callback of somebody who does not have the merchant's key.
const forgersKey = "somebody-else"

// webhookURL is where the request wants that told.
func webhookURL(tx emulation.Transaction) string { return orderOf(tx).callback }

// webhook is what MobiPay posts of a final transaction, signed. The variant's is that of the OpenAPI
// document, which does not tell what became of the transaction.
func webhook(tx emulation.Transaction) emulation.Content {
	if isVariant(tx) {
		return signed(keyOf(tx), notice(tx))
	}
	return signed(keyOf(tx), callback(tx))
}

// keyOf is the key that signs a callback. A number whose callback is forged never succeeds: a success
// of it is what the forger claims.
func keyOf(tx emulation.Transaction) string {
	if tx.Ending == emulation.WebhookForged && tx.State == emulation.Succeeded {
		return forgersKey
	}
	return secretKey
}

// callback is the callback of the documentation's sample.
func callback(tx emulation.Transaction) any {
	operation := paymentC2B
	if tx.Operation == emulation.Disburse {
		operation = paymentB2C
	}
	return struct {
		MerchantID     string      `json:"merchant_id"`
		OperationType  int         `json:"operation_type"`
		CustomerID     string      `json:"customer_id"`
		Amount         json.Number `json:"amount"`
		OrderID        string      `json:"order_id"`
		TransactionID  string      `json:"transaction_id"`
		TransactionRef string      `json:"transaction_ref"`
		Status         int         `json:"status"`
		ProviderID     int64       `json:"provider_id"`
		DestinationID  string      `json:"destination_id"`
		Result         result      `json:"result"`
	}{
		merchantID, operation, tx.MSISDN, number(tx.Amount), tx.Reference, transactionID(tx),
		transactionRef(tx), statusOf(tx), orderOf(tx).provider, "", resultOf(tx),
	}
}

// notice is the callback of the OpenAPI document.
func notice(tx emulation.Transaction) any {
	r := about(tx, tx.Settled)
	return struct {
		TransactionID   string `json:"transaction_id"`
		OrderID         string `json:"order_id"`
		ServiceID       any    `json:"service_id"`
		ServiceVersion  any    `json:"service_version"`
		ServiceDateTime string `json:"service_date_time"`
		Result          result `json:"result"`
	}{r.TransactionID, r.OrderID, r.ServiceID, r.ServiceVersion, r.ServiceDateTime, r.Result}
}

// signed is v as a JSON object that ends with its signature.
func signed(key string, v any) emulation.Content {
	c := emulation.JSON(v)
	signature, err := Sign(c.Body, key)
	if err != nil {
		return emulation.Text("emulator: this callback cannot be signed: " + err.Error())
	}
	c.Body = fmt.Appendf(c.Body[:len(c.Body)-1], `,%q:%q}`, signatureName, signature)
	return c
}
