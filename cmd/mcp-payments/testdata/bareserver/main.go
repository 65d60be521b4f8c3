// Command bareserver is the plain alternative that the benchmarks compare
// with: an MCP server of as many tools as its argument says, and nothing else.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bareserver: how many tools?", err)
		os.Exit(2)
	}
	s := server.NewMCPServer("bare", "1.0.0", server.WithToolCapabilities(false))
	for i := range n {
		t := mcp.NewTool(fmt.Sprintf("tool_%d", i), mcp.WithDescription("Does nothing"),
			mcp.WithString("reference", mcp.Required(), mcp.Description("A reference")),
			mcp.WithString("amount", mcp.Required(), mcp.Description("An amount")),
			mcp.WithString("msisdn", mcp.Required(), mcp.Description("A number")))
		s.AddTool(t, func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("nothing"), nil
		})
	}
	if err := server.ServeStdio(s); err != nil {
		fmt.Fprintln(os.Stderr, "bareserver:", err)
		os.Exit(1)
	}
}
