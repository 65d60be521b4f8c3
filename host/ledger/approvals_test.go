package ledger_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/host/ledger"
)

const lifetime = 10 * time.Minute

func waiting(id, digest string) ledger.Approval {
	return ledger.Approval{
		ID: id, Key: key("ORDER-1"), Capability: "disburse", Digest: digest, Facts: []byte("sealed"), State: ledger.Waiting,
		Asked: start, Expires: start.Add(lifetime),
	}
}

// held puts an approval that waits for a human.
func (b *bench) held(id, digest string) ledger.Approval {
	b.Helper()
	a := waiting(id, digest)
	b.must(b.PutApproval(b.Context(), a))
	return a
}

// approved puts an approval that a human has given.
func (b *bench) approved(id, digest string) ledger.Approval {
	b.Helper()
	a := b.held(id, digest)
	b.must(b.Decide(b.Context(), id, ledger.Decision{Approve: true, By: "afi", Channel: "terminal", At: start.Add(time.Minute)}))
	return a
}

func (b *bench) approval(id string, want ledger.ApprovalState) ledger.Approval {
	b.Helper()
	a, found, err := b.FindApproval(b.Context(), id)
	if err != nil || !found || a.State != want {
		b.Errorf("the approval %s is %q (%v), want %s", id, a.State, err, want)
	}
	return a
}

// claimWith claims a reference with an approval.
func (b *bench) claimWith(reference, id, digest string, at time.Time) error {
	c := &ledger.Claim{Transaction: payout(reference, "5000"), Approval: id, ApprovalDigest: digest}
	c.Claimed = at
	return b.Claim(b.Context(), c, yes)
}

func TestAnApprovalIsUsedOnce(t *testing.T) {
	b := newBench(t)
	b.approved("a", "digest")
	at := start.Add(2 * time.Minute)
	b.must(b.claimWith("ORDER-1", "a", "digest", at))
	if a := b.approval("a", ledger.Used); !a.Used.Equal(at) || a.By != "afi" || a.Channel != "terminal" || !a.Approve {
		t.Errorf("on record is %+v", a)
	}
	b.wants(b.elsewhere().claimWith("ORDER-2", "a", "digest", at), ledger.ErrApproval)
	b.absent("ORDER-2")
	b.settle("ORDER-1", ledger.NotSent)
	b.wants(b.claimWith("ORDER-1", "a", "digest", at), ledger.ErrApproval) // not even for the same
	b.state("ORDER-1", ledger.NotSent)
}

