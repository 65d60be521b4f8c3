package ledger_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// spending is what was paid out since an hour before the start, to one party
// or to all.
func spending(party string) ledger.Spending {
	return ledger.Spending{
		Provider: "qosic", Environment: "production", Effect: capabilities.PaysOut, Currency: "XOF", Party: party, Since: start.Add(-time.Hour),
	}
}

func (b *bench) spent(s ledger.Spending, want int64) {
	b.Helper()
	if got, err := b.Spent(b.Context(), s); err != nil || got != want {
		b.Errorf("%+v comes to %d (%v), want %d", s, got, err, want)
	}
}

// What was or may still be paid counts; what was not does not.
func TestSpentByState(t *testing.T) {
	for state, counts := range map[capabilities.State]bool{
		ledger.Claimed: true, ledger.Sent: true, capabilities.Pending: true, capabilities.Unknown: true, capabilities.Succeeded: true,
		ledger.NotSent: false, capabilities.Failed: false, capabilities.Expired: false, capabilities.Cancelled: false,
	} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t)
			b.begin(payout("ORDER-1", "5000"))
			if state != ledger.Claimed {
				b.must(b.Sending(t.Context(), key("ORDER-1"), "", start))
				b.settle("ORDER-1", state)
			}
			want := int64(0)
			if counts {
				want = 5000
			}
			b.spent(spending(""), want)
			b.spent(spending("somebody"), want)
			_, found, err := b.Similar(t.Context(), payout("ORDER-2", "5000"), start.Add(-time.Minute))
			if err != nil || found != counts {
				t.Errorf("as a similar one it is found: %v (%v)", found, err)
			}
		})
	}
}

// differing are payouts that each differ in one thing from the first.
func differing() []ledger.Transaction {
	one := payout("ORDER-1", "5000")
	all := []ledger.Transaction{one}
	for reference, change := range map[string]func(*ledger.Transaction){
		"ORDER-2": func(t *ledger.Transaction) { t.Party = "somebody else" },
		"ORDER-3": func(t *ledger.Transaction) { t.Provider = "paygate" },
		"ORDER-4": func(t *ledger.Transaction) { t.Environment = "sandbox" },
		"ORDER-5": func(t *ledger.Transaction) { t.Effect = capabilities.Collects },
		"ORDER-6": func(t *ledger.Transaction) { t.Money = money("50", "GHS") }, // 5000 minor units
		"ORDER-7": func(t *ledger.Transaction) { t.Claimed = start.Add(-time.Hour) },
		"ORDER-8": func(t *ledger.Transaction) { t.Capability = "refund" },
		"ORDER-9": func(t *ledger.Transaction) { t.Money = money("5001", "XOF") },
	} {
		other := one
		other.Reference = reference
		change(&other)
		all = append(all, other)
	}
	return all
}

func TestSpentOfWhat(t *testing.T) {
	b := newBench(t)
	for _, tx := range differing() {
		b.begin(tx)
	}
	b.spent(spending(""), 5000+5000+5000+5001) // 1, 2, 8 and 9
	b.spent(spending("somebody"), 5000+5000+5001)
	b.spent(spending("somebody else"), 5000)
	b.spent(spending("nobody"), 0)
	s := spending("")
	s.Since = start.Add(-time.Hour - time.Millisecond)
	b.spent(s, 5000+5000+5000+5001+5000) // 7 too
	s.Since = start
	b.spent(s, 0)
	s = spending("")
	s.Currency = "GHS"
	b.spent(s, 5000)
	s = spending("")
	s.Effect = capabilities.Collects
	b.spent(s, 5000)
}

// A clock that was set back does not free what is spent.
func TestSpentWhenTheClockWasSetBack(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-1", "5000"))
	s := spending("")
	s.Since = start.Add(-30 * time.Hour)
	b.spent(s, 5000)
}

// A sum that does not fit is an error, never a small or negative number.
func TestSpentTooMuchToAddUp(t *testing.T) {
	b := newBench(t)
	b.begin(payout("ORDER-1", "5000"))
	b.begin(payout("ORDER-2", "5000"))
	db := raw(t, b.Path())
	defer func() { _ = db.Close() }()
	_, err := db.ExecContext(t.Context(), `UPDATE transactions SET amount = ?`, int64(math.MaxInt64))
	b.must(err)
	for _, party := range []string{"", "somebody"} {
		if n, err := b.Spent(t.Context(), spending(party)); err == nil {
			t.Errorf("it adds up to %d", n)
		}
	}
}

func TestSimilar(t *testing.T) {
	b := newBench(t)
	for _, tx := range differing()[1:] {
		b.begin(tx)
	}
	wants := func(want string, since time.Time) {
		t.Helper()
		got, _, err := b.Similar(t.Context(), payout("ORDER-1", "5000"), since)
		if err != nil || got.Reference != want {
			t.Errorf("%q is similar (%v), want %q", got.Reference, err, want)
		}
	}
	wants("ORDER-7", start.Add(-time.Hour)) // an open payout is never too old
	b.must(b.Sending(t.Context(), key("ORDER-7"), "", start))
	b.settle("ORDER-7", capabilities.Succeeded)
	wants("", start.Add(-time.Hour))
	wants("ORDER-7", start.Add(-2*time.Hour))
	b.begin(payout("ORDER-1", "5000")) // itself is not similar
	wants("ORDER-7", start.Add(-2*time.Hour))
	newer := payout("ORDER-NEWER", "5000")
	newer.Claimed = start.Add(time.Second)
	newer.Network = "togocel_tg"
	b.begin(newer)
	wants("ORDER-NEWER", start.Add(-2*time.Hour))
}

