package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver
)

//go:embed migrations/*.sql
var migrations embed.FS

// busy is how long a process waits for another one's writing.
const busy = 10 * time.Second

// SQLite is a ledger in one file, which any number of processes on one machine
// share. It is opened by the first call.
type SQLite struct {
	path string

	mu     sync.Mutex
	closed bool
	*handles
}

// handles are what an open ledger holds.
type handles struct {
	owner *owner
	// money writes to disk before a commit returns. pace need not: a question
	// that a power cut forgets may be asked once more. reads waits for neither.
	money, pace, reads *prepared
}

var _ Ledger = (*SQLite)(nil)

// File returns the ledger in a file, wherever the process goes from here. It
// touches nothing yet.
func File(path string) *SQLite {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return &SQLite{path: path}
}

// Path is where the ledger is.
func (l *SQLite) Path() string { return l.path }

// Exists reports whether the file is there. Opening it would create it.
func (l *SQLite) Exists() bool {
	_, err := os.Stat(l.path)
	return err == nil
}

var errClosed = errors.New("ledger: it is closed")

// open opens the file, once, and brings its tables up to date. What fails is
// tried again by the next call.
func (l *SQLite) open(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	if l.handles != nil {
		return nil
	}
	h, err := open(ctx, l.path)
	if err != nil {
		return fmt.Errorf("ledger: %s cannot be opened: %w", l.path, err)
	}
	l.handles = h
	return nil
}

// open opens what a ledger holds, one process after the other: of two that
// create the tables at once, one would fail.
func open(ctx context.Context, path string) (*handles, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, busy)
	defer cancel()
	turn := opening(path)
	if _, err := turn.TryLockContext(ctx, time.Millisecond); err != nil {
		return nil, fmt.Errorf("%s cannot be locked: %w", turn.Path(), err)
	}
	h := &handles{}
	if err := errors.Join(h.connect(ctx, path), turn.Close()); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *handles) connect(ctx context.Context, path string) (err error) {
	if h.money, err = connect(ctx, path, 1, "synchronous(FULL)"); err != nil {
		return err
	}
	if err := migrate(ctx, h.money.DB); err != nil {
		return err
	}
	if h.pace, err = connect(ctx, path, 1, "synchronous(NORMAL)"); err != nil {
		return err
	}
	if h.reads, err = connect(ctx, path, readers, "query_only(1)"); err != nil {
		return err
	}
	h.owner, err = newOwner(path)
	return err
}

func (h *handles) close() error {
	var errs []error
	for _, db := range []*prepared{h.reads, h.pace, h.money} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if h.owner != nil {
		errs = append(errs, h.owner.close())
	}
	return errors.Join(errs...)
}

// private creates the file and what belongs to it for their owner alone, as
// far as they are missing.
func private(path string) error {
	if err := mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.MkdirAll(ownersOf(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// mkdir creates a directory and those above it, each of them durably: SQLite
// sees to the files in it, but a directory that a power cut forgets takes them
// along.
func mkdir(dir string) error {
	if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
		return err
	}
	if err := mkdir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // which syncs no directories
	}
	above, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	return errors.Join(above.Sync(), above.Close())
}

// readers is how many calls of one process read at the same time.
const readers = 4

func connect(ctx context.Context, path string, most int, pragmas ...string) (*prepared, error) {
	// fullfsync is what durable means on macOS; elsewhere it is nothing.
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "foreign_keys(1)", "fullfsync(1)"}, pragmas...),
	}
	name := url.URL{Path: filepath.ToSlash(path)}
	db, err := sql.Open("sqlite", "file:"+name.EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &prepared{DB: db}, nil
}

// migrate brings the tables up to date. It leaves those alone that a newer
// program has written.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	is, known, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if is > known {
		return fmt.Errorf("a newer version of this program has written it: its tables are of version %d, and this program knows %d; update this program", is, known)
	}
	_, err = p.Up(ctx)
	return err
}

// Close implements Ledger.
func (l *SQLite) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.handles == nil {
		l.closed = true
		return nil
	}
	l.closed = true
	return l.handles.close()
}

// write runs f in one transaction that no other writer comes between, and that
// is on disk when it returns.
func (l *SQLite) write(ctx context.Context, f func(*transaction) error) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	return l.money.within(ctx, f)
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// read returns the view of the ledger as it is now.
func (l *SQLite) read(ctx context.Context) (view, error) {
	if err := l.open(ctx); err != nil {
		return view{}, err
	}
	return view{l.reads}, nil
}

// millis is a time as it is stored.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
