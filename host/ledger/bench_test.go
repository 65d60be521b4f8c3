package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// What the ledger costs as it grows, as figures: run
//
//	go test -run '^$' -bench . ./host/ledger
//
// LEDGER_ROWS=10000000 adds a size. Nothing here asserts on time. Each figure
// stands beside the same at another size, measured in turns in the same run.

// perDay is how many transactions a day the histories have: the larger ones
// are longer, not busier.
const perDay = 10_000

func sizes(b *testing.B) []int {
	b.Helper()
	all := []int{10_000, 1_000_000}
	if more := os.Getenv("LEDGER_ROWS"); more != "" {
		n, err := strconv.Atoi(more)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// history is a ledger with so many transactions in it.
type history struct {
	*ledger.SQLite
	rows int
}

var filled = map[int]*history{}

// histories are the ledgers of all sizes, filled once for all benchmarks.
func histories(b *testing.B) []*history {
	b.Helper()
	var all []*history
	for _, n := range sizes(b) {
		if filled[n] == nil {
			dir, err := os.MkdirTemp("", "ledger-bench-")
			if err != nil {
				b.Fatal(err)
			}
			leftovers = append(leftovers, dir)
			filled[n] = &history{SQLite: fill(b, filepath.Join(dir, "ledger.db"), n), rows: n}
		}
		all = append(all, filled[n])
	}
	return all
}

// leftovers are removed when the tests end.
var leftovers []string

// fill makes a ledger of n transactions, the last of them now.
func fill(b *testing.B, path string, n int) *ledger.SQLite {
	b.Helper()
	l := ledger.File(path)
	if _, err := l.List(b.Context(), ledger.Filter{Limit: 1}); err != nil {
		b.Fatal(err)
	}
	db := raw(b, path)
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	run := func(query string, args ...any) {
		b.Helper()
		if _, err := conn.ExecContext(b.Context(), query, args...); err != nil {
			b.Fatal(err)
		}
	}
	run(`PRAGMA synchronous = OFF`)
	run(`PRAGMA cache_size = -200000`)
	run(`BEGIN IMMEDIATE`)
	indexes := indexesOf(b, conn)
	for name := range indexes {
		run(`DROP INDEX ` + name)
	}
	run(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT ?)
		INSERT INTO transactions (provider, environment, reference, capability, effect, digest, amount, currency, network, party, state, refusal, owner, claimed_at, updated_at)
		SELECT 'qosic', 'production', printf('REF-%010d', i), 'disburse', 'pays_out', lower(hex(randomblob(32))), 5000 + i % 1000, 'XOF', 'togocel_tg',
			printf('%064x', (i * 7919) % ?), 'succeeded', '', 'nobody', ? + i * 86400000 / ?, ? FROM n`,
		n, parties(n), time.Now().UnixMilli()-int64(n)*86_400_000/perDay, perDay, time.Now().UnixMilli())
	run(`INSERT INTO events (transaction_id, at, state, detail) SELECT id, claimed_at, 'claimed', '' FROM transactions`)
	run(`INSERT INTO events (transaction_id, at, state, detail) SELECT id, claimed_at, 'succeeded', '' FROM transactions`)
	for _, again := range indexes {
		run(again)
	}
	run(`COMMIT`)
	var busy, frames, moved int
	if err := conn.QueryRowContext(b.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil || busy != 0 {
		b.Fatalf("the history stays in the log (%v)", err)
	}
	return l
}

// parties is how many parties n transactions are with.
func parties(n int) int { return n / 100 }

func indexesOf(b *testing.B, conn *sql.Conn) map[string]string {
	b.Helper()
	rows, err := conn.QueryContext(b.Context(), `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]string{}
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			b.Fatal(err)
		}
		all[name] = statement
	}
	return all
}

