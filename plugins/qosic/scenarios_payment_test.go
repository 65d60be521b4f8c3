package qosic_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
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
			b.wants(a, want{state: capabilities.Pending, code: "01", gotchas: "initiate_payment.1 initiate_payment.8", after: 3})
			if responseOf(a).HTTPStatus != http.StatusAccepted {
				t.Errorf("HTTP %d, want 202", responseOf(a).HTTPStatus)
			}
			if a.Amount != "5000" || a.Currency != "XOF" || a.Network != o.network || a.Reference != reference {
				t.Errorf("the answer does not say what was asked for:\n%s", a.Text())
			}
			a = b.follow(a)
			b.wants(a, want{state: capabilities.Pending, code: "01", gotchas: "check_payment_status.1", after: 5})
			b.clock.Advance(delay)
			a = b.follow(a)
			b.wants(a, want{state: capabilities.Succeeded, code: "00"})
			if a.Next != nil || a.Amount != "5000" {
				t.Errorf("a paid payment has something next, or not its amount:\n%s", a.Text())
			}
			b.moved(reference, emulation.Collect, 1, 1)
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
			first, status := want{state: capabilities.Pending, code: "01", after: 3}, http.StatusOK
			if o.waits {
				first, status = want{state: capabilities.Succeeded, code: "00"}, http.StatusAccepted
			}
			a := b.collect(o, emulation.Variant, reference)
			b.wants(a, first)
			if r := responseOf(a); r.HTTPStatus != status || r.ServiceRef != "" {
				t.Errorf("HTTP %d with serviceref %q, want %d without", r.HTTPStatus, r.ServiceRef, status)
			}
			b.clock.Advance(delay)
			b.wants(b.ask(reference, ""), want{state: capabilities.Succeeded, code: "0"})
			b.moved(reference, emulation.Collect, 1, 1)
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
			b.wants(a, want{state: capabilities.Succeeded})
			if a.Next != nil {
				t.Errorf("something is next: %+v", a.Next)
			}
			b.moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// Row "Moov Benin payment": synchronous, and "0" is success.
func TestMoovBeninAnswersWhenTheCustomerHasDecided(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	ctx, leave := context.WithCancel(t.Context())
	got := make(chan *host.Answer, 1)
	go func() { got <- b.callUntil(ctx, "initiate_payment", moovBenin.order(emulation.Paid, "SYNC-0001")) }()
	within(t, "the customer was asked", func() bool { return b.clock.Timers() == 2 }) // the customer's, and the longest wait
	select {
	case a := <-got:
		t.Fatalf("an answer before the customer decided:\n%s", a.Text())
	default:
	}
	leave() // whoever asked is gone, and the payment goes on all the same
	b.clock.Advance(delay)
	a := <-got
	b.wants(a, want{state: capabilities.Succeeded, code: "0", gotchas: "initiate_payment.18"})
	if responseOf(a).HTTPStatus != http.StatusOK {
		t.Errorf("HTTP %d, want 200", responseOf(a).HTTPStatus)
	}
	b.wants(b.ask("SYNC-0001", ""), want{state: capabilities.Succeeded, code: "00"})
	b.moved("SYNC-0001", emulation.Collect, 1, 1)
}

func TestMoovBeninCustomerNeverAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(moovBenin, emulation.NeverAnswered, "SYNC-0002")
	b.wants(a, want{state: capabilities.Pending, code: "01", after: 3})
	if waited := b.clock.Now().Sub(start); waited < 80*time.Second {
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
			b.wants(a, want{state: capabilities.Pending})
			b.clock.Advance(delay)
			if o.togo {
				b.wants(b.ask(reference, ""), want{state: capabilities.Failed, code: "02", gotchas: "check_payment_status.6"})
			} else {
				b.wants(b.followToTheEnd(a), want{state: capabilities.Failed, code: "-1"})
			}
			b.moved(reference, emulation.Collect, 1, 0)
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
				b.wants(b.collect(o, r.ending, reference),
					want{kind: capabilities.ProviderRejected, state: capabilities.Failed, code: r.code, message: "code " + r.code})
				b.wants(b.ask(reference, o.network), want{state: capabilities.Failed, code: r.code, gotchas: "check_payment_status.9"})
				b.moved(reference, emulation.Collect, 1, 0)
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
			b.wants(b.collect(o, emulation.NoAccount, reference), want{
				kind: capabilities.ProviderRejected, state: capabilities.Failed,
				message: "no mobile-money account", gotchas: "initiate_payment.22",
			})
			b.moved(reference, emulation.Collect, 1, 0)
		})
	}
}

