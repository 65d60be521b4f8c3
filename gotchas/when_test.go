package gotchas_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/gotchas"
)

// A gotcha rides on the answers that it is about, and on no other: an agent
// that reads all of them on each answer soon reads none.
func TestMatters(t *testing.T) {
	in := func(w gotchas.When) gotchas.Gotcha {
		return gotchas.Gotcha{Environments: []string{"sandbox", "production"}, When: w}
	}
	pending := in(gotchas.When{States: []string{"pending", "unknown"}})
	rejected := in(gotchas.When{Kinds: []string{"provider_rejected", "misconfigured"}})
	coded := in(gotchas.When{Response: map[string][]string{"code": {"02", "-1"}}})
	both := in(gotchas.When{Response: map[string][]string{"code": {"02"}, "msg": {"FAILED"}}})
	all := in(gotchas.When{States: []string{"failed"}, Kinds: []string{"provider_rejected"}, Response: map[string][]string{"code": {"02"}}})
	notice := gotchas.Gotcha{MustTellUser: true, Environments: []string{"production"}}
	narrow := gotchas.Gotcha{MustTellUser: true, Environments: []string{"production"}, When: gotchas.When{States: []string{"failed"}}}

	code := func(values ...string) map[string]string {
		m := map[string]string{}
		for i, name := range []string{"code", "msg"} {
			if i < len(values) {
				m[name] = values[i]
			}
		}
		return m
	}
	tests := []struct {
		name    string
		gotcha  gotchas.Gotcha
		answer  gotchas.Answer
		matters bool
	}{
		{"one of the states", pending, gotchas.Answer{Environment: "sandbox", State: "pending"}, true},
		{"the other", pending, gotchas.Answer{Environment: "production", State: "unknown"}, true},
		{"another state", pending, gotchas.Answer{Environment: "sandbox", State: "succeeded"}, false},
		{"no state", pending, gotchas.Answer{Environment: "sandbox", Kind: "misconfigured"}, false},
		{"where it does not bite", pending, gotchas.Answer{Environment: "emulator", State: "pending"}, false},
		{"nowhere", pending, gotchas.Answer{State: "pending"}, false},

		{"one of the kinds", rejected, gotchas.Answer{Environment: "sandbox", Kind: "misconfigured"}, true},
		{"another kind", rejected, gotchas.Answer{Environment: "sandbox", Kind: "unavailable"}, false},
		{"no refusal", rejected, gotchas.Answer{Environment: "sandbox", State: "failed"}, false},

		{"one of the codes", coded, gotchas.Answer{Environment: "sandbox", Response: code("-1")}, true},
		{"another code", coded, gotchas.Answer{Environment: "sandbox", Response: code("00")}, false},
		{"a code that only looks alike", coded, gotchas.Answer{Environment: "sandbox", Response: code("2")}, false},
		{"no code", coded, gotchas.Answer{Environment: "sandbox", Response: code()}, false},
		{"no answer", coded, gotchas.Answer{Environment: "sandbox", State: "failed"}, false},
		{"both fields", both, gotchas.Answer{Environment: "sandbox", Response: code("02", "FAILED")}, true},
		{"one of two fields", both, gotchas.Answer{Environment: "sandbox", Response: code("02", "PENDING")}, false},

		{"every part", all, gotchas.Answer{Environment: "sandbox", State: "failed", Kind: "provider_rejected", Response: code("02")}, true},
		{"all but the state", all, gotchas.Answer{Environment: "sandbox", State: "pending", Kind: "provider_rejected", Response: code("02")}, false},
		{"all but the kind", all, gotchas.Answer{Environment: "sandbox", State: "failed", Response: code("02")}, false},
		{"all but the code", all, gotchas.Answer{Environment: "sandbox", State: "failed", Kind: "provider_rejected"}, false},

		{"no condition never matters", in(gotchas.When{}), gotchas.Answer{Environment: "sandbox", State: "pending", Response: code("02")}, false},

		{"a notice rides on any answer", notice, gotchas.Answer{Environment: "emulator", State: "succeeded"}, true},
		{"whatever its condition", narrow, gotchas.Answer{Environment: "emulator", State: "succeeded"}, true},
		{"also on a refusal", notice, gotchas.Answer{Environment: "production", Kind: "held"}, true},
		{"not where the input was wrong", notice, gotchas.Answer{Environment: "production", Kind: "invalid"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.gotcha.Matters(tt.answer); got != tt.matters {
				t.Errorf("Matters = %t", got)
			}
		})
	}
}
