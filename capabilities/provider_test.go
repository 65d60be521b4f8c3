package capabilities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// acme is a provider whose one handler does what a test tells it to.
type acme struct {
	*capabilities.Provider
	target   capabilities.Target
	settings acmeSettings
	handle   func(context.Context, acmeInput) (acmeOutput, error)
}

type acmeSettings struct {
	User string `env:"ACME_USER" hint:"the user's name"`
	Key  string `env:"ACME_KEY" secret:"true" required:"true" hint:"in the dashboard"`
}

type acmeInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema_description:"order_id"`
	Amount    capabilities.Amount    `json:"amount,omitempty"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN    capabilities.MSISDN    `json:"msisdn,omitempty" jsonschema_extras:"x-role=payer"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=moov_tg"`
}

type acmeOutput struct {
	capabilities.Outcome
	Response json.RawMessage `json:"provider_response,omitempty"`
}

func acmeInfo() capabilities.Info {
	return capabilities.Info{
		Slug: "acme", Name: "Acme", Summary: "A provider for tests", Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF"},
		Networks:     []capabilities.Network{{ID: "moov_tg", Name: "Moov Togo", Country: "TG", Currency: "XOF"}},
		Environments: []capabilities.Environment{{Name: capabilities.Production, BaseURL: "https://api.acme.example"}},
	}
}

// newAcme has the handler as three capabilities: pay with the given effect,
// status, and a webhook.
func newAcme(effect capabilities.Effect) *acme {
	a := &acme{Provider: capabilities.NewProvider(acmeInfo())}
	a.handle = func(_ context.Context, in acmeInput) (acmeOutput, error) {
		return acmeOutput{Outcome: capabilities.Outcome{Reference: string(in.Reference), State: capabilities.Pending}}, nil
	}
	capabilities.Configure(a.Provider, func(_ context.Context, t capabilities.Target, s acmeSettings) error {
		a.target, a.settings = t, s
		return nil
	})
	called := func(ctx context.Context, in acmeInput) (acmeOutput, error) { return a.handle(ctx, in) }
	capabilities.Add(a.Provider, capabilities.Spec{
		Name: "pay", Title: "Acme: pay", Summary: "Pays.", Kind: capabilities.Collect, Effect: effect, Status: "status",
	}, called)
	capabilities.Add(a.Provider, capabilities.Spec{
		Name: "status", Title: "Acme: status", Summary: "Reads.", Kind: capabilities.CheckStatus, Effect: capabilities.Reads,
		Polling: &capabilities.Polling{MinInterval: 1, Backoff: []int{1, 2}, GiveUpAfter: 60},
	}, called)
	capabilities.AddWebhook(a.Provider, capabilities.Spec{
		Name: "hook", Title: "Acme: webhook", Summary: "Judges.", Kind: capabilities.Webhook, Effect: capabilities.NoEffect, Status: "status",
	}, func(context.Context, struct {
		Body string `json:"body"`
	}) (capabilities.WebhookClaim, error) {
		return capabilities.WebhookClaim{Reference: "ORDER-1", State: capabilities.Succeeded}, nil
	})
	return a
}

func pay(input string) capabilities.Call {
	return capabilities.Call{Capability: "pay", Input: json.RawMessage(input)}
}

const anOrder = `{"reference":"ORDER-1"}`

// asRefusal returns the refusal that an error is.
func asRefusal(t *testing.T, err error) *capabilities.Refusal {
	t.Helper()
	var r *capabilities.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("%v is no refusal", err)
	}
	return r
}

func TestManifest(t *testing.T) {
	m, err := newAcme(capabilities.Collects).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	if m.Contract != capabilities.ContractVersion || m.Slug != "acme" {
		t.Errorf("contract %d of %s", m.Contract, m.Slug)
	}
	want := []capabilities.ConfigField{
		{Env: "ACME_USER", Hint: "the user's name"},
		{Env: "ACME_KEY", Hint: "in the dashboard", Secret: true, Required: true},
	}
	if !reflect.DeepEqual(m.Config, want) {
		t.Errorf("config %+v", m.Config)
	}
	c, ok := m.Capability("pay")
	if !ok || c.Effect != capabilities.Collects || c.Status != "status" {
		t.Fatalf("pay is %+v, %t", c, ok)
	}
	roles, err := schemas.Roles(c.Input)
	wantRoles := map[string]string{"reference": "reference", "amount": "amount", "currency": "currency", "payer": "msisdn", "network": "network"}
	if err != nil || !reflect.DeepEqual(roles, wantRoles) {
		t.Errorf("roles %v, %v", roles, err)
	}
	if _, ok := m.Capability("refund"); ok {
		t.Error("there is a capability that was never added")
	}
	if u := m.BaseURL(capabilities.Production); u != "https://api.acme.example" {
		t.Errorf("base URL of production %q", u)
	}
	if u := m.BaseURL(capabilities.Sandbox); u != "" {
		t.Errorf("base URL of an environment that there is not: %q", u)
	}
}

