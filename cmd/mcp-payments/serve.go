package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

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
	return s.Serve(ctx, streams.In, streams.Out, a.logs)
}

func (r *running) close() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	r.Close(ctx)
	_ = r.stopEmulators()
}
