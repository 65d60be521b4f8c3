package mobipay

import (
	"fmt"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Output is what every answer about one transaction holds. It has no amount
// that was paid: MobiPay's answers do not tell one.
type Output struct {
	capabilities.Outcome
	Response *Response `json:"provider_response,omitempty"`
}

// PaymentOutput is the answer about a payment, with what its customer needs.
type PaymentOutput struct {
	Output
	// CustomerRedirect is the page on which the customer confirms.
	CustomerRedirect string `json:"customer_redirect,omitempty"`
	// BankAccount is where the customer transfers the money to.
	BankAccount *BankAccount `json:"bank_account,omitempty"`
}

// BankAccount is an account that a customer is to transfer money to.
type BankAccount struct {
	BankName      string `json:"bank_name,omitempty"`
	AccountName   string `json:"account_name,omitempty"`
	AccountNumber string `json:"account_number"`
	// TransferAmount is what to transfer, in major units. It is a wish, and says
	// nothing of what was paid.
	TransferAmount string `json:"transfer_amount,omitempty"`
}

// answered is what an answer holds whatever was asked.
func answered(reference capabilities.Reference, state capabilities.State, a Response) Output {
	return Output{Response: &a, Outcome: capabilities.Outcome{Reference: string(reference), State: state}}
}

// paying adds what the customer needs to pay, and what a person has to do. o is
// the payment that was just sent; nil when its state was asked for.
func paying(out Output, o *order) PaymentOutput {
	p := PaymentOutput{Output: out}
	extra := out.Response.Extra
	if link := string(extra["customer_redirect"]); capabilities.IsSafeURL(link) {
		p.CustomerRedirect = link
	} else if link != "" {
		p.Notes = append(p.Notes, "MobiPay's link for the customer is no https address, so it is not passed on: ask MobiPay")
	}
	if number := string(extra["account_number"]); number != "" {
		p.BankAccount = &BankAccount{
			BankName: string(extra["bank_name"]), AccountName: string(extra["account_name"]), AccountNumber: number,
			TransferAmount: string(extra["transfer_amount"]),
		}
	}
	if p.State != capabilities.Pending {
		return p
	}
	switch {
	case p.CustomerRedirect != "":
		p.Action = "send the customer to " + p.CustomerRedirect
	case p.BankAccount != nil:
		p.Action = p.BankAccount.action(p.Currency)
	case o != nil && o.action() != "":
		p.Action = o.action()
	default:
		p.Action = unconfirmed(out.Response.confirmType())
	}
	return p
}

// confirmType is the confirmation that MobiPay wants; empty if it wants none.
func (r *Response) confirmType() string {
	if strings.Trim(string(r.ConfirmType), "0") == "" {
		return ""
	}
	return string(r.ConfirmType)
}

// unconfirmed says what to do about a confirmation. Nothing says how one is
// made, so none is.
func unconfirmed(confirmType string) string {
	if confirmType == "" {
		return ""
	}
	return fmt.Sprintf("MobiPay wants a confirmation of type %s, and its list of types is not public: ask your manager at MobiPay; nothing was guessed", confirmType)
}

// told reads the answer to a question about an operation, with a note where
// the state is not the whole story.
func told(a Response) (capabilities.State, string) {
	state := stateOf(a.Status)
	switch refused := a.Result.Code != codeOK; {
	case refused && (state == capabilities.Failed || state == capabilities.Cancelled):
		m, _ := meaningOf(a.Result.Code)
		return state, m.what
	case a.Status == statusUndefined && strings.Contains(strings.ToUpper(string(a.Result.Message)), "NOT FOUND"):
		return capabilities.Unknown, "MobiPay does not know this order: it may never have arrived, or belong to another account. Ask again, and send nothing again before that is cleared up"
	case refused && state != capabilities.Unknown:
		return capabilities.Unknown, fmt.Sprintf("MobiPay contradicts itself: it refuses (code %s) what has the status %s", a.Result.Code, a.Status)
	case state == capabilities.Unknown:
		return state, fmt.Sprintf("MobiPay answered with the status %s, which tells nothing: ask MobiPay what it means before doing anything with this payment", a.Status)
	}
	return state, ""
}

// action is what the payer has to do, as the account says it.
func (b *BankAccount) action(c capabilities.Currency) string {
	amount := "the amount"
	if b.TransferAmount != "" {
		amount = strings.TrimSpace(b.TransferAmount + " " + string(c))
	}
	to := b.AccountNumber
	if b.BankName != "" {
		to += " at " + b.BankName
	}
	if b.AccountName != "" {
		to += " (" + b.AccountName + ")"
	}
	return fmt.Sprintf("the customer transfers %s to account %s", amount, to)
}

// action is what somebody has to do after a collection was taken, where the
// answer itself does not say it.
func (o *order) action() string {
	switch o.rule.Flow {
	case flowRedirect:
		return "ask for the status: it brings the link on which the customer confirms"
	case flowConfirm:
		if !o.extras.has("otp") {
			return "ask the customer for the code from the operator, then call mobipay_confirm_payment with it"
		}
	case flowBankDetails:
		return "MobiPay named no account to transfer to: ask for the status, and if it names none either, your manager at MobiPay which page this provider id needs"
	case flowPage:
		return "the customer pays on a page, which MobiPay's documents do not describe: ask your manager at MobiPay"
	}
	return ""
}