// What was asked for in vain is what did not succeed, failed or open.
func TestVain(t *testing.T) {
	b := newBench(t)
	collection := func(reference string) ledger.Transaction {
		tx := payout(reference, "5000")
		tx.Effect = capabilities.Collects
		return tx
	}
	for i, s := range []capabilities.State{
		capabilities.Failed, capabilities.Cancelled, capabilities.Expired, capabilities.Pending, capabilities.Unknown, // in vain
		capabilities.Succeeded, ledger.NotSent,
	} {
		b.end(collection(fmt.Sprintf("ORDER-%d", i)), s)
	}
	old, another := collection("OLD"), collection("ANOTHER")
	old.Claimed, another.Party = start.Add(-time.Hour), "somebody else"
	b.end(old, capabilities.Failed)
	b.end(another, capabilities.Failed)
	b.end(payout("OUT", "5000"), capabilities.Failed)
	for since, want := range map[time.Duration]int{time.Minute: 5, 2 * time.Hour: 6} {
		if n, err := b.Vain(t.Context(), collection("NEW"), start.Add(-since)); err != nil || n != want {
			t.Errorf("%d within %s (%v), want %d", n, since, err, want)
		}
	}
	if n, err := b.Vain(t.Context(), collection("ORDER-0"), start.Add(-time.Minute)); err != nil || n != 4 {
		t.Errorf("%d besides itself (%v), want 4", n, err)
	}
}

func TestList(t *testing.T) {
	b := newBench(t)
	states := []capabilities.State{capabilities.Pending, capabilities.Succeeded, capabilities.Failed, capabilities.Unknown, ledger.NotSent, ledger.Sent}
	for i, tx := range []ledger.Transaction{payout("A", "1"), payout("B", "2"), payout("C", "3"), payout("D", "4"), payout("E", "5"), payout("F", "6")} {
		tx.Claimed = start.Add(time.Duration(i) * time.Minute)
		b.end(tx, states[i])
	}
	other := payout("A", "7")
	other.Provider, other.Environment, other.Claimed = "paygate", "sandbox", start.Add(time.Hour)
	b.begin(other)
	for _, c := range []struct {
		name string
		ledger.Filter
		want []string
	}{
		{"all, the newest first", ledger.Filter{}, []string{"A", "F", "E", "D", "C", "B", "A"}},
		{"the newest", ledger.Filter{Limit: 2}, []string{"A", "F"}},
		{"of a provider", ledger.Filter{Provider: "paygate"}, []string{"A"}},
		{"in an environment", ledger.Filter{Environment: "production", Limit: 3}, []string{"F", "E", "D"}},
		{"of a reference", ledger.Filter{Reference: "A"}, []string{"A", "A"}},
		{"of a reference and a provider", ledger.Filter{Reference: "A", Provider: "qosic"}, []string{"A"}},
		{"in an open state", ledger.Filter{State: capabilities.Unknown}, []string{"D"}},
		{"in a final state", ledger.Filter{State: capabilities.Succeeded}, []string{"B"}},
		{"not sent", ledger.Filter{State: ledger.NotSent}, []string{"E"}},
		{"open", ledger.Filter{Open: true}, []string{"A", "F", "D", "A"}},
		{"open, in a state that is not", ledger.Filter{Open: true, State: capabilities.Failed}, nil},
		{"since", ledger.Filter{Since: start.Add(4 * time.Minute)}, []string{"A", "F", "E"}},
		{"none", ledger.Filter{Reference: "Z"}, nil},
	} {
		all, err := b.List(t.Context(), c.Filter)
		b.must(err)
		var got []string
		for _, tx := range all {
			got = append(got, tx.Reference)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func (b *bench) ask(reference string, now time.Time, asks int, wait time.Duration) {
	b.Helper()
	q, err := b.Ask(b.Context(), key(reference), now, time.Second)
	if err != nil || q.Asks != asks || q.Wait != wait || !q.First.Equal(start) {
		b.Errorf("asked at %s: %+v (%v), want %d questions and a wait of %s", now.Sub(start), q, err, asks, wait)
	}
}

// The pace holds for all processes together.
func TestAsk(t *testing.T) {
	b := newBench(t)
	other := b.elsewhere()
	b.ask("ORDER-1", start, 1, 0)
	other.ask("ORDER-1", start.Add(300*time.Millisecond), 1, 700*time.Millisecond)
	b.ask("ORDER-1", start.Add(900*time.Millisecond), 1, 100*time.Millisecond)
	other.ask("ORDER-1", start.Add(time.Second), 2, 0)
	b.ask("ORDER-2", start, 1, 0)
	if q, err := b.Asked(t.Context(), key("ORDER-1")); err != nil || q.Asks != 2 || !q.First.Equal(start) {
		t.Errorf("asked so far: %+v (%v)", q, err)
	}
	if q, err := b.Asked(t.Context(), key("NONE")); err != nil || q != (ledger.Question{}) {
		t.Errorf("nobody has asked, and it says %+v (%v)", q, err)
	}
}

// A clock that was set back by an hour does not stop questions for an hour. A
// little is only that two processes read it in another order.
func TestAskWhenTheClockWasSetBack(t *testing.T) {
	b := newBench(t)
	b.ask("ORDER-1", start, 1, 0)
	b.ask("ORDER-1", start.Add(-100*time.Millisecond), 1, 1100*time.Millisecond)
	b.ask("ORDER-1", start.Add(-time.Hour), 2, 0)
	b.ask("ORDER-1", start.Add(-time.Hour+500*time.Millisecond), 2, 500*time.Millisecond)
}
