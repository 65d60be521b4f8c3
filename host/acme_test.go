package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// acme is a provider in this process whose every answer a test chooses.
type acme struct {
	mu      sync.Mutex
	collect func(context.Context, payInput) (output, error)
	payOut  func(context.Context, payInput) (output, error)
	status  func(context.Context, statusInput) (output, error)
	webhook func(context.Context, webhookInput) (capabilities.WebhookClaim, error)
	raw     func(context.Context, capabilities.Call) (json.RawMessage, error) // instead of all of them
	asked   []statusInput                                                     // the questions that arrived
	calls   []string                                                          // the capabilities that were called
	closed  bool
}

type payInput struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	MSISDN    capabilities.MSISDN    `json:"msisdn,omitempty" jsonschema_extras:"x-role=payee"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=north,enum=south"`
}

type statusInput struct {
	Reference capabilities.Reference `json:"reference"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=north,enum=south"`
}

type webhookInput struct {
	Body string `json:"body"`
}

type balanceInput struct{}

type output struct {
	capabilities.Outcome
	Fee      capabilities.Amount `json:"fee,omitempty"`
	Response *response           `json:"provider_response,omitempty"`
}

type response struct {
	Code   string `json:"code"`
	Serial int64  `json:"serial,omitempty"`
}

type acmeConfig struct {
	User string `env:"ACME_USER" required:"true" hint:"in the dashboard"`
	Key  string `env:"ACME_KEY" required:"true" secret:"true" hint:"in the dashboard under API"`
	Note string `env:"ACME_NOTE" hint:"whatever you like"`
}

func paid() (output, error) {
	return output{Outcome: capabilities.Outcome{State: capabilities.Succeeded}}, nil
}

func pending() (output, error) {
	return output{Outcome: capabilities.Outcome{State: capabilities.Pending}}, nil
}

// inDoubt is a failure that may mean "not known yet".
func inDoubt() (output, error) {
	return output{Outcome: capabilities.Outcome{State: capabilities.Failed, Doubt: true}}, nil
}

func newAcme() *acme {
	return &acme{
		collect: func(context.Context, payInput) (output, error) { return pending() },
		payOut:  func(context.Context, payInput) (output, error) { return pending() },
		status:  func(context.Context, statusInput) (output, error) { return paid() },
		webhook: func(_ context.Context, in webhookInput) (c capabilities.WebhookClaim, err error) {
			return c, json.Unmarshal([]byte(in.Body), &c)
		},
	}
}

const (
	doubtAsks = 3
	doubtFor  = 30  // seconds
	giveUp    = 180 // seconds
)

func (a *acme) provider() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug: "acme", Name: "Acme", Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF"},
		Networks: []capabilities.Network{{ID: "north", Country: "TG"}, {ID: "south", Country: "TG"}},
		Environments: []capabilities.Environment{
			{Name: capabilities.Sandbox, BaseURL: "https://sandbox.acme.example"},
			{Name: capabilities.Production, BaseURL: "https://api.acme.example"},
		},
		Gotchas: acmeGotchas(),
	})
	capabilities.Configure(p, func(context.Context, capabilities.Target, acmeConfig) error { return nil })
	capabilities.Add(p, capabilities.Spec{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects, Status: "status"},
		func(ctx context.Context, in payInput) (output, error) { return a.collect(ctx, in) })
	capabilities.Add(p, capabilities.Spec{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Status: "status"},
		func(ctx context.Context, in payInput) (output, error) { return a.payOut(ctx, in) })
	capabilities.Add(p, capabilities.Spec{Name: "status", Kind: capabilities.CheckStatus, Effect: capabilities.Reads, Status: "status",
		Polling: &capabilities.Polling{MinInterval: 1, Backoff: []int{3, 5, 10, 20}, GiveUpAfter: giveUp, DoubtAsks: doubtAsks, DoubtFor: doubtFor}},
		func(ctx context.Context, in statusInput) (output, error) {
			a.mu.Lock()
			a.asked = append(a.asked, in)
			a.mu.Unlock()
			return a.status(ctx, in)
		})
	capabilities.Add(p, capabilities.Spec{Name: "balance", Kind: capabilities.CheckBalance, Effect: capabilities.Reads},
		func(context.Context, balanceInput) (output, error) { return output{}, nil })
	capabilities.AddWebhook(p, capabilities.Spec{Name: "webhook", Kind: capabilities.Webhook, Effect: capabilities.NoEffect, Status: "status"},
		func(ctx context.Context, in webhookInput) (capabilities.WebhookClaim, error) {
			return a.webhook(ctx, in)
		})
	return p
}

