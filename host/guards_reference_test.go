package host_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// The same call again gives what is on record, whatever that is, and nothing
// is sent.
func TestTheSameCallAgain(t *testing.T) {
	t.Parallel()
	for capability, states := range map[string][]capabilities.State{
		"collect": {capabilities.Pending, capabilities.Succeeded, capabilities.Failed, capabilities.Expired, capabilities.Cancelled, capabilities.Unknown},
		"pay_out": {capabilities.Succeeded, capabilities.Unknown},
	} {
		for _, state := range states {
			h := newCounter(t)
			h.ends(state)
			h.call(0, capability, payment("ORDER-1", "5000", ama))
			h.ends(capabilities.Succeeded)
			a := h.call(1, capability, payment("ORDER-1", "5000", ama))
			is(t, a, "", state)
			if h.arrived() != 1 || stoppedBy(a) != "reference" || a.Amount != "5000" || a.Reference != "ORDER-1" {
				t.Errorf("%s %s, again: %d sent, %s", state, capability, h.arrived(), a.Text())
			}
			if (a.Next != nil) == state.Final() {
				t.Errorf("%s %s, again: next is %+v", state, capability, a.Next)
			}
		}
	}
}

// A refusal is given again in the provider's words, without its own answer.
func TestTheSameCallAgainAfterARefusal(t *testing.T) {
	t.Parallel()
	h := newCounter(t)
	h.outcome = func(context.Context) (output, error) {
		return output{}, capabilities.Rejected("the customer said no", "ask the customer").WithResponse(map[string]string{"code": "02"})
	}
	first := h.call(0, "collect", payment("ORDER-1", "5000", ama))
	h.ends(capabilities.Succeeded)
	a := h.call(1, "collect", payment("ORDER-1", "5000", ama))
	is(t, a, capabilities.ProviderRejected, capabilities.Failed)
	if a.Message != first.Message || a.Fix != first.Fix || a.Response != nil || stoppedBy(a) != "reference" || h.arrived() != 1 {
		t.Errorf("%d sent: %s", h.arrived(), a.Text())
	}
}

// Before an answer has come there is one too: pending before anything was
// sent, unknown after.
func TestTheSameCallWhileTheFirstIsUnderWay(t *testing.T) {
	t.Parallel()
	h := newCounter(t)
	again := func(want capabilities.State) {
		r := host.Request{Provider: "acme", Capability: "collect", Input: json.RawMessage(payment("ORDER-1", "5000", ama))}
		a := h.Call(t.Context(), r)
		is(t, a, "", want)
		if stoppedBy(a) != "reference" {
			t.Errorf("stopped by %q: %s", stoppedBy(a), a.Text())
		}
	}
	h.begins = func() { again(capabilities.Pending) }
	h.outcome = func(context.Context) (output, error) { again(capabilities.Unknown); return pending() }
	is(t, h.call(0, "collect", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
	if h.arrived() != 1 {
		t.Errorf("%d were sent", h.arrived())
	}
}

// Other content under a reference is refused, whatever became of the first,
// and both are shown, without whom they are with.
func TestAReferenceThatIsTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, capability, input string
		state                    capabilities.State // of what is on record
		says                     []string
	}{
		"another amount":              {"collect", "collect", payment("ORDER-1", "6000", ama), capabilities.Pending, []string{"5000 XOF", "6000 XOF"}},
		"another number":              {"collect", "collect", payment("ORDER-1", "5000", kossi), capabilities.Succeeded, []string{"5000 XOF"}},
		"another payee":               {"pay_out", "pay_out", payment("ORDER-1", "5000", kossi), capabilities.Unknown, []string{"5000 XOF"}},
		"another network":             {"collect", "collect", strings.Replace(payment("ORDER-1", "5000", ama), "}", `,"network":"south"}`, 1), capabilities.Failed, []string{"south"}},
		"a payout of what came in":    {"collect", "pay_out", payment("ORDER-1", "5000", ama), capabilities.Unknown, []string{"acme_collect", "acme_pay_out"}},
		"a collection of what is out": {"pay_out", "collect", payment("ORDER-1", "5000", ama), capabilities.Succeeded, []string{"acme_collect", "acme_pay_out"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := c.state
			h := newCounter(t)
			h.ends(state)
			h.call(0, c.first, payment("ORDER-1", "5000", ama))
			a := h.call(1, c.capability, c.input)
			is(t, a, capabilities.Refused, "")
			for _, says := range append(c.says, "ORDER-1", string(state)+" since 2026") {
				if !strings.Contains(a.Message, says) {
					t.Errorf("it does not say %q: %s", says, a.Message)
				}
			}
			if a.Guard != "reference" || h.arrived() != 1 || strings.Contains(a.Text(), ama) || strings.Contains(a.Text(), kossi) {
				t.Errorf("%d sent: %s", h.arrived(), a.Text())
			}
		})
	}
}

