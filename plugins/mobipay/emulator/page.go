package emulator

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"sync"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// pagePath is where the page of a transaction stands, before its id. It is too long for a public id and
// a call to be mistaken for it.
const pagePath = "/page/payment/"

//go:embed pages/*.html
var pageFiles embed.FS

// templates are parsed when the first page is shown: few who start an emulator ever see one.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(pageFiles, "pages/*.html"))
})

// pageOf is the address of the page, at the address by which the merchant has reached the emulator.
func pageOf(tx emulation.Transaction, asked *http.Request) string {
	return "http://" + asked.Host + pagePath + transactionID(tx)
}

// onPageOf is the payment of a page.
func (e *Emulator) onPageOf(r *http.Request) (emulation.Transaction, bool) {
	id := r.PathValue("transaction_id")
	held := e.till.Books().Transactions()
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
		show(http.StatusNotFound, "message.html", message{Text: "There is no such payment."}).Send(w)
	case tx.Waiting:
		show(http.StatusOK, "payment.html", tx).Send(w)
	default:
		show(http.StatusOK, "message.html", message{farewell(tx), orderOf(tx).returnURL}).Send(w)
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
		show(http.StatusNotFound, "message.html", message{Text: "There is no such payment."}).Send(w)
		return
	case action == "abandon":
		tx.Ending = emulation.Abandoned
	case action != "pay":
		show(http.StatusBadRequest, "message.html", message{Text: "Pay or abandon."}).Send(w)
		return
	}
	e.till.Resume(tx)
	back := orderOf(tx).returnURL
	if back == "" {
		back = r.URL.Path
	}
	redirect(back).Send(w)
}

// message is a page that says one thing, and may lead back to the merchant.
type message struct {
	Text, Back string
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

// show is a page that nobody keeps, and that tells no other site where the customer came from.
func show(status int, name string, data any) emulation.Answer {
	var page bytes.Buffer
	if err := templates().ExecuteTemplate(&page, name, data); err != nil {
		return emulation.Answer{Status: http.StatusInternalServerError, Content: emulation.Text("emulator: " + err.Error())}
	}
	return emulation.Answer{Status: status, Header: private(), Content: emulation.HTML(page.String())}
}

func redirect(to string) emulation.Answer {
	header := private()
	header.Set("Location", to)
	return emulation.Answer{Status: http.StatusSeeOther, Header: header, Content: emulation.Text("")}
}

func private() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}}
}
