package qosic

import (
	"fmt"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

const xof capabilities.Currency = "XOF"

// route is what a network decides: the paths, and the client id with the
// setting that holds it. It is chosen here and nowhere else, so a client id
// cannot meet another network's path.
type route struct {
	network  capabilities.Network
	collect  string
	status   string
	deposit  string // empty: no path is known
	refund   string // empty: not offered, or no path is known
	clientID func(Config) string
	setting  string
}

func network(id string) capabilities.Network { return capabilities.Networks(id)[0] }

// celtiis is the network that no other provider reaches (prefixes: the
// numbering plan of Benin, as applications use it).
func celtiis() capabilities.Network {
	return capabilities.Network{
		ID: "celtiis_bj", Name: "Celtiis Benin", Country: "BJ", Currency: xof,
		Prefixes: strings.Fields("20 21 22 23 24 28 29 40 41 43 44 47 48 49 92 93"),
	}
}

// routes returns the table of paths (provider documentation and seed; where
// the documentation prints /user for Togocel, the seed and applications use
// /tm/v1).
func routes() []route {
	return []route{
		{
			network:  network("togocel_tg"),
			collect:  "/QosicBridge/tm/v1/requestpayment",
			status:   "/QosicBridge/tm/v1/gettransactionstatus",
			deposit:  "/QosicBridge/tm/v1/deposit",
			clientID: func(c Config) string { return c.ClientTogocel },
			setting:  "QOSIC_CLIENT_ID_TOGOCEL",
		},
		{
			network:  network("moov_tg"),
			collect:  "/QosicBridge/tg/v1/requestpayment",
			status:   "/QosicBridge/tg/v1/gettransactionstatus",
			deposit:  "/QosicBridge/tg/v1/deposit",
			clientID: func(c Config) string { return c.ClientMoov },
			setting:  "QOSIC_CLIENT_ID_MOOV",
		},
		{
			network:  network("mtn_bj"),
			collect:  "/QosicBridge/user/requestpayment",
			status:   "/QosicBridge/user/gettransactionstatus",
			deposit:  "/QosicBridge/user/deposit",
			refund:   "/QosicBridge/user/refund",
			clientID: func(c Config) string { return c.ClientMTNBenin },
			setting:  "QOSIC_CLIENT_ID_MTN_BENIN",
		},
		{
			network:  network("moov_bj"),
			collect:  "/QosicBridge/user/requestpaymentmv",
			status:   "/QosicBridge/user/gettransactionstatus",
			deposit:  "/QosicBridge/user/depositmv",
			clientID: func(c Config) string { return c.ClientMoovBenin },
			setting:  "QOSIC_CLIENT_ID_MOOV_BENIN",
		},
		{
			network:  celtiis(),
			collect:  "/QosicBridge/sb/v1/requestpayment",
			status:   "/QosicBridge/sb/v1/gettransactionstatus",
			clientID: func(c Config) string { return c.ClientCeltiis },
			setting:  "QOSIC_CLIENT_ID_CELTIIS_BENIN",
		},
	}
}

func networks() []capabilities.Network {
	var all []capabilities.Network
	for _, r := range routes() {
		all = append(all, r.network)
	}
	return all
}

// networksWith returns the ids of the networks that have a path.
func networksWith(path func(route) string) []string {
	var ids []string
	for _, r := range routes() {
		if path(r) != "" {
			ids = append(ids, r.network.ID)
		}
	}
	return ids
}

func routeOf(network string) (route, error) {
	for _, r := range routes() {
		if r.network.ID == network {
			return r, nil
		}
	}
	return route{}, capabilities.InvalidField("network", fmt.Sprintf("%q", network), "the network that the payment was started on")
}

// choose picks the route of a number.
func choose(network capabilities.NetworkID, number capabilities.MSISDN) (route, capabilities.MSISDN, error) {
	n, to, err := capabilities.ChooseNetwork(networks(), network, number)
	if err != nil {
		return route{}, "", err
	}
	r, err := routeOf(n.ID)
	return r, to, err
}
