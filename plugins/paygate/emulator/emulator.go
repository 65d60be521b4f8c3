// Package emulator imitates the HTTP API of PayGate Global, Togo, on this machine. PayGate itself has
// no sandbox.
//
// It is written from the provider's documents and recorded answers alone and shares no code with the
// project's client. The last three digits of the phone number choose what happens to a request: see
// [Emulator.Numbers].
//
// Where the sources disagree about the status answer, it is written as recorded: tx_reference is a
// number, and amount and phone_number are there. A number ending in 019 gets the other way:
// tx_reference is a string, and they are not there.
//
// Where the documents are silent, the emulator does what is hardest on a client, and says so here:
//
//   - The HTTP status is 200 for every answer of the API, refusals included, but for HTTP 500.
//   - A refusal that has no documented status has the shape of the only recorded error: error_code and
//     error_message, and no status. So have a wrong auth_token (401) and a bad parameter (400) of the
//     status calls and of check-balance, as no status of theirs means that.
//   - disburse refuses with integers of the HTTP kind, as its 200 is: 400 bad parameters, 401 wrong
//     token, 402 balance too low, 404 no account, 422 over the limit, 500 and 503.
//   - Only pay and the page refuse an identifier that was used before, by a payment. A reference that
//     was used before is paid out again: nothing promises otherwise.
//   - A payment that was refused at once was not registered: the status calls do not know it.
//   - An unanswered payment expires after ten settle delays; an unanswered payout is pending for ever.
//   - The page registers the payment when the customer pays or abandons, not when it is opened, and
//     leads to url when the payment is final. An abandoned payment is cancelled.
//   - Payments raise the balances by all of their amount: no fee is taken. What a payout asks for is
//     gone once it is accepted, and comes back if the payout fails.
//   - Webhooks tell of payments that were paid and of nothing else, payouts included. Their phone_number
//     is whole, while that of the status answer is masked.
//   - With Options.AllowIPs set, check-balance and disburse answer error_code 403 to all other addresses.
//
// The header X-Emulator-Reason of a refusal is the emulator's own: it says in words what is wrong.
package emulator

import (
	"net/http"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// authToken is the merchant's token. PayGate publishes none for tests.
const authToken = "paygate-emulator-token"

// Emulator is PayGate on this machine. It is safe for concurrent use.
type Emulator struct{ *emulation.Till }

var _ emulation.Emulator = (*Emulator)(nil)

// New is an emulator with empty books and the opening balances.
func New(o emulation.Options) *Emulator {
	e := &Emulator{emulation.NewTill(o, emulation.Rules{
		Unique:      unique,
		Judge:       judge,
		Expires:     true,
		Webhook:     webhook,
		ServerError: serverError(),
	})}
	e.route()
	return e
}

// Provider is "paygate".
func (e *Emulator) Provider() string { return "paygate" }

// Config has the merchant's token.
func (e *Emulator) Config() map[string]string {
	return map[string]string{"PAYGATE_AUTH_TOKEN": authToken}
}

// route lays out the documented paths. The page alone is not under /api. Its form and the payment
// that it waits for are the emulator's own.
func (e *Emulator) route() {
	e.handle("/v1/pay", registering, e.pay)
	e.handle("/v1/status", asking, e.statusByTxReference)
	e.handle("/v2/status", asking, e.statusByIdentifier)
	e.whitelisted("/v1/check-balance", asking, e.checkBalance)
	e.whitelisted("/v1/disburse", disbursing, e.disburse)

	e.HandleFunc("GET /v1/page", e.showPage)
	e.HandleFunc("POST /v1/page", e.submitPage)
	e.HandleFunc("GET /v1/page/payment", e.followPayment)
}

// call serves a request whose token is right. Its error is a bad parameter.
type call func(http.ResponseWriter, *http.Request, fields) error

// handle serves a path of the API.
func (e *Emulator) handle(path string, refuse refusals, serve call) {
	e.HandleFunc("POST /api"+path, answering(refuse, serve))
}

// whitelisted serves a path of the API to the addresses that may use it, whatever the token.
func (e *Emulator) whitelisted(path string, refuse refusals, serve call) {
	served := answering(refuse, serve)
	e.HandleFunc("POST /api"+path, func(w http.ResponseWriter, r *http.Request) {
		if !e.Allows(r) {
			failure(http.StatusForbidden, "Adresse IP non autorisée.").Send(w)
			return
		}
		served(w, r)
	})
}

func answering(refuse refusals, serve call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, err := readFields(w, r)
		if err == nil {
			if f["auth_token"].text != authToken {
				refuse.badToken("auth_token is not the token of this emulator: see PAYGATE_AUTH_TOKEN").Send(w)
				return
			}
			err = serve(w, r, f)
		}
		if err != nil {
			refuse.badParameters(err.Error()).Send(w)
		}
	}
}

// unique holds identifiers to be unique among payments. Nothing is said of the references of payouts.
func unique(tx emulation.Transaction) string {
	if tx.Operation == emulation.Collect {
		return tx.Reference
	}
	return ""
}