// inTurns measures f on every size, one after the other in each round, so that
// whatever else the machine does weighs on all alike.
func inTurns(b *testing.B, unit string, per time.Duration, f func(h *history) error) {
	b.Helper()
	all := histories(b)
	for _, h := range all {
		h.warm(b)
	}
	times := make([]sample, len(all))
	for b.Loop() {
		for i, h := range all {
			began := time.Now()
			if err := f(h); err != nil {
				b.Fatal(err)
			}
			times[i].add(time.Since(began))
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, h := range all {
		b.ReportMetric(float64(times[i].median())/float64(per), fmt.Sprintf("%s/%d-rows", unit, h.rows))
		if i > 0 {
			b.ReportMetric(float64(times[i].median())/float64(times[0].median()), fmt.Sprintf("ratio/%d-rows", h.rows))
		}
	}
}

// warm reads the whole file once: filling a larger one may have pushed it out
// of memory.
func (h *history) warm(b *testing.B) {
	b.Helper()
	f, err := os.Open(h.Path())
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(io.Discard, f)
	if err := errors.Join(err, f.Close()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRecover is what a start costs that finds nothing to settle.
func BenchmarkRecover(b *testing.B) {
	inTurns(b, "µs", time.Microsecond, func(h *history) error {
		_, err := h.Recover(b.Context(), time.Now())
		return err
	})
}

// BenchmarkClaim is taking a new reference; budget 1.5 times as long with 10
// million transactions on record as with 10 thousand.
func BenchmarkClaim(b *testing.B) {
	inTurns(b, "µs", time.Microsecond, func(h *history) error {
		return h.Claim(b.Context(), &ledger.Claim{Transaction: h.fresh()}, func(ledger.View) error { return nil })
	})
}

// fresh is a transaction that is not on record, anywhere among those that are.
func (h *history) fresh() ledger.Transaction {
	m, _ := capabilities.MoneyOfMinor(5000, "XOF")
	return ledger.Transaction{
		Key:        ledger.Key{Provider: "qosic", Environment: "production", Reference: fmt.Sprintf("REF-%010d-%d", rand.IntN(h.rows), rand.Int())},
		Capability: "disburse", Effect: capabilities.PaysOut, Digest: fmt.Sprintf("%064x", rand.Uint64()), Money: m,
		Party: h.party(), Claimed: time.Now(),
	}
}

func (h *history) party() string { return fmt.Sprintf("%064x", rand.IntN(parties(h.rows))) }

// BenchmarkSpentToday is what all payouts of a day add up to: 10 thousand rows
// at every size.
func BenchmarkSpentToday(b *testing.B) {
	inTurns(b, "µs", time.Microsecond, func(h *history) error { return h.spent(b.Context(), "") })
}

// BenchmarkSpentOnOnePartyToday is the same for one party.
func BenchmarkSpentOnOnePartyToday(b *testing.B) {
	inTurns(b, "µs", time.Microsecond, func(h *history) error { return h.spent(b.Context(), h.party()) })
}

func (h *history) spent(ctx context.Context, party string) error {
	_, err := h.Spent(ctx, ledger.Spending{
		Provider: "qosic", Environment: "production", Effect: capabilities.PaysOut, Currency: "XOF", Party: party, Since: time.Now().Add(-24 * time.Hour),
	})
	return err
}

// BenchmarkSimilar is looking for a repeat of the last quarter of an hour.
func BenchmarkSimilar(b *testing.B) {
	inTurns(b, "µs", time.Microsecond, func(h *history) error {
		_, _, err := h.Similar(b.Context(), h.fresh(), time.Now().Add(-15*time.Minute))
		return err
	})
}

// BenchmarkFind is reading one transaction.
func BenchmarkFind(b *testing.B) {
	inTurns(b, "µs", time.Microsecond, func(h *history) error {
		k := ledger.Key{Provider: "qosic", Environment: "production", Reference: fmt.Sprintf("REF-%010d", rand.IntN(h.rows))}
		_, found, err := h.Find(b.Context(), k)
		if err == nil && !found {
			err = fmt.Errorf("%s is not on record", k.Reference)
		}
		return err
	})
}

// sample collects durations.
type sample struct{ all []time.Duration }

func (s *sample) add(d time.Duration) { s.all = append(s.all, d) }

func (s *sample) median() time.Duration {
	slices.Sort(s.all)
	return s.all[len(s.all)/2]
}
