// Package gotchas is the catalogue of what is known to go wrong with each
// provider. One YAML file per provider holds the texts; this package reads and
// checks them, and decides which of them matter to a given answer.
//
// What is embedded is the same in JSON, in the folder published: YAML takes
// four times as long to read, in every start of every process. 'go generate
// ./plugins' writes it.
package gotchas

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed published/*.json
var files embed.FS

// Gotcha is one documented trap of one capability.
type Gotcha struct {
	// ID is unique in the catalogue: provider, capability, number.
	ID string `yaml:"id" json:"id"`
	// Capability is the operation that the trap belongs to.
	Capability string `yaml:"capability" json:"capability"`
	// Text tells the trap and the way around it.
	Text string `yaml:"text" json:"text"`
	// Brief is the notice in at most 80 characters, for a tool's description.
	// Only notices have one.
	Brief string `yaml:"brief,omitempty" json:"brief,omitempty"`
	// MustTellUser makes the gotcha a notice: a human has to be told.
	MustTellUser bool `yaml:"must_tell_user" json:"must_tell_user"`
	// Environments says where the trap bites.
	Environments []string `yaml:"environments" json:"environments"`
	// EnforcedBy names what makes the trap harmless, from Enforcers.
	EnforcedBy []string `yaml:"enforced_by" json:"enforced_by"`
	// When says on which answers the text is worth repeating.
	When When `yaml:"when,omitempty" json:"when,omitzero"`
	// Sources holds the seed ids that the gotcha covers, and where else it
	// comes from.
	Sources []string `yaml:"sources" json:"sources"`
}

// Reader is the enforcer of a gotcha that nothing enforces: minding it is the
// reader's job. It stands alone.
const Reader = "reader"

// Enforcer is something that can keep a gotcha from doing harm.
type Enforcer struct {
	Name string
	What string
}

// Enforcers lists every name that enforced_by may hold, with what stands
// behind it. All but the last two are checks of the host.
func Enforcers() []Enforcer {
	return []Enforcer{
		{"schema", "the input is refused before anything is sent"},
		{"environment", "the operator's configuration alone chooses the host; plain http goes to loopback only"},
		{"read_only", "nothing that moves money is called"},
		{"notices", "in production, nothing that moves money is called until a human has acknowledged the notice"},
		{"reference", "one reference is one payment: asked for again it is answered from the record, with other content it is refused"},
		{"limits", "amounts, payees and providers are held to the operator's policy"},
		{"suspected_repeat", "a payment that looks like one of a short while ago, or asks somebody again and again, waits for a human"},
		{"preview", "the provider is shown a payment before a human is, and what it knows to be wrong is refused"},
		{"approval", "a payout waits until a human has approved exactly it"},
		{"pre_check", "a payout that the balance does not cover is refused"},
		{"polling_pace", "one reference is never asked for faster than the provider allows, and the back-off is offered"},
		{"webhook_recheck", "a webhook never fulfils: the status is asked again, the amount is the recorded one, and a payment is fulfilled once"},
		{"plugin", "the provider's own code makes the trap impossible"},
		{Reader, "nothing enforces it: it is the reader's job"},
	}
}

// Environments lists the environments that a gotcha may name.
func Environments() []string { return []string{"emulator", "sandbox", "production"} }

const maxBrief = 80

// Catalogue holds the gotchas of one provider, in the order of its file.
type Catalogue struct {
	Provider string   `yaml:"provider" json:"provider"`
	Gotchas  []Gotcha `yaml:"gotchas" json:"gotchas"`
	err      error
}

// For returns the built-in catalogue of a provider. It does not fail: what is
// wrong with the file, or its absence, is reported by Check.
func For(provider string) Catalogue {
	var c Catalogue
	b, err := files.ReadFile("published/" + provider + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("gotchas: there is no catalogue of %s", provider)
	}
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return Catalogue{Provider: provider, err: err}
	}
	return c
}

// Parse reads one provider's file. Unknown keys are refused.
func Parse(b []byte) (Catalogue, error) {
	var c Catalogue
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return Catalogue{}, fmt.Errorf("gotchas: %w", err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Catalogue{}, errors.New("gotchas: a file holds one catalogue, and nothing after it")
	}
	return c, nil
}

// Check reports everything that is wrong with the catalogue, given the
// capabilities that its provider has: duplicate or foreign ids, unknown
// capabilities, enforcers, environments or conditions, notices without a
// brief, gotchas without a source.
func (c Catalogue) Check(capabilities []string) error {
	if c.err != nil {
		return c.err
	}
	var errs []error
	seen := map[string]bool{}
	for _, g := range c.Gotchas {
		for _, problem := range g.problems(c.Provider, capabilities) {
			errs = append(errs, fmt.Errorf("gotchas: %s: %s", g.ID, problem))
		}
		if seen[g.ID] {
			errs = append(errs, fmt.Errorf("gotchas: %s: the id is used twice", g.ID))
		}
		seen[g.ID] = true
	}
	return errors.Join(errs...)
}

func (g Gotcha) problems(provider string, capabilities []string) []string {
	var p []string
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	wrong(!strings.HasPrefix(g.ID, provider+"."+g.Capability+"."), "the id is not %s.%s.N", provider, g.Capability)
	wrong(!slices.Contains(capabilities, g.Capability), "%s has no capability %q", provider, g.Capability)
	wrong(g.Text == "", "there is no text")
	wrong(g.MustTellUser && (g.Brief == "" || len(g.Brief) > maxBrief), "a notice needs a brief of at most %d characters", maxBrief)
	wrong(!g.MustTellUser && g.Brief != "", "only a notice has a brief")
	wrong(len(g.Sources) == 0, "there is no source")
	wrong(len(g.Environments) == 0, "no environment is named")
	wrong(len(g.EnforcedBy) == 0, "enforced_by is empty: name a guard, or %q", Reader)
	wrong(slices.Contains(g.EnforcedBy, Reader) && len(g.EnforcedBy) > 1, "%q stands alone", Reader)
	for _, e := range g.Environments {
		wrong(!slices.Contains(Environments(), e), "unknown environment %q", e)
	}
	for _, name := range g.EnforcedBy {
		wrong(!known(name), "unknown guard %q", name)
	}
	return append(p, g.When.problems()...)
}

func known(enforcer string) bool {
	return slices.ContainsFunc(Enforcers(), func(e Enforcer) bool { return e.Name == enforcer })
}

// Of returns the gotchas of one capability.
func (c Catalogue) Of(capability string) []Gotcha {
	var of []Gotcha
	for _, g := range c.Gotchas {
		if g.Capability == capability {
			of = append(of, g)
		}
	}
	return of
}
