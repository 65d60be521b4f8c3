package emulator

import (
	"embed"
	"net/http"
	"net/url"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = emulation.NewPages("PayGate", pageFiles)

// checkout is what the page's address asks for, or its form after it.
type checkout struct {
	Token, Amount, Identifier, URL, Description string
	Network, Phone                              string // what the customer chooses
}

func readCheckout(v url.Values) checkout {
	return checkout{
		Token: v.Get("token"), Amount: v.Get("amount"), Identifier: v.Get("identifier"), URL: v.Get("url"),
		Description: v.Get("description"), Network: v.Get("network"), Phone: v.Get("phone"),
	}
}

// problem tells what the merchant has done wrong: the empty text if nothing. What is wrong with
// network and phone is for the customer to mend.
func (c checkout) problem() (status int, text string) {
	switch {
	case c.Token != authToken:
		return http.StatusForbidden, "The token is not the merchant's."
	case !isWholeAmount(c.Amount):
		return http.StatusBadRequest, "The amount must be a whole number of francs above zero."
	case !identifiers.MatchString(c.Identifier):
		return http.StatusBadRequest, "The identifier must have 1 to 50 letters, digits, - or _."
	case c.URL != "" && !emulation.IsWeb(c.URL):
		return http.StatusBadRequest, "The url must be an absolute http or https address."
	default:
		return 0, ""
	}
}

// payment is what the form asks for. A network that there is not counts as none.
func (c checkout) payment() emulation.Transaction {
	n, _ := onPage(c.Network)
	msisdn, _ := msisdnOf(c.Phone)
	return n.begin(emulation.Collect, c.Identifier, msisdn, c.Amount)
}

// abandoned is the payment of a customer who leaves.
func (c checkout) abandoned() emulation.Transaction {
	tx := c.payment()
	tx.Ending = emulation.Abandoned
	return tx
}

// form is the page with what the customer has still to do.
type form struct {
	checkout
	Networks     []choice
	Numbers      []emulation.Number
	NetworkError string
	PhoneError   string
}

// choice is an operator as the page offers it.
type choice struct {
	Value, Brand string
	Chosen       bool
}

func (e *Emulator) form(c checkout) form {
	f := form{checkout: c, Numbers: e.Numbers()}
	for _, n := range networks {
		f.Networks = append(f.Networks, choice{Value: n.page, Brand: n.brand, Chosen: n.page == c.Network})
	}
	return f
}

// showPage is the page as the customer opens it. Opening it registers nothing.
func (e *Emulator) showPage(w http.ResponseWriter, r *http.Request) {
	c := readCheckout(r.URL.Query())
	if status, text := c.problem(); text != "" {
		pages.Say(status, text, "").Send(w)
		return
	}
	if _, known := e.paymentOf(c); known {
		used().Send(w)
		return
	}
	pages.Show(http.StatusOK, "form.html", e.form(c)).Send(w)
}

// submitPage registers the payment that the customer pays or abandons, and leads to where it is followed.
func (e *Emulator) submitPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		pages.Say(http.StatusBadRequest, "The form cannot be read.", "").Send(w)
		return
	}
	c := readCheckout(r.PostForm)
	if status, text := c.problem(); text != "" {
		pages.Say(status, text, "").Send(w)
		return
	}
	if r.PostForm.Get("action") == "abandon" {
		e.register(w, r, c, c.abandoned())
		return
	}
	if f := e.form(c); f.lacks() {
		pages.Show(http.StatusUnprocessableEntity, "form.html", f).Send(w)
		return
	}
	e.register(w, r, c, c.payment())
}

// lacks tells what the customer has left out.
func (f *form) lacks() bool {
	if _, ok := onPage(f.Network); !ok {
		f.NetworkError = "Choose your operator."
	}
	if _, ok := msisdnOf(f.Phone); !ok {
		f.PhoneError = "Enter 8 digits beginning with 7 or 9, such as 90 00 00 00 without the spaces."
	}
	return f.NetworkError != "" || f.PhoneError != ""
}

// register takes the payment. A form that is sent twice leads to the payment of the first time.
func (e *Emulator) register(w http.ResponseWriter, r *http.Request, c checkout, wanted emulation.Transaction) {
	e.ServeRequest(w, r, wanted, func(tx emulation.Transaction, fresh bool) emulation.Answer {
		switch {
		case !fresh && !same(tx, wanted):
			return used()
		case tx.RefusedAtOnce():
			return pages.Say(http.StatusOK, "The payment was refused. Nothing was paid.", c.URL)
		default:
			return emulation.SeeOther("/v1/page/payment?" + c.follow().Encode())
		}
	})
}

func same(tx, wanted emulation.Transaction) bool {
	return tx.MSISDN == wanted.MSISDN && tx.Network == wanted.Network && tx.Amount == wanted.Amount
}

// follow is the query of the address at which the payment is followed.
func (c checkout) follow() url.Values {
	return url.Values{"token": {c.Token}, "identifier": {c.Identifier}, "url": {c.URL}}
}

// followPayment waits with the customer, and goes to the merchant's url once the payment is final.
func (e *Emulator) followPayment(w http.ResponseWriter, r *http.Request) {
	c := readCheckout(r.URL.Query())
	tx, known := e.paymentOf(c)
	switch {
	case c.Token != authToken:
		pages.Say(http.StatusForbidden, "The token is not the merchant's.", "").Send(w)
	case !known, c.URL != "" && !emulation.IsWeb(c.URL):
		pages.Say(http.StatusNotFound, "There is no such payment.", "").Send(w)
	case tx.State == emulation.Pending:
		c.Amount, c.Phone = tx.Amount, masked(tx.MSISDN)
		pages.Show(http.StatusOK, "waiting.html", c).Send(w)
	case c.URL != "":
		emulation.SeeOther(c.URL).Send(w)
	default:
		pages.Say(http.StatusOK, farewell(tx), "").Send(w)
	}
}

// farewell is for customers who have nowhere to go back to.
func farewell(tx emulation.Transaction) string {
	switch outcome(tx) {
	case paid:
		return "The payment of " + tx.Amount + " FCFA was made."
	case expired:
		return "The payment has expired. Nothing was paid."
	default:
		return "The payment was cancelled. Nothing was paid."
	}
}

func (e *Emulator) paymentOf(c checkout) (emulation.Transaction, bool) {
	return e.Books().Find(c.Identifier, func(tx emulation.Transaction) bool { return tx.Operation == emulation.Collect })
}

func used() emulation.Answer {
	return pages.Say(http.StatusConflict, "This identifier was used for a payment before.", "")
}
