package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

func TestAClaimIsOnRecordForEverybody(t *testing.T) {
	b := newBench(t)
	want := payout("ORDER-1", "5000")
	want.Claimed = start.Add(1500 * time.Microsecond)
	b.must(b.Claim(t.Context(), &ledger.Claim{Transaction: want, Detail: "approval abc"}, yes))
	got := b.elsewhere().find("ORDER-1")
	if got.Owner == "" {
		t.Error("nobody has claimed it")
	}
	want.State, want.Owner = ledger.Claimed, got.Owner
	want.Claimed = start.Add(time.Millisecond) // times are kept in milliseconds
	want.Updated = want.Claimed
	if got != want {
		t.Errorf("on record is\n%+v, want\n%+v", got, want)
	}
	b.timeline("ORDER-1", "claimed: approval abc")
}

func TestAReferenceIsTakenOnce(t *testing.T) {
	for _, state := range []capabilities.State{
		ledger.Claimed, ledger.Sent, capabilities.Pending, capabilities.Unknown,
		capabilities.Succeeded, capabilities.Failed, capabilities.Expired, capabilities.Cancelled,
	} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t)
			b.begin(payout("ORDER-1", "5000"))
			if state != ledger.Claimed {
				b.must(b.Sending(t.Context(), key("ORDER-1"), "", start))
				b.settle("ORDER-1", state)
			}
			before := b.find("ORDER-1")
			b.wants(claim(t.Context(), b.elsewhere().SQLite, payout("ORDER-1", "9000")), ledger.ErrTaken)
			b.wants(claim(t.Context(), b.SQLite, payout("ORDER-1", "5000")), ledger.ErrTaken)
			if after := b.find("ORDER-1"); after != before {
				t.Errorf("the claims that failed made of it\n%+v, it was\n%+v", after, before)
			}
		})
	}
}

// The same reference is another one at another provider, and in another
// environment.
func TestAKeyIsAllOfIt(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-1", "5000"))
	for _, k := range []ledger.Key{{"paygate", "production", "ORDER-1"}, {"qosic", "sandbox", "ORDER-1"}, {"qosic", "production", "order-1"}} {
		other := payout("", "5000")
		other.Key = k
		b.begin(other)
	}
}

func TestWhatWasNotSentMayBeClaimedAgain(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-1", "5000"))
	b.settle("ORDER-1", ledger.NotSent)
	again := payout("ORDER-1", "7000")
	again.Claimed, again.Network, again.Digest = start.Add(time.Minute), "togocel_tg", "another"
	other := b.elsewhere()
	other.begin(again)
	got := b.find("ORDER-1")
	if got.Money != again.Money || got.Digest != "another" || got.Network != "togocel_tg" || !got.Claimed.Equal(again.Claimed) || got.State != ledger.Claimed {
		t.Errorf("on record is what was claimed first: %+v", got)
	}
	b.timeline("ORDER-1", "claimed", "not_sent", "claimed")
	other.must(other.Sending(t.Context(), key("ORDER-1"), "", start))
}

// Only what says so may begin anew, and never what succeeded or is open.
func TestAnew(t *testing.T) {
	for state, free := range map[capabilities.State]bool{
		capabilities.Failed: true, capabilities.Expired: true, capabilities.Cancelled: true,
		capabilities.Succeeded: false, capabilities.Pending: false, capabilities.Unknown: false, ledger.Sent: false,
	} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t)
			b.end(payout("ORDER-1#refund", "5000"), state)
			err := b.Claim(t.Context(), &ledger.Claim{Transaction: payout("ORDER-1#refund", "5000"), Anew: true}, yes)
			if free {
				b.must(err)
				b.state("ORDER-1#refund", ledger.Claimed)
			} else {
				b.wants(err, ledger.ErrTaken)
				b.state("ORDER-1#refund", state)
			}
		})
	}
}

// What a provider refused at once does not stick to a later attempt.
func TestAnewForgetsTheRefusal(t *testing.T) {
	b := newBench(t)
	b.send(payout("ORDER-1#refund", "5000"))
	b.must(b.Settle(t.Context(), key("ORDER-1#refund"), ledger.Settlement{State: capabilities.Failed, Refusal: capabilities.Rejected("no", "ask"), At: start}))
	if b.find("ORDER-1#refund").Refusal == nil {
		t.Fatal("the refusal is not on record")
	}
	b.must(b.Claim(t.Context(), &ledger.Claim{Transaction: payout("ORDER-1#refund", "5000"), Anew: true}, yes))
	if r := b.find("ORDER-1#refund").Refusal; r != nil {
		t.Errorf("the new attempt is refused with %v", r)
	}
}

