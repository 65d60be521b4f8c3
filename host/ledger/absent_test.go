package ledger_test

import (
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// What the provider says was never created settles only what was asked for,
// and only while nothing of it is on its way.
func TestAbsent(t *testing.T) {
	for name, tt := range map[string]struct {
		state   capabilities.State
		claimed time.Time
		want    capabilities.State
	}{
		"of an unknown one":      {capabilities.Unknown, start, ledger.Absent},
		"of a pending one":       {capabilities.Pending, start, ledger.Absent},
		"of one on its way":      {ledger.Sent, start, ledger.Sent},
		"of one begun before it": {capabilities.Unknown, start.Add(-time.Minute), capabilities.Unknown},
		"of a paid one":          {capabilities.Succeeded, start, capabilities.Succeeded},
		"of a failed one":        {capabilities.Failed, start, capabilities.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if tt.state == ledger.Sent {
				b.send(payout("ORDER-1", "5000"))
			} else {
				b.end(payout("ORDER-1", "5000"), tt.state)
			}
			b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: ledger.Absent, Claimed: tt.claimed, At: start.Add(time.Minute)}))
			if got, _, err := b.Find(t.Context(), key("ORDER-1")); err != nil || got.State != tt.want {
				t.Errorf("%s (%v), want %s", got.State, err, tt.want)
			}
		})
	}
}

// It counts as spent, is open, may be claimed anew, and success replaces it.
func TestAbsentIsOpen(t *testing.T) {
	b := newBench(t)
	gone := func() {
		t.Helper()
		b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: ledger.Absent, Claimed: start, At: start.Add(time.Minute)}))
	}
	b.end(payout("ORDER-1", "5000"), capabilities.Unknown)
	gone()
	b.spent(spending(""), 5000)
	if open, err := b.List(t.Context(), ledger.Filter{Open: true}); err != nil || len(open) != 1 {
		t.Errorf("%d are open (%v), want 1", len(open), err)
	}
	b.send(payout("ORDER-1", "5000"))
	b.settle("ORDER-1", capabilities.Unknown)
	gone()
	b.settle("ORDER-1", capabilities.Succeeded)
	b.wants(claim(t.Context(), b.SQLite, payout("ORDER-1", "5000")), ledger.ErrTaken)
}

// A crash between a claim and its request leaves what there was before: absent,
// if it was sent once.
func TestCrashBeforeSendingAgain(t *testing.T) {
	b := newBench(t)
	b.end(payout("ORDER-1", "5000"), capabilities.Unknown)
	b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: ledger.Absent, Claimed: start, At: start}))
	b.begin(payout("ORDER-1", "5000"))
	path := b.Path()
	b.must(b.Close())
	after := ledger.File(path)
	t.Cleanup(func() { _ = after.Close() })
	if n, err := after.Recover(t.Context(), start.Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("%d were settled (%v), want 1", n, err)
	}
	if got, _, err := after.Find(t.Context(), key("ORDER-1")); err != nil || got.State != ledger.Absent {
		t.Errorf("%s (%v), want absent", got.State, err)
	}
}

// The answer to a question tells of what it was asked about. What was begun
// anew meanwhile, or is on its way, is settled by its own call; but money that
// has moved has moved.
func TestAnswersThatComeLate(t *testing.T) {
	before := start.Add(-time.Minute)
	for name, tt := range map[string]struct {
		is, says capabilities.State
		claimed  time.Time
		want     capabilities.State
	}{
		"pending, while it is sent":     {ledger.Sent, capabilities.Pending, start, ledger.Sent},
		"paid, while it is sent":        {ledger.Sent, capabilities.Succeeded, start, capabilities.Succeeded},
		"failed, of one before":         {capabilities.Unknown, capabilities.Failed, before, capabilities.Unknown},
		"pending, of one before":        {capabilities.Unknown, capabilities.Pending, before, capabilities.Unknown},
		"paid, of one before":           {capabilities.Unknown, capabilities.Succeeded, before, capabilities.Succeeded},
		"failed, of this one":           {capabilities.Unknown, capabilities.Failed, start, capabilities.Failed},
		"failed, by the call's own end": {ledger.Sent, capabilities.Failed, time.Time{}, capabilities.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.send(payout("ORDER-1", "5000"))
			if tt.is != ledger.Sent {
				b.settle("ORDER-1", tt.is)
			}
			b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: tt.says, Claimed: tt.claimed, At: start.Add(time.Minute)}))
			if got, _, err := b.Find(t.Context(), key("ORDER-1")); err != nil || got.State != tt.want {
				t.Errorf("%s (%v), want %s", got.State, err, tt.want)
			}
		})
	}
}
