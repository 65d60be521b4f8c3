package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

func demoCommand(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work, on emulators: no credentials, no money",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), yes) },
	}
	c.Flags().BoolVar(&yes, "yes", false, "approve the payouts without asking; they are on an emulator")
	return c
}

// demo is an agent at work, as a person may watch it: an MCP client that talks
// to the real server in a process of its own.
type demo struct {
	*app
	client *client.Client
	live   bool // the output is a terminal
	asks   bool // there is somebody to ask
	yes    bool // approve without asking
	no     bool // deny without asking
	paid   bool // the payout was approved
	told   bool // a notice was shown; one is enough to see
}

// demoTimeout bounds the whole demo.
const demoTimeout = 2 * time.Minute

func (a *app) demo(ctx context.Context, yes bool) error {
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the program cannot find itself: %w", err)
	}
	t := transport.NewStdioWithOptions(self, nil, []string{"serve", "--emulate", "--settle-after", "2s"},
		transport.WithCommandStderrWriter(a.logs))
	d := &demo{app: a, live: isTerminal(a.out), yes: yes}
	var options []client.ClientOption
	if person, err := openTerminal(); yes || err == nil {
		if err == nil {
			person.close()
		}
		d.asks = true
		options = append(options, client.WithElicitationHandler(d))
	}
	c := client.NewClient(t, options...)
	if err := c.Start(ctx); err != nil {
		return fmt.Errorf("the server cannot be started: %w", err)
	}
	defer func() { _ = c.Close() }()
	d.client = c
	for _, step := range []func(context.Context) error{
		d.connect, d.collect, d.fail, d.payOut, d.retry, d.forged, d.balances, d.quoted, d.ruled, d.wrong,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.say("\n%s", bold("That was the real server on a local emulator: no credentials, no money."))
	d.say("Next: 'mcp-payments capabilities', 'mcp-payments gotchas', and the README to connect your agent.")
	return nil
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) step(title string) { d.say("\n%s", bold("▸ "+title)) }

func (d *demo) connect(ctx context.Context) error {
	d.step("An agent connects over stdio and lists its tools")
	r := mcp.InitializeRequest{}
	r.Params.ProtocolVersion = mcp.LATEST_LEGACY_PROTOCOL_VERSION
	r.Params.ClientInfo = mcp.Implementation{Name: "mcp-payments demo", Version: version().Version}
	if _, err := d.client.Initialize(ctx, r); err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	list, err := d.client.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		return fmt.Errorf("the tools cannot be listed: %w", err)
	}
	for _, t := range list.Tools {
		summary, _, _ := strings.Cut(t.Description, " MUST TELL THE USER")
		d.say("  %s  %s", green(fmt.Sprintf("%-28s", t.Name)), faint(cut(summary, 62)))
	}
	return nil
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

const (
	paidNumber    = "22890112000"
	refusedNumber = "22890112001"
	orderPaid     = "DEMO-0001"
	orderRefused  = "DEMO-0002"
	payout        = "DEMO-0003"
	payoutTooHigh = "DEMO-0004"
	payoutCovered = "DEMO-0005"
	transfer      = "DEMO-0006"
	salary        = "DEMO-0007"
	wrongOrder    = "DEMO-0008"
)

// supplier is the input of a payout.
func supplier() map[string]string {
	return map[string]string{"reference": payout, "amount": "3000", "msisdn": "22896112000"}
}

func (d *demo) payOut(ctx context.Context) error {
	d.step("It pays 3000 XOF out to a supplier: held, until a human approves exactly that")
	answer, err := d.call(ctx, "qosic_disburse", supplier())
	if err != nil {
		return err
	}
	d.paid = answer.Kind == ""
	if !d.asks {
		d.say("    %s", yellow("nobody is here to approve it: run the demo in a terminal, or with --yes"))
	}
	return d.follow(ctx, answer)
}

func (d *demo) retry(ctx context.Context) error {
	if !d.paid {
		return nil
	}
	d.step("The agent forgets, and pays the supplier again: answered from the record, nothing is sent")
	if _, err := d.call(ctx, "qosic_disburse", supplier()); err != nil {
		return err
	}
	d.step("It tries with another reference: suspected, and held")
	again := supplier()
	again["reference"] = payout + "-B"
	d.no = true
	defer func() { d.no = false }()
	_, err := d.call(ctx, "qosic_disburse", again)
	return err
}

