package qosic_test

import (
	"context"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Rows "accepted, waiting for the customer" and "paid (status)".
func TestPaymentIsAcceptedAndThenPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		if o.waits {
			continue // see TestMoovBeninAnswersWhenTheCustomerHasDecided
		}
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("PAID")
			a := b.collect(o, emulation.Paid, reference)
			b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01 http_status=202", Gotchas: "initiate_payment.1 initiate_payment.8", After: 3})
			if a.Amount != "5000" || a.Currency != "XOF" || a.Network != o.network || a.Reference != reference {
				t.Errorf("the answer does not say what was asked for:\n%s", a.Text())
			}
			a = b.Follow(a)
			b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01", Gotchas: "check_payment_status.1", After: 5})
			b.Clock.Advance(delay)
			a = b.Follow(a)
			b.Wants(a, want{State: capabilities.Succeeded, Response: "responsecode=00"})
			if a.Next != nil || a.Amount != "5000" {
				t.Errorf("a paid payment has something next, or not its amount:\n%s", a.Text())
			}
			b.Moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// Row "accepted" in the other spelling: HTTP 200 for 202, "0" for "00", and no
// serviceref.
func TestPaymentInTheOtherSpelling(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("OTHER")
			first := want{State: capabilities.Pending, Response: "responsecode=01 http_status=200 serviceref=", After: 3}
			if o.waits {
				first = want{State: capabilities.Succeeded, Response: "responsecode=00 http_status=202 serviceref="}
			}
			b.Wants(b.collect(o, emulation.Variant, reference), first)
			b.Clock.Advance(delay)
			b.Wants(b.ask(reference, ""), want{State: capabilities.Succeeded, Response: "responsecode=0"})
			b.Moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// The sandbox pays at once: the first answer is the last.
func TestPaymentIsPaidAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("ATONCE")
			a := b.collect(o, emulation.PaidAtOnce, reference)
			b.Wants(a, want{State: capabilities.Succeeded})
			if a.Next != nil {
				t.Errorf("something is next: %+v", a.Next)
			}
			b.Moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// Row "Moov Benin payment": synchronous, and "0" is success.
func TestMoovBeninAnswersWhenTheCustomerHasDecided(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	ctx, leave := context.WithCancel(t.Context())
	got := make(chan *host.Answer, 1)
	go func() { got <- b.CallUntil(ctx, "initiate_payment", moovBenin.order(emulation.Paid, "SYNC-0001")) }()
	b.Within("the customer was asked", func() bool { return b.Clock.Timers() == 2 }) // the customer's, and the longest wait
	select {
	case a := <-got:
		t.Fatalf("an answer before the customer decided:\n%s", a.Text())
	default:
	}
	leave() // whoever asked is gone, and the payment goes on all the same
	b.Clock.Advance(delay)
	a := <-got
	b.Wants(a, want{State: capabilities.Succeeded, Response: "responsecode=0 http_status=200", Gotchas: "initiate_payment.18"})
	b.Wants(b.ask("SYNC-0001", ""), want{State: capabilities.Succeeded, Response: "responsecode=00"})
	b.Moved("SYNC-0001", emulation.Collect, 1, 1)
}

func TestMoovBeninCustomerNeverAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(moovBenin, emulation.NeverAnswered, "SYNC-0002")
	b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01", After: 3})
	if waited := b.Clock.Now().Sub(emulationtest.Start()); waited < 80*time.Second {
		t.Errorf("answered after %s, want no less than 80 s", waited)
	}
}

// A refusal by the customer is "02" in Togo, which is final, and "-1" in
// Benin, which may also mean not known yet.
func TestCustomerRefuses(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("REFUSE")
			a := b.collect(o, emulation.Refused, reference)
			b.Wants(a, want{State: capabilities.Pending})
			b.Clock.Advance(delay)
			if o.togo {
				b.Wants(b.ask(reference, ""), want{State: capabilities.Failed, Response: "responsecode=02", Gotchas: "check_payment_status.6"})
			} else {
				b.Wants(b.FollowToTheEnd(a), want{State: capabilities.Failed, Response: "responsecode=-1"})
			}
			b.Moved(reference, emulation.Collect, 1, 0)
		})
	}
}

