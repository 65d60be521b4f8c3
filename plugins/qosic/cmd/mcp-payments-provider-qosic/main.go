// Command mcp-payments-provider-qosic is the provider Qosic as a program of its
// own, which a host starts as it starts anybody else's.
package main

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
)

func main() { capabilities.Serve(qosic.Provider()) }
