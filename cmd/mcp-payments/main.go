// Command mcp-payments gives AI agents safe hands on African mobile-money and
// wallet payments: each capability of a provider is an MCP tool.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/mcp-payments/mcp-payments/cmd/mcp-payments/internal/quickstart"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
