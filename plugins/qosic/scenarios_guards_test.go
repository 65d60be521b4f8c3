package qosic_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/gotchas/proof"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// The catalogue says by what each trap is made harmless. What is enforced by
// the host is shown here, one scenario for each; what is enforced by the
// plugin, by the tests that are named below.

// enforced are scenarios that one check of the host ends, with nothing sent.
var enforced = []struct {
	name    string
	guard   string
	gotchas string // that it makes harmless, without "qosic."
	answer  func(*bench) *host.Answer
}{
	{"a reference of another length", "schema", "initiate_payment.10", func(b *bench) *host.Answer {
		return b.call("initiate_payment", togocel.order(emulation.Paid, "123e4567-e89b-12d3-a456-426614174000"))
	}},
	{"an amount with decimals", "schema", "initiate_payment.11", func(b *bench) *host.Answer {
		return b.call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").with("amount", "1000.00"))
	}},
	{"a local number", "schema", "initiate_payment.12", func(b *bench) *host.Answer {
		return b.call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1").with("msisdn", "0090000"))
	}},
	{"the sandbox over plain HTTP, as the docs print it", "environment", "initiate_payment.7", func(b *bench) *host.Answer {
		return b.at(capabilities.Sandbox, "http://staging.qosic.net:9010").call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"production, taken for something else", "environment", "initiate_payment.24", func(b *bench) *host.Answer {
		return b.at(capabilities.Emulator, "https://api.qosic.net").call("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a first payment in production", "notices", "initiate_payment.8", func(b *bench) *host.Answer {
		return b.informed("initiate_payment", "initiate_payment.8").tries("initiate_payment", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout from an address that nobody entered", "notices", "disburse.3", func(b *bench) *host.Answer {
		return b.informed("disburse", "disburse.3").tries("disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout from a wallet that nobody filled", "notices", "disburse.4", func(b *bench) *host.Answer {
		return b.informed("disburse", "disburse.4").tries("disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a payout without the second factor", "notices", "disburse.5", func(b *bench) *host.Answer {
		return b.informed("disburse", "disburse.5").tries("disburse", togocel.order(emulation.Paid, "ORDER-1"))
	}},
	{"a used transref", "reference", "initiate_payment.9", func(b *bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.call("initiate_payment", togocel.order(emulation.PaidAtOnce, "ORDER-1").with("amount", "6000"))
	}},
	{"a payout with a payment's transref", "reference", "disburse.7", func(b *bench) *host.Answer {
		b.collect(togocel, emulation.PaidAtOnce, "ORDER-1")
		return b.disburse(togocel, emulation.Paid, "ORDER-1")
	}},
	{"a payment with an unknown outcome, sent again", "reference", "initiate_payment.23 check_payment_status.14", func(b *bench) *host.Answer {
		b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.collect(togocel, emulation.ErrorTaken, "ORDER-1")
	}},
	{"a payment with an unknown outcome, sent again under a new transref", "suspected_repeat", "initiate_payment.23 check_payment_status.14", func(b *bench) *host.Answer {
		b.collect(togocel, emulation.CutTaken, "ORDER-1")
		return b.tries("initiate_payment", togocel.order(emulation.CutTaken, "ORDER-2"))
	}},
	{"a payout with an unknown outcome, sent again", "reference", "disburse.13", func(b *bench) *host.Answer {
		b.disburse(togocel, emulation.CutTaken, "ORDER-1")
		return b.disburse(togocel, emulation.CutTaken, "ORDER-1")
	}},
	{"a payout with an unknown outcome, sent again under a new transref", "suspected_repeat", "disburse.13", func(b *bench) *host.Answer {
		b.disburse(togocel, emulation.ErrorTaken, "ORDER-1")
		return b.tries("disburse", togocel.order(emulation.ErrorTaken, "ORDER-2"))
	}},
	{"a refund that no person agreed to", "approval", "refund.3", func(b *bench) *host.Answer {
		b.collect(mtnBenin, emulation.PaidAtOnce, "ORDER-1")
		return b.tries("refund", input{"original_reference": "ORDER-1"})
	}},
	{"a second refund", "reference", "refund.3", func(b *bench) *host.Answer {
		b.collect(mtnBenin, emulation.PaidAtOnce, "ORDER-1")
		b.call("refund", input{"original_reference": "ORDER-1"})
		return b.call("refund", input{"original_reference": "ORDER-1"})
	}},
	{"a refund with an unknown outcome, sent again", "reference", "refund.6", func(b *bench) *host.Answer {
		b.collect(mtnBenin, emulation.ErrorTaken, "ORDER-1")
		b.clock.Advance(delay)
		b.call("refund", input{"original_reference": "ORDER-1"})
		return b.call("refund", input{"original_reference": "ORDER-1"})
	}},
	{"a question in the same second", "polling_pace", "check_payment_status.1 check_payment_status.12", func(b *bench) *host.Answer {
		b.collect(togocel, emulation.Paid, "ORDER-1")
		b.ask("ORDER-1", "")
		return b.call("check_payment_status", input{"reference": "ORDER-1"})
	}},
	{"a webhook that anybody sent", "webhook_recheck", "verify_webhook.2", func(b *bench) *host.Answer {
		b.collect(togocel, emulation.NeverAnswered, "ORDER-1")
		return b.verify(claim("SUCCESSFUL", "200", "ORDER-1", "5000"), "")
	}},
	{"a webhook with a larger amount", "webhook_recheck", "verify_webhook.3", func(b *bench) *host.Answer {
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

// TestGuardsEnforceTheirGotchas runs every scenario: it ends where the
// catalogue says, and nothing more was asked of Qosic than before the answer.
func TestGuardsEnforceTheirGotchas(t *testing.T) {
	t.Parallel()
	for _, e := range enforced {
		t.Run(e.guard+"/"+e.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, emulation.Options{})
			a := e.answer(b)
			if by := endedBy(a); by != e.guard {
				t.Errorf("ended by %q, want %q:\n%s", by, e.guard, a.Text())
			}
			if e.guard == "notices" && !strings.Contains(a.Message, "qosic."+e.gotchas) {
				t.Errorf("it does not name the notice %s:\n%s", e.gotchas, a.Text())
			}
			if on := b.onRecord(); e.guard == "schema" && len(on) > 0 {
				t.Errorf("the plugin refused it, not the schema: %+v", on)
			}
			for _, tx := range b.emulator.Books().Transactions() {
				if tx.Requests > 1 || tx.Reference != "ORDER-1" {
					t.Errorf("it was sent: %+v", tx)
				}
			}
		})
	}
}

// onRecord is all that the ledger holds. What a schema refuses gets no further.
func (b *bench) onRecord() []ledger.Transaction {
	b.Helper()
	all, err := b.desk.Ledger.List(b.Context(), ledger.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// Once every notice of a capability is acknowledged, they hold it no more.
func TestAcknowledgedNoticesHoldNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.wants(b.informed("initiate_payment", "").tries("initiate_payment", togocel.order(emulation.Paid, "ORDER-1")), want{state: capabilities.Pending})
	for capability, in := range map[string]input{"disburse": togocel.order(emulation.Paid, "ORDER-2"), "refund": {"original_reference": "ORDER-1"}} {
		if a := b.informed(capability, "").tries(capability, in); a.Guard == "notices" || !a.Refused() {
			t.Errorf("%s:\n%s", capability, a.Text())
		}
	}
}

// endedBy names the check of the host that an answer comes from.
func endedBy(a *host.Answer) string {
	notes := strings.Join(a.Notes, "\n")
	switch {
	case a.Guard != "":
		return a.Guard
	case a.Kind == capabilities.Invalid:
		return "schema"
	case strings.Contains(notes, "the provider was not asked"):
		return "polling_pace"
	case strings.Contains(notes, "nothing was sent"):
		return "reference"
	case a.Details["fulfil"] != nil && !believed(a):
		return "webhook_recheck"
	}
	return ""
}

// believed reports whether a verdict takes a webhook at its word.
func believed(a *host.Answer) bool {
	var claim capabilities.ClaimSummary
	_ = json.Unmarshal(a.Details["claim"], &claim) // a verdict without one believes nothing
	trusted := strings.Trim(string(a.Details["trusted_amount"]), `"`)
	return string(a.Details["fulfil"]) == "true" && trusted == claim.Amount
}

// tries calls a capability once: no human approves what is held.
func (b *bench) tries(capability string, in input) *host.Answer {
	b.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	return b.host.Call(b.Context(), host.Request{Provider: "qosic", Capability: capability, Input: raw})
}

// at is a bench that is configured for another place.
func (b *bench) at(environment, base string) *bench {
	b.Helper()
	s := host.Settings{Target: capabilities.Target{Environment: environment, BaseURL: base}, Values: b.emulator.Config()}
	other := *b
	other.host, other.desk = newHost(b.T, s, b.clock.Now)
	return &other
}

// informed is a bench that takes the emulator for production, and whose human
// has acknowledged every notice of a capability but one.
func (b *bench) informed(capability, but string) *bench {
	b.Helper()
	p := b.at(capabilities.Production, b.server.BaseURL())
	for _, g := range gotchas.For("qosic").Of(capability) {
		if !g.MustTellUser || g.ID == "qosic."+but {
			continue
		}
		k := ledger.Acknowledgement{Notice: g.ID, Version: guard.NoticeVersion(g), By: "a tester", Channel: "test", At: time.Now()}
		if err := p.desk.Ledger.Acknowledge(b.Context(), k); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// TestEveryGotchaIsProved holds the catalogue to the scenarios: whoever names
// an enforcer has to show it.
func TestEveryGotchaIsProved(t *testing.T) {
	t.Parallel()
	var proved []proof.Pair
	for _, e := range enforced {
		for id := range strings.FieldsSeq(e.gotchas) {
			proved = append(proved, proof.Pair{Gotcha: "qosic." + id, Enforcer: e.guard})
		}
	}
	tests, err := proof.Tests(".")
	if err != nil {
		t.Fatal(err)
	}
	for id, test := range byPlugin {
		proved = append(proved, proof.Pair{Gotcha: "qosic." + id, Enforcer: "plugin"})
		if !slices.Contains(tests, test) {
			t.Errorf("%s is shown by %s, which there is not", id, test)
		}
	}
	if err := proof.Check(gotchas.For("qosic"), proved); err != nil {
		t.Error(err)
	}
}

// The number in a refund only says whose payment it is: Qosic never gets it.
func TestRefundKeepsThePhone(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.saysCode(http.StatusOK, "00", "OPERATION SUCCESSFUL")
	b.wants(b.call("refund", input{"original_reference": "ORDER-1", "msisdn": mtnBenin.msisdn(emulation.Paid)}), want{state: capabilities.Succeeded})
	if names := slices.Sorted(maps.Keys(stub.last(t).body)); !slices.Equal(names, []string{"clientid", "transref"}) {
		t.Errorf("it sent %v", names)
	}
}
