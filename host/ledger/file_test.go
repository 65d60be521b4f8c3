package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/host/ledger"
)

func TestNothingIsTouchedBeforeTheFirstCall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "ledger.db")
	l := ledger.File(path)
	if l.Exists() {
		t.Error("it exists")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder: %v", err)
	}
}

func TestOnlyTheOwnerReadsIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such modes")
	}
	path := filepath.Join(t.TempDir(), "new", "data", "ledger.db")
	l := opened(t, path)
	if err := claim(t.Context(), l, payout("ORDER-1", "5000")); err != nil {
		t.Fatal(err)
	}
	if !l.Exists() {
		t.Error("it does not exist")
	}
	for name, want := range map[string]os.FileMode{
		"..": 0o700 | os.ModeDir, ".": 0o700 | os.ModeDir, "ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600, "ledger.db.owners": 0o700 | os.ModeDir,
	} {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has the mode %s, want %s", name, info.Mode(), want)
		}
	}
}

// What a path is called does not change where the ledger is.
func TestOddPaths(t *testing.T) {
	names := []string{"a b.db", "a#b.db", "a%41b.db", "été.db"}
	if runtime.GOOS != "windows" {
		names = append(names, "a?mode=memory", ":memory:", `a"b';.db`)
	}
	t.Chdir(t.TempDir())
	for _, name := range names {
		b := &bench{t, opened(t, name)}
		b.begin(payout("ORDER-1", "5000"))
		b.must(b.Close())
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is not where the ledger is (%v)", name, err)
		}
		(&bench{t, opened(t, name)}).state("ORDER-1", ledger.Claimed)
	}
}

func TestAClosedLedger(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-1", "5000"))
	b.must(b.Close())
	b.must(b.Close())
	if err := claim(t.Context(), b.SQLite, payout("ORDER-2", "5000")); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("a claim: %v", err)
	}
	if _, _, err := b.Find(t.Context(), key("ORDER-1")); err == nil {
		t.Error("it can be read")
	}
	if left, err := os.ReadDir(b.Path() + ".owners"); err != nil || len(left) != 1 || left[0].Name() != "opening" {
		t.Errorf("what tells that the process lives is still there: %v (%v)", left, err)
	}
	b.elsewhere().state("ORDER-1", ledger.Claimed)
}

func TestItIsBroughtUpToDateOnce(t *testing.T) {
	b := newBench(t)
	for range 3 {
		other := b.elsewhere()
		_, err := other.List(t.Context(), ledger.Filter{})
		b.must(err)
	}
	db := raw(t, b.Path())
	defer func() { _ = db.Close() }()
	var n int
	b.must(db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0`).Scan(&n))
	files, err := filepath.Glob("migrations/*.sql")
	b.must(err)
	if n != len(files) {
		t.Errorf("%d migrations were run, there are %d", n, len(files))
	}
}

// A program that does not know what a newer one has written leaves it alone.
func TestANewerLedgerIsLeftAlone(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-1", "5000"))
	b.must(b.Close())
	db := raw(t, b.Path())
	_, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	b.must(err)
	b.must(db.Close())
	before, err := os.ReadFile(b.Path())
	b.must(err)
	other := b.elsewhere()
	for range 2 {
		err = claim(t.Context(), other.SQLite, payout("ORDER-2", "5000"))
		if err == nil || !strings.Contains(err.Error(), "newer version") || !strings.Contains(err.Error(), b.Path()) {
			t.Fatalf("the error is %v", err)
		}
	}
	after, err := os.ReadFile(b.Path())
	b.must(err)
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestWhatIsNoLedgerIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	text := bytes.Repeat([]byte("this is no ledger\n"), 1000)
	if err := os.WriteFile(garbage, text, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(dir, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{garbage, dir, filepath.Join(blocked, "ledger.db"), filepath.Join(blocked, "data", "ledger.db")} {
		l := opened(t, path)
		if err := claim(t.Context(), l, payout("ORDER-1", "5000")); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := l.List(t.Context(), ledger.Filter{}); err == nil {
			t.Errorf("%s can be read", path)
		}
	}
	if after, err := os.ReadFile(garbage); err != nil || !bytes.Equal(after, text) {
		t.Errorf("the file was changed (%v)", err)
	}
}

// A ledger that was cut short is no empty one.
func TestATruncatedLedger(t *testing.T) {
	b := newBench(t)
	for i := range 50 {
		b.begin(payout(fmt.Sprintf("ORDER-%d", i), "5000"))
	}
	b.must(b.Close())
	info, err := os.Stat(b.Path())
	b.must(err)
	b.must(os.Truncate(b.Path(), info.Size()/4))
	other := b.elsewhere()
	if err := claim(t.Context(), other.SQLite, payout("ORDER-1", "5000")); err == nil {
		t.Error("ORDER-1 was claimed a second time")
	}
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing keeps this user from writing")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	l := opened(t, filepath.Join(dir, "ledger.db"))
	if err := claim(t.Context(), l, payout("ORDER-1", "5000")); err == nil {
		t.Error("a claim that cannot be written")
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := claim(t.Context(), l, payout("ORDER-1", "5000")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Many windows of an editor start at once, on a ledger that is not there yet.
func TestAllOpenAFreshLedgerAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	const handles, processes = 20, 6
	var all sync.WaitGroup
	for i := range handles {
		l := opened(t, path)
		all.Go(func() {
			if err := claim(t.Context(), l, payout(fmt.Sprintf("HANDLE-%d", i), "5000")); err != nil {
				t.Errorf("handle %d: %v", i, err)
			}
		})
	}
	for i := range processes {
		cmd := another(t, "claims", path, fmt.Sprintf("PROCESS-%d", i))
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, out)
			}
		})
	}
	all.Wait()
	got, err := opened(t, path).List(t.Context(), ledger.Filter{})
	if err != nil || len(got) != handles+processes {
		t.Errorf("%d claims are on record (%v), want %d", len(got), err, handles+processes)
	}
}

// Handles come and go while others write.
func TestOpeningAndClosingUnderWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for j := range 8 {
				l := ledger.File(path)
				err := claim(t.Context(), l, payout(fmt.Sprintf("ORDER-%d-%d", i, j), "5000"))
				if err := errors.Join(err, l.Close()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := opened(t, path).List(t.Context(), ledger.Filter{})
	if err != nil || len(got) != 48 {
		t.Errorf("%d claims are on record (%v), want 48", len(got), err)
	}
}

func TestACallerThatHasGoneOpensNothingForEver(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.wants(claim(ctx, b.SQLite, payout("ORDER-1", "5000")), context.Canceled)
	b.begin(payout("ORDER-1", "5000"))
}
