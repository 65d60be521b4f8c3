// Package host is everything that happens around a call of a capability.
// Host.Call is the one doorway to a provider: MCP tools, the command line and
// webhooks all go through it.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/audit"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// Process runs a provider. A *plugin.Process is one.
type Process interface {
	Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error)
	Close(ctx context.Context)
}

// Provider is one provider as a host runs it.
type Provider struct {
	Manifest *capabilities.Manifest
	Settings Settings
	Process  Process
}

// Options make a host.
type Options struct {
	Providers []Provider
	// Ledger is the record, and Keys hide what it must not hold.
	Ledger ledger.Ledger
	Keys   *keyring.Keyring
	// Policy is asked for each call that moves money. Its error keeps money where
	// it is. Nil is the default policy.
	Policy func() (*guard.Policy, error)
	// Audit is where each call is written down; nil is nowhere.
	Audit *audit.Log
	// Principal is whom the process runs as.
	Principal string
	// Elsewhere is the flag by which the program's commands find this ledger, if
	// it is not where they look: " --ledger /tmp/x".
	Elsewhere string
	// ReadOnly refuses everything that moves money.
	ReadOnly bool
	// Patience is how long a caller waits for a provider; 0 means DefaultPatience.
	Patience time.Duration
	// Now is the clock; nil is the real one.
	Now func() time.Time
}

// DefaultPatience is how long a caller waits for a provider: MCP clients give
// up after about half a minute.
const DefaultPatience = 25 * time.Second

// Host calls capabilities. It is safe for concurrent use.
type Host struct {
	providers []Provider
	tools     map[string]*tool // by provider and capability
	guards    []guard.Guard    // in the order of their objections
	atClaim   []guard.Guard    // those that judge by the ledger, asked again within the claim
	ledger    ledger.Ledger
	keys      *keyring.Keyring
	desk      *approval.Desk
	policy    func() (*guard.Policy, error)
	audit     *audit.Log
	principal string
	elsewhere string
	patience  time.Duration
	now       func() time.Time
	readOnly  bool
	working   sync.WaitGroup // calls that providers work on
}

// tool is one capability, with what is compiled on its first use.
type tool struct {
	provider   *Provider
	capability *capabilities.Capability
	compile    func() (*compiled, error)
}

type compiled struct {
	in, out *schemas.Schema
	roles   map[capabilities.Role]string // the field that has a role
}

// New makes a host. It starts nothing.
func New(o Options) (*Host, error) {
	if o.Ledger == nil || o.Keys == nil {
		return nil, errors.New("host: there is no ledger, or no keys")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if o.Policy == nil {
		strict := guard.DefaultPolicy()
		o.Policy = func() (*guard.Policy, error) { return strict, nil }
	}
	h := &Host{
		providers: o.Providers, tools: map[string]*tool{}, ledger: o.Ledger, keys: o.Keys, policy: o.Policy, audit: o.Audit,
		desk:      &approval.Desk{Ledger: o.Ledger, Keys: o.Keys, Now: o.Now},
		principal: o.Principal, elsewhere: o.Elsewhere, patience: o.Patience, now: o.Now, readOnly: o.ReadOnly,
	}
	h.guard()
	for i := range h.providers {
		if err := h.add(&h.providers[i]); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// guard lines the guards up.
func (h *Host) guard() {
	h.guards = append(h.guards, guard.Environment{})
	if h.readOnly {
		h.guards = append(h.guards, guard.ReadOnly{})
	}
	approval := guard.Approval{Hash: h.keys.Hash}
	h.atClaim = []guard.Guard{guard.Reference{}, guard.Limits{}, guard.SuspectedRepeat{}, approval}
	h.guards = append(h.guards, guard.Notices{Elsewhere: h.elsewhere},
		guard.Reference{}, guard.Limits{}, guard.SuspectedRepeat{}, guard.Preview{Ask: h.preview}, guard.Outlay{}, approval,
		guard.PreCheck{Balances: h.balances}, guard.PollingPace{Questions: h.ledger})
}

func (h *Host) add(p *Provider) error {
	for i := range p.Manifest.Capabilities {
		c := &p.Manifest.Capabilities[i]
		name := ToolName(p.Manifest.Slug, c.Name)
		if _, taken := h.tools[name]; taken {
			return fmt.Errorf("host: two providers offer the tool %s", name)
		}
		h.tools[name] = &tool{provider: p, capability: c, compile: sync.OnceValues(func() (*compiled, error) { return compile(c) })}
	}
	return nil
}

func compile(c *capabilities.Capability) (*compiled, error) {
	in, err := schemas.Compile(c.Input)
	if err != nil {
		return nil, err
	}
	out, err := schemas.Compile(c.Output)
	if err != nil {
		return nil, err
	}
	fields, err := schemas.Roles(c.Input)
	if err != nil {
		return nil, err
	}
	roles := map[capabilities.Role]string{}
	for role, field := range fields {
		roles[capabilities.Role(role)] = field
	}
	return &compiled{in: in, out: out, roles: roles}, nil
}

// ToolName returns the name of a capability as MCP shows it.
func ToolName(provider, capability string) string { return provider + "_" + capability }

// Tool is a capability that the host offers.
type Tool struct {
	Name       string
	Manifest   *capabilities.Manifest
	Capability *capabilities.Capability
}

// Tools lists what the host offers, in the order of the providers and their
// manifests: what it would always refuse is left out.
func (h *Host) Tools() []Tool {
	var all []Tool
	for i := range h.providers {
		m := h.providers[i].Manifest
		for j := range m.Capabilities {
			c := &m.Capabilities[j]
			if h.offers(c) {
				all = append(all, Tool{Name: ToolName(m.Slug, c.Name), Manifest: m, Capability: c})
			}
		}
	}
	return all
}

func (h *Host) offers(c *capabilities.Capability) bool {
	return !h.readOnly || !c.Effect.MovesMoney()
}

// Close lets calls under way end until ctx does, and stops every provider. No
// call may be made any more. The ledger stays open.
func (h *Host) Close(ctx context.Context) {
	var closing sync.WaitGroup
	for i := range h.providers {
		closing.Go(func() { h.providers[i].Process.Close(ctx) })
	}
	closing.Wait()
	h.working.Wait() // without their processes, calls end at once
}

// Find returns the provider and the capability of a tool's name.
func (h *Host) Find(tool string) (provider, capability string, ok bool) {
	t, ok := h.tools[tool]
	if !ok {
		return "", "", false
	}
	return t.provider.Manifest.Slug, t.capability.Name, true
}
