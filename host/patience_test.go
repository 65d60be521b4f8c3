package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// The time in these tests is not real: it passes when everybody waits.

// slowly runs a test with a clerk and one branch.
func slowly(t *testing.T, test func(*testing.T, *clerk, branch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newClerk()
		b := p.branches(t, 1, "")[0]
		defer b.shut(t)
		test(t, p, b)
	})
}

// until waits for a signal; whoever is asked to stop meanwhile says so.
func until(signal <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-signal:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begun makes a payout that a human has approved, in the background.
func (b branch) begun(t *testing.T, ctx context.Context, capability string) <-chan *host.Answer {
	t.Helper()
	if capability == "pay_out" {
		b.approves(t, b.moves(t.Context(), capability, "ORDER-1", 5000, somebody(1)))
	}
	answers := make(chan *host.Answer, 1)
	go func() { answers <- b.moves(ctx, capability, "ORDER-1", 5000, somebody(1)) }()
	return answers
}

// TestASilentProvider: a call is answered before its client gives up, goes on,
// and its outcome is on record. The client that was answered goes away: that
// changes nothing.
func TestASilentProvider(t *testing.T) {
	t.Parallel()
	for _, capability := range []string{"collect", "pay_out"} {
		for _, sent := range []bool{false, true} {
			slowly(t, func(t *testing.T, p *clerk, b branch) {
				speaks := make(chan struct{})
				p.before = until(speaks)
				state, on := capabilities.Pending, ledger.Claimed
				if sent {
					p.before, p.after = nothing, until(speaks)
					state, on = capabilities.Unknown, ledger.Sent
				}
				ctx, leave := context.WithCancel(t.Context())
				began := time.Now()
				a := <-b.begun(t, ctx, capability)
				leave()
				if waited := time.Since(began); waited != host.DefaultPatience {
					t.Errorf("the answer took %s", waited)
				}
				is(t, a, "", state)
				if a.Amount != "5000" || a.Next == nil || a.Next.Tool != "clerk_status" || a.Next.Arguments["reference"] != "ORDER-1" ||
					!strings.Contains(a.Text(), "do not send it again") {
					t.Errorf("it says %s", a.Text())
				}
				if s := b.record(t, "ORDER-1").State; s != on {
					t.Errorf("on record is %s, want %s", s, on)
				}
				again := b.moves(t.Context(), capability, "ORDER-1", 5000, somebody(1))
				is(t, again, "", state) // not sent again

				synctest.Wait()
				close(speaks)
				synctest.Wait()
				if s := b.record(t, "ORDER-1").State; s != capabilities.Succeeded || p.times("ORDER-1") != 1 {
					t.Errorf("on record is %s, sent %d times", s, p.times("ORDER-1"))
				}
				is(t, b.moves(t.Context(), capability, "ORDER-1", 5000, somebody(1)), "", capabilities.Succeeded)
				if p.times("ORDER-1") != 1 {
					t.Errorf("sent %d times", p.times("ORDER-1"))
				}
			})
		}
	}
}

// TestAProviderThatNeverSpeaks has an end too, which is on record.
func TestAProviderThatNeverSpeaks(t *testing.T) {
	t.Parallel()
	for _, sent := range []bool{false, true} {
		slowly(t, func(t *testing.T, p *clerk, b branch) {
			ends := errors.New("the process was lost")
			never := func(ctx context.Context) error {
				<-ctx.Done()
				if sent {
					return ends
				}
				return capabilities.NotSent("nobody answers")
			}
			p.before = never
			if sent {
				p.before, p.after = nothing, never
			}
			<-b.begun(t, t.Context(), "pay_out")
			time.Sleep(capabilities.DefaultTimeout)
			synctest.Wait()
			want := map[bool]capabilities.State{false: ledger.NotSent, true: capabilities.Unknown}[sent]
			if s := b.record(t, "ORDER-1").State; s != want {
				t.Errorf("sent %v: on record is %s, want %s", sent, s, want)
			}
		})
	}
}

// TestASilentAnswerToAQuestion: a question is given up, since it can be asked
// again.
func TestASilentAnswerToAQuestion(t *testing.T) {
	t.Parallel()
	slowly(t, func(t *testing.T, p *clerk, b branch) {
		ended := false
		p.ask = func(ctx context.Context) error {
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}
		began := time.Now()
		a := b.Call(t.Context(), host.Request{Provider: "clerk", Capability: "status", Input: []byte(`{"reference":"ORDER-1"}`)})
		is(t, a, capabilities.Unavailable, "")
		if waited := time.Since(began); waited != host.DefaultPatience || !ended {
			t.Errorf("given up after %s, ended %v", waited, ended)
		}
	})
}

// TestACallerThatGoesAway ends a call that was not sent yet, and changes
// nothing about money that moves.
func TestACallerThatGoesAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		when    string
		sent    int
		kind    capabilities.RefusalKind
		outcome capabilities.State // of the answer
		record  capabilities.State
	}{
		{"before it is claimed", 0, capabilities.Unavailable, "", ""},
		{"before it is sent", 0, capabilities.Unavailable, "", ledger.NotSent},
		{"after it was sent", 1, "", capabilities.Succeeded, capabilities.Succeeded},
	} {
		slowly(t, func(t *testing.T, p *clerk, b branch) {
			ctx, leave := context.WithCancel(t.Context())
			gone := func(ctx context.Context) error {
				leave()
				time.Sleep(time.Second)
				return ctx.Err() // none: the work goes on
			}
			switch c.sent {
			case 0:
				p.before = gone
			default:
				p.after = gone
			}
			if c.record == "" {
				leave()
			}
			a := <-b.begun(t, ctx, "collect")
			if a.Kind != c.kind && !(c.record == "" && a.Refused()) || a.State != c.outcome {
				t.Errorf("%s: %+v", c.when, a.Answer)
			}
			if s := b.record(t, "ORDER-1").State; s != c.record || p.times("ORDER-1") != c.sent {
				t.Errorf("%s: on record is %q, sent %d times", c.when, s, p.times("ORDER-1"))
			}
			// Whoever comes back finds it, or may make the call again.
			p.before, p.after = nothing, nothing
			is(t, b.moves(t.Context(), "collect", "ORDER-1", 5000, somebody(1)), "", capabilities.Succeeded)
			if p.times("ORDER-1") != 1 {
				t.Errorf("%s: sent %d times", c.when, p.times("ORDER-1"))
			}
		})
	}
}

// TestCloseWaits for calls under way, those too that were answered early.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	slowly(t, func(t *testing.T, p *clerk, b branch) {
		speaks := make(chan struct{})
		p.after = until(speaks)
		var order []string
		p.close = func(context.Context) { order = append(order, "the provider is told") }
		<-b.begun(t, t.Context(), "pay_out") // answered early
		go func() {
			b.Close(t.Context())
			order = append(order, "closed")
		}()
		synctest.Wait()
		order = append(order, "the provider speaks")
		close(speaks)
		synctest.Wait()
		if want := []string{"the provider is told", "the provider speaks", "closed"}; !slices.Equal(order, want) {
			t.Errorf("%q", order)
		}
		if s := b.record(t, "ORDER-1").State; s != capabilities.Succeeded {
			t.Errorf("on record is %s", s)
		}
	})
}
