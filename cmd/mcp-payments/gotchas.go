package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/gotchas"
)

// gotchaRow is one gotcha as programs read it.
type gotchaRow struct {
	ID           string   `json:"id"`
	Provider     string   `json:"provider"`
	Capability   string   `json:"capability"`
	Text         string   `json:"text"`
	MustTellUser bool     `json:"must_tell_user"`
	Environments []string `json:"environments"`
	EnforcedBy   []string `json:"enforced_by"`
	Sources      []string `json:"sources"`
}

func gotchasCommand(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "gotchas [PROVIDER[.CAPABILITY]]",
		Short: "Tell what is known to go wrong, and what keeps it from going wrong here",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			rows, err := listGotchas(strings.Join(args, ""))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(a.out, rows)
			}
			return a.printGotchas(rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func listGotchas(of string) ([]gotchaRow, error) {
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	provider, capability, _ := strings.Cut(of, ".")
	if provider != "" {
		if all, err = chosen(all, []string{provider}); err != nil {
			return nil, err
		}
	}
	rows := []gotchaRow{}
	for _, c := range all {
		if _, ok := c.manifest.Capability(capability); capability != "" && !ok {
			return nil, usageError{fmt.Errorf("%s has no capability %q; 'mcp-payments capabilities --provider %s' lists them", provider, capability, provider)}
		}
		for _, g := range c.manifest.Gotchas.Gotchas {
			if capability == "" || g.Capability == capability {
				rows = append(rows, gotchaOf(c.manifest.Slug, g))
			}
		}
	}
	return rows, nil
}

func gotchaOf(provider string, g gotchas.Gotcha) gotchaRow {
	return gotchaRow{g.ID, provider, g.Capability, g.Text, g.MustTellUser, g.Environments, g.EnforcedBy, g.Sources}
}

func (a *app) printGotchas(rows []gotchaRow) error {
	for _, g := range rows {
		head := bold(g.ID)
		if g.MustTellUser {
			head += "  " + yellow("MUST TELL THE USER")
		}
		by := "enforced by " + strings.Join(g.EnforcedBy, ", ")
		if g.EnforcedBy[0] == gotchas.Reader {
			by = "the reader's job"
		}
		if _, err := fmt.Fprintf(a.out, "%s\n%s\n%s\n\n", head, wrap(g.Text, "  "), faint("  "+by+" · bites in "+strings.Join(g.Environments, ", "))); err != nil {
			return err
		}
	}
	return nil
}
