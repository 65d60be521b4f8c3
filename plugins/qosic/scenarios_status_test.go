package qosic_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Row "unknown transref (status)": "-1" is not yet a failure.
func TestUnknownTransref(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network+"/not started here", func(t *testing.T) {
			b, reference := all.in(t), o.ref("NEVER")
			doubted := want{State: capabilities.Unknown, Response: "responsecode=-1", Note: "not started here", Gotchas: "check_payment_status.3 check_payment_status.14"}
			for range 5 {
				b.Wants(b.ask(reference, o.network), doubted)
				b.Clock.Advance(30 * time.Second)
			}
		})
		t.Run(o.network+"/known late", func(t *testing.T) {
			if o.waits {
				t.Skip("its payment answers only at the end")
			}
			b, reference := all.in(t), o.ref("LATE")
			b.collect(o, emulation.KnownLate, reference)
			b.Wants(b.ask(reference, ""), want{State: capabilities.Pending, Response: "responsecode=-1", Note: "ask again before declaring failure", After: 5})
			b.Clock.Advance(delay / 2)
			b.Wants(b.ask(reference, ""), want{State: capabilities.Pending, Response: "responsecode=01", After: 10})
			b.Clock.Advance(delay / 2)
			b.Wants(b.ask(reference, ""), want{State: capabilities.Succeeded, Response: "responsecode=00"})
		})
	}
}

// "-1" is believed after three questions and thirty seconds, not after one of
// the two.
func TestDoubtTakesThreeQuestionsAndThirtySeconds(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	tests := []struct {
		name string
		at   []int // seconds since the start, one for each question
		end  capabilities.State
	}{
		{"one question after a minute", []int{60}, capabilities.Pending},
		{"two questions in a minute", []int{30, 60}, capabilities.Pending},
		{"three questions in 29 s", []int{10, 20, 29}, capabilities.Pending},
		{"nine questions in 29 s", []int{1, 2, 3, 4, 5, 6, 7, 8, 29}, capabilities.Pending},
		{"three questions in 30 s", []int{10, 20, 30}, capabilities.Failed},
		{"three questions in a minute", []int{1, 2, 60}, capabilities.Failed},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, reference := all.in(t), "DOUBT-"+string(rune('A'+i))
			b.collect(togocel, emulation.CutNotTaken, reference)
			began := b.Clock.Now()
			var states []capabilities.State
			for _, second := range tt.at {
				b.Clock.Advance(began.Add(time.Duration(second) * time.Second).Sub(b.Clock.Now()))
				states = append(states, b.Call("check_payment_status", hosttest.Input{"reference": reference, "network": "togocel_tg"}).State)
			}
			for i, s := range states {
				if last := i == len(states)-1; s != tt.end && last || s != capabilities.Pending && !last {
					t.Errorf("states %v, want %s in the end and pending before", states, tt.end)
					break
				}
			}
			b.Moved(reference, emulation.Collect, 1, 0)
		})
	}
}

// The Python SDK polls on until its time-out, on 529 too. Here a final code
// ends it with the first answer.
func TestFinalCodeEndsThePolling(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("POOR")
			a := b.collect(o, emulation.LowBalance, reference)
			if o.waits {
				b.Wants(a, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=529", Message: "balance is too low"})
			} else {
				b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01", After: 3})
				b.Clock.Advance(delay)
			}
			a = b.ask(reference, "")
			b.Wants(a, want{State: capabilities.Failed, Response: "responsecode=529", Note: "balance is too low", Gotchas: "check_payment_status.9"})
			if a.Next != nil {
				t.Errorf("after a final failure, something is next: %+v", a.Next)
			}
			b.Moved(reference, emulation.Collect, 1, 0)
		})
	}
}

// Row "server error" for a question: it changes nothing and may be repeated.
func TestServerErrorOnStatus(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("ST500")
			b.collect(o, emulation.StatusErrors, reference)
			for range 2 {
				b.Wants(b.ask(reference, ""), want{Kind: capabilities.Unavailable, Message: "HTTP 500|ask again"})
			}
			b.Clock.Advance(delay)
			b.Wants(b.ask(reference, ""), want{State: capabilities.Succeeded, Response: "responsecode=00"})
			b.Moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// The pace of the questions is 3, 5, 10, then every 20 seconds, and after three
// minutes the advice is to stop.
func TestCustomerNeverAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(mtnBenin, emulation.NeverAnswered, "SILENT-01")
	for _, seconds := range []int{3, 5, 10, 20, 20, 20, 20, 20, 20, 20, 20} {
		b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01", After: seconds})
		if a.Next.Action != "" {
			t.Errorf("after %s the advice is %q", b.Clock.Now().Sub(emulationtest.Start()), a.Next.Action)
		}
		a = b.Follow(a)
	}
	b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01", After: 20})
	if a = b.Follow(a); !strings.Contains(a.Next.Action, "treat the order as expired") {
		t.Errorf("after %s the advice is %q, want to stop waiting", b.Clock.Now().Sub(emulationtest.Start()), a.Next.Action)
	}
}

// A payment is asked for once a second at most.
func TestQuestionsTooFast(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.Paid, "FAST-0001")
	question := hosttest.Input{"reference": "FAST-0001"}
	b.Wants(b.Call("check_payment_status", question), want{State: capabilities.Pending})
	a := b.Call("check_payment_status", question)
	b.Wants(a, want{State: capabilities.Pending, Note: "the provider was not asked", After: 1})
	if a.Response != nil {
		t.Errorf("Qosic was asked: %s", a.Response)
	}
	b.Wants(b.Follow(a), want{State: capabilities.Pending, Response: "responsecode=01"})
}

// Of a payment from elsewhere there is nothing on record to answer with.
func TestQuestionsTooFastForAPaymentFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	question := hosttest.Input{"reference": "FAST-0002", "network": "togocel_tg"}
	b.Wants(b.Call("check_payment_status", question), want{State: capabilities.Unknown})
	a := b.Call("check_payment_status", question)
	b.Wants(a, want{Kind: capabilities.Refused, Message: "FAST-0002", After: 1})
	if a.Guard != "polling_pace" {
		t.Errorf("refused by %q, want polling_pace", a.Guard)
	}
}

// A payment that was not started here needs its network named: Qosic asks for
// it on that network's path.
func TestStatusOfAPaymentFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.ask("ELSE-0001", ""), want{Kind: capabilities.Invalid, Problem: "network"})
}

// Another network does not know the payment and says "-1" for ever. That must
// not turn a paid payment into a failed one, nor spoil the network on record.
func TestQuestionOnAnotherNetwork(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for i, o := range operators {
		other := operators[(i+1)%len(operators)]
		t.Run(o.network+" asked on "+other.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("WRONG")
			b.collect(o, emulation.Paid, reference)
			b.Clock.Advance(time.Minute)
			for range 4 {
				if a := b.ask(reference, other.network); a.State == capabilities.Failed {
					t.Errorf("a paid payment is called failed:\n%s", a.Text())
					break
				}
			}
			b.Wants(b.ask(reference, ""), want{State: capabilities.Succeeded, Response: "responsecode=00"})
		})
	}
}
