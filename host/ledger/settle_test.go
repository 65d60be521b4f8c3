package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

func TestSettle(t *testing.T) {
	b := newBench(t)
	b.send(payout("ORDER-1", "5000"))
	later := start.Add(2 * time.Second)
	b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: capabilities.Pending, Network: "togocel_tg", Detail: "accepted", At: later}))
	if got := b.find("ORDER-1"); got.State != capabilities.Pending || got.Network != "togocel_tg" || !got.Updated.Equal(later) || !got.Claimed.Equal(start) {
		t.Errorf("on record is %+v", got)
	}
	// Without a network, the one on record stays. Anybody may hear the outcome.
	other := b.elsewhere()
	other.settle("ORDER-1", capabilities.Succeeded)
	if got := b.find("ORDER-1"); got.State != capabilities.Succeeded || got.Network != "togocel_tg" {
		t.Errorf("on record is %+v", got)
	}
	b.timeline("ORDER-1", "claimed", "sent", "pending: accepted", "succeeded")
}

func TestNoNewsIsNoEvent(t *testing.T) {
	b := newBench(t)
	b.end(payout("ORDER-1", "5000"), capabilities.Pending)
	before := b.find("ORDER-1")
	for range 3 {
		b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: capabilities.Pending, At: start.Add(time.Hour)}))
	}
	if after := b.find("ORDER-1"); after != before {
		t.Errorf("asked again in vain, it became %+v", after)
	}
	b.timeline("ORDER-1", "claimed", "sent", "pending")
	b.must(b.Settle(t.Context(), key("NONE"), ledger.Settlement{State: capabilities.Succeeded, At: start}))
	b.absent("NONE")
}

// A provider that contradicts itself does not undo a final state, and leaves a
// trace, once.
func TestAFinalStateStays(t *testing.T) {
	for is, says := range map[capabilities.State]capabilities.State{
		capabilities.Succeeded: capabilities.Failed,
		capabilities.Failed:    capabilities.Expired,
		capabilities.Cancelled: capabilities.Failed,
	} {
		t.Run(string(is), func(t *testing.T) {
			b := newBench(t)
			b.end(payout("ORDER-1", "5000"), is)
			before := b.find("ORDER-1")
			for range 3 {
				b.settle("ORDER-1", says)
			}
			b.settle("ORDER-1", capabilities.Pending)
			b.settle("ORDER-1", capabilities.Unknown)
			b.settle("ORDER-1", is)
			if after := b.find("ORDER-1"); after != before {
				t.Errorf("it became %+v", after)
			}
			b.timeline("ORDER-1", "claimed", "sent", string(is), string(is)+": although the provider says "+string(says)+" now")
		})
	}
}

// Money that has moved after all has moved: limits count it, and nobody may
// pay it again.
func TestALateSuccessCounts(t *testing.T) {
	for _, was := range []capabilities.State{capabilities.Failed, capabilities.Expired, capabilities.Cancelled, ledger.NotSent} {
		t.Run(string(was), func(t *testing.T) {
			b := newBench(t)
			b.send(payout("ORDER-1", "5000"))
			b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: was, Refusal: capabilities.Rejected("no", "ask"), At: start}))
			b.spent(spending(""), 0)
			b.settle("ORDER-1", capabilities.Succeeded)
			if got := b.find("ORDER-1"); got.State != capabilities.Succeeded || got.Refusal != nil {
				t.Errorf("on record is %+v", got)
			}
			b.timeline("ORDER-1", "claimed", "sent", string(was), "succeeded: although it was "+string(was))
			b.spent(spending(""), 5000)
			b.wants(b.Claim(t.Context(), &ledger.Claim{Transaction: payout("ORDER-1", "5000"), Anew: true}, yes), ledger.ErrTaken)
			b.settle("ORDER-1", was)
			b.state("ORDER-1", capabilities.Succeeded)
		})
	}
}

// Whoever did not claim it cannot know that it was not sent: believed, its
// reference would be free for a second payment.
func TestOnlyWhoClaimedSaysNotSent(t *testing.T) {
	b := newBench(t)
	b.send(payout("ORDER-1", "5000"))
	if err := b.elsewhere().Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: ledger.NotSent, At: start}); err == nil {
		t.Error("another process was believed")
	}
	b.state("ORDER-1", ledger.Sent)
	b.settle("ORDER-1", ledger.NotSent)
	b.state("ORDER-1", ledger.NotSent)
}

// Of a refusal, what the provider said in its own words is left out: it may
// hold what no row may.
func TestARefusalIsKeptWithoutTheProvidersAnswer(t *testing.T) {
	b := newBench(t)
	b.send(payout("ORDER-1", "5000"))
	r := capabilities.Rejected("no account on this number", "check the number")
	r.Response = json.RawMessage(`{"name":"Afi Mensah"}`)
	b.must(b.Settle(t.Context(), key("ORDER-1"), ledger.Settlement{State: capabilities.Failed, Refusal: r, At: start}))
	got := b.find("ORDER-1").Refusal
	if got == nil || got.Kind != capabilities.ProviderRejected || got.Message != r.Message || got.Fix != r.Fix || got.Response != nil {
		t.Errorf("on record is %+v", got)
	}
}

func TestEventsStay(t *testing.T) {
	b := newBench(t)
	b.end(payout("ORDER-1", "5000"), capabilities.Succeeded)
	db := raw(t, b.Path())
	defer func() { _ = db.Close() }()
	for _, tampering := range []string{
		`UPDATE events SET state = 'failed'`,
		`UPDATE events SET detail = 'x' WHERE id = 1`,
		`DELETE FROM events`,
		`DELETE FROM events WHERE id = 2`,
		`INSERT OR REPLACE INTO events (id, transaction_id, at, state, detail) VALUES (1, 1, 0, 'failed', '')`,
		`DELETE FROM transactions`,
	} {
		if _, err := db.ExecContext(t.Context(), tampering); err == nil {
			t.Errorf("this works: %s", tampering)
		}
	}
	b.timeline("ORDER-1", "claimed", "sent", "succeeded")
	b.state("ORDER-1", capabilities.Succeeded)
}
