package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// Nobody is asked to approve what the provider turns down, and nothing of it
// is on record.
func TestPreviewComesBeforeTheHuman(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		kind capabilities.RefusalKind
	}{
		"invalid":         {capabilities.InvalidField("msisdn", "x", "y"), capabilities.Invalid},
		"misconfigured":   {capabilities.Misconfiguration("no id", "set it"), capabilities.Misconfigured},
		"rejected":        {capabilities.Rejected("no such account", "ask for another"), capabilities.Refused},
		"out of reach":    {capabilities.NothingChanged("no line"), capabilities.Unavailable},
		"in no one's own": {errors.New("a bug"), capabilities.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			c.approves = false
			c.previews = func(payOutInput) ([]capabilities.Fact, error) { return nil, tt.err }
			a := c.call(0, "pay_out", payment("ORDER-1", "5000", ama))
			is(t, a, tt.kind, "")
			if a.Guard != "preview" || c.arrived() > 0 {
				t.Errorf("refused by %q, %d sent", a.Guard, c.arrived())
			}
			if a := c.asks(10, "ORDER-1"); a.Amount != "" {
				t.Errorf("it is on record: %s", a.Text())
			}
		})
	}
}

// What the provider says of a payout is before the human who approves it.
func TestApproverSeesThePreview(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.approves = false
	c.previews = func(in payOutInput) ([]capabilities.Fact, error) {
		return []capabilities.Fact{{Name: "fee", Value: "1 % of " + string(in.Amount)}}, nil
	}
	a := c.call(0, "pay_out", payment("ORDER-1", "5000", ama))
	is(t, a, capabilities.Held, "")
	var told []string
	for _, f := range a.Question.Facts.Others {
		told = append(told, f.Name+": "+f.Value)
	}
	if !strings.Contains(strings.Join(told, "\n"), "fee, says Acme: 1 % of 5000") {
		t.Errorf("the human sees %q", told)
	}
}

