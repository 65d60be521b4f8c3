package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Claim implements Ledger.
func (l *SQLite) Claim(ctx context.Context, c *Claim, judge func(View) error) error {
	return l.write(ctx, func(tx *transaction) error {
		v := view{tx}
		if err := judge(v); err != nil {
			return err
		}
		old, exists, err := v.Find(ctx, c.Key)
		if err != nil {
			return err
		}
		anew := c.Anew && old.State.Final() && old.State != capabilities.Succeeded
		if exists && old.State != NotSent && old.State != Absent && !anew {
			return ErrTaken
		}
		if c.Approval != "" {
			if err := use(ctx, tx, c); err != nil {
				return err
			}
		}
		c.Owner, c.State = l.owner.name, Claimed
		if err := put(ctx, tx, c.Transaction, exists); err != nil {
			return err
		}
		return record(ctx, tx, c.Key, Event{At: c.Claimed, State: Claimed, Detail: c.Detail})
	})
}

// use uses an approval up.
func use(ctx context.Context, tx *transaction, c *Claim) error {
	r, err := tx.ExecContext(ctx, `UPDATE approvals SET state = 'used', used_at = ? WHERE id = ? AND digest = ? AND state = 'approved' AND expires_at > ?`,
		millis(c.Claimed), c.Approval, c.ApprovalDigest, millis(c.Claimed))
	return one(r, err, ErrApproval)
}

var errNoTransaction = errors.New("ledger: there is no such transaction, or it is another process's")

// one makes sure that a statement changed exactly one row.
func one(r sql.Result, err error, otherwise error) error {
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if n != 1 {
		return otherwise
	}
	return nil
}

// put writes the row of a transaction that begins, or begins anew.
func put(ctx context.Context, tx *transaction, t Transaction, exists bool) error {
	statement := `INSERT INTO transactions (capability, effect, digest, amount, currency, network, party, account, state, refusal, owner, claimed_at, updated_at, provider, environment, reference)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)`
	if exists {
		statement = `UPDATE transactions SET capability = ?, effect = ?, digest = ?, amount = ?, currency = ?, network = ?, party = ?, account = ?, state = ?, refusal = '', owner = ?, claimed_at = ?, updated_at = ?
			WHERE provider = ? AND environment = ? AND reference = ?`
	}
	r, err := tx.ExecContext(ctx, statement, t.Capability, t.Effect, t.Digest, t.Money.Minor(), t.Money.Currency(), t.Network, t.Party, t.Account,
		t.State, t.Owner, millis(t.Claimed), millis(t.Claimed), t.Provider, t.Environment, t.Reference)
	return one(r, err, ErrTaken)
}

// record adds an event.
func record(ctx context.Context, tx *transaction, k Key, e Event) error {
	r, err := tx.ExecContext(ctx, `INSERT INTO events (transaction_id, at, state, detail)
		SELECT id, ?, ?, ? FROM transactions WHERE provider = ? AND environment = ? AND reference = ?`,
		millis(e.At), e.State, e.Detail, k.Provider, k.Environment, k.Reference)
	return one(r, err, errNoTransaction)
}

// Sending implements Ledger.
func (l *SQLite) Sending(ctx context.Context, k Key, network string, at time.Time) error {
	return l.write(ctx, func(tx *transaction) error {
		r, err := tx.ExecContext(ctx, `UPDATE transactions SET state = 'sent', updated_at = ?, network = CASE WHEN ? = '' THEN network ELSE ? END
			WHERE provider = ? AND environment = ? AND reference = ? AND state = 'claimed' AND owner = ?`,
			millis(at), network, network, k.Provider, k.Environment, k.Reference, l.owner.name)
		if err := one(r, err, errNoTransaction); err != nil {
			return err
		}
		return record(ctx, tx, k, Event{At: at, State: Sent})
	})
}

// Confirming implements Ledger.
func (l *SQLite) Confirming(ctx context.Context, k Key, at time.Time) error {
	return l.write(ctx, func(tx *transaction) error {
		t, found, err := view{tx}.Find(ctx, k)
		switch {
		case err != nil:
			return err
		case !found || !t.Open() || t.State == Claimed:
			return errNoTransaction
		}
		all, err := view{tx}.events(ctx, k)
		if err != nil {
			return err
		}
		if Confirmations(all) >= MostConfirmations {
			return ErrConfirmations
		}
		return record(ctx, tx, k, Event{At: at, State: t.State, Detail: confirming})
	})
}

// confirming is what the events say of a confirmation that is about to leave,
// and fulfilled of a verdict that said to fulfil.
const (
	confirming = "confirmation sent"
	fulfilled  = "told to fulfil"
)

