package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

const delay = 10 * time.Second

var start = time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC)

// wire is one network as the documents describe it.
type wire struct {
	name     string
	client   string
	prefix   string // of an msisdn that the test's ending completes
	payment  string
	deposit  string // empty: in no document
	status   string
	failure  string // responsecode of a refused customer
	accepted string // the answer to a first payment, after its transref
}

const (
	togoAccepts  = `"serviceref":null,"comment":null}`
	beninAccepts = `"serviceref":"7427291567","comment":null}`
)

var wires = []wire{
	{"togocel_tg", "TOGOCELTEST", "22890000", "/tm/v1/requestpayment", "/tm/v1/deposit", "/tm/v1/gettransactionstatus", "02", togoAccepts},
	{"moov_tg", "MOOVTGTEST", "22896000", "/tg/v1/requestpayment", "/tg/v1/deposit", "/tg/v1/gettransactionstatus", "02", togoAccepts},
	{"mtn_bj", "MTNTEST", "2290196000", "/user/requestpayment", "/user/deposit", "/user/gettransactionstatus", "-1", beninAccepts},
	{"moov_bj", "MOOVTEST", "22995000", "/user/requestpaymentmv", "/user/depositmv", "/user/gettransactionstatus", "-1", ""},
	{"celtiis_bj", "CELTIISTEST", "2290140000", "/sb/v1/requestpayment", "", "/sb/v1/gettransactionstatus", "-1", beninAccepts},
}

var togocel, moovTogo, mtnBenin, moovBenin = wires[0], wires[1], wires[2], wires[3]

func (n wire) inTogo() bool { return n.failure == "02" }

func (n wire) order(ending, transref string) string {
	return fmt.Sprintf(`{"msisdn":"%s%s","amount":"5000","transref":"%s","clientid":"%s"}`, n.prefix, ending, transref, n.client)
}

func (n wire) about(transref string) string {
	return fmt.Sprintf(`{"transref":"%s","clientid":"%s"}`, transref, n.client)
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
	status int
	kind   string // the media type
	body   string
	err    error
}

// fields is the body, told apart.
type fields struct {
	Code       string          `json:"responsecode"`
	Message    string          `json:"responsemsg"`
	Transref   string          `json:"transref"`
	Serviceref json.RawMessage `json:"serviceref"`
	Comment    *string         `json:"comment"`
}

func (a answer) fields(t *testing.T) fields {
	t.Helper()
	var f fields
	if a.err != nil {
		t.Fatalf("no answer: %v", a.err)
	}
	if err := json.Unmarshal([]byte(a.body), &f); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return f
}

// post sends a body to a path under /QosicBridge with the documents' user.
func (b *bench) post(path, body string) answer {
	b.Helper()
	return b.send(http.MethodPost, "/QosicBridge"+path, body, func(r *http.Request) {
		r.SetBasicAuth("USR01", "YG739G5XFVPYYV4ADJVW")
		r.Header.Set("Content-Type", "application/json")
	})
}

func (b *bench) send(method, path, body string, prepare func(*http.Request)) answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	prepare(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), string(text), err}
}

// pay asks for money, moving the clock for a network whose answer waits for the customer.
func (b *bench) pay(n wire, ending, transref string) answer {
	b.Helper()
	if n.name != moovBenin.name {
		return b.post(n.payment, n.order(ending, transref))
	}
	got := b.payInBackground(n, ending, transref)
	for {
		select {
		case a := <-got:
			return a
		case <-time.After(time.Millisecond):
			if b.clock.Timers() > 0 {
				b.clock.Advance(delay)
			}
		}
	}
}

func (b *bench) payInBackground(n wire, ending, transref string) <-chan answer {
	got := make(chan answer, 1)
	go func() { got <- b.post(n.payment, n.order(ending, transref)) }()
	return got
}

// wants compares an answer with the documented one, to the letter.
func (b *bench) wants(what string, got answer, status int, body string) {
	b.Helper()
	if got.err != nil || got.status != status || got.body != body {
		b.Errorf("%s: %d %s (%v)\nwant %d %s", what, got.status, got.body, got.err, status, body)
	}
}

// code asks for the status and gives its responsecode.
func (b *bench) code(n wire, transref string) string {
	b.Helper()
	return b.post(n.status, n.about(transref)).fields(b.T).Code
}

// line is what the books tell over HTTP about an operation.
func (b *bench) line(transref string, op emulation.Operation) emulation.Transaction {
	b.Helper()
	got := b.send(http.MethodGet, "/_emulator/transactions", "", func(*http.Request) {})
	var all []emulation.Transaction
	if err := json.Unmarshal([]byte(got.body), &all); err != nil {
		b.Fatalf("the books: %v in %s", err, got.body)
	}
	for _, tx := range all {
		if tx.Reference == transref && tx.Operation == op {
			return tx
		}
	}
	return emulation.Transaction{}
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
