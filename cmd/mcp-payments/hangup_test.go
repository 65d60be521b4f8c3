package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// stubborn is an emulator whose payment is slow to answer, until the test lets
// the time pass, and which never answers a status question about Celtiis.
type stubborn struct {
	*emulator.Emulator
	server   *httptest.Server
	clock    *emulation.ManualClock
	released atomic.Bool
	hungUp   atomic.Bool   // the caller went away before the answer
	answered chan struct{} // the payment is over, one way or the other
	asked    chan struct{} // the question that is never answered has come
	givenUp  chan struct{} // and its caller has gone
}

func newStubborn(t *testing.T) *stubborn {
	t.Helper()
	s := &stubborn{clock: emulation.NewManualClock(time.Now()), answered: make(chan struct{}), asked: make(chan struct{}), givenUp: make(chan struct{})}
	s.Emulator = emulator.New(emulation.Options{Clock: s.clock})
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/QosicBridge/sb/") {
			_, _ = io.Copy(io.Discard, r.Body) // or the caller's going is not seen
			close(s.asked)
			<-r.Context().Done()
			close(s.givenUp)
			return
		}
		s.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "requestpayment") {
			s.hungUp.Store(r.Context().Err() != nil || !s.released.Load())
			close(s.answered)
		}
	}))
	t.Cleanup(func() { _ = s.Emulator.Close() })
	t.Cleanup(s.server.Close)
	return s
}

func (s *stubborn) env() []string {
	env := []string{"QOSIC_BASE_URL=" + s.server.URL}
	for name, value := range s.Config() {
		env = append(env, name+"="+value)
	}
	return env
}

// awaitPayment returns once the payment was taken and its answer waits.
func (s *stubborn) awaitPayment(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); len(s.Books().Transactions()) == 0 || s.clock.Timers() < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the payment never arrived")
		}
	}
}

// release lets the answer come, and reports whether somebody still listened.
func (s *stubborn) release(t *testing.T) bool {
	t.Helper()
	s.released.Store(true)
	s.clock.Advance(time.Hour)
	await(t, s.answered, "the payment is answered")
	return !s.hungUp.Load()
}

func await(t *testing.T, event <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(patience):
		t.Fatalf("it never happens that %s", what)
	}
}

const slowNumber = "012"

// TestACancelledPaymentGoesOn: once money may be moving, a client that cancels
// changes nothing, so the server learns what became of it.
func TestACancelledPaymentGoesOn(t *testing.T) {
	forEachRevision(t, func(t *testing.T, revision string) {
		s := newStubborn(t)
		w := serve(t, revision, s.env())
		id := w.send("tools/call", map[string]any{"name": "qosic_initiate_payment", "arguments": payment("ORDER-0001", slowNumber)})
		s.awaitPayment(t)
		w.write(map[string]any{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": map[string]any{"requestId": id, "reason": "test"}})
		// Another call, all the way to the provider: the cancellation has arrived.
		w.call("qosic_check_payment_status", map[string]string{"reference": "ORDER-0002", "network": "togocel_tg"})
		if !s.release(t) {
			t.Error("the payment was given up when its client cancelled it")
		}
		// The network was left out: the server knows it from the payment.
		r := w.call("qosic_check_payment_status", map[string]string{"reference": "ORDER-0001"})
		if !strings.Contains(string(r.Structured), `"state":"succeeded"`) || !strings.Contains(string(r.Structured), `"amount":"5000"`) {
			t.Errorf("afterwards it is said to be %s", r.Structured)
		}
	})
}

// TestTheServerWaitsForMoney: the client has gone, and the payment is heard
// out before the server ends.
func TestTheServerWaitsForMoney(t *testing.T) {
	t.Parallel()
	s := newStubborn(t)
	w := serve(t, revision2025Nov, s.env())
	w.send("tools/call", map[string]any{"name": "qosic_initiate_payment", "arguments": payment("ORDER-0001", slowNumber)})
	s.awaitPayment(t)
	w.send("tools/call", map[string]any{"name": "qosic_check_payment_status", "arguments": map[string]string{"reference": "ORDER-0002", "network": "celtiis_bj"}})
	await(t, s.asked, "the question arrives")
	if err := w.in.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, s.givenUp, "a mere question is given up when the client goes")
	if !s.release(t) {
		t.Error("the payment was given up when the client went away")
	}
}
