//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// TestCrash kills servers at random moments of their calls and sees to it that
// no payment is made twice, and none forgotten. Two servers share a ledger, as
// two windows of an editor do, and both are asked for the same payments, again
// and again, by agents that never take an answer for granted. In full:
//
//	CRASHES=1000 go test -run TestCrash -v -timeout 1h ./cmd/mcp-payments
func TestCrash(t *testing.T) {
	t.Parallel()
	kills, most := 25, 10*time.Second // so many, or as many as fit
	if n := os.Getenv("CRASHES"); n != "" {
		most = time.Hour
		var err error
		if kills, err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
	}
	c := newCrash(t)
	began := time.Now()
	windows := []*window{c.open(), c.open()}
	span := c.firstAnswer(windows)
	for c.kills < kills-len(windows) && time.Since(began) < most {
		// From the very start of the newest one to well after its first answers.
		time.Sleep(rand.N(span))
		i := 0
		if rand.IntN(3) == 0 {
			i = 1
		}
		c.kill(windows[i])
		windows = []*window{c.open(), windows[1-i]}
	}
	for _, w := range windows {
		c.kill(w)
	}
	c.check()
	c.report(time.Since(began))
}

// The policy of the test: small payouts to these go without a human.
const crashPolicy = `rules:
  - environment: emulator
    effect: pays_out
    currency: XOF
    unapproved_up_to: "99999"
    allowed_payees: [%s]
`

const (
	small, large = 1000, 100_000 // amounts that a human does not see, and does
	callers      = 3             // of each window
	atOnce       = 6             // payments that the agents have in mind
	enough       = 3             // answers to the same call, before an agent takes its mind off it
)

// endings are what happens to payments: most are paid, some with an answer
// that is slow, lost or none.
var endings = []emulation.Ending{
	emulation.Paid, emulation.Paid, emulation.PaidAtOnce, emulation.Slow, emulation.Slow, emulation.Refused, emulation.LowBalance,
	emulation.ErrorTaken, emulation.ErrorNotTaken, emulation.CutTaken, emulation.CutNotTaken, emulation.Truncated, emulation.PayoutFails,
}

// crash is the test's state.
type crash struct {
	*testing.T
	home     string
	emulator *emulator.Emulator
	server   *emulation.Server
	ledger   *ledger.SQLite
	desk     *approval.Desk

	mu      sync.Mutex
	pending []*order
	orders  []*order
	kills   int
	idle    int            // kills that hit no call
	hits    map[string]int // what the ledger said of the calls that kills hit
	strays  int            // provider processes that outlived their server
}

// order is a payment that agents want made, exactly once.
type order struct {
	tool      string
	arguments map[string]string
	answers   int
	states    map[capabilities.State]bool // that answers told
}

func (o *order) key() ledger.Key {
	return ledger.Key{Provider: "qosic", Environment: capabilities.Emulator, Reference: o.arguments["reference"]}
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	c := &crash{T: t, home: t.TempDir(), hits: map[string]int{}}
	c.emulator = emulator.New(emulation.Options{SettleAfter: 50 * time.Millisecond, SlowAnswer: 40 * time.Millisecond})
	var err error
	if c.server, err = emulation.Start(c.emulator, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.server.Close() })
	var payees []string
	for _, e := range endings {
		payees = append(payees, `"22890000`+string(e)+`"`)
	}
	policy := fmt.Sprintf(crashPolicy, strings.Join(payees, ", "))
	if err := os.WriteFile(filepath.Join(c.home, "policy.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	c.ledger = ledger.File(filepath.Join(c.home, "ledger.db"))
	t.Cleanup(func() { _ = c.ledger.Close() })
	c.desk = &approval.Desk{Ledger: c.ledger, Keys: keyring.File(filepath.Join(c.home, "ledger.key")), Now: time.Now}
	return c
}

// next is a payment to ask for: one of those under way, or a new one.
func (c *crash) next() *order {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.pending) < atOnce {
		n := len(c.orders)
		o := &order{tool: "qosic_initiate_payment", states: map[capabilities.State]bool{}}
		amount := small + n // no two alike, or it looks like a repeat
		if n%2 == 1 {
			o.tool = "qosic_disburse"
		}
		if n%4 == 3 {
			amount += large
		}
		o.arguments = map[string]string{
			"reference": fmt.Sprintf("CRASH-%06d", n), "amount": strconv.Itoa(amount), "msisdn": "22890000" + string(endings[rand.IntN(len(endings))]),
		}
		c.pending, c.orders = append(c.pending, o), append(c.orders, o)
	}
	return c.pending[rand.IntN(len(c.pending))]
}

// window is a server process and the agents that call it.
type window struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	began    time.Time
	ended    chan struct{}
	answered chan struct{} // closed with the first answer
	agents   sync.WaitGroup

	mu     sync.Mutex
	first  sync.Once
	asked  int
	dead   bool
	waits  map[string]chan json.RawMessage // by the question's id
	called map[string]*order               // and what it asks for
}