func acmeGotchas() gotchas.Catalogue {
	gotcha := func(id, capability string, notice bool, when gotchas.When) gotchas.Gotcha {
		g := gotchas.Gotcha{ID: "acme." + capability + "." + id, Capability: capability, Text: "text of " + id, MustTellUser: notice,
			Environments: []string{capabilities.Sandbox}, EnforcedBy: []string{gotchas.Reader}, When: when, Sources: []string{"test"}}
		if notice {
			g.Brief = "brief of " + id
		}
		return g
	}
	return gotchas.Catalogue{Provider: "acme", Gotchas: []gotchas.Gotcha{
		gotcha("1", "collect", true, gotchas.When{}),
		gotcha("2", "collect", false, gotchas.When{States: []string{"pending"}}),
		gotcha("3", "collect", false, gotchas.When{Response: map[string][]string{"code": {"7"}}}),
		gotcha("4", "collect", false, gotchas.When{}),
		gotcha("1", "status", true, gotchas.When{}),
	}}
}

// process runs the provider here, as host.Process.
type process struct {
	*acme
	provider *capabilities.Provider
}

func (p process) Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
	p.mu.Lock()
	p.calls = append(p.calls, call.Capability)
	p.mu.Unlock()
	if p.raw != nil {
		return p.raw(ctx, call)
	}
	return p.provider.Invoke(ctx, call)
}

func (p process) Close(context.Context) { p.closed = true }

// house is a host of acme's, with a clock that only the test moves.
type house struct {
	*host.Host
	*acme
	t    *testing.T
	now  time.Time
	desk *approval.Desk
	// approves is whether a human says yes to whatever is held.
	approves bool
}

// with changes what the house is built from.
type with func(*host.Options, *host.Provider)

func in(environment string) with {
	return func(_ *host.Options, p *host.Provider) { p.Settings.Target.Environment = environment }
}

func newHouse(t *testing.T, changes ...with) *house {
	t.Helper()
	h := &house{acme: newAcme(), t: t, approves: true, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	p := h.provider()
	m, err := p.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	provider := host.Provider{
		Manifest: m,
		Settings: host.Settings{Target: capabilities.Target{Environment: capabilities.Sandbox, BaseURL: "https://sandbox.acme.example"}},
		Process:  process{h.acme, p},
	}
	h.desk = &approval.Desk{
		Ledger: ledger.File(filepath.Join(t.TempDir(), "ledger.db")), Keys: keyring.File(filepath.Join(t.TempDir(), "key")),
		Now: func() time.Time { return h.now },
	}
	t.Cleanup(func() {
		if err := h.desk.Ledger.Close(); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
	})
	options := host.Options{Ledger: h.desk.Ledger, Keys: h.desk.Keys, Now: h.desk.Now}
	for _, change := range changes {
		change(&options, &provider)
	}
	options.Providers = append(options.Providers, provider)
	if h.Host, err = host.New(options); err != nil {
		t.Fatal(err)
	}
	return h
}

// call calls a capability, seconds after the last thing that happened.
func (h *house) call(seconds int, capability, input string) *host.Answer {
	h.t.Helper()
	h.now = h.now.Add(time.Duration(seconds) * time.Second)
	r := host.Request{Provider: "acme", Capability: capability, Input: json.RawMessage(input)}
	a := h.Call(h.t.Context(), r)
	if a.Approval != nil && h.approves {
		if err := h.desk.Decide(h.t.Context(), a.Approval.ID, true, "a tester", "test"); err != nil {
			h.t.Fatal(err)
		}
		a = h.Call(h.t.Context(), r)
	}
	if a.Provider != "acme" || a.Capability != capability {
		h.t.Errorf("%s is answered by %s %s", capability, a.Provider, a.Capability)
	}
	return a
}

// acknowledges has a human take note of every notice of a capability.
func (h *house) acknowledges(capability string) {
	h.t.Helper()
	for _, g := range acmeGotchas().Of(capability) {
		if !g.MustTellUser {
			continue
		}
		k := ledger.Acknowledgement{Notice: g.ID, Version: guard.NoticeVersion(g), By: "a tester", Channel: "test", At: h.now}
		if err := h.desk.Ledger.Acknowledge(h.t.Context(), k); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) collects(reference string) *host.Answer {
	h.t.Helper()
	return h.call(0, "collect", fmt.Sprintf(`{"reference":%q,"amount":"5000"}`, reference))
}

func (h *house) asks(seconds int, reference string) *host.Answer {
	h.t.Helper()
	return h.call(seconds, "status", fmt.Sprintf(`{"reference":%q}`, reference))
}

func (h *house) called(capability string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(strings.Join(h.acme.calls, " ")+" ", capability+" ")
}

// is fails unless the answer is of that kind and state.
func is(t *testing.T, a *host.Answer, kind capabilities.RefusalKind, state capabilities.State) {
	t.Helper()
	if a.Kind != kind || a.State != state {
		t.Errorf("kind %q, state %q, want %q, %q: %s", a.Kind, a.State, kind, state, a.Message)
	}
	if a.Refused() != (kind != "") || a.Refused() && (a.Message == "" || a.Fix == "") {
		t.Errorf("a refusal without words: %+v", a.Answer)
	}
	if a.State != "" && !a.Refused() && (a.Final == nil || *a.Final != a.State.Final()) {
		t.Errorf("the state %s does not say whether it is final", a.State)
	}
}

func noteIDs(a *host.Answer) []string {
	var ids []string
	for _, g := range a.Gotchas {
		ids = append(ids, g.ID)
	}
	slices.Sort(ids)
	return ids
}
