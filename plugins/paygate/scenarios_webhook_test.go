package paygate_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// verify judges a webhook some time after whatever was asked before.
func (b bench) verify(body string) *host.Answer {
	b.Helper()
	b.Clock.Advance(delay)
	return b.Call("verify_webhook", hosttest.Input{"body": body})
}

func claim(identifier, amount string) string {
	return `{"tx_reference":4671135,"identifier":"` + identifier + `","payment_reference":"13171916025","amount":` + amount +
		`,"datetime":"2025-09-09T13:03:31.000Z","payment_method":"T-Money","phone_number":"22892100000"}`
}

// The webhook that PayGate sends of a paid payment, received and judged.
func TestWebhookOfAPaidPayment(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	all := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("HOOK")
			b.collect(o, emulation.Paid, reference)
			b.Clock.Advance(delay)
			a := b.verify(inbox.Next())
			b.Wants(a, want{State: capabilities.Succeeded})
			if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "5000" || v.Claim.Authentic {
				t.Errorf("verdict %+v, want to fulfil 5000 on an unsigned claim", v)
			}
		})
	}
}

// Nothing says that a webhook comes only once: the second fulfils nothing.
func TestWebhookComesTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.PaidAtOnce, "HOOK-TWICE")
	for i, body := range []string{claim("HOOK-TWICE", "5000"), claim("HOOK-TWICE", `"5000"`)} {
		a := b.verify(body)
		b.Wants(a, want{State: capabilities.Succeeded})
		if v := b.VerdictOf(a); v.Fulfil != (i == 0) || v.Trusted != "5000" || v.Claim.Amount != "5000" {
			t.Errorf("verdict %+v, want to fulfil 5000 the first time", v)
		}
	}
	b.Moved("HOOK-TWICE", emulation.Collect, 1, 1)
}

// What anybody could send. The webhook has no status, so it claims nothing but
// that there is something to ask for.
func TestWebhooksThatLie(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.NeverAnswered, "HOOK-OPEN")
	b.collect(togocel, emulation.Refused, "HOOK-NO")
	b.collect(togocel, emulation.Paid, "HOOK-YES")
	b.disburse(togocel, emulation.Paid, "HOOK-OUT")
	b.Clock.Advance(delay)
	for name, tt := range map[string]struct {
		body  string
		state capabilities.State
		want  hosttest.Verdict
	}{
		"a pending payment":    {claim("HOOK-OPEN", "5000"), capabilities.Pending, hosttest.Verdict{Trusted: "5000"}},
		"a refused payment":    {claim("HOOK-NO", "5000"), capabilities.Cancelled, hosttest.Verdict{Trusted: "5000"}},
		"100 times the amount": {claim("HOOK-YES", "500000"), capabilities.Succeeded, hosttest.Verdict{Fulfil: true, Trusted: "5000"}},
		"a payout":             {claim("HOOK-OUT", "5000"), capabilities.Succeeded, hosttest.Verdict{Trusted: "5000"}},
		"nobody's payment":     {claim("HOOK-NEVER", "5000"), capabilities.Unknown, hosttest.Verdict{}},
		"a status of its own":  {`{"identifier":"HOOK-NO","status":0}`, capabilities.Cancelled, hosttest.Verdict{Trusted: "5000"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.in(t).verify(tt.body)
			b.in(t).Wants(a, want{State: tt.state})
			if v := b.in(t).VerdictOf(a); v.Fulfil != tt.want.Fulfil || v.Trusted != tt.want.Trusted || v.Reason == "" {
				t.Errorf("verdict %+v, want %+v with a reason", v, tt.want)
			}
		})
	}
}

// The amount in the status answer is not the recorded one: nothing is
// fulfilled before somebody has looked.
func TestPaidAmountThatIsNotTheRecordedOne(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Says(200, `{"tx_reference":1,"status":0}`)
	b.Wants(b.collect(togocel, emulation.Paid, "AMOUNT"), want{State: capabilities.Pending})
	stub.Says(200, `{"tx_reference":1,"identifier":"AMOUNT","amount":50,"status":0}`)
	b.Wants(b.ask("AMOUNT"), want{State: capabilities.Succeeded, Note: "the provider says 50 XOF, and 5000 XOF is on record"})
	a := b.verify(claim("AMOUNT", "5000"))
	b.Wants(a, want{State: capabilities.Succeeded})
	if v := b.VerdictOf(a); v.Fulfil || v.Trusted != "5000" {
		t.Errorf("verdict %+v, want not to fulfil", v)
	}
}

func TestBodiesThatAreNoWebhook(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	for name, body := range map[string]string{
		"empty":         ``,
		"a form":        `identifier=HOOK`,
		"no object":     `["HOOK"]`,
		"no identifier": `{"tx_reference":"1","amount":5000}`,
		"a key twice":   `{"identifier":"A","identifier":"B"}`,
		"another type":  `{"identifier":{"a":1}}`,
		"a path":        `{"identifier":"../../x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).verify(body), want{Kind: capabilities.Invalid})
		})
	}
}