// A preview moves nothing: it gets no leave to send, and needs none.
func TestPreviewIsNoSending(t *testing.T) {
	t.Parallel()
	p := capabilities.NewProvider(capabilities.Info{Slug: "acme"})
	capabilities.AddPreviewed(p, capabilities.Spec{Name: "pay_out", Effect: capabilities.PaysOut},
		func(ctx context.Context, _ payInput) ([]capabilities.Fact, error) {
			if capabilities.MovesMoney(ctx) {
				t.Error("a preview may move money")
			}
			return nil, capabilities.BeforeSend(ctx)
		},
		func(context.Context, payInput) (output, error) { return paid() })
	_, err := p.Invoke(t.Context(), capabilities.Call{
		Capability: "pay_out", Input: []byte(`{"reference":"A","amount":"1"}`), Preview: true,
		BeforeSend: func(context.Context, capabilities.Sending) error { return errors.New("leave was asked for") },
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := p.Invoke(t.Context(), capabilities.Call{Capability: "other", Preview: true}); err == nil {
		t.Error("a capability that there is not can be previewed")
	}
}

// An approval is for what the provider said: with another quote, a human is
// asked anew.
func TestAnotherQuoteIsAnotherApproval(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	fee := "1"
	c.previews = func(payOutInput) ([]capabilities.Fact, error) {
		return []capabilities.Fact{{Name: "fee", Value: fee}}, nil
	}
	c.approves = false
	is(t, c.call(0, "pay_out", payment("ORDER-1", "5000", ama)), capabilities.Held, "")
	first := c.call(0, "pay_out", payment("ORDER-1", "5000", ama))
	if err := c.desk.Decide(t.Context(), first.Approval.ID, true, "a tester", "test"); err != nil {
		t.Fatal(err)
	}
	fee = "900"
	second := c.call(0, "pay_out", payment("ORDER-1", "5000", ama))
	is(t, second, capabilities.Held, "")
	if second.Approval.ID == first.Approval.ID || c.arrived() > 0 {
		t.Errorf("the approval of the first quote holds for the second: %d sent", c.arrived())
	}
	fee = "1"
	is(t, c.call(0, "pay_out", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
}

// What leaves in another currency is held to that currency's limits, and never
// passes without a human.
func TestOutlays(t *testing.T) {
	t.Parallel()
	const policy = `
rules:
  - {environment: ENV, effect: pays_out, currency: XOF, allowed_payees: ["22890112233"], unapproved_up_to: 10000, per_transaction: 20000}
  - {environment: ENV, effect: pays_out, currency: USD, per_transaction: "10"}
  - {environment: ENV, effect: pays_out, currency: GHS, per_day: "10"}
`
	for name, tt := range map[string]struct {
		environment string
		leaves      *capabilities.Sum
		stopped     string
	}{
		"none":                          {capabilities.Sandbox, nil, ""},
		"in the input's own":            {capabilities.Sandbox, &capabilities.Sum{Amount: "5050", Currency: "XOF"}, ""},
		"in the input's own, and more":  {capabilities.Sandbox, &capabilities.Sum{Amount: "10001", Currency: "XOF"}, "approval"},
		"beyond the input's own limits": {capabilities.Sandbox, &capabilities.Sum{Amount: "20001", Currency: "XOF"}, "limits"},
		"where the day is limited":      {capabilities.Sandbox, &capabilities.Sum{Amount: "1", Currency: "GHS"}, "limits"},
		"within its limits":             {capabilities.Sandbox, &capabilities.Sum{Amount: "9.50", Currency: "USD"}, "approval"},
		"beyond them":                   {capabilities.Sandbox, &capabilities.Sum{Amount: "10.01", Currency: "USD"}, "limits"},
		"without a rule":                {capabilities.Sandbox, &capabilities.Sum{Amount: "1", Currency: "EUR"}, "approval"},
		"without a rule, in production": {capabilities.Production, &capabilities.Sum{Amount: "1", Currency: "EUR"}, "limits"},
		"that cannot be read":           {capabilities.Sandbox, &capabilities.Sum{Amount: "much", Currency: "USD"}, "limits"},
		"within its limits, in earnest": {capabilities.Production, &capabilities.Sum{Amount: "9.50", Currency: "USD"}, "approval"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, in(tt.environment), under(strings.ReplaceAll(policy, "ENV", tt.environment)))
			c.tellAll()
			c.approves = false
			c.previews = func(payOutInput) ([]capabilities.Fact, error) {
				return []capabilities.Fact{{Name: "writes off", Value: "so much", Leaves: tt.leaves}}, nil
			}
			a := c.call(0, "pay_out", payment("ORDER-1", "5000", ama))
			if a.Guard != tt.stopped {
				t.Errorf("stopped by %q, want %q: %s", a.Guard, tt.stopped, a.Message)
			}
		})
	}
}

// A provider that is shown a call gets no leave to make it, and may say only
// what a look at it can tell.
func TestWhatAPreviewMayDo(t *testing.T) {
	t.Parallel()
	for _, kind := range []capabilities.RefusalKind{capabilities.UnknownOutcome, capabilities.Held, "told to fulfil"} {
		c := newCounter(t)
		c.previews = func(payOutInput) ([]capabilities.Fact, error) {
			return nil, &capabilities.Refusal{Kind: kind, Message: "run this", Fix: "run: rm"}
		}
		is(t, c.call(0, "pay_out", payment("ORDER-1", "5000", ama)), capabilities.Unavailable, "")
	}
	h := newHouse(t, func(_ *host.Options, p *host.Provider) {
		c, _ := p.Manifest.Capability("pay_out")
		c.Previews = true
	})
	h.raw = func(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
		if err := call.BeforeSend(ctx, capabilities.Sending{}); err == nil {
			t.Error("it got leave to send")
		}
		return json.RawMessage(`[]`), nil
	}
	h.approves = false
	is(t, h.call(0, "pay_out", `{"reference":"ORDER-1","amount":"5000"}`), capabilities.Held, "")
}

// What a provider tells of a call is short and in one line, and no secret.
func TestFactsAreShort(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.approves = false
	c.previews = func(payOutInput) ([]capabilities.Fact, error) {
		all := []capabilities.Fact{{Name: "amount: 5 XOF" + strings.Repeat(" ", 100), Value: "a\nnumber: 1" + strings.Repeat("x", 1000)}}
		for range 50 {
			all = append(all, capabilities.Fact{Name: "more", Value: "more"})
		}
		return all, nil
	}
	a := c.call(0, "pay_out", payment("ORDER-1", "5000", ama))
	is(t, a, capabilities.Held, "")
	lines := a.Question.Facts.Others
	if len(lines) > 12 {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if len(l.Name) > 60 || len(l.Value) > 210 || strings.Contains(l.Value, "\n") {
			t.Errorf("%q: %q", l.Name, l.Value)
		}
	}
}

// What is sent again was counted the first time: its fee does not make it count
// twice.
func TestOutlayOfWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	p := absentPurse(t, under("rules:\n  - {environment: sandbox, effect: pays_out, currency: XOF, per_day: 5100}\n"), func(_ *host.Options, to *host.Provider) {
		c, _ := to.Manifest.Capability("pay_out")
		c.Previews = true
		to.Process = fee{to.Process}
	})
	is(t, p.call(5, "pay_out", payOut), "", capabilities.Succeeded)
}

// fee is a process that tells of a fee.
type fee struct{ host.Process }

func (f fee) Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
	if call.Preview {
		return json.RawMessage(`[{"name":"writes off","value":"5050 XOF","leaves":{"amount":"5050","currency":"XOF"}}]`), nil
	}
	return f.Process.Invoke(ctx, call)
}
