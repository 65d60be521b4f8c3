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
	host.Offer
	Gotchas      []string `json:"gotchas"`        // ids
	MustTellUser []string `json:"must_tell_user"` // the ids of those that are notices
}

func capabilitiesCommand(a *app) *cobra.Command {
	var w host.Wish
	var asJSON bool
	c := &cobra.Command{
		Use:   "capabilities",
		Short: "List what every provider can do",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rows, err := listCapabilities(w)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(a.out, rows)
			}
			return a.printCapabilities(rows)
		},
	}
	c.Flags().StringVar(&w.Provider, "provider", "", "only this provider")
	c.Flags().StringVar(&w.Country, "country", "", "only this country (ISO 3166-1, such as TG)")
	c.Flags().StringVar((*string)(&w.Currency), "currency", "", "only this currency (ISO 4217, such as XOF)")
	c.Flags().StringVar(&w.Network, "network", "", "only this network, such as moov_tg")
	c.Flags().StringVar((*string)(&w.Kind), "kind", "", "only this kind, such as collect or disburse")
	c.Flags().StringVar((*string)(&w.Effect), "effect", "", "only this effect: reads, collects, pays_out or none")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func listCapabilities(w host.Wish) ([]capabilityRow, error) {
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	if err := checkWish(w, all); err != nil {
		return nil, err
	}
	rows := []capabilityRow{}
	for _, c := range all {
		for _, o := range host.Offers([]*capabilities.Manifest{c.manifest}, w) {
			rows = append(rows, rowOf(c.manifest, o))
		}
	}
	return rows, nil
}

func checkWish(w host.Wish, all []catalogued) error {
	if w.Provider != "" {
		if _, err := chosen(all, []string{w.Provider}); err != nil {
			return err
		}
	}
	if w.Kind != "" && !slices.Contains(capabilities.Kinds(), w.Kind) {
		return usageError{fmt.Errorf("there is no kind %q; choose from %s", w.Kind, join(capabilities.Kinds()))}
	}
	if w.Effect != "" && !slices.Contains(capabilities.Effects(), w.Effect) {
		return usageError{fmt.Errorf("there is no effect %q; choose from %s", w.Effect, join(capabilities.Effects()))}
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

func rowOf(m *capabilities.Manifest, o host.Offer) capabilityRow {
	row := capabilityRow{Offer: o, Gotchas: []string{}, MustTellUser: []string{}}
	for _, g := range m.Gotchas.Of(o.Capability) {
		row.Gotchas = append(row.Gotchas, g.ID)
		if g.MustTellUser {
			row.MustTellUser = append(row.MustTellUser, g.ID)
		}
	}
	return row
}

// mostShown is how many countries or networks a cell names before it counts.
const mostShown = 5

// few joins a list for a table; a long one is counted, as its whole is in the
// JSON.
func few(all []string, what string) string {
	if len(all) > mostShown {
		return fmt.Sprintf("%d %s", len(all), what)
	}
	return strings.Join(all, " ")
}

func (a *app) printCapabilities(rows []capabilityRow) error {
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, []string{
			r.Tool, string(r.Kind), string(r.Effect), few(r.Countries, "countries"), few(r.Networks, "networks"),
			fmt.Sprint(len(r.Gotchas)), fmt.Sprint(len(r.MustTellUser)),
		})
	}
	if err := printTable(a.out, []string{"TOOL", "KIND", "EFFECT", "COUNTRIES", "NETWORKS", "GOTCHAS", "NOTICES"}, cells); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out, faint("\n'mcp-payments gotchas PROVIDER.CAPABILITY' tells the gotchas; notices are those that a human must be told."))
	return err
}
