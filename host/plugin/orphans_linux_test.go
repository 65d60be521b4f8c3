package plugin_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

func init() {
	providers["deaf"] = deaf
	providers["blind"] = blind
	hosts["mortal"] = mortal
}

// deaf does not die with the thread that started it: it only notices that its
// standard input ends, as on other systems.
func deaf() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, 0, 0)
	acme()
}

// blind does not notice that its standard input ends.
func blind() {
	quiet, open, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	os.Stdin, kept = quiet, append(kept, open)
	acme()
}

// mortal is a host that starts one provider, tells its process id and waits for
// the end of its standard input, or of itself.
func mortal(args []string) {
	streams, err := plugin.TakeStreams()
	if err != nil {
		panic(err)
	}
	l, err := plugin.NewLauncher(os.Stderr)
	if err != nil {
		panic(err)
	}
	p := plugin.New(l, plugin.Source{Provider: "acme", Path: args[0]},
		plugin.Settings{Target: capabilities.Target{Environment: capabilities.Emulator, BaseURL: args[1]}})
	if err := p.Check(context.Background()); err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintln(streams.Out, p.PID())
	_, _ = io.Copy(io.Discard, streams.In)
	p.Close(context.Background())
}

func TestKilledHostLeavesNoProvider(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, role string }{
		{"in the usual way", "acme"},
		{"by the end of its standard input alone", "deaf"},
		{"by its parent's death alone", "blind"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd, _, pid := startMortal(t, tc.role, ownTemp(t))
			if !alive(pid) {
				t.Fatalf("the provider %d does not run", pid)
			}
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			within(t, "the provider is gone", func() bool { return !alive(pid) })
		})
	}
}

// ownTemp is a folder for what a killed host cannot clear away. Its name is
// short: sockets go there.
func ownTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mortal")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// The path of a socket has a limit that temporary folders exceed.
func TestLongTemporaryFolder(t *testing.T) {
	t.Parallel()
	temp := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd, stdin, pid := startMortal(t, "acme", temp)
	if !alive(pid) {
		t.Errorf("the provider %d does not run", pid)
	}
	if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
		t.Error(err)
	}
	if alive(pid) {
		t.Errorf("the provider %d is left", pid)
	}
}

// startMortal starts the host and returns it, with its standard input, which is
// open, and its provider's process id.
func startMortal(t *testing.T, role, temp string) (cmd *exec.Cmd, stdin io.Closer, pid int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self, "mortal", installed(t, role), newAPI(t).URL)
	cmd.Env, cmd.Stderr = []string{"TMPDIR=" + temp}, &diary{}
	if stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the host: %v\n%s", err, cmd.Stderr)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return cmd, stdin, pid
}

// alive reports whether a process runs. One that nobody has waited for yet does
// not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(state, []byte("Z")) && !bytes.HasPrefix(state, []byte("X"))
}

// Linux tells a process of its parent's death when the thread ends that started
// it, and Go ends threads.
func TestProviderOutlivesThreads(t *testing.T) {
	pids := map[*bench]int{}
	for range 4 { // one may happen to hang on a thread that never ends
		b := newBench(t)
		pids[b] = b.works("ORDER-1")
	}
	endThreads(t)
	for b, pid := range pids {
		if again := b.works("ORDER-2"); again != pid {
			t.Errorf("process %d answers, want %d: it died with a thread", again, pid)
		}
	}
}

// endThreads ends every thread that nothing runs on: a goroutine that ends
// locked takes its thread with it, and so many at once need them all.
func endThreads(t *testing.T) {
	t.Helper()
	const many = 200
	before := threads(t)
	var started, ended sync.WaitGroup
	all := make(chan struct{})
	started.Add(many)
	for range many {
		ended.Go(func() {
			runtime.LockOSThread()
			started.Done()
			<-all
		})
	}
	started.Wait()
	close(all)
	ended.Wait()
	within(t, "the threads have ended", func() bool { return threads(t) <= before+4 })
}

func threads(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
