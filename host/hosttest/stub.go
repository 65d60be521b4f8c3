package hosttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
)

// Stub is an API that answers what a test tells it to, word for word.
type Stub struct {
	URL string

	mu       sync.Mutex
	answer   http.HandlerFunc
	requests []Request
}

// Request is one as it arrived.
type Request struct {
	Path               string
	Username, Password string                     // Basic credentials
	Body               map[string]json.RawMessage // the fields of a JSON object
}

// NewStub starts a stub, which ends with the test.
func NewStub(t *testing.T) *Stub {
	t.Helper()
	s := &Stub{}
	s.Says(http.StatusTeapot, "")
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Stubbed is a bench where a stub speaks for the provider, with these settings.
func (p Provider) Stubbed(t *testing.T, settings map[string]string) (*Bench, *Stub) {
	t.Helper()
	s := NewStub(t)
	return p.At(t, host.Emulated(s.URL, settings), emulation.NewManualClock(emulationtest.Start())), s
}

// Does lets the stub answer every request that way.
func (s *Stub) Does(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Says lets the stub answer every request with these words.
func (s *Stub) Says(status int, body string) {
	s.Does(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// Requests are those that arrived.
func (s *Stub) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Last is the latest request.
func (s *Stub) Last(t *testing.T) Request {
	t.Helper()
	all := s.Requests()
	if len(all) == 0 {
		t.Fatal("nothing was sent")
	}
	return all[len(all)-1]
}

// ServeHTTP implements http.Handler.
func (s *Stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := Request{Path: r.URL.Path}
	arrived.Username, arrived.Password, _ = r.BasicAuth()
	raw, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(raw, &arrived.Body) // another body has no fields
	r.Body = io.NopCloser(bytes.NewReader(raw))
	s.mu.Lock()
	s.requests = append(s.requests, arrived)
	answer := s.answer
	s.mu.Unlock()
	answer(w, r)
}
