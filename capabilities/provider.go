package capabilities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/mcp-payments/mcp-payments/schemas"
)

// Connection is a provider as a host sees it, in this process or in another.
type Connection interface {
	// Manifest describes the provider.
	Manifest(ctx context.Context) (*Manifest, error)
	// Configure hands over where to send requests and the provider's own
	// settings, by environment variable. It comes before the first Invoke.
	Configure(ctx context.Context, target Target, values map[string]string) error
	// Invoke calls a capability with a valid input. The error is a *Refusal,
	// or says that the provider itself could not be reached. A preview moves
	// nothing, and its output is a list of Facts.
	Invoke(ctx context.Context, call Call) (json.RawMessage, error)
}

// Call is one call of a capability.
type Call struct {
	Capability string
	Input      json.RawMessage
	// Preview asks what the provider says of the call, instead of making it.
	Preview bool
	// BeforeSend is asked once, before the first byte of a request that may
	// move money leaves. An error keeps it from leaving. Nil permits.
	BeforeSend func(context.Context, Sending) error
}

// Sending is what a provider knows of a request that is about to leave.
type Sending struct {
	Network string // the network that it takes, if the provider told (see OnNetwork)
}

// Provider is a set of typed handlers. Add and Configure fill it; what they
// are given wrongly is reported by Manifest.
type Provider struct {
	info      Info
	config    []ConfigField
	configure func(context.Context, Target, map[string]string) error
	handlers  []handler
	errs      []error
}

var _ Connection = (*Provider)(nil)

type handler struct {
	spec   Spec
	in     reflect.Type
	out    reflect.Type
	invoke func(context.Context, json.RawMessage) (any, error)
	// preview is nil where there is none.
	preview func(context.Context, json.RawMessage) (any, error)
}

// NewProvider begins a provider.
func NewProvider(info Info) *Provider {
	return &Provider{info: info}
}

// Configure declares the provider's settings by the struct C, and what to do
// with them. It is called once in a process's life, before any handler.
func Configure[C any](p *Provider, configure func(context.Context, Target, C) error) {
	fields, err := configFields(reflect.TypeFor[C]())
	if err != nil {
		p.errs = append(p.errs, err)
	}
	p.config = fields
	p.configure = func(ctx context.Context, target Target, values map[string]string) error {
		var config C
		setConfig(reflect.ValueOf(&config).Elem(), values)
		return configure(ctx, target, config)
	}
}

// Add adds a capability. In and Out are structs; their tags describe the
// schemas. The handler gets an input that its schema allows.
func Add[In, Out any](p *Provider, spec Spec, handle func(context.Context, In) (Out, error)) {
	p.handlers = append(p.handlers, handler{spec: spec, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), invoke: decoding(handle)})
}

// AddPreviewed adds a capability whose calls are shown to the provider before
// a human is asked about them. The preview says what is wrong with a call, or
// what a human should know of it, such as a fee. It may ask questions over the
// network, and moves nothing.
func AddPreviewed[In, Out any](p *Provider, spec Spec, preview func(context.Context, In) ([]Fact, error), handle func(context.Context, In) (Out, error)) {
	spec.Previews = true
	Add(p, spec, handle)
	p.handlers[len(p.handlers)-1].preview = decoding(preview)
}

// AddWebhook adds a capability of kind Webhook. The handler only reads what
// came and checks its signature; the host asks the status capability that
// spec.Status names, and answers with a WebhookVerdict.
func AddWebhook[In any](p *Provider, spec Spec, handle func(context.Context, In) (WebhookClaim, error)) {
	p.handlers = append(p.handlers, handler{spec: spec, in: reflect.TypeFor[In](), out: reflect.TypeFor[WebhookVerdict](), invoke: decoding(handle)})
}

func decoding[In, Out any](handle func(context.Context, In) (Out, error)) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in In
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, &Refusal{Kind: Invalid, Message: "the input does not fit its schema: " + err.Error(),
				Fix: "compare it with the tool's input schema"}
		}
		return handle(ctx, in)
	}
}

// Manifest implements Connection. Schemas of built-in providers are the
// published ones; those of others are reflected.
func (p *Provider) Manifest(context.Context) (*Manifest, error) {
	return p.manifest(func(h handler) (in, out json.RawMessage, err error) {
		in, out, ok := schemas.Published(p.info.Slug, h.spec.Name)
		if ok {
			return in, out, nil
		}
		return h.reflect()
	})
}

// Reflect is Manifest with every schema reflected anew from the Go types, for
// publishing them.
func (p *Provider) Reflect() (*Manifest, error) {
	return p.manifest(handler.reflect)
}

func (p *Provider) manifest(schemasOf func(handler) (in, out json.RawMessage, err error)) (*Manifest, error) {
	errs := slices.Clone(p.errs)
	if p.configure == nil {
		errs = append(errs, fmt.Errorf("capabilities: provider %s has no Configure", p.info.Slug))
	}
	m := &Manifest{Contract: ContractVersion, Info: p.info, Config: p.config}
	for _, h := range p.handlers {
		in, out, err := schemasOf(h)
		errs = append(errs, err)
		m.Capabilities = append(m.Capabilities, Capability{Spec: h.spec, Input: in, Output: out})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

func (h handler) reflect() (in, out json.RawMessage, err error) {
	in, err = schemas.Reflect(h.in)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", h.spec.Name, err)
	}
	out, err = schemas.Reflect(reflect.TypeFor[Answer](), h.out)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", h.spec.Name, err)
	}
	return in, out, h.trespasses()
}

// trespasses refuses an output with fields that are the host's. Otherwise the
// host would refuse the first answer, after money was sent.
func (h handler) trespasses() error {
	own, err := schemas.Reflect(h.out)
	if err != nil {
		return fmt.Errorf("%s: %w", h.spec.Name, err)
	}
	for _, name := range Reserved() {
		if hasProperty(own, name) {
			return fmt.Errorf("%s: its output has a field %s, which is the host's", h.spec.Name, name)
		}
	}
	return nil
}

// Configure implements Connection.
func (p *Provider) Configure(ctx context.Context, target Target, values map[string]string) error {
	if err := CheckBaseURL(target.BaseURL); err != nil {
		return Misconfiguration(p.info.Slug+": "+err.Error(), "give an address that is safe for credentials")
	}
	if p.configure == nil {
		return Misconfiguration(p.info.Slug+" takes no configuration: its program lacks Configure", "update the provider")
	}
	return p.configure(ctx, target, values)
}

// Invoke implements Connection.
func (p *Provider) Invoke(ctx context.Context, call Call) (json.RawMessage, error) {
	i := slices.IndexFunc(p.handlers, func(h handler) bool { return h.spec.Name == call.Capability })
	if i < 0 {
		return nil, InvalidField("capability", call.Capability, "a capability of "+p.info.Slug)
	}
	h := p.handlers[i]
	effect, invoke := h.spec.Effect, h.invoke
	if call.Preview {
		effect, invoke = Reads, h.preview
	}
	if invoke == nil {
		return nil, InvalidField("capability", call.Capability, "one that can be previewed")
	}
	ctx = withSending(ctx, effect, call.BeforeSend)
	out, err := invoke(ctx, call.Input)
	if err != nil {
		return nil, refusal(ctx, err)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, refusal(ctx, fmt.Errorf("%s.%s: the outcome cannot be told: %w", p.info.Slug, h.spec.Name, err))
	}
	return b, nil
}

// refusal is what a handler's error means. One that does not say may have come
// after sending.
func refusal(ctx context.Context, err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return NotKnown(ctx, err.Error())
}
