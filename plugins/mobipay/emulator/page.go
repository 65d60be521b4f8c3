package emulator

import (
	"embed"
	"net/http"
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// pagePath is where the page of a transaction stands, before its id. It is too long for a public id and
// a call to be mistaken for it.
const pagePath = "/page/payment/"

//go:embed pages/*.html
var pageFiles embed.FS

var pages = emulation.NewPages("MobiPay", pageFiles)

// pageOf is the address of the page, at the address by which the merchant has reached the emulator.
func pageOf(tx emulation.Transaction, asked *http.Request) string {
	return "http://" + asked.Host + pagePath + transactionID(tx)
}

// onPageOf is the payment of a page.
func (e *Emulator) onPageOf(r *http.Request) (emulation.Transaction, bool) {
	id := r.PathValue("transaction_id")
	held := e.Books().Transactions()
	i := slices.IndexFunc(held, func(tx emulation.Transaction) bool {
		return orderOf(tx).flow == onPage && transactionID(tx) == id
	})
	if i < 0 {
		return emulation.Transaction{}, false
	}
	return held[i], true
}

// showPage is the page as the customer opens it, and what has become of the payment afterwards.
func (e *Emulator) showPage(w http.ResponseWriter, r *http.Request) {
	tx, known := e.onPageOf(r)
	switch {
	case !known:
		pages.Say(http.StatusNotFound, "There is no such payment.", "").Send(w)
	case tx.Waiting:
		pages.Show(http.StatusOK, "payment.html", tx).Send(w)
	default:
		pages.Say(http.StatusOK, farewell(tx), orderOf(tx).returnURL).Send(w)
	}
}

// submitPage lets the payment go on as the customer wants, and leads back. A form that is sent twice
// does nothing the second time.
func (e *Emulator) submitPage(w http.ResponseWriter, r *http.Request) {
	tx, known := e.onPageOf(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	action := r.PostFormValue("action")
	switch {
	case !known:
		pages.Say(http.StatusNotFound, "There is no such payment.", "").Send(w)
		return
	case action == "abandon":
		tx.Ending = emulation.Abandoned
	case action != "pay":
		pages.Say(http.StatusBadRequest, "Pay or abandon.", "").Send(w)
		return
	}
	e.Resume(tx)
	back := orderOf(tx).returnURL
	if back == "" {
		back = r.URL.Path
	}
	emulation.SeeOther(back).Send(w)
}

func farewell(tx emulation.Transaction) string {
	switch statusOf(tx) {
	case successful:
		return "The payment of " + tx.Amount + " " + tx.Currency + " was made."
	case inProgress:
		return "Confirm the payment of " + tx.Amount + " " + tx.Currency + " on your phone."
	case failed:
		return "The payment has failed. Nothing was paid."
	default:
		return "The payment was cancelled. Nothing was paid."
	}
}
