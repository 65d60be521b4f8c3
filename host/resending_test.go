package host_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// payOut is the call that is sent again.
const payOut = `{"reference":"ORDER-1","amount":"5000","account":"a@example.com"}`

func lost() (output, error) { return output{}, capabilities.MayHaveHappened("no answer in time") }

// absentPurse is a purse whose payout got no answer, and of which the provider
// says that it was never created.
func absentPurse(t *testing.T, changes ...with) *purse {
	t.Helper()
	p := newPurse(t, true, changes...)
	p.payOut, p.status = lost, absent
	p.call(1, "pay_out", payOut)
	a := p.asks(5, "ORDER-1")
	is(t, a, "", capabilities.Unknown)
	if a.Next == nil || a.Next.Tool != "acme_pay_out" || !strings.Contains(a.Next.Action, "exactly the same call again") {
		t.Errorf("next is %+v", a.Next)
	}
	p.payOut = paid
	return p
}

// recounted checks what the ledger says of ORDER-1.
func (p *purse) recounted(want string) {
	p.t.Helper()
	if got := anonymous(p.events("ORDER-1")); got != want {
		p.t.Errorf("the record says\n%s\nwant\n%s", got, want)
	}
}

const wasAbsent = "claimed approval A; sent; unknown unknown_outcome; absent the provider says that it was never created, and takes the same again"

// What the provider is sure never to have created is sent again under its own
// reference, with a new approval. The ledger tells why.
func TestSendingAgain(t *testing.T) {
	t.Parallel()
	p := absentPurse(t)
	p.approves = false
	a := p.call(5, "pay_out", payOut)
	is(t, a, capabilities.Held, "")
	if !strings.Contains(a.Question.Facts.Reason, "it was sent before, at 2026-01-01T00:00:01Z, and got no answer") {
		t.Errorf("the human is told %q", a.Question.Facts.Reason)
	}
	p.approves = true
	is(t, p.call(5, "pay_out", payOut), "", capabilities.Succeeded)
	is(t, p.call(5, "pay_out", payOut), "", capabilities.Succeeded)
	if n := p.arrived("pay_out"); n != 2 {
		t.Errorf("sent %d times, want 2", n)
	}
	p.recounted(wasAbsent + "; claimed approval B; sent; succeeded")
}

// Without a word in the manifest, and after a rejection, nothing is sent again.
func TestNotSendingAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		resend bool
		first  func() (output, error)
		events string
	}{
		"not allowed":     {false, lost, "claimed approval A; sent; unknown unknown_outcome; failed"},
		"rejected before": {true, func() (output, error) { return output{}, capabilities.Rejected("no", "no") }, "claimed approval A; sent; failed provider_rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPurse(t, tt.resend)
			p.payOut, p.status = tt.first, absent
			p.call(1, "pay_out", payOut)
			is(t, p.asks(5, "ORDER-1"), "", capabilities.Failed)
			p.payOut = paid
			p.call(5, "pay_out", payOut)
			if n := p.arrived("pay_out"); n != 1 {
				t.Errorf("sent %d times", n)
			}
			p.recounted(tt.events)
		})
	}
}

// The first request may still arrive: nothing else may take its reference, it
// counts against the day, and the same payment under another reference is
// doubted.
func TestAbsentIsNotForgotten(t *testing.T) {
	t.Parallel()
	p := absentPurse(t, under("rules:\n  - {environment: sandbox, effect: pays_out, currency: XOF, per_day: 9000}\n"))
	p.approves = false
	for _, other := range []string{
		`{"reference":"ORDER-1","amount":"4000","account":"a@example.com"}`,
		`{"reference":"ORDER-1","amount":"5000","account":"mallory@example.com"}`,
	} {
		a := p.call(1, "pay_out", other)
		is(t, a, capabilities.Refused, "")
		if a.Guard != "reference" {
			t.Errorf("refused by %s: %s", a.Guard, a.Message)
		}
	}
	is(t, p.call(1, "collect", fmt.Sprintf(`{"reference":"ORDER-1","amount":"5000","msisdn":%q}`, ama)), capabilities.Refused, "")
	if a := p.call(1, "pay_out", `{"reference":"ORDER-2","amount":"5000","account":"a@example.com"}`); a.Guard != "limits" {
		t.Errorf("another payout of the day is stopped by %q", a.Guard)
	}
	p.now = p.now.Add(day * time.Second)
	if a := p.call(1, "pay_out", `{"reference":"ORDER-2","amount":"5000","account":"a@example.com"}`); a.Guard != "suspected_repeat" {
		t.Errorf("the same payout a day later is stopped by %q", a.Guard)
	}
	p.approves = true
	is(t, p.call(1, "pay_out", payOut), "", capabilities.Succeeded) // it fits: it was counted before
}

// A second request that is refused says nothing of the first.
func TestRefusedWhenSentAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		again func() (output, error)
		last  string
	}{
		"rejected":      {func() (output, error) { return output{}, capabilities.Rejected("too little", "fill it") }, "; claimed approval B; sent; unknown unknown_outcome"},
		"misconfigured": {func() (output, error) { return output{}, capabilities.Misconfiguration("denied", "ask") }, "; claimed approval B; sent; unknown unknown_outcome"},
		"failed":        {func() (output, error) { return output{Outcome: capabilities.Outcome{State: capabilities.Failed}}, nil }, "; claimed approval B; sent; unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := absentPurse(t)
			p.payOut = tt.again
			if a := p.call(5, "pay_out", payOut); a.State != capabilities.Unknown {
				t.Errorf("state %s: %s", a.State, a.Text())
			}
			p.recounted(wasAbsent + tt.last)
		})
	}
}

