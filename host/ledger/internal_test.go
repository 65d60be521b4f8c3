package ledger

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func openHandle(t *testing.T, path string) *SQLite {
	t.Helper()
	l := File(path)
	t.Cleanup(func() { _ = l.Close() })
	if err := l.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func begin(t *testing.T, l *SQLite, reference string) error {
	t.Helper()
	m, err := capabilities.ParseMoney("5000", "XOF")
	if err != nil {
		t.Fatal(err)
	}
	c := &Claim{Transaction: Transaction{Key: Key{"qosic", "production", reference}, Effect: capabilities.PaysOut, Money: m, Claimed: noon}}
	return l.Claim(t.Context(), c, func(View) error { return nil })
}

func read(t *testing.T, l *SQLite, reference string) Transaction {
	t.Helper()
	tx, _, err := l.Find(t.Context(), Key{"qosic", "production", reference})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// Between seeing that an owner is dead and saying that nothing was sent,
// somebody else may have claimed the reference and sent a request. Called not
// sent, it would be paid a second time.
func TestRecoverHasASecondLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	dead, one, two := openHandle(t, path), openHandle(t, path), openHandle(t, path)
	if err := begin(t, dead, "ORDER-1"); err != nil {
		t.Fatal(err)
	}
	left := read(t, one, "ORDER-1")
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := two.Recover(t.Context(), noon); n != 1 || err != nil {
		t.Fatalf("%d were settled (%v)", n, err)
	}
	if err := begin(t, two, "ORDER-1"); err != nil {
		t.Fatal(err)
	}
	for _, sent := range []bool{false, true} {
		if sent {
			if err := two.Sending(t.Context(), left.Key, "", noon); err != nil {
				t.Fatal(err)
			}
		}
		before := read(t, two, "ORDER-1")
		if did, err := one.abandon(t.Context(), left, noon); did || err != nil {
			t.Errorf("it was settled: %v (%v)", did, err)
		}
		if after := read(t, two, "ORDER-1"); after != before {
			t.Errorf("%+v became %+v", before, after)
		}
	}
}

// A commit is on disk when it returns.
func TestMoneyIsDurable(t *testing.T) {
	l := openHandle(t, filepath.Join(t.TempDir(), "ledger.db"))
	for name, of := range map[string]struct {
		db   *prepared
		want map[string]string
	}{
		"money": {l.money, map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "fullfsync": "1", "busy_timeout": "10000"}},
		"pace":  {l.pace, map[string]string{"journal_mode": "wal", "synchronous": "1", "fullfsync": "1", "busy_timeout": "10000"}},
		"reads": {l.reads, map[string]string{"journal_mode": "wal", "query_only": "1", "fullfsync": "1"}},
	} {
		for pragma, want := range of.want {
			var got string
			if err := of.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %q (%v), want %s", name, pragma, got, err, want)
			}
		}
	}
}

// A full disk fails a claim, and nothing else: once there is room, all is as
// it was.
func TestAFullDisk(t *testing.T) {
	l := openHandle(t, filepath.Join(t.TempDir(), "ledger.db"))
	if err := begin(t, l, "ORDER-0"); err != nil {
		t.Fatal(err)
	}
	limit := func(pages string) {
		t.Helper()
		var now int
		if err := l.money.QueryRowContext(t.Context(), "PRAGMA max_page_count = "+pages).Scan(&now); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // no more than there are
	full := ""
	for range 1000 {
		reference := "ORDER-" + strings.Repeat("X", 500) + time.Now().String()
		if err := begin(t, l, reference); err != nil {
			full = reference
			break
		}
	}
	if full == "" {
		t.Fatal("the disk is never full")
	}
	if tx := read(t, l, full); tx.State != "" {
		t.Errorf("what could not be written is on record: %+v", tx)
	}
	if tx := read(t, l, "ORDER-0"); tx.State != Claimed {
		t.Errorf("ORDER-0 became %+v", tx)
	}
	limit("1000000")
	if err := begin(t, l, full); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// What looks at the open transactions, at one reference or at a party must not
// read the whole history.
func TestNothingReadsTheWholeHistory(t *testing.T) {
	l := openHandle(t, filepath.Join(t.TempDir(), "ledger.db"))
	plan := func(query string, args ...any) string {
		t.Helper()
		rows, err := l.reads.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		steps, err := all(rows, err, func(r row) (string, error) {
			var id, parent, unused int
			var step string
			err := r.Scan(&id, &parent, &unused, &step)
			return step, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(steps, "; ")
	}
	for _, c := range []struct {
		filter Filter
		index  string
	}{
		{Filter{Open: true}, "transactions_open"},
		{Filter{State: capabilities.Unknown}, "transactions_open"},
		{Filter{State: Sent, Environment: "production"}, "transactions_open"},
		{Filter{Reference: "ORDER-1"}, "sqlite_autoindex_transactions_1 (reference=?)"},
		{Filter{Limit: 50}, "transactions_claimed"},
		{Filter{Since: noon}, "transactions_claimed (claimed_at>?)"},
	} {
		where, args := c.filter.conditions()
		if got := plan(`SELECT * FROM transactions`+where+` ORDER BY claimed_at DESC, id DESC`, args...); !strings.Contains(got, c.index) {
			t.Errorf("%+v: %s, want %s", c.filter, got, c.index)
		}
	}
	for query, want := range map[string]string{
		`SELECT * FROM transactions WHERE ` + unsettled + ` AND state IN ('claimed', 'sent')`:                    "transactions_open",
		`SELECT * FROM transactions WHERE provider = 'p' AND environment = 'e' AND reference = 'r'`:              "(reference=? AND provider=? AND environment=?)",
		`SELECT * FROM approvals WHERE ` + waiting + ` AND expires_at <= 1`:                                      "approvals_waiting",
		`SELECT * FROM approvals WHERE digest = 'd' AND state = 'waiting' AND expires_at > 1 ORDER BY id`:        "approvals_digest",
		`SELECT e.at FROM events e JOIN transactions t ON t.id = e.transaction_id WHERE t.reference = 'r'`:       "events_transaction",
		`SELECT SUM(amount) FROM transactions INDEXED BY transactions_spent WHERE provider = 'p'` + counts:       "INDEX transactions_spent (provider=?)",
		`SELECT * FROM transactions INDEXED BY transactions_party WHERE party = 'x' AND claimed_at > 1` + counts: "(party=? AND claimed_at>?)",
	} {
		if got := plan(query); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// A statement that is given up in the middle of a transaction takes the whole
// transaction with it.
func TestACancelledStatementLeavesNothing(t *testing.T) {
	l := openHandle(t, filepath.Join(t.TempDir(), "ledger.db"))
	ctx, cancel := context.WithCancel(t.Context())
	err := l.write(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO acknowledgements (notice, version, at, who, channel) VALUES ('n', 'v', 0, '', '')`); err != nil {
			return err
		}
		cancel()
		_, err := tx.ExecContext(ctx, `INSERT INTO acknowledgements (notice, version, at, who, channel) VALUES ('m', 'v', 0, '', '')`)
		if err == nil {
			t.Error("it goes on")
		}
		return nil // even if nobody looks
	})
	if !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("the error is %v", err)
	}
	if all, err := l.Acknowledgements(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("on record is %+v (%v)", all, err)
	}
}
