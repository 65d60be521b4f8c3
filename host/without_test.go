package host

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// Guards names the guards of a host in their order, and the checks that the
// host makes itself under the names that catalogues give them.
func (h *Host) Guards() []string {
	names := []string{"schema", "webhook_recheck"}
	for _, g := range h.guards {
		names = append(names, g.Name())
	}
	return names
}

// Without takes a guard out, so that a test can see what it kept away.
func (h *Host) Without(name string) {
	switch name {
	case "schema":
		for _, t := range h.tools {
			t.compile = anything(t.compile)
		}
	case "webhook_recheck":
		for i := range h.providers {
			h.providers[i].Process = &credulous{Process: h.providers[i].Process}
		}
	}
	of := func(g guard.Guard) bool { return g.Name() == name }
	h.guards, h.atClaim = slices.DeleteFunc(h.guards, of), slices.DeleteFunc(h.atClaim, of)
}

// anything is a tool's schemas with one for inputs that any object fits.
func anything(compile func() (*compiled, error)) func() (*compiled, error) {
	return func() (*compiled, error) {
		c, err := compile()
		if err != nil {
			return nil, err
		}
		lax := *c
		lax.in, err = schemas.Compile(json.RawMessage(`{"type":"object"}`))
		return &lax, err
	}
}

// credulous is a provider that is not asked about what a webhook says: the
// webhook answers the question itself.
type credulous struct {
	Process
	said *capabilities.WebhookClaim
}

func (p *credulous) Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
	if p.said != nil {
		return json.Marshal(map[string]any{"state": p.said.State})
	}
	out, err := p.Process.Invoke(ctx, call)
	var claim capabilities.WebhookClaim
	if json.Unmarshal(out, &claim) == nil && claim.Reference != "" {
		p.said = &claim
	}
	return out, err
}