// What did not leave the second time is as it was.
func TestNotSentAgain(t *testing.T) {
	t.Parallel()
	p := absentPurse(t)
	p.wallet.refuses = true
	is(t, p.call(5, "pay_out", payOut), capabilities.Unavailable, "")
	p.recounted(wasAbsent + "; claimed approval B; absent unavailable")
}

// An answer tells of what was asked for, not of what was begun anew meanwhile.
func TestAbsentOfBefore(t *testing.T) {
	t.Parallel()
	p := absentPurse(t)
	p.payOut = lost
	p.status = func() (output, error) {
		p.status = absent
		p.call(0, "pay_out", payOut) // sent again while the question is on its way
		return absent()
	}
	is(t, p.asks(5, "ORDER-1"), "", capabilities.Unknown)
	p.recounted(wasAbsent + "; claimed approval B; sent; unknown unknown_outcome")
}

// Another account's provider does not know it, which says nothing.
func TestAbsentInAnotherAccount(t *testing.T) {
	t.Parallel()
	p := newPurse(t, true)
	p.payOut, p.status = lost, absent
	p.call(1, "pay_out", payOut)
	other := newPurse(t, true, func(o *host.Options, to *host.Provider) {
		o.Ledger, o.Keys = p.desk.Ledger, p.desk.Keys
		to.Settings.Values = map[string]string{"ACME_USER": "another"}
	})
	other.status, other.now = absent, p.now
	a := other.asks(5, "ORDER-1")
	is(t, a, "", capabilities.Unknown)
	if !strings.Contains(strings.Join(a.Notes, "\n"), "another account") {
		t.Errorf("the notes are %q", a.Notes)
	}
	p.recounted("claimed approval A; sent; unknown unknown_outcome")
}

// A question that another capability answers is not asked: there the provider
// knows nothing of it.
func TestAskedWithTheWrongTool(t *testing.T) {
	t.Parallel()
	p := newPurse(t, true, func(_ *host.Options, to *host.Provider) {
		status, _ := to.Manifest.Capability("status")
		bills := *status
		bills.Name = "bills"
		to.Manifest.Capabilities = append(to.Manifest.Capabilities, bills)
	})
	p.call(1, "pay_out", payOut)
	a := p.call(5, "bills", `{"reference":"ORDER-1"}`)
	is(t, a, capabilities.Invalid, "")
	if len(a.Problems) != 1 || a.Problems[0].Wanted != "to be asked with acme_status" {
		t.Errorf("%+v", a.Problems)
	}
}

// Not known yet, and later never created: only once the doubt is over may it be
// sent again.
func TestAbsentInDoubt(t *testing.T) {
	t.Parallel()
	p := newPurse(t, true, func(_ *host.Options, to *host.Provider) {
		status, _ := to.Manifest.Capability("status")
		status.Polling.DoubtAsks, status.Polling.DoubtFor = 3, 30
	})
	p.payOut = lost
	p.status = func() (output, error) {
		return output{Outcome: capabilities.Outcome{State: capabilities.Failed, Absent: true, Doubt: true}}, nil
	}
	p.call(1, "pay_out", payOut)
	for range 2 {
		a := p.asks(15, "ORDER-1")
		is(t, a, "", capabilities.Pending)
		if got := anonymous(p.events("ORDER-1")); strings.Contains(got, "absent") || strings.Contains(a.Next.Action, "again") {
			t.Errorf("it may be sent again too early: %s, next %+v", got, a.Next)
		}
	}
	is(t, p.asks(15, "ORDER-1"), "", capabilities.Unknown)
	if got := p.events("ORDER-1"); !strings.Contains(got, "absent") {
		t.Errorf("the record says %s", got)
	}
}

// anonymous names approvals A, B and so on.
func anonymous(events string) string {
	parts := strings.Split(events, "approval ")
	for i := range parts[1:] {
		_, rest, _ := strings.Cut(parts[i+1], ";")
		parts[i+1] = string(rune('A'+i)) + ";" + rest
	}
	return strings.Join(parts, "approval ")
}

// While the request may still be on its way, nobody's word that it never came
// lets it be sent again.
func TestAbsentWhileItIsOnItsWay(t *testing.T) {
	t.Parallel()
	p := newPurse(t, true)
	p.status = absent
	p.payOut = func() (output, error) {
		p.status = pending
		is(t, p.asks(1, "ORDER-1"), "", capabilities.Pending)
		p.status = absent
		a := p.asks(1, "ORDER-1")
		is(t, a, "", capabilities.Unknown)
		if !strings.Contains(strings.Join(a.Notes, "\n"), "still on its way") {
			t.Errorf("the notes are %q", a.Notes)
		}
		p.recounted("claimed approval A; sent")
		return paid()
	}
	p.call(1, "pay_out", payOut)
	is(t, p.call(1, "pay_out", payOut), "", capabilities.Succeeded)
	if n := p.arrived("pay_out"); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

// No policy lets a payout be sent again without a human.
func TestSendingAgainIsNeverFree(t *testing.T) {
	t.Parallel()
	const free = `
rules:
  - {environment: sandbox, effect: pays_out, currency: XOF, allowed_payees: ["a@example.com/"], unapproved_up_to: 9000}
`
	p := absentPurse(t, under(free))
	p.approves = false
	is(t, p.call(5, "pay_out", payOut), capabilities.Held, "")
	if n := p.arrived("pay_out"); n != 1 {
		t.Errorf("sent %d times", n)
	}
}
