// Package hosttest runs a provider the whole way, for its scenario tests:
// host.Call, the provider in a process of its own, HTTP, and its emulator on a
// clock that only a test moves.
package hosttest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// Delay is how long a payment stays pending at the emulator.
const Delay = emulationtest.Delay

// Provider is what is tested.
type Provider struct {
	Slug     string
	Provider func() *capabilities.Provider
	Emulator func(emulation.Options) Emulator
}

// Emulator is an emulator whose books can be read.
type Emulator interface {
	emulation.Emulator
	Books() *emulation.Books
}

// Main is TestMain. It lets the test binary be the provider's process: the
// host starts it again with these arguments, as the program does with itself.
func (p Provider) Main(m *testing.M) {
	if slices.Equal(os.Args[1:], p.args()) {
		capabilities.Serve(p.Provider())
	}
	code := m.Run()
	closing.Wait()
	os.Exit(code)
}

// closing counts the hosts that are being closed. Tests do not wait for them:
// a process built with the race detector takes a second to end.
var closing sync.WaitGroup

func (p Provider) args() []string { return []string{"plugin", p.Slug} }

// launcher is shared: it takes the standard streams once for all.
var launcher = sync.OnceValues(func() (*plugin.Launcher, error) { return plugin.NewLauncher(os.Stderr) })

// Input is the input of a capability.
type Input map[string]string

// Without is the input with some of its fields left out.
func (in Input) Without(fields ...string) Input {
	rest := maps.Clone(in)
	for _, f := range fields {
		delete(rest, f)
	}
	return rest
}

// With is the input with one field more, or another one.
func (in Input) With(field, value string) Input {
	more := maps.Clone(in)
	more[field] = value
	return more
}

// Bench is a host whose one provider runs in a process of its own, and the
// clock of everything.
type Bench struct {
	*testing.T
	Clock    *emulation.ManualClock
	Host     *host.Host
	Desk     *approval.Desk
	Emulator Emulator          // nil where a stub speaks
	Server   *emulation.Server // nil where a stub speaks
	provider Provider
}

// New is a bench with the emulator. The settings are the emulator's, as change
// leaves them.
func (p Provider) New(t *testing.T, o emulation.Options, change ...func(map[string]string)) *Bench {
	t.Helper()
	clock := emulation.NewManualClock(emulationtest.Start())
	o.Clock, o.SettleAfter = clock, Delay
	e := p.Emulator(o)
	server, err := emulation.Start(e, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
	})
	settings := e.Config()
	for _, c := range change {
		c(settings)
	}
	b := p.At(t, host.Emulated(server.BaseURL(), settings), clock)
	b.Emulator, b.Server = e, server
	return b
}

// At is a bench whose provider has these settings.
func (p Provider) At(t *testing.T, s host.Settings, clock *emulation.ManualClock) *Bench {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a process")
	}
	m, err := p.Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l, err := launcher()
	if err != nil {
		t.Fatal(err)
	}
	desk := &approval.Desk{Ledger: ledger.File(filepath.Join(t.TempDir(), "ledger.db")), Keys: keyring.File(filepath.Join(t.TempDir(), "key")), Now: clock.Now}
	source := plugin.Source{Provider: p.Slug, Path: self, Args: p.args()}
	process := plugin.New(l, source, plugin.Settings{Target: s.Target, Values: s.Values, Secrets: s.Secrets})
	h, err := host.New(host.Options{
		Providers: []host.Provider{{Manifest: m, Settings: s, Process: process}},
		Ledger:    desk.Ledger, Keys: desk.Keys, Patience: time.Hour, Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := desk.Ledger.Close(); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
		closing.Go(func() { h.Close(context.Background()) })
	})
	return &Bench{T: t, Clock: clock, Host: h, Desk: desk, provider: p}
}

// Elsewhere is another host with a ledger of its own, on the same emulator.
func (b *Bench) Elsewhere() *Bench {
	b.Helper()
	return b.configured(host.Emulated(b.Server.BaseURL(), b.Emulator.Config()))
}

