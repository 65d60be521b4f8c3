package qosic_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []hosttest.Scenario[bench]{
	{Name: "a reference of another length", Guard: "schema", Gotchas: "initiate_payment.10", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "123e4567-e89b-12d3-a456-426614174000"))
	}},
	{Name: "an amount with decimals", Guard: "schema", Gotchas: "initiate_payment.11", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("amount", "1000.00"))
	}},
	{Name: "a local number", Guard: "schema", Gotchas: "initiate_payment.12", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("msisdn", "0090000"))
	}},
	{Name: "the sandbox over plain HTTP, as the docs print it", Guard: "environment", Gotchas: "initiate_payment.7", Answer: func(b bench) *host.Answer {
		return b.Targeting(capabilities.Sandbox, "http://staging.qosic.net:9010").Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "production, taken for something else", Guard: "environment", Gotchas: "initiate_payment.24", Answer: func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://api.qosic.net").Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a first payment in production", Guard: "notices", Gotchas: "initiate_payment.8", Answer: func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.8").Ask(b.Context(), "initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout from an address that nobody entered", Guard: "notices", Gotchas: "disburse.3", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.3").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout from a wallet that nobody filled", Guard: "notices", Gotchas: "disburse.4", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.4").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout without the second factor", Guard: "notices", Gotchas: "disburse.5", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.5").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a used transref", Guard: "reference", Gotchas: "initiate_payment.9", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.Call("initiate_payment", togocel.order(emulation.PaidAtOnce, "ORDER-1").With("amount", "6000"))
	}},
	{Name: "a payout with a payment's transref", Guard: "reference", Gotchas: "disburse.7", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.disburse(togocel, emulation.Paid, "ORDER-1")
	}},
	{Name: "a payment with an unknown outcome, sent again", Guard: "reference", Gotchas: "initiate_payment.23 check_payment_status.14", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
	}},
	{Name: "a payment with an unknown outcome, sent again under a new transref", Guard: "suspected_repeat", Gotchas: "initiate_payment.23 check_payment_status.14", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "initiate_payment", togocel.order(emulation.CutTaken, "ORDER-2"))
	}},
	{Name: "a payout with an unknown outcome, sent again", Guard: "reference", Gotchas: "disburse.13", Answer: func(b bench) *host.Answer {
		b.disburse(togocel, emulation.CutTaken, "ORDER-1")
		return b.disburse(togocel, emulation.CutTaken, "ORDER-1")
	}},
	{Name: "a payout with an unknown outcome, sent again under a new transref", Guard: "suspected_repeat", Gotchas: "disburse.13", Answer: func(b bench) *host.Answer {
		b.disburse(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", togocel.order(emulation.ErrorTaken, "ORDER-2"))
	}},
	{Name: "a refund that no person agreed to", Guard: "approval", Gotchas: "refund.3", Answer: func(b bench) *host.Answer {
		b.collect(mtnBenin, emulation.PaidAtOnce, "ORDER-1")
		return b.Ask(b.Context(), "refund", hosttest.Input{"original_reference": "ORDER-1"})
	}},
	{Name: "a second refund", Guard: "reference", Gotchas: "refund.3", Answer: func(b bench) *host.Answer {
		b.collect(mtnBenin, emulation.PaidAtOnce, "ORDER-1")
		b.Call("refund", hosttest.Input{"original_reference": "ORDER-1"})
		return b.Call("refund", hosttest.Input{"original_reference": "ORDER-1"})
	}},
	{Name: "a refund with an unknown outcome, sent again", Guard: "reference", Gotchas: "refund.6", Answer: func(b bench) *host.Answer {
		b.collect(mtnBenin, emulation.ErrorTaken, "ORDER-1")
		b.Clock.Advance(delay)
		b.Call("refund", hosttest.Input{"original_reference": "ORDER-1"})
		return b.Call("refund", hosttest.Input{"original_reference": "ORDER-1"})
	}},
	{Name: "a question in the same second", Guard: "polling_pace", Gotchas: "check_payment_status.1 check_payment_status.12", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.Paid, "ORDER-1")
		b.ask("ORDER-1", "")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{Name: "a webhook that anybody sent", Guard: "webhook_recheck", Gotchas: "verify_webhook.2", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.NeverAnswered, "ORDER-1")
		return b.verify(claim("SUCCESSFUL", "200", "ORDER-1", "5000"), "")
	}},
	{Name: "a webhook with a larger amount", Guard: "webhook_recheck", Gotchas: "verify_webhook.3", Answer: func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(claim("SUCCESSFUL", "200", "ORDER-1", "500000"), "")
	}},
}