// What was not sent took no reference: it is free for anything.
func TestAReferenceThatWasNotUsed(t *testing.T) {
	t.Parallel()
	h := newCounter(t)
	h.ends(ledger.NotSent)
	is(t, h.call(0, "collect", payment("ORDER-1", "5000", ama)), capabilities.Unavailable, "")
	h.ends(capabilities.Pending)
	is(t, h.call(1, "pay_out", payment("ORDER-1", "7000", kossi)), "", capabilities.Pending)
	if h.arrived() != 2 {
		t.Errorf("%d arrived", h.arrived())
	}
}

// A refund has no reference of its own, so there is one for each payment. One
// that failed may be begun anew: nobody could give it another reference.
func TestOneRefundForEachPayment(t *testing.T) {
	t.Parallel()
	for state, anew := range map[capabilities.State]bool{
		capabilities.Pending: false, capabilities.Succeeded: false, capabilities.Unknown: false,
		capabilities.Failed: true, capabilities.Expired: true, capabilities.Cancelled: true, ledger.NotSent: true,
	} {
		h := newCounter(t)
		h.ends(capabilities.Succeeded)
		h.call(0, "collect", payment("ORDER-1", "5000", ama))
		h.call(0, "collect", payment("ORDER-2", "5000", kossi))
		h.ends(state)
		h.call(1, "refund", refund("ORDER-1"))
		h.ends(capabilities.Succeeded)
		a := h.call(1, "refund", refund("ORDER-1"))
		if sent := h.arrived() == 4; sent != anew || (stoppedBy(a) == "reference") == anew {
			t.Errorf("after a refund that is %s: sent %v: %s", state, sent, a.Text())
		}
		h.approves = false
		is(t, h.call(1, "refund", refund("ORDER-2")), capabilities.Held, "") // another payment's, which needs its own approval
	}
}

func TestSuspectedRepeats(t *testing.T) {
	t.Parallel()
	collect := func(after int, amount, number string, end capabilities.State) made {
		return made{after, "collect", amount, number, end}
	}
	const window = 15 * 60
	for name, c := range map[string]struct {
		with    []with
		earlier made
		call    made
		held    bool
	}{
		"the same":                    {nil, collect(0, "5000", ama, capabilities.Pending), collect(1, "5000", ama, ""), true},
		"of what is unknown":          {nil, collect(0, "5000", ama, capabilities.Unknown), collect(1, "5000", ama, ""), true},
		"of what was paid":            {nil, collect(0, "5000", ama, capabilities.Succeeded), collect(1, "5000", ama, ""), true},
		"of what failed":              {nil, collect(0, "5000", ama, capabilities.Failed), collect(1, "5000", ama, ""), false},
		"of what expired":             {nil, collect(0, "5000", ama, capabilities.Expired), collect(1, "5000", ama, ""), false},
		"of what was not sent":        {nil, collect(0, "5000", ama, ledger.NotSent), collect(1, "5000", ama, ""), false},
		"at the end of the window":    {nil, collect(0, "5000", ama, capabilities.Pending), collect(window-1, "5000", ama, ""), true},
		"after the window":            {nil, collect(0, "5000", ama, capabilities.Pending), collect(window, "5000", ama, ""), false},
		"in a longer window":          {[]with{under("repeat_window: 2h")}, collect(0, "5000", ama, capabilities.Pending), collect(2*hour-1, "5000", ama, ""), true},
		"after a shorter window":      {[]with{under("repeat_window: 1m")}, collect(0, "5000", ama, capabilities.Pending), collect(60, "5000", ama, ""), false},
		"another amount":              {nil, collect(0, "5000", ama, capabilities.Pending), collect(1, "5001", ama, ""), false},
		"another number":              {nil, collect(0, "5000", ama, capabilities.Pending), collect(1, "5000", kossi, ""), false},
		"the number written with a +": {nil, collect(0, "5000", ama, capabilities.Pending), collect(1, "5000", "+"+ama, ""), true},
		"a payout of what came in":    {nil, collect(0, "5000", ama, capabilities.Pending), made{1, "pay_out", "5000", ama, ""}, false},
		"a payout":                    {nil, made{0, "pay_out", "5000", ama, capabilities.Pending}, made{1, "pay_out", "5000", ama, ""}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newCounter(t, c.with...)
			h.plays([]made{c.earlier})
			h.approves = false
			a := h.call(c.call.after, c.call.capability, payment("ORDER-1", c.call.amount, c.call.number))
			if held := a.Guard == "suspected_repeat"; held != c.held || held && (a.Kind != capabilities.Held || a.Approval == nil) {
				t.Fatalf("by %q: %s", a.Guard, a.Text())
			}
			if !c.held {
				return
			}
			if !strings.Contains(a.Message, "EARLIER-0") || strings.Contains(a.Text(), ama) || h.arrived() != 1 {
				t.Errorf("%d sent: %s", h.arrived(), a.Text())
			}
			h.approves = true // a human knows better
			is(t, h.call(1, c.call.capability, payment("ORDER-1", c.call.amount, c.call.number)), "", capabilities.Pending)
		})
	}
}

