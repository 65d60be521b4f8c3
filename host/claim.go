package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// describe puts together what guards and the ledger have to know of the call.
func (c *call) describe(ctx context.Context) error {
	g := &guard.Call{
		Manifest: c.tool.provider.Manifest, Capability: c.tool.capability, Target: c.tool.provider.Settings.Target,
		Fields: c.fields, Input: c.input, Ledger: c.host.ledger, Now: c.host.now(),
	}
	c.guarded = g
	if !c.moves() {
		return nil
	}
	policy, err := c.host.policy()
	if err != nil {
		return &capabilities.Refusal{Kind: capabilities.Refused, Guard: guard.Limits{}.Name(),
			Message: "what the policy allows is not known: " + err.Error(), Fix: "the operator has to look at policy.yaml, and to restart this server"}
	}
	g.Policy = policy
	if c.confirms() {
		g.Transaction, err = c.confirmed(ctx)
		return err
	}
	account, err := c.account()
	if err != nil {
		return err
	}
	t := ledger.Transaction{Key: c.key(), Account: account, Capability: c.tool.capability.Name, Effect: c.tool.capability.Effect,
		Network: c.fields[capabilities.RoleNetwork], Claimed: g.Now}
	if !t.Effect.MovesMoney() || t.Effect != capabilities.Collects {
		t.Effect = capabilities.PaysOut
	}
	if t.Money, err = c.money(ctx); err != nil {
		return err
	}
	text, err := canonical(c.input)
	if err != nil {
		return err
	}
	if t.Digest, err = c.host.keys.Hash("input", t.Provider, t.Environment, t.Capability, text); err != nil {
		return err
	}
	if party := guard.Party(c.fields); party != "" {
		if t.Party, err = c.host.keys.Hash("party", party); err != nil {
			return err
		}
	}
	g.Transaction = t
	return nil
}

// confirmed is the transaction that a confirmation continues. Nobody confirms
// what was not begun here, nor in another party's name.
func (c *call) confirmed(ctx context.Context) (ledger.Transaction, error) {
	t, known, err := c.recorded(ctx)
	if err != nil {
		return t, err
	}
	if !known {
		return t, capabilities.InvalidField(c.schema.roles[capabilities.RoleReference], c.reference()+", which was not begun here",
			"the reference of a payment that waits for its confirmation")
	}
	if !c.confirmable(t) {
		return t, capabilities.InvalidField(c.schema.roles[capabilities.RoleReference], fmt.Sprintf("%s, a %s on %q", t.Reference, t.Capability, t.Network),
			"a collection on a network whose payments are confirmed")
	}
	if t.State.Final() {
		return t, &guard.Recorded{Transaction: t}
	}
	events, err := c.host.ledger.Events(ctx, t.Key)
	if err != nil {
		return t, err
	}
	if ledger.Confirmations(events) >= ledger.MostConfirmations {
		return t, &capabilities.Refusal{Kind: capabilities.Refused, Guard: guard.Reference{}.Name(),
			Message: fmt.Sprintf("%d confirmations of %s were sent already", ledger.MostConfirmations, t.Reference),
			Fix:     "ask for its status; if it is not paid, begin a new payment with a new reference"}
	}
	party := guard.Party(c.fields)
	if party == "" {
		return t, nil
	}
	hash, err := c.host.keys.Hash("party", party)
	if err == nil && hash != t.Party {
		err = capabilities.InvalidField(c.schema.roles[capabilities.RolePayer], "another number than the payment was begun with", "that number, or another reference")
	}
	return t, err
}

// confirmable reports whether a transaction on record is of those that the
// call's capability confirms: a collection, on one of its networks.
func (c *call) confirmable(t ledger.Transaction) bool {
	networks := c.tool.capability.Networks
	began, ok := c.tool.provider.Manifest.Capability(t.Capability)
	return ok && began.Status == c.tool.capability.Status && t.Effect == capabilities.Collects && (len(networks) == 0 || slices.Contains(networks, t.Network))
}

// money is the amount that the call moves: its own, or that of the payment it
// gives back, if that is on record.
func (c *call) money(ctx context.Context) (capabilities.Money, error) {
	amount := capabilities.Amount(c.fields[capabilities.RoleAmount])
	if amount == "" {
		original := c.fields[capabilities.RoleOriginalReference]
		if original == "" {
			return capabilities.Money{}, nil
		}
		t, _, err := c.host.ledger.Find(ctx, c.keyOf(original))
		return t.Money, err
	}
	if field := c.schema.roles[capabilities.RoleCurrency]; c.currency() == "" && field != "" {
		return capabilities.Money{}, capabilities.InvalidField(field, "nothing", "the currency of the amount: of this network it is not known")
	}
	m, err := capabilities.ParseMoney(amount, c.currency())
	if err != nil {
		return m, capabilities.InvalidField(c.schema.roles[capabilities.RoleAmount], err.Error(), "an amount in major units of its currency")
	}
	return m, nil
}

