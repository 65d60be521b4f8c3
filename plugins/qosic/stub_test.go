package qosic_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
)

// stub is an API that answers what a test tells it to, word for word.
type stub struct {
	url string

	mu       sync.Mutex
	answer   http.HandlerFunc
	requests []sent
}

// sent is a request as it arrived.
type sent struct {
	path, username, password string
	body                     map[string]json.RawMessage
}

// is tells whether a field of the body is exactly that JSON string.
func (s sent) is(field, value string) bool { return string(s.body[field]) == strconv.Quote(value) }

// transref stands in an answer for the transref that was asked about.
const transref = "TRANSREF"

func newStub(t *testing.T) *stub {
	t.Helper()
	s := &stub{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// newStubBench is a bench where a stub speaks for Qosic.
func newStubBench(t *testing.T) (*bench, *stub) {
	t.Helper()
	s := newStub(t)
	clock := emulation.NewManualClock(start)
	b := &bench{T: t, clock: clock}
	b.host, b.desk = newHost(t, host.Emulated(s.url, credentials()), clock.Now)
	return b, s
}

// credentials are settings that no emulator knows.
func credentials() map[string]string {
	c := map[string]string{"QOSIC_USERNAME": "merchant", "QOSIC_PASSWORD": "correct horse"}
	for _, o := range operators {
		c[o.setting] = clientID(o)
	}
	return c
}

func clientID(o operator) string { return "client of " + o.network }

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var arrived sent
	arrived.path = r.URL.Path
	arrived.username, arrived.password, _ = r.BasicAuth()
	raw, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(raw, &arrived.body)
	s.mu.Lock()
	s.requests = append(s.requests, arrived)
	answer := s.answer
	s.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(raw)))
	answer(w, r)
}

// does lets the stub answer every request that way.
func (s *stub) does(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// says lets the stub answer every request with these words. TRANSREF in them
// is the transref of the request.
func (s *stub) says(status int, body string) {
	s.does(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			TransRef string `json:"transref"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(body, transref, asked.TransRef))
	})
}

// saysCode lets the stub answer with a code in the documented body.
func (s *stub) saysCode(status int, code, message string) {
	s.says(status, `{"responsecode":"`+code+`","responsemsg":"`+message+`","transref":"`+transref+`","serviceref":null,"comment":null}`)
}

// cuts lets the stub take every request and close the connection.
func (s *stub) cuts() {
	s.does(func(w http.ResponseWriter, _ *http.Request) { emulation.Cut(w) })
}

// truncates lets the stub send half of an answer.
func (s *stub) truncates(status int, body string) {
	s.does(func(w http.ResponseWriter, _ *http.Request) {
		emulation.Truncate(w, emulation.Answer{Status: status, Content: emulation.Content{Type: "application/json", Body: []byte(body)}})
	})
}

// arrived is how many requests there were.
func (s *stub) arrived() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// last is the latest request.
func (s *stub) last(t *testing.T) sent {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		t.Fatal("nothing was sent")
	}
	return s.requests[len(s.requests)-1]
}
