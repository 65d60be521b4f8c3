package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

func noticesCommand(a *app) *cobra.Command {
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use:   "notices [PROVIDER[.CAPABILITY]]",
		Short: "List what a human has to know before money moves, and acknowledge it",
		Long: `List what a human has to know before money moves. In production, a tool that moves money
is held until its notices are acknowledged, in the version that they have then.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.listNotices(c.Context(), path, strings.Join(args, ""), asJSON)
		},
	}
	c.PersistentFlags().StringVar(&path, "ledger", "", "the ledger file")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(&cobra.Command{
		Use: "acknowledge PROVIDER[.CAPABILITY]", Short: "Read notices and acknowledge them", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.acknowledge(c.Context(), path, args[0]) },
	})
	return c
}

// noticeRow is one notice as programs read it.
type noticeRow struct {
	ID             string     `json:"id"`
	Provider       string     `json:"provider"`
	Capability     string     `json:"capability"`
	Text           string     `json:"text"`
	Version        string     `json:"version"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	AcknowledgedBy string     `json:"acknowledged_by,omitempty"`
	Channel        string     `json:"channel,omitempty"`
}

// notices returns those of a provider or capability that moves money, with who
// acknowledged them.
func notices(ctx context.Context, r records, of string) ([]noticeRow, error) {
	rows, err := listGotchas(of)
	if err != nil {
		return nil, err
	}
	var acknowledged []ledger.Acknowledgement
	if r.ledger.Exists() {
		if acknowledged, err = r.ledger.Acknowledgements(ctx); err != nil {
			return nil, err
		}
	}
	moving, err := movingMoney()
	if err != nil {
		return nil, err
	}
	all := []noticeRow{}
	for _, g := range rows {
		if !g.MustTellUser || !moving[g.Provider+"."+g.Capability] {
			continue
		}
		n := noticeRow{ID: g.ID, Provider: g.Provider, Capability: g.Capability, Text: g.Text, Version: guard.NoticeVersion(gotchas.Gotcha{Text: g.Text})}
		for _, k := range acknowledged {
			if k.Notice == n.ID && k.Version == n.Version {
				n.AcknowledgedAt, n.AcknowledgedBy, n.Channel = &k.At, k.By, k.Channel
			}
		}
		all = append(all, n)
	}
	return all, nil
}

// movingMoney names the capabilities that notices hold.
func movingMoney() (map[string]bool, error) {
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	moving := map[string]bool{}
	for _, c := range all {
		for _, capability := range c.manifest.Capabilities {
			moving[c.manifest.Slug+"."+capability.Name] = capability.Effect.MovesMoney()
		}
	}
	return moving, nil
}

func (a *app) listNotices(ctx context.Context, path, of string, asJSON bool) error {
	r := recordsAt(path)
	defer func() { _ = r.close() }()
	rows, err := notices(ctx, r, of)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(a.out, rows)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.out, "No notices: nothing there moves money.")
		return err
	}
	for _, n := range rows {
		said := yellow("not acknowledged")
		if n.AcknowledgedAt != nil {
			said = green(fmt.Sprintf("acknowledged by %s, %s", n.AcknowledgedBy, n.AcknowledgedAt.Local().Format(time.DateTime)))
		}
		if _, err := fmt.Fprintf(a.out, "%s  %s\n%s\n\n", bold(n.ID), said, wrap(n.Text, "  ")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) acknowledge(ctx context.Context, path, of string) error {
	r := recordsAt(path)
	defer func() { _ = r.close() }()
	rows, err := notices(ctx, r, of)
	if err != nil {
		return err
	}
	var open []noticeRow
	for _, n := range rows {
		if n.AcknowledgedAt == nil {
			open = append(open, n)
		}
	}
	if len(open) == 0 {
		_, err := fmt.Fprintln(a.out, "Nothing is left to acknowledge.")
		return err
	}
	t, err := openTerminal()
	if err != nil {
		return err
	}
	defer t.close()
	for i, n := range open {
		typed, err := t.ask("\n%s (%d of %d)\n%s\n\nType yes if you have read it: ", n.ID, i+1, len(open), wrap(n.Text, "  "))
		if err != nil {
			return err
		}
		if typed != "yes" {
			return fmt.Errorf("%s is not acknowledged: its tool stays held in production", n.ID)
		}
		k := ledger.Acknowledgement{Notice: n.ID, Version: n.Version, By: whoami(), Channel: "terminal", At: time.Now()}
		if err := r.ledger.Acknowledge(ctx, k); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "Acknowledged: %d.\n", len(open))
	return err
}
