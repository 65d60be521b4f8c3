package qosic_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// payouts are the operators that have a path for deposits.
func payouts() []operator {
	var all []operator
	for _, o := range operators {
		if o.payouts {
			all = append(all, o)
		}
	}
	return all
}

// Row "deposit accepted": "00" in Togo, "0" in Benin, with 200 or 202. It is
// not yet paid, whatever the code says.
func TestPayoutIsAcceptedAndThenPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	spellings := []struct {
		name        string
		ending      emulation.Ending
		togo, benin string
		togoStatus  int
		beninStatus int
		paid        string
	}{
		{"usual", emulation.Paid, "00", "0", http.StatusAccepted, http.StatusOK, "00"},
		{"other", emulation.Variant, "0", "00", http.StatusOK, http.StatusAccepted, "0"},
	}
	for _, o := range payouts() {
		for _, s := range spellings {
			t.Run(o.network+"/"+s.name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("OUT-"+s.name)
				code, status := s.benin, s.beninStatus
				if o.togo {
					code, status = s.togo, s.togoStatus
				}
				a := b.disburse(o, s.ending, reference)
				b.Wants(a, want{State: capabilities.Pending, Response: fmt.Sprintf("responsecode=%s http_status=%d", code, status), Gotchas: "disburse.1 disburse.3 disburse.4", After: 3})
				if riding := slices.ContainsFunc(a.Gotchas, func(n capabilities.Note) bool { return n.ID == "qosic.disburse.10" }); riding != (code == "0") {
					t.Errorf(`the gotcha about "0" rides on the wrong answer:`+"\n%s", a.Text())
				}
				a = b.Follow(a)
				b.Wants(a, want{State: capabilities.Pending, Response: "responsecode=01"})
				b.Moved(reference, emulation.Disburse, 1, 0)
				b.Clock.Advance(delay)
				b.Wants(b.Follow(a), want{State: capabilities.Succeeded, Response: "responsecode=" + s.paid})
				b.Moved(reference, emulation.Disburse, 1, 1)
			})
		}
	}
}

// The operator fails what Qosic had accepted: "02" in Togo, "-1" in Benin.
func TestPayoutIsAcceptedAndThenFails(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range payouts() {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("OUT-FAIL")
			a := b.disburse(o, emulation.PayoutFails, reference)
			b.Wants(a, want{State: capabilities.Pending})
			end := want{State: capabilities.Failed, Response: "responsecode=-1"}
			if o.togo {
				end.Response = "responsecode=02"
			}
			b.Wants(b.FollowToTheEnd(a), end)
			b.Moved(reference, emulation.Disburse, 1, 0)
		})
	}
}

func TestPayoutIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	tests := append(refusals[:len(refusals):len(refusals)], []struct {
		name   string
		ending emulation.Ending
		code   string
	}{
		{"low balance", emulation.LowBalance, "529"},
		{"over the limit", emulation.OverLimit, "580"},
	}...)
	for _, o := range payouts() {
		for _, r := range tests {
			t.Run(o.network+"/"+r.name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("OUT-"+r.code)
				b.Wants(b.disburse(o, r.ending, reference),
					want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=" + r.code, Message: "code " + r.code})
				b.Wants(b.ask(reference, o.network), want{State: capabilities.Failed, Response: "responsecode=" + r.code})
				b.Moved(reference, emulation.Disburse, 1, 0)
			})
		}
		t.Run(o.network+"/no account", func(t *testing.T) {
			b, reference := all.in(t), o.ref("OUT-417")
			b.Wants(b.disburse(o, emulation.NoAccount, reference),
				want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Message: "no mobile-money account"})
			b.Moved(reference, emulation.Disburse, 1, 0)
		})
	}
}

// A payout whose answer is lost is never sent again.
func TestPayoutWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range payouts() {
		for _, l := range hosttest.Losses() {
			t.Run(o.network+"/"+l.Name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("OUT-"+string(l.Ending))
				a := b.disburse(o, l.Ending, reference)
				b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown,
					Message: "do not send it again", Gotchas: "disburse.13", After: 3})
				end := want{State: capabilities.Succeeded, Response: "responsecode=00"}
				if l.Paid == 0 {
					end = want{State: capabilities.Failed, Response: "responsecode=-1"}
				}
				b.Wants(b.FollowToTheEnd(a), end)
				b.Moved(reference, emulation.Disburse, 1, l.Paid)
			})
		}
	}
}

