package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// createBill asks for money: a payer whom the request names pays unasked, anybody else by the page.
func (e *Emulator) createBill(w http.ResponseWriter, r *http.Request, f fields) error {
	read := &reader{fields: f}
	return e.bill(w, r, read.bill(), read.err)
}

// createBillV2 does the same in the other version, in which the payer may choose the amount.
func (e *Emulator) createBillV2(w http.ResponseWriter, r *http.Request, f fields) error {
	read := &reader{fields: f}
	return e.bill(w, r, read.billV2(), read.err)
}

func (e *Emulator) bill(w http.ResponseWriter, r *http.Request, tx emulation.Transaction, err error) error {
	if err != nil {
		return err
	}
	e.ServeRequest(w, r, tx, func(tx emulation.Transaction, fresh bool) emulation.Answer {
		switch {
		case !fresh:
			return spellingOf(tx).refuse(problem{code: notUnique, reason: "this shop_order_id was used for a bill before"})
		case tx.RefusedAtOnce():
			return usually.refuse(refusedBy(tx))
		default:
			tx.State = emulation.Pending // the answer is of a bill that nobody has paid yet
			return createdBill(tx, tx.Extra.(bill), "http://"+r.Host)
		}
	})
	return nil
}

// billStatus tells what has become of the latest bill of that identifier, at most once in a while.
func (e *Emulator) billStatus(w http.ResponseWriter, _ *http.Request, f fields) error {
	read := &reader{fields: f}
	read.date()
	order := read.identifier("shop_order_id").text
	if read.err != nil {
		return read.err
	}
	if _, known := e.Books().Find(order, isBill); known && !e.pace.allows(order) {
		return problem{code: otherError, message: "too many requests", reason: fmt.Sprintf("ask for a bill's status at most once in %s", calm)}
	}
	e.ServeStatus(w, order, isBill, func(tx emulation.Transaction, known bool) emulation.Answer {
		if !known {
			return missing("Bill", "shop_order_id", order)
		}
		return billStatus(tx, tx.Extra.(bill), e.bills(order) == 1)
	})
	return nil
}

// tryTransfer calculates, and moves nothing.
func (e *Emulator) tryTransfer(w http.ResponseWriter, _ *http.Request, f fields) error {
	read := &reader{fields: f}
	q := read.quote()
	if read.err == nil {
		calculated(q, f).Send(w)
	}
	return read.err
}

// createTransfer pays a user out.
func (e *Emulator) createTransfer(w http.ResponseWriter, r *http.Request, f fields) error {
	read := &reader{fields: f}
	tx := read.transfer()
	if read.err != nil {
		return read.err
	}
	asked := tx.Extra.(transfer)
	e.ServeRequest(w, r, tx, func(tx emulation.Transaction, fresh bool) emulation.Answer {
		return e.transferAnswer(tx, fresh, asked)
	})
	return nil
}

// transferAnswer looks at the balance before the identifier, as the books do with a new transfer: one
// that comes again is then refused for the money that it has itself taken.
func (e *Emulator) transferAnswer(tx emulation.Transaction, fresh bool, asked transfer) emulation.Answer {
	s, t := spellingOf(tx), tx.Extra.(transfer)
	switch {
	case !fresh && e.balance(asked.shop).available < asked.writeOff:
		return s.refuse(problem{code: lowBalance, reason: "the " + asked.shop.name + " balance does not cover this transfer"})
	case !fresh:
		return s.refuse(problem{code: notUnique, reason: "this shop_payment_id was used for a transfer before"})
	case tx.RefusedAtOnce():
		return s.refuse(refusedBy(tx))
	case tx.State != emulation.Succeeded:
		return s.refuse(unfinished(tx))
	default:
		return createdTransfer(tx, t, e.balance(t.shop).available)
	}
}

// transferStatus tells whether a transfer is done.
func (e *Emulator) transferStatus(w http.ResponseWriter, _ *http.Request, f fields) error {
	read := &reader{fields: f}
	read.date()
	id := read.identifier("shop_payment_id").text
	if read.err != nil {
		return read.err
	}
	e.ServeStatus(w, id, isTransfer, func(emulation.Transaction, bool) emulation.Answer {
		tx, known := e.Books().Find(id, isTransfer) // also if it is known late: it is being processed
		switch {
		case !known:
			return missing("Transfer", "shop_payment_id", id)
		case tx.State != emulation.Succeeded:
			return spellingOf(tx).refuse(unfinished(tx))
		default:
			return foundTransfer(tx, tx.Extra.(transfer))
		}
	})
	return nil
}

// unfinished tells why a transfer that was taken is not done.
func unfinished(tx emulation.Transaction) problem {
	if tx.State == emulation.Pending {
		return problem{code: processing, reason: "the account asked for this wait: " + string(tx.Ending)}
	}
	return problem{code: wrongStatus, reason: "the account asked for this failure: " + string(tx.Ending)}
}

// missing is what the status calls say of what was not created, or of a bill that is known late.
func missing(what, name, text string) emulation.Answer {
	return usually.refuse(problem{code: notFound, message: fmt.Sprintf("%s (%s=%s) wasn't found", what, name, text)})
}

// shopBalance tells what the shop has in each currency.
func (e *Emulator) shopBalance(w http.ResponseWriter, _ *http.Request, f fields) error {
	read := &reader{fields: f}
	if read.date(); read.err == nil {
		balances(e.balance).Send(w)
	}
	return read.err
}

func (e *Emulator) balance(c currency) balance {
	return c.balance(slices.Values(e.Books().Transactions()))
}

// bills is how many of that identifier there are.
func (e *Emulator) bills(order string) int {
	n := 0
	for _, tx := range e.Books().Transactions() {
		if tx.Reference == order && isBill(tx) {
			n++
		}
	}
	return n
}

func isBill(tx emulation.Transaction) bool {
	return tx.Operation == emulation.Collect && wasCreated(tx)
}
func isTransfer(tx emulation.Transaction) bool {
	return tx.Operation == emulation.Disburse && wasCreated(tx)
}

// wasCreated tells whether Qostiq ever took the transaction. What has failed without an end it did not.
func wasCreated(tx emulation.Transaction) bool {
	return !tx.RefusedAtOnce() && (tx.State != emulation.Failed || !tx.Settled.IsZero())
}

// calm is how long a bill's status may not be asked for again.
const calm = 10 * time.Second

// pace remembers when the status of each bill was last asked for.
type pace struct {
	now func() time.Time

	mu   sync.Mutex
	last map[string]time.Time
}

func (p *pace) allows(order string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if last, asked := p.last[order]; asked && now.Sub(last) < calm {
		return false
	}
	p.last[order] = now
	return true
}
