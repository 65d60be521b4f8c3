package mobipay_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Taken is not paid: the status says when it is.
func TestPayoutIsTakenAndThenPaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.disburse(ivory, emulation.Paid, "OUT")
	b.Wants(a, want{State: capabilities.Pending, Response: "status=1 confirm_type=0", After: 5})
	b.says(a, "")
	if a.Details["confirm_type"] != nil {
		t.Errorf("it waits for a confirmation of type %s", a.Details["confirm_type"])
	}
	b.Clock.Advance(delay)
	b.Wants(b.ask("OUT"), want{State: capabilities.Succeeded, Response: "status=2"})
	b.Moved("OUT", emulation.Disburse, 1, 1)
}

// Payouts to a bank go to an account there, with the bank's code or BIC.
func TestPayoutToABank(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	for _, in := range []hosttest.Input{
		{"reference": "BANK-TZ", "amount": "9000", "network": "bank_tz", "account": "0150000000000", "bank": "CORUTZTZ", "customer_name": "Afi Mensah"},
		{"reference": "BANK-NG", "amount": "100.50", "network": "bank_ng", "account": "0123456000", "bank": "000001", "customer_name": "Afi Mensah", "customer_email": "afi@shop.example"},
	} {
		a := b.Ask(t.Context(), "disburse", in)
		b.Wants(a, want{Kind: capabilities.Held, Guard: "approval"})
		b.Wants(b.Call("disburse", in), want{State: capabilities.Pending})
		b.Clock.Advance(delay)
		b.Wants(b.ask(in["reference"]), want{State: capabilities.Succeeded})
		b.Moved(in["reference"], emulation.Disburse, 1, 1)
	}
}

// A confirmation that nobody can give is left to a person: nothing is guessed,
// and the payout is not sent again.
func TestPayoutThatWantsAConfirmation(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.disburse(benin, unconfirmed, "CONFIRM")
	b.Wants(a, want{State: capabilities.Pending, Response: "confirm_type=1"})
	b.says(a, "MobiPay wants a confirmation of type 1")
	if detail(a, "confirm_type") != "1" {
		t.Errorf("the confirmation is of type %s", a.Details["confirm_type"])
	}
	b.Clock.Advance(100 * delay)
	b.Wants(b.ask("CONFIRM"), want{State: capabilities.Pending})
	b.Wants(b.disburse(benin, unconfirmed, "CONFIRM"), want{State: capabilities.Pending, Note: "nothing was sent"})
	b.Moved("CONFIRM", emulation.Disburse, 1, 0)
}

func TestPayoutIsTakenAndThenFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.disburse(benin, emulation.PayoutFails, "OUT-FAILS"), want{State: capabilities.Pending, Response: "status=1"})
	b.Clock.Advance(delay)
	b.Wants(b.ask("OUT-FAILS"), want{State: capabilities.Failed, Response: "status=3"})
	b.Moved("OUT-FAILS", emulation.Disburse, 1, 0)
}

func TestPayoutIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	no := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "status=3"}
	b.Wants(b.disburse(benin, emulation.LowBalance, "LOW"), no)
	b.Wants(b.disburse(benin, emulation.OverLimit, "OVER"), no)
}

// Payments and payouts share their order_ids, here as at MobiPay.
func TestPayoutWithAPaymentsReference(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.Paid, "SHARED")
	b.Wants(b.disburse(benin, emulation.Paid, "SHARED"), want{Kind: capabilities.Refused, Guard: "reference"})
	b.Moved("SHARED", emulation.Collect, 1, 0)
}

// Without a human nothing leaves.
func TestPayoutNeedsAHuman(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.Ask(t.Context(), "disburse", benin.order(emulation.Paid, "HELD")), want{Kind: capabilities.Held, Guard: "approval", Message: "approvals approve"})
	b.Untouched()
}
