package emulationtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Inbox is a merchant's callback URL.
type Inbox struct {
	URL string

	t        *testing.T
	mu       sync.Mutex
	received []Webhook
	taken    int // how many Next has given
}

// Webhook is one as it arrived.
type Webhook struct {
	Header http.Header
	Body   string
}

// NewInbox receives webhooks until the test ends. What is not posted to its URL fails the test.
func NewInbox(t *testing.T) *Inbox {
	t.Helper()
	in := &Inbox{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /inbox", in.receive)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the inbox got %s %s", r.Method, r.URL)
		http.NotFound(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	in.URL = server.URL + "/inbox"
	return in
}

func (in *Inbox) receive(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		in.t.Errorf("half a webhook: %v", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.received = append(in.received, Webhook{Header: r.Header, Body: string(body)})
}

// Received is everything so far, in order.
func (in *Inbox) Received() []Webhook {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.received)
}

// Next is the body of the oldest one that Next has not given yet. Without one, the test ends.
func (in *Inbox) Next() string {
	in.t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.taken == len(in.received) {
		in.t.Fatalf("no more than %d webhooks have come", in.taken)
	}
	in.taken++
	return in.received[in.taken-1].Body
}

// Wants compares what was received with these bodies, to the letter, all of them of that media type.
func (in *Inbox) Wants(mediaType string, bodies ...string) {
	in.t.Helper()
	var got []string
	for _, hook := range in.Received() {
		got = append(got, hook.Body)
		if kind := hook.Header.Get("Content-Type"); kind != mediaType {
			in.t.Errorf("sent as %q, want %q: %s", kind, mediaType, hook.Body)
		}
	}
	if !slices.Equal(got, bodies) {
		in.t.Errorf("received %q\nwant %q", got, bodies)
	}
}
