package emulator

import (
	"encoding/json"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// webhook is what PayGate posts of a payment that was paid. It is not signed and has no status: that
// it comes is all that it says.
func webhook(tx emulation.Transaction) emulation.Content {
	if tx.Operation != emulation.Collect || tx.State != emulation.Succeeded {
		return emulation.Content{}
	}
	return emulation.JSON(struct {
		TxReference      any         `json:"tx_reference"`
		Identifier       string      `json:"identifier"`
		PaymentReference string      `json:"payment_reference"`
		Amount           json.Number `json:"amount"`
		Datetime         string      `json:"datetime"`
		PaymentMethod    string      `json:"payment_method"`
		PhoneNumber      string      `json:"phone_number"`
	}{txReference(tx), tx.Reference, paymentReference(tx), json.Number(tx.Amount), datetime(tx), method(tx), tx.MSISDN})
}
