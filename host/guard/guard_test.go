package guard_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// to is a call of a capability with that effect, sent there.
func to(environment, base string, effect capabilities.Effect) *guard.Call {
	return &guard.Call{
		Manifest:   &capabilities.Manifest{Info: capabilities.Info{Slug: "acme"}},
		Capability: &capabilities.Capability{Spec: capabilities.Spec{Name: "pay_out", Effect: effect}},
		Target:     capabilities.Target{Environment: environment, BaseURL: base},
		Fields:     map[capabilities.Role]string{capabilities.RoleReference: "ORDER-1"},
	}
}

// refused reports whether a guard refuses, in the way that guards do.
func refused(t *testing.T, g guard.Guard, c *guard.Call) bool {
	t.Helper()
	err := guard.Check(t.Context(), []guard.Guard{g}, c)
	if err == nil {
		return false
	}
	var r *capabilities.Refusal
	if !errors.As(err, &r) || r.Kind != capabilities.Refused || r.Guard != g.Name() || r.Message == "" || r.Fix == "" {
		t.Errorf("it refuses with %+v", err)
	}
	return true
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	const (
		remote = "https://api.acme.example"
		local  = "http://127.0.0.1:8080"
	)
	for _, c := range []struct {
		environment, base string
		effect            capabilities.Effect
		refused           bool
	}{
		{capabilities.Emulator, local, capabilities.PaysOut, false},
		{capabilities.Emulator, "https://localhost", capabilities.PaysOut, false},
		{capabilities.Emulator, remote, capabilities.Reads, true}, // production, called an emulator
		{capabilities.Sandbox, remote, capabilities.PaysOut, false},
		{capabilities.Sandbox, local, capabilities.PaysOut, false},
		{capabilities.Production, remote, capabilities.Reads, false},
		{capabilities.Production, remote, capabilities.NoEffect, false},
		{capabilities.Production, remote, capabilities.Collects, false},
		{capabilities.Production, remote, capabilities.PaysOut, false}, // other guards hold it
		{capabilities.Production, "http://api.acme.example", capabilities.PaysOut, true},
		{capabilities.Sandbox, "http://api.acme.example", capabilities.Reads, true},
		{capabilities.Sandbox, "ftp://127.0.0.1", capabilities.Reads, true},
		{capabilities.Sandbox, "", capabilities.Reads, true},
		{capabilities.Sandbox, "https://user@api.acme.example", capabilities.Reads, true},
		{"", remote, capabilities.Reads, true},
		{"staging", remote, capabilities.Reads, true},
		{"PRODUCTION", remote, capabilities.Reads, true},
	} {
		if got := refused(t, guard.Environment{}, to(c.environment, c.base, c.effect)); got != c.refused {
			t.Errorf("%s in %q at %s: refused %v", c.effect, c.environment, c.base, got)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	for effect, want := range map[capabilities.Effect]bool{
		capabilities.Reads: false, capabilities.NoEffect: false,
		capabilities.Collects: true, capabilities.PaysOut: true, "gives_away": true, "": true,
	} {
		if got := refused(t, guard.ReadOnly{}, to(capabilities.Emulator, "http://127.0.0.1", effect)); got != want {
			t.Errorf("%q: refused %v", effect, got)
		}
	}
}

func TestPollingPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := ledger.File(filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	pace := guard.PollingPace{Questions: l}
	question := func(reference string) *guard.Call {
		c := to(capabilities.Sandbox, "https://api.acme.example", capabilities.Reads)
		c.Capability.Polling = &capabilities.Polling{MinInterval: 10}
		c.Fields[capabilities.RoleReference] = reference
		c.Ledger, c.Now = l, now
		return c
	}
	for i, c := range []struct {
		after     time.Duration
		call      *guard.Call
		wait      int // seconds; 0 is let through
		otherwise string
	}{
		{0, question("A"), 0, "the first"},
		{0, question("A"), 10, "at once"},
		{0, question("B"), 0, "another reference"},
		{9500 * time.Millisecond, question("A"), 1, "half a second too early"},
		{500 * time.Millisecond, question("A"), 0, "in time"},
		{time.Second, question("A"), 9, "the pace begins anew"},
	} {
		now = now.Add(c.after)
		c.call.Ledger, c.call.Now = l, now
		err := guard.Check(t.Context(), []guard.Guard{pace}, c.call)
		var r *capabilities.Refusal
		if errors.As(err, &r); (err == nil) != (c.wait == 0) || r != nil && r.AfterSeconds != c.wait {
			t.Errorf("%d, %s: %+v, want to wait %d s", i, c.otherwise, err, c.wait)
		}
	}
	other := question("A")
	other.Target.Environment = capabilities.Production
	if refused(t, pace, other) {
		t.Error("another environment's transaction shares the pace")
	}
	free := question("A")
	free.Capability.Polling = nil
	if refused(t, pace, free) {
		t.Error("a capability without a pace is held to one")
	}
	for range 2 {
		if refused(t, pace, question("")) {
			t.Error("a call without a reference is held to a pace")
		}
	}
}

// TestAnEarlyQuestionIsAnsweredFromTheRecord, if there is one.
func TestAnEarlyQuestionIsAnsweredFromTheRecord(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := ledger.File(filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	c := to(capabilities.Sandbox, "https://api.acme.example", capabilities.Reads)
	c.Capability.Polling = &capabilities.Polling{MinInterval: 10}
	c.Ledger, c.Now = l, now
	key := ledger.Key{Provider: "acme", Environment: capabilities.Sandbox, Reference: "ORDER-1"}
	claim := &ledger.Claim{Transaction: ledger.Transaction{Key: key, Capability: "pay_out", Effect: capabilities.PaysOut, Claimed: now}}
	if err := l.Claim(t.Context(), claim, func(ledger.View) error { return nil }); err != nil {
		t.Fatal(err)
	}
	guards := []guard.Guard{guard.PollingPace{Questions: l}}
	if err := guard.Check(t.Context(), guards, c); err != nil {
		t.Errorf("the first question: %v", err)
	}
	var recorded *guard.Recorded
	if err := guard.Check(t.Context(), guards, c); !errors.As(err, &recorded) || recorded.Reference != "ORDER-1" || recorded.AfterSeconds != 10 {
		t.Errorf("the second question: %v, %+v", err, recorded)
	}
	if err := l.Settle(t.Context(), key, ledger.Settlement{State: ledger.NotSent, At: now}); err != nil {
		t.Fatal(err)
	}
	if !refused(t, guards[0], c) {
		t.Error("of what was not sent there is something on record")
	}
}

// says is a guard that answers what a test wants.
type says struct {
	name string
	err  error
	ask  *[]string
}

func (s says) Name() string { return s.name }

func (s says) Check(context.Context, *guard.Call) error {
	*s.ask = append(*s.ask, s.name)
	return s.err
}

func TestCheckStopsAtTheFirstRefusal(t *testing.T) {
	t.Parallel()
	no := &capabilities.Refusal{Kind: capabilities.Refused, Message: "no", Fix: "don't"}
	for _, c := range []struct {
		name  string
		errs  []error
		asked string
		guard string
	}{
		{"none", nil, "", ""},
		{"all agree", []error{nil, nil}, "a b", ""},
		{"the first refuses", []error{no, no}, "a", "a"},
		{"the last refuses", []error{nil, nil, no}, "a b c", "c"},
		{"a check that breaks refuses", []error{nil, errors.New("disk full"), nil}, "a b", "b"},
	} {
		var asked []string
		var guards []guard.Guard
		for i, err := range c.errs {
			guards = append(guards, says{string(rune('a' + i)), err, &asked})
		}
		err := guard.Check(t.Context(), guards, to(capabilities.Sandbox, "https://api.acme.example", capabilities.Reads))
		var r *capabilities.Refusal
		if errors.As(err, &r); (err == nil) != (c.guard == "") || r != nil && (r.Guard != c.guard || r.Kind != capabilities.Refused) {
			t.Errorf("%s: %+v", c.name, err)
		}
		if got := strings.Join(asked, " "); got != c.asked {
			t.Errorf("%s: asked %q, want %q", c.name, got, c.asked)
		}
	}
}
