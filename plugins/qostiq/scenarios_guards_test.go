package qostiq_test

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

// free is a bill of the second version.
var free = hosttest.Input{"reference": "ORDER-1", "currency": "UAH"}

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []struct {
	name    string
	guard   string
	gotchas string // that it makes harmless, without "qostiq."
	answer  func(bench) *host.Answer
}{
	{"the wire's number for a currency", "schema", "create_bill.14", func(b bench) *host.Answer {
		return b.Call("create_bill", bill(emulation.Paid, "ORDER-1").With("currency", "980"))
	}},
	{"three decimals", "schema", "create_bill.15", func(b bench) *host.Answer {
		return b.Call("create_bill", bill(emulation.Paid, "ORDER-1").With("amount", "23.155"))
	}},
	{"a reference with a colon", "schema", "create_bill.17", func(b bench) *host.Answer {
		return b.Call("create_bill", bill(emulation.Paid, "5:ORDER-1"))
	}},
	{"a language that the page does not speak", "schema", "create_bill_v2.6", func(b bench) *host.Answer {
		return b.Call("create_bill_v2", free.With("lang", "fr"))
	}},
	{"the answer's word for a type", "schema", "quote_transfer.5", func(b bench) *host.Answer {
		return b.Call("quote_transfer", hosttest.Input{"amount": "10", "currency": "UAH", "amount_type": "write_off_amount"})
	}},
	{"production, taken for something else", "environment", "create_bill.4", func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://core.qostiq.com").Call("create_bill", bill(emulation.Paid, "ORDER-1"))
	}},
	{"a first bill whose URLs the settings override", "notices", "create_bill.3", func(b bench) *host.Answer {
		return b.Informed("create_bill", "create_bill.3").Ask(b.Context(), "create_bill", bill(emulation.Paid, "ORDER-1"))
	}},
	{"a first bill of real money", "notices", "create_bill.4", func(b bench) *host.Answer {
		return b.Informed("create_bill", "create_bill.4").Ask(b.Context(), "create_bill", bill(emulation.Paid, "ORDER-1"))
	}},
	{"a bill whose amount the payer chooses", "notices", "create_bill_v2.2", func(b bench) *host.Answer {
		return b.Informed("create_bill_v2", "create_bill_v2.2").Ask(b.Context(), "create_bill_v2", free)
	}},
	{"a bill of the second version whose URLs the settings override", "notices", "create_bill_v2.3", func(b bench) *host.Answer {
		return b.Informed("create_bill_v2", "create_bill_v2.3").Ask(b.Context(), "create_bill_v2", free)
	}},
	{"a transfer that has no way back", "notices", "disburse.1", func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.1").Ask(b.Context(), "disburse", transfer(emulation.Paid, "ORDER-1"))
	}},
	{"a first transfer of real money", "notices", "disburse.2", func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.2").Ask(b.Context(), "disburse", transfer(emulation.Paid, "ORDER-1"))
	}},
	{"a used number, for another bill", "reference", "create_bill.5", func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		return b.Call("create_bill", bill(emulation.PaidAtOnce, "ORDER-1").With("amount", "24"))
	}},
	{"a bill with an unknown outcome, made again", "reference", "create_bill.13", func(b bench) *host.Answer {
		b.create(emulation.ErrorTaken, "ORDER-1")
		return b.create(emulation.ErrorTaken, "ORDER-1")
	}},
	{"a bill with an unknown outcome, made in the other version", "reference", "create_bill_v2.8", func(b bench) *host.Answer {
		b.create(emulation.CutTaken, "ORDER-1")
		return b.Call("create_bill_v2", free.With("amount", "23.15"))
	}},
	{"a used number, for another transfer", "reference", "disburse.4", func(b bench) *host.Answer {
		b.disburse(emulation.Paid, "ORDER-1")
		return b.disburse(emulation.Variant, "ORDER-1")
	}},
	{"a transfer with an unknown outcome, sent again", "reference", "disburse.5", func(b bench) *host.Answer {
		b.disburse(emulation.CutTaken, "ORDER-1")
		return b.disburse(emulation.CutTaken, "ORDER-1")
	}},
	{"a transfer with an unknown outcome, sent again under a new number", "suspected_repeat", "disburse.5", func(b bench) *host.Answer {
		b.disburse(emulation.ErrorTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", transfer(emulation.ErrorTaken, "ORDER-2"))
	}},
	{"a transfer that no quote is to be had for", "preview", "quote_transfer.1", func(b bench) *host.Answer {
		return b.Call("disburse", transfer(emulation.Paid, "ORDER-1").With("currency", "EUR").With("counter_currency", "KZT"))
	}},
	{"a payee out of the documents", "preview", "quote_transfer.2 disburse.3", func(b bench) *host.Answer {
		return b.Call("disburse", transfer(emulation.Paid, "ORDER-1").With("payee_account", "201497141132"))
	}},
	{"a payee that no person confirmed", "approval", "disburse.3", func(b bench) *host.Answer {
		return b.Ask(b.Context(), "disburse", transfer(emulation.Paid, "ORDER-1"))
	}},
	{"a question within ten seconds", "polling_pace", "check_payment_status.2", func(b bench) *host.Answer {
		b.create(emulation.Paid, "ORDER-1")
		b.ask("ORDER-1")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{"a callback of a bill that was refused since", "webhook_recheck", "verify_webhook.3", func(b bench) *host.Answer {
		b.create(emulation.Refused, "ORDER-1")
		return b.verify(claim("ORDER-1", "success").signed(secret).form())
	}},
	{"a callback with the amount that the payer paid", "webhook_recheck", "verify_webhook.3", func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		return b.verify(claim("ORDER-1", "success").but("shop_amount", "24.31").signed(secret).form())
	}},
	{"a callback that comes again", "webhook_recheck", "verify_webhook.4", func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		b.verify(claim("ORDER-1", "success").signed(secret).form())
		return b.verify(claim("ORDER-1", "success").signed(secret).form())
	}},
	{"a callback of one of several bills", "webhook_recheck", "verify_webhook.5", func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		bench{b.Elsewhere()}.create(emulation.NeverAnswered, "ORDER-1")
		return b.verify(claim("ORDER-1", "success").signed(secret).form())
	}},
	{"a callback that was cut into other fields", "webhook_recheck", "verify_webhook.8", func(b bench) *host.Answer {
		b.create(emulation.Refused, "ORDER-1")
		genuine := callback{"description": "5:ORDER-1:success", "shop_id": "5", "shop_order_id": "ORDER-1", "status": "rejected"}.signed(secret)
		return b.verify(callback{"shop_id": "5", "shop_order_id": "ORDER-1", "status": "success", "t1": "5", "t2": "ORDER-1", "t3": "rejected", "sign": genuine["sign"]}.form())
	}},
}

