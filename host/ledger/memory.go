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
	transactions map[Key]*entry
}

type entry struct {
	Transaction
	begun int // how often Begin was called without a Forget
}

// NewMemory returns an empty ledger.
func NewMemory() *Memory {
	return &Memory{transactions: map[Key]*entry{}}
}

// Find returns what is known of a reference.
func (m *Memory) Find(k Key) (Transaction, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.transactions[k]
	if !ok {
		return Transaction{}, false
	}
	return t.Transaction, true
}

// Begin records a transaction that is about to be sent. What is on record
// already stays, unless it failed: the first amount is the one that counts.
func (m *Memory) Begin(k Key, t Transaction) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.transactions[k]; ok && old.Capability != "" && old.State != capabilities.Failed {
		old.begun++
		return
	}
	m.transactions[k] = &entry{Transaction: t, begun: 1}
}

// Forget takes one Begin back, of which nothing was sent. The transaction goes
// with the last of them: another may have been sent under the same reference.
func (m *Memory) Forget(k Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.transactions[k]
	if !ok {
		return
	}
	t.begun--
	if t.begun <= 0 && t.State == capabilities.Pending && t.Asks == 0 {
		delete(m.transactions, k)
	}
}

// Route records the network that a transaction takes.
func (m *Memory) Route(k Key, network string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.transactions[k]; ok && network != "" {
		t.Network = network
	}
}

// Settle records a state.
func (m *Memory) Settle(k Key, state capabilities.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.transactions[k]; ok && !t.State.Final() {
		t.State = state
	}
}

// Ask counts a question about a reference at a time, unless one was asked less
// than interval before: then it returns how long to wait.
func (m *Memory) Ask(k Key, now time.Time, interval time.Duration) (wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.transactions[k]
	if !ok {
		t = &entry{Transaction: Transaction{Began: now}}
		m.transactions[k] = t
	}
	if wait := t.Asked.Add(interval).Sub(now); t.Asks > 0 && wait > 0 {
		return wait
	}
	t.Asked = now
	t.Asks++
	return 0
}
