package emulator

import (
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// currency is the CFA franc of West Africa, which has no decimals.
const currency = "XOF"

// network is one operator in one country.
type network struct {
	name     string // in the books
	dialling string // how its numbers begin
	clientID string
	setting  string // the environment variable that holds the client id
}

var (
	togocel      = network{name: "togocel_tg", dialling: togo, clientID: "TOGOCELTEST", setting: "QOSIC_CLIENT_ID_TOGOCEL"}
	moovTogo     = network{name: "moov_tg", dialling: togo, clientID: "MOOVTGTEST", setting: "QOSIC_CLIENT_ID_MOOV"}
	mtnBenin     = network{name: "mtn_bj", dialling: benin, clientID: "MTNTEST", setting: "QOSIC_CLIENT_ID_MTN_BENIN"}
	moovBenin    = network{name: "moov_bj", dialling: benin, clientID: "MOOVTEST", setting: "QOSIC_CLIENT_ID_MOOV_BENIN"}
	celtiisBenin = network{name: "celtiis_bj", dialling: benin, clientID: "CELTIISTEST", setting: "QOSIC_CLIENT_ID_CELTIIS_BENIN"}

	networks = []network{togocel, moovTogo, mtnBenin, moovBenin, celtiisBenin}
)

const (
	togo  = "228"
	benin = "229"
)

// inTogo tells whether the transaction is Togo's, where serviceref and failures are written differently.
func inTogo(tx emulation.Transaction) bool {
	return tx.Network == togocel.name || tx.Network == moovTogo.name
}

// owner is the network among those of a path that the client id belongs to.
func owner(candidates []network, clientID string) (network, bool) {
	i := slices.IndexFunc(candidates, func(n network) bool { return n.clientID == clientID })
	if i < 0 {
		return network{}, false
	}
	return candidates[i], true
}

// begin is the transaction that the fields ask for.
func (n network) begin(op emulation.Operation, f fields) emulation.Transaction {
	return emulation.Transaction{
		Reference: f["transref"],
		Operation: op,
		Network:   n.name,
		MSISDN:    f["msisdn"],
		Amount:    f["amount"],
		Currency:  currency,
	}
}

// holds tells whether a transaction is a payment or a deposit of this network: what its status call knows.
func (n network) holds(tx emulation.Transaction) bool {
	return tx.Network == n.name && tx.Operation != emulation.Refund
}

// collected tells whether a transaction is a payment of this network: what can be refunded.
func (n network) collected(tx emulation.Transaction) bool {
	return tx.Network == n.name && tx.Operation == emulation.Collect
}
