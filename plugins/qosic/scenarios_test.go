package qosic_test

// The scenarios of facts about Qosic, one for each row of its answers and of
// its webhook. Each goes the whole way: host.Call, the provider in a process of
// its own, HTTP, and Qosic's emulator on a clock that only a test moves. What
// the emulator does not say on demand is said by a stub (scenarios_answers_test.go).

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

var provider = hosttest.Provider{
	Slug:     "qosic",
	Provider: qosic.Provider,
	Emulator: func(o emulation.Options) hosttest.Emulator { return emulator.New(o) },
}

func TestMain(m *testing.M) { provider.Main(m) }

const delay = hosttest.Delay

// operator is one network as the scenarios use it.
type operator struct {
	network string
	tag     string // for references
	prefix  string // of an msisdn that the ending completes
	setting string // the variable of its client id
	payouts bool   // a path for deposits is known
	waits   bool   // a payment answers only when the customer has decided
	togo    bool
}

var operators = []operator{
	{network: "togocel_tg", tag: "TGC", prefix: "22890000", setting: "QOSIC_CLIENT_ID_TOGOCEL", payouts: true, togo: true},
	{network: "moov_tg", tag: "MTG", prefix: "22896000", setting: "QOSIC_CLIENT_ID_MOOV", payouts: true, togo: true},
	{network: "mtn_bj", tag: "MTN", prefix: "2290196000", setting: "QOSIC_CLIENT_ID_MTN_BENIN", payouts: true},
	{network: "moov_bj", tag: "MBJ", prefix: "2290195000", setting: "QOSIC_CLIENT_ID_MOOV_BENIN", payouts: true, waits: true},
	{network: "celtiis_bj", tag: "CEL", prefix: "2290140000", setting: "QOSIC_CLIENT_ID_CELTIIS_BENIN"},
}

var togocel, moovTogo, mtnBenin, moovBenin, celtiis = operators[0], operators[1], operators[2], operators[3], operators[4]

func (o operator) msisdn(e emulation.Ending) string { return o.prefix + string(e) }

// ref is a reference of this network's own.
func (o operator) ref(name string) string { return o.tag + "-" + name }

// order is a payment of 5000 XOF, or a payout.
func (o operator) order(e emulation.Ending, reference string) hosttest.Input {
	return hosttest.Input{"reference": reference, "amount": "5000", "msisdn": o.msisdn(e), "network": o.network}
}

// bench is a bench of Qosic's.
type bench struct{ *hosttest.Bench }

func newBench(t *testing.T, o emulation.Options, change ...func(map[string]string)) bench {
	t.Helper()
	return bench{provider.New(t, o, change...)}
}

func (b bench) in(t *testing.T) bench { return bench{b.In(t)} }

// collect asks a customer to pay. Where the answer waits for the customer, the
// clock moves until it has come.
func (b bench) collect(o operator, e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	in := o.order(e, reference)
	if !o.waits {
		return b.Call("initiate_payment", in)
	}
	got := make(chan *host.Answer, 1)
	go func() { got <- b.Call("initiate_payment", in) }()
	for {
		select {
		case a := <-got:
			return a
		case <-time.After(time.Millisecond):
			if b.Clock.Timers() > 0 {
				b.Clock.Advance(delay)
			}
		}
	}
}

func (b bench) disburse(o operator, e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	return b.Call("disburse", o.order(e, reference))
}

// ask asks for the status after the time that Qosic wants between questions.
func (b bench) ask(reference, network string) *host.Answer {
	b.Helper()
	b.Clock.Advance(time.Second)
	in := hosttest.Input{"reference": reference}
	if network != "" {
		in["network"] = network
	}
	return b.Call("check_payment_status", in)
}

// stub is an API that answers what a test tells it to, word for word.
type stub struct{ *hosttest.Stub }

// transref stands in an answer for the transref that was asked about.
const transref = "TRANSREF"

// newStubBench is a bench where a stub speaks for Qosic.
func newStubBench(t *testing.T) (bench, stub) {
	t.Helper()
	b, s := provider.Stubbed(t, credentials())
	return bench{b}, stub{s}
}

// credentials are settings that no emulator knows.
func credentials() map[string]string {
	c := map[string]string{"QOSIC_USERNAME": "merchant", "QOSIC_PASSWORD": "correct horse"}
	for _, o := range operators {
		c[o.setting] = clientID(o)
	}
	return c
}

func clientID(o operator) string { return "client of " + o.network }

// is tells whether a field of a request is exactly that JSON string.
func is(r hosttest.Request, field, value string) bool {
	return string(r.Body[field]) == strconv.Quote(value)
}

// says lets the stub answer every request with these words. TRANSREF in them
// is the transref of the request.
func (s stub) says(status int, body string) {
	s.Does(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			TransRef string `json:"transref"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(body, transref, asked.TransRef))
	})
}

// saysCode lets the stub answer with a code in the documented body.
func (s stub) saysCode(status int, code, message string) {
	s.says(status, `{"responsecode":"`+code+`","responsemsg":"`+message+`","transref":"`+transref+`","serviceref":null,"comment":null}`)
}

// cuts lets the stub take every request and close the connection.
func (s stub) cuts() {
	s.Does(func(w http.ResponseWriter, _ *http.Request) { emulation.Cut(w) })
}

// truncates lets the stub send half of an answer.
func (s stub) truncates(status int, body string) {
	s.Does(func(w http.ResponseWriter, _ *http.Request) {
		emulation.Truncate(w, emulation.Answer{Status: status, Content: emulation.Content{Type: "application/json", Body: []byte(body)}})
	})
}

type want = hosttest.Want
