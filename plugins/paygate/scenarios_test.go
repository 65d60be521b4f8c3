package paygate_test

// The scenarios of facts about PayGate, one for each row of its calls, answers
// and webhook. Each goes the whole way: host.Call, the provider in a process of
// its own, HTTP, and PayGate's emulator on a clock that only a test moves. What
// the emulator does not say on demand is said by a stub (scenarios_answers_test.go).

import (
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/paygate"
	"github.com/mcp-payments/mcp-payments/plugins/paygate/emulator"
)

var provider = hosttest.Provider{
	Slug:     "paygate",
	Provider: paygate.Provider,
	Emulator: func(o emulation.Options) hosttest.Emulator { return emulator.New(o) },
}

func TestMain(m *testing.M) { provider.Main(m) }

const delay = hosttest.Delay

// operator is one network as the scenarios use it.
type operator struct {
	network string
	tag     string // for references
	prefix  string // of an msisdn that the ending completes
	method  string // as answers and webhooks spell it
}

var operators = []operator{
	{network: "togocel_tg", tag: "TGC", prefix: "22890000", method: "T-Money"},
	{network: "moov_tg", tag: "MTG", prefix: "22896000", method: "FLOOZ"},
}

var togocel, moov = operators[0], operators[1]

func (o operator) msisdn(e emulation.Ending) string { return o.prefix + string(e) }

// ref is a reference of this network's own.
func (o operator) ref(name string) string { return o.tag + "-" + name }

// order is a payment of 5000 XOF, or a payout.
func (o operator) order(e emulation.Ending, reference string) hosttest.Input {
	return hosttest.Input{"reference": reference, "amount": "5000", "msisdn": o.msisdn(e), "network": o.network}
}

// bench is a bench of PayGate's.
type bench struct{ *hosttest.Bench }

func newBench(t *testing.T, o emulation.Options, change ...func(map[string]string)) bench {
	t.Helper()
	return bench{provider.New(t, o, change...)}
}

func (b bench) in(t *testing.T) bench { return bench{b.In(t)} }

func (b bench) collect(o operator, e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	return b.Call("initiate_payment", o.order(e, reference))
}

func (b bench) disburse(o operator, e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	return b.Call("disburse", o.order(e, reference))
}

// ask asks for the status after the time that has to lie between questions.
func (b bench) ask(reference string) *host.Answer {
	b.Helper()
	b.Clock.Advance(2 * time.Second)
	return b.Call("check_payment_status", hosttest.Input{"reference": reference})
}

// balances are what the merchant has, by network.
func (b bench) balances() map[string]string {
	b.Helper()
	a := b.Call("check_balance", nil)
	var all struct {
		Balances []capabilities.Balance `json:"balances"`
	}
	b.Details(a, &all)
	held := map[string]string{}
	for _, one := range all.Balances {
		if one.Currency != "XOF" {
			b.Errorf("a balance in %q", one.Currency)
		}
		held[one.Network] = string(one.Available)
	}
	return held
}

// newStubBench is a bench where a stub speaks for PayGate.
func newStubBench(t *testing.T) (bench, *hosttest.Stub) {
	t.Helper()
	b, s := provider.Stubbed(t, map[string]string{"PAYGATE_AUTH_TOKEN": "a token"})
	return bench{b}, s
}

type want = hosttest.Want
