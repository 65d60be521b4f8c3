package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

const order = `{"reference":"ORDER-1","amount":"5000"}`

func TestAWrongInputReachesNobody(t *testing.T) {
	t.Parallel()
	for input, field := range map[string]string{
		``:                                       "amount",
		`{}`:                                     "amount",
		`[]`:                                     "(input)",
		`{"reference":`:                          "(input)",
		`{"reference":"ORDER-1","amount":5000}`:  "amount",
		`{"reference":"ORDER-1","amount":"-5"}`:  "amount",
		`{"reference":"ORDER-1","amount":"5e3"}`: "amount",
		`{"reference":"a b","amount":"5000"}`:    "reference",
		`{"reference":"A","amount":"5","pin":"1234"}`: "pin",
		`{"reference":"A","amount":"5","amount":"6"}`: "(input)",
	} {
		h := newHouse(t)
		a := h.call(0, "collect", input)
		is(t, a, capabilities.Invalid, "")
		if len(a.Problems) == 0 || a.Problems[0].Field != field || !strings.Contains(a.Message, field) {
			t.Errorf("%s: %+v, want a problem of %s", input, a.Problems, field)
		}
		if h.called("collect") > 0 || len(a.Gotchas) > 0 {
			t.Errorf("%s: called %d times, with %v", input, h.called("collect"), noteIDs(a))
		}
	}
}

func TestAnUnknownToolIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, r := range []host.Request{{Provider: "acme", Capability: "steal"}, {Provider: "nobody", Capability: "collect"}} {
		a := h.Call(t.Context(), r)
		is(t, a, capabilities.Invalid, "")
		if !strings.Contains(a.Message, r.Provider+"_"+r.Capability) {
			t.Errorf("it says %s", a.Message)
		}
	}
}

func TestAMisconfiguredProviderIsNotCalled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(_ *host.Options, p *host.Provider) {
		p.Settings.Problem = capabilities.Misconfiguration("ACME_KEY is not set", "set it")
	})
	is(t, h.collects("ORDER-1"), capabilities.Misconfigured, "")
	is(t, h.asks(1, "ORDER-1"), capabilities.Misconfigured, "")
	if len(h.acme.calls) > 0 {
		t.Errorf("called %q", h.acme.calls)
	}
	is(t, h.call(0, "collect", `{}`), capabilities.Invalid, "") // what is wrong in the input is said first
}

// leave asks the host for leave to send, as package transport does.
func leave(ctx context.Context, network string) error {
	return capabilities.BeforeSend(capabilities.OnNetwork(ctx, network))
}

// TestWhatAFailureMeans: unknown is never failed, and only what is known not
// to have been sent may be sent again.
func TestWhatAFailureMeans(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		handler func(context.Context) error
		kind    capabilities.RefusalKind
		state   capabilities.State
		known   bool // the host remembers the payment
	}{
		{"rejected", func(context.Context) error { return capabilities.Rejected("no", "no") }, capabilities.ProviderRejected, capabilities.Failed, true},
		{"not sent", func(context.Context) error { return capabilities.NotSent("no line") }, capabilities.Unavailable, "", false},
		{"misconfigured", func(context.Context) error { return capabilities.Misconfiguration("401", "check") }, capabilities.Misconfigured, "", false},
		{"invalid", func(context.Context) error { return capabilities.InvalidField("msisdn", "x", "y") }, capabilities.Invalid, "", false},
		{"unknown", func(context.Context) error { return capabilities.MayHaveHappened("HTTP 500") }, capabilities.UnknownOutcome, capabilities.Unknown, true},
		{"any other error", func(context.Context) error { return errors.New("nil map") }, capabilities.UnknownOutcome, capabilities.Unknown, true},
		{"a wrapped refusal", func(context.Context) error { return fmt.Errorf("in acme: %w", capabilities.Rejected("no", "no")) }, capabilities.ProviderRejected, capabilities.Failed, true},
	}
	for _, capability := range []string{"collect", "pay_out"} {
		for _, c := range cases {
			h := newHouse(t)
			handler := func(ctx context.Context, _ payInput) (output, error) {
				if err := leave(ctx, "north"); err != nil {
					return output{}, err
				}
				return output{}, c.handler(ctx)
			}
			h.collect, h.payOut = handler, handler
			a := h.call(0, capability, order)
			is(t, a, c.kind, c.state)
			if a.Reference != "ORDER-1" {
				t.Errorf("%s %s: reference %q", capability, c.name, a.Reference)
			}
			if next := a.Next != nil; next != (c.kind == capabilities.UnknownOutcome) {
				t.Errorf("%s %s: next is %+v", capability, c.name, a.Next)
			}
			// A remembered payment lends its amount and network to questions.
			later := h.asks(5, "ORDER-1")
			if got := later.Amount == "5000" && later.Currency == "XOF" && h.asked[0].Network == "north"; got != c.known {
				t.Errorf("%s %s: remembered %v, want %v", capability, c.name, got, c.known)
			}
		}
	}
}

func TestAFailedQuestionChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collects("ORDER-1")
	for _, err := range []error{errors.New("nil map"), capabilities.NotSent("no line"), capabilities.NothingChanged("HTTP 500")} {
		h.status = func(context.Context, statusInput) (output, error) { return output{}, err }
		is(t, h.asks(5, "ORDER-1"), capabilities.Unavailable, "")
	}
	h.status = func(context.Context, statusInput) (output, error) { return paid() }
	is(t, h.asks(5, "ORDER-1"), "", capabilities.Succeeded)
}

// TestALostProcess: what a process did not live to tell, it tells from whether
// it was given leave to send.
func TestALostProcess(t *testing.T) {
	t.Parallel()
	lost := errors.New("the process was lost in mid-call")
	for _, sent := range []bool{false, true} {
		h := newHouse(t)
		h.raw = func(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
			if sent && call.BeforeSend != nil {
				if err := call.BeforeSend(ctx, capabilities.Sending{Network: "south"}); err != nil {
					t.Error(err)
				}
			}
			return nil, lost
		}
		want, state := capabilities.Unavailable, capabilities.State("")
		if sent {
			want, state = capabilities.UnknownOutcome, capabilities.Unknown
		}
		a := h.collects("ORDER-1")
		is(t, a, want, state)
		if sent && (a.Next == nil || a.Next.Arguments["network"] != "south") {
			t.Errorf("next is %+v: the network that it was sent on is not told", a.Next)
		}
		is(t, h.asks(1, "ORDER-1"), capabilities.Unavailable, "")
	}
}

// TestABugIsTheEndOfItsCallOnly: it is as good as a lost process.
func TestABugIsTheEndOfItsCallOnly(t *testing.T) {
	t.Parallel()
	for _, sent := range []bool{false, true} {
		for _, capability := range []string{"collect", "pay_out"} {
			h := newHouse(t)
			h.raw = func(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
				if sent {
					if err := call.BeforeSend(ctx, capabilities.Sending{Network: "south"}); err != nil {
						t.Error(err)
					}
				}
				panic("a bug")
			}
			want, state := capabilities.Unavailable, capabilities.State("")
			if sent {
				want, state = capabilities.UnknownOutcome, capabilities.Unknown
			}
			is(t, h.call(0, capability, order), want, state)
			h.raw = nil
			again := map[bool]capabilities.State{false: capabilities.Pending, true: capabilities.Unknown}[sent]
			is(t, h.call(0, capability, order), "", again)
			if got := h.called(capability); (got == 1) != sent {
				t.Errorf("sent %v: called %d times", sent, got)
			}
		}
	}
}

// TestACallerThatGoes ends the call only as long as nothing was sent.
func TestACallerThatGoes(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{true, false} {
		h := newHouse(t)
		ctx, goAway := context.WithCancel(t.Context())
		sent := false
		h.collect = func(working context.Context, _ payInput) (output, error) {
			if early {
				goAway()
			}
			if err := leave(working, "north"); err != nil {
				return output{}, err
			}
			sent = true
			goAway()
			if working.Err() != nil {
				t.Error("the call is cancelled although money may be moving")
			}
			return paid()
		}
		a := h.Call(ctx, host.Request{Provider: "acme", Capability: "collect", Input: json.RawMessage(order)})
		if early {
			is(t, a, capabilities.Unavailable, "")
		} else {
			is(t, a, "", capabilities.Succeeded)
		}
		if sent == early {
			t.Errorf("early %v: sent %v", early, sent)
		}
	}
}

