package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// Acme is a provider as an author writes one. It asks its API, which a test
// speaks for, at every step that it takes.

type acmeConfig struct {
	Key  string `env:"ACME_KEY" secret:"true" hint:"any text"`
	Pass string `env:"ACME_PASS" secret:"true" hint:"any text"`
}

type acmeInput struct {
	Reference capabilities.Reference `json:"reference"`
}

type acmeOutput struct {
	capabilities.Outcome
}

type acmeClient struct {
	base   string
	config acmeConfig
	stderr *os.File // the process's own: Serve takes the other one
}

const (
	quickTimeout = 2 * time.Second
	slowTimeout  = 2 * patience // longer than any test waits
)

func acmeProvider() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug: "acme", Name: "Acme", Summary: "a provider for tests",
		Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF"},
	})
	c := &acmeClient{stderr: os.Stderr}
	capabilities.Configure(p, c.configure)
	spec := func(name string, kind capabilities.Kind, e capabilities.Effect, timeout time.Duration) capabilities.Spec {
		return capabilities.Spec{Name: name, Title: name, Summary: name, Kind: kind, Effect: e, Timeout: timeout}
	}
	pay, status := capabilities.Collect, capabilities.CheckStatus
	capabilities.Add(p, spec("pay", pay, capabilities.Collects, slowTimeout), c.pay)
	capabilities.Add(p, spec("pay_quickly", pay, capabilities.Collects, quickTimeout), c.pay)
	capabilities.Add(p, spec("ask", status, capabilities.Reads, slowTimeout), c.ask)
	capabilities.Add(p, spec("ask_quickly", status, capabilities.Reads, quickTimeout), c.ask)
	capabilities.Add(p, spec("tell", status, capabilities.Reads, slowTimeout), c.tell)
	capabilities.Add(p, spec("flood", status, capabilities.Reads, slowTimeout), c.flood)
	capabilities.Add(p, spec("panic", status, capabilities.Reads, slowTimeout), c.panic)
	return p
}

func acme() { capabilities.Serve(acmeProvider()) }

func (c *acmeClient) configure(ctx context.Context, t capabilities.Target, config acmeConfig) error {
	c.base, c.config = t.BaseURL, config
	if config.Key == "wrong" {
		return capabilities.Misconfiguration("ACME_KEY is no key of Acme", "set ACME_KEY")
	}
	return c.step(ctx, "configure")
}

// step tells the API where the provider is. It may not go on before the answer.
func (c *acmeClient) step(ctx context.Context, where string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/"+where, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func (c *acmeClient) pay(ctx context.Context, in acmeInput) (acmeOutput, error) {
	if err := c.step(ctx, "before"); err != nil {
		return acmeOutput{}, capabilities.NotSent(err.Error())
	}
	if err := capabilities.BeforeSend(ctx); err != nil {
		return acmeOutput{}, err
	}
	return c.outcome(in, capabilities.Pending, c.step(ctx, "after"))
}

func (c *acmeClient) ask(ctx context.Context, in acmeInput) (acmeOutput, error) {
	return c.outcome(in, capabilities.Succeeded, c.step(ctx, "asked"))
}

func (c *acmeClient) outcome(in acmeInput, s capabilities.State, err error) (acmeOutput, error) {
	return acmeOutput{capabilities.Outcome{Reference: string(in.Reference), State: s}}, err
}

// tell logs the secrets in the ways in which programs do.
func (c *acmeClient) tell(_ context.Context, in acmeInput) (acmeOutput, error) {
	for _, secret := range []string{c.config.Key, c.config.Pass} {
		for _, spelled := range []string{secret, fmt.Sprintf("%q", secret), url.QueryEscape(secret), url.PathEscape(secret)} {
			_, _ = fmt.Fprintf(c.stderr, "[ERROR] the key is <%s>\n", spelled)
		}
		line, _ := json.Marshal(map[string]string{"@level": "error", "@message": "as JSON", "key": "<" + secret + ">"})
		_, _ = fmt.Fprintf(c.stderr, "%s\n", line)
	}
	_, _ = fmt.Fprintln(c.stderr, "[ERROR] that was all")
	return c.outcome(in, capabilities.Succeeded, nil)
}

