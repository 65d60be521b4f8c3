package qosic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

const xof capabilities.Currency = "XOF"

// route is what a network decides: the paths, and the client id with the
// setting that holds it. It is chosen here and nowhere else, so a client id
// cannot meet another network's path.
type route struct {
	network  capabilities.Network
	prefixes []string // the two digits that begin its local numbers, 01 left out
	collect  string
	status   string
	deposit  string // empty: no path is known
	refund   string // empty: not offered, or no path is known
	clientID func(Config) string
	setting  string
}

// routes returns the table of paths (provider documentation and seed; where
// the documentation prints /user for Togocel, the seed and applications use
// /tm/v1) and of prefixes, which are a hint only: numbers are portable.
func routes() []route {
	return []route{
		{
			network:  capabilities.Network{ID: "togocel_tg", Name: "Togocel", Country: "TG", Currency: xof},
			prefixes: strings.Fields("70 71 72 73 90 91 92 93"),
			collect:  "/QosicBridge/tm/v1/requestpayment",
			status:   "/QosicBridge/tm/v1/gettransactionstatus",
			deposit:  "/QosicBridge/tm/v1/deposit",
			clientID: func(c Config) string { return c.ClientTogocel },
			setting:  "QOSIC_CLIENT_ID_TOGOCEL",
		},
		{
			network:  capabilities.Network{ID: "moov_tg", Name: "Moov Togo", Country: "TG", Currency: xof},
			prefixes: strings.Fields("78 79 96 97 98 99"),
			collect:  "/QosicBridge/tg/v1/requestpayment",
			status:   "/QosicBridge/tg/v1/gettransactionstatus",
			deposit:  "/QosicBridge/tg/v1/deposit",
			clientID: func(c Config) string { return c.ClientMoov },
			setting:  "QOSIC_CLIENT_ID_MOOV",
		},
		{
			network:  capabilities.Network{ID: "mtn_bj", Name: "MTN Benin", Country: "BJ", Currency: xof},
			prefixes: strings.Fields("42 46 50 51 52 53 54 56 57 59 61 62 66 67 69 90 91 96 97"),
			collect:  "/QosicBridge/user/requestpayment",
			status:   "/QosicBridge/user/gettransactionstatus",
			deposit:  "/QosicBridge/user/deposit",
			refund:   "/QosicBridge/user/refund",
			clientID: func(c Config) string { return c.ClientMTNBenin },
			setting:  "QOSIC_CLIENT_ID_MTN_BENIN",
		},
		{
			network:  capabilities.Network{ID: "moov_bj", Name: "Moov Benin", Country: "BJ", Currency: xof},
			prefixes: strings.Fields("45 55 58 60 63 64 65 68 94 95 98 99"),
			collect:  "/QosicBridge/user/requestpaymentmv",
			status:   "/QosicBridge/user/gettransactionstatus",
			deposit:  "/QosicBridge/user/depositmv",
			clientID: func(c Config) string { return c.ClientMoovBenin },
			setting:  "QOSIC_CLIENT_ID_MOOV_BENIN",
		},
		{
			network:  capabilities.Network{ID: "celtiis_bj", Name: "Celtiis Benin", Country: "BJ", Currency: xof},
			prefixes: strings.Fields("20 21 22 23 24 28 29 40 41 43 44 47 48 49 92 93"),
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

// choose picks the network of a number: the given one, or else the one that
// its prefix hints at. note says so when it was inferred.
func choose(network string, number capabilities.MSISDN) (r route, note string, to capabilities.MSISDN, err error) {
	to, country, err := capabilities.ParseMSISDN(string(number), "TG", "BJ")
	if err != nil {
		return route{}, "", "", capabilities.InvalidField("msisdn", err.Error(), "an international number of Togo (228…) or Benin (229…)")
	}
	if network == "" {
		r, err = infer(to, country)
		note = fmt.Sprintf("network inferred from the number's prefix: %s. Numbers are portable: pass network if the customer changed operator", r.network.ID)
		return r, note, to, err
	}
	r, err = routeOf(network)
	if err == nil && r.network.Country != country {
		err = capabilities.InvalidField("network", network, "a network of the number's country, "+country)
	}
	return r, "", to, err
}

func infer(number capabilities.MSISDN, country string) (route, error) {
	local := number.Local()
	if country == "BJ" {
		local = strings.TrimPrefix(local, "01")
	}
	for _, r := range routes() {
		if r.network.Country == country && slices.Contains(r.prefixes, local[:2]) {
			return r, nil
		}
	}
	return route{}, capabilities.InvalidField("network", "nothing, and the number's prefix tells no operator", "one of "+strings.Join(networksIn(country), ", "))
}

func networksIn(country string) []string {
	var ids []string
	for _, n := range networks() {
		if n.Country == country {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