// What a handler answers fits the output schema, and so does a refusal: both
// reach clients under that one schema.
func TestOutputsFitTheirSchema(t *testing.T) {
	m, err := newAcme(capabilities.Collects).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	final := true
	common := capabilities.Answer{Provider: "acme", Capability: "pay", Environment: "emulator"}
	outcome, refused := common, common
	outcome.State, outcome.Final, outcome.Amount, outcome.Response = capabilities.Succeeded, &final, "5000", json.RawMessage(`{"code":1}`)
	refused.Kind, refused.Message, refused.Problems = capabilities.Invalid, "no", []capabilities.Problem{{Field: "amount", Found: "5", Wanted: "6"}}
	for _, c := range m.Capabilities {
		schema, err := schemas.Compile(c.Output)
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range []capabilities.Answer{outcome, refused} {
			b, err := json.Marshal(answer)
			if err != nil {
				t.Fatal(err)
			}
			if problems := schema.Validate(b); len(problems) > 0 {
				t.Errorf("%s: %s: %v", c.Name, b, problems)
			}
		}
	}
}

func TestNetworksOf(t *testing.T) {
	m := &capabilities.Manifest{Info: capabilities.Info{Networks: []capabilities.Network{{ID: "moov_tg"}, {ID: "moov_bj"}}}}
	for _, tt := range []struct {
		spec []string
		want int
	}{{nil, 2}, {[]string{"moov_bj"}, 1}, {[]string{"mtn_bj"}, 0}} {
		c := &capabilities.Capability{Spec: capabilities.Spec{Networks: tt.spec}}
		if of := m.NetworksOf(c); len(of) != tt.want {
			t.Errorf("networks of %v: %v", tt.spec, of)
		}
	}
}

// What an author declares wrongly is told when the provider is described, all
// of it at once.
func TestWrongDeclarations(t *testing.T) {
	type recursive struct {
		Of *recursive `json:"of"`
	}
	ignore := func(p *capabilities.Provider) {
		capabilities.Configure(p, func(context.Context, capabilities.Target, struct{}) error { return nil })
	}
	tests := []struct {
		name    string
		declare func(*capabilities.Provider)
		says    []string
	}{
		{"no Configure", func(*capabilities.Provider) {}, []string{"provider acme has no Configure"}},
		{"settings that are no struct", func(p *capabilities.Provider) {
			capabilities.Configure(p, func(context.Context, capabilities.Target, string) error { return nil })
		}, []string{"string is no struct of settings"}},
		{"a setting without a variable", func(p *capabilities.Provider) {
			capabilities.Configure(p, func(context.Context, capabilities.Target, struct {
				Key string `hint:"in the dashboard"`
			}) error {
				return nil
			})
		}, []string{".Key", "env and hint"}},
		{"a setting that nobody could find", func(p *capabilities.Provider) {
			capabilities.Configure(p, func(context.Context, capabilities.Target, struct {
				Key string `env:"ACME_KEY"`
			}) error {
				return nil
			})
		}, []string{".Key", "env and hint"}},
		{"a setting that is no string", func(p *capabilities.Provider) {
			capabilities.Configure(p, func(context.Context, capabilities.Target, struct {
				Port int `env:"ACME_PORT" hint:"a port"`
			}) error {
				return nil
			})
		}, []string{".Port", "exported string"}},
		{"a setting that cannot be set", func(p *capabilities.Provider) {
			capabilities.Configure(p, func(context.Context, capabilities.Target, struct {
				key string `env:"ACME_KEY" hint:"in the dashboard"`
			}) error {
				return nil
			})
		}, []string{".key", "exported string"}},
		{"an input that is no struct", func(p *capabilities.Provider) {
			ignore(p)
			capabilities.Add(p, capabilities.Spec{Name: "pay"}, func(context.Context, string) (acmeOutput, error) { return acmeOutput{}, nil })
		}, []string{"pay", "string is no struct"}},
		{"an input of anything", func(p *capabilities.Provider) {
			ignore(p)
			capabilities.Add(p, capabilities.Spec{Name: "pay"}, func(context.Context, struct {
				Extra map[string]any `json:"extra"`
			}) (acmeOutput, error) {
				return acmeOutput{}, nil
			})
		}, []string{"pay", "extra", "not closed"}},
		{"an input without end", func(p *capabilities.Provider) {
			ignore(p)
			capabilities.Add(p, capabilities.Spec{Name: "pay"}, func(context.Context, recursive) (acmeOutput, error) { return acmeOutput{}, nil })
		}, []string{"pay", "holds itself"}},
		{"an output that is no struct", func(p *capabilities.Provider) {
			ignore(p)
			capabilities.Add(p, capabilities.Spec{Name: "pay"}, func(context.Context, acmeInput) ([]string, error) { return nil, nil })
		}, []string{"pay", "[]string is no struct"}},
		{"an output that speaks for the host", func(p *capabilities.Provider) {
			ignore(p)
			capabilities.Add(p, capabilities.Spec{Name: "pay"}, func(context.Context, acmeInput) (struct {
				Next string `json:"next"`
			}, error) {
				panic("it is not called")
			})
		}, []string{"pay", "next, which is the host's"}},
		{"two mistakes", func(p *capabilities.Provider) {
			capabilities.Add(p, capabilities.Spec{Name: "pay"}, func(context.Context, string) (acmeOutput, error) { return acmeOutput{}, nil })
		}, []string{"no Configure", "string is no struct"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := capabilities.NewProvider(acmeInfo())
			tt.declare(p)
			m, err := p.Manifest(t.Context())
			if err == nil {
				t.Fatalf("described as %+v", m)
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%v; it does not say %q", err, says)
				}
			}
		})
	}
}

