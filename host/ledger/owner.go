package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// owner is this process, as others see whether it is alive: it holds the lock
// of a file beside the ledger. The system lets go of it however the process
// ends.
type owner struct {
	name string
	lock *flock.Flock
}

func ownersOf(ledger string) string { return ledger + ".owners" }

// opening is the lock that a process holds while it opens the ledger.
func opening(ledger string) *flock.Flock {
	return flock.New(filepath.Join(ownersOf(ledger), "opening"))
}

func newOwner(ledger string) (*owner, error) {
	name := rand.Text()
	lock := flock.New(filepath.Join(ownersOf(ledger), name))
	held, err := lock.TryLock()
	if err == nil && !held {
		err = errors.New("another process holds it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be locked: %w", lock.Path(), err)
	}
	return &owner{name: name, lock: lock}, nil
}

func (o *owner) close() error { return drop(o.lock) }

// drop lets go of a lock and removes its file, which nobody will lock again.
// Somebody else may be about to do the same.
func drop(lock *flock.Flock) error {
	err := lock.Close()
	if gone := os.Remove(lock.Path()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// alive reports whether the process of that name still runs. When in doubt it
// does.
func alive(ledger, name string) bool {
	path := filepath.Join(ownersOf(ledger), name)
	if _, err := os.Stat(path); err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	lock := flock.New(path)
	if free, err := lock.TryLock(); err != nil || !free {
		return true
	}
	_ = drop(lock) // if it cannot be removed, it is found free again
	return false
}

// sweep removes what processes left that ended without a word. One that is
// younger may be between making its file and locking it.
func sweep(ledger string) {
	files, err := os.ReadDir(ownersOf(ledger))
	if err != nil {
		return // the next one will
	}
	for _, f := range files {
		info, err := f.Info()
		if err == nil && time.Since(info.ModTime()) > time.Hour && f.Name() != filepath.Base(opening(ledger).Path()) {
			alive(ledger, f.Name())
		}
	}
}