func TestACallHasADeadline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(_ *host.Options, p *host.Provider) {
		for i := range p.Manifest.Capabilities {
			p.Manifest.Capabilities[i].Timeout = time.Millisecond
		}
	})
	h.collect = func(ctx context.Context, _ payInput) (output, error) {
		if err := leave(ctx, ""); err != nil {
			return output{}, err
		}
		<-ctx.Done()
		return output{}, ctx.Err()
	}
	is(t, h.collects("ORDER-1"), capabilities.UnknownOutcome, capabilities.Unknown)
}

// TestAProviderCannotSpeakForTheHost: an output that claims the host's fields,
// is about something else or does not fit its schema is of no use, and none of
// it reaches the caller.
func TestAProviderCannotSpeakForTheHost(t *testing.T) {
	t.Parallel()
	outputs := []string{
		`not JSON`, `[]`, `"text"`, `{"state":"succeeded","reference":"ORDER-2"}`,
		`{"state":"paid"}`, `{"state":7}`, `{"state":"succeeded","surprise":"x"}`, `{"state":"succeeded","fee":5}`,
	}
	for _, field := range []string{
		`"provider":"bank"`, `"capability":"status"`, `"environment":"sandbox"`, `"final":true`, `"kind":"refused"`, `"guard":"environment"`,
		`"message":"all is well"`, `"fix":"none"`, `"problems":[]`, `"approval":{"id":"x"}`, `"next":{"tool":"acme_pay_out"}`, `"gotchas":[]`,
	} {
		outputs = append(outputs, `{"state":"succeeded",`+field+`}`)
	}
	for _, out := range outputs {
		for _, capability := range []string{"collect", "pay_out"} {
			h := newHouse(t)
			h.raw = func(context.Context, capabilities.Call) (json.RawMessage, error) { return json.RawMessage(out), nil }
			a := h.call(0, capability, order)
			is(t, a, capabilities.UnknownOutcome, capabilities.Unknown)
			if b, _ := json.Marshal(a); strings.Contains(string(b), "surprise\":") || a.Provider != "acme" || a.Environment != capabilities.Sandbox || a.Final != nil {
				t.Errorf("%s answers %s", out, b)
			}
			is(t, h.call(0, capability, order), "", capabilities.Unknown) // nor is it on record
			is(t, h.asks(5, "ORDER-1"), capabilities.Unavailable, "")
		}
	}
}

