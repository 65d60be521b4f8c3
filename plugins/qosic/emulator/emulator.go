// Package emulator imitates the HTTP API of Qosic (QOSPAY) for Togo and Benin on this machine.
//
// It is written from the provider's documents alone and shares no code with the project's client.
// It speaks for five networks: Togocel and Moov in Togo; MTN, Moov and Celtiis in Benin. The last
// three digits of the msisdn choose what happens to a request: see [Emulator.Numbers].
//
// Where the documents disagree, a number ending in 019 gets the other spelling of everything. The
// texts in responsemsg change from one transaction to the next, among the documented ones, because
// nothing may be decided on them.
//
// Production knows things that the emulator asks for only when told to: with Options.AllowIPs set, it
// rejects payments, payouts and refunds from any other address with the 401 of wrong credentials, as
// production does (documented for payouts, announced for every call).
package emulator

import (
	"net/http"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// The user that the documents publish for Qosic's sandbox.
const (
	username = "USR01"
	password = "YG739G5XFVPYYV4ADJVW"
)

// Emulator is Qosic on this machine. It is safe for concurrent use.
type Emulator struct{ *emulation.Till }

var _ emulation.Emulator = (*Emulator)(nil)

// New is an emulator with empty books.
func New(o emulation.Options) *Emulator {
	e := &Emulator{emulation.NewTill(o, emulation.Rules{
		Unique:      unique,
		Webhook:     webhook,
		ServerError: problem(http.StatusInternalServerError, "the number asked for this error"),
	})}
	e.route()
	return e
}

// Provider is "qosic".
func (e *Emulator) Provider() string { return "qosic" }

// Config has the user and one client id for each network. They all differ, so that a client id sent
// to another network's path is refused here as it is in production.
func (e *Emulator) Config() map[string]string {
	config := map[string]string{"QOSIC_USERNAME": username, "QOSIC_PASSWORD": password}
	for _, n := range networks {
		config[n.setting] = n.clientID
	}
	return config
}

// route lays out the documented paths. Celtiis deposits and refunds anywhere but at MTN Benin are in
// no document, so they are not found.
func (e *Emulator) route() {
	e.money("/user/requestpayment", e.payment(mtnBenin))
	e.money("/user/requestpaymentmv", e.synchronousPayment(moovBenin))
	e.money("/sb/v1/requestpayment", e.payment(celtiisBenin))
	e.money("/tm/v1/requestpayment", e.payment(togocel))
	e.money("/tg/v1/requestpayment", e.payment(moovTogo))

	e.money("/user/deposit", e.deposit(mtnBenin))
	e.money("/user/depositmv", e.deposit(moovBenin))
	e.money("/tm/v1/deposit", e.deposit(togocel))
	e.money("/tg/v1/deposit", e.deposit(moovTogo))

	e.money("/user/refund", e.refund(mtnBenin))

	e.handle("/user/gettransactionstatus", e.status(mtnBenin, moovBenin))
	e.handle("/sb/v1/gettransactionstatus", e.status(celtiisBenin))
	e.handle("/tm/v1/gettransactionstatus", e.status(togocel))
	e.handle("/tg/v1/gettransactionstatus", e.status(moovTogo))
}

// money serves a path that moves money, to the addresses that may.
func (e *Emulator) money(path string, serve http.HandlerFunc) {
	e.handle(path, func(w http.ResponseWriter, r *http.Request) {
		if !e.Allows(r) {
			badCredentials(w)
			return
		}
		serve(w, r)
	})
}

// handle serves a path, under the documented prefix, to the user.
func (e *Emulator) handle(path string, serve http.HandlerFunc) {
	e.HandleFunc("POST /QosicBridge"+path, func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != username || pass != password {
			badCredentials(w)
			return
		}
		serve(w, r)
	})
}

func badCredentials(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="QosicBridge"`)
	emulation.Answer{Status: http.StatusUnauthorized, Content: emulation.Text("HTTP Status 401: Bad credentials")}.Send(w)
}

// unique holds transrefs to be unique among payments and deposits together. A refund bears the
// transref of its payment, and there is one for each.
func unique(tx emulation.Transaction) string {
	if tx.Operation == emulation.Refund {
		return "refund " + tx.Reference
	}
	return "transref " + tx.Reference
}
