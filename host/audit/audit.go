// Package audit writes one line for every call: who asked for what, when, and
// what was decided. No line holds a body, a name, a number or a secret.
package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Entry is one call.
type Entry struct {
	At          time.Time `json:"at"`
	Client      string    `json:"client,omitempty"` // as it names itself
	Version     string    `json:"version,omitempty"`
	Transport   string    `json:"transport"` // stdio or cli
	Principal   string    `json:"principal"` // whom the process runs as
	Tool        string    `json:"tool"`
	Environment string    `json:"environment,omitempty"`
	Reference   string    `json:"reference,omitempty"`
	Party       string    `json:"party,omitempty"` // keyed hash
	// Decision is done, or the kind of the refusal.
	Decision   string  `json:"decision"`
	Guard      string  `json:"guard,omitempty"`
	State      string  `json:"state,omitempty"`
	DurationMS float64 `json:"duration_ms"`
}

// Log writes entries. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	open func() (io.Writer, error)
}

// File returns a log that appends to a file, which the first entry creates for
// its owner alone. Processes may share it: a line is one write.
func File(path string) *Log {
	return &Log{open: sync.OnceValues(func() (io.Writer, error) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		return f, nil
	})}
}

// To returns a log that writes to w.
func To(w io.Writer) *Log {
	return &Log{open: func() (io.Writer, error) { return w, nil }}
}

// Write appends an entry.
func (l *Log) Write(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w, err := l.open()
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
