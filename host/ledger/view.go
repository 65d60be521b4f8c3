package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// queries is what a database and a transaction in it have in common.
type queries interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// view implements View on either.
type view struct{ queries }

var _ View = view{}

// row is what a value is read from.
type row interface{ Scan(...any) error }

const transactionColumns = `provider, environment, reference, capability, effect, digest, amount, currency, network, party, account, state, refusal, owner, claimed_at, updated_at`

func scanTransaction(r row) (Transaction, error) {
	var t Transaction
	var minor, claimed, updated int64
	var currency capabilities.Currency
	var refusal string
	if err := r.Scan(&t.Provider, &t.Environment, &t.Reference, &t.Capability, &t.Effect, &t.Digest, &minor, &currency,
		&t.Network, &t.Party, &t.Account, &t.State, &refusal, &t.Owner, &claimed, &updated); err != nil {
		return Transaction{}, err
	}
	t.Claimed, t.Updated = timeOf(claimed), timeOf(updated)
	if refusal != "" {
		t.Refusal = &capabilities.Refusal{}
		if err := json.Unmarshal([]byte(refusal), t.Refusal); err != nil {
			return Transaction{}, err
		}
	}
	if currency == "" {
		return t, nil
	}
	var err error
	t.Money, err = capabilities.MoneyOfMinor(minor, currency)
	return t, err
}

// found turns what a query for one row says into a value, whether it is there,
// and what went wrong.
func found[T any](v T, err error) (T, bool, error) {
	var none T
	switch {
	case err == nil:
		return v, true, nil
	case errors.Is(err, sql.ErrNoRows):
		return none, false, nil
	}
	return none, false, fmt.Errorf("ledger: %w", err)
}

// all reads every row.
func all[T any](rows *sql.Rows, err error, scan func(row) (T, error)) ([]T, error) {
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var values []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		values = append(values, v)
	}
	return values, wrapped(rows.Err())
}

// Find implements View.
func (v view) Find(ctx context.Context, k Key) (Transaction, bool, error) {
	return found(scanTransaction(v.QueryRowContext(ctx,
		`SELECT `+transactionColumns+` FROM transactions WHERE provider = ? AND environment = ? AND reference = ?`,
		k.Provider, k.Environment, k.Reference)))
}

// list returns the transactions that the rest of a query chooses.
func (v view) list(ctx context.Context, rest string, args ...any) ([]Transaction, error) {
	rows, err := v.QueryContext(ctx, `SELECT `+transactionColumns+` FROM transactions`+rest, args...)
	return all(rows, err, scanTransaction)
}

func (v view) events(ctx context.Context, k Key) ([]Event, error) {
	rows, err := v.QueryContext(ctx, `SELECT e.at, e.state, e.detail FROM events e JOIN transactions t ON t.id = e.transaction_id
		WHERE t.provider = ? AND t.environment = ? AND t.reference = ? ORDER BY e.id`, k.Provider, k.Environment, k.Reference)
	return all(rows, err, func(r row) (Event, error) {
		var e Event
		var at int64
		err := r.Scan(&at, &e.State, &e.Detail)
		e.At = timeOf(at)
		return e, err
	})
}

// counts chooses what money may have moved for. Its indexes are used only
// where a condition says exactly this.
const counts = ` AND state NOT IN ('not_sent', 'failed', 'expired', 'cancelled')`

// Spent implements View.
func (v view) Spent(ctx context.Context, s Spending) (int64, error) {
	from, args := `transactions INDEXED BY transactions_spent WHERE `, []any{}
	if s.Party != "" {
		from, args = `transactions INDEXED BY transactions_party WHERE party = ? AND `, []any{s.Party}
	}
	args = append(args, millis(s.Since), s.Provider, s.Environment, s.Effect, s.Currency)
	var sum int64
	err := v.QueryRowContext(ctx, `SELECT COALESCE(SUM(amount), 0) FROM `+from+
		`claimed_at > ? AND provider = ? AND environment = ? AND effect = ? AND currency = ?`+counts, args...).Scan(&sum)
	return sum, wrapped(err) // a sum too large for 64 bits is an error too
}

// Similar implements View.
func (v view) Similar(ctx context.Context, t Transaction, since time.Time) (Transaction, bool, error) {
	const from, alike = `SELECT ` + transactionColumns + ` FROM transactions INDEXED BY `, ` AND party = ? AND provider = ? AND environment = ? AND effect = ? AND currency = ?
		AND capability = ? AND amount = ? AND reference <> ?` + counts
	args := []any{t.Party, t.Provider, t.Environment, t.Effect, t.Money.Currency(), t.Capability, t.Money.Minor(), t.Reference}
	return found(scanTransaction(v.QueryRowContext(ctx, from+`transactions_party WHERE claimed_at > ?`+alike+
		` UNION ALL `+from+`transactions_open WHERE effect <> 'collects' AND `+unsettled+alike+` ORDER BY claimed_at DESC LIMIT 1`,
		slices.Concat([]any{millis(since)}, args, args)...)))
}

// Vain implements View.
func (v view) Vain(ctx context.Context, t Transaction, since time.Time) (int, error) {
	const from, of = `SELECT COUNT(*) AS n FROM transactions INDEXED BY `, ` WHERE party = ? AND claimed_at > ? AND provider = ? AND environment = ? AND effect = 'collects' AND reference <> ?`
	args := []any{t.Party, millis(since), t.Provider, t.Environment, t.Reference}
	var n int
	err := v.QueryRowContext(ctx, `SELECT SUM(n) FROM (`+
		from+`transactions_vain`+of+` AND state IN ('failed', 'expired', 'cancelled') UNION ALL `+
		from+`transactions_party`+of+counts+` AND state <> 'succeeded')`, append(args, args...)...).Scan(&n)
	return n, wrapped(err)
}

// Find implements View.
func (l *SQLite) Find(ctx context.Context, k Key) (Transaction, bool, error) {
	v, err := l.read(ctx)
	if err != nil {
		return Transaction{}, false, err
	}
	return v.Find(ctx, k)
}

// Spent implements View.
func (l *SQLite) Spent(ctx context.Context, s Spending) (int64, error) {
	v, err := l.read(ctx)
	if err != nil {
		return 0, err
	}
	return v.Spent(ctx, s)
}

// Vain implements View.
func (l *SQLite) Vain(ctx context.Context, t Transaction, since time.Time) (int, error) {
	v, err := l.read(ctx)
	if err != nil {
		return 0, err
	}
	return v.Vain(ctx, t, since)
}

// Similar implements View.
func (l *SQLite) Similar(ctx context.Context, t Transaction, since time.Time) (Transaction, bool, error) {
	v, err := l.read(ctx)
	if err != nil {
		return Transaction{}, false, err
	}
	return v.Similar(ctx, t, since)
}
