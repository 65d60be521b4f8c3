package plugin_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

func TestProviderKilledInMidCall(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, capability, at string
		kind                 capabilities.RefusalKind
		state                capabilities.State
	}{
		{"before leave to send", "pay", "before", capabilities.Unavailable, ""},
		{"after leave to send", "pay", "after", capabilities.UnknownOutcome, capabilities.Unknown},
		{"while it asks", "ask", "asked", capabilities.Unavailable, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			release := b.api.hold(tc.at)
			answer := b.calling(tc.capability, "ORDER-1")
			b.api.isAt(t, tc.at)
			killed := b.process.PID()
			slay(t, killed)

			a := ends(t, "the call is answered", answer)
			b.refused(a, tc.kind, "lost in mid-call")
			if a.State != tc.state || a.Reference != "ORDER-1" {
				t.Errorf("state %q of %q, want %q of ORDER-1", a.State, a.Reference, tc.state)
			}
			release()
			if n := b.api.count(tc.at); n != 1 {
				t.Errorf("the provider was at %s %d times: the host called again by itself", tc.at, n)
			}
			if pid := b.works("ORDER-2"); pid == killed {
				t.Errorf("process %d answers although it was killed", pid)
			}
		})
	}
}

func TestCrashBetweenCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	killed := b.works("ORDER-1")
	if again := b.works("ORDER-2"); again != killed {
		t.Errorf("process %d answers, want %d, which lives", again, killed)
	}
	slay(t, killed)
	within(t, "the process is known to be dead", func() bool { return b.process.PID() == 0 })
	if pid := b.works("ORDER-3"); pid == killed {
		t.Errorf("process %d answers although it was killed", pid)
	}
	if n := b.api.count("configure"); n != 2 {
		t.Errorf("%d processes were started, want 2", n)
	}
}

func TestFirstCallsStartOneProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			if a := b.call("ask", "ORDER-1"); a.Refused() {
				t.Errorf("refused:\n%s", a.Text())
			}
		})
	}
	calls.Wait()
	if n := b.api.count("configure"); n != 1 {
		t.Errorf("%d processes were started, want 1", n)
	}
}

// Whoever comes first does not decide for those who wait with them.
func TestFirstCallerGoesAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	release := b.api.hold("configure")
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- b.process.Check(ctx) }()
	b.api.isAt(t, "configure")
	second := b.calling("ask", "ORDER-1")
	leave()
	if err := ends(t, "the first caller has left", first); !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller got %v", err)
	}
	release()
	if a := ends(t, "the second call is answered", second); a.Refused() {
		t.Errorf("refused:\n%s", a.Text())
	}
	if n := b.api.count("configure"); n != 1 {
		t.Errorf("%d processes were started, want 1", n)
	}
}

// A call that outlives its time takes the process with it, which may hang; a
// call beside it is left to end.
func TestCallThatHangs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	release := b.api.hold("asked")
	beside := b.calling("ask", "ORDER-1")
	b.api.isAt(t, "asked")
	hung := b.process.PID()

	releasePay := b.api.hold("after")
	b.refused(b.call("pay_quickly", "ORDER-2"), capabilities.UnknownOutcome, "lost in mid-call")
	releasePay()
	release()
	if a := ends(t, "the call beside it is answered", beside); a.Refused() {
		t.Errorf("refused:\n%s", a.Text())
	}
	if pid := b.works("ORDER-3"); pid == hung {
		t.Errorf("process %d is asked again although it hung", pid)
	}
}

// An answer that would fill the host's memory is not taken.
func TestAnswerThatIsTooLong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refused(b.call("flood", "ORDER-1"), capabilities.Unavailable, "larger than max")
	b.works("ORDER-2")
}
