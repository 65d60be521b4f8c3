package ledger_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// TestMain lets the test binary be another process that uses the ledger.
func TestMain(m *testing.M) {
	if role := os.Getenv("LEDGER_TEST_ROLE"); role != "" {
		if err := play(role, os.Getenv("LEDGER_TEST_PATH"), os.Getenv("LEDGER_TEST_REFERENCE")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	for _, dir := range leftovers {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// play is what another process does.
func play(role, path, reference string) error {
	l := ledger.File(path)
	ctx := context.Background()
	claimed, sent := payout(reference, "5000"), payout(reference+"-SENT", "6000")
	switch role {
	case "claims":
		return errors.Join(claim(ctx, l, claimed), l.Close())
	case "holds": // until it is killed, or its standard input ends
		if err := errors.Join(claim(ctx, l, claimed), claim(ctx, l, sent), l.Sending(ctx, sent.Key, "togocel_tg", start)); err != nil {
			return err
		}
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 1))
		return l.Close()
	}
	return fmt.Errorf("there is no role %q", role)
}

// another starts another process on the same ledger.
func another(t *testing.T, role, path, reference string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "LEDGER_TEST_ROLE="+role, "LEDGER_TEST_PATH="+path, "LEDGER_TEST_REFERENCE="+reference, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// holder starts a process that has claimed a reference, and sent another one.
// What it returns kills it, and waits until it is gone.
func holder(t *testing.T, path, reference string) (kill func()) {
	t.Helper()
	cmd := another(t, "holds", path, reference)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	}
	t.Cleanup(kill)
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the other process says %q", line)
	}
	return kill
}

var start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// bench is a ledger under test.
type bench struct {
	*testing.T
	*ledger.SQLite
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{t, opened(t, filepath.Join(t.TempDir(), "ledger.db"))}
}

// opened is a handle of a ledger file, as a process of its own has one.
func opened(t *testing.T, path string) *ledger.SQLite {
	t.Helper()
	l := ledger.File(path)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return l
}

// elsewhere is the same ledger as another process has it.
func (b *bench) elsewhere() *bench {
	b.Helper()
	return &bench{b.T, opened(b.T, b.Path())}
}

// raw opens the file past the ledger.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func money(amount capabilities.Amount, c capabilities.Currency) capabilities.Money {
	m, err := capabilities.ParseMoney(amount, c)
	if err != nil {
		panic(err) // a mistake in a test
	}
	return m
}

func key(reference string) ledger.Key {
	return ledger.Key{Provider: "qosic", Environment: "production", Reference: reference}
}

// payout is a payout of so many XOF that is about to begin.
func payout(reference string, amount capabilities.Amount) ledger.Transaction {
	return ledger.Transaction{
		Key: key(reference), Capability: "disburse", Effect: capabilities.PaysOut, Digest: "digest of " + reference,
		Money: money(amount, "XOF"), Network: "moov_tg", Party: "somebody", Claimed: start,
	}
}

func yes(ledger.View) error { return nil }

func claim(ctx context.Context, l *ledger.SQLite, t ledger.Transaction) error {
	return l.Claim(ctx, &ledger.Claim{Transaction: t}, yes)
}

// begin claims a reference, which has to work.
func (b *bench) begin(t ledger.Transaction) {
	b.Helper()
	b.must(claim(b.Context(), b.SQLite, t))
}

// send claims a reference and says that the request is about to leave.
func (b *bench) send(t ledger.Transaction) {
	b.Helper()
	b.begin(t)
	b.must(b.Sending(b.Context(), t.Key, "", t.Claimed))
}

// end takes a transaction all the way to a state.
func (b *bench) end(t ledger.Transaction, s capabilities.State) {
	b.Helper()
	b.send(t)
	b.settle(t.Reference, s)
}

func (b *bench) settle(reference string, s capabilities.State) {
	b.Helper()
	b.must(b.Settle(b.Context(), key(reference), ledger.Settlement{State: s, At: start.Add(time.Second)}))
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) wants(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("the error is %v, want %v", err, want)
	}
}

func (b *bench) find(reference string) ledger.Transaction {
	b.Helper()
	t, found, err := b.Find(b.Context(), key(reference))
	if err != nil || !found {
		b.Fatalf("%s is not on record (%v)", reference, err)
	}
	return t
}

func (b *bench) state(reference string, want capabilities.State) {
	b.Helper()
	if t := b.find(reference); t.State != want {
		b.Errorf("%s is %s, want %s", reference, t.State, want)
	}
}

// timeline checks the events of a reference: their states, and what is said
// behind a colon.
func (b *bench) timeline(reference string, want ...string) {
	b.Helper()
	all, err := b.Events(b.Context(), key(reference))
	b.must(err)
	var got []string
	for _, e := range all {
		got = append(got, strings.TrimSuffix(string(e.State)+": "+e.Detail, ": "))
	}
	if !slices.Equal(got, want) {
		b.Errorf("what happened to %s is\n%s\nwant\n%s", reference, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (b *bench) absent(reference string) {
	b.Helper()
	if t, found, err := b.Find(b.Context(), key(reference)); err != nil || found {
		b.Errorf("%s is on record: %+v (%v)", reference, t, err)
	}
	b.timeline(reference)
}