// currency is the one that the input names, or the only one that there can be.
func (c *call) currency() capabilities.Currency {
	if named := c.fields[capabilities.RoleCurrency]; named != "" {
		return capabilities.Currency(named)
	}
	m := c.tool.provider.Manifest
	if len(m.Currencies) == 1 {
		return m.Currencies[0]
	}
	for _, n := range m.Networks {
		if n.ID == c.fields[capabilities.RoleNetwork] {
			return n.Currency
		}
	}
	return ""
}

// claim takes the reference, in one step with what the guards say of the
// ledger at that moment: two calls cannot both be the first, nor both fit into
// what a limit leaves, nor both use one approval.
func (c *call) claim(ctx context.Context) error {
	if !c.begins() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return capabilities.NotSent("the caller has gone")
	}
	wish := &ledger.Claim{Transaction: c.guarded.Transaction, Anew: c.reference() == ""}
	err := c.host.ledger.Claim(context.WithoutCancel(ctx), wish, func(v ledger.View) error {
		inside := *c.guarded
		inside.Ledger = v
		if err := guard.Check(ctx, c.host.atClaim, &inside); err != nil {
			return err
		}
		wish.Approval, wish.ApprovalDigest = inside.Approval, inside.ApprovalDigest
		c.guarded.Again = inside.Again
		if wish.Approval != "" {
			wish.Detail = "approval " + wish.Approval
		}
		return nil
	})
	if err == nil {
		return nil
	}
	var recorded *guard.Recorded
	var held *guard.Held
	var r *capabilities.Refusal
	if errors.As(err, &recorded) || errors.As(err, &held) || errors.As(err, &r) {
		return err
	}
	return capabilities.Misconfiguration("nothing was sent, because it could not be recorded first: "+err.Error(),
		"make sure that the ledger's disk can be written; 'mcp-payments doctor' says where it is")
}

// settle records what a refusal means for the transaction: unknown, failed, or
// that nothing was sent. A confirmation that is refused may be given again, so
// it settles nothing.
func (c *call) settle(ctx context.Context, err error) {
	if !c.begins() {
		return
	}
	var r *capabilities.Refusal
	s := ledger.Settlement{State: capabilities.Unknown, At: c.host.now(), Detail: err.Error()}
	if errors.As(err, &r) {
		s.Detail = string(r.Kind)
		if !slices.Contains(capabilities.RefusalKinds(), r.Kind) {
			s.Detail = "refused in its own words" // which are no event's
		}
		switch r.Kind {
		case capabilities.UnknownOutcome:
		case capabilities.ProviderRejected:
			s.State, s.Refusal = capabilities.Failed, r
		default:
			s.State = ledger.NotSent
		}
	}
	if c.again() && s.State == ledger.NotSent {
		s.State = ledger.Absent // as it was before
	}
	c.record(ctx, s)
}

// again reports whether the call sends something a second time.
func (c *call) again() bool { return c.guarded != nil && c.guarded.Again != nil }

// account is a keyed hash of whose account at the provider the host uses, and
// where: what is required of the settings and no secret.
func (c *call) account() (string, error) {
	p := c.tool.provider
	parts := []string{p.Manifest.Slug, p.Settings.Target.BaseURL}
	for _, f := range p.Manifest.Config {
		if f.Required && !f.Secret {
			parts = append(parts, p.Settings.Values[f.Env])
		}
	}
	return c.host.keys.Hash("account", parts...)
}

// record settles the transaction. An answer whose outcome could not be
// recorded says so.
func (c *call) record(ctx context.Context, s ledger.Settlement) {
	k := c.key()
	if k.Reference == "" {
		return
	}
	if c.seen != nil && c.seen.Key == k && c.seen.State == s.State && (s.Network == "" || s.Network == c.seen.Network) {
		return // as it was
	}
	c.seen = nil
	if err := c.host.ledger.Settle(context.WithoutCancel(ctx), k, s); err != nil {
		c.answer.Notes = append(c.answer.Notes, "this outcome could not be recorded: "+err.Error())
	}
}

