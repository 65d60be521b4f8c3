package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// teller is a provider with all that guards look at: payers and payees, a
// refund, two currencies, balances. What it is told to do arrives in sent.
type teller struct {
	mu       sync.Mutex
	sent     []string // capabilities, without the balance
	outcome  func(ctx context.Context) (output, error)
	balances func() (balances, error)
	previews func(payOutInput) ([]capabilities.Fact, error)
	gotchas  []gotchas.Gotcha
	begins   func() // before anything else, if it is not nil
}

type collectInput struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	Currency  capabilities.Currency  `json:"currency" jsonschema:"enum=XOF,enum=GHS"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=north,enum=south"`
	Code      string                 `json:"code,omitempty" jsonschema:"maxLength=4" jsonschema_extras:"x-role=secret"`
}

type payOutInput struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	Currency  capabilities.Currency  `json:"currency" jsonschema:"enum=XOF,enum=GHS"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=north,enum=south"`
}

type refundInput struct {
	Original capabilities.OriginalReference `json:"original_reference"`
}

type balances struct {
	Balances []capabilities.Balance `json:"balances"`
}

func newTeller() *teller {
	return &teller{
		outcome: func(context.Context) (output, error) { return pending() },
		balances: func() (balances, error) {
			return balances{[]capabilities.Balance{{Available: "1000000", Currency: "XOF"}}}, nil
		},
		previews: func(payOutInput) ([]capabilities.Fact, error) { return nil, nil },
	}
}

// does is what every capability that is about a payment comes to.
func (p *teller) does(ctx context.Context, capability string) (output, error) {
	p.mu.Lock()
	p.sent = append(p.sent, capability)
	p.mu.Unlock()
	if capability != "status" {
		if err := leave(ctx, ""); err != nil {
			return output{}, err
		}
	}
	return p.outcome(ctx)
}

func (p *teller) provider() *capabilities.Provider {
	provider := capabilities.NewProvider(capabilities.Info{
		Slug: "acme", Name: "Acme", Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF", "GHS"},
		Networks: []capabilities.Network{{ID: "north", Country: "TG"}, {ID: "south", Country: "TG"}},
		Gotchas:  gotchas.Catalogue{Provider: "acme", Gotchas: p.gotchas},
	})
	capabilities.Configure(provider, func(context.Context, capabilities.Target, acmeConfig) error { return nil })
	capabilities.Add(provider, capabilities.Spec{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects, Status: "status"},
		func(ctx context.Context, _ collectInput) (output, error) { return p.does(ctx, "collect") })
	capabilities.AddPreviewed(provider, capabilities.Spec{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Status: "status", PreCheck: "balance"},
		func(_ context.Context, in payOutInput) ([]capabilities.Fact, error) { return p.previews(in) },
		func(ctx context.Context, _ payOutInput) (output, error) { return p.does(ctx, "pay_out") })
	capabilities.Add(provider, capabilities.Spec{Name: "refund", Kind: capabilities.Refund, Effect: capabilities.PaysOut},
		func(ctx context.Context, _ refundInput) (output, error) { return p.does(ctx, "refund") })
	capabilities.Add(provider, capabilities.Spec{Name: "status", Kind: capabilities.CheckStatus, Effect: capabilities.Reads, Status: "status",
		Polling: &capabilities.Polling{MinInterval: 10, Backoff: []int{10}}},
		func(ctx context.Context, _ statusInput) (output, error) { return p.does(ctx, "status") })
	capabilities.Add(provider, capabilities.Spec{Name: "balance", Kind: capabilities.CheckBalance, Effect: capabilities.Reads},
		func(context.Context, balanceInput) (balances, error) { return p.balances() })
	capabilities.AddWebhook(provider, capabilities.Spec{Name: "webhook", Kind: capabilities.Webhook, Effect: capabilities.NoEffect, Status: "status"},
		func(_ context.Context, in webhookInput) (c capabilities.WebhookClaim, err error) {
			return c, json.Unmarshal([]byte(in.Body), &c)
		})
	return provider
}

func (p *teller) Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
	if p.begins != nil {
		p.begins()
	}
	return p.provider().Invoke(ctx, call)
}

