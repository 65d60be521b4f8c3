package mobipay_test

import (
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []hosttest.Scenario[bench]{
	{Name: "an amount as people write it", Guard: "schema", Gotchas: "initiate_payment.4", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1").With("amount", "1,100.00"))
	}},
	{Name: "a payment without a network", Guard: "schema", Gotchas: "initiate_payment.16", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1").Without("network"))
	}},
	{Name: "the number of the reference's sample", Guard: "schema", Gotchas: "initiate_payment.21", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1").With("msisdn", "0900000001"))
	}},
	{Name: "a reference with a slash", Guard: "schema", Gotchas: "initiate_payment.31", Answer: func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER/1"))
	}},
	{Name: "somebody's host, taken for the emulator", Guard: "environment", Gotchas: "initiate_payment.12", Answer: func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://api.brand.example").Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payment whose provider id nobody confirmed", Guard: "notices", Gotchas: "initiate_payment.13", Answer: func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.13").Ask(b.Context(), "initiate_payment", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payment whose limits nobody asked for", Guard: "notices", Gotchas: "initiate_payment.14", Answer: func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.14").Ask(b.Context(), "initiate_payment", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout that may want a confirmation", Guard: "notices", Gotchas: "disburse.3", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.3").Ask(b.Context(), "disburse", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a payout whose provider id nobody confirmed", Guard: "notices", Gotchas: "disburse.5", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.5").Ask(b.Context(), "disburse", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a used order_id", Guard: "reference", Gotchas: "initiate_payment.30", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.PaidAtOnce, "ORDER-1")
		return b.Call("initiate_payment", benin.order(emulation.PaidAtOnce, "ORDER-1").With("amount", "6000"))
	}},
	{Name: "a payment with an unknown outcome, sent again", Guard: "reference", Gotchas: "initiate_payment.32 check_payment_status.10", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.ErrorTaken, "ORDER-1")
		return b.collect(benin, emulation.ErrorTaken, "ORDER-1")
	}},
	{Name: "a payment with an unknown outcome, sent again under a new order_id", Guard: "suspected_repeat", Gotchas: "initiate_payment.32 check_payment_status.10", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "initiate_payment", benin.order(emulation.CutTaken, "ORDER-2"))
	}},
	{Name: "a payout with a payment's order_id", Guard: "reference", Gotchas: "disburse.13", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.Paid, "ORDER-1")
		return b.disburse(benin, emulation.Paid, "ORDER-1")
	}},
	{Name: "a payout with an unknown outcome, sent again", Guard: "reference", Gotchas: "disburse.14", Answer: func(b bench) *host.Answer {
		b.disburse(benin, emulation.HTMLPage, "ORDER-1")
		return b.disburse(benin, emulation.HTMLPage, "ORDER-1")
	}},
	{Name: "a payout with an unknown outcome, sent again under a new order_id", Guard: "suspected_repeat", Gotchas: "disburse.14", Answer: func(b bench) *host.Answer {
		b.disburse(benin, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", benin.order(emulation.CutTaken, "ORDER-2"))
	}},
	{Name: "a payout to a number that no person confirmed", Guard: "approval", Gotchas: "disburse.15", Answer: func(b bench) *host.Answer {
		return b.Ask(b.Context(), "disburse", ivory.order(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a question in the same second", Guard: "polling_pace", Gotchas: "check_payment_status.5", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.Paid, "ORDER-1")
		b.ask("ORDER-1")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{Name: "a genuine callback of what is not so any more", Guard: "webhook_recheck", Gotchas: "verify_webhook.6", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.Refused, "ORDER-1")
		return b.verify(b.signed(b.claim("ORDER-1", "5000")))
	}},
	{Name: "a genuine callback with another amount", Guard: "webhook_recheck", Gotchas: "verify_webhook.7", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(b.signed(b.claim("ORDER-1", "500000")))
	}},
	{Name: "a callback that comes again", Guard: "webhook_recheck", Gotchas: "verify_webhook.8", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.PaidAtOnce, "ORDER-1")
		b.verify(b.signed(b.claim("ORDER-1", "5000")))
		return b.verify(b.signed(b.claim("ORDER-1", "5000")))
	}},
	{Name: "a callback of a payout", Guard: "webhook_recheck", Gotchas: "verify_webhook.9", Answer: func(b bench) *host.Answer {
		b.disburse(benin, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(b.signed(b.claim("ORDER-1", "5000")))
	}},
	{Name: "a genuine callback, cut into other fields", Guard: "webhook_recheck", Gotchas: "verify_webhook.13", Answer: func(b bench) *host.Answer {
		b.collect(benin, emulation.NeverAnswered, "ORDER-1")
		whole := b.signed(b.claim("ORDER-1", "5000"))
		return b.verify(strings.Replace(whole, `"2290196000000","amount":5000`, `"2290196000000amount5000"`, 1))
	}},
}

