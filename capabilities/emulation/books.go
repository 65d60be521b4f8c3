package emulation

import (
	"iter"
	"slices"
	"sync"
	"time"
)

// Operation is what a request asks the provider to do with money.
type Operation string

// The operations.
const (
	Collect  Operation = "collect"
	Disburse Operation = "disburse"
	Refund   Operation = "refund"
)

// State is what has become of a transaction.
type State string

// The states. All but Pending are final.
const (
	Pending   State = "pending"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Expired   State = "expired"
)

// Transaction is one line of the books.
type Transaction struct {
	// ID counts the transactions from 1, for the provider's own identifiers.
	ID int `json:"-"`
	// Ending chooses what happens. Where it is empty, MSISDN says it.
	Ending Ending `json:"-"`
	// Extra is what the emulator itself keeps of it. The books do not look at it.
	Extra any `json:"-"`

	Reference string    `json:"reference"`
	Operation Operation `json:"operation"`
	Network   string    `json:"network"`
	MSISDN    string    `json:"msisdn"`
	Amount    string    `json:"amount"` // decimal, in major units
	Currency  string    `json:"currency"`
	State     State     `json:"state"`
	// Waiting says that the customer has something to do before it goes on: see Rules.Waits.
	Waiting bool `json:"waiting,omitempty"`
	// Requests is how many requests for this transaction arrived, those included that the provider
	// did not take because it had failed or because it had taken one before.
	Requests int `json:"requests"`
	// Paid is how many times money really moved.
	Paid    int       `json:"paid"`
	Created time.Time `json:"created"`
	Settled time.Time `json:"settled,omitzero"` // absent while it is not final
}

// Books are what an emulator holds: the truth about who asked for what, and what was paid. A Till
// writes them; everybody may read them. They are safe for concurrent use.
type Books struct {
	clock  Clock
	unique func(Transaction) string
	judge  func(Transaction, iter.Seq[Transaction]) Ending
	waits  func(Transaction) time.Duration

	mu          sync.Mutex
	lines       []*line // line i holds the transaction with ID i+1
	byKey       map[string]*line
	byReference map[string][]*line
}

type line struct {
	Transaction
	taken bool          // false: every request so far failed before the provider took it
	asked int           // how often its status was asked for
	final chan struct{} // closed once the state is final
}

// newBooks are empty books, kept by those rules.
func newBooks(clock Clock, r Rules) *Books {
	if r.Unique == nil {
		r.Unique = func(t Transaction) string { return t.Reference }
	}
	if r.Judge == nil {
		r.Judge = func(t Transaction, _ iter.Seq[Transaction]) Ending { return t.Ending }
	}
	if r.Waits == nil {
		r.Waits = func(Transaction) time.Duration { return 0 }
	}
	return &Books{
		clock:       clock,
		unique:      r.Unique,
		judge:       r.Judge,
		waits:       r.Waits,
		byKey:       map[string]*line{},
		byReference: map[string][]*line{},
	}
}

// open books a request for money that the provider takes, as pending. If the same was asked for
// before, the request is counted there, and open gives that transaction and false.
func (b *Books) open(t Transaction) (Transaction, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.enter(t)
	fresh := !l.taken
	if fresh {
		l.Ending = b.judge(l.Transaction, b.held)
		l.taken, l.State = true, Pending
		l.Waiting = b.waits(l.Transaction) > 0
	}
	return l.Transaction, fresh
}

// resume lets a transaction that waits go on as tx says. It gives false, and changes nothing, if it
// does not wait any more.
func (b *Books) resume(tx Transaction) (Transaction, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lines[tx.ID-1]
	if !l.Waiting || l.State != Pending {
		return l.Transaction, false
	}
	l.MSISDN, l.Network, l.Amount, l.Extra, l.Ending = tx.MSISDN, tx.Network, tx.Amount, tx.Extra, tx.Ending
	l.Ending = b.judge(l.Transaction, b.held)
	l.Waiting = false
	return l.Transaction, true
}

// turnAway counts a request for money that failed before the provider took it. Nothing will ever
// be paid for it, so the books show it as failed; to Find it is unknown, and to open it is new.
func (b *Books) turnAway(t Transaction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enter(t)
}

// settle makes a pending transaction final, and counts the money that moves if it succeeded.
// It gives false, and changes nothing, if the transaction was final already.
func (b *Books) settle(id int, s State) (Transaction, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lines[id-1]
	if l.State != Pending {
		return l.Transaction, false
	}
	l.State, l.Waiting, l.Settled = s, false, b.clock.Now()
	if s == Succeeded {
		l.Paid++
	}
	close(l.final)
	return l.Transaction, true
}

// Find is the latest transaction under that reference which the provider took and which is wanted.
func (b *Books) Find(reference string, wanted func(Transaction) bool) (Transaction, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.byReference[reference]
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].taken && wanted(lines[i].Transaction) {
			return lines[i].Transaction, true
		}
	}
	return Transaction{}, false
}

// Transactions is everything that the books hold, in the order of its arrival.
func (b *Books) Transactions() []Transaction {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.AppendSeq(make([]Transaction, 0, len(b.lines)), b.held)
}

// held goes through everything that the books hold, for one who has locked them.
func (b *Books) held(yield func(Transaction) bool) {
	for _, l := range b.lines {
		if !yield(l.Transaction) {
			return
		}
	}
}

// enter finds the line of t, or begins it, and counts the request.
func (b *Books) enter(t Transaction) *line {
	key := b.unique(t)
	l, known := b.byKey[key]
	if !known {
		l = b.add(key, t.Reference)
	}
	if !l.taken {
		l.Transaction = b.begin(t, l.ID, l.Requests)
	}
	l.Requests++
	return l
}

// add begins an empty line.
func (b *Books) add(key, reference string) *line {
	l := &line{final: make(chan struct{})}
	l.ID = len(b.lines) + 1
	b.lines = append(b.lines, l)
	b.byReference[reference] = append(b.byReference[reference], l)
	if key != "" {
		b.byKey[key] = l
	}
	return l
}

// begin is t as it stands before the provider takes it.
func (b *Books) begin(t Transaction, id, requests int) Transaction {
	t.ID, t.Requests, t.Paid = id, requests, 0
	t.State, t.Waiting, t.Created, t.Settled = Failed, false, b.clock.Now(), time.Time{}
	return t
}

// ask counts a status call and gives how many there have been.
func (b *Books) ask(id int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines[id-1].asked++
	return b.lines[id-1].asked
}

// get is the transaction as it stands now.
func (b *Books) get(id int) Transaction {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines[id-1].Transaction
}

// final is closed once the transaction is.
func (b *Books) final(id int) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines[id-1].final
}
