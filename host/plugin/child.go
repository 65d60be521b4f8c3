package plugin

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// child is an operating system's process, as go-plugin runs it.
type child struct {
	launcher *Launcher
	source   Source
	cmd      *exec.Cmd
	stdout   io.ReadCloser
	stderr   io.ReadCloser

	mu     sync.Mutex
	pid    int // 0 until it is started
	killed bool
	ended  bool
}

var _ runner.Runner = (*child)(nil)

func newChild(l *Launcher, s Source) *child {
	cmd := exec.Command(s.Path, s.Args...)
	cmd.SysProcAttr = tied()
	return &child{launcher: l, source: s, cmd: cmd}
}

// plan takes what go-plugin has planned for the process: the variables of the
// handshake, which are its whole environment, and standard input, which
// TakeStreams has emptied.
func (c *child) plan(plan *exec.Cmd) {
	c.cmd.Env = append([]string{}, plan.Env...) // nil would be the host's
	c.cmd.Stdin = plan.Stdin
}

// Start starts the process, if its file is the trusted one.
func (c *child) Start(context.Context) error {
	err := c.source.verify(c.cmd.Path)
	if err != nil {
		return err
	}
	if c.stdout, err = c.cmd.StdoutPipe(); err != nil {
		return err
	}
	if c.stderr, err = c.cmd.StderrPipe(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return errClosed
	}
	c.launcher.do(func() { err = c.cmd.Start() })
	if err == nil {
		c.pid = c.cmd.Process.Pid
	}
	return err
}

// sockets is the folder for the sockets of processes. Their paths have a limit
// of about a hundred bytes, of which go-plugin takes forty.
func sockets() string {
	const longest = 60
	if dir := os.TempDir(); len(dir) <= longest || runtime.GOOS == "windows" {
		return dir
	}
	return "/tmp"
}

// verify compares a file with the trusted digest.
func (s Source) verify(path string) error {
	if s.SHA256 == "" {
		return nil
	}
	sum, err := Digest(path)
	if err != nil {
		return err
	}
	if sum != s.SHA256 {
		return capabilities.Misconfiguration(s.Path+" is not the file that was trusted, so it was not started",
			fmt.Sprintf("if you replaced it yourself, run 'mcp-payments providers trust %s'", s.Provider))
	}
	return nil
}

// Wait waits until the process has ended and its output was read.
func (c *child) Wait(context.Context) error {
	err := c.cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	return err
}

// Kill ends the process and what it started, for certain, or keeps it from
// being started.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.pid != 0 && !c.ended { // the id may be another's by now
		kill(c.cmd.Process)
	}
	return nil
}

// hangUp stops reading what the process prints. One that it left behind could
// keep the pipes open for ever.
func (c *child) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid != 0 {
		_ = c.stdout.Close()
		_ = c.stderr.Close()
	}
}

// Stdout is where the handshake comes from.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr is where log lines come from.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Name is the path of the program.
func (c *child) Name() string { return c.cmd.Path }

// ID is the process id.
func (c *child) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strconv.Itoa(c.pid)
}

// Diagnose is what to say of a process that does not begin with the handshake.
func (c *child) Diagnose(context.Context) string {
	return "is " + c.source.Path + " a provider, built for this machine?"
}

// PluginToHost and HostToPlugin translate addresses: both sides share theirs.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin is the other way of PluginToHost.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
