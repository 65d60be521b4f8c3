package paygate_test

import (
	"net/http"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []hosttest.Scenario[bench]{
	{Name: "the wire's word for a network", Guard: "schema", Gotchas: "initiate_payment.4", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("network", "TMONEY"))
	}},
	{Name: "a local number", Guard: "schema", Gotchas: "initiate_payment.8", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("msisdn", "0090000"))
	}},
	{Name: "a reference with a slash", Guard: "schema", Gotchas: "initiate_payment.9", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER/1"))
	}},
	{Name: "an amount with decimals", Guard: "schema", Gotchas: "initiate_payment.10", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("amount", "5000.0"))
	}},
	{Name: "a payout without a reference", Guard: "schema", Gotchas: "disburse.4 disburse.11", Answer: func(b bench) *host.Answer {
		return b.Call("disburse", togocel.order(emulation.Paid, "ORDER-1").Without("reference"))
	}},
	{Name: "a payout to a local number", Guard: "schema", Gotchas: "disburse.12", Answer: func(b bench) *host.Answer {
		return b.Call("disburse", togocel.order(emulation.Paid, "ORDER-1").With("msisdn", "0090000"))
	}},
	{Name: "production, taken for something else", Guard: "environment", Gotchas: "initiate_payment.15", Answer: func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://paygateglobal.com").Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a first payment in production", Guard: "notices", Gotchas: "initiate_payment.6", Answer: func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.6").Ask(b.Context(), "initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout from an address that nobody entered", Guard: "notices", Gotchas: "disburse.2", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.2").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout whose statuses nobody looked up", Guard: "notices", Gotchas: "disburse.7", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.7").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a used identifier", Guard: "reference", Gotchas: "initiate_payment.3", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.Call("initiate_payment", togocel.order(emulation.PaidAtOnce, "ORDER-1").With("amount", "6000"))
	}},
	{Name: "a payment with an unknown outcome, sent again", Guard: "reference", Gotchas: "initiate_payment.14 check_payment_status.12", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
	}},
	{Name: "a payment with an unknown outcome, sent again under a new identifier", Guard: "suspected_repeat", Gotchas: "initiate_payment.14 check_payment_status.12", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "initiate_payment", togocel.order(emulation.CutTaken, "ORDER-2"))
	}},
	{Name: "a payout, sent again", Guard: "reference", Gotchas: "disburse.10", Answer: func(b bench) *host.Answer {
		b.disburse(togocel, emulation.Paid, "ORDER-1")
		return b.disburse(togocel, emulation.Paid, "ORDER-1")
	}},
	{Name: "a payout with an unknown outcome, sent again", Guard: "reference", Gotchas: "disburse.9", Answer: func(b bench) *host.Answer {
		b.disburse(togocel, emulation.CutTaken, "ORDER-1")
		return b.disburse(togocel, emulation.CutTaken, "ORDER-1")
	}},
	{Name: "a payout with an unknown outcome, sent again under a new reference", Guard: "suspected_repeat", Gotchas: "disburse.9", Answer: func(b bench) *host.Answer {
		b.disburse(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", togocel.order(emulation.ErrorTaken, "ORDER-2"))
	}},
	{Name: "a payout that only the other network's account covers", Guard: "pre_check", Gotchas: "check_balance.2 disburse.5", Answer: func(b bench) *host.Answer {
		return b.Call("disburse", togocel.order(emulation.Paid, "ORDER-1").With("amount", "250001"))
	}},
	{Name: "a payout to a number that no person confirmed", Guard: "approval", Gotchas: "disburse.12", Answer: func(b bench) *host.Answer {
		return b.Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a question in the same second", Guard: "polling_pace", Gotchas: "check_payment_status.2", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.Paid, "ORDER-1")
		b.ask("ORDER-1")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{Name: "a webhook that anybody sent", Guard: "webhook_recheck", Gotchas: "check_payment_status.6 verify_webhook.2", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.NeverAnswered, "ORDER-1")
		return b.verify(claim("ORDER-1", "5000"))
	}},
	{Name: "a webhook of a payment that the customer refused", Guard: "webhook_recheck", Gotchas: "verify_webhook.8", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.Refused, "ORDER-1")
		return b.verify(claim("ORDER-1", "5000"))
	}},
	{Name: "a webhook with a larger amount", Guard: "webhook_recheck", Gotchas: "verify_webhook.7", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(claim("ORDER-1", "500000"))
	}},
	{Name: "a paid amount that is not the recorded one", Guard: "webhook_recheck", Gotchas: "check_payment_status.11 verify_webhook.10", Answer: func(b bench) *host.Answer {
		other, stub := newStubBench(b.T)
		stub.Says(http.StatusOK, `{"tx_reference":1,"identifier":"ORDER-1","amount":50,"status":0}`)
		other.collect(togocel, emulation.Paid, "ORDER-1")
		return other.verify(claim("ORDER-1", "5000"))
	}},
}

// byPlugin names, for each gotcha that the plugin makes harmless, a test that
// shows it.
var byPlugin = map[string]string{
	"initiate_payment.1":      "TestPaymentIsRegisteredAndThenPaid",
	"initiate_payment.2":      "TestPaymentIsNotRegistered",
	"initiate_payment.4":      "TestDocumentedRequests",
	"initiate_payment.7":      "TestDocumentedAnswers",
	"initiate_payment.8":      "TestDocumentedRequests",
	"initiate_payment.10":     "TestDocumentedRequests",
	"initiate_payment.11":     "TestDocumentedRequests",
	"initiate_payment.12":     "TestWrongToken",
	"check_payment_status.1":  "TestDocumentedAnswers",
	"check_payment_status.4":  "TestNetworksAreReadBack",
	"check_payment_status.5":  "TestStatusByTxReference",
	"check_payment_status.8":  "TestTransactionThatIsNotKnownYet",
	"check_payment_status.9":  "TestTransactionThatIsNotKnownYet",
	"check_payment_status.10": "TestDocumentedAnswers",
	"check_payment_status.11": "TestPaymentInTheOtherSpelling",
	"create_payment_page.1":   "TestPageAddress",
	"create_payment_page.2":   "TestPageAddress",
	"create_payment_page.7":   "TestPageAddress",
	"check_balance.2":         "TestPayoutThatTheBalanceDoesNotCover",
	"check_balance.3":         "TestPayoutThatTheBalanceDoesNotCover",
	"disburse.1":              "TestPayoutStatuses",
	"disburse.3":              "TestPayoutIsAcceptedAndThenPaid",
	"disburse.4":              "TestPayoutIsAcceptedAndThenPaid",
	"disburse.6":              "TestPayoutIsAcceptedAndThenPaid",
	"disburse.8":              "TestPayoutStatuses",
	"disburse.11":             "TestPayoutAlwaysHasAReason",
	"verify_webhook.5":        "TestNetworksAreReadBack",
	"verify_webhook.9":        "TestWebhookComesTwice",
}

func TestGuardsEnforceTheirGotchas(t *testing.T) {
	t.Parallel()
	hosttest.Enforce(t, newBench, enforced)
}

func TestEveryGotchaIsProved(t *testing.T) {
	t.Parallel()
	hosttest.Prove(t, provider, enforced, byPlugin)
}

// Once every notice of a capability is acknowledged, they hold it no more.
func TestAcknowledgedNoticesHoldNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.Informed("initiate_payment", "").Ask(t.Context(), "initiate_payment", togocel.order(emulation.Paid, "ORDER-1")), want{State: capabilities.Pending})
	b.Wants(b.Informed("disburse", "").Ask(t.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-2")), want{Kind: capabilities.Held, Guard: "approval"})
}
