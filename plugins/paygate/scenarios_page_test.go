package paygate_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// pageOf is the page's address in an answer.
func (b bench) pageOf(in hosttest.Input) *url.URL {
	b.Helper()
	a := b.Call("create_payment_page", in)
	b.Wants(a, want{State: capabilities.Pending, Gotchas: "create_payment_page.6 create_payment_page.8"})
	if a.Next == nil || a.Next.Tool != "paygate_check_payment_status" || !strings.Contains(a.Next.Action, "send the customer") {
		b.Errorf("next %+v, want to send the customer to the page and to ask", a.Next)
	}
	var page struct {
		URL string `json:"page_url"`
	}
	b.Details(a, &page)
	u, err := url.Parse(page.URL)
	if err != nil {
		b.Fatal(err)
	}
	return u
}

// The page lies outside /api, and has words of its own for the networks.
func TestPageAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	u := b.pageOf(hosttest.Input{
		"reference": "PAGE-1", "amount": "5000", "msisdn": "22890000000", "network": "togocel_tg",
		"return_url": "https://shop.example/thanks?order=1", "description": "Order 1 & more",
	})
	want := url.Values{
		"token": {"paygate-emulator-token"}, "amount": {"5000"}, "identifier": {"PAGE-1"}, "phone": {"90000000"}, "network": {"TOGOCEL"},
		"url": {"https://shop.example/thanks?order=1"}, "description": {"Order 1 & more"},
	}
	if u.Path != "/v1/page" || u.Query().Encode() != want.Encode() {
		t.Errorf("the address is %s, want /v1/page?%s", u, want.Encode())
	}
	if u := b.pageOf(hosttest.Input{"reference": "PAGE-2", "amount": "5000", "network": "moov_tg"}); u.Query().Get("network") != "MOOV" || u.Query().Has("phone") || u.Query().Has("url") {
		t.Errorf("the address is %s", u)
	}
	b.Untouched()
	b.Wants(b.Call("create_payment_page", hosttest.Input{"reference": "PAGE-3", "amount": "5000", "msisdn": "2290196000000"}), hosttest.Want{Kind: capabilities.Invalid, Problem: "msisdn"})
	b.Wants(b.Call("create_payment_page", hosttest.Input{"reference": "PAGE-3", "amount": "5000", "return_url": "not a URL"}), hosttest.Want{Kind: capabilities.Invalid, Problem: "return_url"})
}

// A customer pays on the page; arriving at the return address proves nothing,
// asking does.
func TestPageIsPaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	u := b.pageOf(hosttest.Input{"reference": "PAGE-PAID", "amount": "5000"})
	b.Wants(b.ask("PAGE-PAID"), want{State: capabilities.Unknown})
	form := u.Query()
	form.Set("network", "MOOV")
	form.Set("phone", "96000000")
	form.Set("action", "pay")
	b.post(u, form)
	b.Wants(b.ask("PAGE-PAID"), want{State: capabilities.Pending})
	b.Clock.Advance(delay)
	b.Wants(b.ask("PAGE-PAID"), want{State: capabilities.Succeeded, Response: "payment_method=FLOOZ amount=5000"})
}

func (b bench) post(u *url.URL, form url.Values) {
	b.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	target := *u
	target.RawQuery = ""
	r, err := c.PostForm(target.String(), form)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if body, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusSeeOther {
		b.Fatalf("the page answered HTTP %d: %s", r.StatusCode, body)
	}
}
