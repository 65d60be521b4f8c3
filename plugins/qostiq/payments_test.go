package qostiq

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// Only the emulator's bills have pages on this machine.
func TestPagesThatAreShown(t *testing.T) {
	t.Parallel()
	for page, want := range map[wire.Text]struct{ emulated, real bool }{
		"https://wallet.qostiq.com/en/bill/pay/x":    {true, true},
		"http://127.0.0.1:8080/en/bill/pay/x":        {true, false},
		"http://localhost/en/bill/pay/x":             {true, false},
		"https://127.0.0.1/en/bill/pay/x":            {true, false},
		"http://wallet.qostiq.com/en/bill/pay/x":     {},
		"https://me@wallet.qostiq.com/en/bill/pay/x": {},
		"https://wallet.qostiq.com/en/ bill":         {},
		"https://wallet.qostiq.com/en/bill\n":        {},
		"https://wallet.qostiq.com/en/\u202ebill":    {},
		"https://w\u0430llet.qostiq.com/en/bill":     {},
		"https://wallet.qostiq.com/en/bill\x7f":      {},
		"javascript:alert(1)":                        {},
		"":                                           {},
	} {
		for environment, want := range map[string]bool{capabilities.Emulator: want.emulated, capabilities.Production: want.real} {
			c := &client{}
			if err := c.configure(t.Context(), capabilities.Target{Environment: environment, BaseURL: "https://core.qostiq.com"}, shop); err != nil {
				t.Fatal(err)
			}
			if got := c.shows(page); got != want {
				t.Errorf("%s: %q is shown: %t, want %t", environment, page, got, want)
			}
		}
	}
}
