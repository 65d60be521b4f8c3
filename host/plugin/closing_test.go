package plugin_test

import (
	"context"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// closing closes the host in the background.
func (b *bench) closing(ctx context.Context) <-chan struct{} {
	closed := make(chan struct{})
	go func() { defer close(closed); b.host.Close(ctx) }()
	return closed
}

// refusesMore waits until the host takes no more calls.
func (b *bench) refusesMore() {
	b.Helper()
	within(b.T, "no call is taken any more", func() bool { return b.process.Check(b.Context()) != nil })
}

func TestCloseWaitsForCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	release := b.api.hold("asked")
	answer := b.calling("ask", "ORDER-1")
	b.api.isAt(t, "asked")
	closed := b.closing(context.Background())
	b.refusesMore()
	select {
	case <-closed:
		t.Error("closed although a call is under way")
	case a := <-answer:
		t.Errorf("closing ended a call:\n%s", a.Text())
	default:
	}
	release()
	if a := ends(t, "the call is answered", answer); a.Refused() {
		t.Errorf("the call was not left to end:\n%s", a.Text())
	}
	ends(t, "the host is closed", closed)
}

func TestCloseStopsWaiting(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		capability, at string
		kind           capabilities.RefusalKind
	}{
		{"ask", "asked", capabilities.Unavailable},
		{"pay", "after", capabilities.UnknownOutcome},
	} {
		t.Run(tc.capability, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.api.hold(tc.at)
			answer := b.calling(tc.capability, "ORDER-1")
			b.api.isAt(t, tc.at)
			ends(t, "the host is closed", b.closing(expired()))
			b.refused(ends(t, "the call is answered", answer), tc.kind)
		})
	}
}

// A process that is no longer asked, because a call hung, may still have other
// calls. Closing does not wait for them for ever either.
func TestCloseStopsWaitingForARetiredProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.api.hold("asked")
	answer := b.calling("ask", "ORDER-1")
	b.api.isAt(t, "asked")
	b.refused(b.call("ask_quickly", "ORDER-2"), capabilities.Unavailable)
	ends(t, "the host is closed", b.closing(expired()))
	b.refused(ends(t, "the call is answered", answer), capabilities.Unavailable)
}

func TestCallsAfterClose(t *testing.T) {
	t.Parallel()
	for _, used := range []bool{false, true} {
		b := newBench(t)
		if used {
			b.works("ORDER-1")
		}
		before := b.api.count("configure")
		b.host.Close(t.Context())
		for _, capability := range []string{"ask", "pay"} {
			b.refused(b.call(capability, "ORDER-2"), capabilities.Unavailable, "shutting down")
		}
		if n := b.api.count("configure"); n != before || b.process.PID() != 0 {
			t.Errorf("a process was started after Close")
		}
		b.host.Close(t.Context()) // once more does no harm
	}
}

// Nobody can use a process any more that is still starting.
func TestCloseWhileStarting(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"mute", "acme"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			source := trusted(t, role)
			b := benchWith(t, source, nil)
			b.api.hold("configure")
			answer := b.calling("ask", "ORDER-1")
			if role == "mute" {
				leftMark(t, source.Path)
			} else {
				b.api.isAt(t, "configure")
			}
			ends(t, "the host is closed", b.closing(context.Background()))
			b.refused(ends(t, "the call is answered", answer), capabilities.Unavailable, "shutting down")
		})
	}
}
