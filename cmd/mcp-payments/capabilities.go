package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// capabilityRow is one capability as programs read it.
type capabilityRow struct {
	Provider     string              `json:"provider"`
	Capability   string              `json:"capability"`
	Tool         string              `json:"tool"`
	Kind         capabilities.Kind   `json:"kind"`
	Effect       capabilities.Effect `json:"effect"`
	Countries    []string            `json:"countries"`
	Networks     []string            `json:"networks"`
	Environments []string            `json:"environments"`
	Gotchas      []string            `json:"gotchas"`        // ids
	MustTellUser []string            `json:"must_tell_user"` // the ids of those that are notices
	Summary      string              `json:"summary"`
}

// capabilityFilter keeps rows; an empty part keeps all.
type capabilityFilter struct{ provider, country, kind, effect string }

func capabilitiesCommand(a *app) *cobra.Command {
	var f capabilityFilter
	var asJSON bool
	c := &cobra.Command{
		Use:   "capabilities",
		Short: "List what every provider can do",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rows, err := listCapabilities(f)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(a.out, rows)
			}
			return a.printCapabilities(rows)
		},
	}
	c.Flags().StringVar(&f.provider, "provider", "", "only this provider")
	c.Flags().StringVar(&f.country, "country", "", "only this country (ISO 3166-1, such as TG)")
	c.Flags().StringVar(&f.kind, "kind", "", "only this kind, such as collect or disburse")
	c.Flags().StringVar(&f.effect, "effect", "", "only this effect: reads, collects, pays_out or none")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func listCapabilities(f capabilityFilter) ([]capabilityRow, error) {
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	if err := f.check(all); err != nil {
		return nil, err
	}
	rows := []capabilityRow{}
	for _, c := range all {
		for i := range c.manifest.Capabilities {
			if row := rowOf(c.manifest, &c.manifest.Capabilities[i]); f.keeps(row) {
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

func (f capabilityFilter) check(all []catalogued) error {
	if f.provider != "" {
		if _, err := chosen(all, []string{f.provider}); err != nil {
			return err
		}
	}
	if f.kind != "" && !slices.Contains(capabilities.Kinds(), capabilities.Kind(f.kind)) {
		return usageError{fmt.Errorf("there is no kind %q; choose from %s", f.kind, join(capabilities.Kinds()))}
	}
	if f.effect != "" && !slices.Contains(capabilities.Effects(), capabilities.Effect(f.effect)) {
		return usageError{fmt.Errorf("there is no effect %q; choose from %s", f.effect, join(capabilities.Effects()))}
	}
	return nil
}

func join[S ~string](all []S) string {
	var s []string
	for _, one := range all {
		s = append(s, string(one))
	}
	return strings.Join(s, ", ")
}

func (f capabilityFilter) keeps(r capabilityRow) bool {
	return (f.provider == "" || r.Provider == f.provider) &&
		(f.country == "" || slices.Contains(r.Countries, strings.ToUpper(f.country))) &&
		(f.kind == "" || string(r.Kind) == f.kind) &&
		(f.effect == "" || string(r.Effect) == f.effect)
}

func rowOf(m *capabilities.Manifest, c *capabilities.Capability) capabilityRow {
	row := capabilityRow{
		Provider: m.Slug, Capability: c.Name, Tool: host.ToolName(m.Slug, c.Name), Kind: c.Kind, Effect: c.Effect,
		Countries: []string{}, Networks: []string{}, Environments: []string{capabilities.Emulator},
		Gotchas: []string{}, MustTellUser: []string{}, Summary: c.Summary,
	}
	for _, n := range m.NetworksOf(c) {
		row.Networks = append(row.Networks, n.ID)
		if !slices.Contains(row.Countries, n.Country) {
			row.Countries = append(row.Countries, n.Country)
		}
	}
	if len(row.Networks) == 0 {
		row.Countries = m.Countries
	}
	for _, e := range m.Environments {
		row.Environments = append(row.Environments, e.Name)
	}
	for _, g := range m.Gotchas.Of(c.Name) {
		row.Gotchas = append(row.Gotchas, g.ID)
		if g.MustTellUser {
			row.MustTellUser = append(row.MustTellUser, g.ID)
		}
	}
	return row
}

func (a *app) printCapabilities(rows []capabilityRow) error {
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, []string{
			r.Tool, string(r.Kind), string(r.Effect), strings.Join(r.Countries, " "), strings.Join(r.Networks, " "),
			fmt.Sprint(len(r.Gotchas)), fmt.Sprint(len(r.MustTellUser)),
		})
	}
	if err := printTable(a.out, []string{"TOOL", "KIND", "EFFECT", "COUNTRIES", "NETWORKS", "GOTCHAS", "NOTICES"}, cells); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out, faint("\n'mcp-payments gotchas PROVIDER.CAPABILITY' tells the gotchas; notices are those that a human must be told."))
	return err
}