// balances is PayGate's part: it pays out from one balance for each network.
func (d *demo) balances(ctx context.Context) error {
	d.step("With PayGate each network has a balance of its own: it reads both")
	if _, err := d.call(ctx, "paygate_check_balance", map[string]string{}); err != nil || !d.asks {
		return err
	}
	d.step("It pays out more than Togocel's balance holds: refused, whoever approves it")
	if _, err := d.call(ctx, "paygate_disburse", map[string]string{"reference": payoutTooHigh, "amount": "300000", "msisdn": paidNumber}); err != nil {
		return err
	}
	d.step("It pays out what the balance covers: approved, sent, and followed until it is paid")
	answer, err := d.call(ctx, "paygate_disburse", map[string]string{"reference": payoutCovered, "amount": "4000", "msisdn": paidNumber})
	if err != nil {
		return err
	}
	return d.follow(ctx, answer)
}

// quoted is Qostiq's part: a transfer is final at once, so its cost is known
// before.
func (d *demo) quoted(ctx context.Context) error {
	if !d.asks {
		return nil
	}
	d.step("It sends 10 EUR to a wallet, paid in USD: whoever approves it sees what it costs")
	_, err := d.call(ctx, "qostiq_disburse", map[string]string{
		"reference": transfer, "amount": "10", "currency": "EUR", "counter_currency": "USD", "payee_account": "31557414000",
	})
	return err
}

// ruled is MobiPay's part: each network has rules of its own.
func (d *demo) ruled(ctx context.Context) error {
	d.step("It pays a salary in Malawi: refused before any human is asked, by the network's own rules")
	_, err := d.call(ctx, "mobipay_disburse", map[string]string{
		"reference": salary, "amount": "20", "network": "airtel_mw", "msisdn": "265991234000",
	})
	return err
}

// Elicit implements client.ElicitationHandler: the user is asked.
func (d *demo) Elicit(_ context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	d.say("    %s", yellow("the server asks the user, not the agent"))
	for _, line := range strings.Split(strings.TrimSpace(r.Params.Message), "\n") {
		d.say("%s", strings.TrimRight("    │ "+line, " "))
	}
	word := "deny"
	switch {
	case d.no:
		d.say("    the user denies it")
	case d.yes:
		word = "approve"
		d.say("    approved by --yes, which only the emulator takes")
	default:
		t, err := openTerminal()
		if err != nil {
			return nil, err
		}
		defer t.close()
		typed, err := t.ask("    Type yes to approve: ")
		if err != nil {
			return nil, err
		}
		if typed == "yes" {
			word = "approve"
		}
	}
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{
		Action: mcp.ElicitationResponseActionAccept, Content: map[string]any{"decision": word},
	}}, nil
}

func (d *demo) collect(ctx context.Context) error {
	d.step("It collects 5000 XOF from a customer of Togocel, and follows the payment")
	answer, err := d.call(ctx, "qosic_initiate_payment", map[string]string{"reference": orderPaid, "amount": "5000", "msisdn": paidNumber})
	if err != nil {
		return err
	}
	return d.follow(ctx, answer)
}

func (d *demo) fail(ctx context.Context) error {
	d.step("Another customer refuses: a failure is told, not polled on")
	answer, err := d.call(ctx, "qosic_initiate_payment", map[string]string{"reference": orderRefused, "amount": "1500", "msisdn": refusedNumber})
	if err != nil {
		return err
	}
	return d.follow(ctx, answer)
}

func (d *demo) forged(ctx context.Context) error {
	d.step("Somebody forges a webhook: the refused order is paid, and 100 times over")
	forged := `{"status":"SUCCESSFUL","transRef":"` + orderRefused + `","amount":"150000","code":"200"}`
	_, err := d.call(ctx, "qosic_verify_webhook", map[string]string{"body": forged})
	return err
}