func (p *teller) Close(context.Context) {}

// arrived is how often the provider was told to do something.
func (p *teller) arrived() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}

// ends lets everything that is asked for from now on end that way.
func (p *teller) ends(s capabilities.State) {
	p.outcome = func(context.Context) (output, error) {
		switch s {
		case capabilities.Unknown:
			return output{}, capabilities.MayHaveHappened("cut")
		case ledger.NotSent:
			return output{}, capabilities.NotSent("no line")
		}
		return output{Outcome: capabilities.Outcome{State: s}}, nil
	}
}

// counter is a house whose provider is a teller.
type counter struct {
	*house
	*teller
}

func newCounter(t *testing.T, changes ...with) *counter {
	t.Helper()
	c := &counter{teller: newTeller()}
	c.gotchas = notices("collect", "pay_out", "refund")
	first := func(_ *host.Options, p *host.Provider) {
		m, err := c.provider().Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		p.Manifest, p.Process = m, c.teller
	}
	c.house = newHouse(t, append([]with{first}, changes...)...)
	return c
}

// provider chooses between the two that a counter has.
func (c *counter) provider() *capabilities.Provider { return c.teller.provider() }

// notices are one for each capability.
func notices(capabilities ...string) []gotchas.Gotcha {
	var all []gotchas.Gotcha
	for _, c := range capabilities {
		all = append(all, gotchas.Gotcha{ID: "acme." + c + ".1", Capability: c, Text: "mind the gap", Brief: "mind it", MustTellUser: true,
			Environments: []string{"production"}, EnforcedBy: []string{"notices"}, Sources: []string{"test"}})
	}
	return all
}

// tellAll has a human take note of everything.
func (c *counter) tellAll() {
	c.t.Helper()
	for _, g := range c.gotchas {
		k := ledger.Acknowledgement{Notice: g.ID, Version: guard.NoticeVersion(g), By: "a tester", Channel: "test", At: c.now}
		if err := c.desk.Ledger.Acknowledge(c.t.Context(), k); err != nil {
			c.t.Fatal(err)
		}
	}
}

// under puts a policy in force.
func under(policy string) with {
	return func(o *host.Options, _ *host.Provider) {
		o.Policy = func() (*guard.Policy, error) { return guard.ParsePolicy([]byte(policy)) }
	}
}

// at sends everything to an address.
func at(environment, base string) with {
	return func(_ *host.Options, p *host.Provider) {
		p.Settings.Target = capabilities.Target{Environment: environment, BaseURL: base}
	}
}

func readOnly(o *host.Options, _ *host.Provider) { o.ReadOnly = true }

const (
	ama   = "22890112233"
	kossi = "22890445566"
)

// payment is the input of collect and of pay_out.
func payment(reference, amount, number string) string {
	return fmt.Sprintf(`{"reference":%q,"amount":%q,"currency":"XOF","msisdn":%q}`, reference, amount, number)
}

func refund(original string) string { return fmt.Sprintf(`{"original_reference":%q}`, original) }

// stoppedBy names the guard, or the check of the host, that an answer comes
// from. Nobody stopped a call whose provider was asked.
func stoppedBy(a *host.Answer) string {
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
	case string(a.Details["fulfil"]) == "false":
		return "webhook_recheck"
	}
	return ""
}

// scenario is a call that one guard keeps from its provider.
type scenario struct {
	guard, name string
	with        []with
	before      func(*counter)
	call        func(*counter) *host.Answer
	// otherwise is the refusal without the guard, where something else stands
	// behind it. Empty means that nothing does: the call goes through.
	otherwise capabilities.RefusalKind
	asks      bool // the provider is asked with the guard too
}

const strictPolicy = `
rules:
  - {environment: production, effect: pays_out, currency: XOF, per_transaction: 50000, per_day: 60000, per_payee_per_day: 55000}
  - {environment: production, effect: collects, currency: XOF, per_transaction: 50000}
`

// trusting lets small payouts to one payee pass without a human.
const trusting = `
rules:
  - {environment: sandbox, effect: pays_out, currency: XOF, allowed_payees: ["22890112233"], unapproved_up_to: 10000}
`

