package emulation_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const delay = 10 * time.Second

// bench is a served emulator and the clock that moves it.
type bench struct {
	*testing.T
	clock *emulation.ManualClock
	acme  *acme
	url   string
}

func newBench(t *testing.T, o emulation.Options) *bench {
	t.Helper()
	clock := emulation.NewManualClock(start)
	o.Clock = clock
	if o.SettleAfter == 0 {
		o.SettleAfter = delay
	}
	a := newAcme(o)
	server, err := emulation.Start(a, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return &bench{T: t, clock: clock, acme: a, url: server.BaseURL()}
}

// pay asks for money: status 0 means that the connection was cut, and an error that the body was.
func (b *bench) pay(path, ref, ending string) (int, string, error) {
	return b.post(path, url.Values{"ref": {ref}, "msisdn": {"22890000" + ending}, "amount": {"500"}})
}

func (b *bench) status(ref string) string {
	b.Helper()
	code, body, err := b.post("/status", url.Values{"ref": {ref}})
	if err != nil {
		b.Fatalf("status of %s: %v", ref, err)
	}
	if code >= http.StatusInternalServerError {
		return http.StatusText(code)
	}
	return body
}

func (b *bench) post(path string, form url.Values) (int, string, error) {
	resp, err := http.PostForm(b.url+path, form)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// line is what the books tell over HTTP about a reference.
func (b *bench) line(ref string) emulation.Transaction {
	b.Helper()
	var found emulation.Transaction
	for _, tx := range get[emulation.Transaction](b, "/_emulator/transactions") {
		if tx.Reference == ref {
			found = tx
		}
	}
	return found
}

func get[T any](b *bench, path string) []T {
	b.Helper()
	resp, err := http.Get(b.url + path)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var list []T
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		b.Fatalf("%s: %v", path, err)
	}
	return list
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

// inbox is a merchant's callback URL.
type inbox struct {
	*httptest.Server
	mu       sync.Mutex
	received []received
}

type received struct {
	body        string
	contentType string
	at          time.Duration
}

func newInbox(t *testing.T, clock func() time.Time, status int) *inbox {
	t.Helper()
	in := &inbox{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.mu.Lock()
		defer in.mu.Unlock()
		in.received = append(in.received, received{string(body), r.Header.Get("Content-Type"), clock().Sub(start)})
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) all() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]received{}, in.received...)
}
