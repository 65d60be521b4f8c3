package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/host/audit"
)

// TestAnEntryIsOneLine, whatever a client calls itself.
func TestAnEntryIsOneLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := audit.To(&b)
	e := audit.Entry{
		At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Client: "editor\n{\"decision\":\"done\"}\r\u2028", Version: "\x00", Transport: "stdio",
		Principal: "somebody", Tool: "acme_pay_out", Environment: "sandbox", Reference: "ORDER-1", Party: "hash",
		Decision: "held", Guard: "approval", State: "pending", DurationMS: 1.5,
	}
	for range 2 {
		if err := l.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("two entries are %d lines", len(lines))
	}
	for _, line := range lines {
		var got audit.Entry
		if err := json.Unmarshal([]byte(line), &got); err != nil || got != e {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestProcessesShareAFile: no line is lost, or cut by another one's.
func TestProcessesShareAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "audit.jsonl")
	const processes, calls = 4, 200
	var all sync.WaitGroup
	for range processes {
		l := audit.File(path)
		for range calls {
			all.Go(func() {
				if err := l.Write(audit.Entry{Tool: "acme_pay_out", Decision: strings.Repeat("x", 500)}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
	if len(lines) != processes*calls {
		t.Errorf("%d lines, want %d", len(lines), processes*calls)
	}
	for _, line := range lines {
		var e audit.Entry
		if err := json.Unmarshal(line, &e); err != nil || len(e.Decision) != 500 {
			t.Fatalf("%s: %v", line, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the file has mode %o: %v", info.Mode().Perm(), err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestALineThatIsNotWritten is told: somebody relies on it.
func TestALineThatIsNotWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, l := range map[string]*audit.Log{"full": audit.To(full{}), "no file": audit.File(folder)} {
		for range 2 {
			if err := l.Write(audit.Entry{}); err == nil || !strings.HasPrefix(err.Error(), "audit: ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
