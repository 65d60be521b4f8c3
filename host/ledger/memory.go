// Package ledger is the record of what is known of each reference.
package ledger

import (
	"sync"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Key identifies a transaction.
type Key struct {
	Provider    string
	Environment string
	Reference   string
}

// Transaction is what is known of one reference.
type Transaction struct {
	Capability string // what began it; empty if it did not begin here
	Effect     capabilities.Effect
	Amount     capabilities.Amount
	Currency   capabilities.Currency
	Network    string
	State      capabilities.State
	Began      time.Time // when it began here, or was first asked for
	Asked      time.Time // the last question to the provider
	Asks       int       // how many questions there were
}

// Memory is a ledger that lasts as long as the process. It is safe for
// concurrent use.
type Memory struct {
	mu           sync.Mutex
	transactions map[Key]*Transaction
}

// NewMemory returns an empty ledger.
func NewMemory() *Memory {
	return &Memory{transactions: map[Key]*Transaction{}}
}

// Find returns what is known of a reference.
func (m *Memory) Find(k Key) (Transaction, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.transactions[k]
	if !ok {
		return Transaction{}, false
	}
	return *t, true
}

// Begin records a transaction that is about to be sent. What is on record
// already stays, unless it failed: the first amount is the one that counts.
func (m *Memory) Begin(k Key, t Transaction) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.transactions[k]; ok && old.Capability != "" && old.State != capabilities.Failed {
		return
	}
	m.transactions[k] = &t
}

// Forget removes a transaction of which nothing was sent.
func (m *Memory) Forget(k Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.transactions[k]; ok && t.State == capabilities.Pending && t.Asks == 0 {
		delete(m.transactions, k)
	}
}

// Settle records a state, and the network once it is known.
func (m *Memory) Settle(k Key, state capabilities.State, network string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.transactions[k]
	if !ok || t.State.Final() {
		return
	}
	t.State = state
	if network != "" {
		t.Network = network
	}
}

// Ask counts a question about a reference at a time, unless one was asked less
// than interval before: then it returns how long to wait.
func (m *Memory) Ask(k Key, now time.Time, interval time.Duration) (wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.transactions[k]
	if !ok {
		t = &Transaction{Began: now}
		m.transactions[k] = t
	}
	if wait := t.Asked.Add(interval).Sub(now); t.Asks > 0 && wait > 0 {
		return wait
	}
	t.Asked = now
	t.Asks++
	return 0
}
