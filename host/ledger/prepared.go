package ledger

import (
	"context"
	"database/sql"
	"sync"
)

// prepared is a database that keeps its statements prepared: to prepare one
// takes longer than most of them run. They must be few.
type prepared struct {
	*sql.DB
	statements sync.Map // of *sql.Stmt, by their text
}

// statement returns the prepared statement, if it can be had.
func (p *prepared) statement(ctx context.Context, query string) *sql.Stmt {
	if s, ok := p.statements.Load(query); ok {
		return s.(*sql.Stmt)
	}
	s, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil // whoever runs it unprepared hears why
	}
	if first, taken := p.statements.LoadOrStore(query, s); taken {
		_ = s.Close()
		return first.(*sql.Stmt)
	}
	return s
}

// QueryRowContext is that of sql.DB.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.statement(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// within runs f in one transaction.
func (p *prepared) within(ctx context.Context, f func(*transaction) error) error {
	tx, err := p.BeginTx(ctx, nil)
	if err != nil {
		return wrapped(err)
	}
	t := &transaction{Tx: tx, db: p}
	defer t.end(ctx)
	if err := f(t); err != nil {
		return err
	}
	return wrapped(tx.Commit())
}

// transaction is one in a database that keeps its statements prepared. It
// cannot add to them as long as it has the only connection.
type transaction struct {
	*sql.Tx
	db      *prepared
	missing []string
}

// end undoes what was not committed, and prepares for the next one.
func (t *transaction) end(ctx context.Context) {
	_ = t.Rollback() // of what was committed, nothing is left to undo
	for _, query := range t.missing {
		t.db.statement(ctx, query)
	}
}

func (t *transaction) statement(ctx context.Context, query string) *sql.Stmt {
	s, ok := t.db.statements.Load(query)
	if !ok {
		t.missing = append(t.missing, query)
		return nil
	}
	return t.StmtContext(ctx, s.(*sql.Stmt))
}

// QueryRowContext is that of sql.Tx.
func (t *transaction) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := t.statement(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}

// ExecContext is that of sql.Tx.
func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s := t.statement(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}
