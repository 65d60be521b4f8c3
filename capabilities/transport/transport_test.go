package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
)

func TestPostJSON(t *testing.T) {
	for base, want := range map[string]string{"": "/pay", "/": "/pay", "/v1": "/v1/pay", "/v1/": "/v1/pay"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, _ := io.ReadAll(r.Body)
			user, password, _ := r.BasicAuth()
			got := fmt.Sprintln(r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Accept"), user, password, string(raw))
			if want := fmt.Sprintln("POST", want, "application/json application/json merchant", secret, `{"reference":"ORDER-1","auth_token":"`+secret+`"}`); got != want {
				t.Errorf("got  %swant %s", got, want)
			}
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"code":"01"}`)
		}))
		c := newClient(t, transport.Options{BaseURL: server.URL + base})
		answer, err := call(t.Context(), c, capabilities.Collects, nil)
		if err != nil || answer.Status != http.StatusAccepted || string(answer.Body) != `{"code":"01"}` {
			t.Errorf("%q: %+v, %v", base, answer, err)
		}
		server.Close()
	}
}

// What an HTTP status means is for the provider to say: each has its own idea.
func TestEveryStatusIsAnAnswer(t *testing.T) {
	for _, status := range []int{200, 204, 301, 302, 303, 307, 308, 400, 401, 417, 429, 500, 503} {
		followed := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Errorf("the redirect %d was followed", status) }))
		var requests int
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.Header().Set("Location", followed.URL)
			w.WriteHeader(status)
		}))
		c := newClient(t, transport.Options{BaseURL: server.URL})
		answer, err := call(t.Context(), c, capabilities.PaysOut, nil)
		if err != nil || answer.Status != status {
			t.Errorf("%d: %+v, %v", status, answer, err)
		}
		server.Close()
		followed.Close()
		if requests != 1 {
			t.Errorf("%d: %d requests", status, requests)
		}
	}
}

// The host writes a payment down before a byte of it leaves.
func TestLeaveComesFirst(t *testing.T) {
	l := listen(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	c := newClient(t, transport.Options{BaseURL: l.url()})
	asked := false
	leave := func(context.Context, capabilities.Sending) error {
		asked = true
		if n := l.connections.Load(); n != 0 {
			t.Errorf("%d connections before leave was given", n)
		}
		return nil
	}
	if _, err := call(t.Context(), c, capabilities.Collects, leave); err != nil || !asked {
		t.Errorf("asked: %t, %v", asked, err)
	}
	no := func(context.Context, capabilities.Sending) error {
		return &capabilities.Refusal{Kind: capabilities.Refused, Message: "acme: over the limit", Fix: "ask the operator"}
	}
	before := l.connections.Load()
	_, err := call(t.Context(), c, capabilities.Collects, no)
	if r := refused(t, err); r.Kind != capabilities.Refused {
		t.Errorf("%+v", r)
	}
	if l.connections.Load() != before || l.requests.Load() != 1 {
		t.Error("a request left without leave")
	}
}

// Nothing reached the provider: the same call may be made again.
func TestNotSent(t *testing.T) {
	closed := listen(t, nil)
	refuses := closed.url()
	_ = closed.Close()
	silent := listen(t, func(_ *listener, c net.Conn) { _, _ = io.Copy(io.Discard, c) }) // takes bytes, says nothing
	plain := listen(t, func(_ *listener, c net.Conn) { _, _ = io.WriteString(c, "220 mail.example.com ESMTP\r\n") })
	soon := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	tests := []struct {
		name string
		base string
		ctx  func(*testing.T) context.Context
		dial func(context.Context, string, string) (net.Conn, error)
		says string
	}{
		{"connection refused", refuses, (*testing.T).Context, nil, ""},
		{"the caller is gone before it began", silent.url(), func(t *testing.T) context.Context {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx
		}, nil, "canceled"},
		{"no time left before it began", silent.url(), func(t *testing.T) context.Context {
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			t.Cleanup(cancel)
			return ctx
		}, nil, "no answer in time"},
		{"no connection in the caller's time", "https://api.acme.example", soon, func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, "no answer in time"},
		{"no connection in the dialler's time", "https://api.acme.example", (*testing.T).Context, func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
		}, "timeout"},
		{"no such name", "https://api.acme.example", (*testing.T).Context, func(_ context.Context, _, address string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
		}, "no such host"},
		{"connected, but no TLS in time", strings.Replace(silent.url(), "http", "https", 1), soon, nil, "no answer in time"},
		{"connected, to something else", strings.Replace(plain.url(), "http", "https", 1), (*testing.T).Context, nil, ""},
	}
	for _, tt := range tests {
		for _, effect := range []capabilities.Effect{capabilities.PaysOut, capabilities.Reads} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, effect), func(t *testing.T) {
				c := newClient(t, transport.Options{BaseURL: tt.base})
				if tt.dial != nil {
					c.SetDial(tt.dial)
				}
				_, err := call(tt.ctx(t), c, effect, nil)
				r := refused(t, err)
				if r.Kind != capabilities.Unavailable || !strings.Contains(r.Message, tt.says) {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// The request left, and no answer can be read: money may have moved. A
// question that was not answered is only asked again.
func TestSentAndNotAnswered(t *testing.T) {
	long := strings.Repeat("x", transport.MaxBody+1)
	tests := []struct {
		name, answer, says string
	}{
		{"hung up at once", "", "EOF"},
		{"hung up in the header", "HTTP/1.1 200 OK\r\nContent-Le", ""},
		{"hung up before the body", "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n", "broke off"},
		{"hung up in the body", "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"code\":", "broke off"},
		{"hung up between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cod\r\n", "broke off"},
		{"no HTTP", "220 mail.example.com ESMTP\r\n\r\n", "malformed"},
		{"an answer without end", "HTTP/1.1 200 OK\r\n\r\n" + long, "longer than"},
		{"an answer that is announced without end", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(long), long), "longer than"},
		{"a redirect to nowhere", "HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", ""},
	}
	for _, tt := range tests {
		for effect, kind := range map[capabilities.Effect]capabilities.RefusalKind{
			capabilities.Collects: capabilities.UnknownOutcome,
			capabilities.PaysOut:  capabilities.UnknownOutcome,
			"gives_away":          capabilities.UnknownOutcome,
			capabilities.Reads:    capabilities.Unavailable,
			capabilities.NoEffect: capabilities.Unavailable,
		} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, effect), func(t *testing.T) {
				l := listen(t, answering(tt.answer))
				c := newClient(t, transport.Options{BaseURL: l.url()})
				answer, err := call(t.Context(), c, effect, nil)
				r := refused(t, err)
				if r.Kind != kind || !strings.Contains(r.Message, tt.says) || answer != nil {
					t.Errorf("%+v", r)
				}
				if n := l.requests.Load(); n != 1 {
					t.Errorf("the request was sent %d times", n)
				}
			})
		}
	}
}

// The longest answer that is taken is taken whole.
func TestLongestAnswer(t *testing.T) {
	l := listen(t, answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+strings.Repeat("x", transport.MaxBody)))
	c := newClient(t, transport.Options{BaseURL: l.url()})
	answer, err := call(t.Context(), c, capabilities.PaysOut, nil)
	if err != nil || len(answer.Body) != transport.MaxBody {
		t.Fatalf("%v", err)
	}
}

// A caller that goes away, or whose time is up, once the provider has the
// request does not take it back.
func TestCallerGoneAfterSending(t *testing.T) {
	tests := []struct {
		name   string
		answer string // what the provider has said until then
	}{
		{"before an answer", ""},
		{"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"code\":"},
	}
	for _, tt := range tests {
		for effect, kind := range map[capabilities.Effect]capabilities.RefusalKind{
			capabilities.PaysOut: capabilities.UnknownOutcome,
			capabilities.Reads:   capabilities.Unavailable,
		} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, effect), func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				l := listen(t, func(l *listener, c net.Conn) {
					in := bufio.NewReader(c)
					l.request(in)
					_, _ = io.WriteString(c, tt.answer)
					leave()
					_, _ = in.ReadByte() // until the client hangs up
				})
				_, err := call(ctx, newClient(t, transport.Options{BaseURL: l.url()}), effect, nil)
				if r := refused(t, err); r.Kind != kind {
					t.Errorf("%+v", r)
				}
				if n := l.requests.Load(); n != 1 {
					t.Errorf("the request was sent %d times", n)
				}
			})
		}
	}
}

func TestNoAnswerInTime(t *testing.T) {
	l := listen(t, func(l *listener, c net.Conn) {
		in := bufio.NewReader(c)
		l.request(in)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		l.request(in)
		_, _ = in.ReadByte() // until the client hangs up
	})
	c := newClient(t, transport.Options{BaseURL: l.url()})
	if _, err := call(t.Context(), c, capabilities.PaysOut, nil); err != nil { // connects
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := call(ctx, c, capabilities.PaysOut, nil)
	if r := refused(t, err); r.Kind != capabilities.UnknownOutcome || !strings.Contains(r.Message, "no answer in time") {
		t.Errorf("%+v", r)
	}
	if n := l.connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A provider may hang up on a kept connection just as a request comes. The
// standard library would send it again; a payment is not sent again, even
// where the provider's own header says that it might be.
func TestNothingIsSentTwice(t *testing.T) {
	l := listen(t, func(l *listener, c net.Conn) {
		in := bufio.NewReader(c)
		l.request(in)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		l.request(in) // taken, and never answered
	})
	c := newClient(t, transport.Options{BaseURL: l.url(), Prepare: func(r *http.Request) { r.Header.Set("Idempotency-Key", "ORDER-1") }})
	if _, err := call(t.Context(), c, capabilities.PaysOut, nil); err != nil {
		t.Fatal(err)
	}
	_, err := call(t.Context(), c, capabilities.PaysOut, nil)
	if r := refused(t, err); r.Kind != capabilities.UnknownOutcome {
		t.Errorf("%+v", r)
	}
	if requests, connections := l.requests.Load(), l.connections.Load(); requests != 2 || connections != 1 {
		t.Errorf("two payments were sent in %d requests over %d connections", requests, connections)
	}
}

// The same where the hanging up races with the request: each payment arrives
// once, or is said to be unknown.
func TestStaleConnections(t *testing.T) {
	var mu sync.Mutex
	arrived := map[string]int{}
	l := listen(t, func(_ *listener, c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		var b body
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			return
		}
		mu.Lock()
		arrived[b.Reference]++
		mu.Unlock()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") // and hangs up
	})
	c := newClient(t, transport.Options{BaseURL: l.url(), Prepare: func(r *http.Request) { r.Header.Set("Idempotency-Key", "x") }})
	for i := range 200 {
		reference := fmt.Sprintf("ORDER-%d", i)
		_, err := c.PostJSON(t.Context(), "/pay", body{Reference: reference})
		mu.Lock()
		n := arrived[reference]
		mu.Unlock()
		switch {
		case err == nil && n != 1:
			t.Fatalf("%s was answered and arrived %d times", reference, n)
		case err != nil && (n > 1 || refused(t, err).Kind != capabilities.UnknownOutcome):
			t.Fatalf("%s arrived %d times: %v", reference, n, err)
		}
	}
}

// Where the machine has a proxy, credentials do not go through it.
func TestNoProxy(t *testing.T) {
	for _, base := range []string{"https://api.acme.example", "http://localhost:8443"} {
		c := newClient(t, transport.Options{BaseURL: base})
		var dialled string
		c.SetDial(func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New("no network here")
		})
		if _, err := call(t.Context(), c, capabilities.Reads, nil); err == nil {
			t.Error("there was an answer")
		}
		if dialled == "" || dialled == proxy {
			t.Errorf("%s: %q was dialled", base, dialled)
		}
	}
}

func TestRequestThatCannotBeWritten(t *testing.T) {
	l := listen(t, answering(""))
	c := newClient(t, transport.Options{BaseURL: l.url()})
	for name, post := range map[string]func() error{
		"a body": func() error { _, err := c.PostJSON(t.Context(), "/pay", func() {}); return err },
		"a path": func() error { _, err := c.PostJSON(t.Context(), path+"\n", nil); return err },
	} {
		if r := refused(t, post()); r.Kind != capabilities.Unavailable && r.Kind != capabilities.Misconfigured {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if n := l.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestNewRefusesTheAddress(t *testing.T) {
	for _, base := range []string{"http://api.acme.example", "https://merchant:" + secret + "@api.acme.example", "https://api.acme.example?key=" + secret, ""} {
		_, err := transport.New(transport.Options{Provider: "acme", BaseURL: base})
		if r := refused(t, err); r.Kind != capabilities.Misconfigured {
			t.Errorf("%s: %+v", base, r)
		}
	}
}
