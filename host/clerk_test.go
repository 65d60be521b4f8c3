package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// clerk is a provider in this process that keeps its own books of what it
// sent, and takes as long over it as a test wants.
type clerk struct {
	mu   sync.Mutex
	sent map[string]int // how often, by reference
	// before and after are called before leave to send is asked for, and after it
	// was given. ask is called for every question.
	before, after, ask func(context.Context) error
	close              func(context.Context)
}

type collection struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	Payer     capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer"`
}

type payout struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	Payee     capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee"`
}

type enquiry struct {
	Reference capabilities.Reference `json:"reference"`
}

type receipt struct{ capabilities.Outcome }

func nothing(context.Context) error { return nil }

func newClerk() *clerk {
	return &clerk{sent: map[string]int{}, before: nothing, after: nothing, ask: nothing, close: func(context.Context) {}}
}

func (t *clerk) send(ctx context.Context, reference capabilities.Reference) (receipt, error) {
	if err := t.before(ctx); err != nil {
		return receipt{}, err
	}
	if err := capabilities.BeforeSend(ctx); err != nil {
		return receipt{}, err
	}
	t.mu.Lock()
	t.sent[string(reference)]++
	t.mu.Unlock()
	if err := t.after(ctx); err != nil {
		return receipt{}, err
	}
	return receipt{capabilities.Outcome{State: capabilities.Succeeded}}, nil
}

// times is how often a reference was sent.
func (t *clerk) times(reference string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent[reference]
}

// at is the clerk as a provider of a host.
func (t *clerk) at(tb testing.TB) host.Provider {
	tb.Helper()
	p := capabilities.NewProvider(capabilities.Info{
		Slug: "clerk", Name: "Clerk", Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF"},
	})
	capabilities.Configure(p, func(context.Context, capabilities.Target, struct{}) error { return nil })
	capabilities.Add(p, capabilities.Spec{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects, Status: "status"},
		func(ctx context.Context, in collection) (receipt, error) { return t.send(ctx, in.Reference) })
	capabilities.Add(p, capabilities.Spec{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Status: "status"},
		func(ctx context.Context, in payout) (receipt, error) { return t.send(ctx, in.Reference) })
	capabilities.Add(p, capabilities.Spec{Name: "status", Kind: capabilities.CheckStatus, Effect: capabilities.Reads, Status: "status"},
		func(ctx context.Context, _ enquiry) (receipt, error) {
			return receipt{capabilities.Outcome{State: capabilities.Pending}}, t.ask(ctx)
		})
	m, err := p.Manifest(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if err := m.Check(); err != nil {
		tb.Fatal(err)
	}
	return host.Provider{
		Manifest: m, Process: window{p, t},
		Settings: host.Settings{Target: capabilities.Target{Environment: capabilities.Sandbox, BaseURL: "https://api.clerk.example"}},
	}
}

// window is where the clerk sits: it implements host.Process.
type window struct {
	*capabilities.Provider
	clerk *clerk
}

func (c window) Close(ctx context.Context) { c.clerk.close(ctx) }

// branch is a host with a ledger of its own, as each process has one, on files
// that it may share.
type branch struct {
	*host.Host
	ledger *ledger.SQLite
}

// branches opens so many that share the files in a folder, and the clerk.
func (t *clerk) branches(tb testing.TB, n int, policy string) []branch {
	tb.Helper()
	rules, err := guard.ParsePolicy([]byte(policy))
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	var all []branch
	for range n {
		all = append(all, t.open(tb, dir, host.Options{Policy: func() (*guard.Policy, error) { return rules, nil }}))
	}
	return all
}

// open opens a branch with the files in a folder.
func (t *clerk) open(tb testing.TB, dir string, o host.Options) branch {
	tb.Helper()
	l := ledger.File(filepath.Join(dir, "ledger.db"))
	o.Providers, o.Ledger, o.Keys = []host.Provider{t.at(tb)}, l, keyring.File(filepath.Join(dir, "key"))
	h, err := host.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return branch{h, l}
}

func (b branch) shut(tb testing.TB) {
	tb.Helper()
	if err := b.ledger.Close(); err != nil {
		tb.Error(err)
	}
}

// moves asks a branch to move an amount from or to somebody.
func (b branch) moves(ctx context.Context, capability, reference string, amount int, party string) *host.Answer {
	input := fmt.Sprintf(`{"reference":%q,"amount":"%d","msisdn":%q}`, reference, amount, party)
	return b.Call(ctx, host.Request{Provider: "clerk", Capability: capability, Input: json.RawMessage(input)})
}

// somebody is a number that nobody else has.
func somebody(i int) string { return fmt.Sprintf("228901%05d", i)[:11] }

// approves has a human say yes to a held call.
func (b branch) approves(tb testing.TB, a *host.Answer) {
	tb.Helper()
	if a.Kind != capabilities.Held || a.Approval == nil {
		tb.Fatalf("it is not held: %+v", a.Answer)
	}
	d := ledger.Decision{Approve: true, By: "a tester", Channel: "test", At: time.Now()}
	if err := b.ledger.Decide(tb.Context(), a.Approval.ID, d); err != nil {
		tb.Fatal(err)
	}
}

// record is what the ledger says of a reference.
func (b branch) record(tb testing.TB, reference string) ledger.Transaction {
	tb.Helper()
	t, _, err := b.ledger.Find(tb.Context(), ledger.Key{Provider: "clerk", Environment: capabilities.Sandbox, Reference: reference})
	if err != nil {
		tb.Fatal(err)
	}
	return t
}
