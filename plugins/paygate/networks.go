package paygate

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

const xof capabilities.Currency = "XOF"

// spelling is what PayGate calls a network, which differs from place to place.
// It is chosen here and nowhere else, so one place's word cannot reach another.
type spelling struct {
	network string
	api     string    // in requests for money
	page    string    // in the page's address, where api's words are ignored
	method  wire.Text // in answers and webhooks
}

func spellings() []spelling {
	return []spelling{
		{network: "moov_tg", api: "FLOOZ", page: "MOOV", method: "FLOOZ"},
		{network: "togocel_tg", api: "TMONEY", page: "TOGOCEL", method: "T-Money"},
	}
}

func networks() []capabilities.Network { return capabilities.Networks("togocel_tg", "moov_tg") }

// choose picks the spelling of a number's network, and the number.
func choose(network capabilities.NetworkID, number capabilities.MSISDN) (spelling, capabilities.MSISDN, error) {
	n, to, err := capabilities.ChooseNetwork(networks(), network, number)
	return spelled(n.ID), to, err
}

func spelled(network string) spelling {
	for _, s := range spellings() {
		if s.network == network {
			return s
		}
	}
	return spelling{}
}

// networkOf reads a network back; one that PayGate spells otherwise is empty.
func networkOf(method wire.Text) string {
	for _, s := range spellings() {
		if s.method == method || wire.Text(s.api) == method {
			return s.network
		}
	}
	return ""
}
