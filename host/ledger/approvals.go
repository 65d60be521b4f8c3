package ledger

import (
	"context"
	"time"
)

const approvalColumns = `id, provider, environment, reference, capability, digest, facts, state, asked_at, expires_at, decided_at, decided_by, channel, used_at`

func scanApproval(r row) (Approval, error) {
	var a Approval
	var asked, expires, decided, used int64
	err := r.Scan(&a.ID, &a.Provider, &a.Environment, &a.Reference, &a.Capability, &a.Digest, &a.Facts, &a.State,
		&asked, &expires, &decided, &a.By, &a.Channel, &used)
	a.Asked, a.Expires, a.At, a.Used = timeOf(asked), timeOf(expires), timeOf(decided), timeOf(used)
	a.Approve = a.State == Approved || a.State == Used
	return a, err
}

// waiting chooses what a human can still decide on, or could until it expired.
// Its index is used only where a condition says exactly this.
const waiting = `state = 'waiting' AND facts <> x''`

// PutApproval implements Ledger.
func (l *SQLite) PutApproval(ctx context.Context, a Approval) error {
	return l.write(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO approvals (id, provider, environment, reference, capability, digest, facts, state, asked_at, expires_at)
			SELECT ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ? WHERE NOT EXISTS (SELECT 1 FROM approvals WHERE digest = ? AND state = 'waiting' AND expires_at > ?)`,
			a.ID, a.Provider, a.Environment, a.Reference, a.Capability, a.Digest, a.Facts, millis(a.Asked), millis(a.Expires), a.Digest, millis(a.Asked))
		if err != nil {
			return wrapped(err)
		}
		// What nobody decided in time need not be kept.
		_, err = tx.ExecContext(ctx, `UPDATE approvals SET facts = x'' WHERE `+waiting+` AND expires_at <= ?`, millis(a.Asked))
		return wrapped(err)
	})
}

// FindApproval implements Ledger.
func (l *SQLite) FindApproval(ctx context.Context, id string) (Approval, bool, error) {
	v, err := l.read(ctx)
	if err != nil {
		return Approval{}, false, err
	}
	return found(scanApproval(v.QueryRowContext(ctx, `SELECT `+approvalColumns+` FROM approvals WHERE id = ?`, id)))
}

// Approval implements View.
func (v view) Approval(ctx context.Context, digest string, state ApprovalState, now time.Time) (Approval, bool, error) {
	return found(scanApproval(v.QueryRowContext(ctx, `SELECT `+approvalColumns+` FROM approvals
		WHERE digest = ? AND state = ? AND expires_at > ? ORDER BY expires_at DESC LIMIT 1`, digest, state, millis(now))))
}

// Approval implements View.
func (l *SQLite) Approval(ctx context.Context, digest string, state ApprovalState, now time.Time) (Approval, bool, error) {
	v, err := l.read(ctx)
	if err != nil {
		return Approval{}, false, err
	}
	return v.Approval(ctx, digest, state, now)
}

// Approvals implements Ledger.
func (l *SQLite) Approvals(ctx context.Context, now time.Time, decided bool) ([]Approval, error) {
	v, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	where, args := ``, []any{}
	if !decided {
		where, args = `WHERE `+waiting+` AND expires_at > ?`, []any{millis(now)}
	}
	rows, err := v.QueryContext(ctx, `SELECT `+approvalColumns+` FROM approvals `+where+` ORDER BY asked_at, id`, args...)
	return all(rows, err, scanApproval)
}

// Decide implements Ledger.
func (l *SQLite) Decide(ctx context.Context, id string, d Decision) error {
	state := Denied
	if d.Approve {
		state = Approved
	}
	return l.write(ctx, func(tx *transaction) error {
		r, err := tx.ExecContext(ctx, `UPDATE approvals SET state = ?, decided_at = ?, decided_by = ?, channel = ?, facts = x''
			WHERE id = ? AND state = 'waiting' AND expires_at > ?`, state, millis(d.At), d.By, d.Channel, id, millis(d.At))
		return one(r, err, ErrApproval)
	})
}

// Acknowledged implements View.
func (v view) Acknowledged(ctx context.Context, notice, version string) (bool, error) {
	var n int
	err := v.QueryRowContext(ctx, `SELECT COUNT(*) FROM acknowledgements WHERE notice = ? AND version = ?`, notice, version).Scan(&n)
	return n > 0, wrapped(err)
}

// Acknowledged implements View.
func (l *SQLite) Acknowledged(ctx context.Context, notice, version string) (bool, error) {
	v, err := l.read(ctx)
	if err != nil {
		return false, err
	}
	return v.Acknowledged(ctx, notice, version)
}

// Acknowledge implements Ledger.
func (l *SQLite) Acknowledge(ctx context.Context, a Acknowledgement) error {
	return l.write(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO acknowledgements (notice, version, at, who, channel) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			a.Notice, a.Version, millis(a.At), a.By, a.Channel)
		return wrapped(err)
	})
}

// Acknowledgements implements Ledger.
func (l *SQLite) Acknowledgements(ctx context.Context) ([]Acknowledgement, error) {
	v, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := v.QueryContext(ctx, `SELECT notice, version, at, who, channel FROM acknowledgements ORDER BY at, notice`)
	return all(rows, err, func(r row) (Acknowledgement, error) {
		var a Acknowledgement
		var at int64
		err := r.Scan(&a.Notice, &a.Version, &at, &a.By, &a.Channel)
		a.At = timeOf(at)
		return a, err
	})
}
