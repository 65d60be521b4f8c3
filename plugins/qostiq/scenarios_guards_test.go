package qostiq_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// free is a bill of the second version.
var free = hosttest.Input{"reference": "ORDER-1", "currency": "UAH"}

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []hosttest.Scenario[bench]{
	{Name: "the wire's number for a currency", Guard: "schema", Gotchas: "create_bill.14", Answer: func(b bench) *host.Answer {
		return b.Call("create_bill", bill(emulation.Paid, "ORDER-1").With("currency", "980"))
	}},
	{Name: "three decimals", Guard: "schema", Gotchas: "create_bill.15", Answer: func(b bench) *host.Answer {
		return b.Call("create_bill", bill(emulation.Paid, "ORDER-1").With("amount", "23.155"))
	}},
	{Name: "a reference with a colon", Guard: "schema", Gotchas: "create_bill.17", Answer: func(b bench) *host.Answer {
		return b.Call("create_bill", bill(emulation.Paid, "5:ORDER-1"))
	}},
	{Name: "a language that the page does not speak", Guard: "schema", Gotchas: "create_bill_v2.6", Answer: func(b bench) *host.Answer {
		return b.Call("create_bill_v2", free.With("lang", "fr"))
	}},
	{Name: "the answer's word for a type", Guard: "schema", Gotchas: "quote_transfer.5", Answer: func(b bench) *host.Answer {
		return b.Call("quote_transfer", hosttest.Input{"amount": "10", "currency": "UAH", "amount_type": "write_off_amount"})
	}},
	{Name: "production, taken for something else", Guard: "environment", Gotchas: "create_bill.4", Answer: func(b bench) *host.Answer {
		return b.Targeting(capabilities.Emulator, "https://core.qostiq.com").Call("create_bill", bill(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a first bill whose URLs the settings override", Guard: "notices", Gotchas: "create_bill.3", Answer: func(b bench) *host.Answer {
		return b.Informed("create_bill", "create_bill.3").Ask(b.Context(), "create_bill", bill(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a first bill of real money", Guard: "notices", Gotchas: "create_bill.4", Answer: func(b bench) *host.Answer {
		return b.Informed("create_bill", "create_bill.4").Ask(b.Context(), "create_bill", bill(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a bill whose amount the payer chooses", Guard: "notices", Gotchas: "create_bill_v2.2", Answer: func(b bench) *host.Answer {
		return b.Informed("create_bill_v2", "create_bill_v2.2").Ask(b.Context(), "create_bill_v2", free)
	}},
	{Name: "a bill of the second version whose URLs the settings override", Guard: "notices", Gotchas: "create_bill_v2.3", Answer: func(b bench) *host.Answer {
		return b.Informed("create_bill_v2", "create_bill_v2.3").Ask(b.Context(), "create_bill_v2", free)
	}},
	{Name: "a transfer that has no way back", Guard: "notices", Gotchas: "disburse.1", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.1").Ask(b.Context(), "disburse", transfer(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a first transfer of real money", Guard: "notices", Gotchas: "disburse.2", Answer: func(b bench) *host.Answer {
		return b.Informed("disburse", "disburse.2").Ask(b.Context(), "disburse", transfer(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a used number, for another bill", Guard: "reference", Gotchas: "create_bill.5", Answer: func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		return b.Call("create_bill", bill(emulation.PaidAtOnce, "ORDER-1").With("amount", "24"))
	}},
	{Name: "a bill with an unknown outcome, made again", Guard: "reference", Gotchas: "create_bill.13", Answer: func(b bench) *host.Answer {
		b.create(emulation.ErrorTaken, "ORDER-1")
		return b.create(emulation.ErrorTaken, "ORDER-1")
	}},
	{Name: "a bill with an unknown outcome, made in the other version", Guard: "reference", Gotchas: "create_bill_v2.8", Answer: func(b bench) *host.Answer {
		b.create(emulation.CutTaken, "ORDER-1")
		return b.Call("create_bill_v2", free.With("amount", "23.15"))
	}},
	{Name: "a used number, for another transfer", Guard: "reference", Gotchas: "disburse.4", Answer: func(b bench) *host.Answer {
		b.disburse(emulation.Paid, "ORDER-1")
		return b.disburse(emulation.Variant, "ORDER-1")
	}},
	{Name: "a transfer with an unknown outcome, sent again", Guard: "reference", Gotchas: "disburse.5", Answer: func(b bench) *host.Answer {
		b.disburse(emulation.CutTaken, "ORDER-1")
		return b.disburse(emulation.CutTaken, "ORDER-1")
	}},
	{Name: "a transfer with an unknown outcome, sent again under a new number", Guard: "suspected_repeat", Gotchas: "disburse.5", Answer: func(b bench) *host.Answer {
		b.disburse(emulation.ErrorTaken, "ORDER-1")
		return b.Ask(b.Context(), "disburse", transfer(emulation.ErrorTaken, "ORDER-2"))
	}},
	{Name: "a transfer that was not created, sent again under a new number", Guard: "suspected_repeat", Gotchas: "disburse.5", Answer: func(b bench) *host.Answer {
		b.absent(b.disburse(emulation.CutNotTaken, "ORDER-1"))
		return b.Ask(b.Context(), "disburse", transfer(emulation.CutNotTaken, "ORDER-2"))
	}},
	{Name: "another transfer instead of one that was not created", Guard: "reference", Gotchas: "check_transfer_status.2", Answer: func(b bench) *host.Answer {
		b.absent(b.disburse(emulation.CutNotTaken, "ORDER-1"))
		return b.Call("disburse", transfer(emulation.CutNotTaken, "ORDER-1").With("amount", "11"))
	}},
	{Name: "a transfer that no quote is to be had for", Guard: "preview", Gotchas: "quote_transfer.1", Answer: func(b bench) *host.Answer {
		return b.Call("disburse", transfer(emulation.Paid, "ORDER-1").With("currency", "EUR").With("counter_currency", "KZT"))
	}},
	{Name: "a payee out of the documents", Guard: "preview", Gotchas: "quote_transfer.2 disburse.3", Answer: func(b bench) *host.Answer {
		return b.Call("disburse", transfer(emulation.Paid, "ORDER-1").With("payee_account", "201497141132"))
	}},
	{Name: "a payee that no person confirmed", Guard: "approval", Gotchas: "disburse.3", Answer: func(b bench) *host.Answer {
		return b.Ask(b.Context(), "disburse", transfer(emulation.Paid, "ORDER-1"))
	}},
	{Name: "a question within ten seconds", Guard: "polling_pace", Gotchas: "check_payment_status.2", Answer: func(b bench) *host.Answer {
		b.create(emulation.Paid, "ORDER-1")
		b.ask("ORDER-1")
		return b.Call("check_payment_status", hosttest.Input{"reference": "ORDER-1"})
	}},
	{Name: "a callback of a bill that was refused since", Guard: "webhook_recheck", Gotchas: "verify_webhook.3", Answer: func(b bench) *host.Answer {
		b.create(emulation.Refused, "ORDER-1")
		return b.verify(claim("ORDER-1", "success").signed(secret).form())
	}},
	{Name: "a callback with the amount that the payer paid", Guard: "webhook_recheck", Gotchas: "verify_webhook.3", Answer: func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		return b.verify(claim("ORDER-1", "success").but("shop_amount", "24.31").signed(secret).form())
	}},
	{Name: "a callback that comes again", Guard: "webhook_recheck", Gotchas: "verify_webhook.4", Answer: func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		b.verify(claim("ORDER-1", "success").signed(secret).form())
		return b.verify(claim("ORDER-1", "success").signed(secret).form())
	}},
	{Name: "a callback of one of several bills", Guard: "webhook_recheck", Gotchas: "verify_webhook.5", Answer: func(b bench) *host.Answer {
		b.create(emulation.PaidAtOnce, "ORDER-1")
		bench{b.Elsewhere()}.create(emulation.NeverAnswered, "ORDER-1")
		return b.verify(claim("ORDER-1", "success").signed(secret).form())
	}},
	{Name: "a callback that was cut into other fields", Guard: "webhook_recheck", Gotchas: "verify_webhook.8", Answer: func(b bench) *host.Answer {
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
	"verify_webhook.1":        "TestWebhookOfARejectedBill",
	"verify_webhook.2":        "TestWebhooksInOtherSpellings",
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
	for capability, in := range map[string]hosttest.Input{
		"create_bill": bill(emulation.Paid, "ORDER-1"), "create_bill_v2": free.With("reference", "ORDER-2"), "disburse": transfer(emulation.Paid, "ORDER-3"),
	} {
		if a := b.Informed(capability, "").Ask(b.Context(), capability, in); a.Guard != "limits" {
			t.Errorf("%s, want the policy to object, which knows nothing of UAH:\n%s", capability, a.Text())
		}
	}
}
