package host_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// parallel is how many calls are made at once.
const parallel = 100

// atOnce makes so many calls at once, spread over the branches, and returns
// their answers in order.
func atOnce(branches []branch, call func(b branch, i int) *host.Answer) []*host.Answer {
	answers := make([]*host.Answer, parallel)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			<-start
			answers[i] = call(branches[i%len(branches)], i)
		})
	}
	close(start)
	all.Wait()
	return answers
}

// processes runs a test with one host, and with two that share files: what two
// processes do.
func processes(t *testing.T, policy string, test func(*testing.T, *clerk, []branch)) {
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d processes", n), func(t *testing.T) {
			t.Parallel()
			p := newClerk()
			branches := p.branches(t, n, policy)
			test(t, p, branches)
			for _, b := range branches {
				b.shut(t)
			}
		})
	}
}

// TestParallelIdenticalCalls send one request, and every caller learns of the
// same payment.
func TestParallelIdenticalCalls(t *testing.T) {
	t.Parallel()
	for _, capability := range []string{"collect", "pay_out"} {
		t.Run(capability, func(t *testing.T) {
			processes(t, "", func(t *testing.T, p *clerk, branches []branch) {
				call := func(b branch, _ int) *host.Answer {
					return b.moves(t.Context(), capability, "ORDER-1", 5000, somebody(1))
				}
				if capability == "pay_out" {
					branches[0].approves(t, branches[0].moves(t.Context(), capability, "ORDER-1", 5000, somebody(1)))
				}
				for i, a := range atOnce(branches, call) {
					if a.Refused() || a.Reference != "ORDER-1" || a.Amount != "5000" && a.State != capabilities.Succeeded {
						t.Errorf("call %d: %+v", i, a.Answer)
					}
				}
				if n := p.times("ORDER-1"); n != 1 || len(p.sent) != 1 {
					t.Errorf("sent %d times: %v", n, p.sent)
				}
				if s := branches[0].record(t, "ORDER-1").State; s != capabilities.Succeeded {
					t.Errorf("on record is %s", s)
				}
				waiting, err := branches[0].ledger.Approvals(t.Context(), branches[0].record(t, "ORDER-1").Claimed, false)
				if err != nil || len(waiting) > 0 {
					t.Errorf("a human is asked about what is done: %+v, %v", waiting, err)
				}
			})
		})
	}
}

// TestParallelPayoutsAreHeldOnce: a human is asked one question about one
// payout, however often it is asked for.
func TestParallelPayoutsAreHeldOnce(t *testing.T) {
	t.Parallel()
	processes(t, "", func(t *testing.T, p *clerk, branches []branch) {
		ids := map[string]int{}
		for i, a := range atOnce(branches, func(b branch, _ int) *host.Answer {
			return b.moves(t.Context(), "pay_out", "ORDER-1", 5000, somebody(1))
		}) {
			if a.Kind != capabilities.Held || a.Approval == nil {
				t.Errorf("call %d: %+v", i, a.Answer)
				continue
			}
			ids[a.Approval.ID]++
		}
		if len(ids) != 1 || len(p.sent) > 0 {
			t.Errorf("held as %v, sent %v", ids, p.sent)
		}
	})
}

// TestParallelPayoutsShareNoApproval: one approval is for one payout.
func TestParallelPayoutsShareNoApproval(t *testing.T) {
	t.Parallel()
	processes(t, "", func(t *testing.T, p *clerk, branches []branch) {
		reference := func(i int) string { return fmt.Sprintf("ORDER-%d", i) }
		branches[0].approves(t, branches[0].moves(t.Context(), "pay_out", reference(7), 5000, somebody(7)))
		for i, a := range atOnce(branches, func(b branch, i int) *host.Answer {
			return b.moves(t.Context(), "pay_out", reference(i), 5000, somebody(i))
		}) {
			if want := map[bool]capabilities.RefusalKind{false: capabilities.Held}[i == 7]; a.Kind != want {
				t.Errorf("%s is %q, want %q: %s", reference(i), a.Kind, want, a.Message)
			}
		}
		if p.times(reference(7)) != 1 || len(p.sent) != 1 {
			t.Errorf("sent %v", p.sent)
		}
	})
}

// TestParallelCallsWithinALimit: of calls that together exceed a limit, only
// what fits is sent, and nothing is refused that would still fit.
func TestParallelCallsWithinALimit(t *testing.T) {
	t.Parallel()
	const limit = 5000
	var payees strings.Builder
	for i := range parallel {
		fmt.Fprintf(&payees, "%q,", somebody(i))
	}
	for name, c := range map[string]struct {
		capability, rule string
		to               func(i int) string
	}{
		"collections in a day": {"collect", `effect: collects, per_day: "5000"`, somebody},
		"payouts in a day":     {"pay_out", `effect: pays_out, per_day: "5000", unapproved_up_to: "1000", allowed_payees: [` + payees.String() + `]`, somebody},
		"payouts to one payee": {"pay_out", `effect: pays_out, per_payee_per_day: "5000", unapproved_up_to: "1000", allowed_payees: [` + payees.String() + `]`, func(int) string { return somebody(0) }},
	} {
		t.Run(name, func(t *testing.T) {
			processes(t, `rules: [{environment: sandbox, currency: XOF, `+c.rule+`}]`, func(t *testing.T, p *clerk, branches []branch) {
				reference := func(i int) string { return fmt.Sprintf("ORDER-%d", i) }
				amount := func(i int) int { return 201 + i } // each another: no suspected repeats
				answers := atOnce(branches, func(b branch, i int) *host.Answer {
					return b.moves(t.Context(), c.capability, reference(i), amount(i), c.to(i))
				})
				total := 0
				for i := range parallel {
					if n := p.times(reference(i)); n > 1 {
						t.Errorf("%s was sent %d times", reference(i), n)
					} else if n == 1 {
						total += amount(i)
					}
				}
				if total > limit {
					t.Errorf("%d was sent, the limit is %d", total, limit)
				}
				for i, a := range answers {
					sent := p.times(reference(i)) == 1
					if sent == a.Refused() || a.Refused() && (a.Kind != capabilities.Refused || a.Guard != "limits") {
						t.Errorf("%s, sent %v: %+v", reference(i), sent, a.Answer)
					}
					if !sent && amount(i) <= limit-total {
						t.Errorf("%d was refused, with %d left", amount(i), limit-total)
					}
				}
				spent, err := branches[0].ledger.Spent(t.Context(), ledger.Spending{
					Provider: "clerk", Environment: capabilities.Sandbox, Currency: "XOF",
					Effect: map[string]capabilities.Effect{"collect": capabilities.Collects, "pay_out": capabilities.PaysOut}[c.capability],
				})
				if err != nil || spent != int64(total) {
					t.Errorf("on record is %d, sent was %d: %v", spent, total, err)
				}
			})
		})
	}
}