// refusals are the numbers that Qosic turns down in its first answer.
var refusals = []struct {
	name   string
	ending emulation.Ending
	code   string
}{
	{"wrong network", emulation.WrongNetwork, "515"},
	{"network down", emulation.NetworkDown, "527"},
	{"internal error", emulation.InternalError, "682"},
	{"invalid", emulation.Invalid, "849"},
}

func TestPaymentIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		for _, r := range refusals {
			t.Run(o.network+"/"+r.name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("NO-"+r.code)
				b.Wants(b.collect(o, r.ending, reference),
					want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=" + r.code, Message: "code " + r.code})
				b.Wants(b.ask(reference, o.network), want{State: capabilities.Failed, Response: "responsecode=" + r.code, Gotchas: "check_payment_status.9"})
				b.Moved(reference, emulation.Collect, 1, 0)
			})
		}
	}
}

// Row "no mobile money account on that number": HTTP 417, whatever its body.
func TestNumberWithoutAccount(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("NOACC")
			b.Wants(b.collect(o, emulation.NoAccount, reference), want{
				Kind: capabilities.ProviderRejected, State: capabilities.Failed,
				Message: "no mobile-money account", Gotchas: "initiate_payment.22",
			})
			b.Moved(reference, emulation.Collect, 1, 0)
		})
	}
}

// Row "server error", and its relatives. Nothing is sent twice, and the status
// tells in the end.
func TestPaymentWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		for _, l := range hosttest.Losses() {
			t.Run(o.network+"/"+l.Name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("LOST-"+string(l.Ending))
				a := b.collect(o, l.Ending, reference)
				b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown,
					Message: "do not send it again", Gotchas: "initiate_payment.23", After: 3})
				end := want{State: capabilities.Succeeded, Response: "responsecode=00"}
				if l.Paid == 0 {
					end = want{State: capabilities.Failed, Response: "responsecode=-1"}
				}
				b.Wants(b.FollowToTheEnd(a), end)
				b.Moved(reference, emulation.Collect, 1, l.Paid)
			})
		}
	}
}

// What an agent is told to do next has to work, whether it named the network
// or not.
func TestPaymentWithoutAnAnswerOnAnInferredNetwork(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("GUESS")
			a := b.Call("initiate_payment", o.order(emulation.ErrorTaken, reference).Without("network"))
			b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, After: 3})
			b.Wants(b.FollowToTheEnd(a), want{State: capabilities.Succeeded, Response: "responsecode=00"})
			b.Moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// A transref counts once. Here the second request is answered from the record;
// from elsewhere Qosic refuses it with 849. Neither moves anything.
func TestTransrefIsUsedTwice(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("TWICE")
			b.collect(o, emulation.Paid, reference)
			first := want{State: capabilities.Pending, Note: "nothing was sent"}
			if o.waits {
				first.State = capabilities.Succeeded
			}
			b.Wants(b.collect(o, emulation.Paid, reference), first)
			b.Moved(reference, emulation.Collect, 1, map[bool]int{true: 1}[o.waits])
			b.Wants(bench{b.Elsewhere()}.collect(o, emulation.Paid, reference), want{
				Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=849", Message: "the reference was used before",
			})
			b.Clock.Advance(delay)
			b.Wants(b.ask(reference, o.network), want{State: capabilities.Succeeded, Response: "responsecode=00"})
			b.Moved(reference, emulation.Collect, 2, 1)
		})
	}
}

// Nobody listens: nothing was sent, so the same call may be made again.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).NobodyListens(map[string]hosttest.Input{
		"initiate_payment":     togocel.order(emulation.Paid, "DIAL-0001"),
		"disburse":             togocel.order(emulation.Paid, "DIAL-0002"),
		"refund":               {"original_reference": "DIAL-0003"},
		"check_payment_status": {"reference": "DIAL-0004", "network": "togocel_tg"},
		"verify_webhook":       {"body": `{"status":"SUCCESSFUL","transRef":"DIAL-0005","code":"200"}`, "network": "togocel_tg"},
	})
}

// A caller that is gone before anything was sent stops the payment.
func TestCallerIsGoneBeforeSending(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).CallerIsGone("initiate_payment", mtnBenin.order(emulation.Paid, "GONE-0001"))
}
