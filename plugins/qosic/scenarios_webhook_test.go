package qosic_test

import (
	"net/http"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// verify judges a webhook some time after whatever was asked before.
func (b bench) verify(body, network string) *host.Answer {
	b.Helper()
	b.Clock.Advance(delay)
	in := hosttest.Input{"body": body}
	if network != "" {
		in["network"] = network
	}
	return b.Call("verify_webhook", in)
}

func claim(status, code, reference, amount string) string {
	return `{"status":"` + status + `","transRef":"` + reference + `","specialfield1":"` + status + `","amount":"` + amount + `","serviceRef":"14557856","code":"` + code + `"}`
}

// The webhook that Qosic sends of a paid payment, received and judged.
func TestWebhookOfAPaidPayment(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	all := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("HOOK")
			b.collect(o, emulation.Paid, reference)
			if !o.waits {
				b.Clock.Advance(delay)
			}
			a := b.verify(inbox.Next(), "")
			b.Wants(a, want{State: capabilities.Succeeded, Response: "responsecode=00"})
			if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "5000" || v.Claim.State != capabilities.Succeeded || v.Claim.Amount != "5000" || v.Claim.Authentic {
				t.Errorf("verdict %+v, want to fulfil 5000, on an unsigned claim of success", v)
			}
		})
	}
}

func TestWebhookOfAFailedPayment(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.collect(togocel, emulation.Refused, "HOOK-0001")
	b.Clock.Advance(delay)
	a := b.verify(inbox.Next(), "")
	b.Wants(a, want{State: capabilities.Failed, Response: "responsecode=02"})
	if v := b.VerdictOf(a); v.Fulfil || v.Claim.State != capabilities.Failed {
		t.Errorf("verdict %+v, want not to fulfil a claim of failure", v)
	}
}

// What anybody could send. The claim counts for nothing: what Qosic says does.
func TestWebhooksThatLie(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.NeverAnswered, "HOOK-OPEN")
	b.collect(togocel, emulation.Refused, "HOOK-NO")
	for _, paid := range []string{"HOOK-YES", "HOOK-YES-2", "HOOK-YES-3"} { // each is fulfilled once
		b.collect(togocel, emulation.Paid, paid)
	}
	b.disburse(togocel, emulation.Paid, "HOOK-OUT")
	b.Clock.Advance(delay)
	for name, tt := range map[string]struct {
		body  string
		state capabilities.State
		want  hosttest.Verdict
	}{
		"success of a pending payment":  {claim("SUCCESSFUL", "200", "HOOK-OPEN", "5000"), capabilities.Pending, hosttest.Verdict{Trusted: "5000"}},
		"success of a refused payment":  {claim("SUCCESSFUL", "200", "HOOK-NO", "5000"), capabilities.Failed, hosttest.Verdict{Trusted: "5000"}},
		"100 times the amount":          {claim("SUCCESSFUL", "200", "HOOK-YES", "500000"), capabilities.Succeeded, hosttest.Verdict{Fulfil: true, Trusted: "5000"}},
		"failure of a paid payment":     {claim("FAILED", "-1", "HOOK-YES-2", "5000"), capabilities.Succeeded, hosttest.Verdict{Fulfil: true, Trusted: "5000"}},
		"status and code that disagree": {claim("SUCCESSFUL", "-1", "HOOK-YES-3", "5000"), capabilities.Succeeded, hosttest.Verdict{Fulfil: true, Trusted: "5000"}},
		"a REST code":                   {claim("SUCCESSFUL", "00", "HOOK-OPEN", "5000"), capabilities.Pending, hosttest.Verdict{Trusted: "5000"}},
		"no serviceRef and no amount":   {`{"status":"FAILED","transRef":"HOOK-NO","code":"-1"}`, capabilities.Failed, hosttest.Verdict{Trusted: "5000"}},
		"a payout":                      {claim("SUCCESSFUL", "200", "HOOK-OUT", "5000"), capabilities.Succeeded, hosttest.Verdict{Trusted: "5000"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.in(t).verify(tt.body, "")
			b.in(t).Wants(a, want{State: tt.state})
			if v := b.in(t).VerdictOf(a); v.Fulfil != tt.want.Fulfil || v.Trusted != tt.want.Trusted || v.Reason == "" {
				t.Errorf("verdict %+v, want %+v with a reason", v, tt.want)
			}
		})
	}
}

// Forged before the payment fails, as the emulator can do too.
func TestForgedWebhook(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.collect(moovTogo, emulation.WebhookForged, "HOOK-FORGED")
	b.Clock.Advance(delay / 2)
	forged := inbox.Next()
	if v := b.VerdictOf(b.verify(forged, "")); v.Fulfil || v.Claim.State != capabilities.Succeeded || v.Claim.Amount != "500000" {
		t.Errorf("verdict %+v, want not to fulfil a claim of 500000", v)
	}
}

// Of a payment that was not started here, no amount can be trusted.
func TestWebhookOfAPaymentFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	body := claim("SUCCESSFUL", "200", "HOOK-ELSE", "5000")
	b.Wants(b.verify(body, ""), want{Kind: capabilities.Invalid, Problem: "network"})
	a := b.verify(body, "mtn_bj")
	b.Wants(a, want{State: capabilities.Unknown})
	if v := b.VerdictOf(a); v.Fulfil || v.Trusted != "" {
		t.Errorf("verdict %+v, want nothing to be trusted", v)
	}
}

// The status cannot be asked: nothing is fulfilled.
func TestWebhookThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.says(http.StatusServiceUnavailable, `{"title":"Internal Server Error","status":503,"detail":"message"}`)
	a := b.verify(claim("SUCCESSFUL", "200", "HOOK-DOWN", "5000"), "mtn_bj")
	b.Wants(a, want{Kind: capabilities.Unavailable, Message: "do not fulfil"})
	if _, told := a.Details["fulfil"]; told {
		t.Errorf("a refusal says %s", a.Details["fulfil"])
	}
}

func TestBodiesThatAreNoWebhook(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	for name, body := range map[string]string{
		"empty":                  ``,
		"no JSON":                `status=SUCCESSFUL`,
		"no object":              `["SUCCESSFUL"]`,
		"no transRef":            `{"status":"SUCCESSFUL","code":"200"}`,
		"REST's spelling":        `{"status":"SUCCESSFUL","transref":"HOOK-0001","code":"200"}`,
		"a key twice":            `{"status":"SUCCESSFUL","transRef":"HOOK-0001","transRef":"HOOK-0002","code":"200"}`,
		"an object for a string": `{"status":{},"transRef":"HOOK-0001","code":"200"}`,
		"two documents":          `{"transRef":"HOOK-0001"}{"transRef":"HOOK-0002"}`,
		"reference of no length": `{"status":"SUCCESSFUL","transRef":"","code":"200"}`,
		"reference with a path":  `{"status":"SUCCESSFUL","transRef":"../../x/y","code":"200"}`,
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).verify(body, "mtn_bj"), want{Kind: capabilities.Invalid})
		})
	}
	if n := len(stub.Requests()); n > 0 {
		t.Errorf("%d questions were asked", n)
	}
}
