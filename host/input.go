package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// validate checks the raw input against the schema and reads it by role.
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
		return invalid(schema.hushed(problems))
	}
	c.input = input
	c.fields = fieldsOf(input, schema.roles)
	if c.fields[capabilities.RolePayee] != "" && c.fields[capabilities.RoleAccount] != "" {
		return capabilities.InvalidField(schema.roles[capabilities.RoleAccount], "an account besides "+schema.roles[capabilities.RolePayee],
			"one of the two: who is paid has to be clear")
	}
	c.answer.Reference = c.shown()
	for _, role := range []capabilities.Role{capabilities.RoleAccount, capabilities.RoleBank} {
		if strings.ContainsRune(c.fields[role], '/') {
			return capabilities.InvalidField(schema.roles[role], "a /", "an account or a bank: the / stands between the two")
		}
	}
	return nil
}

// hushed keeps a customer's code out of what is wrong with it.
func (s *compiled) hushed(problems []schemas.Problem) []schemas.Problem {
	secret := s.roles[capabilities.RoleSecret]
	for i := range problems {
		if secret != "" && problems[i].Field == secret {
			problems[i].Found = "another value"
		}
	}
	return problems
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

// infer puts the network into an input that moves money and left it out, as
// its number's prefix hints at it: guards, the record and whoever approves all
// see which account it is about.
func (c *call) infer() error {
	field, has := c.schema.roles[capabilities.RoleNetwork]
	number := c.fields[capabilities.RolePayee]
	if number == "" {
		number = c.fields[capabilities.RolePayer]
	}
	hinted := slices.ContainsFunc(c.tool.provider.Manifest.Networks, func(n capabilities.Network) bool { return len(n.Prefixes) > 0 })
	if !has || !c.begins() || !hinted || number == "" || c.fields[capabilities.RoleNetwork] != "" {
		return nil
	}
	n, _, err := capabilities.ChooseNetwork(c.tool.provider.Manifest.Networks, "", capabilities.MSISDN(number))
	if err != nil {
		return err
	}
	c.inferred = fmt.Sprintf("network inferred from the number's prefix: %s. Numbers are portable: pass network if the customer changed operator", n.ID)
	return c.fill(field, n.ID)
}

// fill completes the input with a network.
func (c *call) fill(field, network string) error {
	completed, err := with(c.input, field, network)
	if err != nil {
		return err
	}
	if problems := c.schema.in.Validate(completed); len(problems) > 0 {
		return invalid(problems)
	}
	c.input = completed
	c.fields[capabilities.RoleNetwork] = network
	return nil
}

// complete puts the network on record into a question that left it out. One
// that names another network is turned down: there the provider would know
// nothing of the payment, which reads like a failure.
func (c *call) complete(ctx context.Context) error {
	field, has := c.schema.roles[capabilities.RoleNetwork]
	if !has || c.begins() {
		return nil
	}
	t, known, err := c.recorded(ctx)
	if err != nil {
		return err
	}
	if !known || t.Network == "" {
		return nil
	}
	switch named := c.fields[capabilities.RoleNetwork]; named {
	case t.Network:
		return nil
	case "":
	default:
		return capabilities.InvalidField(field, named, t.Network+", the network that this payment was started on; or leave it out")
	}
	return c.fill(field, t.Network)
}

// lookUp reads what is on record of what is asked for, before it is asked for:
// an answer tells of that, and not of what happens meanwhile. A question that
// another capability answers is turned down: to this one the transaction does
// not exist, which reads like a failure.
func (c *call) lookUp(ctx context.Context) error {
	if c.tool.capability.Kind != capabilities.CheckStatus {
		return nil
	}
	t, known, err := c.recorded(ctx)
	if err != nil || !known {
		return err
	}
	m := c.tool.provider.Manifest
	began, ok := m.Capability(t.Capability)
	if !ok || began.Status == "" || began.Status == c.tool.capability.Name {
		return nil
	}
	return capabilities.InvalidField(c.schema.roles[capabilities.RoleReference], fmt.Sprintf("%s, a %s", t.Reference, t.Capability),
		"to be asked with "+ToolName(m.Slug, began.Status))
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

// canonical spells a document in the one way that all equal ones have in
// common: keys sorted, no space, numbers as they are.
func canonical(raw json.RawMessage) (string, error) {
	doc, err := schemas.Decode(raw)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(doc)
	return string(b), err
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

// key is where the ledger keeps the transaction. One that has no reference of
// its own, such as a refund, is kept under that of the payment it is about and
// the capability: a # is in no reference.
func (c *call) key() ledger.Key {
	k := c.keyOf(c.reference())
	if original := c.fields[capabilities.RoleOriginalReference]; k.Reference == "" && original != "" {
		k.Reference = original + "#" + c.tool.capability.Name
	}
	return k
}

func (c *call) keyOf(reference string) ledger.Key {
	return ledger.Key{
		Provider:    c.tool.provider.Manifest.Slug,
		Environment: c.tool.provider.Settings.Target.Environment,
		Reference:   reference,
	}
}

// recorded is what the ledger knows of the call's transaction. Of one that was
// not sent there is nothing to know.
func (c *call) recorded(ctx context.Context) (ledger.Transaction, bool, error) {
	t, found, err := c.find(ctx)
	if err != nil || !found || t.State == ledger.NotSent {
		return ledger.Transaction{}, false, err
	}
	return t, true, nil
}

// find reads the call's transaction, once: a call that reads does so before it
// asks the provider, and one that moves money after its claim.
func (c *call) find(ctx context.Context) (ledger.Transaction, bool, error) {
	k := c.key()
	if k.Reference == "" {
		return ledger.Transaction{}, false, nil
	}
	if c.seen != nil && c.seen.Key == k {
		return *c.seen, c.seen.State != "", nil
	}
	t, found, err := c.host.ledger.Find(ctx, k)
	if err != nil {
		return ledger.Transaction{}, false, err
	}
	t.Key = k
	c.seen = &t
	return t, found, nil
}

// asked is how often the call's transaction was asked for.
func (c *call) asked(ctx context.Context) (ledger.Question, error) {
	if c.guarded != nil && c.guarded.Asked != nil {
		return *c.guarded.Asked, nil
	}
	return c.host.ledger.Asked(ctx, c.key())
}