// An approval that was given before there was anything to doubt does not cover
// the doubt.
func TestAnApprovalIsForOneDoubt(t *testing.T) {
	t.Parallel()
	h := newCounter(t)
	h.approves = false
	first := h.call(0, "pay_out", payment("ORDER-1", "5000", ama))
	h.decides(first)
	h.approves = true
	is(t, h.call(1, "pay_out", payment("ORDER-2", "5000", ama)), "", capabilities.Pending)
	h.approves = false
	a := h.call(1, "pay_out", payment("ORDER-1", "5000", ama))
	is(t, a, capabilities.Held, "")
	if a.Guard != "suspected_repeat" || a.Approval == nil || a.Approval.ID == first.Approval.ID || h.arrived() != 1 {
		t.Errorf("%d sent: %s", h.arrived(), a.Text())
	}
	h.decides(a)
	is(t, h.call(1, "pay_out", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
}

// decides approves what is held.
func (c *counter) decides(a *host.Answer) {
	c.t.Helper()
	if err := c.desk.Decide(c.t.Context(), a.Approval.ID, true, "a tester", "test"); err != nil {
		c.t.Fatal(err)
	}
}

// Notices hold what moves money in production, capability by capability, until
// each was acknowledged in the words that it has now.
func TestNotices(t *testing.T) {
	t.Parallel()
	for _, environment := range []string{capabilities.Emulator, capabilities.Sandbox} {
		h := newCounter(t, at(environment, "https://localhost"))
		is(t, h.call(0, "collect", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
	}

	h := newCounter(t, in(capabilities.Production))
	held := func(capability, input string, want bool) {
		t.Helper()
		a := h.call(1, capability, input)
		if got := a.Guard == "notices" && a.Kind == capabilities.Held; got != want {
			t.Errorf("%s: held %v: %s", capability, got, a.Text())
		}
		if want && (!strings.Contains(a.Message, "acme."+capability+".1") || !strings.Contains(a.Fix, "notices acknowledge") || !strings.Contains(a.Fix, "acme."+capability)) {
			t.Errorf("%s: it does not say what to acknowledge, or how: %s %s", capability, a.Message, a.Fix)
		}
	}
	held("collect", payment("ORDER-1", "5000", ama), true)
	held("pay_out", payment("ORDER-2", "5000", ama), true)
	is(t, h.asks(0, "ORDER-1"), "", capabilities.Pending) // what only reads
	all := h.gotchas
	h.gotchas = all[:1]
	h.tellAll()
	held("collect", payment("ORDER-1", "5000", ama), false)
	held("pay_out", payment("ORDER-2", "5000", ama), true)
	h.gotchas = all
	h.tellAll()
	held("pay_out", payment("ORDER-2", "5000", ama), false)
}

// A notice whose text was changed has to be acknowledged anew; one that is no
// notice holds nobody.
func TestANoticeThatWasChanged(t *testing.T) {
	t.Parallel()
	h := newCounter(t, in(capabilities.Production))
	h.tellAll()
	is(t, h.call(0, "collect", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
	changed := newCounter(t, in(capabilities.Production), sharing(h), saying(func(g *gotchas.Gotcha) { g.Text = "mind the other gap" }))
	if a := changed.call(0, "collect", payment("ORDER-2", "5000", kossi)); a.Guard != "notices" {
		t.Errorf("with a new text: %s", a.Text())
	}
	quiet := newCounter(t, in(capabilities.Production), saying(func(g *gotchas.Gotcha) { g.MustTellUser, g.Brief = false, "" }))
	is(t, quiet.call(0, "collect", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
}

// sharing uses another counter's ledger and keys.
func sharing(other *counter) with {
	return func(o *host.Options, _ *host.Provider) { o.Ledger, o.Keys = other.desk.Ledger, other.desk.Keys }
}

// saying changes every gotcha.
func saying(change func(*gotchas.Gotcha)) with {
	return func(_ *host.Options, p *host.Provider) {
		for i := range p.Manifest.Gotchas.Gotchas {
			change(&p.Manifest.Gotchas.Gotchas[i])
		}
	}
}

// Money leaves only if the account that it leaves from has it. What cannot be
// read covers nothing.
func TestPreCheck(t *testing.T) {
	t.Parallel()
	account := func(network, available string, currency capabilities.Currency) capabilities.Balance {
		return capabilities.Balance{Network: network, Available: capabilities.Amount(available), Currency: currency}
	}
	for name, c := range map[string]struct {
		network  string
		balances []capabilities.Balance
		err      error
		kind     capabilities.RefusalKind
		says     []string
	}{
		"enough":                        {balances: []capabilities.Balance{account("", "5001", "XOF")}},
		"exactly":                       {balances: []capabilities.Balance{account("", "5000", "XOF")}},
		"one short":                     {balances: []capabilities.Balance{account("", "4999", "XOF")}, kind: capabilities.Refused, says: []string{"4999 XOF", "5000 XOF"}},
		"nothing":                       {balances: []capabilities.Balance{account("", "0", "XOF")}, kind: capabilities.Refused, says: []string{"0 XOF", "5000 XOF"}},
		"finer than the currency":       {balances: []capabilities.Balance{account("", "9999.5", "XOF")}, kind: capabilities.Refused, says: []string{"9999.5 XOF", "5000 XOF"}},
		"the matching network":          {network: "north", balances: []capabilities.Balance{account("south", "1", "XOF"), account("north", "5000", "XOF")}},
		"the matching network, too low": {network: "north", balances: []capabilities.Balance{account("south", "9000", "XOF"), account("north", "4000", "XOF")}, kind: capabilities.Refused, says: []string{"north", "4000 XOF", "5000 XOF"}},
		"only another network":          {network: "north", balances: []capabilities.Balance{account("south", "9000", "XOF")}, kind: capabilities.Refused, says: []string{"no balance in XOF", "north"}},
		"networks, and none was named":  {balances: []capabilities.Balance{account("south", "9000", "XOF"), account("north", "9000", "XOF")}, kind: capabilities.Refused, says: []string{"name the network"}},
		"one account for all networks":  {network: "north", balances: []capabilities.Balance{account("", "5000", "XOF")}},
		"the matching currency":         {balances: []capabilities.Balance{account("", "1.50", "GHS"), account("", "5000", "XOF")}},
		"only another currency":         {balances: []capabilities.Balance{account("", "9000", "GHS")}, kind: capabilities.Refused, says: []string{"no balance in XOF"}},
		"no account":                    {balances: nil, kind: capabilities.Unavailable, says: []string{"could not be read"}},
		"no amount":                     {balances: []capabilities.Balance{account("", "plenty", "XOF")}, kind: capabilities.Refused, says: []string{"plenty XOF", "5000 XOF"}},
		"the provider does not answer":  {err: capabilities.NothingChanged("HTTP 500"), kind: capabilities.Unavailable, says: []string{"could not be read", "HTTP 500"}},
		"the provider is not set up":    {err: capabilities.Misconfiguration("401", "set the key"), kind: capabilities.Misconfigured, says: []string{"could not be read", "set the key"}},
		"more than there is":            {balances: []capabilities.Balance{account("", "99999999999999999999", "XOF")}, kind: capabilities.Refused, says: []string{"99999999999999999999 XOF", "5000 XOF"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newCounter(t)
			h.balances = func() (balances, error) { return balances{c.balances}, c.err }
			in := payment("ORDER-1", "5000", ama)
			if c.network != "" {
				in = strings.Replace(in, "}", `,"network":"`+c.network+`"}`, 1)
			}
			a := h.call(0, "pay_out", in)
			if c.kind == "" {
				is(t, a, "", capabilities.Pending)
				return
			}
			is(t, a, c.kind, "")
			for _, says := range c.says {
				if !strings.Contains(a.Message+a.Fix, says) {
					t.Errorf("it does not say %q: %s", says, a.Text())
				}
			}
			if a.Guard != "pre_check" || h.arrived() > 0 {
				t.Errorf("by %q, %d sent: %s", a.Guard, h.arrived(), a.Text())
			}
			// The reference is free, and the approval not used up.
			h.balances = newTeller().balances
			h.approves = false
			is(t, h.call(1, "pay_out", in), "", capabilities.Pending)
		})
	}
	h := newCounter(t) // what comes in needs no balance
	h.balances = func() (balances, error) { return balances{}, nil }
	is(t, h.call(0, "collect", payment("ORDER-1", "5000", ama)), "", capabilities.Pending)
}