// losses are the numbers whose request ends without an answer that says
// anything: it may have been taken or not.
var losses = []struct {
	name   string
	ending emulation.Ending
	taken  bool
}{
	{"HTTP 500, not taken", emulation.ErrorNotTaken, false},
	{"HTTP 500, taken", emulation.ErrorTaken, true},
	{"cut before it was taken", emulation.CutNotTaken, false},
	{"cut after it was taken", emulation.CutTaken, true},
	{"half an answer", emulation.Truncated, true},
	{"an HTML page", emulation.HTMLPage, true},
}

// Row "server error", and its relatives. Nothing is sent twice, and the status
// tells in the end.
func TestPaymentWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		for _, l := range losses {
			t.Run(o.network+"/"+l.name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("LOST-"+string(l.ending))
				a := b.collect(o, l.ending, reference)
				b.wants(a, want{kind: capabilities.UnknownOutcome, state: capabilities.Unknown,
					message: "do not send it again", gotchas: "initiate_payment.23", after: 3})
				end, paid := want{state: capabilities.Succeeded, code: "00"}, 1
				if !l.taken {
					end, paid = want{state: capabilities.Failed, code: "-1"}, 0
				}
				b.wants(b.followToTheEnd(a), end)
				b.moved(reference, emulation.Collect, 1, paid)
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
			a := b.call("initiate_payment", o.order(emulation.ErrorTaken, reference).without("network"))
			b.wants(a, want{kind: capabilities.UnknownOutcome, state: capabilities.Unknown, after: 3})
			b.wants(b.followToTheEnd(a), want{state: capabilities.Succeeded, code: "00"})
			b.moved(reference, emulation.Collect, 1, 1)
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
			first := want{state: capabilities.Pending, note: "nothing was sent"}
			if o.waits {
				first.state = capabilities.Succeeded
			}
			b.wants(b.collect(o, emulation.Paid, reference), first)
			b.moved(reference, emulation.Collect, 1, map[bool]int{true: 1}[o.waits])
			b.wants(b.elsewhere().collect(o, emulation.Paid, reference), want{
				kind: capabilities.ProviderRejected, state: capabilities.Failed, code: "849", message: "the reference was used before",
			})
			b.clock.Advance(delay)
			b.wants(b.ask(reference, o.network), want{state: capabilities.Succeeded, code: "00"})
			b.moved(reference, emulation.Collect, 2, 1)
		})
	}
}

// Nobody listens: nothing was sent, so the same call may be made again.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	if err := b.server.Close(); err != nil {
		t.Fatal(err)
	}
	calls := map[string]input{
		"initiate_payment":     togocel.order(emulation.Paid, "DIAL-0001"),
		"disburse":             togocel.order(emulation.Paid, "DIAL-0002"),
		"refund":               {"original_reference": "DIAL-0003"},
		"check_payment_status": {"reference": "DIAL-0004", "network": "togocel_tg"},
		"verify_webhook":       {"body": `{"status":"SUCCESSFUL","transRef":"DIAL-0005","code":"200"}`, "network": "togocel_tg"},
	}
	for capability, in := range calls {
		t.Run(capability, func(t *testing.T) {
			b.in(t).wants(b.in(t).call(capability, in), want{kind: capabilities.Unavailable})
		})
	}
	b.untouched()
}

// A caller that is gone before anything was sent stops the payment.
func TestCallerIsGoneBeforeSending(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	gone, leave := context.WithCancel(t.Context())
	leave()
	b.wants(b.callUntil(gone, "initiate_payment", mtnBenin.order(emulation.Paid, "GONE-0001")), want{kind: capabilities.Unavailable})
	b.untouched()
}
