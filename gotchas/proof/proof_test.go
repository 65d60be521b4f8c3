package proof_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/gotchas/proof"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	c := gotchas.Catalogue{Provider: "acme", Gotchas: []gotchas.Gotcha{
		{ID: "acme.pay.1", EnforcedBy: []string{"reference", "limits"}},
		{ID: "acme.pay.2", EnforcedBy: []string{gotchas.Reader}},
		{ID: "acme.pay.3", EnforcedBy: []string{"plugin"}},
	}}
	all := []proof.Pair{{"acme.pay.1", "reference"}, {"acme.pay.1", "limits"}, {"acme.pay.3", "plugin"}}
	for name, test := range map[string]struct {
		proved []proof.Pair
		says   string
	}{
		"all of it":            {all, ""},
		"twice":                {append(all[:3:3], all...), ""},
		"one too few":          {all[1:], "acme.pay.1 is enforced by reference, and no test shows it"},
		"another guard":        {append(all[:3:3], proof.Pair{Gotcha: "acme.pay.3", Enforcer: "limits"}), "acme.pay.3 is enforced by limits, which"},
		"the reader's":         {append(all[:3:3], proof.Pair{Gotcha: "acme.pay.2", Enforcer: gotchas.Reader}), "acme.pay.2 is enforced by reader, which"},
		"one that there isn't": {append(all[:3:3], proof.Pair{Gotcha: "acme.pay.9", Enforcer: "plugin"}), "acme.pay.9"},
	} {
		err := proof.Check(c, test.proved)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

func TestTests(t *testing.T) {
	t.Parallel()
	names, err := proof.Tests(".")
	if err != nil || !slices.Equal(names, []string{"TestCheck", "TestTests"}) {
		t.Errorf("%q, %v", names, err)
	}
}
