package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// Request asks for one call.
type Request struct {
	Provider   string
	Capability string
	Input      json.RawMessage
}

// Call validates, guards, records, invokes, records again and answers. It
// always answers: what went wrong is a refusal in the answer.
//
// A caller that goes away ends the call only as long as nothing that may move
// money was sent; from then on the call goes on to its own deadline.
func (h *Host) Call(ctx context.Context, r Request) *Answer {
	c := &call{host: h, answer: newAnswer(r.Provider, r.Capability)}
	t, ok := h.tools[ToolName(r.Provider, r.Capability)]
	if !ok {
		c.refuse(capabilities.InvalidField("tool", ToolName(r.Provider, r.Capability), "a tool of this server; 'mcp-payments capabilities' lists them"))
		return c.answer
	}
	c.tool = t
	c.answer.Environment = t.provider.Settings.Target.Environment
	if err := c.run(ctx, r.Input); err != nil {
		c.refuse(err)
	}
	c.finish()
	return c.answer
}

// call is one call on its way.
type call struct {
	host   *Host
	tool   *tool
	schema *compiled
	input  json.RawMessage
	fields map[capabilities.Role]string
	answer *Answer
}

func (c *call) run(ctx context.Context, input json.RawMessage) error {
	if err := c.validate(input); err != nil {
		return err
	}
	if problem := c.tool.provider.Settings.Problem; problem != nil {
		return problem
	}
	if err := c.complete(); err != nil {
		return err
	}
	g := &guard.Call{
		Manifest: c.tool.provider.Manifest, Capability: c.tool.capability,
		Target: c.tool.provider.Settings.Target, Fields: c.fields,
	}
	if err := guard.Check(ctx, c.host.guards, g); err != nil {
		return err
	}
	c.begin()
	out, err := c.invoke(ctx)
	switch {
	case err == nil && c.tool.capability.Kind == capabilities.Webhook:
		return c.judge(ctx, out)
	case err == nil:
		err = c.accept(out)
	}
	if err != nil {
		c.settle(err)
	}
	return err
}

func (c *call) validate(input json.RawMessage) error {
	schema, err := c.tool.compile()
	if err != nil {
		return capabilities.Misconfiguration(fmt.Sprintf("the schemas of %s cannot be used: %v", c.name(), err), "update the provider")
	}
	c.schema = schema
	if len(bytes.TrimSpace(input)) == 0 {
		input = json.RawMessage("{}")
	}
	if problems := schema.in.Validate(input); len(problems) > 0 {
		return invalid(problems)
	}
	c.input = input
	c.fields = fieldsOf(input, schema.roles)
	if only := c.tool.provider.Manifest.Currencies; len(only) == 1 && c.fields[capabilities.RoleAmount] != "" {
		c.fields[capabilities.RoleCurrency] = string(only[0])
	}
	c.answer.Reference = c.shown()
	return nil
}

func invalid(problems []schemas.Problem) error {
	var p []capabilities.Problem
	for _, problem := range problems {
		p = append(p, capabilities.Problem(problem))
	}
	return capabilities.InvalidInput(p...)
}

// fieldsOf reads the values of a valid input by role. Only strings have roles.
func fieldsOf(input json.RawMessage, roles map[capabilities.Role]string) map[capabilities.Role]string {
	var object map[string]json.RawMessage
	_ = json.Unmarshal(input, &object) // it was validated
	fields := map[capabilities.Role]string{}
	for role, field := range roles {
		var s string
		if json.Unmarshal(object[field], &s) == nil && s != "" {
			fields[role] = s
		}
	}
	return fields
}

// complete puts the network on record into a question that left it out. One
// that names another network is turned down: there the provider would know
// nothing of the payment, which reads like a failure.
func (c *call) complete() error {
	field, has := c.schema.roles[capabilities.RoleNetwork]
	t, known := c.recorded()
	if !has || !known || t.Network == "" || c.tool.capability.Effect.MovesMoney() {
		return nil
	}
	switch named := c.fields[capabilities.RoleNetwork]; named {
	case t.Network:
		return nil
	case "":
	default:
		return capabilities.InvalidField(field, named, t.Network+", the network that this payment was started on; or leave it out")
	}
	completed, err := with(c.input, field, t.Network)
	if err != nil {
		return err
	}
	if problems := c.schema.in.Validate(completed); len(problems) > 0 {
		return invalid(problems)
	}
	c.input = completed
	c.fields[capabilities.RoleNetwork] = t.Network
	return nil
}