func (c *crash) open() *window {
	c.Helper()
	w := &window{ended: make(chan struct{}), answered: make(chan struct{}), waits: map[string]chan json.RawMessage{}, called: map[string]*order{}, began: time.Now()}
	w.cmd = program(c.T, "serve")
	w.cmd.Env = append(w.cmd.Env, "MCP_PAYMENTS_HOME="+c.home, "QOSIC_BASE_URL="+c.server.BaseURL())
	for name, value := range c.emulator.Config() {
		w.cmd.Env = append(w.cmd.Env, name+"="+value)
	}
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		c.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		c.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = w.cmd.Process.Kill() })
	go w.read(out)
	for range callers {
		w.agents.Go(func() {
			for w.call(c, c.next()) {
				w.first.Do(func() { close(w.answered) })
			}
		})
	}
	return w
}

// firstAnswer waits until both windows have answered, and returns the time in
// which a new one is to be killed.
func (c *crash) firstAnswer(windows []*window) time.Duration {
	c.Helper()
	for _, w := range windows {
		await(c.T, w.answered, "a server answers")
	}
	return 2 * time.Since(windows[0].began)
}

func (w *window) read(out io.Reader) {
	defer close(w.ended)
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 10<<20)
	for scanner.Scan() {
		var m message
		if json.Unmarshal(scanner.Bytes(), &m) != nil {
			return // cut short by the kill
		}
		w.mu.Lock()
		if got := w.waits[string(m.ID)]; got != nil {
			got <- m.Result
			delete(w.waits, string(m.ID))
		}
		w.mu.Unlock()
	}
}

// call asks for a payment, and hears the answer, unless the server dies first.
func (w *window) call(c *crash, o *order) bool {
	w.mu.Lock()
	if w.dead {
		w.mu.Unlock()
		return false
	}
	w.asked++
	id := strconv.Itoa(w.asked)
	got := make(chan json.RawMessage, 1)
	w.waits[id], w.called[id] = got, o
	question, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": w.asked, "method": "tools/call", "params": map[string]any{
		"name": o.tool, "arguments": o.arguments,
		"_meta": map[string]any{
			metaPrefix + "protocolVersion": revision2026July, metaPrefix + "clientCapabilities": map[string]any{},
			metaPrefix + "clientInfo": map[string]any{"name": "crash", "version": "1"},
		},
	}})
	if err == nil {
		_, err = w.in.Write(append(question, '\n'))
	}
	w.mu.Unlock()
	if err != nil {
		<-w.ended
		return false
	}
	select {
	case raw := <-got:
		w.mu.Lock()
		delete(w.called, id)
		w.mu.Unlock()
		c.hear(o, raw)
		return true
	case <-w.ended:
		return false
	}
}

