package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Answer is what every call ends in.
type Answer struct {
	capabilities.Answer
	// Details are the capability's own fields, in JSON.
	Details map[string]json.RawMessage
	// Question is what a human may be asked about a held call, by whoever can
	// reach one.
	Question *Question
	action   string
	sums     []capabilities.Sum // what the provider says that moved, if it says more than one
	doubt    bool
	absent   bool // the provider is sure that it was never created
	differs  bool // the provider's amount is not the recorded one
	replayed bool // it comes from the record; the provider was not asked
}

func newAnswer(provider, capability string) *Answer {
	return &Answer{Answer: capabilities.Answer{Provider: provider, Capability: capability}}
}

// Refused reports whether the call was refused, for whatever reason.
func (a *Answer) Refused() bool { return a.Kind != "" }

// MarshalJSON implements json.Marshaler: the envelope first, then the details.
func (a *Answer) MarshalJSON() ([]byte, error) {
	envelope, err := unescaped(a.Answer)
	if err != nil || len(a.Details) == 0 {
		return envelope, err
	}
	details, err := unescaped(a.Details)
	if err != nil {
		return nil, err
	}
	return slices.Concat(bytes.TrimSuffix(envelope, []byte("}")), []byte(","), bytes.TrimPrefix(details, []byte("{"))), nil
}

// unescaped writes JSON as people read it: "<" is no \u003c.
func unescaped(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// take reads a provider's output into the answer.
func (a *Answer) take(out json.RawMessage) error {
	var o struct {
		capabilities.Outcome
		Response json.RawMessage `json:"provider_response"`
	}
	if err := json.Unmarshal(out, &o); err != nil {
		return err
	}
	if err := json.Unmarshal(out, &a.Details); err != nil {
		return err
	}
	for _, name := range []string{"reference", "state", "amount", "currency", "network", "notes", "action", "sums", "doubt", "absent", "provider_response"} {
		delete(a.Details, name)
	}
	for _, name := range capabilities.Reserved() {
		if _, set := a.Details[name]; set {
			return fmt.Errorf("it sets %s", name)
		}
	}
	if o.Reference != "" && a.Reference != "" && o.Reference != a.Reference {
		return errors.New("it is about another reference")
	}
	if o.Reference != "" {
		a.Reference = o.Reference
	}
	a.State, a.Amount, a.Currency, a.Network, a.Notes = o.State, o.Amount, o.Currency, o.Network, o.Notes
	a.Response, a.sums, a.doubt, a.absent, a.action = o.Response, o.Sums, o.Doubt, o.Absent, o.Action
	return nil
}

// clear removes an outcome that turned out to be of no use.
func (a *Answer) clear() {
	kept := capabilities.Answer{Provider: a.Provider, Capability: a.Capability, Environment: a.Environment}
	a.Answer, a.Details, a.sums, a.doubt, a.absent = kept, nil, nil, false, false
}

// refuse writes a refusal into the answer.
func (c *call) refuse(err error) {
	var r *capabilities.Refusal
	if !errors.As(err, &r) {
		r = capabilities.NotSent(err.Error())
	}
	a := c.answer
	a.Kind, a.Guard, a.Message, a.Fix, a.Problems = r.Kind, r.Guard, r.Message, r.Fix, r.Problems
	if r.Response != nil {
		a.Response = r.Response
	}
	if c.tool == nil || c.fields == nil {
		return
	}
	a.Reference = c.shown()
	switch {
	case r.Kind == capabilities.UnknownOutcome && c.moves():
		a.State = capabilities.Unknown
		c.advise()
	case r.Kind == capabilities.ProviderRejected && c.begins():
		a.State = capabilities.Failed
	case r.AfterSeconds > 0:
		a.Next = &capabilities.Next{Tool: c.name(), AfterSeconds: r.AfterSeconds}
		if c.tool.capability.Kind != capabilities.Webhook { // whose body is not repeated
			a.Next.Arguments = arguments(c.tool.capability, a.Reference, c.fields[capabilities.RoleNetwork])
		}
	}
}

// finish puts the gotchas that matter on the answer.
func (c *call) finish() {
	seen := gotchas.Answer{
		Environment: c.answer.Environment,
		State:       string(c.answer.State),
		Kind:        string(c.answer.Kind),
		Response:    fields(c.answer.Response),
	}
	for _, g := range c.tool.provider.Manifest.Gotchas.Of(c.tool.capability.Name) {
		if g.Matters(seen) {
			c.answer.Gotchas = append(c.answer.Gotchas, capabilities.Note{ID: g.ID, Text: g.Text, MustTellUser: g.MustTellUser})
		}
	}
}

// fields reads a provider's answer as text, field by field. What lies within an
// object has a name with dots, such as "result.code".
func fields(response json.RawMessage) map[string]string {
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(response))
	d.UseNumber()
	if d.Decode(&object) != nil {
		return nil
	}
	values := map[string]string{}
	flatten(values, "", object, 0)
	return values
}

// mostDeep is how deep a gotcha looks into an answer.
const mostDeep = 4

func flatten(values map[string]string, prefix string, object map[string]any, depth int) {
	if depth > mostDeep {
		return
	}
	for name, v := range object {
		switch v := v.(type) {
		case nil:
		case map[string]any:
			flatten(values, prefix+name+".", v, depth+1)
		default:
			values[prefix+name] = fmt.Sprint(v)
		}
	}
}
