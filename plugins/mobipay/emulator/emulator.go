// Package emulator imitates MobiPay's Payment Gateway API, version 5.7, on this machine. MobiPay itself
// has a simulator that stays in progress for ever, and nothing else to test with.
//
// It is written from the provider's documents alone and shares no code with the project's client. The
// last three digits of customer_id choose what happens to a request: see [Emulator.Numbers]. The base
// URL is the server's root.
//
// The documents have lost their headings. Which country a table belongs to is told by dialling codes
// and currencies. Tables of limits that name no ids are not told apart: the widest of a country hold.
// Payouts in Tanzania need a customer_name, as the documents ask for one without saying where.
// Moov in Benin and Moov in Burkina Faso have no documented provider_id: 99001 and 99002 are the
// emulator's own. So are the customer_id of Gambia and Egypt (all digits after 220 and 20), and the
// currencies ZAR and SLE. The numbers of Togo and Sierra Leone may have the 12 digits that the documents
// print or the 11 that they really have. An account number has 6 to 20 digits.
//
// Where the sources disagree, answers are written as in the guide: service_id is a number,
// service_version a string, and confirm_type a number, which status answers and refusals leave out; and
// callbacks as in its sample. A customer_id ending in 019 gets the other way: service_id and confirm_type
// are strings, service_version is a number, payments have no confirm_type, and callbacks are those of the
// OpenAPI document, which do not tell the status. Of requests, the OpenAPI document's types hold, and
// not the guide's samples: provider_id is a number, amount a string with two decimals.
//
// Where the documents are silent, the emulator does what is hardest on a client, and says so here:
//
//   - The HTTP status is 200 for every answer, the page of a bad signature included, but for HTTP 500,
//     which is a page too. A body that is not one JSON object has no signature.
//   - A wrong public_id is a merchant authentication error, 10201, whatever else is wrong. A wrong
//     merchant_id is 10105, even if the signature is wrong too.
//   - result.code 10401 is about any customer_id, accounts included. 10301 and 13104 do not tell whether
//     the operation goes on (it does not). The codes of the PIN, 1 to 3, are about one-time codes.
//   - The emulator's own codes are 90400 for a bad parameter, 90402 for an amount or a receiver beyond
//     the limits, 90403 for a merchant's balance that is too low, and 90404 for an unknown order.
//   - A refusal has status 3 (failed) with a code of the emulator's own, which so nobody needs to know,
//     and -1 (undefined) with any other. What status says of it afterwards is 3,
//     with result.code 0: that is about the status call. One that is itself refused answers -1.
//   - A request with a bad parameter or a bad one-time code takes no order_id. Everything else does, a
//     number that is refused at once included: from then on that order_id, in payment_c2b as in
//     payment_b2c and whatever else is asked for, gets the first answer again, letter by letter, even
//     once the operation is final.
//   - result is the gateway's own and is 0 for an operation that fails at the operator: only status tells.
//   - A payment that waits for its customer has status 0 (initiated), and goes on at 1 (in progress).
//     A page or a one-time code is waited for 15 minutes; then the payment is cancelled (4). It is also
//     cancelled if the customer refuses or abandons. An unanswered operation is in progress for ever.
//   - A one-time code has 4 digits, and 0000 is a wrong one. After a wrong one, the payment still waits.
//     In Ivory Coast it may come by status, with the payment's own customer_id. Nowhere else does status
//     look at it.
//   - customer_redirect and the details of a bank transfer are told once: the former by status while the
//     payment waits, the latter by the answer of payment_c2b, which has no transaction_id, as documented.
//   - The page leads to return_url as soon as the customer has acted, not when the payment is final.
//   - country may be left out, but not be another one. The simulator takes any country and currency.
//   - A payout that asks for a confirmation never gets one: the types of confirmation are not public. A
//     second payment_b2c of that order_id gets the first answer again.
//   - Callbacks tell of everything that becomes final, payouts included, but not of what was refused at
//     once. They are sent once. Their amount is a number without zeros at the end.
//
// MobiPay documents no whitelist: Options.AllowIPs means nothing here.
//
// The header X-Emulator-Reason of a refusal is the emulator's own: it says in words what is wrong.
package emulator

import (
	"net/http"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// The merchant. MobiPay publishes none for tests.
const (
	publicID   = "mobipay-emulator-public-id"
	merchantID = "mobipay-emulator-merchant-id"
	secretKey  = "mobipay-emulator-secret-key"
)

// Emulator is MobiPay on this machine. It is safe for concurrent use.
type Emulator struct {
	*emulation.Till
	atOnce bool // operations come to their end as soon as they are taken
}

var _ emulation.Emulator = (*Emulator)(nil)

// New is an emulator with empty books.
func New(o emulation.Options) *Emulator {
	e := &Emulator{atOnce: o.SettleAfter < 0, Till: emulation.NewTill(o, emulation.Rules{
		Waits:       waits,
		WebhookURL:  webhookURL,
		Webhook:     webhook,
		ServerError: serverError(),
	})}
	e.route()
	return e
}

// Provider is "mobipay".
func (e *Emulator) Provider() string { return "mobipay" }

// Config has the merchant, and which provider_id to use for the networks that the documents give
// several of, or none.
func (e *Emulator) Config() map[string]string {
	return map[string]string{
		"MOBIPAY_PUBLIC_ID":    publicID,
		"MOBIPAY_MERCHANT_ID":  merchantID,
		"MOBIPAY_SECRET_KEY":   secretKey,
		"MOBIPAY_PROVIDER_IDS": strings.Join(chosenIDs(), ","),
	}
}

// route lays out the documented paths. Where the page stands is the emulator's own choice.
func (e *Emulator) route() {
	e.handle("payment_c2b", e.money(emulation.Collect))
	e.handle("payment_b2c", e.money(emulation.Disburse))
	e.handle("status", e.status)

	e.HandleFunc("GET "+pagePath+"{transaction_id}", e.showPage)
	e.HandleFunc("POST "+pagePath+"{transaction_id}", e.submitPage)
}

// call serves a request of the merchant. It gives why it refuses, or nil if it has answered.
type call func(http.ResponseWriter, *http.Request, object) *refusal

// handle serves a path of the API to the merchant.
func (e *Emulator) handle(name string, serve call) {
	e.HandleFunc("POST /{public_id}/"+name, func(w http.ResponseWriter, r *http.Request) {
		q, err := readBody(w, r)
		refused := admit(r.PathValue("public_id"), q, err)
		if refused == nil {
			refused = serve(w, r, q)
		}
		if refused != nil {
			e.refuse(q, refused).Send(w)
		}
	})
}

// admit tells why a request is not the merchant's. unread is why it has no parameters.
func admit(id string, q object, unread error) *refusal {
	switch {
	case id != publicID:
		return refusing(codeAuthentication, "the path begins with another public id: see MOBIPAY_PUBLIC_ID")
	case unread != nil:
		return unsigned(unread.Error())
	case q.text("merchant_id") != merchantID:
		return refusing(codeMerchantID, "merchant_id is not the merchant of this emulator: see MOBIPAY_MERCHANT_ID")
	case !isSigned(q):
		return unsigned("signature is not that of these parameters in this order: see MOBIPAY_SECRET_KEY")
	default:
		return nil
	}
}