// byPlugin names, for each gotcha that the plugin makes harmless, a test that
// shows it.
var byPlugin = map[string]string{
	"initiate_payment.1":      "TestPaymentIsAcceptedAndThenPaid",
	"initiate_payment.2":      "TestPaymentInTheOtherSpelling",
	"initiate_payment.3":      "TestDocumentedAnswers",
	"initiate_payment.4":      "TestDocumentedRequests",
	"initiate_payment.5":      "TestClientIDsAreMixedUp",
	"initiate_payment.6":      "TestDocumentedRequests",
	"initiate_payment.11":     "TestDocumentedRequests",
	"initiate_payment.15":     "TestDocumentedRequests",
	"initiate_payment.16":     "TestClientIDIsNotSet",
	"initiate_payment.17":     "TestWrongClientID",
	"initiate_payment.18":     "TestMoovBeninAnswersWhenTheCustomerHasDecided",
	"initiate_payment.19":     "TestDocumentedRequests",
	"initiate_payment.25":     "TestWrongInputsAreNotSent",
	"check_payment_status.2":  "TestDocumentedAnswers",
	"check_payment_status.3":  "TestUnknownTransref",
	"check_payment_status.5":  "TestDocumentedRequests",
	"check_payment_status.6":  "TestCustomerRefuses",
	"check_payment_status.7":  "TestDocumentedRequests",
	"check_payment_status.8":  "TestWrongClientID",
	"check_payment_status.9":  "TestFinalCodes",
	"check_payment_status.10": "TestFinalCodes",
	"check_payment_status.11": "TestFinalCodeEndsThePolling",
	"check_payment_status.13": "TestDocumentedAnswers",
	"disburse.1":              "TestPayoutIsAcceptedAndThenPaid",
	"disburse.2":              "TestPayoutIsAcceptedAndThenPaid",
	"disburse.6":              "TestDocumentedRequests",
	"disburse.8":              "TestDocumentedRequests",
	"disburse.9":              "TestNoPayoutOnCeltiis",
	"disburse.10":             "TestPayoutIsAcceptedAndThenPaid",
	"disburse.11":             "TestDocumentedAnswers",
	"disburse.14":             "TestPayoutIsRefusedAtOnce",
	"refund.1":                "TestRefundOfWhatIsNotPaid",
	"refund.4":                "TestRefund",
	"refund.5":                "TestWrongClientID",
	"refund.7":                "TestRefundKeepsThePhone",
	"verify_webhook.5":        "TestBodiesThatAreNoWebhook",
	"verify_webhook.6":        "TestWebhooksThatLie",
	"verify_webhook.8":        "TestWebhooksThatLie",
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
	b.Wants(b.Informed("initiate_payment", "").Ask(b.Context(), "initiate_payment", togocel.order(emulation.Paid, "ORDER-1")), want{State: capabilities.Pending})
	for capability, in := range map[string]hosttest.Input{"disburse": togocel.order(emulation.Paid, "ORDER-2"), "refund": {"original_reference": "ORDER-1"}} {
		if a := b.Informed(capability, "").Ask(b.Context(), capability, in); a.Guard == "notices" || !a.Refused() {
			t.Errorf("%s:\n%s", capability, a.Text())
		}
	}
}

// The number in a refund only says whose payment it is: Qosic never gets it.
func TestRefundKeepsThePhone(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.saysCode(http.StatusOK, "00", "OPERATION SUCCESSFUL")
	b.Wants(b.Call("refund", hosttest.Input{"original_reference": "ORDER-1", "msisdn": mtnBenin.msisdn(emulation.Paid)}), want{State: capabilities.Succeeded})
	if names := slices.Sorted(maps.Keys(stub.Last(t).Body)); !slices.Equal(names, []string{"clientid", "transref"}) {
		t.Errorf("it sent %v", names)
	}
}
