package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/plugins"
)

// pluginName is the hidden command by which the program starts itself as a
// provider's process.
const pluginName = "plugin"

func pluginCommand() *cobra.Command {
	return &cobra.Command{
		Use:    pluginName + " PROVIDER",
		Short:  "Run as the process of a built-in provider",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, b := range plugins.All() {
				if b.Slug == args[0] {
					capabilities.Serve(b.Provider())
				}
			}
			return usageError{fmt.Errorf("there is no built-in provider %q", args[0])}
		},
	}
}
