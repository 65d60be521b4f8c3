// Command mcp-payments-provider-mobipay is the provider MobiPay as a program of
// its own, which a host starts as it starts anybody else's.
package main

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay"
)

func main() { capabilities.Serve(mobipay.Provider()) }
