package mobipay_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// rides reports whether a gotcha is on the answer.
func rides(a *host.Answer, id string) bool {
	return slices.ContainsFunc(a.Gotchas, func(n capabilities.Note) bool { return n.ID == "mobipay."+id })
}

// A text that says what became of the money is on no answer that does not know
// it, and one about a single rule is not on every refusal.
func TestGotchasRideWhereTheyHold(t *testing.T) {
	t.Parallel()
	pay, out := "initiate_payment", "disburse"
	good := benin.order(emulation.Paid, "R-1")
	for name, tt := range map[string]struct {
		capability string
		in         hosttest.Input
		body       string
		with       string
		without    string
	}{
		"a payout that got a page":        {out, good, `<html>`, "disburse.14", "disburse.2"},
		"a payout with an unknown code":   {out, good, answer("-1", "10301", ""), "disburse.14", "disburse.2"},
		"a payout to a wrong number":      {out, good, answer("-1", "10401", ""), "disburse.2", "disburse.14"},
		"unknown merchant":                {pay, good, answer("-1", "10201", ""), "initiate_payment.3", "initiate_payment.15"},
		"unknown merchant, and paid":      {pay, good, answer("2", "10201", ""), "initiate_payment.2", "initiate_payment.3"},
		"unknown merchant, and initiated": {pay, good, answer("0", "10105", ""), "initiate_payment.2", "initiate_payment.3"},
		"no provider id":                  {pay, good.With("network", "moov_bj"), "", "", "initiate_payment.3 initiate_payment.15"},
		"too much":                        {pay, good.With("amount", "1000001"), "", "", "initiate_payment.21 initiate_payment.23 initiate_payment.25"},
		"too much to pay out":             {out, good.With("amount", "1000001"), "", "", "disburse.6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, stub := newStubBench(t)
			stub.Says(http.StatusOK, tt.body)
			a := b.Call(tt.capability, tt.in)
			if a.Kind == "" {
				t.Errorf("not refused:\n%s", a.Text())
			}
			for id := range strings.FieldsSeq(tt.with) {
				if !rides(a, id) {
					t.Errorf("%s is missing in:\n%s", id, a.Text())
				}
			}
			for id := range strings.FieldsSeq(tt.without) {
				if rides(a, id) {
					t.Errorf("%s is in:\n%s", id, a.Text())
				}
			}
		})
	}
}

// An open payment is not said to be the simulator's.
func TestOpenPaymentsAreNotTheSimulators(t *testing.T) {
	t.Parallel()
	b, stub := sandboxed(t)
	stub.Says(http.StatusOK, answer("1", "0", ""))
	b.collect(benin, emulation.Paid, "R-1")
	a := b.ask("R-1")
	b.Wants(a, want{State: capabilities.Pending, Gotchas: "check_payment_status.5"})
	if rides(a, "check_payment_status.6") {
		t.Errorf("it is said to stay open:\n%s", a.Text())
	}
}

// What the catalogue must not leave out, and must not claim.
func TestWhatTheCatalogueSays(t *testing.T) {
	t.Parallel()
	texts := map[string]gotchas.Gotcha{}
	for _, g := range gotchas.For("mobipay").Gotchas {
		texts[strings.TrimPrefix(g.ID, "mobipay.")] = g
	}
	for id, tt := range map[string]struct{ with, without string }{
		"initiate_payment.2":     {"every code with status 0", "-1, 0 or none"},
		"initiate_payment.3":     {"With any other status the outcome is unknown", ""},
		"initiate_payment.28":    {"How cards (707, 9123) are paid with they do not say", "as cards"},
		"initiate_payment.36":    {"ids 2358 and 2359 have a limit by the day", ""},
		"check_payment_status.3": {"have MobiPay look it up", "give the order up"},
		"disburse.10":            {"KES 10 to 1000000", "250000."},
	} {
		text := texts[id].Text
		if !strings.Contains(text, tt.with) || tt.without != "" && strings.Contains(text, tt.without) {
			t.Errorf("%s says %q", id, text)
		}
	}
	if len(texts["disburse.4"].When.Response) > 0 {
		t.Errorf("disburse.4 is for %v alone, and confirm_type has other values too", texts["disburse.4"].When.Response)
	}
	b := newBench(t, emulation.Options{})
	row := b.rows(hosttest.Input{"network": "card_ng"})[0]
	if said := strings.Join(row.Uncertain, "\n"); !strings.Contains(said, "by card is not said") || strings.Contains(said, "payment page") || !strings.Contains(row.Collect.Flow, "not documented") {
		t.Errorf("the row for cards is %+v, with the flow %q", row, row.Collect.Flow)
	}
}
