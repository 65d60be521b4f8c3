package host

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Settled is what asking made of a transaction that was not final.
type Settled struct {
	ledger.Key
	Was  capabilities.State `json:"was"`
	Is   capabilities.State `json:"is"`
	Note string             `json:"note,omitempty"`
}

// Reconcile settles what crashes left, and asks the providers for every
// transaction whose outcome is still to come.
func (h *Host) Reconcile(ctx context.Context, by Caller) ([]Settled, error) {
	if _, err := h.ledger.Recover(ctx, h.now()); err != nil {
		return nil, err
	}
	return h.askAll(ctx, by, ledger.Filter{Open: true})
}

// Recover settles what crashes left, and asks the providers what became of it.
// It starts no provider if nothing was left.
func (h *Host) Recover(ctx context.Context, by Caller) ([]Settled, error) {
	n, err := h.ledger.Recover(ctx, h.now())
	if err != nil || n == 0 {
		return nil, err
	}
	return h.askAll(ctx, by, ledger.Filter{State: capabilities.Unknown})
}

func (h *Host) askAll(ctx context.Context, by Caller, f ledger.Filter) ([]Settled, error) {
	open, err := h.ledger.List(ctx, f)
	if err != nil {
		return nil, err
	}
	settled := []Settled{}
	for _, t := range open {
		if ctx.Err() != nil {
			return settled, ctx.Err()
		}
		settled = append(settled, h.askFor(ctx, by, t))
	}
	return settled, nil
}

// askFor asks the provider of a transaction for its state, as any caller does.
func (h *Host) askFor(ctx context.Context, by Caller, t ledger.Transaction) Settled {
	s := Settled{Key: t.Key, Was: t.State, Is: t.State}
	began, ok := h.tools[ToolName(t.Provider, t.Capability)]
	switch {
	case !ok:
		s.Note = "its provider is not here"
		return s
	case began.provider.Settings.Target.Environment != t.Environment:
		s.Note = "its provider is configured for " + began.provider.Settings.Target.Environment
		return s
	case began.capability.Status == "":
		s.Note = "this provider cannot be asked for it: look it up in the provider's dashboard"
		return s
	}
	status, _ := began.provider.Manifest.Capability(began.capability.Status)
	a := h.Call(ctx, Request{Provider: t.Provider, Capability: status.Name, Input: input(arguments(status, t.Reference, t.Network)), Caller: by})
	if a.Refused() {
		s.Note = a.Message
	}
	if now, found, err := h.ledger.Find(ctx, t.Key); err == nil && found {
		s.Is = now.State
	}
	return s
}