func scenarios() []scenario {
	collects := func(reference, amount, number string) func(*counter) *host.Answer {
		return func(c *counter) *host.Answer { return c.call(1, "collect", payment(reference, amount, number)) }
	}
	paysOut := func(reference, amount, number string) func(*counter) *host.Answer {
		return func(c *counter) *host.Answer { return c.call(1, "pay_out", payment(reference, amount, number)) }
	}
	first := func(call func(*counter) *host.Answer) func(*counter) { return func(c *counter) { call(c) } }
	nobodyApproves := func(c *counter) { c.approves = false }
	production := []with{in(capabilities.Production), under(strictPolicy)}
	return []scenario{
		{guard: "schema", name: "an amount below zero", call: collects("ORDER-1", "-5000", ama), otherwise: capabilities.Invalid},
		{guard: "schema", name: "a field that there is not", call: func(c *counter) *host.Answer {
			return c.call(0, "collect", `{"reference":"ORDER-1","amount":"5000","currency":"XOF","msisdn":"22890112233","network":"east"}`)
		}},
		{guard: "environment", name: "an emulator that is none", with: []with{at(capabilities.Emulator, "https://api.acme.example")}, call: collects("ORDER-1", "5000", ama)},
		{guard: "environment", name: "credentials in the clear", with: []with{at(capabilities.Sandbox, "http://api.acme.example")}, call: paysOut("ORDER-1", "5000", ama)},
		{guard: "environment", name: "an environment that there is not", with: []with{at("staging", "https://api.acme.example")}, call: func(c *counter) *host.Answer { return c.asks(0, "ORDER-1") }},
		{guard: "read_only", name: "a collection", with: []with{readOnly}, call: collects("ORDER-1", "5000", ama)},
		{guard: "read_only", name: "a payout", with: []with{readOnly}, call: paysOut("ORDER-1", "5000", ama)},
		{guard: "notices", name: "a collection in production", with: production, call: collects("ORDER-1", "5000", ama)},
		{guard: "notices", name: "a payout in production", with: production, call: paysOut("ORDER-1", "5000", ama)},
		{guard: "reference", name: "the same again", before: first(collects("ORDER-1", "5000", ama)), call: collects("ORDER-1", "5000", ama), otherwise: capabilities.Misconfigured},
		{guard: "reference", name: "another amount", before: first(collects("ORDER-1", "5000", ama)), call: collects("ORDER-1", "6000", ama), otherwise: capabilities.Misconfigured},
		{guard: "reference", name: "a payout under a collection's", with: []with{under(trusting)}, before: first(collects("ORDER-1", "5000", ama)), call: paysOut("ORDER-1", "5000", ama), otherwise: capabilities.Misconfigured},
		{guard: "limits", name: "too much at once", with: production, before: (*counter).tellAll, call: paysOut("ORDER-1", "50001", ama)},
		{guard: "limits", name: "too much in a day", with: production, before: func(c *counter) {
			c.tellAll()
			c.call(0, "pay_out", payment("ORDER-1", "30000", ama))
		}, call: paysOut("ORDER-2", "30001", kossi)},
		{guard: "limits", name: "too much to one payee", with: production, before: func(c *counter) {
			c.tellAll()
			c.call(0, "pay_out", payment("ORDER-1", "30000", ama))
		}, call: paysOut("ORDER-2", "25001", ama)},
		{guard: "limits", name: "a currency without a rule", with: production, before: (*counter).tellAll, call: func(c *counter) *host.Answer {
			return c.call(0, "collect", `{"reference":"ORDER-1","amount":"5000","currency":"GHS","msisdn":"22890112233"}`)
		}},
		{guard: "suspected_repeat", name: "a collection under another reference", before: func(c *counter) {
			nobodyApproves(c)
			c.call(0, "collect", payment("ORDER-1", "5000", ama))
		}, call: collects("ORDER-2", "5000", ama)},
		{guard: "preview", name: "what the provider knows to be wrong", before: func(c *counter) {
			c.previews = func(payOutInput) ([]capabilities.Fact, error) {
				return nil, capabilities.InvalidField("msisdn", "a number that north does not serve", "one of its own")
			}
		}, call: paysOut("ORDER-1", "5000", ama)},
		{guard: "approval", name: "a payout", before: nobodyApproves, call: paysOut("ORDER-1", "5000", ama)},
		{guard: "approval", name: "a refund", before: nobodyApproves, call: func(c *counter) *host.Answer { return c.call(0, "refund", refund("ORDER-1")) }},
		{guard: "pre_check", name: "too low a balance", before: func(c *counter) {
			c.balances = func() (balances, error) {
				return balances{[]capabilities.Balance{{Available: "4999", Currency: "XOF"}}}, nil
			}
		}, call: paysOut("ORDER-1", "5000", ama)},
		{guard: "polling_pace", name: "a question from nowhere", before: func(c *counter) { c.asks(0, "ORDER-1") }, call: func(c *counter) *host.Answer { return c.asks(9, "ORDER-1") }},
		{guard: "polling_pace", name: "a question about a payment on record", before: func(c *counter) {
			c.call(0, "collect", payment("ORDER-1", "5000", ama))
			c.asks(0, "ORDER-1")
		}, call: func(c *counter) *host.Answer { return c.asks(9, "ORDER-1") }},
		{guard: "webhook_recheck", name: "a success that the provider does not know of", asks: true, call: func(c *counter) *host.Answer {
			return c.call(0, "webhook", `{"body":"{\"reference\":\"ORDER-1\",\"state\":\"succeeded\"}"}`)
		}},
	}
}