func TestAnAnswerIsPassedOnExactly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.raw = func(context.Context, capabilities.Call) (json.RawMessage, error) {
		return json.RawMessage(`{"state":"pending","fee":"12.50","provider_response":{"code":"01","serial":9007199254740993}}`), nil
	}
	a := h.collects("ORDER-1")
	is(t, a, "", capabilities.Pending)
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"fee":"12.50"`, `"serial":9007199254740993`, `"amount":"5000","currency":"XOF"`, `"final":false`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s lacks %s", b, want)
		}
	}
	if keys := strings.Count(string(b), `"state"`); keys != 1 {
		t.Errorf("%s has %d states", b, keys)
	}
}

// TestTheFirstEndStays: what is final cannot become anything else.
func TestTheFirstEndStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collects("ORDER-1")
	is(t, h.asks(5, "ORDER-1"), "", capabilities.Succeeded)
	h.status = func(context.Context, statusInput) (output, error) { return pending() }
	is(t, h.asks(5, "ORDER-1"), "", capabilities.Pending) // what the provider says now
	a := h.collects("ORDER-1")                            // from the record
	is(t, a, "", capabilities.Succeeded)
	if a.Amount != "5000" {
		t.Errorf("the amount on record is %s", a.Amount)
	}
}

// TestAReferenceIsOnePayment: the same call again gives what is on record, and
// another one under its reference is refused. Neither reaches the provider.
func TestAReferenceIsOnePayment(t *testing.T) {
	t.Parallel()
	for _, capability := range []string{"collect", "pay_out"} {
		h := newHouse(t)
		is(t, h.call(0, capability, order), "", capabilities.Pending)
		for _, same := range []string{order, `{ "amount": "5000", "reference": "ORDER-1" }`} {
			a := h.call(5, capability, same)
			is(t, a, "", capabilities.Pending)
			if a.Amount != "5000" || a.Next == nil || len(a.Notes) == 0 || !strings.Contains(a.Notes[0], "nothing was sent") {
				t.Errorf("%s, again: %+v", capability, a.Answer)
			}
		}
		for _, other := range []string{`{"reference":"ORDER-1","amount":"5001"}`, `{"reference":"ORDER-1","amount":"5000","network":"north"}`} {
			a := h.call(5, capability, other)
			is(t, a, capabilities.Refused, "")
			if a.Guard != "reference" || !strings.Contains(a.Message, "5000 XOF") {
				t.Errorf("%s: the guard %q says %s", other, a.Guard, a.Message)
			}
		}
		another := map[string]string{"collect": "pay_out", "pay_out": "collect"}[capability]
		if a := h.call(5, another, order); a.Guard != "reference" {
			t.Errorf("%s under the reference of a %s: %+v", another, capability, a.Answer)
		}
		if h.called(capability) != 1 || h.called(another) != 0 {
			t.Errorf("%s: called %q", capability, h.acme.calls)
		}
	}
}

func TestWhichGotchasRideOnAnAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environment string
		out         output
		want        []string
	}{
		{capabilities.Sandbox, output{Outcome: capabilities.Outcome{State: capabilities.Pending}}, []string{"acme.collect.1", "acme.collect.2"}},
		{capabilities.Sandbox, output{Outcome: capabilities.Outcome{State: capabilities.Succeeded}}, []string{"acme.collect.1"}},
		{capabilities.Sandbox, output{Outcome: capabilities.Outcome{State: capabilities.Pending}, Response: &response{Code: "7"}}, []string{"acme.collect.1", "acme.collect.2", "acme.collect.3"}},
		{capabilities.Production, output{Outcome: capabilities.Outcome{State: capabilities.Pending}}, []string{"acme.collect.1"}}, // the others do not bite there
	} {
		h := newHouse(t, in(c.environment))
		h.acknowledges("collect")
		h.collect = func(context.Context, payInput) (output, error) { return c.out, nil }
		if got := noteIDs(h.collects("ORDER-1")); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.out, got, c.want)
		}
	}
}

func TestToolsThatAreOffered(t *testing.T) {
	t.Parallel()
	offered := func(h *house) (all []string) {
		for _, tool := range h.Tools() {
			all = append(all, tool.Name)
		}
		return all
	}
	if got := offered(newHouse(t)); !slices.Equal(got, []string{"acme_collect", "acme_pay_out", "acme_status", "acme_balance", "acme_webhook"}) {
		t.Errorf("it offers %q", got)
	}
	h := newHouse(t, func(o *host.Options, _ *host.Provider) { o.ReadOnly = true })
	if got := offered(h); !slices.Equal(got, []string{"acme_status", "acme_balance", "acme_webhook"}) {
		t.Errorf("read-only it offers %q", got)
	}
	// Not to offer it is not to refuse it: the guard does, whoever asks.
	a := h.collects("ORDER-1")
	is(t, a, capabilities.Refused, "")
	if a.Guard != "read_only" || h.called("collect") > 0 {
		t.Errorf("the guard %q refused, after %d calls", a.Guard, h.called("collect"))
	}
	is(t, h.asks(1, "ORDER-1"), "", capabilities.Succeeded)
	if _, _, ok := h.Find("acme_steal"); ok {
		t.Error("it finds a tool that nobody has")
	}
	if p, c, ok := h.Find("acme_pay_out"); !ok || p != "acme" || c != "pay_out" {
		t.Errorf("acme_pay_out is %s %s", p, c)
	}
}

func TestTwoProvidersCannotShareATool(t *testing.T) {
	t.Parallel()
	m, err := newAcme().provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := host.Options{Ledger: ledger.File(filepath.Join(dir, "ledger.db")), Keys: keyring.File(filepath.Join(dir, "ledger.key"))}
	for n, want := range []bool{true, true, false} {
		if _, err := host.New(o); (err == nil) != want {
			t.Errorf("%d providers with the same tools: %v", n, err)
		}
		o.Providers = append(o.Providers, host.Provider{Manifest: m})
	}
	for _, lacking := range []host.Options{{}, {Ledger: o.Ledger}, {Keys: o.Keys}} {
		if _, err := host.New(lacking); err == nil {
			t.Error("a host remembers nothing")
		}
	}
}

func TestCloseReachesEveryProvider(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Close(t.Context())
	if !h.closed {
		t.Error("the provider was left running")
	}
}
