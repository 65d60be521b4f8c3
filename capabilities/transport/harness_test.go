package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
)

// A proxy that is set for the whole machine, before anything reads it.
const proxy = "127.0.0.1:9"

func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		if err := os.Setenv(name, "http://"+proxy); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// What every request of these tests carries, and no message may.
const (
	secret  = "hunter2"
	encoded = "bWVyY2hhbnQ6aHVudGVyMg" // merchant:hunter2 in base 64
	path    = "/pay?auth_token=" + secret
)

type body struct {
	Reference string `json:"reference"`
	Secret    string `json:"auth_token"`
}

func newClient(t *testing.T, o transport.Options) *transport.Client {
	t.Helper()
	o.Provider = "acme"
	if o.Prepare == nil {
		o.Prepare = func(r *http.Request) { r.SetBasicAuth("merchant", secret) }
	}
	c, err := transport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// call posts from within a call of a capability with that effect, as a
// provider does.
func call(ctx context.Context, c *transport.Client, effect capabilities.Effect, leave func(context.Context, capabilities.Sending) error) (*transport.Response, error) {
	p := capabilities.NewProvider(capabilities.Info{Slug: "acme"})
	var answer *transport.Response
	post := func(ctx context.Context, _ struct{}) (struct{}, error) {
		var err error
		answer, err = c.PostJSON(ctx, path, body{Reference: "ORDER-1", Secret: secret})
		return struct{}{}, err
	}
	capabilities.Add(p, capabilities.Spec{Name: "pay", Effect: effect}, post)
	_, err := p.Invoke(ctx, capabilities.Call{Capability: "pay", Input: json.RawMessage(`{}`), BeforeSend: leave})
	return answer, err
}

// refused returns the refusal that an error has to be, and sees to it that it
// tells the way out, names the provider, and gives no secret away.
func refused(t *testing.T, err error) *capabilities.Refusal {
	t.Helper()
	var r *capabilities.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("%v is no refusal", err)
	}
	if r.Message == "" || r.Fix == "" || !strings.HasPrefix(r.Message, "acme") {
		t.Errorf("the refusal does not tell what happened, to whom, and the way out: %+v", r)
	}
	told, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{secret, encoded, "auth_token"} {
		if strings.Contains(string(told), s) {
			t.Errorf("the refusal gives %s away: %s", s, told)
		}
	}
	return r
}

// listener is a server that a test scripts byte by byte.
type listener struct {
	net.Listener
	connections atomic.Int32
	requests    atomic.Int32
}

// listen serves every connection by the script, one goroutine each.
func listen(t *testing.T, script func(l *listener, c net.Conn)) *listener {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	l := &listener{Listener: in}
	go func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			l.connections.Add(1)
			go func() {
				defer func() { _ = c.Close() }()
				script(l, c)
			}()
		}
	}()
	return l
}

func (l *listener) url() string { return "http://" + l.Addr().String() }

// request reads one request to its end and counts it.
func (l *listener) request(r *bufio.Reader) bool {
	request, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return false
	}
	l.requests.Add(1)
	return true
}

// answering takes one request, writes the answer and hangs up.
func answering(answer string) func(*listener, net.Conn) {
	return func(l *listener, c net.Conn) {
		if l.request(bufio.NewReader(c)) {
			_, _ = io.WriteString(c, answer)
		}
	}
}
