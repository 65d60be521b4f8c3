package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/host/plugin"
)

func providersCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "providers",
		Short: "List providers, and trust external ones",
		Long: `List providers, and trust external ones: executables mcp-payments-provider-NAME in the
plugin folder. None is ever started unless the operator trusted exactly that file.`,
		Args: cobra.NoArgs,
	}
	var asJSON bool
	c.RunE = func(*cobra.Command, []string) error { return a.listProviders(asJSON) }
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(&cobra.Command{
		Use:   "trust NAME",
		Short: "Trust an external provider's file as it is now",
		Args:  cobra.ExactArgs(1),
		RunE:  func(c *cobra.Command, args []string) error { return a.trust(c.Context(), args[0]) },
	}, &cobra.Command{
		Use:   "untrust NAME",
		Short: "Withdraw the trust in an external provider",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			trust, err := openTrust()
			if err != nil {
				return err
			}
			return trust.Remove(args[0])
		},
	})
	return c
}

// providerRow is one provider as programs read it.
type providerRow struct {
	Provider string `json:"provider"`
	Kind     string `json:"kind"`  // built-in or external
	Trust    string `json:"trust"` // trusted, changed or untrusted
	Path     string `json:"path,omitempty"`
}

func (a *app) listProviders(asJSON bool) error {
	rows, err := providerRows()
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(a.out, rows)
	}
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, []string{r.Provider, r.Kind, r.Trust, r.Path})
	}
	return printTable(a.out, []string{"PROVIDER", "KIND", "TRUST", "FILE"}, cells)
}

func providerRows() ([]providerRow, error) {
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	rows := []providerRow{}
	for _, c := range all {
		if c.builtIn != nil {
			rows = append(rows, providerRow{Provider: c.manifest.Slug, Kind: "built-in", Trust: "trusted"})
		}
	}
	found, err := foundProviders()
	if err != nil {
		return nil, err
	}
	trust, err := openTrust()
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		rows = append(rows, providerRow{Provider: f.Provider, Kind: "external", Trust: trustOf(trust, f), Path: f.Path})
	}
	return rows, nil
}

func trustOf(trust *plugin.Trust, f plugin.Found) string {
	t, ok := trust.Of(f.Provider)
	if !ok || t.Path != f.Path {
		return "untrusted"
	}
	if sum, err := plugin.Digest(f.Path); err != nil || sum != t.SHA256 {
		return "changed"
	}
	return "trusted"
}

func foundProviders() ([]plugin.Found, error) {
	return plugin.Find(filepath.Join(home(), "providers"))
}

// trust starts the file once, as the operator asked for it, to learn its
// manifest, and remembers both.
func (a *app) trust(ctx context.Context, name string) error {
	found, err := foundProviders()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(f plugin.Found) bool { return f.Provider == name })
	if i < 0 {
		return fmt.Errorf("there is no %s%s in %s", plugin.ExecutablePrefix, name, filepath.Join(home(), "providers"))
	}
	sum, err := plugin.Digest(found[i].Path)
	if err != nil {
		return err
	}
	launcher, err := plugin.NewLauncher(a.logs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	p := plugin.New(launcher, plugin.Source{Provider: name, Path: found[i].Path, SHA256: sum}, plugin.Settings{})
	m, err := p.Manifest(ctx)
	if err != nil {
		return err
	}
	if err := m.Check(); err != nil {
		return err
	}
	trust, err := openTrust()
	if err != nil {
		return err
	}
	if err := trust.Add(plugin.Trusted{Provider: name, Path: found[i].Path, SHA256: sum, Manifest: m}); err != nil {
		return err
	}
	if _, err := catalogue(); err != nil { // the name of another provider, for example
		return fmt.Errorf("%w (undone: %v)", err, trust.Remove(name))
	}
	_, err = fmt.Fprintf(a.out, "trusted %s, SHA-256 %s: %s, %d capabilities\n", found[i].Path, sum, m.Name, len(m.Capabilities))
	return err
}
