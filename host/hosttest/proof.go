package hosttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/gotchas/proof"
	"github.com/mcp-payments/mcp-payments/host"
)

// A catalogue says by what each trap is made harmless. What is enforced by the
// host is shown by scenarios, one for each; what is enforced by the plugin, by
// tests that are named.

// Scenario is one that a check of the host ends. B is the provider's own bench.
type Scenario[B ender] struct {
	Name    string
	Guard   string
	Gotchas string // ids that it makes harmless, without the provider, with spaces between
	Answer  func(B) *host.Answer
}

type ender interface {
	Ended(a *host.Answer, by, ids string, references ...string)
}

// Enforce runs every scenario, each on a bench of its own: it ends where the
// catalogue says, and no more was sent before than one request for ORDER-1.
func Enforce[B ender](t *testing.T, bench func(*testing.T, emulation.Options, ...func(map[string]string)) B, scenarios []Scenario[B]) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.Guard+"/"+s.Name, func(t *testing.T) {
			t.Parallel()
			b := bench(t, emulation.Options{})
			b.Ended(s.Answer(b), s.Guard, s.Gotchas, "ORDER-1")
		})
	}
}

// Prove holds the provider's catalogue to its scenarios and tests: whoever
// names an enforcer has to show it. byPlugin has, for each gotcha that the
// plugin makes harmless, a test of this folder that shows it.
func Prove[B ender](t *testing.T, p Provider, scenarios []Scenario[B], byPlugin map[string]string) {
	t.Helper()
	var proved []proof.Pair
	for _, s := range scenarios {
		for id := range strings.FieldsSeq(s.Gotchas) {
			proved = append(proved, proof.Pair{Gotcha: p.Slug + "." + id, Enforcer: s.Guard})
		}
	}
	tests, err := proof.Tests(".")
	if err != nil {
		t.Fatal(err)
	}
	for id, test := range byPlugin {
		proved = append(proved, proof.Pair{Gotcha: p.Slug + "." + id, Enforcer: "plugin"})
		if !slices.Contains(tests, test) {
			t.Errorf("%s is shown by %s, which there is not", id, test)
		}
	}
	m, err := p.Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Check(m.Gotchas, proved); err != nil {
		t.Error(err)
	}
}
