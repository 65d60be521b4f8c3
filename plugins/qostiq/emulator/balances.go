package emulator

import (
	"fmt"
	"iter"
	"sync"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// balance is what the shop has in one currency.
type balance struct {
	available cents
	hold      cents // of transfers that are still being processed
}

// balance is the opening balance and all that the books hold.
func (c currency) balance(held iter.Seq[emulation.Transaction]) balance {
	b := balance{available: c.opening}
	for tx := range held {
		switch kept := tx.Extra.(type) {
		case bill:
			if kept.shop.code == c.code && tx.State == emulation.Succeeded {
				b.available += refund(amount(tx))
			}
		case transfer:
			if kept.shop.code == c.code && tx.State != emulation.Failed {
				b.available -= kept.writeOff
			}
			if kept.shop.code == c.code && tx.State == emulation.Pending {
				b.hold += kept.writeOff
			}
		}
	}
	return b
}

// refund is what a bill of that amount brings the shop.
func refund(shopAmount cents) cents { return shopAmount - shopAmount.times(billKeeps) }

// judge refuses a transfer that the balance of its currency does not cover, however full the others are.
func (e *Emulator) judge(tx emulation.Transaction, held iter.Seq[emulation.Transaction]) emulation.Ending {
	t, is := tx.Extra.(transfer)
	if !is {
		return tx.Ending
	}
	if !tx.RefusedAtOnce() && t.shop.balance(held).available < t.writeOff {
		tx.Ending = emulation.LowBalance
	}
	if tx.RefusedAtOnce() {
		e.refused.count(tx.Reference)
	}
	return tx.Ending
}

// unique holds the identifiers of transfers to be unique, those that were refused excepted: they were
// not created. Bills are unique where the shop wants it, and this one does for some of its orders.
func (e *Emulator) unique(tx emulation.Transaction) string {
	switch {
	case tx.Operation == emulation.Disburse:
		return fmt.Sprintf("transfer %s after %d", tx.Reference, e.refused.of(tx.Reference))
	case isUnique(tx.Reference):
		return "bill " + tx.Reference
	default:
		return ""
	}
}

// tally counts under names.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) count(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[name]++
}

func (t *tally) of(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[name]
}
