package mobipay_test

// The scenarios of facts about MobiPay, one for each flow, code and rule. Each
// goes the whole way: host.Call, the provider in a process of its own, HTTP, and
// MobiPay's emulator on a clock that only a test moves. What the emulator does
// not say on demand is said by a stub (scenarios_answers_test.go).

import (
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

var provider = hosttest.Provider{
	Slug:     "mobipay",
	Provider: mobipay.Provider,
	Emulator: func(o emulation.Options) hosttest.Emulator { return emulator.New(o) },
}

func TestMain(m *testing.M) { provider.Main(m) }

const delay = hosttest.Delay

// unconfirmed is the ending of a payout that asks for a confirmation.
const unconfirmed emulation.Ending = "030"

// operator is one network as the scenarios use it.
type operator struct {
	network  string
	prefix   string // of an msisdn or account that the ending completes
	amount   string
	currency string
	more     hosttest.Input // what a payment and a payout need besides
}

var (
	benin    = operator{network: "mtn_bj", prefix: "2290196000", amount: "5000", currency: "XOF"}
	cameroon = operator{network: "mtn_cm", prefix: "237670000", amount: "5000", currency: "XAF"}
	burkina  = operator{network: "orange_bf", prefix: "22670000", amount: "5000", currency: "XOF"}
	ivory    = operator{network: "orange_ci", prefix: "2250705145", amount: "5000", currency: "XOF", more: name}
	rwanda   = operator{network: "mtn_rw", prefix: "250780000", amount: "5000", currency: "RWF", more: contact}
	egypt    = operator{network: "vodafone_eg", prefix: "201000000", amount: "500", currency: "EGP", more: name}
	nigeria  = operator{network: "bank_ng", prefix: "2348030000", amount: "100.5", currency: "NGN"}
	nowhere  = operator{network: "simulator", prefix: "2290196000", amount: "5000", currency: "XOF"}

	name    = hosttest.Input{"customer_name": "Afi Mensah"}
	contact = hosttest.Input{"customer_name": "Afi Mensah", "customer_email": "afi@shop.example"}
)

// order is a payment, or a payout to a mobile number.
func (o operator) order(e emulation.Ending, reference string) hosttest.Input {
	in := hosttest.Input{"reference": reference, "amount": o.amount, "currency": o.currency, "network": o.network, "msisdn": o.prefix + string(e)}
	for field, value := range o.more {
		in[field] = value
	}
	return in
}

// bench is a bench of MobiPay's.
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

// confirm passes a code on.
func (b bench) confirm(o operator, e emulation.Ending, reference, otp string) *host.Answer {
	b.Helper()
	return b.Call("confirm_payment", hosttest.Input{"reference": reference, "otp": otp, "msisdn": o.prefix + string(e)})
}

// says checks what a person is told to do next.
func (b bench) says(a *host.Answer, action string) {
	b.Helper()
	switch {
	case a.Next == nil:
		b.Errorf("there is nothing next in:\n%s", a.Text())
	case action == "" && a.Next.Action != "", !strings.Contains(a.Next.Action, action):
		b.Errorf("what to do is %q, want %q", a.Next.Action, action)
	}
}

// code is MobiPay's result.code in an answer.
func code(a *host.Answer) string {
	_, rest, _ := strings.Cut(string(a.Response), `"result":{"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// detail is one of the capability's own fields, without quotes.
func detail(a *host.Answer, field string) string {
	return strings.Trim(string(a.Details[field]), `"`)
}

// newStubBench is a bench where a stub speaks for MobiPay.
func newStubBench(t *testing.T) (bench, *hosttest.Stub) {
	t.Helper()
	b, s := provider.Stubbed(t, credentials())
	return bench{b}, s
}

// credentials are settings that no emulator knows.
func credentials() map[string]string {
	return map[string]string{
		"MOBIPAY_PUBLIC_ID": "f54ec96649be11ebb3780242ac130002", "MOBIPAY_MERCHANT_ID": "a-merchant", "MOBIPAY_SECRET_KEY": "correct horse battery",
		"MOBIPAY_PROVIDER_IDS": "orange_ci=9197,mtn_ci=2303", "MOBIPAY_CALLBACK_URL": "https://shop.example/mobipay?a=1&b=<2>",
	}
}

type want = hosttest.Want
