// Package proof holds what a catalogue says is enforced to the tests that show
// it. Tests of providers import it, and nothing else does.
package proof

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Pair is a gotcha with one of those that enforce it.
type Pair struct {
	Gotcha   string // its id
	Enforcer string
}

// Pairs returns what a catalogue claims, in its order: every gotcha with every
// enforcer, but for those that are left to the reader.
func Pairs(c gotchas.Catalogue) []Pair {
	var claimed []Pair
	for _, g := range c.Gotchas {
		for _, e := range g.EnforcedBy {
			if e != gotchas.Reader {
				claimed = append(claimed, Pair{g.ID, e})
			}
		}
	}
	return claimed
}

// Check reports every claim of the catalogue that nothing proves, and every
// proof of what the catalogue does not claim.
func Check(c gotchas.Catalogue, proved []Pair) error {
	claimed := Pairs(c)
	var errs []error
	for _, p := range claimed {
		if !slices.Contains(proved, p) {
			errs = append(errs, fmt.Errorf("%s is enforced by %s, and no test shows it", p.Gotcha, p.Enforcer))
		}
	}
	for _, p := range proved {
		if !slices.Contains(claimed, p) {
			errs = append(errs, fmt.Errorf("a test shows that %s is enforced by %s, which the catalogue does not say", p.Gotcha, p.Enforcer))
		}
	}
	return errors.Join(errs...)
}

// Tests returns the names of the test functions of a folder's package.
func Tests(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") && fn.Name.Name != "TestMain" {
				names = append(names, fn.Name.Name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