// byPlugin names, for each gotcha that the plugin makes harmless, a test that
// shows it.
var byPlugin = map[string]string{
	"create_bill.1":           "TestBillIsMadeAndThenPaid",
	"create_bill.6":           "TestWhatIsSigned",
	"create_bill.7":           "TestDocumentedRequests",
	"create_bill.8":           "TestPublishedSignatures",
	"create_bill.10":          "TestDocumentedAnswers",
	"create_bill.11":          "TestBillIsRefusedAtOnce",
	"create_bill.12":          "TestBillIsRefusedAtOnce",
	"create_bill.13":          "TestBillWithoutAnAnswer",
	"create_bill.14":          "TestDocumentedRequests",
	"create_bill.15":          "TestDocumentedAnswers",
	"create_bill.16":          "TestDocumentedAnswers",
	"create_bill_v2.1":        "TestAmountThatChangedOnTheWay",
	"create_bill_v2.2":        "TestBillOfFreeAmount",
	"create_bill_v2.4":        "TestBillsExpire",
	"create_bill_v2.5":        "TestDocumentedRequests",
	"create_bill_v2.7":        "TestDocumentedAnswers",
	"check_payment_status.1":  "TestBillsThatAreNotPaid",
	"check_payment_status.3":  "TestSeveralBillsOfOneReference",
	"check_payment_status.4":  "TestBillIsMadeAndThenPaid",
	"check_payment_status.5":  "TestBillIsPaidOnItsPage",
	"check_payment_status.6":  "TestBillThatIsNotKnownYet",
	"check_payment_status.7":  "TestBillIsMadeAndThenPaid",
	"check_payment_status.8":  "TestDocumentedRequests",
	"quote_transfer.2":        "TestQuoteChecksTheAccount",
	"quote_transfer.3":        "TestDocumentedAnswers",
	"disburse.1":              "TestTransferIsDoneAtOnce",
	"disburse.4":              "TestFirstRequestArrivesLate",
	"disburse.5":              "TestTransferWhoseErrorSaysNothing",
	"disburse.6":              "TestTransferIsRefusedAtOnce",
	"disburse.8":              "TestAnswersToTransfers",
	"disburse.9":              "TestTransferInTwoCurrencies",
	"check_transfer_status.1": "TestTransferIsDoneAtOnce",
	"check_transfer_status.2": "TestTransferThatWasNotCreatedIsSentAgain",
	"check_transfer_status.3": "TestTransferIsDoneAtOnce",
	"check_transfer_status.4": "TestBillIsNoTransfer",
	"verify_webhook.1":        "TestCallbackOfARejectedBill",
	"verify_webhook.2":        "TestCallbacksInOtherSpellings",
}

// TestGuardsEnforceTheirGotchas runs every scenario: it ends where the
// catalogue says, and nothing more was asked of Qostiq than before the answer.
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
	for capability, in := range map[string]hosttest.Input{
		"create_bill": bill(emulation.Paid, "ORDER-1"), "create_bill_v2": free.With("reference", "ORDER-2"), "disburse": transfer(emulation.Paid, "ORDER-3"),
	} {
		if a := b.Informed(capability, "").Ask(b.Context(), capability, in); a.Guard != "limits" {
			t.Errorf("%s, want the policy to object, which knows nothing of UAH:\n%s", capability, a.Text())
		}
	}
}

// TestEveryGotchaIsProved holds the catalogue to the scenarios: whoever names
// an enforcer has to show it.
func TestEveryGotchaIsProved(t *testing.T) {
	t.Parallel()
	var proved []proof.Pair
	for _, e := range enforced {
		for id := range strings.FieldsSeq(e.gotchas) {
			proved = append(proved, proof.Pair{Gotcha: "qostiq." + id, Enforcer: e.guard})
		}
	}
	tests, err := proof.Tests(".")
	if err != nil {
		t.Fatal(err)
	}
	for id, test := range byPlugin {
		proved = append(proved, proof.Pair{Gotcha: "qostiq." + id, Enforcer: "plugin"})
		if !slices.Contains(tests, test) {
			t.Errorf("%s is shown by %s, which there is not", id, test)
		}
	}
	if err := proof.Check(gotchas.For("qostiq"), proved); err != nil {
		t.Error(err)
	}
}
