package emulator_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

const shopURL = "https://shop.example/thanks?order=1&lang=fr"

// asked is the query of a page that is in order.
func asked() url.Values {
	return url.Values{"token": {token}, "amount": {"5000"}, "identifier": {"T1"}, "url": {shopURL}, "description": {"Shoes & socks"}}
}

// paying is the page's form, filled in.
func paying(n wire, ending string) url.Values {
	form := asked()
	form.Set("network", n.page)
	form.Set("phone", n.prefix+ending)
	form.Set("action", "pay")
	return form
}

// abandoning is the page's form of a customer who has done nothing but leave.
func abandoning() url.Values {
	form := asked()
	form.Set("phone", "")
	form.Set("action", "abandon")
	return form
}

var (
	inputs   = regexp.MustCompile(`<(?:input|button)[^>]*>`)
	nameOf   = regexp.MustCompile(` name="([^"]*)"`)
	valueOf  = regexp.MustCompile(` value="([^"]*)"`)
	refresh  = regexp.MustCompile(`<meta http-equiv="refresh" content="\d+">`)
	formMark = `<form method="post" action="/v1/page">`
)

// controls are the names and values that a page's form sends or offers.
func controls(page string) map[string][]string {
	found := map[string][]string{}
	for _, input := range inputs.FindAllString(page, -1) {
		name, value := nameOf.FindStringSubmatch(input), valueOf.FindStringSubmatch(input)
		if name != nil && value != nil {
			found[name[1]] = append(found[name[1]], strings.ReplaceAll(value[1], "&amp;", "&"))
		}
	}
	return found
}

func TestThePageAsksWhatIsMissing(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.open(asked())
	if got.Status != http.StatusOK || got.Type() != "text/html; charset=utf-8" {
		t.Fatalf("%d %s: %s", got.Status, got.Type(), got.Body)
	}
	for _, has := range []string{
		formMark, "5000 FCFA", "Shoes &amp; socks", "T1", `<html lang="en">`, "<main>", "<h1>",
		"<legend>Your operator</legend>", "Moov Money (Flooz)", "Mixx by Yas (T-Money)", `<label for="phone">`, "Test numbers",
	} {
		if !strings.Contains(got.Body, has) {
			t.Errorf("the page has no %s", has)
		}
	}
	if strings.Contains(got.Body, "<script") {
		t.Error("the page needs JavaScript")
	}
	for name, want := range map[string]string{
		"token": token, "amount": "5000", "identifier": "T1", "url": shopURL, "description": "Shoes & socks",
		"network": "MOOV TOGOCEL", "phone": "", "action": "pay abandon",
	} {
		if values := strings.Join(controls(got.Body)[name], " "); values != want {
			t.Errorf("%s offers %q, want %q", name, values, want)
		}
	}
	if says := b.status("T1"); says != unregistered {
		t.Errorf("opening the page has registered a payment: %s", says)
	}
}

// The page's networks have other names than pay's, and any other name is silently ignored.
func TestTheNetworkOfThePage(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for network, chosen := range map[string]string{
		"MOOV": `value="MOOV" required checked`, "TOGOCEL": `value="TOGOCEL" required checked`,
		"FLOOZ": "", "TMONEY": "", "T-Money": "", "moov": "", "": "",
	} {
		query := asked()
		query.Set("network", network)
		query.Set("phone", "90112233")
		got := b.open(query)
		if got.Status != http.StatusOK || !strings.Contains(got.Body, `value="90112233"`) {
			t.Errorf("%s: %s", network, got)
		}
		if chosen == "" && strings.Contains(got.Body, "checked") || !strings.Contains(got.Body, chosen) {
			t.Errorf("%q chooses the wrong operator: %s", network, got.Body)
		}
	}
}

func TestPayingByThePage(t *testing.T) {
	for _, n := range wires {
		t.Run(n.page, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			got := b.submit(paying(n, "000"))
			if got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location(), "/v1/page/payment?") {
				t.Fatalf("paying leads to %d %q", got.Status, got.Location())
			}
			follow := got.Location()
			if says := b.status("T1"); says != "2" {
				t.Errorf("the status of what is to be confirmed is %s", says)
			}
			page := b.Get(follow)
			if page.Status != http.StatusOK || !refresh.MatchString(page.Body) || !strings.Contains(page.Body, "228"+n.prefix[:4]+"XXXX") {
				t.Errorf("while it waits: %s", page)
			}
			if !strings.Contains(page.Body, `href="https://shop.example/thanks?order=1&amp;lang=fr"`) {
				t.Errorf("nothing leads back to the shop: %s", page.Body)
			}
			b.Clock.Advance(delay)
			if back := b.Get(follow); back.Status != http.StatusSeeOther || back.Location() != shopURL {
				t.Errorf("once it is paid: %d %q, want the shop", back.Status, back.Location())
			}
			want := emulation.Transaction{
				Reference: "T1", Operation: emulation.Collect, Network: n.network, MSISDN: "228" + n.prefix + "000", Amount: "5000", Currency: "XOF",
				State: emulation.Succeeded, Requests: 1, Paid: 1, Created: start, Settled: start.Add(delay),
			}
			if tx := b.Line("T1"); tx != want {
				t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
			}
		})
	}
}