// flood answers more than a host takes.
func (c *acmeClient) flood(_ context.Context, in acmeInput) (acmeOutput, error) {
	out, err := c.outcome(in, capabilities.Succeeded, nil)
	out.Notes = []string{strings.Repeat("more ", 1<<20)}
	return out, err
}

func (c *acmeClient) panic(context.Context, acmeInput) (acmeOutput, error) {
	panic("the key is <" + c.config.Key + ">")
}

// api is Acme's API. It answers at once, except where a test holds it.
type api struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	held    map[string]chan struct{}
	reached map[string]int
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{t: t, held: map[string]chan struct{}{}, reached: map[string]int{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-a.reach(strings.TrimPrefix(r.URL.Path, "/")):
		case <-r.Context().Done(): // the provider is gone
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *api) reach(step string) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reached[step]++
	if held := a.held[step]; held != nil {
		return held
	}
	free := make(chan struct{})
	close(free)
	return free
}

// hold keeps the provider at a step until it is released.
func (a *api) hold(step string) (release func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := make(chan struct{})
	a.held[step] = held
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.held, step)
		close(held)
	}
}

// count is how often a step was reached.
func (a *api) count(step string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reached[step]
}

// isAt waits until the provider is at a step.
func (a *api) isAt(t *testing.T, step string) {
	t.Helper()
	within(t, "the provider is at "+step, func() bool { return a.count(step) > 0 })
}

// bench is a host with Acme, which runs as an external provider.
type bench struct {
	*testing.T
	api     *api
	host    *host.Host
	process *plugin.Process
	log     *diary
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return benchWith(t, trusted(t, "acme"), nil)
}

// benchWith is a bench whose process is something else than Acme, although the
// host knows it as Acme, or which has settings.
func benchWith(t *testing.T, s plugin.Source, values map[string]string) *bench {
	t.Helper()
	b := &bench{T: t, api: newAPI(t)}
	var l *plugin.Launcher
	l, b.log = newLauncher(t)
	m, err := acmeProvider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	settings := host.Emulated(b.api.URL, values)
	var secrets []string
	for _, v := range values {
		secrets = append(secrets, v)
	}
	b.process = plugin.New(l, s, plugin.Settings{Target: settings.Target, Values: values, Secrets: secrets})
	records := ledger.File(filepath.Join(t.TempDir(), "ledger.db"))
	b.host, err = host.New(host.Options{
		Providers: []host.Provider{{Manifest: m, Settings: settings, Process: b.process}},
		Ledger:    records, Keys: keyring.File(filepath.Join(t.TempDir(), "key")), Patience: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.host.Close(expired())
		if err := records.Close(); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
	})
	return b
}

// expired is a context that has ended.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (b *bench) call(capability, reference string) *host.Answer {
	return b.host.Call(context.Background(), host.Request{
		Provider: "acme", Capability: capability, Input: json.RawMessage(fmt.Sprintf(`{"reference":%q}`, reference)),
	})
}

// calling calls in the background.
func (b *bench) calling(capability, reference string) <-chan *host.Answer {
	answer := make(chan *host.Answer, 1)
	go func() { answer <- b.call(capability, reference) }()
	return answer
}

// works calls, which has to work, and returns the process that answered.
func (b *bench) works(reference string) int {
	b.Helper()
	if a := b.call("ask", reference); a.Refused() || a.State != capabilities.Succeeded {
		b.Fatalf("the call is refused:\n%s", a.Text())
	}
	pid := b.process.PID()
	if pid == 0 {
		b.Fatal("a process answered, and none runs")
	}
	return pid
}

// refused checks that an answer is a refusal that a person can act on.
func (b *bench) refused(a *host.Answer, kind capabilities.RefusalKind, words ...string) {
	b.Helper()
	if a.Kind != kind || a.Message == "" || a.Fix == "" {
		b.Errorf("got kind %q, want %q, with a message and a way out:\n%s", a.Kind, kind, a.Text())
	}
	for _, w := range words {
		if !strings.Contains(a.Message+"\n"+a.Fix, w) {
			b.Errorf("neither message nor fix has %q:\n%s", w, a.Text())
		}
	}
}

// slay kills a process at once.
func slay(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatalf("killing %d: %v", pid, err)
	}
}