func TestAJudgesNoLeavesNothing(t *testing.T) {
	b := newBench(t)
	a := b.approved("approval", "digest")
	no := errors.New("no")
	err := b.Claim(t.Context(), &ledger.Claim{Transaction: payout("ORDER-1", "5000"), Approval: a.ID, ApprovalDigest: a.Digest},
		func(ledger.View) error { return no })
	b.wants(err, no)
	b.absent("ORDER-1")
	b.approval(a.ID, ledger.Approved)
}

// A judge that panics must not leave the ledger locked for everybody.
func TestAJudgesPanicLeavesNothing(t *testing.T) {
	b := newBench(t)
	func() {
		defer func() { _ = recover() }()
		_ = b.Claim(t.Context(), &ledger.Claim{Transaction: payout("ORDER-1", "5000")}, func(ledger.View) error { panic("a bug") })
	}()
	b.absent("ORDER-1")
	b.begin(payout("ORDER-1", "5000"))
	b.elsewhere().begin(payout("ORDER-2", "5000"))
}

// The judge completes the claim.
func TestAJudgeChoosesTheApproval(t *testing.T) {
	b := newBench(t)
	a := b.approved("approval", "digest")
	c := &ledger.Claim{Transaction: payout("ORDER-1", "5000")}
	b.must(b.Claim(t.Context(), c, func(v ledger.View) error {
		found, _, err := v.Approval(t.Context(), "digest", ledger.Approved, start)
		c.Approval, c.ApprovalDigest, c.Detail = found.ID, found.Digest, "approval "+found.ID
		return err
	}))
	b.approval(a.ID, ledger.Used)
	b.timeline("ORDER-1", "claimed: approval "+a.ID)
}

