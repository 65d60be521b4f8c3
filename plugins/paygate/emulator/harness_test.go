package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/paygate/emulator"
)

const (
	delay = 10 * time.Second
	token = "paygate-emulator-token"

	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
)

var start = time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC)

// The paths of the API.
const (
	pay          = "/api/v1/pay"
	statusV1     = "/api/v1/status"
	statusV2     = "/api/v2/status"
	checkBalance = "/api/v1/check-balance"
	disburse     = "/api/v1/disburse"
)

var paths = []string{pay, statusV1, statusV2, checkBalance, disburse}

// wire is one network as the documents describe it.
type wire struct {
	network string
	page    string
	method  string
	prefix  string // of a local number that the test's ending completes
}

var (
	moov    = wire{"FLOOZ", "MOOV", "FLOOZ", "96000"}
	togocel = wire{"TMONEY", "TOGOCEL", "T-Money", "90000"}
	wires   = []wire{moov, togocel}
)

func (n wire) payment(ending, identifier string) string {
	return fmt.Sprintf(`{"auth_token":"%s","phone_number":"%s%s","amount":5000,"identifier":"%s","network":"%s","description":"Shoes"}`,
		token, n.prefix, ending, identifier, n.network)
}

func (n wire) payout(ending, reference string) string { return n.payoutOf(5000, ending, reference) }

func (n wire) payoutOf(amount int, ending, reference string) string {
	return fmt.Sprintf(`{"auth_token":"%s","phone_number":"%s%s","amount":%d,"reason":"Refund","network":"%s","reference":"%s"}`,
		token, n.prefix, ending, amount, n.network, reference)
}

func aboutIdentifier(identifier string) string {
	return fmt.Sprintf(`{"auth_token":"%s","identifier":"%s"}`, token, identifier)
}

// aboutReference takes a reference as it is written in JSON.
func aboutReference(reference string) string {
	return fmt.Sprintf(`{"auth_token":"%s","tx_reference":%s}`, token, reference)
}

// bench is a served emulator and the clock that moves it.
type bench struct {
	*testing.T
	clock    *emulation.ManualClock
	emulator *emulator.Emulator
	url      string
}

func newBench(t *testing.T, o emulation.Options) *bench {
	t.Helper()
	clock := emulation.NewManualClock(start)
	o.Clock, o.SettleAfter = clock, delay
	e := emulator.New(o)
	server, err := emulation.Start(e, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return &bench{T: t, clock: clock, emulator: e, url: server.BaseURL()}
}

// answer is what came back. Status 0: no HTTP answer at all.
type answer struct {
	status   int
	kind     string // the media type
	location string
	reason   string
	body     string
	err      error
}

// fields is the body of an API's answer, told apart. What is not there is nil.
type fields struct {
	Status       *int    `json:"status"`
	ErrorCode    *int    `json:"error_code"`
	ErrorMessage *string `json:"error_message"`
}

// says is the status, or error_code after "error ".
func (a answer) says(t *testing.T) string {
	t.Helper()
	var f fields
	if a.err != nil {
		t.Fatalf("no answer: %v", a.err)
	}
	if err := json.Unmarshal([]byte(a.body), &f); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	switch {
	case f.ErrorCode != nil && f.Status == nil && f.ErrorMessage != nil:
		return fmt.Sprintf("error %d", *f.ErrorCode)
	case f.ErrorCode == nil && f.Status != nil:
		return fmt.Sprint(*f.Status)
	default:
		t.Fatalf("neither a status nor an error: %s", a.body)
		return ""
	}
}

// post sends a JSON body.
func (b *bench) post(path, body string) answer {
	b.Helper()
	return b.send(http.MethodPost, path, asJSON, body)
}

// client does not follow redirects: where they lead is part of the answer.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (b *bench) send(method, path, kind, body string) answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{
		status: resp.StatusCode, kind: resp.Header.Get("Content-Type"), location: resp.Header.Get("Location"),
		reason: resp.Header.Get("X-Emulator-Reason"), body: string(text), err: err,
	}
}

// inBackground sends a body whose answer waits on the clock.
func (b *bench) inBackground(path, body string) <-chan answer {
	got := make(chan answer, 1)
	go func() { got <- b.post(path, body) }()
	return got
}

// wants compares an answer with the documented one, to the letter.
func (b *bench) wants(what string, got answer, status int, body string) {
	b.Helper()
	if got.err != nil || got.status != status || got.body != body {
		b.Errorf("%s: %d %s (%v)\nwant %d %s", what, got.status, got.body, got.err, status, body)
	}
}

// status asks for the status by identifier and gives what it says.
func (b *bench) status(identifier string) string {
	b.Helper()
	return b.post(statusV2, aboutIdentifier(identifier)).says(b.T)
}

// balances are the two balances as check-balance writes them.
func (b *bench) balances() string {
	b.Helper()
	got := b.post(checkBalance, `{"auth_token":"`+token+`"}`)
	if got.status != http.StatusOK {
		b.Fatalf("the balances: %d %s", got.status, got.body)
	}
	return got.body
}

// lines are what the books tell over HTTP about a reference.
func (b *bench) lines(reference string) []emulation.Transaction {
	b.Helper()
	got := b.send(http.MethodGet, "/_emulator/transactions", "", "")
	var all, about []emulation.Transaction
	if err := json.Unmarshal([]byte(got.body), &all); err != nil {
		b.Fatalf("the books: %v in %s", err, got.body)
	}
	for _, tx := range all {
		if tx.Reference == reference {
			about = append(about, tx)
		}
	}
	return about
}

// line is the only one of them.
func (b *bench) line(reference string) emulation.Transaction {
	b.Helper()
	lines := b.lines(reference)
	if len(lines) != 1 {
		b.Fatalf("the books hold %d lines of %s: %+v", len(lines), reference, lines)
	}
	return lines[0]
}

// open gets a page.
func (b *bench) open(query url.Values) answer {
	b.Helper()
	return b.send(http.MethodGet, "/v1/page?"+query.Encode(), "", "")
}

// submit sends the page's form.
func (b *bench) submit(form url.Values) answer {
	b.Helper()
	return b.send(http.MethodPost, "/v1/page", asForm, form.Encode())
}

// within waits for what another goroutine is about to do.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
