package qostiq_test

// The scenarios of facts about Qostiq, one for each of its calls, answers and
// contradictions. Each goes the whole way: host.Call, the provider in a process
// of its own, HTTP, and Qostiq's emulator on a clock that only a test moves.
// What the emulator does not say on demand is said by a stub
// (scenarios_answers_test.go), and what happens on the way to it, by a stub
// that passes the rest on.

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

var provider = hosttest.Provider{
	Slug:     "qostiq",
	Provider: qostiq.Provider,
	Emulator: func(o emulation.Options) hosttest.Emulator { return emulator.New(o) },
}

func TestMain(m *testing.M) { provider.Main(m) }

const (
	delay = hosttest.Delay
	pace  = 10 * time.Second // between two questions about one bill
)

// wallet is a wallet whose last digits choose what happens.
func wallet(e emulation.Ending) string { return "31557414" + string(e) }

// bill is one of 23.15 UAH, whose payer pays it unasked.
func bill(e emulation.Ending, reference string) hosttest.Input {
	return hosttest.Input{"reference": reference, "amount": "23.15", "currency": "UAH", "payer_account": wallet(e)}
}

// transfer is one of 10 UAH.
func transfer(e emulation.Ending, reference string) hosttest.Input {
	return hosttest.Input{"reference": reference, "amount": "10", "currency": "UAH", "payee_account": wallet(e)}
}

// bench is a bench of Qostiq's.
type bench struct{ *hosttest.Bench }

func newBench(t *testing.T, o emulation.Options, change ...func(map[string]string)) bench {
	t.Helper()
	return bench{provider.New(t, o, change...)}
}

func (b bench) in(t *testing.T) bench { return bench{b.In(t)} }

func (b bench) create(e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	return b.Call("create_bill", bill(e, reference))
}

func (b bench) disburse(e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	return b.Call("disburse", transfer(e, reference))
}

// ask asks for the status of a bill after the time that has to lie between
// questions, and asked for that of a transfer.
func (b bench) ask(reference string) *host.Answer {
	b.Helper()
	b.Clock.Advance(pace)
	return b.Call("check_payment_status", hosttest.Input{"reference": reference})
}

func (b bench) asked(reference string) *host.Answer {
	b.Helper()
	b.Clock.Advance(pace)
	return b.Call("check_transfer_status", hosttest.Input{"reference": reference})
}

// raw calls a capability with an input that holds more than texts.
func (b bench) raw(capability, input string) *host.Answer {
	b.Helper()
	return b.Host.Call(b.Context(), host.Request{Provider: provider.Slug, Capability: capability, Input: json.RawMessage(input)})
}

// details are the fields of an answer that are Qostiq's own.
type details struct {
	BillURL     string `json:"bill_url"`
	PaymentID   string `json:"payment_id"`
	ClientPrice string `json:"client_price"`
	Credited    string `json:"credited"`
	TransferID  string `json:"transfer_id"`
	WritesOff   sum    `json:"writes_off"`
	Receives    sum    `json:"receives"`
	Fee         string `json:"fee"`
	Rate        string `json:"rate"`
	PayeeHint   string `json:"payee_hint"`
}

type sum struct{ Amount, Currency string }

func (b bench) details(a *host.Answer) (d details) {
	b.Helper()
	b.Details(a, &d)
	return d
}

// data are the fields of the provider's answer that lie in data.
func (b bench) data(a *host.Answer) map[string]string {
	b.Helper()
	var response struct {
		Data map[string]string `json:"data"`
	}
	if err := json.Unmarshal(a.Response, &response); err != nil {
		b.Fatalf("%v in %s", err, a.Response)
	}
	return response.Data
}

// decides is a payer on the page of a bill.
func (b bench) decides(page string, form url.Values) {
	b.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := c.PostForm(page, form)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if body, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusSeeOther {
		b.Fatalf("the page answered HTTP %d: %s", r.StatusCode, body)
	}
}

// newStubBench is a bench where a stub speaks for Qostiq.
func newStubBench(t *testing.T) (bench, *hosttest.Stub) {
	t.Helper()
	b, s := provider.Stubbed(t, settings())
	return bench{b}, s
}

// quoting answers a request for a quote with that quote, and any other with
// those words.
func quoting(quote, others string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/transfer/try" {
			_, _ = io.WriteString(w, done(quote))
			return
		}
		_, _ = io.WriteString(w, others)
	}
}

// settings are those of the emulator.
func settings() map[string]string {
	return map[string]string{"QOSTIQ_SHOP_ID": "5", "QOSTIQ_SECRET_KEY": "SecretKey01"}
}

// newProxyBench is a bench with a stub on the way to the emulator. As long as
// nothing else is said it passes everything on.
func newProxyBench(t *testing.T) (bench, *hosttest.Stub) {
	t.Helper()
	direct := newBench(t, emulation.Options{})
	s := hosttest.NewStub(t)
	s.Does(direct.Emulator.ServeHTTP)
	b := provider.At(t, host.Emulated(s.URL, direct.Emulator.Config()), direct.Clock)
	b.Emulator, b.Server = direct.Emulator, direct.Server
	return bench{b}, s
}

type want = hosttest.Want