func TestAbandoningThePage(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.submit(abandoning())
	if got.Status != http.StatusSeeOther {
		t.Fatalf("abandoning: %s", got)
	}
	if back := b.Get(got.Location()); back.Status != http.StatusSeeOther || back.Location() != shopURL {
		t.Errorf("abandoning leads to %d %q, want the shop", back.Status, back.Location())
	}
	b.Wants("status", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK,
		`{"tx_reference":4671135,"identifier":"T1","amount":5000,"payment_reference":"","payment_method":"","datetime":"2025-03-01T12:00:00.000Z","status":6}`)
	b.Clock.Advance(time.Hour)
	if tx := b.Line("T1"); tx.Paid != 0 || tx.State != emulation.Failed {
		t.Errorf("the books hold %+v", tx)
	}
	if got := b.submit(paying(moov, "000")); got.Status != http.StatusConflict {
		t.Errorf("paying after all: %s", got)
	}
}

// However the payment ends, the customer is led back: the redirect proves nothing.
func TestEveryEndLeadsBack(t *testing.T) {
	for ending, status := range map[string]string{"001": "6", "004": "4", "013": "0"} {
		b := newBench(t, emulation.Options{})
		follow := b.submit(paying(moov, ending)).Location()
		b.Clock.Advance(10 * delay)
		if back := b.Get(follow); back.Status != http.StatusSeeOther || back.Location() != shopURL {
			t.Errorf("%s: %d %q, want the shop", ending, back.Status, back.Location())
		}
		if says := b.status("T1"); says != status {
			t.Errorf("%s: the status is %s, want %s", ending, says, status)
		}
	}
	b := newBench(t, emulation.Options{})
	got := b.submit(paying(moov, "003"))
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "refused") || !strings.Contains(got.Body, `href="https://shop.example/`) {
		t.Errorf("refused at once: %s", got)
	}
	if again := b.submit(paying(moov, "003")); again.Body != got.Body {
		t.Errorf("refused at once, sent again: %s", again)
	}
}

// Without a url, the customer stays and is told.
func TestThePageWithoutAURL(t *testing.T) {
	for ending, says := range map[string]string{"000": "5000 FCFA was made", "001": "cancelled", "004": "expired"} {
		b := newBench(t, emulation.Options{})
		form := paying(togocel, ending)
		form.Del("url")
		follow := b.submit(form).Location()
		if page := b.Get(follow); strings.Contains(page.Body, "Return to") {
			t.Errorf("%s: the page leads nowhere: %s", ending, page.Body)
		}
		b.Clock.Advance(10 * delay)
		if page := b.Get(follow); page.Status != http.StatusOK || !strings.Contains(page.Body, says) || refresh.MatchString(page.Body) {
			t.Errorf("%s: %s, want %q", ending, page, says)
		}
	}
}

func TestAFormThatIsNotFilledIn(t *testing.T) {
	const network, phone = "Choose your operator.", "Enter 8 digits"
	for name, tt := range map[string]struct {
		network, phone string
		says           []string
	}{
		"nothing":            {"", "", []string{network, phone}},
		"no operator":        {"", "90112233", []string{network}},
		"pay's operator":     {"TMONEY", "90112233", []string{network}},
		"no phone":           {"MOOV", "", []string{phone}},
		"half a phone":       {"MOOV", "9011", []string{phone}},
		"a foreign phone":    {"MOOV", "22990112233", []string{phone}},
		"a phone with a tag": {"MOOV", `"><b>`, []string{phone, "&#34;&gt;&lt;b&gt;"}},
	} {
		b := newBench(t, emulation.Options{})
		form := paying(moov, "000")
		form.Set("network", tt.network)
		form.Set("phone", tt.phone)
		got := b.submit(form)
		if got.Status != http.StatusUnprocessableEntity || strings.Count(got.Body, `role="alert"`) > len(tt.says) {
			t.Errorf("%s: %s", name, got)
		}
		for _, says := range tt.says {
			if !strings.Contains(got.Body, says) {
				t.Errorf("%s: the page does not say %q: %s", name, says, got.Body)
			}
		}
		if tt.network == "MOOV" && !strings.Contains(got.Body, `value="MOOV" required checked`) {
			t.Errorf("%s: the customer has to choose again: %s", name, got.Body)
		}
		if held := b.Transactions(); len(held) != 0 {
			t.Errorf("%s: the books hold %+v", name, held)
		}
	}
}

