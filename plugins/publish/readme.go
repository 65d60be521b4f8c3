package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// The README's table of tools lies between these two lines.
const (
	tableBegins = "<!-- tools: written by 'go generate ./plugins' -->\n"
	tableEnds   = "<!-- end of tools -->\n"
)

// publishReadme writes the table of tools into the README.
func publishReadme(path string, manifests []*capabilities.Manifest) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(b, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !begins || !ends {
		return errors.New("the README lacks the lines between which its table of tools lies")
	}
	written := slices.Concat(before, []byte(tableBegins+table(manifests)+tableEnds), after)
	return os.WriteFile(path, written, 0o644)
}

// table has a row for each capability.
func table(manifests []*capabilities.Manifest) string {
	var b strings.Builder
	b.WriteString("| tool | what it does | effect | where |\n| --- | --- | --- | --- |\n")
	for _, m := range manifests {
		for i := range m.Capabilities {
			c := &m.Capabilities[i]
			fmt.Fprintf(&b, "| `%s_%s` | %s | `%s` | %s |\n", m.Slug, c.Name, strings.TrimSuffix(c.Summary, "."), c.Effect, where(m, c))
		}
	}
	return b.String()
}

// where names the countries that a capability serves, or else its currencies.
func where(m *capabilities.Manifest, c *capabilities.Capability) string {
	const most = 3 // that a cell names, before it counts
	countries := m.Countries
	if len(m.Networks) > 0 {
		countries = nil
		for _, n := range m.NetworksOf(c) {
			if n.Country != "" && !slices.Contains(countries, n.Country) {
				countries = append(countries, n.Country)
			}
		}
	}
	switch {
	case len(countries) == 0:
		return fmt.Sprintf("%d currencies", len(m.Currencies))
	case len(countries) > most:
		return fmt.Sprintf("%d countries", len(countries))
	}
	return strings.Join(countries, ", ")
}
