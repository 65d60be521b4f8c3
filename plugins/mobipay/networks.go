package mobipay

import (
	_ "embed" // the table
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// tableFile is the table of networks: data, which a person reviews. What the
// provider's documentation leaves open is not in it, but said to be uncertain.
//
//go:embed networks.json
var tableFile []byte

// simulator is the network for trying the API out. It reaches nobody.
const simulator = "simulator"

// direction is which way money goes.
type direction string

const (
	collect  direction = "collect"
	disburse direction = "disburse"
)

// network is one operator in one country, or its like, with what MobiPay
// takes on it.
type network struct {
	ID       string                `json:"id"`
	Name     string                `json:"name"`
	Country  string                `json:"country"`  // ISO 3166-1 alpha-2; empty means any
	Currency capabilities.Currency `json:"currency"` // empty means that the documentation names none
	// ProviderIDs are those that MobiPay has given to the network. An account has
	// one of them.
	ProviderIDs []int  `json:"provider_ids"`
	Number      format `json:"number"`
	terms
	// ByProviderID replaces a direction for accounts that have that provider id.
	ByProviderID map[string]terms `json:"by_provider_id"`
	Uncertain    []string         `json:"uncertain"`
}

// terms are what is taken in each direction; one that is nil is not offered.
type terms struct {
	Collect  *rule `json:"collect,omitempty"`
	Disburse *rule `json:"disburse,omitempty"`
}

func (t terms) in(d direction) *rule {
	if d == collect {
		return t.Collect
	}
	return t.Disburse
}

// rule is what is taken in one direction. Amounts are in major units; an empty
// one is not limited, or its limit is not known.
type rule struct {
	// Flow is what the payer has to do. Payouts have none.
	Flow flow `json:"flow,omitempty"`
	// Account says that money goes to an account and not to a mobile number.
	Account    bool                `json:"account,omitempty"`
	Min        capabilities.Amount `json:"min,omitempty"`
	Max        capabilities.Amount `json:"max,omitempty"`
	MultipleOf capabilities.Amount `json:"multiple_of,omitempty"`
	// Requires and Takes are names of the field extra.
	Requires []string `json:"requires,omitempty"`
	Takes    []string `json:"takes,omitempty"`
}

// flow is what the payer of a collection has to do.
type flow string

// The flows.
const (
	flowPush        flow = "push"         // confirm on the phone
	flowOTP         flow = "otp"          // get a code first, which the request carries
	flowConfirm     flow = "confirm"      // tell a code afterwards
	flowRedirect    flow = "redirect"     // open a link, which the status brings
	flowBankDetails flow = "bank_details" // transfer to an account, which the answer names
	flowPage        flow = "page"         // pay in a way that is not documented, most likely on a page
)

// format is how a network wants a customer's number.
type format string

// The formats.
const (
	international format = "international" // 243800000000
	trunk         format = "trunk"         // 0800000000
	local         format = "local"         // 800000000
)

// spell writes a canonical number as the network wants it.
func (f format) spell(number capabilities.MSISDN) string {
	switch f {
	case trunk:
		return "0" + number.Local()
	case local:
		return number.Local()
	}
	return string(number)
}

// table returns the networks, in the order of their file. A test keeps the file
// sound, which would take too long in every start of the program.
var table = sync.OnceValue(func() []network {
	var t struct {
		Networks []network `json:"networks"`
	}
	if err := json.Unmarshal(tableFile, &t); err != nil {
		panic("mobipay: networks.json: " + err.Error())
	}
	return t.Networks
})

// all returns the terms of the network, and those of its provider ids.
func (n network) all() []terms {
	all := []terms{n.terms}
	for _, t := range n.ByProviderID {
		all = append(all, t)
	}
	return all
}

// offers reports whether the network has the direction, for some account at
// least.
func (n network) offers(d direction) bool {
	return slices.ContainsFunc(n.all(), func(t terms) bool { return t.in(d) != nil })
}

// rule returns what an account with that provider id is offered, or nil.
func (n network) rule(d direction, providerID int) *rule {
	if r := n.ByProviderID[strconv.Itoa(providerID)].in(d); r != nil {
		return r
	}
	return n.in(d)
}

// named finds a network by its id.
func named(id string) (network, bool) {
	i := slices.IndexFunc(table(), func(n network) bool { return n.ID == id })
	if i < 0 {
		return network{}, false
	}
	return table()[i], true
}

// ownerOf is the network that the table gives a provider id to.
func ownerOf(providerID int) (id string, owned bool) {
	all := networksWith(func(n network) bool { return slices.Contains(n.ProviderIDs, providerID) })
	if len(all) == 0 {
		return "", false
	}
	return all[0], true
}

// networksWith returns the ids of the networks that fit.
func networksWith(fits func(network) bool) []string {
	var ids []string
	for _, n := range table() {
		if fits(n) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// offering returns the ids of the networks that have the direction.
func offering(d direction) []string {
	return networksWith(func(n network) bool { return n.offers(d) })
}

// shared are the networks that other providers reach too.
func shared() []capabilities.Network {
	return capabilities.Networks("togocel_tg", "moov_tg", "mtn_bj", "moov_bj")
}

// networks returns the table as a manifest lists it.
func networks() []capabilities.Network {
	var all []capabilities.Network
	known := shared()
	for _, n := range table() {
		listed := capabilities.Network{ID: n.ID, Name: n.Name, Country: n.Country, Currency: n.Currency}
		for _, s := range known {
			if s.ID == n.ID {
				listed = s
			}
		}
		all = append(all, listed)
	}
	return all
}

// countries and currencies are those of the networks, each once.
func countries() []string {
	return distinct(func(n network) string { return n.Country })
}

func currencies() []capabilities.Currency {
	return distinct(func(n network) capabilities.Currency { return n.Currency })
}

func distinct[T ~string](of func(network) T) []T {
	var all []T
	for _, n := range table() {
		if v := of(n); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}