// hear notes what an answer says, and approves what is held.
func (c *crash) hear(o *order, raw json.RawMessage) {
	var r result
	var a host.Answer
	if err := errors.Join(json.Unmarshal(raw, &r), json.Unmarshal(r.Structured, &a)); err != nil {
		c.Errorf("%s: %v: %s", o.arguments["reference"], err, raw)
		return
	}
	switch a.Kind {
	case capabilities.Held:
		if err := c.desk.Decide(context.Background(), a.Approval.ID, true, "a person", "test"); err != nil && !errors.Is(err, ledger.ErrApproval) {
			c.Error(err)
		}
		return
	case capabilities.Unavailable:
		return // nothing was sent: safe to try again
	case "", capabilities.UnknownOutcome, capabilities.ProviderRejected:
	default:
		c.Errorf("%s of %v is %s: %s", o.tool, o.arguments, a.Kind, a.Message)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o.answers++
	o.states[a.State] = true
	if o.answers == enough {
		c.pending = slices.DeleteFunc(c.pending, func(other *order) bool { return other == o })
	}
}

// kill ends a server as a power cut would, and looks at what it leaves of the
// calls that it was working on.
func (c *crash) kill(w *window) {
	c.Helper()
	providers := children(c.T, w.cmd.Process.Pid)
	w.mu.Lock()
	w.dead = true
	_ = w.cmd.Process.Kill()
	w.mu.Unlock()
	<-w.ended
	_ = w.cmd.Wait()
	w.agents.Wait()
	_ = w.in.Close()
	c.kills++
	if len(w.called) == 0 {
		c.idle++
	}
	for _, o := range w.called {
		t, found, err := c.ledger.Find(c.Context(), o.key())
		switch {
		case err != nil:
			c.Fatal(err)
		case !found:
			c.hits["not on record"]++
		default:
			c.hits[string(t.State)]++
		}
	}
	for _, p := range providers {
		if lives(p) {
			c.strays++
		}
	}
}

// lives reports whether a process does more than be dead, a moment after it
// should have ended.
func lives(pid int) bool {
	for range 200 {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil || len(line) == 0 {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}

// check settles what the kills have left, on a clock that runs ahead, and
// compares the ledger with the emulator's books.
func (c *crash) check() {
	c.Helper()
	if c.strays > 0 {
		c.Errorf("%d provider processes have outlived their servers", c.strays)
	}
	ahead := time.Duration(0)
	h := c.inProcess(func() time.Time { return time.Now().Add(ahead) })
	if _, err := c.ledger.Recover(c.Context(), time.Now()); err != nil {
		c.Fatal(err)
	}
	for _, t := range c.list(ledger.Filter{Open: true}) {
		if t.State == ledger.Claimed || t.State == ledger.Sent {
			c.Errorf("%s is stuck: %s", t.Reference, t.State)
		}
	}
	c.unsent()
	time.Sleep(100 * time.Millisecond) // what the emulator took is settled then
	for range 6 {
		ahead += 30 * time.Second
		if _, err := h.Reconcile(c.Context(), host.Caller{}); err != nil {
			c.Fatal(err)
		}
	}
	c.compare()
}

func (c *crash) list(f ledger.Filter) []ledger.Transaction {
	c.Helper()
	all, err := c.ledger.List(c.Context(), f)
	if err != nil {
		c.Fatal(err)
	}
	return all
}

// books are the emulator's lines, by reference.
func (c *crash) books() map[string]emulation.Transaction {
	c.Helper()
	lines := map[string]emulation.Transaction{}
	for _, tx := range c.emulator.Books().Transactions() {
		if _, twice := lines[tx.Reference]; twice {
			c.Errorf("the books have two lines for %s", tx.Reference)
		}
		lines[tx.Reference] = tx
	}
	return lines
}

// unsent makes sure that what the ledger calls not sent was not: its reference
// is free for another attempt.
func (c *crash) unsent() {
	c.Helper()
	books := c.books()
	for _, t := range c.list(ledger.Filter{State: ledger.NotSent}) {
		if tx, sent := books[t.Reference]; sent {
			c.Errorf("%s is said not to be sent, and the books have %d requests for it", t.Reference, tx.Requests)
		}
	}
}

// compare makes sure that ledger and books tell the same, and that agents were
// told nothing else.
func (c *crash) compare() {
	c.Helper()
	record := map[string]ledger.Transaction{}
	for _, t := range c.list(ledger.Filter{}) {
		record[t.Reference] = t
	}
	books := c.books()
	for reference, tx := range books {
		t, known := record[reference]
		switch {
		case tx.Requests > 1 || tx.Paid > 1:
			c.Errorf("%s was asked for %d times and paid %d times", reference, tx.Requests, tx.Paid)
		case !known:
			c.Errorf("%s was asked for, and is not on record", reference)
		case string(t.State) != string(tx.State) || string(t.Money.Amount()) != tx.Amount:
			c.Errorf("%s is %s of %s in the books, and %s of %s on record", reference, tx.State, tx.Amount, t.State, t.Money)
		}
	}
	for reference, t := range record {
		if _, sent := books[reference]; !sent && t.State != ledger.NotSent && t.State != capabilities.Failed {
			c.Errorf("%s is %s on record, and not in the books", reference, t.State)
		}
	}
	for _, o := range c.orders {
		t, known := record[o.arguments["reference"]]
		switch {
		case o.answers > 0 && !known:
			c.Errorf("an agent was answered for %s, which is not on record", o.arguments["reference"])
		case o.states[capabilities.Succeeded] && t.State != capabilities.Succeeded:
			c.Errorf("an agent was told that %s succeeded, and it is %s", o.arguments["reference"], t.State)
		}
	}
}

// inProcess is a host on the same ledger that needs no processes.
func (c *crash) inProcess(now func() time.Time) *host.Host {
	c.Helper()
	p := qosic.Provider()
	m, err := p.Manifest(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	s := host.Emulated(c.server.BaseURL(), c.emulator.Config())
	if err := p.Configure(c.Context(), s.Target, s.Values); err != nil {
		c.Fatal(err)
	}
	h, err := host.New(host.Options{
		Providers: []host.Provider{{Manifest: m, Settings: s, Process: inThisProcess{p}}}, Ledger: c.ledger, Keys: c.desk.Keys, Now: now,
	})
	if err != nil {
		c.Fatal(err)
	}
	return h
}

func (c *crash) report(took time.Duration) {
	requests, paid, twice := 0, 0, 0
	for _, tx := range c.emulator.Books().Transactions() {
		requests += tx.Requests
		paid += tx.Paid
		if tx.Paid > 1 || tx.Requests > 1 {
			twice++
		}
	}
	calls := 0
	for _, o := range c.orders {
		calls += o.answers
	}
	var s strings.Builder
	tab := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	row := func(what string, n any) { fmt.Fprintf(tab, "%s\t%v\n", what, n) }
	row("servers killed", c.kills)
	row("  while no call was under way", c.idle)
	for _, state := range slices.Sorted(maps.Keys(c.hits)) {
		row("  calls under way, then "+state, c.hits[state])
	}
	row("payments asked for", len(c.orders))
	row("  answers heard", calls)
	row("  requests that reached the provider", requests)
	row("  payments made", paid)
	row("  asked for or made twice", twice)
	row("took", took.Round(time.Second))
	_ = tab.Flush()
	c.Logf("\n%s", &s)
}
