package gotchas_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/gotchas"
)

// sound is a catalogue with a notice and a gotcha, as an author would write it.
const sound = `
provider: acme
gotchas:
  - id: acme.pay.1
    capability: pay
    text: Paid out is not yet paid.
    brief: accepted is not yet paid
    must_tell_user: true
    environments: [sandbox, production]
    enforced_by: [plugin, polling_pace]
    when: {states: [pending], kinds: [held], response: {code: ["01", "02"]}}
    sources: [acme.pay.1]
  - id: acme.status.1
    capability: status
    text: Codes are strings.
    must_tell_user: false
    environments: [emulator]
    enforced_by: [reader]
    sources: ["the documentation of Acme"]
`

func capabilities() []string { return []string{"pay", "status"} }

func TestParse(t *testing.T) {
	c, err := gotchas.Parse([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(capabilities()); err != nil {
		t.Error(err)
	}
	want := gotchas.Catalogue{Provider: "acme", Gotchas: []gotchas.Gotcha{
		{
			ID: "acme.pay.1", Capability: "pay", Text: "Paid out is not yet paid.", Brief: "accepted is not yet paid", MustTellUser: true,
			Environments: []string{"sandbox", "production"}, EnforcedBy: []string{"plugin", "polling_pace"},
			When:    gotchas.When{States: []string{"pending"}, Kinds: []string{"held"}, Response: map[string][]string{"code": {"01", "02"}}},
			Sources: []string{"acme.pay.1"},
		},
		{
			ID: "acme.status.1", Capability: "status", Text: "Codes are strings.",
			Environments: []string{"emulator"}, EnforcedBy: []string{"reader"}, Sources: []string{"the documentation of Acme"},
		},
	}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if of := c.Of("status"); len(of) != 1 || of[0].ID != "acme.status.1" {
		t.Errorf("Of(status) = %+v", of)
	}
	if of := c.Of("refund"); len(of) != 0 {
		t.Errorf("Of(refund) = %+v", of)
	}
}

// A mistake in a catalogue is found when it is published, and the message
// names the gotcha.
func TestCatalogueIsRefused(t *testing.T) {
	tests := []struct {
		name     string
		old, new string // what is changed in a sound catalogue
		says     string
	}{
		{"a guard that there is not", "plugin, polling_pace", "plugin, luck", `acme.pay.1: unknown guard "luck"`},
		{"a guard in other letters", "plugin, polling_pace", "Plugin", `unknown guard "Plugin"`},
		{"a capability that there is not", "capability: status", "capability: statuses", `no capability "statuses"`},
		{"another provider's id", "id: acme.pay.1", "id: other.pay.1", "other.pay.1: the id is not acme.pay.N"},
		{"another capability's id", "id: acme.pay.1", "id: acme.status.2", "acme.status.2: the id is not acme.pay.N"},
		{"an id twice", "id: acme.status.1\n    capability: status", "id: acme.pay.1\n    capability: pay", "acme.pay.1: the id is used twice"},
		{"no text", "text: Codes are strings.", "text: ''", "acme.status.1: there is no text"},
		{"a notice without a brief", "brief: accepted is not yet paid\n", "\n", "acme.pay.1: a notice needs a brief"},
		{"a brief that no description holds", "accepted is not yet paid", strings.Repeat("x", 81), "at most 80"},
		{"a brief of no notice", "must_tell_user: true", "must_tell_user: false", "acme.pay.1: only a notice has a brief"},
		{"an environment that there is not", "[sandbox, production]", "[sandbox, live]", `unknown environment "live"`},
		{"no environment", "environments: [emulator]", "environments: []", "acme.status.1: no environment"},
		{"nobody's job", "enforced_by: [reader]", "enforced_by: []", "acme.status.1: enforced_by is empty"},
		{"half a reader's job", "enforced_by: [reader]", "enforced_by: [reader, schema]", "stands alone"},
		{"no source", "sources: [acme.pay.1]", "sources: []", "acme.pay.1: there is no source"},
		{"a state that there is not", "states: [pending]", "states: [paid]", `unknown state "paid"`},
		{"a kind that there is not", "kinds: [held]", "kinds: [broken]", `unknown kind "broken"`},

		{"a key that there is not", "brief:", "breif:", "breif"},
		{"a key within when that there is not", "states:", "state:", "state"},
		{"a key at the top that there is not", "provider: acme", "provider: acme\nversion: 2", "version"},
		{"a key twice", "provider: acme", "provider: acme\nprovider: other", "already"},
		{"a word for yes", "must_tell_user: true", "must_tell_user: maybe", "bool"},
		{"a second catalogue in the file", "provider: acme", "provider: other\n---\nprovider: acme", "one catalogue"},
		{"no catalogue", sound, "", "EOF"},
		{"no YAML", sound, "\t{", "yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := strings.Replace(sound, tt.old, tt.new, 1)
			if file == sound {
				t.Fatalf("%q is not in the catalogue", tt.old)
			}
			c, err := gotchas.Parse([]byte(file))
			if err == nil {
				err = c.Check(capabilities())
			}
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v; it does not say %q", err, tt.says)
			}
		})
	}
}

// One run shows all that is wrong.
func TestCheckReportsEverything(t *testing.T) {
	file := strings.NewReplacer("[reader]", "[luck]", "[emulator]", "[moon]", "Codes are strings.", "''").Replace(sound)
	c, err := gotchas.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Check(capabilities())
	for _, says := range []string{"luck", "moon", "there is no text"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; it does not say %q", err, says)
		}
	}
}

