package plugin_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// TestMain lets the test binary be every process that the tests need. Under the
// name of an external provider it is that provider, with a host's name as its
// first argument it is that host.
func TestMain(m *testing.M) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if role, ok := strings.CutPrefix(name, plugin.ExecutablePrefix); ok {
		providers[role]()
		os.Exit(0)
	}
	if len(os.Args) > 1 && hosts[os.Args[1]] != nil {
		hosts[os.Args[1]](os.Args[2:])
		os.Exit(0)
	}
	// The tests wait for processes more than they compute.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// providers are the external providers, by name. What one system alone has is
// added there.
var providers = map[string]func(){
	"acme":    acme,
	"exits":   func() { os.Exit(3) },
	"rubbish": rubbish,
	"mute":    mute,
	"older":   func() { foreign(0) },
	"newer":   func() { foreign(2) },
	"hostile": hostile,
}

// hosts are the programs that run providers, by name.
var hosts = map[string]func(args []string){
	"spied-on": spiedOn,
}

// patience is how long a test waits for what is bound to happen. Nothing takes
// nearly as long unless it is broken.
const patience = 60 * time.Second

// within waits for what another goroutine or process is about to do.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// ends waits for a channel.
func ends[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
		panic("unreachable")
	}
}

// installed puts an external provider into a folder of its own and returns the
// file.
func installed(t *testing.T, role string) string {
	t.Helper()
	return installedIn(t, t.TempDir(), role)
}

func installedIn(t *testing.T, dir, role string) string {
	t.Helper()
	return placed(t, filepath.Join(dir, plugin.ExecutablePrefix+role))
}

// placed gives the test binary another name.
func placed(t *testing.T, path string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Link(self, path) != nil {
		copied(t, self, path)
	}
	return path
}

// copied copies a program. Meanwhile nothing is started: it would hold the file
// open for writing for a moment, and such a file cannot be run.
func copied(t *testing.T, from, to string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
}

// digest is the trusted digest of every installed provider: all are this test
// binary.
func digest(t *testing.T) string {
	t.Helper()
	sum, err := ownDigest()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

var ownDigest = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return plugin.Digest(self)
})

// diary is a log that can be read while it is written.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// newLauncher is a launcher whose log is shown if the test fails.
func newLauncher(t *testing.T) (*plugin.Launcher, *diary) {
	t.Helper()
	log := &diary{}
	l, err := plugin.NewLauncher(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && log.String() != "" {
			t.Logf("the launcher's log:\n%s", log)
		}
	})
	return l, log
}

// trusted is an installed provider that the operator trusts.
func trusted(t *testing.T, role string) plugin.Source {
	t.Helper()
	return plugin.Source{Provider: role, Path: installed(t, role), SHA256: digest(t)}
}