func (d *demo) wrong(ctx context.Context) error {
	d.step("The agent gets an input wrong: nothing is sent, and it learns what to change")
	_, err := d.call(ctx, "qosic_initiate_payment", map[string]string{"reference": wrongOrder, "amount": "12.50", "msisdn": paidNumber, "network": "TMONEY"})
	return err
}

// follow does what next says until the payment is final.
func (d *demo) follow(ctx context.Context, answer *capabilities.Answer) error {
	for answer.Next != nil && answer.Next.Tool != "" {
		if err := d.wait(ctx, time.Duration(answer.Next.AfterSeconds)*time.Second); err != nil {
			return err
		}
		var err error
		if answer, err = d.call(ctx, answer.Next.Tool, answer.Next.Arguments); err != nil {
			return err
		}
	}
	return nil
}

// wait shows on a terminal that time passes.
func (d *demo) wait(ctx context.Context, total time.Duration) error {
	end := time.Now().Add(total)
	for frame := 0; time.Now().Before(end); frame++ {
		if d.live {
			fmt.Fprintf(d.out, "\r  %c waiting %d s, as the answer asked", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[frame%10], int(time.Until(end).Seconds())+1)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	if d.live {
		fmt.Fprint(d.out, "\r\033[K")
	} else {
		d.say("  … waited %d s, as the answer asked", int(total.Seconds()))
	}
	return nil
}

// call calls a tool and prints what an agent would see of it.
func (d *demo) call(ctx context.Context, tool string, arguments map[string]string) (*capabilities.Answer, error) {
	asked, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	d.say("  → %s %s", bold(tool), faint(cut(string(asked), 110)))
	r := mcp.CallToolRequest{}
	r.Params.Name, r.Params.Arguments = tool, arguments
	result, err := d.client.CallTool(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tool, err)
	}
	raw, err := json.Marshal(result.StructuredContent)
	if err != nil {
		return nil, err
	}
	var answer struct {
		capabilities.Answer
		Fulfil   *bool                  `json:"fulfil"`
		Reason   string                 `json:"reason"`
		Balances []capabilities.Balance `json:"balances"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("%s: the answer cannot be read: %w", tool, err)
	}
	d.show(&answer.Answer)
	for _, b := range answer.Balances {
		d.say("    %s: %s %s", b.Network, b.Available, b.Currency)
	}
	if answer.Fulfil != nil {
		d.say("    fulfil: %s", red(fmt.Sprint(*answer.Fulfil)))
		d.say("%s", wrap(answer.Reason, "    "))
	}
	return &answer.Answer, nil
}

func (d *demo) show(a *capabilities.Answer) {
	switch {
	case a.Kind != "":
		d.say("  ← %s", red(string(a.Kind)))
		for _, p := range a.Problems {
			d.say("    %s: found %s", bold(p.Field), p.Found)
			d.say("%s", wrap("wanted "+p.Wanted, "      "))
		}
		if len(a.Problems) == 0 {
			d.say("%s", wrap(a.Message, "    "))
		}
		d.say("%s", wrap("fix: "+a.Fix, "    "))
	case a.State == "":
		d.say("  ← %s", facts(a))
	case a.State == capabilities.Succeeded:
		d.say("  ← %s %s", green(string(a.State)), facts(a))
	case a.State.Final():
		d.say("  ← %s %s", red(string(a.State)), facts(a))
	default:
		d.say("  ← %s %s", yellow(string(a.State)), facts(a))
	}
	for _, n := range a.Notes {
		if strings.Contains(n, "nothing was sent") {
			d.say("%s", faint(wrap(n, "    ")))
		}
	}
	for _, g := range a.Gotchas {
		if g.MustTellUser && !d.told {
			d.told = true
			d.say("    %s", yellow("must tell the user"))
			d.say("%s", faint(wrap(g.Text, "    ")))
		}
	}
}

func facts(a *capabilities.Answer) string {
	var f []string
	for _, s := range []string{a.Environment, a.Reference, strings.TrimSpace(string(a.Amount) + " " + string(a.Currency)), a.Network} {
		if s != "" {
			f = append(f, s)
		}
	}
	return faint(strings.Join(f, " · "))
}
