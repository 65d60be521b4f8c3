package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

const (
	thanks = "https://shop.example/thanks?order=1&lang=fr"
	sorry  = "https://shop.example/sorry"
)

// returning is a bill whose page leads back to the shop.
func returning(request body) body {
	return request.with("success_url", quote(thanks), "failed_url", quote(sorry))
}

// paying is the page's form, filled in.
func paying(ending string) url.Values {
	return url.Values{"wallet": {"31557414" + ending}, "action": {"pay"}}
}

// payingAmount is the form of a bill of free amount.
func payingAmount(ending, amount string) url.Values {
	form := paying(ending)
	form.Set("amount", amount)
	return form
}

var cancelling = url.Values{"wallet": {""}, "action": {"cancel"}}

// leads holds an answer to be a redirect.
func (b *bench) leads(what string, got emulationtest.Answer, to string) {
	b.Helper()
	if got.Status != http.StatusSeeOther || got.Location() != to {
		b.Errorf("%s: %s, leads to %q, want %q", what, got, got.Location(), to)
	}
}

// shows holds an answer to be a page with these texts.
func (b *bench) shows(what string, got emulationtest.Answer, status int, texts ...string) {
	b.Helper()
	if got.Status != status || got.Type() != "text/html; charset=utf-8" {
		b.Errorf("%s: %s %s", what, got.Type(), got)
	}
	for _, text := range texts {
		if !strings.Contains(got.Body, text) {
			b.Errorf("%s: the page has no %s: %s", what, text, got.Body)
		}
	}
}

func TestThePageAsksWhatIsMissing(t *testing.T) {
	b := newBench(t, emulation.Options{})
	fixed := b.Get(b.open(create, bill("B1").with("description", `"Shoes & socks"`, "payer_currency", "840")))
	b.shows("fixed", fixed, http.StatusOK, `<form method="post">`, "0.58 USD", "Shoes &amp; socks", "B1", `<html lang="en">`, "<main>", "<h1>",
		`<label for="wallet">`, `name="action" value="pay"`, `name="action" value="cancel" formnovalidate`, "Test accounts")
	chosen := b.Get(b.open(createV2, free("B2").with("lang", `"pl"`)))
	b.shows("free", chosen, http.StatusOK, `<label for="amount">Amount in USD</label>`, `<label for="wallet">`)
	if strings.Contains(fixed.Body, `name="amount"`) {
		t.Errorf("the payer may choose a fixed amount: %s", fixed)
	}
	for _, page := range []emulationtest.Answer{fixed, chosen} {
		if strings.Contains(page.Body, "<script") {
			t.Errorf("the page needs a script: %s", page)
		}
		for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
			if got := page.Header.Get(header); got != want {
				t.Errorf("%s: %q, want %q", header, got, want)
			}
		}
	}
}

func TestPayingByThePage(t *testing.T) {
	b := newBench(t, emulation.Options{})
	page := b.open(create, returning(bill("B1")))
	b.Clock.Advance(time.Hour)
	b.leads("paying", b.PostForm(page, paying("000")), page)
	b.shows("while it is paid", b.Get(page), http.StatusOK, `<meta http-equiv="refresh" content="2">`, "31557414000")
	if got := b.status("B1"); got != "1" {
		t.Errorf("the status of what is being paid is %s", got)
	}
	b.leads("once more", b.PostForm(page, paying("001")), page)
	b.Clock.Advance(delay)
	b.leads("when it is paid", b.Get(page), thanks)
	b.leads("too late", b.PostForm(page, cancelling), page)
	if got := b.status("B1"); got != "2" {
		t.Errorf("the status of what is paid is %s", got)
	}
	want := emulation.Transaction{
		Reference: "B1", Operation: emulation.Collect, Network: "qostiq", MSISDN: "31557414000", Amount: "23.15", Currency: "UAH",
		State: emulation.Succeeded, Requests: 1, Paid: 1, Created: emulationtest.Start(), Settled: emulationtest.Start().Add(time.Hour + delay),
	}
	if tx := b.Line("B1"); tx != want {
		t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
	}
}

// The payer chooses the amount, and the payment goes where its digits say.
func TestPayingAFreeAmount(t *testing.T) {
	b := newBench(t, emulation.Options{})
	page := b.open(createV2, returning(free("B1")))
	b.leads("paying", b.PostForm(page, url.Values{"wallet": {" a.b.000@example.com "}, "amount": {" 12.5 "}, "action": {"pay"}}), page)
	b.Clock.Advance(delay)
	b.leads("when it is paid", b.Get(page), thanks)
	got := b.call(billStatus, about("B1"))
	for _, has := range []string{`"client_price":12.5,`, `"shop_amount":12.5,`, `"shop_refund":11.62,`, `"ps_payer_account":"a.b.000@example.com"`, `"status":2}`} {
		if !strings.Contains(got.Body, has) {
			t.Errorf("%s, want %s", got, has)
		}
	}
	if tx := b.Line("B1"); tx.Amount != "12.50" || tx.MSISDN != "a.b.000@example.com" || tx.Paid != 1 {
		t.Errorf("the books hold %+v", tx)
	}
}

