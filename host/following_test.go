package host_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// TestNextIsTheDocumentedBackOff: each answer that is not final says what to
// ask, with what, and when; in the end it says to stop.
func TestNextIsTheDocumentedBackOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collect = func(context.Context, payInput) (output, error) {
		return output{Outcome: capabilities.Outcome{State: capabilities.Pending, Network: "north"}}, nil
	}
	h.status = func(context.Context, statusInput) (output, error) { return pending() }
	a := h.collects("ORDER-1")
	passed := 0
	for _, seconds := range []int{3, 5, 10, 20, 20, 20, 20, 20, 20, 20, 20} {
		n := a.Next
		if n == nil || n.Tool != "acme_status" || n.Arguments["reference"] != "ORDER-1" || n.Arguments["network"] != "north" || n.AfterSeconds != seconds {
			t.Fatalf("after %d s, next is %+v, want %d s", passed, n, seconds)
		}
		if n.Action != "" {
			t.Fatalf("after %d s it says %s", passed, n.Action)
		}
		passed += seconds
		a = h.asks(seconds, "ORDER-1")
		is(t, a, "", capabilities.Pending)
	}
	if passed <= giveUp-20 || a.Next == nil {
		t.Fatalf("after %d s next is %+v", passed, a.Next)
	}
	a = h.asks(20, "ORDER-1")
	if a.Next == nil || !strings.Contains(a.Next.Action, fmt.Sprintf("more than %d s", giveUp)) {
		t.Errorf("when it makes little sense to go on, it says %+v", a.Next)
	}
	h.status = func(context.Context, statusInput) (output, error) { return paid() }
	if a = h.asks(20, "ORDER-1"); a.Next != nil {
		t.Errorf("after the end, next is %+v", a.Next)
	}
}

// TestAskingTooFastReachesNobody: an early question is answered from the
// record, or refused where nothing is on record. Both say when to ask again.
func TestAskingTooFastReachesNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.status = func(context.Context, statusInput) (output, error) { return pending() }
	h.collects("ORDER-1")
	is(t, h.asks(0, "ORDER-1"), "", capabilities.Pending)
	a := h.asks(0, "ORDER-1")
	is(t, a, "", capabilities.Pending)
	if a.Amount != "5000" || len(a.Notes) != 1 || !strings.Contains(a.Notes[0], "asked again too soon") {
		t.Errorf("amount %s, notes %q", a.Amount, a.Notes)
	}
	again(t, a, "ORDER-1")
	is(t, h.asks(0, "OTHER-1"), "", capabilities.Pending) // another reference has its own pace
	a = h.asks(0, "OTHER-1")
	is(t, a, capabilities.Refused, "")
	if a.Guard != "polling_pace" {
		t.Errorf("the guard is %q", a.Guard)
	}
	again(t, a, "OTHER-1")
	is(t, h.asks(1, "ORDER-1"), "", capabilities.Pending)
	if len(h.asked) != 3 {
		t.Errorf("%d questions reached the provider, want 3", len(h.asked))
	}
	for range 3 {
		is(t, h.call(0, "balance", `{}`), "", "") // no reference, no pace
	}
}

// again wants an answer to say that the reference may be asked for in 1 s.
func again(t *testing.T, a *host.Answer, reference string) {
	t.Helper()
	if a.Next == nil || a.Next.Tool != "acme_status" || a.Next.AfterSeconds != 1 || a.Next.Arguments["reference"] != reference {
		t.Errorf("next is %+v", a.Next)
	}
}

