package ledger_test

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

func (b *bench) recover(want int) {
	b.Helper()
	if n, err := b.Recover(b.Context(), start.Add(time.Minute)); err != nil || n != want {
		b.Errorf("%d were settled (%v), want %d", n, err, want)
	}
}

func TestRecoverAfterAKill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.begin(payout("MINE", "5000"))
	b.end(payout("OPEN", "5000"), capabilities.Pending)
	kill := holder(t, b.Path(), "DEAD")
	holder(t, b.Path(), "ALIVE")
	b.recover(0)
	b.state("DEAD", ledger.Claimed)
	b.state("DEAD-SENT", ledger.Sent)

	kill()
	b.recover(2)
	b.state("DEAD", ledger.NotSent)
	b.state("DEAD-SENT", capabilities.Unknown)
	b.timeline("DEAD", "claimed", "not_sent: the process that claimed it ended before anything was sent")
	b.timeline("DEAD-SENT", "claimed", "sent", "unknown: the process that sent it ended before an answer came")
	b.state("MINE", ledger.Claimed)
	b.state("OPEN", capabilities.Pending)
	b.state("ALIVE", ledger.Claimed)
	b.state("ALIVE-SENT", ledger.Sent)

	b.recover(0)
	b.begin(payout("DEAD", "5000")) // free again
	b.wants(claim(t.Context(), b.SQLite, payout("DEAD-SENT", "6000")), ledger.ErrTaken)
}

// A process that closed its ledger in good order, and left something all the
// same, is no more either.
func TestRecoverAfterAClose(t *testing.T) {
	b := newBench(t)
	other := b.elsewhere()
	other.send(payout("ORDER-1", "5000"))
	b.recover(0)
	b.must(other.Close())
	b.recover(1)
	b.state("ORDER-1", capabilities.Unknown)
}

func TestAllRecoverAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	holder(t, b.Path(), "DEAD")()
	handles := []*bench{b, b.elsewhere(), b.elsewhere(), b.elsewhere(), b.elsewhere(), b.elsewhere()}
	var all sync.WaitGroup
	var settled atomic.Int32
	for _, h := range handles {
		all.Go(func() {
			n, err := h.Recover(t.Context(), start)
			if err != nil {
				t.Error(err)
			}
			settled.Add(int32(n))
		})
	}
	all.Wait()
	// One that looks while another one does may take the dead for alive; the
	// other one settles it.
	if settled.Load() != 2 {
		t.Errorf("they settled %d, want each of 2 once", settled.Load())
	}
	b.state("DEAD", ledger.NotSent)
	b.timeline("DEAD-SENT", "claimed", "sent", "unknown: the process that sent it ended before an answer came")
}

// What killed processes leave in the folder goes, in time.
func TestDeadOwnersAreSweptAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.begin(payout("MINE", "5000"))
	holder(t, b.Path(), "DEAD")()
	b.recover(2)
	holder(t, b.Path(), "DEAD-2")()
	_, err := b.Recover(t.Context(), start)
	b.must(err)
	stray := filepath.Join(b.Path()+".owners", "STRAY")
	for _, name := range []string{stray, stray + "-YOUNG"} {
		b.must(os.WriteFile(name, nil, 0o600))
	}
	files := func() int {
		all, err := os.ReadDir(b.Path() + ".owners")
		b.must(err)
		return len(all)
	}
	if n := files(); n != 4 { // mine, the turn to open, and the strays
		t.Errorf("%d files are left, want 4", n)
	}
	old := time.Now().Add(-2 * time.Hour)
	all, err := os.ReadDir(b.Path() + ".owners")
	b.must(err)
	for _, f := range all {
		if f.Name() != "STRAY-YOUNG" {
			b.must(os.Chtimes(filepath.Join(b.Path()+".owners", f.Name()), old, old))
		}
	}
	b.recover(0)
	if n := files(); n != 3 {
		t.Errorf("%d files are left, want 3", n)
	}
	other := b.elsewhere()
	other.recover(0)
	b.state("MINE", ledger.Claimed)
}