// TestEachGuardStandsAlone: every scenario is stopped by its guard, with
// nothing sent, and goes through when that one guard is taken out. So no
// scenario is stopped by something else, and no guard is there for nothing.
func TestEachGuardStandsAlone(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.guard+"/"+s.name, func(t *testing.T) {
			t.Parallel()
			play := func(without string) (a *host.Answer, sent int) {
				c := newCounter(t, s.with...)
				c.Without(without)
				if s.before != nil {
					s.before(c)
				}
				before := c.arrived()
				a = s.call(c)
				return a, c.arrived() - before
			}
			a, sent := play("nothing")
			if by := stoppedBy(a); by != s.guard {
				t.Errorf("stopped by %q: %s", by, a.Text())
			}
			if (sent > 0) != s.asks {
				t.Errorf("%d requests were sent", sent)
			}
			a, sent = play(s.guard)
			if by := stoppedBy(a); by == s.guard && s.otherwise == "" || a.Kind != s.otherwise {
				t.Errorf("without %s it is stopped by %q, kind %q: %s", s.guard, by, a.Kind, a.Text())
			}
			if through := s.otherwise == "" && !s.asks; (sent > 0) != through {
				t.Errorf("without %s, %d requests were sent", s.guard, sent)
			}
		})
	}
}

// TestEveryGuardHasAScenario: a guard that is added to the line needs one.
func TestEveryGuardHasAScenario(t *testing.T) {
	t.Parallel()
	var proved []string
	for _, s := range scenarios() {
		proved = append(proved, s.guard)
	}
	line := newCounter(t, readOnly).Guards()
	for _, g := range line {
		if !slices.Contains(proved, g) {
			t.Errorf("no scenario needs the guard %s", g)
		}
	}
	for _, e := range gotchas.Enforcers() {
		if byHost := e.Name != "plugin" && e.Name != gotchas.Reader; byHost && !slices.Contains(line, e.Name) {
			t.Errorf("catalogues may say %s, and there is no such guard", e.Name)
		}
	}
}

// Anybody may send a webhook. What it calls a reference and is none gets into
// no answer, and so into no log.
func TestAWebhooksReferenceMayBeNone(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	a := c.call(0, "webhook", `{"body":"{\"reference\":\"Ama Kossi, 90 11 22 33\",\"state\":\"succeeded\"}"}`)
	is(t, a, capabilities.Invalid, "")
	if a.Reference != "" || c.arrived() > 0 {
		t.Errorf("the reference is %q, %d sent", a.Reference, c.arrived())
	}
}