// TestAFailureInDoubt: the provider says the same of a payment that failed and
// of one that it does not know yet.
func TestAFailureInDoubt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		seconds []int // between the questions
		want    capabilities.State
	}{
		{"at once", []int{1}, capabilities.Pending},
		{"late, for the first time", []int{doubtFor + 1}, capabilities.Pending},
		{"often, and early", []int{1, 1, 1, 1, 1}, capabilities.Pending},
		{"often, and just before", []int{1, 1, doubtFor - 3}, capabilities.Pending},
		{"often and late", []int{1, 1, doubtFor - 2}, capabilities.Failed},
		{"late and often", []int{doubtFor, 1, 1}, capabilities.Failed},
	} {
		h := newHouse(t)
		h.status = func(context.Context, statusInput) (output, error) { return inDoubt() }
		a := h.collects("ORDER-1")
		for i, s := range c.seconds {
			a = h.asks(s, "ORDER-1")
			if early := i < len(c.seconds)-1; early {
				is(t, a, "", capabilities.Pending)
			}
		}
		if a.State != c.want {
			t.Errorf("%s: %s, want %s", c.name, a.State, c.want)
		}
		if pending := a.State == capabilities.Pending; pending != (a.Next != nil) || pending != (len(a.Notes) > 0) {
			t.Errorf("%s: next %+v, notes %q", c.name, a.Next, a.Notes)
		}
	}
}

func TestAFailureInDoubtOfWhatWasNotStartedHere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.status = func(context.Context, statusInput) (output, error) { return inDoubt() }
	for _, seconds := range []int{0, 1, 5, doubtFor, 10 * giveUp} { // however often and long it is asked for
		a := h.asks(seconds, "OTHER-1")
		is(t, a, "", capabilities.Unknown)
		if len(a.Notes) == 0 || !strings.Contains(a.Notes[0], "not started here") {
			t.Errorf("it says %q", a.Notes)
		}
	}
}

// TestTheFirstAnswerInDoubt: the payment's own answer may be in doubt too.
func TestTheFirstAnswerInDoubt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collect = func(context.Context, payInput) (output, error) { return inDoubt() }
	is(t, h.collects("ORDER-1"), "", capabilities.Pending)
	is(t, h.asks(5, "ORDER-1"), "", capabilities.Succeeded)
}

// TestTheNetworkOnRecord completes a question that left it out; one that names
// another is turned down, because there the payment is unknown.
func TestTheNetworkOnRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collect = func(context.Context, payInput) (output, error) {
		return output{Outcome: capabilities.Outcome{State: capabilities.Pending, Network: "south"}}, nil
	}
	h.collects("ORDER-1")
	is(t, h.asks(5, "ORDER-1"), "", capabilities.Succeeded)
	is(t, h.call(5, "status", `{"reference":"ORDER-1","network":"south"}`), "", capabilities.Succeeded)
	a := h.call(5, "status", `{"reference":"ORDER-1","network":"north"}`)
	is(t, a, capabilities.Invalid, "")
	if len(a.Problems) != 1 || a.Problems[0].Field != "network" || !strings.Contains(a.Problems[0].Wanted, "south") {
		t.Errorf("it says %+v", a.Problems)
	}
	is(t, h.call(5, "status", `{"reference":"OTHER-1","network":"north"}`), "", capabilities.Succeeded)
	is(t, h.asks(5, "OTHER-2"), "", capabilities.Succeeded)
	var asked []string
	for _, in := range h.asked {
		asked = append(asked, string(in.Network))
	}
	if got := strings.Join(asked, ","); got != "south,south,north," {
		t.Errorf("the provider was asked on %q", got)
	}
}

// TestTheNetworkIsLearntBeforeAnythingIsSent: it is known even of a payment
// that was never answered.
func TestTheNetworkIsLearntBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collect = func(ctx context.Context, _ payInput) (output, error) {
		if err := leave(ctx, "south"); err != nil {
			return output{}, err
		}
		return output{}, capabilities.MayHaveHappened("cut")
	}
	a := h.collects("ORDER-1")
	is(t, a, capabilities.UnknownOutcome, capabilities.Unknown)
	if a.Next == nil || a.Next.Arguments["network"] != "south" {
		t.Errorf("next is %+v", a.Next)
	}
	h.asks(5, "ORDER-1")
	if len(h.asked) != 1 || h.asked[0].Network != "south" {
		t.Errorf("it asks %+v", h.asked)
	}
}
