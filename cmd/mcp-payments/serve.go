package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/mcpserver"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// drainTimeout is how long calls under way may go on when the server stops.
// Whatever still runs then is lost to the host, not to the provider.
const drainTimeout = 20 * time.Second

func serveCommand(a *app) *cobra.Command {
	var f hostFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the tools over MCP on standard input and output",
		Long: `Serve the tools over MCP on standard input and output.

Providers are configured by environment variables; 'mcp-payments doctor' says
which are missing. With --emulate the server brings its own emulators: no
credentials are needed and no money moves.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.serve(c.Context(), f) },
	}
	addHostFlags(c, &f)
	c.Flags().BoolVar(&f.readOnly, "read-only", false, "offer only what moves no money")
	c.Flags().StringSliceVar(&f.providers, "providers", nil, "offer only these providers (comma-separated)")
	return c
}

func addHostFlags(c *cobra.Command, f *hostFlags) {
	c.Flags().BoolVar(&f.emulate, "emulate", false, "use local emulators instead of the providers")
	c.Flags().StringVar(&f.ledger, "ledger", "", "the ledger file; the default is the user's own, with --emulate one that goes with the process")
	c.Flags().DurationVar(&f.patience, "patience", host.DefaultPatience, "how long a caller waits for a provider")
	c.Flags().DurationVar(&f.emulators.SettleAfter, "settle-after", 5*time.Second, "how long emulated payments stay pending")
}

func (a *app) serve(ctx context.Context, f hostFlags) error {
	streams, err := plugin.TakeStreams()
	if err != nil {
		return err
	}
	h, err := a.start(f)
	if err != nil {
		return err
	}
	defer h.close()
	s, err := mcpserver.New(h.Host, version().Version)
	if err != nil {
		return err
	}
	defer h.recover(ctx, a.logs)()
	return s.Serve(ctx, streams.In, streams.Out, a.logs)
}

func (r *running) close() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	r.Close(ctx)
	_ = r.stopEmulators()
	_ = r.records.close()
}

// recover settles in the background what a crash left, if anything was. The
// function that it returns ends that.
func (r *running) recover(ctx context.Context, logs io.Writer) (stop func()) {
	if !r.records.ledger.Exists() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() {
		settled, err := r.Recover(ctx, host.Caller{Transport: "start"})
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(logs, "mcp-payments: what a crash left cannot be settled:", err)
		}
		for _, s := range settled {
			fmt.Fprintf(logs, "mcp-payments: a crash left %s of %s; it is %s now. %s\n", s.Reference, s.Provider, s.Is, s.Note)
		}
	})
	return func() {
		cancel()
		working.Wait()
	}
}
