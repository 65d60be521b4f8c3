package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

const (
	// startTimeout bounds the time until a process is configured.
	startTimeout = 20 * time.Second
	// killTimeout bounds the polite way of stopping a process.
	killTimeout = 3 * time.Second
)

// Source says what to start.
type Source struct {
	Provider string
	Path     string
	Args     []string
	// SHA256 is the trusted digest of the file at Path, in hex. It is empty only
	// for the program itself.
	SHA256 string
}

// Settings are what a process is configured with.
type Settings struct {
	Target capabilities.Target
	Values map[string]string // by environment variable
	// Secrets are the values that no log line may hold, and nothing that the
	// provider says in an answer.
	Secrets []string
}

// Process is one provider in a process of its own. It is started by the first
// call, and anew by the first call after it died. It is safe for concurrent
// use.
type Process struct {
	launcher *Launcher
	source   Source
	settings Settings
	secrets  secrets

	mu       sync.Mutex
	current  *running
	starting *attempt
	closed   bool
	busy     sync.WaitGroup // starts and stops under way

	patience context.Context // ends when nobody waits for calls any more
	hurry    context.CancelFunc
}

// running is one started process.
type running struct {
	client     *goplugin.Client
	child      *child
	connection capabilities.Connection
	calls      sync.WaitGroup
}

// attempt is a start, which concurrent first calls share. What it came to may
// be read once done is closed.
type attempt struct {
	abort   context.CancelCauseFunc
	done    chan struct{}
	running *running
	err     error
}

// New returns a process that is not started yet.
func New(l *Launcher, source Source, settings Settings) *Process {
	p := &Process{launcher: l, source: source, settings: settings, secrets: newSecrets(settings.Secrets)}
	p.patience, p.hurry = context.WithCancel(context.Background())
	return p
}

// StartError says that a process could not be started, so nothing was sent.
type StartError struct {
	Provider string
	Err      error
}

func (e *StartError) Error() string {
	return fmt.Sprintf("the provider process %s cannot be started: %v", e.Provider, e.Err)
}

func (e *StartError) Unwrap() error { return e.Err }

var (
	// errClosed says that the host is shutting down.
	errClosed = errors.New("the host is shutting down")
	errLate   = fmt.Errorf("it was not ready within %s", startTimeout)
)

// Invoke calls a capability. The error is a *capabilities.Refusal, a
// *StartError, or says that the process was lost in mid-call.
func (p *Process) Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
	r, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	out, err := p.secrets.answer(r.connection.Invoke(ctx, call))
	r.calls.Done()
	var refusal *capabilities.Refusal
	if err == nil || errors.As(err, &refusal) {
		return out, err
	}
	// Dead or silent, it is not asked again. Other calls that it still answers
	// are left to end.
	if !errors.Is(ctx.Err(), context.Canceled) {
		p.retire(r)
	}
	return nil, fmt.Errorf("the provider process %s was lost in mid-call: %w", p.source.Provider, err)
}

// Manifest asks the process to describe itself, without configuring it.
func (p *Process) Manifest(ctx context.Context) (*capabilities.Manifest, error) {
	r, err := p.start(ctx)
	if err != nil {
		return nil, p.failed(err)
	}
	defer r.kill()
	m, err := r.connection.Manifest(ctx)
	if err != nil {
		return nil, p.failed(err)
	}
	return m, nil
}

// Check starts and configures the process, as a first call would.
func (p *Process) Check(ctx context.Context) error {
	r, err := p.acquire(ctx)
	if err == nil {
		r.calls.Done()
	}
	return err
}

// PID returns the process id, or 0 while it does not run.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.client.Exited() {
		return 0
	}
	return p.current.child.pid
}

// acquire returns the configured process with one call counted.
func (p *Process) acquire(ctx context.Context) (*running, error) {
	r, a, err := p.ready()
	if a == nil {
		return r, err
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		return nil, &StartError{p.source.Provider, fmt.Errorf("it was not ready in time: %w", ctx.Err())}
	}
	if a.err != nil {
		return nil, a.err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != a.running {
		return nil, &StartError{p.source.Provider, errors.New("it ended at once")}
	}
	a.running.calls.Add(1)
	return a.running, nil
}

// ready returns the process with one call counted, or the attempt to start it.
func (p *Process) ready() (*running, *attempt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, &StartError{p.source.Provider, errClosed}
	}
	if p.current != nil && p.current.client.Exited() {
		p.stop(p.current)
		p.current = nil
	}
	if p.current != nil {
		p.current.calls.Add(1)
		return p.current, nil, nil
	}
	if p.starting == nil {
		p.begin()
	}
	return nil, p.starting, nil
}

