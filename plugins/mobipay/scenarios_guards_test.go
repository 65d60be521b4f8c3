package mobipay_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/gotchas/proof"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// The catalogue says by what each trap is made harmless. What is enforced by
// the host is shown here, one scenario for each; what is enforced by the
// plugin, by the tests that are named below.

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []struct {
	name    string
	guard   string
	gotchas string // that it makes harmless, without "mobipay."
	answer  func(bench) *host.Answer
}{
	{"an amount as people write it", "schema", "initiate_payment.4", func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1").With("amount", "1,100.00"))
	}},
	{"a payment without a network", "schema", "initiate_payment.16", func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1").Without("network"))
	}},
	{"the number of the reference's sample", "schema", "initiate_payment.21", func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1").With("msisdn", "0900000001"))
	}},
	{"a reference with a slash", "schema", "initiate_payment.31", func(b bench) *host.Answer {
		return b.Call("initiate_payment", benin.order(emulation.Paid, "ORDER/1"))
	}},
	{"somebody's host, taken for the emulator", "environment", "initiate_payment.12", func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://api.brand.example").Call("initiate_payment", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payment whose provider id nobody confirmed", "notices", "initiate_payment.13", func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.13").Ask(b.Context(), "initiate_payment", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payment whose limits nobody asked for", "notices", "initiate_payment.14", func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.14").Ask(b.Context(), "initiate_payment", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout that may want a confirmation", "notices", "disburse.3", func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.3").Ask(b.Context(), "disburse", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout whose provider id nobody confirmed", "notices", "disburse.5", func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.5").Ask(b.Context(), "disburse", benin.order(emulation.Paid, "ORDER-1"))
	}},
	{"a used order_id", "reference", "initiate_payment.30", func(b bench) *host.Answer {
		b.collect(benin, emulation.PaidAtOnce, "ORDER-1")
		return b.Call("initiate_payment", benin.order(emulation.PaidAtOnce, "ORDER-1").With("amount", "6000"))
	}},
	{"a payment with an unknown outcome, sent again", "reference", "initiate_payment.32 check_payment_status.10", func(b bench) *host.Answer {
		b.collect(benin, emulation.ErrorTaken, "ORDER-1")
		return b.collect(benin, emulation.ErrorTaken, "ORDER-1")
	}},
	{"a payment with an unknown outcome, sent again under a new order_id", "suspected_repeat", "initiate_payment.32 check_payment_status.10", func(b bench) *host.Answer {
		b.collect(benin, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "initiate_payment", benin.order(emulation.CutTaken, "ORDER-2"))
	}},
	{"a payout with a payment's order_id", "reference", "disburse.13", func(b bench) *host.Answer {
		b.collect(benin, emulation.Paid, "ORDER-1")
		return b.disburse(benin, emulation.Paid, "ORDER-1")
	}},
	{"a payout with an unknown outcome, sent again", "reference", "disburse.14", func(b bench) *host.Answer {
		b.disburse(benin, emulation.HTMLPage, "ORDER-1")
		return b.disburse(benin, emulation.HTMLPage, "ORDER-1")
	}},
	{"a payout with an unknown outcome, sent again under a new order_id", "suspected_repeat", "disburse.14", func(b bench) *host.Answer {
		b.disburse(benin, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", benin.order(emulation.CutTaken, "ORDER-2"))
	}},
	{"a payout to a number that no person confirmed", "approval", "disburse.15", func(b bench) *host.Answer {
		return b.Ask(b.Context(), "disburse", ivory.order(emulation.Paid, "ORDER-1"))
	}},
	{"a question in the same second", "polling_pace", "check_payment_status.5", func(b bench) *host.Answer {
		b.collect(benin, emulation.Paid, "ORDER-1")
		b.ask("ORDER-1")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{"a genuine callback of what is not so any more", "webhook_recheck", "verify_webhook.6", func(b bench) *host.Answer {
		b.collect(benin, emulation.Refused, "ORDER-1")
		return b.verify(b.signed(b.claim("ORDER-1", "5000")))
	}},
	{"a genuine callback with another amount", "webhook_recheck", "verify_webhook.7", func(b bench) *host.Answer {
		b.collect(benin, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(b.signed(b.claim("ORDER-1", "500000")))
	}},
	{"a callback that comes again", "webhook_recheck", "verify_webhook.8", func(b bench) *host.Answer {
		b.collect(benin, emulation.PaidAtOnce, "ORDER-1")
		b.verify(b.signed(b.claim("ORDER-1", "5000")))
		return b.verify(b.signed(b.claim("ORDER-1", "5000")))
	}},
	{"a callback of a payout", "webhook_recheck", "verify_webhook.9", func(b bench) *host.Answer {
		b.disburse(benin, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(b.signed(b.claim("ORDER-1", "5000")))
	}},
	{"a genuine callback, cut into other fields", "webhook_recheck", "verify_webhook.13", func(b bench) *host.Answer {
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
	"verify_webhook.1":        "TestCallbacksThatAreNotTaken",
	"verify_webhook.2":        "TestSignedText",
	"verify_webhook.3":        "TestCallbackOfTheOpenAPIDocument",
	"verify_webhook.4":        "TestCallbackThatIsForged",
	"verify_webhook.5":        "TestCallbacksThatAreNotTaken",
}

// TestGuardsEnforceTheirGotchas runs every scenario: it ends where the
// catalogue says, and nothing more was asked of MobiPay than before the answer.
func TestGuardsEnforceTheirGotchas(t *testing.T) {
	t.Parallel()
	for _, e := range enforced {
		t.Run(e.guard+"/"+e.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, emulation.Options{})
			b.Ended(e.answer(b), e.guard, e.gotchas, "ORDER-1")
		})
	}
}

// Once every notice of a capability is acknowledged, they hold it no more.
func TestAcknowledgedNoticesHoldNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.Informed("initiate_payment", "").Ask(t.Context(), "initiate_payment", benin.order(emulation.Paid, "ORDER-1")), want{State: capabilities.Pending})
	b.Wants(b.Informed("disburse", "").Ask(t.Context(), "disburse", benin.order(emulation.Paid, "ORDER-2")), want{Kind: capabilities.Held, Guard: "approval"})
}

// TestEveryGotchaIsProved holds the catalogue to the scenarios: whoever names
// an enforcer has to show it.
func TestEveryGotchaIsProved(t *testing.T) {
	t.Parallel()
	var proved []proof.Pair
	for _, e := range enforced {
		for id := range strings.FieldsSeq(e.gotchas) {
			proved = append(proved, proof.Pair{Gotcha: "mobipay." + id, Enforcer: e.guard})
		}
	}
	tests, err := proof.Tests(".")
	if err != nil {
		t.Fatal(err)
	}
	for id, test := range byPlugin {
		proved = append(proved, proof.Pair{Gotcha: "mobipay." + id, Enforcer: "plugin"})
		if !slices.Contains(tests, test) {
			t.Errorf("%s is shown by %s, which there is not", id, test)
		}
	}
	if err := proof.Check(gotchas.For("mobipay"), proved); err != nil {
		t.Error(err)
	}
}
