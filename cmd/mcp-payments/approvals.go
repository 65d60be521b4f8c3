package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

func approvalsCommand(a *app) *cobra.Command {
	var path string
	var all, asJSON bool
	c := &cobra.Command{
		Use:   "approvals",
		Short: "List the payments that wait for you, and decide on them",
		Long: `List the payments that wait for a human, and decide on them. An approval is for exactly
one payment, is used once, and lapses after ten minutes. Only a human at a terminal gives
one: a program cannot answer for you.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.listApprovals(c.Context(), path, all, asJSON) },
	}
	c.PersistentFlags().StringVar(&path, "ledger", "", "the ledger file")
	c.Flags().BoolVar(&all, "all", false, "list decided and lapsed ones too")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	var yes bool
	decide := func(use, short string, approve bool) *cobra.Command {
		return &cobra.Command{Use: use + " ID", Short: short, Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			return a.decide(c.Context(), path, args[0], approve, yes)
		}}
	}
	approve := decide("approve", "Approve one payment, after seeing it in full", true)
	approve.Flags().BoolVar(&yes, "yes", false, "do not ask; taken for payments on an emulator only")
	show := &cobra.Command{
		Use: "show ID", Short: "Show one payment in full", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.showApproval(c.Context(), path, args[0], asJSON) },
	}
	show.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(approve, decide("deny", "Say no to one payment", false), show)
	return c
}

// desk opens the desk of a ledger. Whoever looks must not create it.
func desk(path string) (*approval.Desk, records, error) {
	r := recordsAt(path)
	if !r.ledger.Exists() {
		return nil, r, fmt.Errorf("there is no ledger at %s yet; if the server uses another one, name it with --ledger", r.ledger.Path())
	}
	return &approval.Desk{Ledger: r.ledger, Keys: r.keys, Now: time.Now}, r, nil
}

// approvalRow is one approval as programs read it.
type approvalRow struct {
	ID          string               `json:"id"`
	State       ledger.ApprovalState `json:"state"`
	Tool        string               `json:"tool"`
	Environment string               `json:"environment"`
	Reference   string               `json:"reference"`
	Amount      string               `json:"amount,omitempty"`
	Party       string               `json:"party,omitempty"`
	Reason      string               `json:"reason,omitempty"`
	AskedAt     time.Time            `json:"asked_at"`
	ExpiresAt   time.Time            `json:"expires_at"`
	DecidedAt   *time.Time           `json:"decided_at,omitempty"`
	DecidedBy   string               `json:"decided_by,omitempty"`
	Channel     string               `json:"channel,omitempty"`
	UsedAt      *time.Time           `json:"used_at,omitempty"`
}

func (a *app) listApprovals(ctx context.Context, path string, everything, asJSON bool) error {
	d, r, err := desk(path)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	cases, err := d.Cases(ctx, everything)
	if err != nil {
		return err
	}
	rows := []approvalRow{}
	for _, c := range cases {
		rows = append(rows, caseRow(c))
	}
	if asJSON {
		return printJSON(a.out, rows)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.out, "Nothing waits for you.")
		return err
	}
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, []string{r.ID, string(r.State), r.Environment, r.Tool, r.Amount, r.Party, r.Reference, r.ExpiresAt.Local().Format(time.TimeOnly)})
	}
	return printTable(a.out, []string{"ID", "STATE", "ENVIRONMENT", "TOOL", "AMOUNT", "NUMBER", "REFERENCE", "LAPSES"}, cells)
}

// lapsed is the state of an approval that came too late for anybody.
const lapsed ledger.ApprovalState = "lapsed"

// stateOf is the state of an approval as people mean it.
func stateOf(c approval.Case) ledger.ApprovalState {
	if (c.State == ledger.Waiting || c.State == ledger.Approved) && !time.Now().Before(c.Expires) {
		return lapsed
	}
	return c.State
}

func caseRow(c approval.Case) approvalRow {
	row := approvalRow{
		ID: c.ID, State: stateOf(c), Tool: c.Provider + "_" + c.Capability, Environment: c.Environment, Reference: c.Reference,
		Amount: c.Facts.Amount, Party: approval.Printable(c.Facts.Party), Reason: c.Facts.Reason, AskedAt: c.Asked, ExpiresAt: c.Expires,
		DecidedBy: c.By, Channel: c.Channel,
	}
	if !c.At.IsZero() {
		row.DecidedAt = &c.At
	}
	if !c.Used.IsZero() {
		row.UsedAt = &c.Used
	}
	return row
}

func (a *app) showApproval(ctx context.Context, path, id string, asJSON bool) error {
	d, r, err := desk(path)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	c, err := d.Case(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(a.out, caseRow(c))
	}
	return printCase(a.out, c)
}

func printCase(w io.Writer, c approval.Case) error {
	if stateOf(c) != ledger.Waiting {
		_, err := fmt.Fprintf(w, "%s, for %s: %s.\n", c.ID, c.Reference, fate(c))
		return err
	}
	var cells [][]string
	for _, l := range c.Facts.Lines() {
		cells = append(cells, []string{"  " + l.Name, l.Value})
	}
	return printTable(w, []string{"  " + bold("PAYMENT"), c.ID + ", lapses at " + c.Expires.Local().Format(time.TimeOnly)}, cells)
}

// fate tells what became of an approval that waits no more.
func fate(c approval.Case) string {
	var told []string
	if c.By != "" {
		said := map[bool]string{true: "approved", false: "denied"}[c.Approve]
		told = append(told, fmt.Sprintf("%s by %s (%s) at %s", said, c.By, c.Channel, c.At.Local().Format(time.DateTime)))
	}
	if c.State == ledger.Used {
		told = append(told, "used at "+c.Used.Local().Format(time.DateTime))
	}
	if stateOf(c) == lapsed {
		told = append(told, "lapsed at "+c.Expires.Local().Format(time.DateTime))
	}
	return strings.Join(told, ", ")
}

// decide has a human decide on a case. On an emulator --yes does.
func (a *app) decide(ctx context.Context, path, id string, approve, yes bool) error {
	d, r, err := desk(path)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	c, err := d.Case(ctx, id)
	if err != nil {
		return err
	}
	channel := "terminal"
	switch {
	case stateOf(c) != ledger.Waiting:
		return fmt.Errorf("%s waits no more: %s; the agent has to ask again", id, fate(c))
	case !approve: // anybody may stop a payment
	case yes && c.Environment == capabilities.Emulator:
		channel = "--yes"
	case yes:
		return errYes
	default:
		if err := confirm(c); err != nil {
			return err
		}
	}
	if err := d.Decide(ctx, id, approve, whoami(), channel); err != nil {
		return fmt.Errorf("%w; the agent has to ask again", err) // another process was faster
	}
	said := green("Approved.") + " It is sent when the agent makes the same call again."
	if !approve {
		said = red("Denied.") + " Nothing is sent."
	}
	_, err = fmt.Fprintln(a.out, said)
	return err
}

var errYes = usageError{errors.New("--yes is taken for payments on an emulator only")}

// confirm makes sure that a human read the payment, which it shows: the amount
// has to be typed.
func confirm(c approval.Case) error {
	t, err := openTerminal()
	if err != nil {
		return err
	}
	defer t.close()
	if err := printCase(t.out, c); err != nil {
		return err
	}
	wanted, _, _ := strings.Cut(c.Facts.Amount, " ")
	if !strings.ContainsAny(wanted, "0123456789") {
		wanted = c.Reference
	}
	typed, err := t.ask("\nType %s to approve this payment, anything else to leave it: ", wanted)
	if err != nil {
		return err
	}
	if typed != wanted {
		return errors.New("not approved: it waits until it lapses")
	}
	return nil
}
