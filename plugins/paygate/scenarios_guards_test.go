package paygate_test

import (
	"net/http"
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
	gotchas string // that it makes harmless, without "paygate."
	answer  func(bench) *host.Answer
}{
	{"the wire's word for a network", "schema", "initiate_payment.4", func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("network", "TMONEY"))
	}},
	{"a local number", "schema", "initiate_payment.8", func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("msisdn", "0090000"))
	}},
	{"a reference with a slash", "schema", "initiate_payment.9", func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER/1"))
	}},
	{"an amount with decimals", "schema", "initiate_payment.10", func(b bench) *host.Answer {
		return b.Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").With("amount", "5000.0"))
	}},
	{"a payout without a reference", "schema", "disburse.4 disburse.11", func(b bench) *host.Answer {
		return b.Call("disburse", togocel.order(emulation.Paid, "ORDER-1").Without("reference"))
	}},
	{"a payout to a local number", "schema", "disburse.12", func(b bench) *host.Answer {
		return b.Call("disburse", togocel.order(emulation.Paid, "ORDER-1").With("msisdn", "0090000"))
	}},
	{"production, taken for something else", "environment", "initiate_payment.15", func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://paygateglobal.com").Call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a first payment in production", "notices", "initiate_payment.6", func(b bench) *host.Answer {
		return b.Informed("initiate_payment", "initiate_payment.6").Ask(b.Context(), "initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout from an address that nobody entered", "notices", "disburse.2", func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.2").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout whose statuses nobody looked up", "notices", "disburse.7", func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.7").Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a used identifier", "reference", "initiate_payment.3", func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.Call("initiate_payment", togocel.order(emulation.PaidAtOnce, "ORDER-1").With("amount", "6000"))
	}},
	{"a payment with an unknown outcome, sent again", "reference", "initiate_payment.14 check_payment_status.12", func(b bench) *host.Answer {
		b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
	}},
	{"a payment with an unknown outcome, sent again under a new identifier", "suspected_repeat", "initiate_payment.14 check_payment_status.12", func(b bench) *host.Answer {
		b.collect(togocel, emulation.CutTaken, "ORDER-1")
		return b.Ask(b.Context(), "initiate_payment", togocel.order(emulation.CutTaken, "ORDER-2"))
	}},
	{"a payout, sent again", "reference", "disburse.10", func(b bench) *host.Answer {
		b.disburse(togocel, emulation.Paid, "ORDER-1")
		return b.disburse(togocel, emulation.Paid, "ORDER-1")
	}},
	{"a payout with an unknown outcome, sent again", "reference", "disburse.9", func(b bench) *host.Answer {
		b.disburse(togocel, emulation.CutTaken, "ORDER-1")
		return b.disburse(togocel, emulation.CutTaken, "ORDER-1")
	}},
	{"a payout with an unknown outcome, sent again under a new reference", "suspected_repeat", "disburse.9", func(b bench) *host.Answer {
		b.disburse(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", togocel.order(emulation.ErrorTaken, "ORDER-2"))
	}},
	{"a payout that only the other network's account covers", "pre_check", "check_balance.2 disburse.5", func(b bench) *host.Answer {
		return b.Call("disburse", togocel.order(emulation.Paid, "ORDER-1").With("amount", "250001"))
	}},
	{"a payout to a number that no person confirmed", "approval", "disburse.12", func(b bench) *host.Answer {
		return b.Ask(b.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a question in the same second", "polling_pace", "check_payment_status.2", func(b bench) *host.Answer {
		b.collect(togocel, emulation.Paid, "ORDER-1")
		b.ask("ORDER-1")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{"a webhook that anybody sent", "webhook_recheck", "check_payment_status.6 verify_webhook.2", func(b bench) *host.Answer {
		b.collect(togocel, emulation.NeverAnswered, "ORDER-1")
		return b.verify(claim("ORDER-1", "5000"))
	}},
	{"a webhook of a payment that the customer refused", "webhook_recheck", "verify_webhook.8", func(b bench) *host.Answer {
		b.collect(togocel, emulation.Refused, "ORDER-1")
		return b.verify(claim("ORDER-1", "5000"))
	}},
	{"a webhook with a larger amount", "webhook_recheck", "verify_webhook.7", func(b bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.verify(claim("ORDER-1", "500000"))
	}},
	{"a paid amount that is not the recorded one", "webhook_recheck", "check_payment_status.11 verify_webhook.10", func(b bench) *host.Answer {
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

// TestGuardsEnforceTheirGotchas runs every scenario: it ends where the
// catalogue says, and nothing more was asked of PayGate than before the answer.
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
	b.Wants(b.Informed("initiate_payment", "").Ask(t.Context(), "initiate_payment", togocel.order(emulation.Paid, "ORDER-1")), want{State: capabilities.Pending})
	b.Wants(b.Informed("disburse", "").Ask(t.Context(), "disburse", togocel.order(emulation.Paid, "ORDER-2")), want{Kind: capabilities.Held, Guard: "approval"})
}

// TestEveryGotchaIsProved holds the catalogue to the scenarios: whoever names
// an enforcer has to show it.
func TestEveryGotchaIsProved(t *testing.T) {
	t.Parallel()
	var proved []proof.Pair
	for _, e := range enforced {
		for id := range strings.FieldsSeq(e.gotchas) {
			proved = append(proved, proof.Pair{Gotcha: "paygate." + id, Enforcer: e.guard})
		}
	}
	tests, err := proof.Tests(".")
	if err != nil {
		t.Fatal(err)
	}
	for id, test := range byPlugin {
		proved = append(proved, proof.Pair{Gotcha: "paygate." + id, Enforcer: "plugin"})
		if !slices.Contains(tests, test) {
			t.Errorf("%s is shown by %s, which there is not", id, test)
		}
	}
	if err := proof.Check(gotchas.For("paygate"), proved); err != nil {
		t.Error(err)
	}
}
