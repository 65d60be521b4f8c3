package capabilities_test

import (
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

func TestMovesMoney(t *testing.T) {
	moves := map[capabilities.Effect]bool{
		capabilities.Reads: false, capabilities.NoEffect: false,
		capabilities.Collects: true, capabilities.PaysOut: true,
		"": true, "gives_away": true, // an unknown effect moves money
	}
	for effect, want := range moves {
		if effect.MovesMoney() != want {
			t.Errorf("%q moves money: %t, want %t", effect, !want, want)
		}
	}
	for _, e := range capabilities.Effects() {
		if _, covered := moves[e]; !covered {
			t.Errorf("the effect %s is not covered", e)
		}
	}
}

func TestFinal(t *testing.T) {
	for state, want := range map[capabilities.State]bool{
		capabilities.Pending: false, capabilities.Unknown: false, "": false, "paid": false,
		capabilities.Succeeded: true, capabilities.Failed: true, capabilities.Expired: true, capabilities.Cancelled: true,
	} {
		if state.Final() != want {
			t.Errorf("%q is final: %t, want %t", state, !want, want)
		}
	}
}

// The catalogue of gotchas spells the contract's words itself, for it imports
// nothing. It has to know all of them, and no other.
func TestCatalogueKnowsTheWords(t *testing.T) {
	check := func(when gotchas.When) error {
		c := gotchas.Catalogue{Provider: "acme", Gotchas: []gotchas.Gotcha{{
			ID: "acme.pay.1", Capability: "pay", Text: "a trap", When: when,
			Environments: gotchas.Environments(), EnforcedBy: []string{gotchas.Reader}, Sources: []string{"documentation"},
		}}}
		return c.Check([]string{"pay"})
	}
	for _, s := range []capabilities.State{capabilities.Pending, capabilities.Succeeded, capabilities.Failed, capabilities.Expired, capabilities.Cancelled, capabilities.Unknown} {
		if err := check(gotchas.When{States: []string{string(s)}}); err != nil {
			t.Error(err)
		}
	}
	for _, k := range []capabilities.RefusalKind{
		capabilities.Invalid, capabilities.Refused, capabilities.Held, capabilities.Misconfigured,
		capabilities.ProviderRejected, capabilities.Unavailable, capabilities.UnknownOutcome,
	} {
		if err := check(gotchas.When{Kinds: []string{string(k)}}); err != nil {
			t.Error(err)
		}
	}
	if err := check(gotchas.When{States: []string{"paid"}}); err == nil {
		t.Error("a state that the contract does not have was taken")
	}
	want := []string{capabilities.Emulator, capabilities.Sandbox, capabilities.Production}
	if !slices.Equal(gotchas.Environments(), want) {
		t.Errorf("the catalogue knows the environments %v, the contract %v", gotchas.Environments(), want)
	}
}