// Targeting is another host, which is configured for another place.
func (b *Bench) Targeting(environment, base string) *Bench {
	b.Helper()
	return b.configured(host.Settings{Target: capabilities.Target{Environment: environment, BaseURL: base}, Values: b.Emulator.Config()})
}

func (b *Bench) configured(s host.Settings) *Bench {
	b.Helper()
	other := b.provider.At(b.T, s, b.Clock)
	other.Emulator, other.Server = b.Emulator, b.Server
	return other
}

// In is the bench for a subtest.
func (b *Bench) In(t *testing.T) *Bench {
	sub := *b
	sub.T = t
	return &sub
}

// Ask calls a capability as any caller does, without a human who approves.
func (b *Bench) Ask(ctx context.Context, capability string, in Input) *host.Answer {
	b.Helper()
	return b.Host.Call(ctx, b.request(capability, in))
}

func (b *Bench) request(capability string, in Input) host.Request {
	b.Helper()
	if in == nil {
		in = Input{}
	}
	raw, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	return host.Request{Provider: b.provider.Slug, Capability: capability, Input: raw}
}

// Call calls a capability as any caller does, whose human approves everything.
func (b *Bench) Call(capability string, in Input) *host.Answer {
	b.Helper()
	return b.CallUntil(b.Context(), capability, in)
}

// CallUntil is Call by a caller that goes away when ctx ends.
func (b *Bench) CallUntil(ctx context.Context, capability string, in Input) *host.Answer {
	b.Helper()
	a := b.Ask(ctx, capability, in)
	if a.Kind != capabilities.Held {
		return a
	}
	if err := b.Desk.Decide(ctx, a.Approval.ID, true, "a tester", "test"); err != nil {
		b.Fatal(err)
	}
	return b.Ask(ctx, capability, in)
}

// Follow does what the answer says to do next, when it says so.
func (b *Bench) Follow(a *host.Answer) *host.Answer {
	b.Helper()
	if a.Next == nil {
		b.Fatalf("nothing to do next in:\n%s", a.Text())
	}
	provider, capability, ok := b.Host.Find(a.Next.Tool)
	if !ok || provider != b.provider.Slug {
		b.Fatalf("next is the tool %q, which there is not", a.Next.Tool)
	}
	b.Clock.Advance(time.Duration(a.Next.AfterSeconds) * time.Second)
	return b.Call(capability, a.Next.Arguments)
}

// FollowToTheEnd follows until an answer is final, as an agent would.
func (b *Bench) FollowToTheEnd(a *host.Answer) *host.Answer {
	b.Helper()
	for range 20 {
		if a.Final != nil && *a.Final {
			return a
		}
		a = b.Follow(a)
	}
	b.Fatalf("not final after 20 questions:\n%s", a.Text())
	return nil
}

// Moved checks what the emulator's books say of a reference: how often it was
// asked for, and how often money moved.
func (b *Bench) Moved(reference string, op emulation.Operation, requests, paid int) {
	b.Helper()
	var found []emulation.Transaction
	for _, tx := range b.Emulator.Books().Transactions() {
		if tx.Reference == reference && tx.Operation == op {
			found = append(found, tx)
		}
	}
	if len(found) != 1 {
		b.Fatalf("the books have %d lines for the %s %s, want 1", len(found), op, reference)
	}
	if tx := found[0]; tx.Requests != requests || tx.Paid != paid {
		b.Errorf("the books have %d requests and %d payments for %s, want %d and %d", tx.Requests, tx.Paid, reference, requests, paid)
	}
}

// Untouched checks that nothing has reached the emulator's books.
func (b *Bench) Untouched() {
	b.Helper()
	if all := b.Emulator.Books().Transactions(); len(all) > 0 {
		b.Errorf("something was sent: %+v", all)
	}
}

