package emulator

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// pay asks a customer for money and answers before the customer does.
func (e *Emulator) pay(w http.ResponseWriter, r *http.Request, f fields) error {
	tx, err := f.payment()
	if err != nil {
		return err
	}
	e.ServeRequest(w, r, tx, payAnswer)
	return nil
}

// disburse pays a customer out. Its answer only says that PayGate has accepted: the operator comes later.
func (e *Emulator) disburse(w http.ResponseWriter, r *http.Request, f fields) error {
	tx, err := f.payout()
	if err != nil {
		return err
	}
	e.ServeRequest(w, r, tx, disburseAnswer)
	return nil
}

// statusByIdentifier tells what has become of a payment or a payout: of the latest, if payouts share
// a reference.
func (e *Emulator) statusByIdentifier(w http.ResponseWriter, _ *http.Request, f fields) error {
	identifier, err := f.text("identifier")
	if err != nil {
		return err
	}
	e.ServeStatus(w, identifier, wasTaken, statusAnswer)
	return nil
}

// statusByTxReference does the same by PayGate's own reference.
func (e *Emulator) statusByTxReference(w http.ResponseWriter, _ *http.Request, f fields) error {
	reference, err := f.either("tx_reference")
	if err != nil {
		return err
	}
	tx, known := e.byTxReference(reference)
	if !known {
		unknown().Send(w)
		return nil
	}
	same := func(other emulation.Transaction) bool { return other.ID == tx.ID && wasTaken(other) }
	e.ServeStatus(w, tx.Reference, same, statusAnswer)
	return nil
}

func (e *Emulator) byTxReference(reference string) (emulation.Transaction, bool) {
	number, err := strconv.Atoi(reference)
	held := e.Books().Transactions()
	i := number - firstTxReference
	if err != nil || i < 0 || i >= len(held) {
		return emulation.Transaction{}, false
	}
	return held[i], true
}

// wasTaken tells whether PayGate ever took the transaction: what it refused at once it does not know.
func wasTaken(tx emulation.Transaction) bool { return !tx.RefusedAtOnce() }

// checkBalance tells both balances, in francs.
func (e *Emulator) checkBalance(w http.ResponseWriter, _ *http.Request, _ fields) error {
	held := slices.Values(e.Books().Transactions())
	ok(struct {
		Status int   `json:"status"`
		Flooz  int64 `json:"flooz"`
		TMoney int64 `json:"tmoney"`
	}{0, flooz.balance(held), tmoney.balance(held)}).Send(w)
	return nil
}
