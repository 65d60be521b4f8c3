package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// recheckWait is the longest time for which a webhook waits to be allowed its
// question, when its reference was asked for just before.
const recheckWait = 2 * time.Second

// judge answers a webhook. The webhook only says what to ask about: whether to
// fulfil is what the provider says now, through Host.Call like any question,
// and the amount is the one on record.
func (c *call) judge(ctx context.Context, out json.RawMessage) error {
	var claim capabilities.WebhookClaim
	if err := json.Unmarshal(out, &claim); err != nil {
		return c.unreadable(err)
	}
	if claim.Reference == "" {
		return c.unreadable(errors.New("a claim without a reference"))
	}
	status, ok := c.tool.provider.Manifest.Capability(c.tool.capability.Status)
	if !ok {
		return capabilities.Misconfiguration(c.name()+" names no status capability, so no webhook can be believed", "update the provider")
	}
	checked := c.recheck(ctx, status, claim)
	c.fields[capabilities.RoleReference] = checked.Reference // the claim's, unless it is none: anybody may have written it
	if checked.replayed && !checked.State.Final() {
		return &capabilities.Refusal{Kind: capabilities.Unavailable, AfterSeconds: checked.Next.AfterSeconds,
			Message: "the webhook could not be checked, so do not fulfil: the provider was asked for this payment just before",
			Fix:     fmt.Sprintf("verify the webhook again in %d s", checked.Next.AfterSeconds)}
	}
	if checked.Refused() {
		wait := 0
		if checked.Next != nil {
			wait = checked.Next.AfterSeconds
		}
		return &capabilities.Refusal{
			Kind: checked.Kind, Guard: checked.Guard, Problems: checked.Problems, Response: checked.Response, AfterSeconds: wait,
			Message: "the webhook could not be checked, so do not fulfil: " + checked.Message,
			Fix:     checked.Fix,
		}
	}
	return c.verdict(ctx, claim, checked)
}

// recheck asks the status, waiting a little if it was asked just before.
func (c *call) recheck(ctx context.Context, status *capabilities.Capability, claim capabilities.WebhookClaim) *Answer {
	r := Request{
		Provider:   c.tool.provider.Manifest.Slug,
		Capability: status.Name,
		Input:      input(arguments(status, claim.Reference, claim.Network)),
		Caller:     Caller{Transport: "host"},
	}
	a := c.host.Call(ctx, r)
	early := a.replayed || a.Kind == capabilities.Refused
	if !early || a.Next == nil {
		return a
	}
	wait := time.Duration(a.Next.AfterSeconds) * time.Second
	if wait > recheckWait {
		return a
	}
	select {
	case <-time.After(wait):
		return c.host.Call(ctx, r)
	case <-ctx.Done():
		return a
	}
}

func (c *call) verdict(ctx context.Context, claim capabilities.WebhookClaim, checked *Answer) error {
	v := capabilities.WebhookVerdict{
		Reference: claim.Reference,
		State:     checked.State,
		Network:   checked.Network,
		Claim:     &capabilities.ClaimSummary{State: claim.State, Amount: claim.Amount, Authentic: claim.Authentic},
		Response:  checked.Response,
	}
	t, _, err := c.recorded(ctx)
	if err != nil {
		return err
	}
	v.TrustedAmount, v.Currency = t.Money.Amount(), t.Money.Currency()
	chosen := t.State != "" && !t.Money.Known() // by the payer, so the provider alone knows
	if chosen {
		v.TrustedAmount, v.Currency = checked.Amount, checked.Currency
	}
	if _, err := capabilities.ParseMoney(v.TrustedAmount, v.Currency); chosen && checked.State == capabilities.Succeeded && err != nil {
		return c.unseen()
	}
	payout := t.Effect != "" && t.Effect != capabilities.Collects
	v.Fulfil = checked.State == capabilities.Succeeded && !payout && !checked.differs
	v.Reason = reason(v, payout, chosen)
	if err := c.once(ctx, &v, t); err != nil {
		return err
	}
	if checked.differs {
		v.Reason = fmt.Sprintf("do not fulfil: the provider says that %s %s was paid, and %s is on record", checked.Amount, checked.Currency, t.Money)
	}
	if claim.State != checked.State && claim.State != capabilities.Unknown {
		v.Reason += fmt.Sprintf("; the webhook said %s, which the provider does not confirm", claim.State)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.accept(ctx, out)
}

// unseen refuses to judge before the provider has said what its payer chose to
// pay: the record does not hold it.
func (c *call) unseen() error {
	wait := 1
	if p := c.polling(); p != nil {
		wait = p.MinInterval
	}
	return &capabilities.Refusal{Kind: capabilities.Unavailable, AfterSeconds: wait,
		Message: "the webhook could not be checked, so do not fulfil yet: the provider was asked for this payment just before, and only it knows the amount",
		Fix:     fmt.Sprintf("verify the webhook again in %d s", wait)}
}

// once lets a transaction on record be fulfilled once, however often its
// webhook comes or is replayed.
func (c *call) once(ctx context.Context, v *capabilities.WebhookVerdict, t ledger.Transaction) error {
	if !v.Fulfil || t.State == "" {
		return nil
	}
	before, err := c.host.ledger.Fulfil(context.WithoutCancel(ctx), t.Key, c.host.now())
	if err != nil || before.IsZero() {
		return err
	}
	v.Fulfil, v.ToldAt = false, before.UTC().Format(time.RFC3339)
	v.Reason = fmt.Sprintf("do not fulfil again: it was told at %s to fulfil this reference. It is paid: if your own records say that it was never fulfilled, do that now", v.ToldAt)
	return nil
}

func reason(v capabilities.WebhookVerdict, payout, chosen bool) string {
	switch {
	case payout:
		return fmt.Sprintf("this reference is a payout, now %s: there is nothing to fulfil", v.State)
	case !v.Fulfil:
		return fmt.Sprintf("do not fulfil: asked directly, the provider says %s", v.State)
	case v.TrustedAmount == "":
		return "asked directly, the provider says succeeded. No amount is on record here: use the amount that you stored for this reference, never the webhook's"
	case chosen:
		return fmt.Sprintf("asked directly, the provider says that %s %s was paid; the amount was the payer's choice", v.TrustedAmount, v.Currency)
	}
	return fmt.Sprintf("asked directly, the provider says succeeded. The amount to trust is the recorded %s %s, whatever the webhook says", v.TrustedAmount, v.Currency)
}
