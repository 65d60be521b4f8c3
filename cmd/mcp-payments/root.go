package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1 // the program could not do its work
	exitUsage   = 2 // the command line is wrong
	exitRefused = 3 // the call was refused; nothing moved
	exitUnknown = 4 // money may have moved: ask for the status
)

// exit is an error that only sets the exit code: what there was to say has
// been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError says that the command line is wrong.
type usageError struct{ error }

// app is what the commands share.
type app struct {
	in   io.Reader
	out  io.Writer
	logs io.Writer
}

func run(ctx context.Context, args []string, in io.Reader, out, logs io.Writer) int {
	root := newRoot(&app{in: in, out: out, logs: logs})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exit
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(logs, "mcp-payments:", err)
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "mcp-payments",
		Short: "Safe hands on African mobile-money and wallet payments, for AI agents and people",
		Long: `mcp-payments is an MCP server that collects, pays out, refunds and checks payments
through mobile-money and wallet providers, with every known trap of each provider
built in. Try 'mcp-payments demo': it needs no credentials.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 refused (nothing moved),
4 unknown outcome (money may have moved: ask for the status).`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.logs)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see '%s --help'", err, c.CommandPath())}
	})
	root.AddCommand(
		serveCommand(a), demoCommand(a), capabilitiesCommand(a), gotchasCommand(a), callCommand(a),
		transactionsCommand(a), approvalsCommand(a), noticesCommand(a), emulateCommand(a), providersCommand(a), doctorCommand(a), versionCommand(a), pluginCommand(),
	)
	asUsage(root)
	return root
}

// asUsage makes wrong arguments count as a wrong command line.
func asUsage(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{fmt.Errorf("%w; see '%s --help'", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		asUsage(sub)
	}
}
