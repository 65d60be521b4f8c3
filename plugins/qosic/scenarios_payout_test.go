package qosic_test

import (
	"net/http"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
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
				b.wants(a, want{state: capabilities.Pending, code: code, gotchas: "disburse.1 disburse.3 disburse.4", after: 3})
				if got := responseOf(a).HTTPStatus; got != status {
					t.Errorf("HTTP %d, want %d", got, status)
				}
				if riding(a, "disburse.10") != (code == "0") {
					t.Errorf(`the gotcha about "0" rides on the wrong answer:`+"\n%s", a.Text())
				}
				a = b.follow(a)
				b.wants(a, want{state: capabilities.Pending, code: "01"})
				b.moved(reference, emulation.Disburse, 1, 0)
				b.clock.Advance(delay)
				b.wants(b.follow(a), want{state: capabilities.Succeeded, code: s.paid})
				b.moved(reference, emulation.Disburse, 1, 1)
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
			b.wants(a, want{state: capabilities.Pending})
			end := want{state: capabilities.Failed, code: "-1"}
			if o.togo {
				end.code = "02"
			}
			b.wants(b.followToTheEnd(a), end)
			b.moved(reference, emulation.Disburse, 1, 0)
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
				b.wants(b.disburse(o, r.ending, reference),
					want{kind: capabilities.ProviderRejected, state: capabilities.Failed, code: r.code, message: "code " + r.code})
				b.wants(b.ask(reference, o.network), want{state: capabilities.Failed, code: r.code})
				b.moved(reference, emulation.Disburse, 1, 0)
			})
		}
		t.Run(o.network+"/no account", func(t *testing.T) {
			b, reference := all.in(t), o.ref("OUT-417")
			b.wants(b.disburse(o, emulation.NoAccount, reference),
				want{kind: capabilities.ProviderRejected, state: capabilities.Failed, message: "no mobile-money account"})
			b.moved(reference, emulation.Disburse, 1, 0)
		})
	}
}

// A payout whose answer is lost is never sent again.
func TestPayoutWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range payouts() {
		for _, l := range losses {
			t.Run(o.network+"/"+l.name, func(t *testing.T) {
				b, reference := all.in(t), o.ref("OUT-"+string(l.ending))
				a := b.disburse(o, l.ending, reference)
				b.wants(a, want{kind: capabilities.UnknownOutcome, state: capabilities.Unknown,
					message: "do not send it again", gotchas: "disburse.13", after: 3})
				end, paid := want{state: capabilities.Succeeded, code: "00"}, 1
				if !l.taken {
					end, paid = want{state: capabilities.Failed, code: "-1"}, 0
				}
				b.wants(b.followToTheEnd(a), end)
				b.moved(reference, emulation.Disburse, 1, paid)
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
	b.wants(b.call("disburse", order), want{kind: capabilities.Invalid, problem: "network"})
	b.wants(b.call("disburse", order.without("network")), want{kind: capabilities.Invalid, problem: "network"})
	b.untouched()
}

// Rows "refund done": HTTP 200 or 202.
func TestRefund(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	tests := []struct {
		name   string
		ending emulation.Ending
		status int
		more   input
	}{
		{"HTTP 200", emulation.Paid, http.StatusOK, nil},
		{"HTTP 202", emulation.Variant, http.StatusAccepted, nil},
		{"with the payer's number", emulation.PaidAtOnce, http.StatusOK, input{"msisdn": mtnBenin.msisdn(emulation.PaidAtOnce)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, reference := all.in(t), "REFUND-"+string(tt.ending)
			b.collect(mtnBenin, tt.ending, reference)
			b.clock.Advance(delay)
			in := input{"original_reference": reference}
			for field, value := range tt.more {
				in = in.with(field, value)
			}
			a := b.call("refund", in)
			b.wants(a, want{state: capabilities.Succeeded, code: "00"})
			if r := responseOf(a); r.HTTPStatus != tt.status || r.ResponseMsg != "OPERATION SUCCESSFUL" {
				t.Errorf("HTTP %d %q, want %d", r.HTTPStatus, r.ResponseMsg, tt.status)
			}
			if a.Reference != reference {
				t.Errorf("the answer names %q, want %q", a.Reference, reference)
			}
			b.wants(b.call("refund", in), want{state: capabilities.Succeeded, note: "nothing was sent"})
			b.moved(reference, emulation.Refund, 1, 1)
			b.wants(b.elsewhere().call("refund", in), want{kind: capabilities.ProviderRejected, state: capabilities.Failed, code: "849"})
			b.moved(reference, emulation.Refund, 2, 1)
		})
	}
}

func TestRefundOfWhatIsNotPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	refused := want{kind: capabilities.ProviderRejected, state: capabilities.Failed, code: "-1", message: "original_reference"}
	t.Run("unknown payment", func(t *testing.T) {
		b := all.in(t)
		b.wants(b.call("refund", input{"original_reference": "NOBODYS-1"}), refused)
	})
	t.Run("pending payment", func(t *testing.T) {
		b := all.in(t)
		b.collect(mtnBenin, emulation.NeverAnswered, "WAITING-1")
		b.wants(b.call("refund", input{"original_reference": "WAITING-1"}), refused)
	})
	t.Run("payment on another network", func(t *testing.T) {
		b := all.in(t)
		b.collect(togocel, emulation.PaidAtOnce, "TOGOLESE-1")
		b.wants(b.call("refund", input{"original_reference": "TOGOLESE-1"}), refused)
	})
	for _, o := range operators {
		if o.network == mtnBenin.network {
			continue
		}
		t.Run("number of "+o.network, func(t *testing.T) {
			b := all.in(t)
			b.wants(b.call("refund", input{"original_reference": "FOREIGN-1", "msisdn": o.msisdn(emulation.Paid)}),
				want{kind: capabilities.Invalid, problem: "msisdn"})
		})
	}
	for _, tx := range all.emulator.Books().Transactions() {
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
	for _, l := range losses {
		if !l.taken {
			continue // the payment itself would not be there
		}
		t.Run(l.name, func(t *testing.T) {
			b, reference := all.in(t), "REFUND-"+string(l.ending)
			b.collect(mtnBenin, l.ending, reference)
			b.clock.Advance(delay)
			b.wants(b.call("refund", input{"original_reference": reference}),
				want{kind: capabilities.UnknownOutcome, state: capabilities.Unknown, message: "do not send it again", gotchas: "refund.6"})
			b.moved(reference, emulation.Refund, 1, 1)
		})
	}
}