// Fulfil implements Ledger.
func (l *SQLite) Fulfil(ctx context.Context, k Key, at time.Time) (before time.Time, err error) {
	err = l.write(ctx, func(tx *transaction) error {
		all, err := view{tx}.events(ctx, k)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(e Event) bool { return e.Detail == fulfilled }); i >= 0 {
			before = all[i].At
			return nil
		}
		return record(ctx, tx, k, Event{At: at, State: capabilities.Succeeded, Detail: fulfilled})
	})
	return before, err
}

// Settle implements Ledger.
func (l *SQLite) Settle(ctx context.Context, k Key, s Settlement) error {
	_, err := l.settle(ctx, k, s, func(t Transaction) error {
		if (s.State == NotSent || s.State == Absent && s.Claimed.IsZero()) && t.Owner != l.owner.name {
			return errNoTransaction // only who would have sent it knows
		}
		return nil
	})
	return err
}

// settle records an outcome, unless judge has something against it. It reports
// whether there was anything to record.
func (l *SQLite) settle(ctx context.Context, k Key, s Settlement, judge func(Transaction) error) (did bool, err error) {
	refusal, err := plain(s.Refusal)
	if err != nil {
		return false, err
	}
	old, exists, err := l.Find(ctx, k)
	if _, news := old.becomes(s); err != nil || !exists || !news {
		return false, err
	}
	err = l.write(ctx, func(tx *transaction) error {
		old, exists, err := view{tx}.Find(ctx, k)
		e, news := old.becomes(s)
		if err != nil || !exists || !news {
			return err
		}
		if err := judge(old); err != nil {
			return err
		}
		did = true
		if e.State == old.State && old.State.Final() {
			return remark(ctx, tx, k, e)
		}
		r, err := tx.ExecContext(ctx, `UPDATE transactions SET state = ?, refusal = ?, updated_at = ?, network = CASE WHEN ? = '' THEN network ELSE ? END
			WHERE provider = ? AND environment = ? AND reference = ?`,
			e.State, refusal, millis(s.At), s.Network, s.Network, k.Provider, k.Environment, k.Reference)
		if err := one(r, err, errNoTransaction); err != nil {
			return err
		}
		return record(ctx, tx, k, e)
	})
	return did && err == nil, err
}

// stale reports whether the answer to a question says nothing of a transaction
// as it is now: it was begun anew meanwhile, or is on its way, of which only its
// own call can tell. Money that has moved has moved.
func (s Settlement) stale(t Transaction) bool {
	if s.Claimed.IsZero() || s.State == capabilities.Succeeded {
		return false
	}
	return !t.Claimed.Equal(s.Claimed) || t.State == Claimed || t.State == Sent
}

// becomes is what a settlement makes of a transaction, and whether that is
// news. A final state stays, with a remark that the provider says otherwise.
// But money that has moved after all has moved: nothing stays in the way of
// success.
func (t Transaction) becomes(s Settlement) (e Event, news bool) {
	e = Event{At: s.At, State: s.State, Detail: s.Detail}
	switch {
	case s.stale(t):
		return e, false
	case t.Open():
		return e, t.State != s.State || s.Network != "" && s.Network != t.Network
	case t.State == s.State:
		return e, false
	case s.State == capabilities.Succeeded:
		e.Detail = strings.TrimSuffix("although it was "+string(t.State)+"; "+s.Detail, "; ")
		return e, true
	case t.State.Final() && s.State.Final():
		e.State, e.Detail = t.State, "although the provider says "+string(s.State)+" now"
		return e, true
	}
	return e, false
}

// remark adds an event that changes nothing, unless it is the last one already.
func remark(ctx context.Context, tx *transaction, k Key, e Event) error {
	all, err := view{tx}.events(ctx, k)
	if err != nil {
		return err
	}
	if last := all[len(all)-1]; last.State == e.State && last.Detail == e.Detail {
		return nil
	}
	return record(ctx, tx, k, e)
}

// plain is a refusal without the provider's own answer, which may hold what no
// row may.
func plain(r *capabilities.Refusal) (string, error) {
	if r == nil {
		return "", nil
	}
	b, err := json.Marshal(capabilities.Refusal{Kind: r.Kind, Message: r.Message, Fix: r.Fix})
	return string(b), wrapped(err)
}

// Recover implements Ledger.
func (l *SQLite) Recover(ctx context.Context, at time.Time) (int, error) {
	v, err := l.read(ctx)
	if err != nil {
		return 0, err
	}
	left, err := v.list(ctx, ` WHERE `+unsettled+` AND state IN ('claimed', 'sent')`)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, t := range left {
		if t.Owner == l.owner.name || alive(l.path, t.Owner) {
			continue
		}
		did, err := l.abandon(ctx, t, at)
		if err != nil {
			return n, err
		}
		if did {
			n++
		}
	}
	sweep(l.path)
	return n, nil
}

