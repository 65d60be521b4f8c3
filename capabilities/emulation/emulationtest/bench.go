// Package emulationtest is the bench on which emulators of payment providers are tested: a served
// emulator, the clock that moves it, and what a merchant does with both. Only tests import it.
//
// A provider's tests put what is the provider's own around it:
//
//	type bench struct{ *emulationtest.Bench }
//
//	func newBench(t *testing.T, o emulation.Options) *bench {
//		return &bench{emulationtest.New(t, emulator.New, o)}
//	}
//
//	// post sends a body as the merchant of the documents does.
//	func (b *bench) post(path, body string) emulationtest.Answer {
//		return b.Post("/api"+path, body, emulationtest.Header("Authorization", "Bearer "+token))
//	}
//
//	func TestAPayment(t *testing.T) {
//		inbox := emulationtest.NewInbox(t)
//		b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
//		b.Wants("payment", b.post("/pay", `{"id":"T1"}`), http.StatusAccepted, `{"state":"pending"}`)
//		b.Clock.Advance(emulationtest.Delay)
//		if tx := b.Line("T1"); tx.Paid != 1 {
//			t.Errorf("the books hold %+v", tx)
//		}
//		inbox.Wants("application/json", `{"id":"T1","state":"paid"}`)
//	}
//
// Everything is asked over HTTP, the books too, and a bench follows no redirect and sends nothing
// twice. Webhooks are delivered inside Clock.Advance, so they have come once it returns; those that
// are due at once come with Clock.Advance(0). A fuzz test needs no bench but the emulator's
// ServeHTTP: served anew for each input, it would take every port of the machine.
//
// A request that waits on the clock is sent [InBackground], and [Bench.Within] waits until it has
// arrived:
//
//	got := emulationtest.InBackground(func() emulationtest.Answer { return b.post("/pay", slow) })
//	b.Within("the request waits", func() bool { return b.Clock.Timers() == 2 })
//	b.Clock.Advance(time.Minute)
//	b.Wants("payment", <-got, http.StatusOK, `{}`)
package emulationtest

import (
	"slices"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// Delay is how long a payment stays pending.
const Delay = 10 * time.Second

// Start is when every test begins.
func Start() time.Time { return time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC) }

// Bench is a served emulator and the clock that moves it. Its methods fail the test by themselves.
type Bench struct {
	*testing.T
	Clock    *emulation.ManualClock
	Emulator emulation.Emulator
	URL      string // where the emulator stands, without a slash at the end
}

// New serves an emulator until the test ends. The clock is the bench's, and SettleAfter is Delay
// unless o has another one.
func New[E emulation.Emulator](t *testing.T, emulator func(emulation.Options) E, o emulation.Options) *Bench {
	t.Helper()
	clock := emulation.NewManualClock(Start())
	o.Clock = clock
	if o.SettleAfter == 0 {
		o.SettleAfter = Delay
	}
	e := emulator(o)
	server, err := emulation.Start(e, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
	})
	return &Bench{T: t, Clock: clock, Emulator: e, URL: server.BaseURL()}
}

// Wants compares an answer with the documented one, to the letter.
func (b *Bench) Wants(what string, got Answer, status int, body string) {
	b.Helper()
	if got.Err != nil || got.Status != status || got.Body != body {
		b.Errorf("%s: %s\nwant %d %s", what, got, status, body)
	}
}

// Within waits for what another goroutine is about to do.
func (b *Bench) Within(what string, done func() bool) {
	b.Helper()
	Within(b.T, what, done)
}

// Within waits for what another goroutine is about to do, or ends the test.
func Within(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// Transactions are the lines of the books.
func (b *Bench) Transactions() []emulation.Transaction {
	b.Helper()
	var lines []emulation.Transaction
	b.Get("/_emulator/transactions").JSON(b.T, &lines)
	return lines
}

// Lines are what the books hold of a reference: of these operations or, without any, of all.
func (b *Bench) Lines(reference string, operations ...emulation.Operation) []emulation.Transaction {
	b.Helper()
	return slices.DeleteFunc(b.Transactions(), func(tx emulation.Transaction) bool {
		return tx.Reference != reference || len(operations) > 0 && !slices.Contains(operations, tx.Operation)
	})
}

// Line is the only one of them.
func (b *Bench) Line(reference string, operations ...emulation.Operation) emulation.Transaction {
	b.Helper()
	lines := b.Lines(reference, operations...)
	if len(lines) != 1 {
		b.Fatalf("the books hold %d lines of %s %v, want 1: %+v", len(lines), reference, operations, lines)
	}
	return lines[0]
}

// Untouched checks that the books are empty.
func (b *Bench) Untouched() {
	b.Helper()
	if lines := b.Transactions(); len(lines) != 0 {
		b.Errorf("the books hold %+v", lines)
	}
}

// Deliveries are the webhooks that the emulator tried to deliver.
func (b *Bench) Deliveries() []emulation.Delivery {
	b.Helper()
	var deliveries []emulation.Delivery
	b.Get("/_emulator/webhooks").JSON(b.T, &deliveries)
	return deliveries
}