// begin begins to start the process. The time that it may take is its own: it
// serves every caller that waits for it, so none of them can end it. p.mu is
// held.
func (p *Process) begin() {
	ctx, abort := context.WithCancelCause(context.Background())
	a := &attempt{abort: abort, done: make(chan struct{})}
	p.starting = a
	p.busy.Go(func() { p.attempt(ctx, a) })
}

// attempt starts and configures the process.
func (p *Process) attempt(ctx context.Context, a *attempt) {
	defer close(a.done)
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errLate)
	defer cancel()
	defer a.abort(nil)
	r, err := p.start(ctx)
	if err == nil {
		err = r.prepare(ctx, p.settings)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting = nil
	if err == nil && p.closed {
		err = errClosed
	}
	if err == nil {
		p.current, a.running = r, r
		return
	}
	a.err = p.failed(err)
	if r != nil {
		p.stop(r)
	}
}

// prepare configures a fresh process, if it speaks this version of the
// contract: the program may have been replaced since its manifest was read.
func (r *running) prepare(ctx context.Context, s Settings) error {
	if _, err := r.connection.Manifest(ctx); err != nil {
		return err
	}
	return r.connection.Configure(ctx, s.Target, s.Values)
}

// failed is what callers are told of a start that did not work.
func (p *Process) failed(err error) error {
	var refusal *capabilities.Refusal
	var version *capabilities.VersionError
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &version):
		return capabilities.Misconfiguration(version.Error(), "nothing was sent: bring both to one version, then call again")
	}
	return &StartError{p.source.Provider, err}
}

// start starts the process, unless ctx ends before. Nothing is left of one that
// fails.
func (p *Process) start(ctx context.Context) (*running, error) {
	r := &running{child: newChild(p.launcher, p.source)}
	r.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: capabilities.Handshake(),
		Plugins:         capabilities.Plugins(),
		RunnerFunc: func(_ hclog.Logger, plan *exec.Cmd, _ string) (runner.Runner, error) {
			r.child.plan(plan)
			return r.child, nil
		},
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     startTimeout,
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: sockets()},
		Logger:           p.logger(),
	})
	stop := context.AfterFunc(ctx, func() { _ = r.child.Kill(ctx) })
	defer stop()
	if err := r.connect(); err != nil {
		r.kill()
		return nil, inShort(err)
	}
	return r, nil
}

// connect starts the process and reads its handshake.
func (r *running) connect() error {
	rpc, err := r.client.Client()
	if err != nil {
		return err
	}
	raw, err := rpc.Dispense(capabilities.PluginName)
	if err != nil {
		return err
	}
	connection, ok := raw.(capabilities.Connection)
	if !ok {
		return fmt.Errorf("it serves %T, not a provider", raw)
	}
	r.connection = connection
	return nil
}

// inShort puts go-plugin's words into one line that a person reads, whatever
// the process printed in place of a handshake.
func inShort(err error) error {
	var refusal *capabilities.Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	const most = 400
	printable := func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPrint(r) {
			return r
		}
		return -1
	}
	words := []rune(strings.Join(strings.Fields(strings.Map(printable, err.Error())), " "))
	if len(words) <= most {
		return errors.New(string(words))
	}
	return fmt.Errorf("%s … %s", string(words[:most/2]), string(words[len(words)-most/2:]))
}

func (p *Process) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name:   p.source.Provider,
		Level:  hclog.Error,
		Output: newRedacting(p.launcher.log, p.settings.Secrets),
	})
}

// retire forgets a process, and stops it once its calls are answered.
func (p *Process) retire(r *running) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == r && !p.closed {
		p.current = nil
		p.stop(r)
	}
}

// stop stops a process in the background: after its calls, or when patience
// ends. p.mu is held.
func (p *Process) stop(r *running) {
	p.busy.Go(func() {
		answered := make(chan struct{})
		go func() { r.calls.Wait(); close(answered) }()
		select {
		case <-answered:
		case <-p.patience.Done():
		}
		r.kill()
	})
}

// Close waits for calls under way until ctx ends, then stops the process. No
// call starts afterwards.
func (p *Process) Close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	if p.current != nil {
		p.stop(p.current)
		p.current = nil
	}
	if p.starting != nil {
		p.starting.abort(errClosed)
	}
	p.mu.Unlock()
	stop := context.AfterFunc(ctx, p.hurry)
	defer stop()
	p.busy.Wait()
	p.hurry()
}

// kill ends the process, politely for a while, then for certain.
func (r *running) kill() {
	stopped := make(chan struct{})
	go func() { r.client.Kill(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(killTimeout):
		_ = r.child.Kill(context.Background())
		r.child.hangUp()
		<-stopped
	}
}