// replay answers from the record.
func (c *call) replay(r *guard.Recorded) {
	a, t := c.answer, r.Transaction
	a.replayed = true
	note := fmt.Sprintf("this is what is on record of %s since %s; nothing was sent", t.Reference, t.Updated.Format(time.RFC3339))
	if r.AfterSeconds > 0 {
		note = fmt.Sprintf("asked again too soon: this is what is on record since %s; the provider was not asked", t.Updated.Format(time.RFC3339))
	}
	a.Amount, a.Currency, a.Network = t.Money.Amount(), t.Money.Currency(), t.Network
	if t.Refusal != nil && r.AfterSeconds == 0 {
		c.refuse(t.Refusal)
		a.Notes = append(a.Notes, note)
		return
	}
	a.Notes = append(a.Notes, note)
	a.State = known(t.State)
	final := a.State.Final()
	a.Final = &final
	c.advise()
	if r.AfterSeconds > 0 && a.Next != nil {
		a.Next.AfterSeconds = r.AfterSeconds
	}
}

// known is a state of the ledger as callers know states.
func known(s capabilities.State) capabilities.State {
	switch s {
	case ledger.Claimed:
		return capabilities.Pending
	case ledger.Sent, ledger.Absent:
		return capabilities.Unknown
	}
	return s
}

// hold makes the call wait for a human.
func (c *call) hold(ctx context.Context, h *guard.Held) {
	// A call at the same time may have used up the approval that this one missed.
	if err := guard.Check(ctx, []guard.Guard{guard.Reference{}}, c.guarded); err != nil {
		c.object(ctx, err)
		return
	}
	item, err := c.host.desk.Hold(ctx, c.key(), c.tool.capability.Name, h.Digest, c.facts(h))
	if err != nil {
		c.refuse(capabilities.Misconfiguration("it needs a human's approval, and the question cannot be kept: "+err.Error(),
			"make sure that the ledger's disk can be written; 'mcp-payments doctor' says where it is"))
		return
	}
	c.refuse(&capabilities.Refusal{
		Kind: capabilities.Held, Guard: h.Guard,
		Message: h.Reason + "; nothing was sent",
		Fix:     fmt.Sprintf("ask the user to run: mcp-payments approvals approve%s %s; then make exactly the same call again, within %d minutes", c.host.elsewhere, item.ID, int(approval.Lifetime.Minutes())),
	})
	c.answer.Approval = &capabilities.Approval{ID: item.ID, ExpiresAt: item.Expires.UTC().Format(time.RFC3339)}
	c.answer.Question = &Question{Case: item, bound: c.guarded.Transaction.Digest}
}

// mostFacts is how many facts of a provider's a human is shown.
const mostFacts = 10

// short is a text in one line of no more than so many characters.
func short(s string, most int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > most {
		r = append(r[:most], '…')
	}
	return string(r)
}

// party is who is paid or pays, as it is sent.
func (c *call) party() string {
	for _, role := range []capabilities.Role{capabilities.RolePayee, capabilities.RolePayer} {
		if given := c.fields[role]; given != "" {
			return given
		}
	}
	return strings.TrimSuffix(c.fields[capabilities.RoleAccount]+"/"+c.fields[capabilities.RoleBank], "/")
}

// facts are what a human is shown: the whole input, in words.
func (c *call) facts(h *guard.Held) approval.Facts {
	t := c.guarded.Transaction
	f := approval.Facts{
		Tool: c.name(), Title: c.tool.capability.Title, Provider: c.tool.provider.Manifest.Name, Environment: t.Environment,
		Reference: c.reference(), Amount: t.Money.String(), Party: c.party(), Network: t.Network, Reason: h.Reason,
	}
	if !t.Money.Known() {
		f.Amount = "not known here"
	}
	var input map[string]json.RawMessage
	_ = json.Unmarshal(c.input, &input) // it was validated
	for _, told := range []capabilities.Role{
		capabilities.RoleReference, capabilities.RoleAmount, capabilities.RoleCurrency,
		capabilities.RolePayee, capabilities.RoleNetwork, capabilities.RoleSecret,
	} {
		delete(input, c.schema.roles[told])
	}
	if c.fields[capabilities.RolePayee] == "" {
		delete(input, c.schema.roles[capabilities.RolePayer])
	}
	for name, v := range input {
		f.Others = append(f.Others, approval.Fact{Name: name, Value: plainly(v)})
	}
	for _, fact := range c.guarded.Facts[:min(len(c.guarded.Facts), mostFacts)] { // the provider's words, and told as such
		f.Others = append(f.Others, approval.Fact{Name: short(fact.Name, 30) + ", says " + f.Provider, Value: short(fact.Value, 200)})
	}
	slices.SortFunc(f.Others, func(a, b approval.Fact) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return f
}
