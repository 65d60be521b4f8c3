package host

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Question is a held call that its human may be asked about.
type Question struct {
	approval.Case
	bound string // the digest of the call that it is about
}

// Seal returns the token that stands for a question while it is with a client.
// principal is the connection that it was asked on.
func (h *Host) Seal(q *Question, principal string) (string, error) {
	token, err := h.desk.Seal(q.ID, q.Expires, principal+q.bound)
	return base64.RawURLEncoding.EncodeToString(token), err
}

// ErrNotAsked means that a decision answers no question about this call that
// was asked on this connection, or one that was answered or has expired.
var ErrNotAsked = errors.New("host: this answers no open question about this call")

// Decide records what a human said to the question about exactly this call.
func (h *Host) Decide(ctx context.Context, r Request, token, principal string, approve bool, by string) error {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return ErrNotAsked
	}
	bound, err := h.digest(ctx, r)
	if err != nil {
		return errors.Join(ErrNotAsked, err)
	}
	id, err := h.desk.Redeem(sealed, principal+bound)
	if err != nil {
		return errors.Join(ErrNotAsked, err)
	}
	if err := h.desk.Decide(ctx, id, approve, by, "elicitation"); err != nil {
		if errors.Is(err, ledger.ErrApproval) {
			return errors.Join(ErrNotAsked, err)
		}
		return err
	}
	return nil
}

// digest is what identifies the content of a call that moves money.
func (h *Host) digest(ctx context.Context, r Request) (string, error) {
	t, ok := h.tools[ToolName(r.Provider, r.Capability)]
	if !ok {
		return "", errors.New("host: there is no such tool")
	}
	c := &call{host: h, tool: t, progress: &progress{}, answer: newAnswer(r.Provider, r.Capability)}
	if err := c.validate(r.Input); err != nil {
		return "", err
	}
	if err := c.infer(); err != nil {
		return "", err
	}
	if err := c.describe(ctx); err != nil {
		return "", err
	}
	return c.guarded.Transaction.Digest, nil
}

// previewed lists what a provider may say against a call that it is shown.
func previewed() []capabilities.RefusalKind {
	return []capabilities.RefusalKind{capabilities.Invalid, capabilities.Misconfigured, capabilities.Unavailable, capabilities.ProviderRejected}
}

// noLeave lets nothing leave: who is shown a call does not make it.
func noLeave(context.Context, capabilities.Sending) error {
	return errors.New("the call was only shown")
}

// preview asks a provider what it says of a call that is not made yet.
func (h *Host) preview(ctx context.Context, c *guard.Call) ([]capabilities.Fact, error) {
	ctx, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	t := h.tools[c.Tool()]
	out, err := t.provider.Process.Invoke(ctx, capabilities.Call{Capability: c.Capability.Name, Input: c.Input, Preview: true, BeforeSend: noLeave})
	var r *capabilities.Refusal
	switch {
	case errors.As(err, &r) && slices.Contains(previewed(), r.Kind):
		return nil, err
	case err != nil:
		return nil, capabilities.NotSent("the provider could not be shown the call first: " + err.Error())
	}
	var facts []capabilities.Fact
	if err := json.Unmarshal(out, &facts); err != nil {
		return nil, capabilities.NotSent(fmt.Sprintf("the provider process %s says what cannot be read of the call: %v", c.Manifest.Slug, err))
	}
	return facts, nil
}

// balances asks a provider for the merchant's accounts, as any caller does.
func (h *Host) balances(ctx context.Context, provider, capability string) ([]capabilities.Balance, error) {
	a := h.Call(ctx, Request{Provider: provider, Capability: capability, Caller: Caller{Transport: "host"}})
	if a.Refused() {
		return nil, &capabilities.Refusal{Kind: a.Kind, Message: "the balance could not be read, so nothing was sent: " + a.Message, Fix: a.Fix}
	}
	var all []capabilities.Balance
	if err := json.Unmarshal(a.Details["balances"], &all); err != nil || len(all) == 0 {
		return nil, capabilities.NotSent("the balance could not be read, so nothing was sent: " + ToolName(provider, capability) + " tells none")
	}
	return all, nil
}