func TestConfigure(t *testing.T) {
	a := newAcme(capabilities.Collects)
	target := capabilities.Target{Environment: capabilities.Production, BaseURL: "https://api.acme.example"}
	values := map[string]string{"ACME_USER": "merchant", "ACME_KEY": "secret", "GLOBEX_KEY": "another's"}
	if err := a.Configure(t.Context(), target, values); err != nil {
		t.Fatal(err)
	}
	if want := (acmeSettings{User: "merchant", Key: "secret"}); a.settings != want || a.target != target {
		t.Errorf("configured with %+v, %+v", a.settings, a.target)
	}
}

// No credential reaches a handler that would send it over plain http.
func TestConfigureRefusesTheAddress(t *testing.T) {
	a := newAcme(capabilities.Collects)
	err := a.Configure(t.Context(), capabilities.Target{BaseURL: "http://api.acme.example"}, map[string]string{"ACME_KEY": "secret"})
	if r := asRefusal(t, err); r.Kind != capabilities.Misconfigured || !strings.HasPrefix(r.Message, "acme: ") {
		t.Errorf("%+v", r)
	}
	if a.settings != (acmeSettings{}) {
		t.Error("the handler was given the settings")
	}
}

func TestConfigureWithoutHandler(t *testing.T) {
	p := capabilities.NewProvider(acmeInfo())
	err := p.Configure(t.Context(), capabilities.Target{BaseURL: "https://api.acme.example"}, nil)
	if r := asRefusal(t, err); r.Kind != capabilities.Misconfigured || !strings.Contains(r.Message, "acme") {
		t.Errorf("%+v", r)
	}
}

func TestConfigureIsRefusedByTheProvider(t *testing.T) {
	p := capabilities.NewProvider(acmeInfo())
	want := capabilities.Misconfiguration("acme: ACME_KEY is too short", "copy it again")
	capabilities.Configure(p, func(context.Context, capabilities.Target, acmeSettings) error { return want })
	err := p.Configure(t.Context(), capabilities.Target{BaseURL: "https://api.acme.example"}, nil)
	if asRefusal(t, err) != want {
		t.Errorf("%v", err)
	}
}

func TestInvoke(t *testing.T) {
	a := newAcme(capabilities.Collects)
	var got acmeInput
	a.handle = func(_ context.Context, in acmeInput) (acmeOutput, error) {
		got = in
		return acmeOutput{
			Outcome:  capabilities.Outcome{Reference: string(in.Reference), State: capabilities.Succeeded, Amount: in.Amount},
			Response: json.RawMessage(`{"code":"00"}`),
		}, nil
	}
	out, err := a.Invoke(t.Context(), pay(`{"reference":"ORDER-1","amount":"9007199254740993"}`))
	if want := `{"reference":"ORDER-1","state":"succeeded","amount":"9007199254740993","provider_response":{"code":"00"}}`; err != nil || string(out) != want {
		t.Errorf("got %s, %v", out, err)
	}
	if want := (acmeInput{Reference: "ORDER-1", Amount: "9007199254740993"}); got != want {
		t.Errorf("the handler got %+v", got)
	}
	out, err = a.Invoke(t.Context(), capabilities.Call{Capability: "hook", Input: json.RawMessage(`{"body":"{}"}`)})
	if want := `{"reference":"ORDER-1","state":"succeeded","authentic":false}`; err != nil || string(out) != want {
		t.Errorf("the webhook: %s, %v", out, err)
	}
}

