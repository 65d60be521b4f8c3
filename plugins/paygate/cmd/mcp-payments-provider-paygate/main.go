// Command mcp-payments-provider-paygate is the provider PayGate as a program of
// its own, which a host starts as it starts anybody else's.
package main

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/plugins/paygate"
)

func main() { capabilities.Serve(paygate.Provider()) }
