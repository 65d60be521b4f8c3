// Package emulator imitates the HTTP API of the Qostiq wallet on this machine: its bills, with the page
// on which they are paid, and its transfers. Qostiq itself documents no sandbox.
//
// It is written from the documents of Qostiq, and of Piastrix, which is the same platform, and shares no
// code with the project's client. The digits at the end of an account choose what happens to a request:
// see [Emulator.Numbers]. Of an e-mail address those before the @ count: pay.008@example.com.
//
// # Paying a bill
//
// A bill with a payer_account or email is linked to that user, who pays it unasked: after the settle
// delay, or as the account's digits choose. One of free amount is then paid with 10.00. Any other bill
// waits for its page, at the url of the answer, until its lifetime is over. Without a browser the page's
// form does it; its fields are wallet, amount (if the payer chooses it) and action, pay or cancel:
//
//	curl -d wallet=31557414000 -d action=pay "$url"
//
// On the page, an account that is refused at once or never answers pays nothing, and the bill goes on
// waiting; one that spoils an answer just pays.
//
// # Money
//
// What a unit is worth, in hryvnias:
//
//	980 UAH   1
//	840 USD  40
//	978 EUR  42.50
//	398 KZT   0.08
//
// Amounts are converted exactly and then rounded half up to hundredths. There is no rate between 978 and
// 398 (error 16), and there are no bills in 398. Of a bill 7 % is kept, rounded half up, and the rest,
// shop_refund, is credited; the payer pays no fee. A transfer takes 1 % on top of what the payee
// receives, also within one currency. Amounts are from 1.00 to 1000000.00 (errors 4 and 5). The
// balances begin with 1000 UAH, 500 USD, 300 EUR and 100000 KZT.
//
// # Where the documents are silent
//
// The emulator then does what is hardest on a client:
//
//   - The HTTP status is 200 for every answer of the API, but for HTTP 500.
//   - An invalid sign is error 1 of bill/create and error 10 of everything else. A missing or malformed
//     parameter is error 10, a shop_id that is not the shop's 11, and shop 12 is not active (12). The
//     shop is looked at first, then the signature, then the rest.
//   - A shop_order_id may be used again: status tells of the latest bill, with is_unique false. One that
//     begins with "unique-" may not (error 6).
//   - A status that is asked for again within 10 seconds of the last time answers error 2000.
//   - An account that does not match the regular expression of transfer/try is not found (13). The wallets
//     of the documents' samples, 12 digits beginning with 2, do not, but they may pay bills.
//   - A transfer is done in its first answer, or refused. A refused one was not created: its
//     shop_payment_id is free again. One that fails or is being processed keeps it.
//   - The balance is looked at before the shop_payment_id: a transfer that comes again is refused with
//     error 9, and not 6, if what the first one left does not cover it.
//   - A bill without lifetime has 43200 minutes in the first version and 90 in the second; longer ones are
//     cut to 43200.
//   - A bill that expires or is cancelled is announced as rejected. Transfers are not announced. Callbacks
//     are sent once, and their empty values are sent, but not signed.
//   - The amount of a bill of free amount is null until it is paid.
//   - With Options.AllowIPs set, transfers and shop_balance answer error 15 to all other addresses,
//     whatever else is wrong.
//
// The header X-Emulator-Reason of a refusal is the emulator's own: it says in words what is wrong.
package emulator