// errMoved says that a transaction is not any more what was read before.
var errMoved = errors.New("ledger: somebody else has settled it")

// abandon settles what a process left that is no more, unless somebody else
// has done so meanwhile: the reference may be claimed and on its way again.
func (l *SQLite) abandon(ctx context.Context, t Transaction, at time.Time) (bool, error) {
	s := Settlement{State: NotSent, Detail: "the process that claimed it ended before anything was sent", At: at}
	if before, err := l.Events(ctx, t.Key); err != nil {
		return false, err
	} else if slices.ContainsFunc(before, func(e Event) bool { return e.State == Sent }) {
		s.State = Absent // it was, before it was begun again
	}
	if t.State == Sent {
		s = Settlement{State: capabilities.Unknown, Detail: "the process that sent it ended before an answer came", At: at}
	}
	did, err := l.settle(ctx, t.Key, s, func(now Transaction) error {
		if now.Owner != t.Owner || now.State != t.State {
			return errMoved
		}
		return nil
	})
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return did, err
}

// List implements Ledger.
func (l *SQLite) List(ctx context.Context, f Filter) ([]Transaction, error) {
	v, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	where, args := f.conditions()
	where += ` ORDER BY claimed_at DESC, id DESC`
	if f.Limit > 0 {
		where += fmt.Sprintf(` LIMIT %d`, f.Limit)
	}
	return v.list(ctx, where, args...)
}

// unsettled chooses what is open. Its index is used only where a condition
// says exactly this.
const unsettled = `state IN ('claimed', 'sent', 'pending', 'unknown', 'absent')`

func (f Filter) conditions() (string, []any) {
	var where []string
	var args []any
	choose := func(given bool, condition string, values ...any) {
		if given {
			where, args = append(where, condition), append(args, values...)
		}
	}
	choose(f.Provider != "", "provider = ?", f.Provider)
	choose(f.Environment != "", "environment = ?", f.Environment)
	choose(f.Reference != "", "reference = ?", f.Reference)
	choose(f.State != "", "state = ?", f.State)
	choose(!f.Since.IsZero(), "claimed_at >= ?", millis(f.Since))
	choose(f.Open || Transaction{State: f.State}.Open() && f.State != "", unsettled)
	if len(where) == 0 {
		return "", nil
	}
	return ` WHERE ` + strings.Join(where, " AND "), args
}

// Events implements Ledger.
func (l *SQLite) Events(ctx context.Context, k Key) ([]Event, error) {
	v, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	return v.events(ctx, k)
}

// Ask implements Ledger. A last question that is yet to come was asked before
// the clock was set back, and stops nobody.
func (l *SQLite) Ask(ctx context.Context, k Key, now time.Time, interval time.Duration) (Question, error) {
	if err := l.open(ctx); err != nil {
		return Question{}, err
	}
	var first int64
	var q Question
	row := l.pace.QueryRowContext(ctx, `INSERT INTO questions AS old (provider, environment, reference, first_at, last_at, asks) VALUES (?, ?, ?, ?, ?, 1)
		ON CONFLICT (provider, environment, reference) DO UPDATE SET last_at = excluded.last_at, asks = old.asks + 1
			WHERE excluded.last_at - old.last_at >= ? OR old.last_at - excluded.last_at > ?
		RETURNING first_at, asks`,
		k.Provider, k.Environment, k.Reference, millis(now), millis(now), interval.Milliseconds(), interval.Milliseconds())
	if _, counted, err := found(k, row.Scan(&first, &q.Asks)); err != nil || counted {
		q.First = timeOf(first)
		return q, err
	}
	q, last, err := l.question(ctx, k)
	q.Wait = max(time.Millisecond, last.Add(interval).Sub(timeOf(millis(now))))
	return q, err
}

// Asked implements Ledger.
func (l *SQLite) Asked(ctx context.Context, k Key) (Question, error) {
	q, _, err := l.question(ctx, k)
	return q, err
}

func (l *SQLite) question(ctx context.Context, k Key) (q Question, last time.Time, err error) {
	v, err := l.read(ctx)
	if err != nil {
		return Question{}, time.Time{}, err
	}
	var firstAt, lastAt int64
	row := v.QueryRowContext(ctx, `SELECT first_at, last_at, asks FROM questions WHERE provider = ? AND environment = ? AND reference = ?`,
		k.Provider, k.Environment, k.Reference)
	_, _, err = found(k, row.Scan(&firstAt, &lastAt, &q.Asks))
	q.First = timeOf(firstAt)
	return q, timeOf(lastAt), err
}
