package emulation

import (
	"slices"
	"sync"
	"time"
)

// Clock tells the time and calls back later.
type Clock interface {
	// Now is the current time.
	Now() time.Time
	// AfterFunc calls f once d has passed, and never before it has itself returned.
	// Calling stop prevents that, and reports whether it did: false means that f was called already.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// ManualClock is a clock that moves only when told to. It is safe for concurrent use.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer // by due time; timers due together in the order of their making
}

type manualTimer struct {
	due time.Time
	f   func()
}

var _ Clock = (*ManualClock)(nil)

// NewManualClock is a clock that stands at start.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{now: start}
}

// Now is where the clock stands; inside a callback, the moment at which that callback fell due.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc implements Clock. Even what is due at once waits for the next Advance.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{due: c.now.Add(d), f: f}
	after := slices.IndexFunc(c.timers, func(other *manualTimer) bool { return other.due.After(t.due) })
	if after < 0 {
		after = len(c.timers)
	}
	c.timers = slices.Insert(c.timers, after, t)
	return func() bool { return c.stop(t) }
}

// Advance moves the clock by d and calls, one after the other and in order, what falls due on the
// way. What those calls schedule runs too, if it falls due by then. Advance(0) runs what is due now.
func (c *ManualClock) Advance(d time.Duration) {
	end := c.Now().Add(d)
	for t := c.next(end); t != nil; t = c.next(end) {
		t.f()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.Before(end) {
		c.now = end
	}
}

// Timers is the number of calls that wait for their time. A test that lets a request wait on the
// clock in another goroutine watches it to know when the request has arrived.
func (c *ManualClock) Timers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// next takes the first timer that is due by end, and moves the clock to it.
func (c *ManualClock) next(end time.Time) *manualTimer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 || c.timers[0].due.After(end) {
		return nil
	}
	t := c.timers[0]
	c.timers = slices.Delete(c.timers, 0, 1)
	if c.now.Before(t.due) {
		c.now = t.due
	}
	return t
}

func (c *ManualClock) stop(t *manualTimer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.timers, t)
	if i < 0 {
		return false
	}
	c.timers = slices.Delete(c.timers, i, i+1)
	return true
}
