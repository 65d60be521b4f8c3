package qosic_test

// The scenarios of facts about Qosic, one for each row of its answers and of
// its webhook. Each goes the whole way: host.Call, the provider in a process of
// its own, HTTP, and Qosic's emulator on a clock that only a test moves. What
// the emulator does not say on demand is said by a stub (stub_test.go).

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
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/plugin"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// TestMain lets the test binary be the provider's process: the host starts it
// again with these arguments, as the program does with itself.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], asProvider()) {
		capabilities.Serve(qosic.Provider())
	}
	code := m.Run()
	closing.Wait()
	os.Exit(code)
}

// closing counts the hosts that are being closed. Tests do not wait for them:
// a process built with the race detector takes a second to end.
var closing sync.WaitGroup

func asProvider() []string { return []string{"plugin", "qosic"} }

// delay is how long a payment stays pending at the emulator.
const delay = 10 * time.Second

var start = time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC)

// operator is one network as the scenarios use it.
type operator struct {
	network string
	tag     string // for references
	prefix  string // of an msisdn that the ending completes
	setting string // the variable of its client id
	payouts bool   // a path for deposits is known
	waits   bool   // a payment answers only when the customer has decided
	togo    bool
}

var operators = []operator{
	{network: "togocel_tg", tag: "TGC", prefix: "22890000", setting: "QOSIC_CLIENT_ID_TOGOCEL", payouts: true, togo: true},
	{network: "moov_tg", tag: "MTG", prefix: "22896000", setting: "QOSIC_CLIENT_ID_MOOV", payouts: true, togo: true},
	{network: "mtn_bj", tag: "MTN", prefix: "2290196000", setting: "QOSIC_CLIENT_ID_MTN_BENIN", payouts: true},
	{network: "moov_bj", tag: "MBJ", prefix: "2290195000", setting: "QOSIC_CLIENT_ID_MOOV_BENIN", payouts: true, waits: true},
	{network: "celtiis_bj", tag: "CEL", prefix: "2290140000", setting: "QOSIC_CLIENT_ID_CELTIIS_BENIN"},
}

var togocel, moovTogo, mtnBenin, moovBenin, celtiis = operators[0], operators[1], operators[2], operators[3], operators[4]

func (o operator) msisdn(e emulation.Ending) string { return o.prefix + string(e) }

// ref is a reference of this network's own.
func (o operator) ref(name string) string { return o.tag + "-" + name }

// input is the input of a capability.
type input map[string]string

// order is a payment of 5000 XOF, or a payout.
func (o operator) order(e emulation.Ending, reference string) input {
	return input{"reference": reference, "amount": "5000", "msisdn": o.msisdn(e), "network": o.network}
}

// without is the input with some of its fields left out.
func (in input) without(fields ...string) input {
	rest := maps.Clone(in)
	for _, f := range fields {
		delete(rest, f)
	}
	return rest
}

// with is the input with one field more, or another one.
func (in input) with(field, value string) input {
	more := maps.Clone(in)
	more[field] = value
	return more
}

// bench is a host whose one provider runs in a process of its own, and the
// clock of everything.
type bench struct {
	*testing.T
	clock    *emulation.ManualClock
	host     *host.Host
	desk     *approval.Desk
	emulator *emulator.Emulator // nil where a stub speaks
	server   *emulation.Server  // nil where a stub speaks
}

// newBench is a bench with the emulator. The settings are the emulator's, as
// change leaves them.
func newBench(t *testing.T, o emulation.Options, change ...func(map[string]string)) *bench {
	t.Helper()
	clock := emulation.NewManualClock(start)
	o.Clock, o.SettleAfter = clock, delay
	e := emulator.New(o)
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
	b := &bench{T: t, clock: clock, emulator: e, server: server}
	b.host, b.desk = newHost(t, host.Emulated(server.BaseURL(), settings), clock.Now)
	return b
}