import (
	"errors"
	"net/http"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// The shop with which the documents' published signature is made, and its key.
const (
	shopID    = "5"
	secretKey = "SecretKey01"
)

// sleeping is a shop that is not active. Its key is the same.
const sleeping = "12"

// Emulator is Qostiq on this machine. It is safe for concurrent use.
type Emulator struct {
	*emulation.Till
	pace    *pace
	refused tally // transfers that were not created, under their identifiers
}

var _ emulation.Emulator = (*Emulator)(nil)

// New is an emulator with empty books and the opening balances.
func New(o emulation.Options) *Emulator {
	e := &Emulator{}
	e.Till = emulation.NewTill(o, emulation.Rules{
		Unique:      e.unique,
		Judge:       e.judge,
		Waits:       waits,
		AtOnce:      atOnce,
		WebhookURL:  webhookURL,
		Webhook:     webhook,
		ServerError: serverError(),
	})
	e.pace = &pace{now: e.Now, last: map[string]time.Time{}}
	e.route()
	return e
}

// Provider is "qostiq".
func (e *Emulator) Provider() string { return "qostiq" }

// Config has the shop and its key.
func (e *Emulator) Config() map[string]string {
	return map[string]string{"QOSTIQ_SHOP_ID": shopID, "QOSTIQ_SECRET_KEY": secretKey}
}

// call is one of the API's: what it signs is what it must have.
type call struct {
	signed  []string
	badSign code
	listed  bool // only addresses in AllowIPs may use it
	serve   func(http.ResponseWriter, *http.Request, fields) error
}

// route lays out the documented paths, and that of the bills' pages.
func (e *Emulator) route() {
	quoted := []string{"amount", "amount_type", "payee_currency", "shop_currency", "shop_id"}
	for path, c := range map[string]call{
		"/bill/create": {badSign: noPayway, serve: e.createBill,
			signed: []string{"payer_currency", "shop_amount", "shop_currency", "shop_id", "shop_order_id"}},
		"/bill/create/v2": {badSign: badParameter, serve: e.createBillV2,
			signed: []string{"currency", "now", "shop_id", "shop_order_id"}},
		"/bill/shop_order_status": {badSign: badParameter, serve: e.billStatus,
			signed: []string{"now", "shop_id", "shop_order_id"}},
		"/transfer/try": {badSign: badParameter, listed: true, serve: e.tryTransfer,
			signed: quoted},
		"/transfer/create": {badSign: badParameter, listed: true, serve: e.createTransfer,
			signed: append([]string{"payee_account", "shop_payment_id"}, quoted...)},
		"/transfer/shop_payment_status": {badSign: badParameter, listed: true, serve: e.transferStatus,
			signed: []string{"now", "shop_id", "shop_payment_id"}},
		"/shop_balance": {badSign: badParameter, listed: true, serve: e.shopBalance,
			signed: []string{"now", "shop_id"}},
	} {
		e.HandleFunc("POST "+path, e.answering(c))
	}
	e.HandleFunc("GET /{lang}/bill/pay/{token}", e.page(e.showPage))
	e.HandleFunc("POST /{lang}/bill/pay/{token}", e.page(e.submitPage))
}

func (e *Emulator) answering(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, err := e.admit(c, w, r)
		if err == nil {
			err = c.serve(w, r, f)
		}
		if err != nil {
			refusal(err).Send(w)
		}
	}
}

// refusal is the answer to an error: a wrong parameter, where it does not say otherwise.
func refusal(err error) emulation.Answer {
	var p problem
	if !errors.As(err, &p) {
		p = problem{code: badParameter, reason: err.Error()}
	}
	return usually.refuse(p)
}

// admit reads a request of the shop's.
func (e *Emulator) admit(c call, w http.ResponseWriter, r *http.Request) (fields, error) {
	if c.listed && !e.Allows(r) {
		return nil, problem{code: deniedIP, reason: "Options.AllowIPs does not have this address"}
	}
	f, err := readFields(w, r)
	if err == nil {
		err = f.need(c.signed)
	}
	if err != nil {
		return nil, err
	}
	shop := f["shop_id"].text
	switch {
	case shop != shopID && shop != sleeping:
		return nil, problem{code: noShop, reason: "shop_id is not that of this emulator: see QOSTIQ_SHOP_ID"}
	case f["sign"].text != Sign(f.spelled(), c.signed, secretKey):
		return nil, problem{code: c.badSign, message: "invalid sign", reason: "sign is not that of these values with the key of this emulator: see QOSTIQ_SECRET_KEY"}
	case shop == sleeping:
		return nil, problem{code: sleepingShop, reason: "shop 12 is not active"}
	default:
		return f, nil
	}
}
