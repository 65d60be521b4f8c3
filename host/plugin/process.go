package plugin

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"crypto/sha256"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

const (
	startTimeout = 10 * time.Second
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
	// Secrets are the values that no log line may hold.
	Secrets []string
}

// Process is one provider in a process of its own. It is started by the first
// call, and anew by the first call after it died. It is safe for concurrent
// use.
type Process struct {
	launcher *Launcher
	source   Source
	settings Settings

	mu      sync.Mutex
	current *running
	closed  bool
	stops   sync.WaitGroup // processes that are being stopped
}

// running is one started process.
type running struct {
	client     *goplugin.Client
	cmd        *exec.Cmd
	connection capabilities.Connection
	calls      sync.WaitGroup
}

// New returns a process that is not started yet.
func New(l *Launcher, source Source, settings Settings) *Process {
	return &Process{launcher: l, source: source, settings: settings}
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

// errClosed says that the host is shutting down.
var errClosed = errors.New("the host is shutting down")

// Invoke calls a capability. The error is a *capabilities.Refusal, a
// *StartError, or says that the process was lost in mid-call.
func (p *Process) Invoke(ctx context.Context, call capabilities.Call) (json.RawMessage, error) {
	r, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	out, err := r.connection.Invoke(ctx, call)
	r.calls.Done()
	var refusal *capabilities.Refusal
	if err == nil || errors.As(err, &refusal) {
		return out, err
	}
	// Dead or silent, it is not asked again. Other calls that it still answers
	// are left to end.
	if !errors.Is(ctx.Err(), context.Canceled) {
		p.retire(r, context.Background())
	}
	return nil, fmt.Errorf("the provider process %s was lost in mid-call: %w", p.source.Provider, err)
}

// Manifest asks the process to describe itself, without configuring it.
func (p *Process) Manifest(ctx context.Context) (*capabilities.Manifest, error) {
	r, err := p.start()
	if err != nil {
		return nil, &StartError{p.source.Provider, err}
	}
	defer r.kill()
	return r.connection.Manifest(ctx)
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
	return p.current.cmd.Process.Pid
}

// acquire returns the configured process with one call counted.
func (p *Process) acquire(ctx context.Context) (*running, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, &StartError{p.source.Provider, errClosed}
	}
	if p.current != nil && p.current.client.Exited() {
		p.stop(p.current, context.Background())
		p.current = nil
	}
	if p.current == nil {
		r, err := p.start()
		if err != nil {
			return nil, &StartError{p.source.Provider, err}
		}
		if err := r.connection.Configure(ctx, p.settings.Target, p.settings.Values); err != nil {
			r.kill()
			return nil, configured(p.source.Provider, err)
		}
		p.current = r
	}
	p.current.calls.Add(1)
	return p.current, nil
}

func configured(provider string, err error) error {
	var refusal *capabilities.Refusal
	if errors.As(err, &refusal) {
		return err
	}
	return &StartError{provider, err}
}

func (p *Process) start() (*running, error) {
	cmd := exec.Command(p.source.Path, p.source.Args...)
	cmd.Env = []string{} // with SkipHostEnv: nothing but what go-plugin adds
	cmd.SysProcAttr = tied()
	secure, err := p.source.secure()
	if err != nil {
		return nil, err
	}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  capabilities.Handshake(),
		Plugins:          capabilities.Plugins(),
		Cmd:              cmd,
		SkipHostEnv:      true,
		SecureConfig:     secure,
		AutoMTLS:         true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     startTimeout,
		Logger:           p.logger(),
	})
	var connection capabilities.Connection
	p.launcher.do(func() { connection, err = dispense(client) })
	if err != nil {
		client.Kill()
		return nil, explain(err, p.source)
	}
	return &running{client: client, cmd: cmd, connection: connection}, nil
}

func dispense(client *goplugin.Client) (capabilities.Connection, error) {
	rpc, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := rpc.Dispense(capabilities.PluginName)
	if err != nil {
		return nil, err
	}
	connection, ok := raw.(capabilities.Connection)
	if !ok {
		return nil, fmt.Errorf("it serves %T, not a provider", raw)
	}
	return connection, nil
}

func (s Source) secure() (*goplugin.SecureConfig, error) {
	if s.SHA256 == "" {
		return nil, nil
	}
	sum, err := hex.DecodeString(s.SHA256)
	if err != nil {
		return nil, fmt.Errorf("its trusted digest is not hex: %w", err)
	}
	return &goplugin.SecureConfig{Checksum: sum, Hash: sha256.New()}, nil
}

func explain(err error, s Source) error {
	if errors.Is(err, goplugin.ErrChecksumsDoNotMatch) {
		return fmt.Errorf("%s is not the file that was trusted: if you replaced it yourself, run 'mcp-payments providers trust %s'", s.Path, s.Provider)
	}
	return err
}

func (p *Process) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name:   p.source.Provider,
		Level:  hclog.Error,
		Output: redacting{w: p.launcher.log, secrets: p.settings.Secrets},
	})
}

// retire forgets a process, and stops it once its calls are answered.
func (p *Process) retire(r *running, patience context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == r {
		p.current = nil
		p.stop(r, patience)
	}
}

// stop stops a process in the background: after its calls, or when patience
// ends. p.mu is held.
func (p *Process) stop(r *running, patience context.Context) {
	p.stops.Add(1)
	go func() {
		defer p.stops.Done()
		answered := make(chan struct{})
		go func() { r.calls.Wait(); close(answered) }()
		select {
		case <-answered:
		case <-patience.Done():
		}
		r.kill()
	}()
}

// Close waits for calls under way until ctx ends, then stops the process. No
// call starts afterwards.
func (p *Process) Close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	if p.current != nil {
		p.stop(p.current, ctx)
		p.current = nil
	}
	p.mu.Unlock()
	p.stops.Wait()
}

// kill ends the process, politely for a while, then for certain.
func (r *running) kill() {
	stopped := make(chan struct{})
	go func() { r.client.Kill(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(killTimeout):
		kill(r.cmd.Process)
		<-stopped
	}
}
