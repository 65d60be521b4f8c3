// Package plugins lists the providers that are built in.
package plugins

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay"
	mobipayemulator "github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
	"github.com/mcp-payments/mcp-payments/plugins/paygate"
	paygateemulator "github.com/mcp-payments/mcp-payments/plugins/paygate/emulator"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	qosicemulator "github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq"
	qostiqemulator "github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

//go:generate go run ./publish

// BuiltIn is a provider with the emulator of its API.
type BuiltIn struct {
	Slug     string
	Provider func() *capabilities.Provider
	Emulator func(emulation.Options) emulation.Emulator
}

// All returns the built-in providers, in the order in which they are listed.
func All() []BuiltIn {
	return []BuiltIn{
		{
			Slug:     "qosic",
			Provider: qosic.Provider,
			Emulator: func(o emulation.Options) emulation.Emulator { return qosicemulator.New(o) },
		},
		{
			Slug:     "paygate",
			Provider: paygate.Provider,
			Emulator: func(o emulation.Options) emulation.Emulator { return paygateemulator.New(o) },
		},
		{
			Slug:     "mobipay",
			Provider: mobipay.Provider,
			Emulator: func(o emulation.Options) emulation.Emulator { return mobipayemulator.New(o) },
		},
		{
			Slug:     "qostiq",
			Provider: qostiq.Provider,
			Emulator: func(o emulation.Options) emulation.Emulator { return qostiqemulator.New(o) },
		},
	}
}
