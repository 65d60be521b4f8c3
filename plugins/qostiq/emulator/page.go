package emulator

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = emulation.NewPages("Qostiq", pageFiles)

// languages are those of the page's address. The page itself is in English.
var languages = []string{"en", "pl", "ru", "uk"}

// path is where the bill's page is.
func (b bill) path() string { return "/" + b.lang + "/bill/pay/" + b.token }

// page serves the page of a bill that there is.
func (e *Emulator) page(serve func(http.ResponseWriter, *http.Request, emulation.Transaction)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tx, known := e.billOf(r.PathValue("token"))
		if !known || !slices.Contains(languages, r.PathValue("lang")) {
			pages.Say(http.StatusNotFound, "There is no such bill.", "").Send(w)
			return
		}
		serve(w, r, tx)
	}
}

func (e *Emulator) billOf(token string) (emulation.Transaction, bool) {
	held := e.Books().Transactions()
	i := slices.IndexFunc(held, func(tx emulation.Transaction) bool {
		b, is := tx.Extra.(bill)
		return is && b.token == token && isBill(tx)
	})
	if i < 0 {
		return emulation.Transaction{}, false
	}
	return held[i], true
}

// form is the page with what the payer has still to do.
type form struct {
	Price, Currency    string // what the payer pays: empty if the payer chooses it
	Order, Description string
	Wallet, Amount     string // what the payer enters
	Numbers            []emulation.Number
	WalletError        string
	AmountError        string
}

func (e *Emulator) form(tx emulation.Transaction, entered url.Values) form {
	b := tx.Extra.(bill)
	f := form{
		Currency: b.payer.name, Order: tx.Reference, Description: b.description, Numbers: e.Numbers(),
		Wallet: strings.TrimSpace(entered.Get("wallet")), Amount: strings.TrimSpace(entered.Get("amount")),
	}
	if !b.free {
		f.Price = b.prices(tx).payer.String()
	}
	return f
}

// lacks tells what the payer has left out, or what Qostiq does not take.
func (f *form) lacks() bool {
	f.WalletError = walletError(f.Wallet)
	if f.Price == "" {
		f.AmountError = amountError(f.Amount)
	}
	return f.WalletError != "" || f.AmountError != ""
}

func walletError(wallet string) string {
	ending := endingOf(wallet)
	switch {
	case !payers.MatchString(wallet):
		return "Enter a wallet's number, such as 31557414711, or an e-mail address."
	case ending == emulation.NoAccount:
		return "There is no such wallet."
	case ending == emulation.NeverAnswered:
		return "The owner of this wallet does not confirm. The bill waits for another."
	case ending.RefusedAtOnce(emulation.Collect):
		return "This wallet cannot pay now. The bill waits for another."
	default:
		return ""
	}
}

func amountError(amount string) string {
	if c, ok := parseCents(amount); !ok || c < least || c > most {
		return "Enter an amount from " + least.String() + " to " + most.String() + ", such as 12.50."
	}
	return ""
}

// showPage is the page as the payer opens it: the form, or how the bill stands.
func (e *Emulator) showPage(w http.ResponseWriter, _ *http.Request, tx emulation.Transaction) {
	b := tx.Extra.(bill)
	switch {
	case tx.Waiting:
		pages.Show(http.StatusOK, "form.html", e.form(tx, nil)).Send(w)
	case tx.State == emulation.Pending:
		pages.Show(http.StatusOK, "waiting.html", tx).Send(w)
	case b.back(tx) != "":
		emulation.SeeOther(b.back(tx)).Send(w)
	default:
		pages.Say(http.StatusOK, farewell(tx), "").Send(w)
	}
}

// submitPage pays or cancels the bill. What is sent after that changes nothing.
func (e *Emulator) submitPage(w http.ResponseWriter, r *http.Request, tx emulation.Transaction) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		pages.Say(http.StatusBadRequest, "The form cannot be read.", "").Send(w)
		return
	}
	if r.PostForm.Get("action") == "cancel" {
		tx.Ending = emulation.Abandoned
	} else if f := e.form(tx, r.PostForm); tx.Waiting && f.lacks() {
		pages.Show(http.StatusUnprocessableEntity, "form.html", f).Send(w)
		return
	} else {
		tx = f.fill(tx)
	}
	e.Resume(tx)
	emulation.SeeOther(r.URL.Path).Send(w)
}

// fill is the bill as the payer wants to pay it.
func (f form) fill(tx emulation.Transaction) emulation.Transaction {
	tx.MSISDN, tx.Ending = f.Wallet, endingOf(f.Wallet)
	if c, ok := parseCents(f.Amount); ok && f.Price == "" {
		tx.Amount = c.String()
	}
	return tx
}

// back is where the bill's page leads to once it is final.
func (b bill) back(tx emulation.Transaction) string {
	if tx.State == emulation.Succeeded {
		return b.success
	}
	return b.failed
}

// farewell is for payers who have nowhere to go back to.
func farewell(tx emulation.Transaction) string {
	switch status(tx) {
	case paid:
		return "The bill of " + tx.Amount + " " + tx.Currency + " is paid."
	case expired:
		return "The bill has expired. Nothing was paid."
	default:
		return "The bill was cancelled. Nothing was paid."
	}
}