// byPlugin names, for each gotcha that the plugin makes harmless, a test that
// shows it.
var byPlugin = map[string]string{
	"initiate_payment.1":      "TestPaymentIsTakenAndThenPaid",
	"initiate_payment.2":      "TestPaymentIsRefusedAtOnce",
	"initiate_payment.3":      "TestWrongCredentials",
	"initiate_payment.4":      "TestDocumentedRequests",
	"initiate_payment.5":      "TestDocumentedRequests",
	"initiate_payment.6":      "TestRequestsAreSigned",
	"initiate_payment.7":      "TestSignedText",
	"initiate_payment.8":      "TestSignedText",
	"initiate_payment.9":      "TestSignaturesOfTheSamples",
	"initiate_payment.10":     "TestSignaturesOfTheSamples",
	"initiate_payment.15":     "TestProviderIDIsNotSet",
	"initiate_payment.16":     "TestEveryNetworkPaysAndIsPaid",
	"initiate_payment.17":     "TestRulesOfTheTable",
	"initiate_payment.18":     "TestLimits",
	"initiate_payment.19":     "TestLimits",
	"initiate_payment.20":     "TestRulesOfTheTable",
	"initiate_payment.22":     "TestNumberFormats",
	"initiate_payment.23":     "TestPaymentWithACodeThatComesFirst",
	"initiate_payment.24":     "TestPaymentIsConfirmedLater",
	"initiate_payment.25":     "TestRulesOfTheTable",
	"initiate_payment.26":     "TestPaymentOnAPage",
	"initiate_payment.27":     "TestPaymentByTransfer",
	"initiate_payment.33":     "TestMoneyWithoutAnAnswer",
	"initiate_payment.34":     "TestDocumentedAnswers",
	"initiate_payment.35":     "TestSimulator",
	"check_payment_status.1":  "TestDocumentedAnswers",
	"check_payment_status.2":  "TestDocumentedAnswers",
	"check_payment_status.3":  "TestOrderThatIsNotKnown",
	"check_payment_status.4":  "TestDocumentedAnswers",
	"check_payment_status.7":  "TestPaymentOnAPage",
	"check_payment_status.8":  "TestPaymentInTheOtherSpelling",
	"check_payment_status.11": "TestDocumentedAnswers",
	"disburse.1":              "TestPayoutIsTakenAndThenPaid",
	"disburse.2":              "TestPaymentIsRefusedAtOnce",
	"disburse.4":              "TestPayoutThatWantsAConfirmation",
	"disburse.6":              "TestRulesOfTheTable",
	"disburse.7":              "TestPayoutToABank",
	"disburse.9":              "TestLimits",
	"disburse.10":             "TestLimits",
	"disburse.11":             "TestRulesOfTheTable",
	"disburse.14":             "TestMoneyWithoutAnAnswer",
	"disburse.17":             "TestRulesOfTheTable",
	"confirm_payment.1":       "TestDocumentedConfirmation",
	"confirm_payment.2":       "TestPaymentIsConfirmedLater",
	"list_networks.2":         "TestListNetworks",
	"list_networks.13":        "TestManifest",
	"list_networks.15":        "TestEveryCountryHasAnExample",
	"verify_webhook.1":        "TestWebhooksThatAreNotTaken",
	"verify_webhook.2":        "TestSignedText",
	"verify_webhook.3":        "TestWebhookOfTheOpenAPIDocument",
	"verify_webhook.4":        "TestWebhookThatIsForged",
	"verify_webhook.5":        "TestWebhooksThatAreNotTaken",
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
	b.Wants(b.Informed("initiate_payment", "").Ask(t.Context(), "initiate_payment", benin.order(emulation.Paid, "ORDER-1")), want{State: capabilities.Pending})
	b.Wants(b.Informed("disburse", "").Ask(t.Context(), "disburse", benin.order(emulation.Paid, "ORDER-2")), want{Kind: capabilities.Held, Guard: "approval"})
}