// Want is what an answer has to say.
type Want struct {
	State capabilities.State
	Kind  capabilities.RefusalKind
	// The rest is looked for in the answer, where it is not empty.
	Response string // fields of the provider's answer, such as "status=0 amount=5"
	Message  string // parts of message or fix, with | between
	Note     string // a part of one note
	Gotchas  string // ids without the provider, with spaces between
	Problem  string // the field that is wrong
	Guard    string // who refused
	After    int    // seconds until what comes next
}

// Wants checks an answer.
func (b *Bench) Wants(a *host.Answer, w Want) {
	b.Helper()
	var wrong []string
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	expect(a.Kind == w.Kind, "kind %q, want %q", a.Kind, w.Kind)
	expect(a.State == w.State, "state %q, want %q", a.State, w.State)
	if w.Kind == "" {
		expect(a.State == "" || a.Final != nil && *a.Final == w.State.Final(), "final does not fit the state")
	} else {
		expect(a.Final == nil, "a refusal says whether it is final")
		expect(a.Message != "" && a.Fix != "", "a refusal without message or way out")
	}
	response := Response(a)
	for _, field := range strings.Fields(w.Response) {
		name, value, _ := strings.Cut(field, "=")
		expect(response[name] == value, "%s %q, want %q", name, response[name], value)
	}
	for _, part := range strings.Split(w.Message, "|") {
		expect(strings.Contains(a.Message+"\n"+a.Fix, part), "neither message nor fix has %q", part)
	}
	expect(w.Note == "" || strings.Contains(strings.Join(a.Notes, "\n"), w.Note), "no note has %q", w.Note)
	for _, id := range strings.Fields(w.Gotchas) {
		expect(slices.ContainsFunc(a.Gotchas, func(n capabilities.Note) bool { return n.ID == a.Provider+"."+id }), "the gotcha %s is missing", id)
	}
	expect(w.Problem == "" || len(a.Problems) == 1 && a.Problems[0].Field == w.Problem, "problems %v, want one with %s", a.Problems, w.Problem)
	expect(w.Guard == "" || a.Guard == w.Guard, "refused by %q, want %q", a.Guard, w.Guard)
	expect(w.After == 0 || a.Next != nil && a.Next.AfterSeconds == w.After, "next %+v, want it in %d s", a.Next, w.After)
	if len(wrong) > 0 {
		b.Errorf("%s\nin the answer:\n%s", strings.Join(wrong, "\n"), a.Text())
	}
}

// Response is the provider's own answer, field by field, as an answer of the
// host shows it. Fields that it does not have are empty, and so are null ones.
func Response(a *host.Answer) map[string]string {
	return Fields(string(a.Response))
}

// Fields are the values of a JSON object by their names, as they are spelled.
// Null is empty, and what is no object has none.
func Fields(body string) map[string]string {
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	_ = d.Decode(&object) // what is no object has none
	fields := map[string]string{}
	for name, v := range object {
		if v != nil {
			fields[name] = fmt.Sprint(v)
		}
	}
	return fields
}

// Verdict is what the host says of a webhook.
type Verdict struct {
	Fulfil  bool                      `json:"fulfil"`
	Trusted string                    `json:"trusted_amount"`
	Reason  string                    `json:"reason"`
	Claim   capabilities.ClaimSummary `json:"claim"`
}

// VerdictOf reads the verdict in an answer.
func (b *Bench) VerdictOf(a *host.Answer) Verdict {
	b.Helper()
	var v Verdict
	b.Details(a, &v)
	return v
}

// Details reads the capability's own fields of an answer.
func (b *Bench) Details(a *host.Answer, to any) {
	b.Helper()
	raw, err := json.Marshal(a.Details)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		b.Fatalf("the details of the answer cannot be read: %v\n%s", err, a.Text())
	}
}

// Within waits for what another goroutine is about to do.
func (b *Bench) Within(what string, done func() bool) {
	b.Helper()
	emulationtest.Within(b.T, what, done)
}