// What a judge reads cannot change until the claim is there: of many that
// together exceed a limit, only those go through that fit.
func TestNobodyComesBetweenJudgeAndClaim(t *testing.T) {
	b := newBench(t)
	handles := []*bench{b, b.elsewhere(), b.elsewhere(), b.elsewhere()}
	tooMuch := errors.New("too much")
	var all sync.WaitGroup
	var through atomic.Int32
	for i := range 40 {
		all.Go(func() {
			h := handles[i%len(handles)]
			err := h.Claim(t.Context(), &ledger.Claim{Transaction: payout(fmt.Sprintf("ORDER-%d", i), "1000")}, func(v ledger.View) error {
				spent, err := v.Spent(t.Context(), spending(""))
				if err == nil && spent+1000 > 7500 {
					err = tooMuch
				}
				return err
			})
			switch {
			case err == nil:
				through.Add(1)
			case !errors.Is(err, tooMuch):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if through.Load() != 7 {
		t.Errorf("%d payouts of 1000 went through, want 7 of at most 7500", through.Load())
	}
}

func TestOneOfManyClaimsWins(t *testing.T) {
	b := newBench(t)
	handles := []*bench{b, b.elsewhere(), b.elsewhere(), b.elsewhere()}
	var all sync.WaitGroup
	var won atomic.Int32
	for i := range 40 {
		all.Go(func() {
			switch err := claim(t.Context(), handles[i%len(handles)].SQLite, payout("ORDER-1", "1000")); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ledger.ErrTaken):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims of one reference have succeeded", won.Load())
	}
	b.timeline("ORDER-1", "claimed")
}

// Inside the transaction, the judge sees what is claimed and what is not yet.
func TestTheJudgeSeesTheLedger(t *testing.T) {
	b := newBench(t)
	b.end(payout("ORDER-1", "5000"), capabilities.Pending)
	b.must(b.Acknowledge(t.Context(), ledger.Acknowledgement{Notice: "n", Version: "1", At: start}))
	asked := false
	b.must(b.Claim(t.Context(), &ledger.Claim{Transaction: payout("ORDER-2", "5000")}, func(v ledger.View) error {
		asked = true
		if _, found, err := v.Find(t.Context(), key("ORDER-2")); found || err != nil {
			t.Errorf("the claim is there before it was judged (%v)", err)
		}
		if one, found, err := v.Find(t.Context(), key("ORDER-1")); !found || err != nil || one.State != capabilities.Pending {
			t.Errorf("ORDER-1 is %+v (%v)", one, err)
		}
		if n, err := v.Spent(t.Context(), spending("")); n != 5000 || err != nil {
			t.Errorf("%d are spent (%v)", n, err)
		}
		if s, found, err := v.Similar(t.Context(), payout("ORDER-2", "5000"), start.Add(-time.Hour)); !found || err != nil || s.Reference != "ORDER-1" {
			t.Errorf("similar is %+v (%v)", s, err)
		}
		if is, err := v.Acknowledged(t.Context(), "n", "1"); !is || err != nil {
			t.Errorf("the notice is not acknowledged (%v)", err)
		}
		return nil
	}))
	if !asked {
		t.Error("the judge was not asked")
	}
}

// A caller that has gone before the claim takes nothing.
func TestACancelledClaimLeavesNothing(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-0", "5000"))
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Claim(ctx, &ledger.Claim{Transaction: payout("ORDER-1", "5000")}, func(ledger.View) error { cancel(); return nil })
	b.wants(err, context.Canceled)
	b.absent("ORDER-1")
	b.begin(payout("ORDER-1", "5000"))
}

func TestOnlyWhoClaimedSends(t *testing.T) {
	b := newBench(t)
	other := b.elsewhere()
	if err := b.Sending(t.Context(), key("ORDER-1"), "", start); err == nil {
		t.Error("what nobody claimed may be sent")
	}
	b.begin(payout("ORDER-1", "5000"))
	if err := other.Sending(t.Context(), key("ORDER-1"), "", start); err == nil {
		t.Error("another process may send it")
	}
	b.state("ORDER-1", ledger.Claimed)
	b.must(b.Sending(t.Context(), key("ORDER-1"), "togocel_tg", start.Add(time.Second)))
	if got := b.find("ORDER-1"); got.State != ledger.Sent || got.Network != "togocel_tg" || !got.Updated.Equal(start.Add(time.Second)) {
		t.Errorf("on record is %+v", got)
	}
	b.timeline("ORDER-1", "claimed", "sent")
}

// Leave to send is given once, and not for what is over.
func TestOnlyWhatIsClaimedIsSent(t *testing.T) {
	for _, state := range []capabilities.State{
		ledger.Sent, ledger.NotSent, capabilities.Pending, capabilities.Unknown, capabilities.Succeeded, capabilities.Failed,
	} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t)
			b.send(payout("ORDER-1", "5000"))
			b.settle("ORDER-1", state)
			if err := b.Sending(t.Context(), key("ORDER-1"), "", start); err == nil {
				t.Error("it may be sent")
			}
			b.state("ORDER-1", state)
		})
	}
}

// Amounts are kept in the currency's smallest unit.
func TestAmounts(t *testing.T) {
	b := newBench(t)
	for i, c := range []struct {
		amount capabilities.Amount
		in     capabilities.Currency
		minor  int64
	}{
		{"5000", "XOF", 5000}, {"12.5", "GHS", 1250}, {"0.01", "NGN", 1}, {"1.001", "TND", 1001}, {"999999999999999", "XOF", 999999999999999},
	} {
		tx := payout(fmt.Sprintf("ORDER-%d", i), "1")
		tx.Money = money(c.amount, c.in)
		b.begin(tx)
		if got := b.find(tx.Reference).Money; got != tx.Money || got.Minor() != c.minor {
			t.Errorf("%s %s is on record as %s, %d minor units", c.amount, c.in, got, got.Minor())
		}
		var kept int64
		db := raw(t, b.Path())
		b.must(db.QueryRowContext(t.Context(), `SELECT amount FROM transactions WHERE reference = ?`, tx.Reference).Scan(&kept))
		b.must(db.Close())
		if kept != c.minor {
			t.Errorf("%s %s is kept as %d", c.amount, c.in, kept)
		}
	}
	unknown := payout("ORDER-U", "1")
	unknown.Money = capabilities.Money{}
	b.begin(unknown)
	if got := b.find("ORDER-U").Money; got.Known() {
		t.Errorf("an amount that is not known is on record as %s", got)
	}
}