// A double click is one payment; another payment under the identifier is none.
func TestAFormThatIsSentTwice(t *testing.T) {
	b := newBench(t, emulation.Options{})
	first := b.submit(paying(moov, "000"))
	if second := b.submit(paying(moov, "000")); second.Status != http.StatusSeeOther || second.Location() != first.Location() {
		t.Errorf("the same form again: %d %q", second.Status, second.Location())
	}
	for name, form := range map[string]url.Values{"another number": paying(moov, "111"), "another operator": paying(togocel, "000"), "leaving": abandoning()} {
		if got := b.submit(form); got.Status != http.StatusConflict {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := b.open(asked()); got.Status != http.StatusConflict || !strings.Contains(got.Body, "used for a payment before") {
		t.Errorf("the page of an identifier that was used: %s", got)
	}
	b.Wants("pay", b.Post(pay, moov.payment("000", "T1")), http.StatusOK, `{"status":6}`)
	b.Clock.Advance(delay)
	if tx := b.Line("T1"); tx.Paid != 1 || tx.Requests != 6 {
		t.Errorf("the books hold %+v", tx)
	}
}

func TestPagesThatAreRefused(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		key, value string
		status     int
	}{
		"no token":            {"token", "", http.StatusForbidden},
		"a wrong token":       {"token", "secret", http.StatusForbidden},
		"no amount":           {"amount", "", http.StatusBadRequest},
		"decimals":            {"amount", "50.5", http.StatusBadRequest},
		"zero":                {"amount", "0", http.StatusBadRequest},
		"no identifier":       {"identifier", "", http.StatusBadRequest},
		"a strange one":       {"identifier", "T 1", http.StatusBadRequest},
		"a url without host":  {"url", "/thanks", http.StatusBadRequest},
		"a url that is code":  {"url", "javascript:alert(1)", http.StatusBadRequest},
		"a url that is none":  {"url", "http://%zz", http.StatusBadRequest},
		"another application": {"url", "myapp://done", http.StatusBadRequest},
	} {
		query, form := asked(), paying(moov, "000")
		query.Set(tt.key, tt.value)
		form.Set(tt.key, tt.value)
		for what, got := range map[string]emulationtest.Answer{"opened": b.open(query), "submitted": b.submit(form)} {
			if got.Status != tt.status || !strings.HasPrefix(got.Type(), "text/html") || strings.Contains(got.Body, "<form") {
				t.Errorf("%s, %s: %s, want a page with %d", name, what, got, tt.status)
			}
		}
	}
	if got := b.Post("/v1/page", "%zz", emulationtest.Header("Content-Type", asForm)); got.Status != http.StatusBadRequest {
		t.Errorf("an unreadable form: %d", got.Status)
	}
	b.Untouched()
}

func TestFollowingWhatThereIsNot(t *testing.T) {
	b := newBench(t, emulation.Options{})
	follow := b.submit(paying(moov, "013")).Location()
	for from, tt := range map[string]struct {
		to   string
		want int
	}{
		token:            {"secret", http.StatusForbidden},
		"identifier=T1":  {"identifier=T2", http.StatusNotFound},
		"https%3A%2F%2F": {"javascript:", http.StatusNotFound},
		"/v1/page":       {"/api/v1/page", http.StatusNotFound},
	} {
		if !strings.Contains(follow, from) {
			t.Fatalf("%s is not in %s", from, follow)
		}
		if got := b.Get(strings.Replace(follow, from, tt.to, 1)); got.Status != tt.want {
			t.Errorf("%s for %s: %d, want %d", tt.to, from, got.Status, tt.want)
		}
	}
}

// The page's answers are spoiled like any other, and the payment goes its way.
func TestNumbersOfPagePayments(t *testing.T) {
	for ending, want := range map[string]struct {
		broken string
		paid   int
	}{"005": {"500", 0}, "006": {"500", 1}, "007": {"cut", 0}, "008": {"cut", 1}, "011": {"html", 1}} {
		b := newBench(t, emulation.Options{})
		if broken := b.submit(paying(moov, ending)).Spoiled(serverError); broken != want.broken {
			t.Errorf("%s: the answer is spoiled as %q, want %q", ending, broken, want.broken)
		}
		b.Clock.Advance(delay)
		if tx := b.Line("T1"); tx.Paid != want.paid {
			t.Errorf("%s: the books hold %+v", ending, tx)
		}
	}
}

// The address carries the token, so the page is not kept and tells nobody where it was.
func TestThePageKeepsItsAddressToItself(t *testing.T) {
	b := newBench(t, emulation.Options{})
	page := b.open(asked())
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := page.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}