// What no handler may see ends before it, and nothing is asked of the host.
func TestInvokeRefuses(t *testing.T) {
	tests := []struct {
		name string
		call capabilities.Call
	}{
		{"a capability that there is not", capabilities.Call{Capability: "refund", Input: json.RawMessage(anOrder)}},
		{"no capability", capabilities.Call{Input: json.RawMessage(anOrder)}},
		{"a field that there is not", pay(`{"reference":"ORDER-1","pin":"1"}`)},
		{"a number for an amount", pay(`{"reference":"ORDER-1","amount":5000}`)},
		{"no JSON", pay(`{`)},
		{"nothing", pay(``)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAcme(capabilities.PaysOut)
			a.handle = func(context.Context, acmeInput) (acmeOutput, error) {
				t.Error("the handler was called")
				return acmeOutput{}, nil
			}
			tt.call.BeforeSend = func(context.Context, capabilities.Sending) error {
				t.Error("leave was asked")
				return nil
			}
			out, err := a.Invoke(t.Context(), tt.call)
			if r := asRefusal(t, err); r.Kind != capabilities.Invalid || out != nil {
				t.Errorf("%s, %+v", out, r)
			}
		})
	}
	_, err := newAcme(capabilities.PaysOut).Invoke(t.Context(), capabilities.Call{Capability: "refund"})
	if r := asRefusal(t, err); len(r.Problems) != 1 || r.Problems[0].Field != "capability" || r.Problems[0].Found != "refund" {
		t.Errorf("problems %+v", r.Problems)
	}
}

// unspeakable is an outcome that cannot be written down.
type unspeakable struct {
	Response json.RawMessage `json:"provider_response"`
}

// What a handler's error means for money. One that does not say may have come
// after sending, whether leave was asked or not: then nobody sends again.
func TestHandlerErrors(t *testing.T) {
	rejected := capabilities.Rejected("the account is closed", "ask its owner").WithResponse(map[string]string{"code": "02"})
	plain := errors.New("index out of range")
	tests := []struct {
		name   string
		effect capabilities.Effect
		err    error
		kind   capabilities.RefusalKind
	}{
		{"the provider's no", capabilities.PaysOut, rejected, capabilities.ProviderRejected},
		{"the provider's no within another error", capabilities.PaysOut, fmt.Errorf("acme: %w", rejected), capabilities.ProviderRejected},
		{"the provider's no to a question", capabilities.Reads, rejected, capabilities.ProviderRejected},
		{"not sent", capabilities.PaysOut, capabilities.NotSent("refused"), capabilities.Unavailable},
		{"a plain error of a collection", capabilities.Collects, plain, capabilities.UnknownOutcome},
		{"a plain error of a payout", capabilities.PaysOut, plain, capabilities.UnknownOutcome},
		{"a plain error of nobody knows what", "gives_away", plain, capabilities.UnknownOutcome},
		{"a plain error of a question", capabilities.Reads, plain, capabilities.Unavailable},
		{"a plain error of building a URL", capabilities.NoEffect, plain, capabilities.Unavailable},
		{"a deadline in a payout", capabilities.PaysOut, context.DeadlineExceeded, capabilities.UnknownOutcome},
	}
	for _, tt := range tests {
		for _, asks := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, leave asked: %t", tt.name, asks), func(t *testing.T) {
				a := newAcme(tt.effect)
				a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
					if asks {
						if err := capabilities.BeforeSend(ctx); err != nil {
							t.Errorf("no leave: %v", err)
						}
					}
					return acmeOutput{}, tt.err
				}
				out, err := a.Invoke(t.Context(), pay(anOrder))
				r := asRefusal(t, err)
				if r.Kind != tt.kind || out != nil || r.Fix == "" {
					t.Errorf("%s, %+v", out, r)
				}
				if tt.kind == capabilities.ProviderRejected && string(r.Response) != `{"code":"02"}` {
					t.Errorf("the provider's own answer was lost: %+v", r)
				}
			})
		}
	}
}

// The money moved, and the outcome cannot be written: that is no failure.
func TestOutcomeThatCannotBeTold(t *testing.T) {
	for effect, kind := range map[capabilities.Effect]capabilities.RefusalKind{
		capabilities.PaysOut: capabilities.UnknownOutcome,
		capabilities.Reads:   capabilities.Unavailable,
	} {
		p := capabilities.NewProvider(acmeInfo())
		capabilities.Add(p, capabilities.Spec{Name: "pay", Effect: effect}, func(context.Context, acmeInput) (unspeakable, error) {
			return unspeakable{Response: json.RawMessage("{")}, nil
		})
		_, err := p.Invoke(t.Context(), pay(anOrder))
		if r := asRefusal(t, err); r.Kind != kind || !strings.Contains(r.Message, "acme.pay") {
			t.Errorf("%s: %+v", effect, r)
		}
	}
}
