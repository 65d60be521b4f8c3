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

var (
	paying     = url.Values{"action": {"pay"}}
	abandoning = url.Values{"action": {"abandon"}}
)

// page is the path of the page to which the order's status leads.
func (b *bench) page(order string) string {
	b.Helper()
	address, _ := read(b.T, b.call(status, about(order))).Extra["customer_redirect"].(string)
	path, ours := strings.CutPrefix(address, b.URL)
	if !ours {
		b.Fatalf("status leads to %q, want a page of %s", address, b.URL)
	}
	return path
}

// Only status leads to the page, and only while the payment waits.
func TestStatusLeadsToThePage(t *testing.T) {
	b := newBench(t, emulation.Options{})
	a := answer{order: "T1", id: "732007046722", status: "0", result: okay, provider: underWay, at: "00.000000", confirm: "0"}
	b.Wants("payment", b.call(c2b, vodafoneEgypt.payment("000", "T1")), http.StatusOK, a.String())
	a.confirm, a.extra = "", `{"customer_redirect":"`+b.URL+`/page/payment/732007046722"}`
	b.Wants("status", b.call(status, about("T1")), http.StatusOK, a.String())
	b.PostForm(b.page("T1"), paying)
	a.status, a.extra = "1", ""
	b.Wants("status once the customer has acted", b.call(status, about("T1")), http.StatusOK, a.String())
}

func TestThePage(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, vodafoneEgypt.payment("000", "T1"))
	got := b.Get(b.page("T1"))
	if got.Status != http.StatusOK || got.Type() != "text/html; charset=utf-8" {
		t.Fatalf("the page: %s", got)
	}
	for _, has := range []string{
		`<html lang="en">`, "<main>", "<h1>", "5000.00 EGP", "Order: T1", "From: 201000000000", `<form method="post">`,
		`<button type="submit" name="action" value="pay">Pay</button>`, `<button type="submit" name="action" value="abandon">Abandon</button>`,
	} {
		if !strings.Contains(got.Body, has) {
			t.Errorf("the page has no %s: %s", has, got.Body)
		}
	}
	if strings.Contains(got.Body, "<script") {
		t.Error("the page needs JavaScript")
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if value := got.Header.Get(header); value != want {
			t.Errorf("%s: %q, want %q", header, value, want)
		}
	}
}

// What customers do on the page, and what comes of it. They are led back at once, when nothing is
// certain yet.
func TestWhatCustomersDo(t *testing.T) {
	for name, tt := range map[string]struct {
		ending string
		does   url.Values
		first  string // the status when the customer is back
		then   string // and after the delay
		paid   int
	}{
		"pays":                  {"000", paying, "1", "2", 1},
		"pays at once":          {"013", paying, "2", "2", 1},
		"pays, then refuses":    {"001", paying, "1", "4", 0},
		"pays from a low purse": {"002", paying, "1", "3", 0},
		"pays and sleeps":       {"004", paying, "1", "1", 0},
		"pays as the variant":   {"019", paying, "5", "2", 1},
		"abandons":              {"000", abandoning, "4", "4", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			b.call(c2b, vodafoneEgypt.payment(tt.ending, "T1"))
			b.Clock.Advance(time.Minute)
			page := b.page("T1")
			for range 2 { // a double click
				if back := b.PostForm(page, tt.does); back.Status != http.StatusSeeOther || back.Header.Get("Location") != shopURL {
					t.Errorf("the customer is led to %d %q", back.Status, back.Header.Get("Location"))
				}
			}
			if says := b.status("T1"); says != tt.first {
				t.Errorf("when the customer is back: %s, want %s", says, tt.first)
			}
			b.PostForm(page, abandoning)
			b.Clock.Advance(delay)
			if says := b.status("T1"); says != tt.then {
				t.Errorf("after the delay: %s, want %s", says, tt.then)
			}
			if tx := b.Line("T1"); tx.Paid != tt.paid || tx.Waiting {
				t.Errorf("the books hold %+v", tx)
			}
		})
	}
}

// Without a return_url, the customer stays and is told.
func TestThePageWithoutAReturnURL(t *testing.T) {
	for name, tt := range map[string]struct {
		ending string
		does   url.Values
		first  string
		then   string
	}{
		"pays":     {"000", paying, "Confirm the payment of 5000.00 RWF on your phone.", "The payment of 5000.00 RWF was made."},
		"refuses":  {"001", paying, "Confirm the payment", "was cancelled"},
		"cannot":   {"002", paying, "Confirm the payment", "has failed"},
		"abandons": {"000", abandoning, "was cancelled", "was cancelled"},
	} {
		b := newBench(t, emulation.Options{})
		b.call(c2b, mtnRwanda.payment(tt.ending, "T1"))
		page := b.page("T1")
		if back := b.PostForm(page, tt.does); back.Status != http.StatusSeeOther || back.Header.Get("Location") != page {
			t.Errorf("%s: led to %d %q", name, back.Status, back.Header.Get("Location"))
		}
		for _, says := range []string{tt.first, tt.then} {
			if got := b.Get(page); got.Status != http.StatusOK || !strings.Contains(got.Body, says) || strings.Contains(got.Body, "<form") || strings.Contains(got.Body, "Return") {
				t.Errorf("%s: %s, want %q", name, got, says)
			}
			b.Clock.Advance(delay)
		}
	}
}

// A return_url is taken wherever there is a page.
func TestAReturnURLThatIsNotNeeded(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, cardNigeria.request("000", "T1", `{"return_url":"https://shop.example/?a=1&b=2"}`))
	page := b.page("T1")
	if back := b.PostForm(page, paying); back.Header.Get("Location") != "https://shop.example/?a=1&b=2" {
		t.Errorf("led to %q", back.Header.Get("Location"))
	}
	if got := b.Get(page); !strings.Contains(got.Body, `<a href="https://shop.example/?a=1&amp;b=2">Return to the merchant</a>`) {
		t.Errorf("the page leads nowhere: %s", got)
	}
}

func TestNobodyOpensThePage(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnRwanda.payment("000", "T1"))
	page := b.page("T1")
	b.Clock.Advance(15 * time.Minute)
	if says := b.status("T1"); says != "4" {
		t.Errorf("after a quarter of an hour: %s", says)
	}
	b.PostForm(page, paying)
	b.Clock.Advance(delay)
	if tx := b.Line("T1"); tx.Paid != 0 || tx.State != emulation.Expired {
		t.Errorf("the books hold %+v", tx)
	}
}

func TestPagesThatThereAreNot(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.payment("000", "T1"))
	b.call(c2b, mtnRwanda.payment("003", "T2"))
	b.call(b2c, mtnRwanda.payout("000", "T3"))
	b.call(c2b, mtnRwanda.payment("000", "T4"))
	for _, id := range []string{"732007046722", "732007046723", "732007046724", "1", "T4"} {
		for what, got := range map[string]emulationtest.Answer{"shown": b.Get("/page/payment/" + id), "sent": b.PostForm("/page/payment/"+id, paying)} {
			if got.Status != http.StatusNotFound || !strings.Contains(got.Body, "no such payment") {
				t.Errorf("%s, %s: %s", id, what, got)
			}
		}
	}
	for _, form := range []url.Values{{}, {"action": {"steal"}}, {"action": {strings.Repeat("a", 70000)}}} {
		if got := b.PostForm(b.page("T4"), form); got.Status != http.StatusBadRequest {
			t.Errorf("a form that says nothing: %s", got)
		}
	}
	if tx := b.Line("T4"); !tx.Waiting {
		t.Errorf("the books hold %+v", tx)
	}
}
