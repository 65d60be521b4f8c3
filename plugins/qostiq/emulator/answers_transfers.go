package emulator

import (
	"encoding/json"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// calculated is the answer of transfer/try. The documents echo the currencies as they came.
func calculated(q quote, f fields) emulation.Answer {
	return usually.ok(struct {
		Accounts       accountInfo     `json:"account_info_config"`
		Info           struct{}        `json:"info"`
		PayeeAmount    json.RawMessage `json:"payee_amount"`
		PayeeCurrency  json.RawMessage `json:"payee_currency"`
		ShopCurrency   json.RawMessage `json:"shop_currency"`
		WriteOffAmount json.RawMessage `json:"write_off_amount"`
	}{
		Accounts: payeeInfo(), PayeeAmount: usually.money(q.receive), PayeeCurrency: f["payee_currency"].echo(),
		ShopCurrency: f["shop_currency"].echo(), WriteOffAmount: usually.money(q.writeOff),
	})
}

// accountInfo tells how the payee's account is to be asked for.
type accountInfo struct {
	PayeeAccount struct {
		Comment translated `json:"comment"`
		Example string     `json:"example"`
		Label   translated `json:"label"`
		Regex   string     `json:"regex"`
	} `json:"payee_account"`
}

type translated struct {
	English string `json:"en"`
	Russian string `json:"ru"`
}

func payeeInfo() (info accountInfo) {
	payee := &info.PayeeAccount
	payee.Comment = translated{"Enter Wallet Number or Email", "Введите номер кошелька или email"}
	payee.Example = "31557414711"
	payee.Label = translated{"Wallet Number or Email", "Номер кошелька или email"}
	payee.Regex = payeePattern
	return info
}

// createdTransfer is the answer to a new transfer. The balance is what is left then.
func createdTransfer(tx emulation.Transaction, t transfer, balance cents) emulation.Answer {
	s := spellingOf(tx)
	return s.ok(struct {
		Balance        json.RawMessage `json:"balance"`
		ID             json.RawMessage `json:"id"`
		PayeeAccount   json.RawMessage `json:"payee_account"`
		PayeeAmount    json.RawMessage `json:"payee_amount"`
		PayeeCurrency  json.RawMessage `json:"payee_currency"`
		Shop           json.RawMessage `json:"shop"`
		ShopCurrency   json.RawMessage `json:"shop_currency"`
		WriteOffAmount json.RawMessage `json:"write_off_amount"`
	}{
		s.money(balance), s.integer(identifier(tx)), t.told(s), s.money(t.receive),
		s.number(t.payee.code), s.number(shopID), s.number(t.shop.code), s.money(t.writeOff),
	})
}

// told is the payee's account in an answer: a wallet is a number there.
func (t transfer) told(s spelling) json.RawMessage {
	if isDigits(t.account.text) {
		return s.number(t.account.text)
	}
	return quoted(t.account.text)
}

// foundTransfer is what the status call says of a transfer that is done.
func foundTransfer(tx emulation.Transaction, t transfer) emulation.Answer {
	s := spellingOf(tx)
	return s.ok(struct {
		ID             json.RawMessage `json:"id"`
		PayeeCurrency  json.RawMessage `json:"payee_currency"`
		ReceiveAmount  json.RawMessage `json:"receive_amount"`
		ShopCurrency   json.RawMessage `json:"shop_currency"`
		ShopPaymentID  string          `json:"shop_payment_id"`
		WriteOffAmount json.RawMessage `json:"write_off_amount"`
	}{
		s.integer(identifier(tx)), s.number(t.payee.code), s.money(t.receive),
		s.number(t.shop.code), tx.Reference, s.money(t.writeOff),
	})
}

// balances is the answer of shop_balance.
func balances(of func(currency) balance) emulation.Answer {
	type line struct {
		Currency  json.RawMessage `json:"currency"`
		Available json.RawMessage `json:"available"`
		Hold      json.RawMessage `json:"hold"`
		Frozen    json.RawMessage `json:"frozen"`
	}
	told := make([]line, 0, len(currencies))
	for _, c := range currencies {
		b := of(c)
		told = append(told, line{raw(c.code), usually.money(b.available), usually.money(b.hold), usually.money(0)})
	}
	return usually.ok(struct {
		Balances []line          `json:"balances"`
		ShopID   json.RawMessage `json:"shop_id"`
	}{told, raw(shopID)})
}
