package mobipay

import (
	"fmt"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
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
// the payment that was just sent. When its state was asked for it is nil, and
// asked is what the payments of its network are like, as far as that is known.
func paying(out Output, o *order, asked *rule) PaymentOutput {
	p := PaymentOutput{Output: out, CustomerRedirect: string(out.Response.Extra[redirectField]), BankAccount: out.Response.bankAccount()}
	if out.Response.unsafeLink {
		p.Notes = append(p.Notes, "MobiPay's link for the customer is no https address that a customer can be sent to, so it is not passed on: ask MobiPay")
	}
	if o != nil && p.BankAccount.asksOtherThan(o.money) {
		p.Notes = append(p.Notes, fmt.Sprintf("%s were asked for, and MobiPay wants a transfer of %s", o.money, p.BankAccount.TransferAmount))
	}
	if p.State == capabilities.Pending {
		p.Action = p.toDo(o, asked)
	}
	return p
}

// toDo is what a person has to do about an open payment. What the answer says
// itself comes before what its network is like.
func (p PaymentOutput) toDo(o *order, asked *rule) string {
	switch {
	case p.CustomerRedirect != "":
		return "send the customer to " + p.CustomerRedirect
	case p.Response.unsafeLink:
		return "ask your manager at MobiPay for a link that the customer can be sent to"
	case p.BankAccount != nil:
		return p.BankAccount.action(o)
	case o != nil && o.action() != "":
		return o.action()
	case asked.later(p.Response.Status) != "":
		return asked.later(p.Response.Status)
	}
	return unconfirmed(p.Response.confirmType())
}

// bankAccount is the account that an answer names; nil if it names none.
func (r *Response) bankAccount() *BankAccount {
	number := string(r.Extra["account_number"])
	if number == "" {
		return nil
	}
	return &BankAccount{
		BankName: string(r.Extra["bank_name"]), AccountName: string(r.Extra["account_name"]), AccountNumber: number,
		TransferAmount: string(r.Extra["transfer_amount"]),
	}
}

// asksOtherThan reports whether the customer is asked to transfer another amount
// than was asked for. Amounts are compared as money: 100.5 is 100.50.
func (b *BankAccount) asksOtherThan(wanted capabilities.Money) bool {
	if b == nil || b.TransferAmount == "" {
		return false
	}
	asked, err := capabilities.ParseMoney(capabilities.Amount(b.TransferAmount), wanted.Currency())
	return err != nil || asked.Minor() != wanted.Minor()
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
// the state is not the whole story. The code of a result is about the question,
// so an end that comes with one is believed only if it blames the request that
// was asked about.
func told(a Response) (capabilities.State, string) {
	state := stateOf(a.Status)
	m, blames := meaningOf(a.Result.Code)
	final := state == capabilities.Failed || state == capabilities.Cancelled
	switch refused := a.Result.Code != codeOK; {
	case refused && final && blames:
		return state, m.what
	case refused && final:
		return capabilities.Unknown, fmt.Sprintf("MobiPay refuses the question (code %s), so the status %s that comes with it is not believed: ask again", a.Result.Code, a.Status)
	case a.Status == statusUndefined && strings.Contains(strings.ToUpper(string(a.Result.Message)), "NOT FOUND"):
		return capabilities.Unknown, "MobiPay does not know this order: it may never have arrived, or belong to another account. Ask again, and send nothing again before that is cleared up"
	case refused && state != capabilities.Unknown:
		return capabilities.Unknown, fmt.Sprintf("MobiPay contradicts itself: it refuses (code %s) what has the status %s", a.Result.Code, a.Status)
	case state == capabilities.Unknown:
		return state, fmt.Sprintf("MobiPay answered with the status %s, which tells nothing: ask MobiPay what it means before doing anything with this payment", a.Status)
	}
	return state, ""
}

// action is what the payer has to do, as the account says it. Only the first
// answer can be compared with the order, so an action of later ones, which have
// none, names no amount.
func (b *BankAccount) action(o *order) string {
	amount := "the amount"
	switch {
	case o != nil && b.asksOtherThan(o.money):
		return "ask your manager at MobiPay how much is to be transferred, before the customer transfers anything"
	case o != nil && b.TransferAmount != "":
		amount = b.TransferAmount + " " + string(o.Currency)
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
		return "how the customer pays, most likely on a page, MobiPay's documents do not describe: ask your manager at MobiPay"
	}
	return ""
}

// later is what somebody may still have to do about a payment that is open with
// that status, for as long as no answer says it. The status does not tell
// payments from payouts, nor whether the code was passed on already.
func (r *rule) later(status wire.Text) string {
	if r == nil {
		return ""
	}
	switch waits := status == statusInitiated; {
	case r.Flow == flowConfirm:
		return "if it is a payment and its code was not passed on yet: ask the customer for the code from the operator, then call mobipay_confirm_payment with it"
	case r.Flow == flowRedirect && waits:
		return "if it is a payment: ask again, a later answer brings the link on which the customer confirms"
	case r.Flow == flowBankDetails:
		return "if it is a payment: the customer transfers the amount to the account that its first answer named; if none did, ask your manager at MobiPay"
	case r.Flow == flowPage && waits:
		return "if it is a payment: how the customer pays, most likely on a page, MobiPay's documents do not describe; ask your manager at MobiPay"
	}
	return ""
}
