package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// transactionFlags choose what is listed.
type transactionFlags struct {
	path   string
	filter ledger.Filter
	state  string
	since  time.Duration
	asJSON bool
}

func transactionsCommand(a *app) *cobra.Command {
	var f transactionFlags
	c := &cobra.Command{
		Use:   "transactions [REFERENCE]",
		Short: "Show what was collected and paid out, or what happened to one payment",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.showTransaction(c.Context(), f, args[0])
			}
			return a.listTransactions(c.Context(), f)
		},
	}
	c.PersistentFlags().StringVar(&f.path, "ledger", "", "the ledger file")
	c.PersistentFlags().BoolVar(&f.asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&f.filter.Provider, "provider", "", "of this provider only")
	c.Flags().StringVar(&f.filter.Environment, "environment", "", "in this environment only")
	c.Flags().StringVar(&f.state, "state", "", "in this state only")
	c.Flags().DurationVar(&f.since, "since", 0, "begun in this time only, such as 24h")
	c.Flags().BoolVar(&f.filter.Open, "open", false, "whose outcome is still to come")
	c.Flags().IntVar(&f.filter.Limit, "limit", 50, "the most to list; 0 is all")
	c.AddCommand(&cobra.Command{
		Use: "reconcile", Short: "Ask the providers what became of payments that are not final", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.reconcile(c.Context(), f) },
	})
	return c
}

// check turns down what no transaction can be in.
func (f transactionFlags) check() error {
	states := []capabilities.State{
		ledger.Claimed, ledger.Sent, ledger.NotSent, ledger.Absent, capabilities.Pending, capabilities.Succeeded,
		capabilities.Failed, capabilities.Expired, capabilities.Cancelled, capabilities.Unknown,
	}
	if f.state != "" && !slices.Contains(states, capabilities.State(f.state)) {
		return usageError{fmt.Errorf("there is no state %q; choose from %s", f.state, join(states))}
	}
	environments := []string{capabilities.Emulator, capabilities.Sandbox, capabilities.Production}
	if e := f.filter.Environment; e != "" && !slices.Contains(environments, e) {
		return usageError{fmt.Errorf("there is no environment %q; choose from %s", e, join(environments))}
	}
	return nil
}

// transactionRow is one transaction as programs read it.
type transactionRow struct {
	Provider    string                `json:"provider"`
	Environment string                `json:"environment"`
	Reference   string                `json:"reference"`
	Capability  string                `json:"capability"`
	Effect      capabilities.Effect   `json:"effect"`
	Amount      capabilities.Amount   `json:"amount,omitempty"`
	Currency    capabilities.Currency `json:"currency,omitempty"`
	Network     string                `json:"network,omitempty"`
	State       capabilities.State    `json:"state"`
	ClaimedAt   time.Time             `json:"claimed_at"`
	UpdatedAt   time.Time             `json:"updated_at"`
	Reason      string                `json:"reason,omitempty"`
	Events      []ledger.Event        `json:"events,omitempty"`
}

func transactionOf(t ledger.Transaction) transactionRow {
	row := transactionRow{
		Provider: t.Provider, Environment: t.Environment, Reference: t.Reference, Capability: t.Capability, Effect: t.Effect,
		Amount: t.Money.Amount(), Currency: t.Money.Currency(), Network: t.Network, State: t.State, ClaimedAt: t.Claimed, UpdatedAt: t.Updated,
	}
	if t.Refusal != nil {
		row.Reason = t.Refusal.Message
	}
	return row
}

func existing(path string) (records, error) {
	r := recordsAt(path)
	if !r.ledger.Exists() {
		return r, fmt.Errorf("there is no ledger at %s yet; if the server uses another one, name it with --ledger", r.ledger.Path())
	}
	return r, nil
}

func (a *app) listTransactions(ctx context.Context, f transactionFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	r, err := existing(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	f.filter.State = capabilities.State(f.state)
	if f.since > 0 {
		f.filter.Since = time.Now().Add(-f.since)
	}
	all, err := r.ledger.List(ctx, f.filter)
	if err != nil {
		return err
	}
	return a.printTransactions(all, f.asJSON)
}

func (a *app) printTransactions(all []ledger.Transaction, asJSON bool) error {
	rows := []transactionRow{}
	var cells [][]string
	for _, t := range all {
		row := transactionOf(t)
		rows = append(rows, row)
		cells = append(cells, []string{
			row.ClaimedAt.Local().Format(time.DateTime), row.Environment, row.Provider + "_" + row.Capability, row.Reference,
			t.Money.String(), row.Network, string(row.State),
		})
	}
	if asJSON {
		return printJSON(a.out, rows)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.out, "No transactions.")
		return err
	}
	return printTable(a.out, []string{"BEGUN", "ENVIRONMENT", "TOOL", "REFERENCE", "AMOUNT", "NETWORK", "STATE"}, cells)
}

// showTransaction shows every transaction of a reference: providers and
// environments each have their own.
func (a *app) showTransaction(ctx context.Context, f transactionFlags, reference string) error {
	r, err := existing(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	all, err := r.ledger.List(ctx, ledger.Filter{Provider: f.filter.Provider, Environment: f.filter.Environment, Reference: reference})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("%s is not on record", reference)
	}
	rows := []transactionRow{}
	for _, t := range all {
		row := transactionOf(t)
		if row.Events, err = r.ledger.Events(ctx, t.Key); err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if f.asJSON {
		return printJSON(a.out, rows)
	}
	for _, row := range rows {
		if err := a.printTimeline(row); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printTimeline(row transactionRow) error {
	amount := "amount not known"
	if row.Amount != "" {
		amount = string(row.Amount) + " " + string(row.Currency)
	}
	fmt.Fprintf(a.out, "%s  %s_%s, %s, %s\n", bold(row.Reference), row.Provider, row.Capability, amount, row.Environment)
	if row.Network != "" {
		fmt.Fprintf(a.out, "  on %s\n", row.Network)
	}
	if row.Reason != "" {
		fmt.Fprintf(a.out, "  %s\n", row.Reason)
	}
	var cells [][]string
	for _, e := range row.Events {
		cells = append(cells, []string{"  " + e.At.Local().Format("2006-01-02 15:04:05.000"), string(e.State), e.Detail})
	}
	return printTable(a.out, []string{"  AT", "STATE", "WHAT"}, cells)
}

// reconcile asks for every transaction that is not final.
func (a *app) reconcile(ctx context.Context, f transactionFlags) error {
	r, err := existing(f.path)
	if err != nil {
		return err
	}
	_ = r.close()
	h, err := a.start(hostFlags{ledger: f.path})
	if err != nil {
		return err
	}
	defer h.close()
	report, err := h.Reconcile(ctx, host.Caller{Transport: "cli"})
	if err != nil {
		return err
	}
	if f.asJSON {
		return printJSON(a.out, report)
	}
	var cells [][]string
	for _, s := range report {
		cells = append(cells, []string{s.Environment, s.Provider, s.Reference, string(s.Was), string(s.Is), s.Note})
	}
	if len(cells) == 0 {
		_, err := fmt.Fprintln(a.out, "Nothing is left open.")
		return err
	}
	return printTable(a.out, []string{"ENVIRONMENT", "PROVIDER", "REFERENCE", "WAS", "IS", "NOTE"}, cells)
}
