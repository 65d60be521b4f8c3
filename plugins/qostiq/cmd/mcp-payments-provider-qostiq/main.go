// Command mcp-payments-provider-qostiq is the provider Qostiq as a program of
// its own, which a host starts as it starts anybody else's.
package main

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq"
)

func main() { capabilities.Serve(qostiq.Provider()) }