func TestManyClaimsOnOneApproval(t *testing.T) {
	b := newBench(t)
	b.approved("a", "digest")
	handles := []*bench{b, b.elsewhere()}
	var all sync.WaitGroup
	var through atomic.Int32
	for i, reference := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
		all.Go(func() {
			switch err := handles[i%2].claimWith(reference, "a", "digest", start.Add(time.Minute)); {
			case err == nil:
				through.Add(1)
			case !errors.Is(err, ledger.ErrApproval):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if through.Load() != 1 {
		t.Errorf("one approval let %d payouts through", through.Load())
	}
}

func TestWhatIsNoApproval(t *testing.T) {
	b := newBench(t)
	b.approved("given", "digest")
	b.held("waiting", "waiting")
	b.held("denied", "denied")
	b.must(b.Decide(t.Context(), "denied", ledger.Decision{By: "afi", Channel: "terminal", At: start}))
	for _, c := range []struct {
		name, id, digest string
		at               time.Time
	}{
		{"for something else", "given", "another digest", start},
		{"expired", "given", "digest", start.Add(lifetime)},
		{"not given yet", "waiting", "waiting", start},
		{"denied", "denied", "denied", start},
		{"made up", "none", "digest", start},
	} {
		b.wants(b.claimWith("ORDER-1", c.id, c.digest, c.at), ledger.ErrApproval)
		b.absent("ORDER-1")
		if b.Failed() {
			t.Fatalf("with an approval that is %s", c.name)
		}
	}
	b.approval("given", ledger.Approved)
	b.must(b.claimWith("ORDER-1", "given", "digest", start.Add(lifetime-time.Millisecond)))
}

func TestADecisionIsMadeOnce(t *testing.T) {
	b := newBench(t)
	decide := func(id string, approve bool, at time.Time) error {
		return b.Decide(t.Context(), id, ledger.Decision{Approve: approve, By: "kofi", Channel: "terminal", At: at})
	}
	b.approved("given", "1")
	b.wants(decide("given", false, start), ledger.ErrApproval)
	b.approval("given", ledger.Approved)

	b.held("denied", "2")
	b.must(decide("denied", false, start))
	b.wants(decide("denied", true, start), ledger.ErrApproval)
	if a := b.approval("denied", ledger.Denied); a.Approve || a.By != "kofi" || !a.At.Equal(start) || len(a.Facts) != 0 {
		t.Errorf("on record is %+v", a)
	}

	b.held("late", "3")
	b.wants(decide("late", true, start.Add(lifetime)), ledger.ErrApproval)
	b.approval("late", ledger.Waiting)
	b.wants(decide("none", true, start), ledger.ErrApproval)
}

func TestApprovals(t *testing.T) {
	b := newBench(t)
	b.held("b", "1")
	b.held("a", "2")
	b.approved("given", "3")
	list := func(now time.Time, decided bool) []string {
		t.Helper()
		all, err := b.Approvals(t.Context(), now, decided)
		b.must(err)
		var ids []string
		for _, a := range all {
			ids = append(ids, a.ID)
		}
		return ids
	}
	for _, c := range []struct {
		now     time.Time
		decided bool
		want    []string
	}{
		{start, false, []string{"a", "b"}},
		{start, true, []string{"a", "b", "given"}},
		{start.Add(lifetime), false, nil},
		{start.Add(lifetime), true, []string{"a", "b", "given"}},
	} {
		if got := list(c.now, c.decided); !slices.Equal(got, c.want) {
			t.Errorf("at %s, decided %v: %v, want %v", c.now.Sub(start), c.decided, got, c.want)
		}
	}
	got, found, err := b.elsewhere().FindApproval(t.Context(), "a")
	want := waiting("a", "2")
	if err != nil || !found || got.Digest != want.Digest || string(got.Facts) != "sealed" || !got.Expires.Equal(want.Expires) || got.Key != want.Key {
		t.Errorf("on record is %+v (%v)", got, err)
	}
	for state, want := range map[ledger.ApprovalState]string{ledger.Waiting: "", ledger.Approved: "given"} {
		a, _, err := b.Approval(t.Context(), "3", state, start)
		if err != nil || a.ID != want {
			t.Errorf("the approval of 3 that is %s is %q (%v), want %q", state, a.ID, err, want)
		}
	}
	if _, found, err := b.Approval(t.Context(), "3", ledger.Approved, start.Add(lifetime)); found || err != nil {
		t.Errorf("an expired approval is found (%v)", err)
	}
}

// Nobody is asked twice for the same, until nobody can say yes any more.
func TestOneQuestionAtATime(t *testing.T) {
	b := newBench(t)
	b.held("first", "digest")
	second := waiting("second", "digest")
	b.must(b.PutApproval(t.Context(), second))
	if _, found, err := b.FindApproval(t.Context(), "second"); found || err != nil {
		t.Errorf("a human is asked twice (%v)", err)
	}
	second.Asked, second.Expires = start.Add(lifetime), start.Add(2*lifetime)
	b.must(b.PutApproval(t.Context(), second))
	b.approval("second", ledger.Waiting)
	b.approval("first", ledger.Waiting)
}

// What a human was shown goes once it was decided, or nobody can any more.
func TestFactsGo(t *testing.T) {
	b := newBench(t)
	b.held("expired", "1")
	b.approved("given", "2")
	later := waiting("later", "3")
	later.Asked, later.Expires = start.Add(lifetime), start.Add(2*lifetime)
	b.must(b.PutApproval(t.Context(), later))
	for id, want := range map[string]string{"expired": "", "given": "", "later": "sealed"} {
		if a, _, err := b.FindApproval(t.Context(), id); err != nil || string(a.Facts) != want {
			t.Errorf("the facts of %s are %q (%v), want %q", id, a.Facts, err, want)
		}
	}
}

func TestAcknowledge(t *testing.T) {
	b := newBench(t)
	one := ledger.Acknowledgement{Notice: "qosic.1", Version: "v1", By: "afi", Channel: "terminal", At: start}
	again := one
	again.By, again.At = "kofi", start.Add(time.Hour)
	b.must(b.Acknowledge(t.Context(), one))
	b.must(b.elsewhere().Acknowledge(t.Context(), again))
	all, err := b.Acknowledgements(t.Context())
	b.must(err)
	if len(all) != 1 || all[0] != one {
		t.Errorf("on record is %+v, want the first one", all)
	}
	for version, want := range map[string]bool{"v1": true, "v2": false} {
		if got, err := b.Acknowledged(t.Context(), "qosic.1", version); err != nil || got != want {
			t.Errorf("%s is acknowledged: %v (%v)", version, got, err)
		}
	}
}
