package mobipay_test

import (
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

func TestMoneyWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, l := range hosttest.Losses() {
		for capability, op := range map[string]emulation.Operation{"initiate_payment": emulation.Collect, "disburse": emulation.Disburse} {
			t.Run(l.Name+"/"+capability, func(t *testing.T) {
				b, reference := all.in(t), string(op)+string(l.Ending)
				a := b.Call(capability, benin.order(l.Ending, reference))
				b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "do not send it again", After: 5})
				b.Clock.Advance(delay)
				if l.Paid == 1 {
					b.Wants(b.FollowToTheEnd(a), want{State: capabilities.Succeeded, Response: "status=2"})
				} else {
					b.Wants(b.Follow(a), want{State: capabilities.Unknown, Response: "status=-1", Note: "MobiPay does not know this order"})
				}
				b.Moved(reference, op, 1, l.Paid)
			})
		}
	}
}

// An order that MobiPay does not know, or not yet, is unknown and not failed.
func TestOrderThatIsNotKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.KnownLate, "LATE")
	notKnown := want{State: capabilities.Unknown, Response: "status=-1", Note: "MobiPay does not know this order"}
	b.Wants(b.ask("LATE"), notKnown)
	b.Clock.Advance(delay)
	b.Wants(b.ask("LATE"), want{State: capabilities.Succeeded})
	b.Wants(b.ask("NEVER"), notKnown)
}

func TestServerErrorOnStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.StatusErrors, "ERRORS")
	b.Clock.Advance(delay)
	for range 2 {
		b.Wants(b.ask("ERRORS"), want{Kind: capabilities.Unavailable, Message: "ask again"})
	}
	b.Wants(b.ask("ERRORS"), want{State: capabilities.Succeeded})
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).NobodyListens(map[string]hosttest.Input{
		"initiate_payment":     benin.order(emulation.Paid, "DIAL"),
		"check_payment_status": {"reference": "DIAL"},
		"disburse":             benin.order(emulation.Paid, "DIAL-OUT"),
	})
}

func TestCallerIsGoneBeforeSending(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).CallerIsGone("initiate_payment", benin.order(emulation.Paid, "GONE"))
}

// With wrong credentials nothing is taken, and the answer says which to look
// at. A wrong secret is answered with a page, from which nobody can tell.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	for setting, tt := range map[string]struct{ payment, question want }{
		"MOBIPAY_PUBLIC_ID":   {want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_PUBLIC_ID"}, want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_PUBLIC_ID"}},
		"MOBIPAY_MERCHANT_ID": {want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_MERCHANT_ID"}, want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_MERCHANT_ID"}},
		"MOBIPAY_SECRET_KEY": {
			want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "MOBIPAY_SECRET_KEY"},
			want{Kind: capabilities.Unavailable, Message: "MOBIPAY_SECRET_KEY"},
		},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, emulation.Options{}, func(settings map[string]string) { settings[setting] = "another" })
			check := func(a *host.Answer, w want) {
				t.Helper()
				b.Wants(a, w)
				if strings.Contains(a.Text(), "emulator-secret") {
					t.Errorf("the secret is in:\n%s", a.Text())
				}
			}
			check(b.collect(benin, emulation.Paid, "WRONG"), tt.payment)
			check(b.ask("OTHER"), tt.question)
			check(b.disburse(benin, emulation.Paid, "WRONG-OUT"), tt.payment)
			b.Untouched()
		})
	}
}
