package emulator

import "github.com/mcp-payments/mcp-payments/capabilities/emulation"

// webhook is what Qosic posts of a final transaction. It is not signed, its names are written in
// another case than the answers', and its code has nothing to do with responsecode.
func webhook(tx emulation.Transaction) emulation.Content {
	notice := struct {
		Status        string `json:"status"`
		TransRef      string `json:"transRef"`
		SpecialField1 string `json:"specialfield1"`
		Amount        string `json:"amount"`
		ServiceRef    string `json:"serviceRef,omitempty"`
		Code          string `json:"code"`
	}{"FAILED", tx.Reference, "FAILED", tx.Amount, "", "-1"}
	if tx.State == emulation.Succeeded {
		notice.Status, notice.SpecialField1, notice.Code = "SUCCESSFUL", "SUCCESSFUL", "200"
		notice.ServiceRef = serviceNumber(tx)
	}
	return emulation.JSON(notice)
}