// elsewhere is another host with a ledger of its own, on the same emulator.
func (b *bench) elsewhere() *bench {
	b.Helper()
	other := *b
	other.host, other.desk = newHost(b.T, host.Emulated(b.server.BaseURL(), b.emulator.Config()), b.clock.Now)
	return &other
}

// launcher is shared: it takes the standard streams once for all.
var launcher = sync.OnceValues(func() (*plugin.Launcher, error) { return plugin.NewLauncher(os.Stderr) })

func newHost(t *testing.T, s host.Settings, now func() time.Time) (*host.Host, *approval.Desk) {
	t.Helper()
	m, err := qosic.Provider().Manifest(t.Context())
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
	source := plugin.Source{Provider: "qosic", Path: self, Args: asProvider()}
	process := plugin.New(l, source, plugin.Settings{Target: s.Target, Values: s.Values, Secrets: s.Secrets})
	desk := &approval.Desk{Ledger: ledger.File(filepath.Join(t.TempDir(), "ledger.db")), Keys: keyring.File(filepath.Join(t.TempDir(), "key")), Now: now}
	h, err := host.New(host.Options{
		Providers: []host.Provider{{Manifest: m, Settings: s, Process: process}}, Ledger: desk.Ledger, Keys: desk.Keys, Patience: time.Hour, Now: now,
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
	return h, desk
}

// in is the bench for a subtest.
func (b *bench) in(t *testing.T) *bench {
	sub := *b
	sub.T = t
	return &sub
}

// call calls a capability as any caller does, whose human approves everything.
func (b *bench) call(capability string, in input) *host.Answer {
	b.Helper()
	return b.callUntil(b.Context(), capability, in)
}

func (b *bench) callUntil(ctx context.Context, capability string, in input) *host.Answer {
	b.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	r := host.Request{Provider: "qosic", Capability: capability, Input: raw}
	a := b.host.Call(ctx, r)
	if a.Kind != capabilities.Held {
		return a
	}
	if err := b.desk.Decide(ctx, a.Approval.ID, true, "a tester", "test"); err != nil {
		b.Fatal(err)
	}
	return b.host.Call(ctx, r)
}

// collect asks a customer to pay. Where the answer waits for the customer, the
// clock moves until it has come.
func (b *bench) collect(o operator, e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	in := o.order(e, reference)
	if !o.waits {
		return b.call("initiate_payment", in)
	}
	got := make(chan *host.Answer, 1)
	go func() { got <- b.call("initiate_payment", in) }()
	for {
		select {
		case a := <-got:
			return a
		case <-time.After(time.Millisecond):
			if b.clock.Timers() > 0 {
				b.clock.Advance(delay)
			}
		}
	}
}

func (b *bench) disburse(o operator, e emulation.Ending, reference string) *host.Answer {
	b.Helper()
	return b.call("disburse", o.order(e, reference))
}

// ask asks for the status after the time that Qosic wants between questions.
func (b *bench) ask(reference, network string) *host.Answer {
	b.Helper()
	b.clock.Advance(time.Second)
	in := input{"reference": reference}
	if network != "" {
		in["network"] = network
	}
	return b.call("check_payment_status", in)
}

// follow does what the answer says to do next, when it says so.
func (b *bench) follow(a *host.Answer) *host.Answer {
	b.Helper()
	if a.Next == nil {
		b.Fatalf("nothing to do next in:\n%s", a.Text())
	}
	provider, capability, ok := b.host.Find(a.Next.Tool)
	if !ok || provider != "qosic" {
		b.Fatalf("next is the tool %q, which there is not", a.Next.Tool)
	}
	b.clock.Advance(time.Duration(a.Next.AfterSeconds) * time.Second)
	return b.call(capability, a.Next.Arguments)
}

// followToTheEnd follows until an answer is final, as an agent would.
func (b *bench) followToTheEnd(a *host.Answer) *host.Answer {
	b.Helper()
	for range 20 {
		if a.Final != nil && *a.Final {
			return a
		}
		a = b.follow(a)
	}
	b.Fatalf("not final after 20 questions:\n%s", a.Text())
	return nil
}

// books is the emulator's one line about a reference.
func (b *bench) books(reference string, op emulation.Operation) emulation.Transaction {
	b.Helper()
	var found []emulation.Transaction
	for _, tx := range b.emulator.Books().Transactions() {
		if tx.Reference == reference && tx.Operation == op {
			found = append(found, tx)
		}
	}
	if len(found) != 1 {
		b.Fatalf("the books have %d lines for the %s %s, want 1", len(found), op, reference)
	}
	return found[0]
}

// moved checks what the books say of a reference: how often it was asked for,
// and how often money moved.
func (b *bench) moved(reference string, op emulation.Operation, requests, paid int) {
	b.Helper()
	if tx := b.books(reference, op); tx.Requests != requests || tx.Paid != paid {
		b.Errorf("the books have %d requests and %d payments for %s, want %d and %d", tx.Requests, tx.Paid, reference, requests, paid)
	}
}

// untouched checks that nothing has reached the emulator's books.
func (b *bench) untouched() {
	b.Helper()
	if all := b.emulator.Books().Transactions(); len(all) > 0 {
		b.Errorf("something was sent: %+v", all)
	}
}

// want is what an answer has to say.
type want struct {
	state capabilities.State
	kind  capabilities.RefusalKind
	// The rest is looked for in the answer, where it is not empty.
	code    string // the provider's responsecode
	message string // a part of message or fix
	note    string // a part of one note
	gotchas string // ids without "qosic.", with spaces between
	problem string // the field that is wrong
	after   int    // seconds until what comes next
}

func (b *bench) wants(a *host.Answer, w want) {
	b.Helper()
	var wrong []string
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	expect(a.Kind == w.kind, "kind %q, want %q", a.Kind, w.kind)
	expect(a.State == w.state, "state %q, want %q", a.State, w.state)
	if w.kind == "" {
		expect(a.Final != nil && *a.Final == w.state.Final(), "final does not fit the state")
	} else {
		expect(a.Final == nil, "a refusal says whether it is final")
		expect(a.Message != "" && a.Fix != "", "a refusal without message or way out")
	}
	response := responseOf(a)
	expect(w.code == "" || response.ResponseCode == w.code, "responsecode %q, want %q", response.ResponseCode, w.code)
	for _, part := range strings.Split(w.message, "|") {
		expect(strings.Contains(a.Message+"\n"+a.Fix, part), "neither message nor fix has %q", part)
	}
	expect(w.note == "" || strings.Contains(strings.Join(a.Notes, "\n"), w.note), "no note has %q", w.note)
	for _, id := range strings.Fields(w.gotchas) {
		expect(riding(a, id), "the gotcha %s is missing", id)
	}
	expect(w.problem == "" || len(a.Problems) == 1 && a.Problems[0].Field == w.problem, "problems %v, want one with %s", a.Problems, w.problem)
	expect(w.after == 0 || a.Next != nil && a.Next.AfterSeconds == w.after, "next %+v, want it in %d s", a.Next, w.after)
	if len(wrong) > 0 {
		b.Errorf("%s\nin the answer:\n%s", strings.Join(wrong, "\n"), a.Text())
	}
}

func riding(a *host.Answer, id string) bool {
	return slices.ContainsFunc(a.Gotchas, func(n capabilities.Note) bool { return n.ID == "qosic."+id })
}

// response is Qosic's own answer, as an answer of the host shows it.
type response struct {
	HTTPStatus   int    `json:"http_status"`
	ResponseCode string `json:"responsecode"`
	ResponseMsg  string `json:"responsemsg"`
	TransRef     string `json:"transref"`
	ServiceRef   string `json:"serviceref"`
}

func responseOf(a *host.Answer) response {
	var r response
	_ = json.Unmarshal(a.Response, &r) // an answer without one has none of its values
	return r
}

// within waits for what another goroutine is about to do.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
