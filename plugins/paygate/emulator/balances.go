package emulator

import (
	"iter"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// balance is what the merchant has on that network: the opening balance and all that the books hold.
func (n network) balance(held iter.Seq[emulation.Transaction]) int64 {
	sum := n.opening
	for tx := range held {
		if tx.Network != n.name {
			continue
		}
		switch {
		case tx.Operation == emulation.Collect && tx.State == emulation.Succeeded:
			sum += francs(tx)
		case tx.Operation == emulation.Disburse && tx.State != emulation.Failed:
			sum -= francs(tx)
		}
	}
	return sum
}

// judge refuses a payout that the balance of its network does not cover, however full the other is.
func judge(tx emulation.Transaction, held iter.Seq[emulation.Transaction]) emulation.Ending {
	n, known := named(tx.Network)
	if known && tx.Operation == emulation.Disburse && !tx.RefusedAtOnce() && n.balance(held) < francs(tx) {
		return emulation.LowBalance
	}
	return tx.Ending
}

// francs is the amount. It was found to be a short whole number before it was booked.
func francs(tx emulation.Transaction) int64 {
	amount, err := strconv.ParseInt(tx.Amount, 10, 64)
	if err != nil {
		return 0
	}
	return amount
}
