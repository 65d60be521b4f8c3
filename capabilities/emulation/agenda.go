package emulation

import (
	"sync"
	"time"
)

// agenda is what is still to be done, on a clock. Closing it drops what has not begun and waits
// for what has.
type agenda struct {
	clock  Clock
	closed chan struct{}

	mu      sync.Mutex
	pending map[*appointment]struct{} // nil once closed
	open    sync.WaitGroup            // appointments that have neither run nor been dropped
}

type appointment struct{ stop func() bool }

func newAgenda(clock Clock) *agenda {
	return &agenda{clock: clock, closed: make(chan struct{}), pending: map[*appointment]struct{}{}}
}

// after does f once d has passed, unless the agenda is closed by then.
func (a *agenda) after(d time.Duration, f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pending == nil {
		return
	}
	a.open.Add(1)
	p := &appointment{}
	p.stop = a.clock.AfterFunc(d, func() {
		defer a.open.Done()
		a.forget(p)
		f()
	})
	a.pending[p] = struct{}{}
}

func (a *agenda) forget(p *appointment) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.pending, p)
}

func (a *agenda) close() {
	a.drop()
	a.open.Wait()
}

func (a *agenda) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pending == nil {
		return
	}
	for p := range a.pending {
		if p.stop() {
			a.open.Done()
		}
	}
	a.pending = nil
	close(a.closed)
}
