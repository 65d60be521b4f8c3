package emulator

import (
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// currency is the CFA franc of West Africa, which has no decimals.
const currency = "XOF"

// network is one of the two operators. Each of its names is right in one place and wrong in the others.
type network struct {
	name    string // of pay, of disburse and in the books
	page    string // of the page
	method  string // of payment_method
	brand   string // as customers know it
	opening int64  // the balance to begin with, in francs
}

var (
	flooz  = network{name: "FLOOZ", page: "MOOV", method: "FLOOZ", brand: "Moov Money (Flooz)", opening: 1_000_000}
	tmoney = network{name: "TMONEY", page: "TOGOCEL", method: "T-Money", brand: "Mixx by Yas (T-Money)", opening: 250_000}

	networks = []network{flooz, tmoney}
)

// named is the network that pay and disburse know by that name.
func named(name string) (network, bool) {
	return find(func(n network) bool { return n.name == name })
}

// onPage is the network that the page knows by that name.
func onPage(name string) (network, bool) {
	return find(func(n network) bool { return n.page == name })
}

func find(wanted func(network) bool) (network, bool) {
	i := slices.IndexFunc(networks, wanted)
	if i < 0 {
		return network{}, false
	}
	return networks[i], true
}

// method is the payment_method of a transaction: empty if it was abandoned before a network was chosen.
func method(tx emulation.Transaction) string {
	n, _ := named(tx.Network)
	return n.method
}
