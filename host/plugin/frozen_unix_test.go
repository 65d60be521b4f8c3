//go:build unix

package plugin_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

func init() {
	providers["leaving"] = leaving
	providers["lingering"] = func() { mark(); time.Sleep(2 * patience) }
}

// freeze stops a process so that it answers nothing, and dies of nothing but
// SIGKILL.
func freeze(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatalf("freezing %d: %v", pid, err)
	}
}

// reaped waits until a child of this process is gone.
func reaped(t *testing.T, pid int) {
	t.Helper()
	within(t, "the process is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

func TestCloseEndsAFrozenProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pid := b.works("ORDER-1")
	freeze(t, pid)
	ends(t, "the host is closed", b.closing(context.Background()))
	reaped(t, pid)
}

func TestProviderFrozenInMidCall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.works("ORDER-0") // the time for the call is short: none of it goes into a start
	release := b.api.hold("after")
	answer := b.calling("pay_quickly", "ORDER-1")
	b.api.isAt(t, "after")
	frozen := b.process.PID()
	freeze(t, frozen)
	b.refused(ends(t, "the call is answered", answer), capabilities.UnknownOutcome)
	release()
	if pid := b.works("ORDER-2"); pid == frozen {
		t.Errorf("process %d answers although it is frozen", pid)
	}
	reaped(t, frozen)
}

// leaving leaves a process behind that its host does not know of, in a session
// of its own, with its standard streams open.
func leaving() {
	cmd := exec.Command(os.Args[0])
	cmd.Args[0] = lingerer(os.Args[0])
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{}, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	capabilities.Serve(acmeProvider())
}

func lingerer(path string) string {
	return filepath.Join(filepath.Dir(path), plugin.ExecutablePrefix+"lingering")
}

func TestProcessThatAProviderLeavesBehind(t *testing.T) {
	t.Parallel()
	source := trusted(t, "leaving")
	b := benchWith(t, source, nil)
	dead := b.works("ORDER-1")
	lingering := leftMark(t, lingerer(source.Path))
	slay(t, dead)
	// Its streams are still open, so a call notices that it is dead.
	within(t, "a new process answers", func() bool { return !b.call("ask", "ORDER-2").Refused() })
	if pid := b.works("ORDER-3"); pid == dead {
		t.Errorf("process %d answers although it was killed", pid)
	}
	ends(t, "the host is closed", b.closing(context.Background()))
	slay(t, lingering)
	slay(t, leftMark(t, lingerer(source.Path)))
}
