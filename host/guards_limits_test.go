package host_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

const (
	hour = 60 * 60
	day  = 24 * hour
)

// made is a payout or a collection that was made before.
type made struct {
	after      int // seconds since the one before
	capability string
	amount     string
	number     string
	end        capabilities.State
}

// plays makes earlier payments, under references of their own.
func (c *counter) plays(earlier []made) {
	c.t.Helper()
	for i, m := range earlier {
		c.ends(m.end)
		a := c.call(m.after, m.capability, payment(fmt.Sprintf("EARLIER-%d", i), m.amount, m.number))
		if a.Guard != "" {
			c.t.Fatalf("an earlier payment is stopped: %s", a.Text())
		}
	}
	c.ends(capabilities.Pending)
}

// limited is a policy for production with one rule for payouts in XOF.
func limited(limits string) string {
	return "repeat_window: 1s\nrules:\n  - {environment: production, effect: pays_out, currency: XOF, " + limits + "}\n" +
		"  - {environment: production, effect: collects, currency: XOF}\n"
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const (
		benin    = "2290196001122"
		beninOld = "22996001122"
	)
	out := func(after int, amount, number string, end capabilities.State) made {
		return made{after, "pay_out", amount, number, end}
	}
	for name, c := range map[string]struct {
		policy      string
		environment string // production, if it is empty
		earlier     []made
		call        made
		says        string // of the refusal; empty lets it through
	}{
		"as much as one transaction may be": {policy: limited("per_transaction: 50000"), call: out(1, "50000", ama, "")},
		"more than one transaction may be":  {policy: limited("per_transaction: 50000"), call: out(1, "50001", ama, ""), says: "50001 XOF is more than the policy allows in one transaction, 50000 XOF"},
		"a limit in quotes":                 {policy: limited(`per_transaction: "50000"`), call: out(1, "50001", ama, ""), says: "50000 XOF"},

		"the rest of a day":           {policy: limited("per_day: 50000"), earlier: []made{out(0, "30000", ama, capabilities.Succeeded)}, call: out(1, "20000", kossi, "")},
		"more than the rest of a day": {policy: limited("per_day: 50000"), earlier: []made{out(0, "30000", ama, capabilities.Succeeded)}, call: out(1, "20001", kossi, ""), says: "50000 XOF in 24 hours, of which 30000 XOF is used"},
		"a second before the day ends": {policy: limited("per_day: 50000"), earlier: []made{out(0, "30000", ama, capabilities.Succeeded)},
			call: out(day-1, "20001", ama, ""), says: "in 24 hours"},
		"the day has ended": {policy: limited("per_day: 50000"), earlier: []made{out(0, "30000", ama, capabilities.Succeeded)}, call: out(day, "50000", ama, "")},
		"midnight ends no day": {policy: limited("per_day: 50000"), earlier: []made{out(23*hour, "30000", ama, capabilities.Succeeded)},
			call: out(2*hour, "20001", ama, ""), says: "in 24 hours"},
		"what leaves the day makes room": {policy: limited("per_day: 50000"),
			earlier: []made{out(0, "30000", ama, capabilities.Succeeded), out(12*hour, "20000", ama, capabilities.Succeeded)},
			call:    out(12*hour, "30000", ama, "")},
		"what is pending counts":      {policy: limited("per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Pending)}, call: out(1, "1", ama, ""), says: "50000 XOF is used"},
		"what is unknown counts":      {policy: limited("per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Unknown)}, call: out(1, "1", ama, ""), says: "50000 XOF is used"},
		"what failed does not":        {policy: limited("per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Failed)}, call: out(1, "50000", ama, "")},
		"what expired does not":       {policy: limited("per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Expired)}, call: out(1, "50000", ama, "")},
		"what was cancelled does not": {policy: limited("per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Cancelled)}, call: out(1, "50000", ama, "")},
		"what was not sent does not":  {policy: limited("per_day: 50000"), earlier: []made{out(0, "50000", ama, ledger.NotSent)}, call: out(1, "50000", ama, "")},
		"what came in does not":       {policy: limited("per_day: 50000"), earlier: []made{{0, "collect", "50000", ama, capabilities.Succeeded}}, call: out(1, "50000", ama, "")},
		"nothing was used yet":        {policy: limited("per_day: 50000"), call: out(1, "50001", ama, ""), says: "of which nothing is used"},

		"another payee":           {policy: limited("per_payee_per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Succeeded)}, call: out(1, "50000", kossi, "")},
		"the same payee":          {policy: limited("per_payee_per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Succeeded)}, call: out(1, "1", ama, ""), says: "to one payee in 24 hours"},
		"the same payee with a +": {policy: limited("per_payee_per_day: 50000"), earlier: []made{out(0, "50000", ama, capabilities.Succeeded)}, call: out(1, "1", "+"+ama, ""), says: "to one payee"},
		"a number of Benin's old plan": {policy: limited("per_payee_per_day: 50000"), earlier: []made{out(0, "50000", benin, capabilities.Succeeded)},
			call: out(1, "1", beninOld, ""), says: "to one payee"},

		"an allowed payee":                    {policy: limited("allowed_payees: [" + ama + "]"), call: out(1, "5000", ama, "")},
		"an allowed payee, without the +":     {policy: limited(`allowed_payees: ["+` + ama + `"]`), call: out(1, "5000", ama, "")},
		"an allowed payee, with a +":          {policy: limited("allowed_payees: [" + ama + "]"), call: out(1, "5000", "+"+ama, "")},
		"an allowed payee of Benin, before":   {policy: limited("allowed_payees: [" + beninOld + "]"), call: out(1, "5000", benin, "")},
		"an allowed payee of Benin, after":    {policy: limited("allowed_payees: [" + benin + "]"), call: out(1, "5000", "+"+beninOld, "")},
		"a payee who is not":                  {policy: limited("allowed_payees: [" + ama + "]"), call: out(1, "5000", kossi, ""), says: "the payee is not among those"},
		"whoever pays in need not be allowed": {policy: limited("allowed_payees: [" + ama + "]"), call: made{1, "collect", "5000", kossi, ""}},

		"an allowed provider":         {policy: "providers: [acme]\n" + limited("per_day: 50000"), call: out(1, "5000", ama, "")},
		"a provider who is not":       {policy: "providers: [bank]\n" + limited("per_day: 50000"), call: out(1, "5000", ama, ""), says: "acme is not among the providers"},
		"a provider, outside":         {policy: "providers: [bank]\n", environment: capabilities.Sandbox, call: out(1, "5000", ama, "")},
		"another provider's rule":     {policy: limited("provider: bank, per_transaction: 50000"), call: out(1, "5000", ama, ""), says: "no rule for pays_out in XOF"},
		"another environment's rule":  {policy: limited("per_transaction: 1"), environment: capabilities.Sandbox, call: out(1, "5000", ama, "")},
		"the sandbox has rules too":   {policy: "rules: [{environment: sandbox, effect: pays_out, currency: XOF, per_transaction: 4999}]", environment: capabilities.Sandbox, call: out(1, "5000", ama, ""), says: "4999 XOF"},
		"no rule for what comes in":   {policy: "rules: [{environment: production, effect: pays_out, currency: XOF}]", call: made{1, "collect", "1", ama, ""}, says: "no rule for collects in XOF"},
		"an empty policy":             {policy: "", call: out(1, "1", ama, ""), says: "no rule"},
		"an empty policy, outside":    {policy: "", environment: capabilities.Sandbox, call: out(1, "5000", ama, "")},
		"the stricter of two rules":   {policy: limited("per_transaction: 50000}\n  - {environment: production, effect: pays_out, currency: XOF, provider: acme, per_transaction: 100"), call: out(1, "101", ama, ""), says: "100 XOF"},
		"the default policy":          {policy: guard.StrictPolicy(), call: out(1, "50000", ama, "")},
		"more than by default":        {policy: guard.StrictPolicy(), call: out(1, "50001", ama, ""), says: "50000 XOF"},
		"as much comes in by default": {policy: guard.StrictPolicy(), call: made{1, "collect", "500001", ama, ""}, says: "500000 XOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.environment == "" {
				c.environment = capabilities.Production
			}
			h := newCounter(t, in(c.environment), under(c.policy))
			h.tellAll()
			h.plays(c.earlier)
			sent := h.arrived()
			a := h.call(c.call.after, c.call.capability, payment("ORDER-1", c.call.amount, c.call.number))
			if c.says == "" {
				is(t, a, "", capabilities.Pending)
				return
			}
			is(t, a, capabilities.Refused, "")
			if a.Guard != "limits" || !strings.Contains(a.Message, c.says) || !strings.Contains(a.Fix, "policy.yaml") {
				t.Errorf("the guard %q says %s; %s", a.Guard, a.Message, a.Fix)
			}
			if h.arrived() != sent {
				t.Error("it was sent")
			}
			for _, number := range []string{ama, kossi, benin, beninOld} {
				if strings.Contains(a.Text(), number) {
					t.Errorf("the refusal names %s: %s", number, a.Text())
				}
			}
		})
	}
}

// Limits are exact in a currency with decimals, and hold for each currency.
func TestLimitsInAnotherCurrency(t *testing.T) {
	t.Parallel()
	h := newCounter(t, in(capabilities.Production), under("rules: [{environment: production, effect: pays_out, currency: GHS, per_transaction: 12.50}]"))
	h.tellAll()
	h.balances = func() (balances, error) {
		return balances{[]capabilities.Balance{{Available: "99.99", Currency: "GHS"}}}, nil
	}
	ghs := func(reference, amount string) string {
		return fmt.Sprintf(`{"reference":%q,"amount":%q,"currency":"GHS","msisdn":"233201234567"}`, reference, amount)
	}
	is(t, h.call(1, "pay_out", ghs("ORDER-1", "12.51")), capabilities.Refused, "")
	is(t, h.call(1, "pay_out", ghs("ORDER-1", "12.50")), "", capabilities.Pending)
	is(t, h.call(1, "pay_out", payment("ORDER-2", "12", ama)), capabilities.Refused, "") // XOF has no rule
}

// A refund moves the amount on record. Without one it cannot be held to a
// limit, so in production it is refused.
func TestLimitsOfARefund(t *testing.T) {
	t.Parallel()
	h := newCounter(t, in(capabilities.Production), under(limited("per_day: 6000")))
	h.tellAll()
	a := h.call(0, "refund", refund("NOBODYS-1"))
	if a.Guard != "limits" || !strings.Contains(a.Message, "not known") {
		t.Errorf("an unknown amount: %s", a.Text())
	}
	h.ends(capabilities.Succeeded)
	is(t, h.call(1, "collect", payment("ORDER-1", "5000", ama)), "", capabilities.Succeeded)
	is(t, h.call(1, "collect", payment("ORDER-2", "1001", kossi)), "", capabilities.Succeeded)
	is(t, h.call(1, "refund", refund("ORDER-1")), "", capabilities.Succeeded)
	if a := h.call(1, "refund", refund("ORDER-2")); a.Guard != "limits" || !strings.Contains(a.Message, "of which 5000 XOF is used") {
		t.Errorf("a refund that no longer fits: %s", a.Text())
	}
	sandbox := newCounter(t)
	is(t, sandbox.call(0, "refund", refund("NOBODYS-1")), "", capabilities.Pending)
}

// A policy that cannot be read keeps money where it is, everywhere, and
// nothing else.
func TestABrokenPolicyStopsMoney(t *testing.T) {
	t.Parallel()
	for _, environment := range []string{capabilities.Emulator, capabilities.Sandbox, capabilities.Production} {
		h := newCounter(t, at(environment, "https://localhost"), func(o *host.Options, _ *host.Provider) {
			o.Policy = func() (*guard.Policy, error) { return nil, errors.New("policy: rule 1 is broken") }
		})
		h.tellAll()
		for capability, input := range map[string]string{"collect": payment("ORDER-1", "5000", ama), "pay_out": payment("ORDER-2", "5000", ama), "refund": refund("ORDER-1")} {
			a := h.call(1, capability, input)
			is(t, a, capabilities.Refused, "")
			if a.Guard != "limits" || !strings.Contains(a.Message, "rule 1 is broken") {
				t.Errorf("%s in %s: %s", capability, environment, a.Text())
			}
		}
		is(t, h.asks(0, "ORDER-1"), "", capabilities.Pending)
		is(t, h.call(0, "balance", `{}`), "", "")
	}
}

// No payout passes without a human, unless the operator said so of that payee
// and that amount.
func TestPayoutsWithoutAHuman(t *testing.T) {
	t.Parallel()
	free := func(environment, limits string) with {
		return under("rules: [{environment: " + environment + ", effect: pays_out, currency: XOF, " + limits + "}]")
	}
	for name, c := range map[string]struct {
		with    []with
		amount  string
		number  string
		guard   string // that stops it
		earlier []made
	}{
		"the default policy":             {amount: "1", number: ama, guard: "approval"},
		"the default, on the emulator":   {with: []with{at(capabilities.Emulator, "http://127.0.0.1:1")}, amount: "1", number: ama, guard: "approval"},
		"the default, in production":     {with: []with{in(capabilities.Production)}, amount: "1", number: ama, guard: "approval"},
		"allowed is not approved":        {with: []with{free("sandbox", "per_transaction: 10000, allowed_payees: [22890112233]")}, amount: "1", number: ama, guard: "approval"},
		"as much as may pass":            {with: []with{under(trusting)}, amount: "10000", number: ama},
		"another spelling of the payee":  {with: []with{under(trusting)}, amount: "10000", number: "+" + ama},
		"more than may pass":             {with: []with{under(trusting)}, amount: "10001", number: ama, guard: "approval"},
		"somebody else":                  {with: []with{under(trusting)}, amount: "1", number: kossi, guard: "limits"},
		"another environment":            {with: []with{free("production", "allowed_payees: [22890112233], unapproved_up_to: 10000")}, amount: "1", number: ama, guard: "approval"},
		"more than the limit":            {with: []with{free("sandbox", "allowed_payees: [22890112233], unapproved_up_to: 10000, per_transaction: 100")}, amount: "101", number: ama, guard: "limits"},
		"it looks like a repeat":         {with: []with{under(trusting)}, amount: "5000", number: ama, guard: "suspected_repeat", earlier: []made{{0, "pay_out", "5000", ama, capabilities.Pending}}},
		"in production, with everything": {with: []with{in(capabilities.Production), free("production", "allowed_payees: [22890112233], unapproved_up_to: 10000")}, amount: "10000", number: ama},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newCounter(t, c.with...)
			h.approves = false
			h.tellAll()
			h.plays(c.earlier)
			a := h.call(1, "pay_out", payment("ORDER-1", c.amount, c.number))
			if a.Guard != c.guard || a.Refused() != (c.guard != "") {
				t.Errorf("stopped by %q: %s", a.Guard, a.Text())
			}
			if held := c.guard == "approval" || c.guard == "suspected_repeat"; held != (a.Kind == capabilities.Held) || held != (a.Approval != nil) {
				t.Errorf("kind %q, approval %+v", a.Kind, a.Approval)
			}
		})
	}
	h := newCounter(t, under(trusting)) // a refund names no payee, so nobody vouches for it
	h.approves = false
	h.ends(capabilities.Succeeded)
	h.call(0, "collect", payment("ORDER-1", "5000", ama))
	if a := h.call(1, "refund", refund("ORDER-1")); !a.Refused() {
		t.Errorf("a refund passes: %s", a.Text())
	}
}

// What a human denied stays denied, for exactly this call.
func TestADeniedPayout(t *testing.T) {
	t.Parallel()
	h := newCounter(t)
	h.approves = false
	a := h.call(0, "pay_out", payment("ORDER-1", "5000", ama))
	if err := h.desk.Decide(t.Context(), a.Approval.ID, false, "a tester", "test"); err != nil {
		t.Fatal(err)
	}
	a = h.call(1, "pay_out", payment("ORDER-1", "5000", ama))
	is(t, a, capabilities.Refused, "")
	if a.Guard != "approval" || !strings.Contains(a.Message, "a human said no") || a.Approval != nil {
		t.Errorf("after a no: %s", a.Text())
	}
	is(t, h.call(1, "pay_out", payment("ORDER-1", "4000", ama)), capabilities.Held, "")
	if h.arrived() > 0 {
		t.Error("something was sent")
	}
}

// An amount that only the payer will name passes where the policy limits none,
// and nowhere else.
func TestLimitsOfTheUnknown(t *testing.T) {
	t.Parallel()
	rule := func(more string) string {
		return "rules:\n  - {environment: production, effect: collects, currency: XOF" + more + "}\n"
	}
	for policy, passes := range map[string]bool{
		rule(""):                          true,
		rule(", per_transaction: 5000"):   false,
		rule(", per_day: 5000"):           false,
		rule(", per_payee_per_day: 5000"): false,
		rule("") + "  - {environment: production, effect: collects, currency: XOF, per_day: 1}\n": false,
		"rules:\n  - {environment: production, effect: collects, currency: GHS}\n":                false,
		"rules:\n  - {environment: production, effect: pays_out, currency: XOF}\n":                false,
	} {
		p, err := guard.ParsePolicy([]byte(policy))
		if err != nil {
			t.Fatal(err)
		}
		for effect, may := range map[capabilities.Effect]bool{capabilities.Collects: passes, capabilities.PaysOut: false} {
			err := guard.Limits{}.Check(t.Context(), &guard.Call{
				Manifest: &capabilities.Manifest{}, Capability: &capabilities.Capability{Spec: capabilities.Spec{Effect: effect}},
				Target: capabilities.Target{Environment: capabilities.Production}, Policy: p,
				Fields: map[capabilities.Role]string{capabilities.RoleCurrency: "XOF"},
			})
			if (err == nil) != may {
				t.Errorf("%s under %s: %v", effect, policy, err)
			}
		}
	}
}