func with(object json.RawMessage, field, value string) (json.RawMessage, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(object, &o); err != nil {
		return nil, err
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	o[field] = b
	return json.Marshal(o)
}

func (c *call) name() string {
	return ToolName(c.tool.provider.Manifest.Slug, c.tool.capability.Name)
}

func (c *call) reference() string { return c.fields[capabilities.RoleReference] }

// shown is the reference that an answer names: this payment's, or that of the
// payment which is given back.
func (c *call) shown() string {
	if r := c.reference(); r != "" {
		return r
	}
	return c.fields[capabilities.RoleOriginalReference]
}

func (c *call) key() ledger.Key {
	return ledger.Key{
		Provider:    c.tool.provider.Manifest.Slug,
		Environment: c.tool.provider.Settings.Target.Environment,
		Reference:   c.reference(),
	}
}

func (c *call) recorded() (ledger.Transaction, bool) {
	if c.reference() == "" {
		return ledger.Transaction{}, false
	}
	return c.host.ledger.Find(c.key())
}

func (c *call) begin() {
	if !c.tool.capability.Effect.MovesMoney() || c.reference() == "" {
		return
	}
	c.host.ledger.Begin(c.key(), ledger.Transaction{
		Capability: c.tool.capability.Name,
		Effect:     c.tool.capability.Effect,
		Amount:     capabilities.Amount(c.fields[capabilities.RoleAmount]),
		Currency:   capabilities.Currency(c.fields[capabilities.RoleCurrency]),
		Network:    c.fields[capabilities.RoleNetwork],
		State:      capabilities.Pending,
		Began:      c.host.now(),
	})
}

// settle records what a refusal means for the transaction: unknown, failed, or
// that it never began.
func (c *call) settle(err error) {
	if !c.tool.capability.Effect.MovesMoney() {
		return
	}
	var r *capabilities.Refusal
	kind := capabilities.UnknownOutcome
	if errors.As(err, &r) {
		kind = r.Kind
	}
	switch kind {
	case capabilities.UnknownOutcome:
		c.host.ledger.Settle(c.key(), capabilities.Unknown)
	case capabilities.ProviderRejected:
		c.host.ledger.Settle(c.key(), capabilities.Failed)
	default:
		c.host.ledger.Forget(c.key())
	}
}

// invoke calls the provider. What its process does not survive to tell, it
// tells from whether leave to send was given.
func (c *call) invoke(ctx context.Context) (json.RawMessage, error) {
	timeout := c.tool.capability.Timeout
	if timeout <= 0 {
		timeout = capabilities.DefaultTimeout
	}
	inner := capabilities.Call{Capability: c.tool.capability.Name, Input: c.input}
	var sent atomic.Bool
	working := ctx
	if c.tool.capability.Effect.MovesMoney() {
		working = context.WithoutCancel(ctx)
		inner.BeforeSend = func(_ context.Context, s capabilities.Sending) error {
			if err := ctx.Err(); err != nil {
				return errors.New("the caller has gone")
			}
			c.host.ledger.Route(c.key(), s.Network)
			sent.Store(true)
			return nil
		}
	}
	working, cancel := context.WithTimeout(working, timeout)
	defer cancel()
	out, err := c.tool.provider.Process.Invoke(working, inner)
	var r *capabilities.Refusal
	if err == nil || errors.As(err, &r) {
		return out, err
	}
	if sent.Load() {
		return nil, capabilities.MayHaveHappened(err.Error())
	}
	return nil, capabilities.NotSent(err.Error())
}

// accept takes an outcome: it settles what only the host can know, records it
// and checks the answer against its schema.
func (c *call) accept(out json.RawMessage) error {
	if err := c.answer.take(out); err != nil {
		return c.unreadable(err)
	}
	a := c.answer
	if c.tool.capability.Effect.MovesMoney() {
		c.host.ledger.Route(c.key(), a.Network)
	}
	if a.doubt {
		c.weigh()
	}
	if a.Reference == "" {
		a.Reference = c.shown()
	}
	if a.State != "" {
		final := a.State.Final()
		a.Final = &final
		c.host.ledger.Settle(c.key(), a.State)
	}
	c.recall()
	c.advise()
	return c.check()
}

// recall adds the amount on record to an answer that has none.
func (c *call) recall() {
	t, known := c.recorded()
	if known && c.answer.Amount == "" && t.Amount != "" {
		c.answer.Amount, c.answer.Currency = t.Amount, t.Currency
	}
}

func (c *call) check() error {
	b, err := json.Marshal(c.answer)
	if err != nil {
		return c.unreadable(err)
	}
	if problems := c.schema.out.Validate(b); len(problems) > 0 {
		return c.unreadable(fmt.Errorf("%s", capabilities.Problem(problems[0])))
	}
	return nil
}

// unreadable says that the provider's process answered, and that the answer is
// of no use.
func (c *call) unreadable(err error) error {
	c.answer.clear()
	message := fmt.Sprintf("the provider process %s answered what its schema does not allow: %v", c.tool.provider.Manifest.Slug, err)
	if c.tool.capability.Effect.MovesMoney() {
		return capabilities.MayHaveHappened(message)
	}
	return capabilities.NotSent(message)
}

// weigh decides what a failure in doubt is: the provider says the same of a
// transaction that it does not know yet.
func (c *call) weigh() {
	t, known := c.recorded()
	polling := c.polling()
	if polling == nil || !known {
		c.answer.State = capabilities.Unknown
		return
	}
	age := c.host.now().Sub(t.Began)
	if t.Asks >= polling.DoubtAsks && age >= time.Duration(polling.DoubtFor)*time.Second {
		return // asked often and long enough: it failed
	}
	c.answer.State = capabilities.Pending
	note := "the provider says failed or not known yet; shortly after the start it is the latter more often: ask again before declaring failure"
	if t.Capability == "" {
		c.answer.State = capabilities.Unknown
		note = "the provider says failed or not known; this payment was not started here, so which of the two cannot be told yet: ask again a few times"
	}
	c.answer.Notes = append(c.answer.Notes, note)
}

// polling is the pace of the capability that reads this transaction's state.
func (c *call) polling() *capabilities.Polling {
	if s, ok := c.tool.provider.Manifest.Capability(c.tool.capability.Status); ok {
		return s.Polling
	}
	return nil
}