// A provider whose catalogue is missing is not one without gotchas.
func TestForNobody(t *testing.T) {
	c := gotchas.For("nobody")
	if err := c.Check(nil); err == nil || !strings.Contains(err.Error(), "no catalogue of nobody") {
		t.Errorf("Check() = %v", err)
	}
}

// Every trap that the providers' own material warns of is in its provider's
// catalogue, and a human is told of exactly those that it wants told.
func TestSeedGotchasAreCovered(t *testing.T) {
	seeds := readSeeds(t)
	for _, c := range catalogues(t) {
		covered := map[string]int{}
		for _, g := range c.Gotchas {
			for _, source := range g.Sources {
				if !seedLike(c.Provider, source) {
					continue
				}
				covered[source]++
				mustTell, ok := seeds[source]
				if !ok {
					t.Errorf("%s: there is no %s to cover", g.ID, source)
				} else if g.MustTellUser != mustTell {
					t.Errorf("%s: a notice: %t, but for %s it is %t", g.ID, g.MustTellUser, source, mustTell)
				}
			}
		}
		for id := range seeds {
			if strings.HasPrefix(id, c.Provider+".") && covered[id] == 0 {
				t.Errorf("no gotcha covers %s", id)
			}
		}
	}
}

// seedLike reports whether a source is spelled like the id of a seed, and not
// like the name of a document.
func seedLike(provider, source string) bool {
	return strings.HasPrefix(source, provider+".") && !strings.Contains(source, " ")
}

// What the program carries is what the catalogue says.
func TestPublishedIsTheCatalogue(t *testing.T) {
	var providers []string
	for _, c := range catalogues(t) {
		providers = append(providers, c.Provider)
		if published := gotchas.For(c.Provider); !reflect.DeepEqual(published, c) {
			t.Errorf("%s: gotchas/published is not what the YAML says: run 'go generate ./plugins'", c.Provider)
		}
	}
	files, err := filepath.Glob("published/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if provider := strings.TrimSuffix(filepath.Base(f), ".json"); !slices.Contains(providers, provider) {
			t.Errorf("%s is published, but there is no catalogue of it", provider)
		}
	}
}

// catalogues reads every catalogue of this folder.
func catalogues(t *testing.T) []gotchas.Catalogue {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no catalogue: %v", err)
	}
	var all []gotchas.Catalogue
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c, err := gotchas.Parse(b)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if c.Provider+".yaml" != f {
			t.Errorf("%s is the catalogue of %s", f, c.Provider)
		}
		all = append(all, c)
	}
	return all
}

// readSeeds reads which seeds there are, and of which a human has to be told.
func readSeeds(t *testing.T) map[string]bool {
	t.Helper()
	f, err := os.Open("testdata/seed_gotchas.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	seeds := map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Scan() // the names of the columns
	for lines.Scan() {
		var id, mustTell string
		if _, err := fmt.Sscan(lines.Text(), &id, &mustTell); err != nil || mustTell != "yes" && mustTell != "no" {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if _, twice := seeds[id]; twice {
			t.Fatalf("%s is there twice", id)
		}
		seeds[id] = mustTell == "yes"
	}
	if err := lines.Err(); err != nil || len(seeds) == 0 {
		t.Fatalf("%d seeds were read: %v", len(seeds), err)
	}
	return seeds
}