// No deposit path is known for Celtiis: refused before anything is sent,
// whether the network was named or told from the number.
func TestNoPayoutOnCeltiis(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	order := celtiis.order(emulation.Paid, "CEL-OUT-01")
	b.Wants(b.Call("disburse", order), want{Kind: capabilities.Invalid, Problem: "network"})
	b.Wants(b.Call("disburse", order.Without("network")), want{Kind: capabilities.Invalid, Problem: "network"})
	b.Untouched()
}

// Rows "refund done": HTTP 200 or 202.
func TestRefund(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	tests := []struct {
		name   string
		ending emulation.Ending
		status int
		more   hosttest.Input
	}{
		{"HTTP 200", emulation.Paid, http.StatusOK, nil},
		{"HTTP 202", emulation.Variant, http.StatusAccepted, nil},
		{"with the payer's number", emulation.PaidAtOnce, http.StatusOK, hosttest.Input{"msisdn": mtnBenin.msisdn(emulation.PaidAtOnce)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, reference := all.in(t), "REFUND-"+string(tt.ending)
			b.collect(mtnBenin, tt.ending, reference)
			b.Clock.Advance(delay)
			in := hosttest.Input{"original_reference": reference}
			for field, value := range tt.more {
				in = in.With(field, value)
			}
			a := b.Call("refund", in)
			b.Wants(a, want{State: capabilities.Succeeded, Response: fmt.Sprintf("responsecode=00 http_status=%d", tt.status)})
			if message := hosttest.Response(a)["responsemsg"]; message != "OPERATION SUCCESSFUL" {
				t.Errorf("the message is %q", message)
			}
			if a.Reference != reference {
				t.Errorf("the answer names %q, want %q", a.Reference, reference)
			}
			b.Wants(b.Call("refund", in), want{State: capabilities.Succeeded, Note: "nothing was sent"})
			b.Moved(reference, emulation.Refund, 1, 1)
			b.Wants(b.Elsewhere().Call("refund", in), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=849"})
			b.Moved(reference, emulation.Refund, 2, 1)
		})
	}
}

func TestRefundOfWhatIsNotPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	refused := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=-1", Message: "original_reference"}
	t.Run("unknown payment", func(t *testing.T) {
		b := all.in(t)
		b.Wants(b.Call("refund", hosttest.Input{"original_reference": "NOBODYS-1"}), refused)
	})
	t.Run("pending payment", func(t *testing.T) {
		b := all.in(t)
		b.collect(mtnBenin, emulation.NeverAnswered, "WAITING-1")
		b.Wants(b.Call("refund", hosttest.Input{"original_reference": "WAITING-1"}), refused)
	})
	t.Run("payment on another network", func(t *testing.T) {
		b := all.in(t)
		b.collect(togocel, emulation.PaidAtOnce, "TOGOLESE-1")
		b.Wants(b.Call("refund", hosttest.Input{"original_reference": "TOGOLESE-1"}), refused)
	})
	for _, o := range operators {
		if o.network == mtnBenin.network {
			continue
		}
		t.Run("number of "+o.network, func(t *testing.T) {
			b := all.in(t)
			b.Wants(b.Call("refund", hosttest.Input{"original_reference": "FOREIGN-1", "msisdn": o.msisdn(emulation.Paid)}),
				want{Kind: capabilities.Invalid, Problem: "msisdn"})
		})
	}
	for _, tx := range all.Emulator.Books().Transactions() {
		if tx.Operation == emulation.Refund {
			t.Errorf("a refund is in the books: %+v", tx)
		}
	}
}

// A refund whose answer is lost is not repeated: nothing says that it was not
// made.
func TestRefundWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, l := range hosttest.Losses() {
		if l.Paid == 0 {
			continue // the payment itself would not be there
		}
		t.Run(l.Name, func(t *testing.T) {
			b, reference := all.in(t), "REFUND-"+string(l.Ending)
			b.collect(mtnBenin, l.Ending, reference)
			b.Clock.Advance(delay)
			b.Wants(b.Call("refund", hosttest.Input{"original_reference": reference}),
				want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "do not send it again", Gotchas: "refund.6"})
			b.Moved(reference, emulation.Refund, 1, 1)
		})
	}
}
