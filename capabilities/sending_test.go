package capabilities_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// counter counts how often leave was asked, and answers.
type counter struct {
	asked   atomic.Int32
	sending capabilities.Sending
	answer  error
}

func (c *counter) ask(_ context.Context, s capabilities.Sending) error {
	c.asked.Add(1)
	c.sending = s
	return c.answer
}

// The host writes a payment down before it leaves. It is asked where money may
// move, once, and nowhere else.
func TestBeforeSendIsAsked(t *testing.T) {
	for effect, want := range map[capabilities.Effect]int32{
		capabilities.Collects: 1, capabilities.PaysOut: 1, "": 1, "gives_away": 1,
		capabilities.Reads: 0, capabilities.NoEffect: 0,
	} {
		a, leave := newAcme(effect), &counter{}
		a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
			if capabilities.MovesMoney(ctx) != (want == 1) {
				t.Errorf("%q: MovesMoney = %t", effect, want == 0)
			}
			if before := leave.asked.Load(); before != 0 {
				t.Errorf("%q: leave was asked before the handler asked", effect)
			}
			for range 3 { // a provider that sends three requests
				if err := capabilities.BeforeSend(ctx); err != nil {
					t.Errorf("%q: %v", effect, err)
				}
			}
			return acmeOutput{}, nil
		}
		call := pay(anOrder)
		call.BeforeSend = leave.ask
		if _, err := a.Invoke(t.Context(), call); err != nil {
			t.Errorf("%q: %v", effect, err)
		}
		if got := leave.asked.Load(); got != want {
			t.Errorf("%q: leave was asked %d times, want %d", effect, got, want)
		}
	}
}

// Each call asks for itself.
func TestBeforeSendIsAskedForEachCall(t *testing.T) {
	a, leave := newAcme(capabilities.PaysOut), &counter{}
	a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
		return acmeOutput{}, capabilities.BeforeSend(ctx)
	}
	call := pay(anOrder)
	call.BeforeSend = leave.ask
	for range 2 {
		if _, err := a.Invoke(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	if got := leave.asked.Load(); got != 2 {
		t.Errorf("two calls asked %d times", got)
	}
}

// A host's no stays a no, however often and from wherever a provider asks.
func TestBeforeSendRefused(t *testing.T) {
	refusal := &capabilities.Refusal{Kind: capabilities.Refused, Guard: "limits", Message: "over the limit", Fix: "ask the operator"}
	tests := []struct {
		name   string
		answer error
		kind   capabilities.RefusalKind
	}{
		{"in plain words", errors.New("the caller has gone"), capabilities.Unavailable},
		{"as a refusal", refusal, capabilities.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, leave := newAcme(capabilities.PaysOut), &counter{answer: tt.answer}
			var left atomic.Int32
			a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
				var asking sync.WaitGroup
				for range 8 {
					asking.Go(func() {
						if capabilities.BeforeSend(ctx) == nil {
							left.Add(1)
						}
					})
				}
				asking.Wait()
				return acmeOutput{}, capabilities.BeforeSend(ctx)
			}
			call := pay(anOrder)
			call.BeforeSend = leave.ask
			_, err := a.Invoke(t.Context(), call)
			if r := asRefusal(t, err); r.Kind != tt.kind || !errors.Is(err, tt.answer) && tt.kind == capabilities.Refused {
				t.Errorf("%+v", r)
			}
			if left.Load() != 0 {
				t.Errorf("%d requests left without leave", left.Load())
			}
			if leave.asked.Load() != 1 {
				t.Errorf("leave was asked %d times", leave.asked.Load())
			}
		})
	}
}

// The host learns the network before the request leaves, and so can ask for
// the payment's state even if no answer ever comes.
func TestOnNetwork(t *testing.T) {
	for _, id := range []string{"moov_tg", ""} {
		a, leave := newAcme(capabilities.Collects), &counter{}
		a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
			if id != "" {
				ctx = capabilities.OnNetwork(ctx, id)
			}
			return acmeOutput{}, capabilities.BeforeSend(ctx)
		}
		call := pay(anOrder)
		call.BeforeSend = leave.ask
		if _, err := a.Invoke(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		if leave.sending.Network != id {
			t.Errorf("the host heard of the network %q, want %q", leave.sending.Network, id)
		}
	}
}

// An author's test that calls a handler directly needs no host. What it calls
// may still move money.
func TestOutsideACall(t *testing.T) {
	if err := capabilities.BeforeSend(t.Context()); err != nil {
		t.Error(err)
	}
	if !capabilities.MovesMoney(t.Context()) {
		t.Error("outside a call nothing moves money")
	}
}

// A host that asks for no leave permits.
func TestNoBeforeSend(t *testing.T) {
	a := newAcme(capabilities.PaysOut)
	a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
		return acmeOutput{}, capabilities.BeforeSend(ctx)
	}
	if _, err := a.Invoke(t.Context(), pay(anOrder)); err != nil {
		t.Error(err)
	}
}
