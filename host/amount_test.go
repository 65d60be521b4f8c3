package host_test

import (
	"context"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// The amount in a status answer is held against the record: where they differ,
// the answer says so and nothing is fulfilled. Where there is none, the record
// stands alone.
func TestAmountInTheStatusAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		amount   capabilities.Amount
		currency capabilities.Currency
		shown    capabilities.Amount
		differs  bool
	}{
		{"none", "", "", "5000", false},
		{"the recorded one", "5000", "XOF", "5000", false},
		{"less", "50", "XOF", "50", true},
		{"more", "500000", "XOF", "500000", true},
		{"in another currency", "5000", "XAF", "5000", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.status = func(context.Context, statusInput) (output, error) {
				return output{Outcome: capabilities.Outcome{State: capabilities.Succeeded, Amount: c.amount, Currency: c.currency}}, nil
			}
			h.collects("PAID")
			a := h.asks(5, "PAID")
			is(t, a, "", capabilities.Succeeded)
			if a.Amount != c.shown {
				t.Errorf("the amount is %q, want %q", a.Amount, c.shown)
			}
			if told := strings.Contains(strings.Join(a.Notes, "\n"), "5000 XOF is on record: do not fulfil"); told != c.differs {
				t.Errorf("the notes are %q", a.Notes)
			}
			v := h.hears("PAID", capabilities.Succeeded, "5000")
			if v.Fulfil == nil || *v.Fulfil == c.differs || v.Trusted != "5000" {
				t.Errorf("verdict %+v, want to fulfil: %v, and to trust 5000", v, !c.differs)
			}
			if strings.HasPrefix(v.Reason, "do not fulfil: the provider says that") != c.differs {
				t.Errorf("the reason is %q", v.Reason)
			}
		})
	}
}

// Of a payout the provider may tell two sums. If none of them is the recorded,
// it is another payout that was made, and what became of this one is unknown.
func TestSumsInTheStatusAnswer(t *testing.T) {
	t.Parallel()
	sum := func(amount capabilities.Amount, currency capabilities.Currency) capabilities.Sum {
		return capabilities.Sum{Amount: amount, Currency: currency}
	}
	for name, c := range map[string]struct {
		sums  []capabilities.Sum
		state capabilities.State
	}{
		"none":                  {nil, capabilities.Succeeded},
		"the first":             {[]capabilities.Sum{sum("5000", "XOF"), sum("9", "USD")}, capabilities.Succeeded},
		"the second":            {[]capabilities.Sum{sum("9", "USD"), sum("5000", "XOF")}, capabilities.Succeeded},
		"neither":               {[]capabilities.Sum{sum("5050", "XOF"), sum("4000", "XOF")}, capabilities.Unknown},
		"in another currency":   {[]capabilities.Sum{sum("5000", "XAF")}, capabilities.Unknown},
		"one that is no amount": {[]capabilities.Sum{sum("", "XOF")}, capabilities.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.status = func(context.Context, statusInput) (output, error) {
				return output{Outcome: capabilities.Outcome{State: capabilities.Succeeded, Sums: c.sums}}, nil
			}
			h.call(0, "pay_out", `{"reference":"OUT","amount":"5000"}`)
			a := h.asks(5, "OUT")
			is(t, a, "", c.state)
			if told := strings.Contains(strings.Join(a.Notes, "\n"), "5000 XOF is on record"); told != (c.state == capabilities.Unknown) {
				t.Errorf("the notes are %q", a.Notes)
			}
		})
	}
}

// Of a payment that was not started here nothing is on record to differ from.
func TestAmountOfAPaymentFromElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.status = func(context.Context, statusInput) (output, error) {
		return output{Outcome: capabilities.Outcome{State: capabilities.Succeeded, Amount: "50", Currency: "XOF"}}, nil
	}
	a := h.asks(0, "ELSEWHERE")
	is(t, a, "", capabilities.Succeeded)
	if a.Amount != "50" || strings.Contains(strings.Join(a.Notes, "\n"), "on record:") {
		t.Errorf("amount %q, notes %q", a.Amount, a.Notes)
	}
	if v := h.hears("ELSEWHERE", capabilities.Succeeded, "50"); v.Trusted != "" {
		t.Errorf("verdict %+v, want no amount to trust", v)
	}
}