// However a bill ends, its page leads back, and without an address it tells how.
func TestEveryEndLeadsBack(t *testing.T) {
	for name, tt := range map[string]struct {
		form         url.Values
		status, says string
		to           string
	}{
		"paid":         {paying("000"), "2", "The bill of 23.15 UAH is paid.", thanks},
		"paid at once": {paying("013"), "2", "The bill of 23.15 UAH is paid.", thanks},
		"refused":      {paying("001"), "3", "cancelled", sorry},
		"cancelled":    {cancelling, "3", "cancelled", sorry},
		"expired":      {nil, "4", "expired", sorry},
		// what would spoil a first answer just pays
		"an error": {paying("005"), "2", "is paid", thanks},
		"a cut":    {paying("008"), "2", "is paid", thanks},
	} {
		t.Run(name, func(t *testing.T) {
			in := emulationtest.NewInbox(t)
			b := newBench(t, emulation.Options{WebhookURL: in.URL})
			back := b.open(create, returning(bill("B1").with("lifetime", "1")))
			stay := b.open(create, bill("B2").with("lifetime", "1"))
			for _, page := range []string{back, stay} {
				if tt.form != nil {
					b.leads("submitted", b.PostForm(page, tt.form), page)
				}
			}
			b.Clock.Advance(time.Minute)
			b.leads("in the end", b.Get(back), tt.to)
			b.shows("without an address", b.Get(stay), http.StatusOK, tt.says)
			if got := b.status("B1"); got != tt.status {
				t.Errorf("the status is %s, want %s", got, tt.status)
			}
			if got := len(in.Received()); got != 2 {
				t.Errorf("%d callbacks, want 2", got)
			}
		})
	}
}

// A wallet that cannot pay is the payer's to mend, and the bill waits.
func TestAFormThatIsRefused(t *testing.T) {
	const number, amount = "Enter a wallet&#39;s number", "Enter an amount from 1.00 to 1000000.00"
	for name, tt := range map[string]struct {
		form url.Values
		says string
	}{
		"nothing":            {url.Values{}, number},
		"half a number":      {url.Values{"wallet": {"3155741"}, "amount": {"5"}}, number},
		"a wallet and a tag": {url.Values{"wallet": {`"><b>`}, "amount": {"5"}}, "&#34;&gt;&lt;b&gt;"},
		"no amount":          {paying("000"), amount},
		"a small amount":     {payingAmount("000", "0.99"), amount},
		"a large amount":     {payingAmount("000", "1000000.01"), amount},
		"three decimals":     {payingAmount("000", "1.001"), amount},
		"no account":         {payingAmount("010", "5"), "There is no such wallet."},
		"a blocked account":  {payingAmount("003", "5"), "This wallet cannot pay now."},
		"nobody confirms":    {payingAmount("004", "5"), "does not confirm"},
	} {
		b := newBench(t, emulation.Options{})
		page := b.open(createV2, free("B1"))
		got := b.PostForm(page, tt.form)
		b.shows(name, got, http.StatusUnprocessableEntity, tt.says, "<title>Error: ", `role="alert"`, `aria-invalid="true"`)
		if want := tt.form.Get("amount"); want != "" && !strings.Contains(got.Body, `name="amount" value="`+want+`"`) {
			t.Errorf("%s: the amount is lost: %s", name, got)
		}
		if tx := b.Line("B1"); !tx.Waiting || tx.MSISDN != "" {
			t.Errorf("%s: the books hold %+v", name, tx)
		}
		b.leads(name+", mended", b.PostForm(page, payingAmount("013", "5")), page)
		if got := b.status("B1"); got != "2" {
			t.Errorf("%s, mended: %s", name, got)
		}
	}
}

// A bill of a user does not wait for its page, which tells how it stands.
func TestThePageOfAUsersBill(t *testing.T) {
	b := newBench(t, emulation.Options{})
	page := b.open(create, returning(linked("B1", "000")))
	b.shows("while it is paid", b.Get(page), http.StatusOK, `http-equiv="refresh"`)
	b.leads("cancelling", b.PostForm(page, cancelling), page)
	b.Clock.Advance(delay)
	b.leads("when it is paid", b.Get(page), thanks)
	if got := b.status("B1"); got != "2" {
		t.Errorf("the status is %s", got)
	}
	waiting := b.open(createV2, free("B2").with("email", `"pay.004@example.com"`))
	b.leads("somebody else", b.PostForm(waiting, payingAmount("013", "20")), waiting)
	if tx := b.Line("B2"); tx.Paid != 1 || tx.Amount != "20.00" {
		t.Errorf("the books hold %+v", tx)
	}
}

func TestPagesThatThereAreNot(t *testing.T) {
	b := newBench(t, emulation.Options{})
	page := b.open(create, bill("B1"))
	for _, path := range []string{page + "x", page[:len(page)-1], "/en/bill/pay/x", "/fr" + page[3:]} {
		b.shows("GET "+path, b.Get(path), http.StatusNotFound, "There is no such bill.")
		b.shows("POST "+path, b.PostForm(path, paying("000")), http.StatusNotFound, "There is no such bill.")
	}
	for _, lang := range []string{"pl", "ru", "uk"} {
		b.shows(lang, b.Get("/"+lang+page[3:]), http.StatusOK, `<html lang="en">`)
	}
	unreadable := b.Send(http.MethodPost, page, "%zz", emulationtest.Header("Content-Type", emulationtest.AsForm))
	b.shows("unreadable", unreadable, http.StatusBadRequest, "cannot be read")
	if tx := b.Line("B1"); !tx.Waiting {
		t.Errorf("the books hold %+v", tx)
	}
}
