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

// Inbox receives webhooks as a merchant does.
func Inbox(t *testing.T) (url string, bodies <-chan string) {
	t.Helper()
	received := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		received <- string(b)
	}))
	t.Cleanup(s.Close)
	return s.URL, received
}
