package emulator

import (
	"net/http"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// money asks a customer for money, or pays one out. An order_id that was taken before gets the first
// answer again, whatever else the request says.
func (e *Emulator) money(op emulation.Operation) call {
	return func(w http.ResponseWriter, r *http.Request, q object) *refusal {
		id, refused := orderID(q)
		if refused != nil {
			return refused
		}
		tx := emulation.Transaction{Reference: id, Ending: emulation.Paid}
		if _, taken := e.Books().Find(id, everything); !taken {
			if tx, refused = readOrder(op, q); refused != nil {
				return refused
			}
		}
		e.ServeRequest(w, r, tx, e.first)
		return nil
	}
}

// status tells what has become of an order_id, and takes a one-time code that a payment waits for.
func (e *Emulator) status(w http.ResponseWriter, r *http.Request, q object) *refusal {
	id, refused := orderID(q)
	if refused != nil {
		refused.status = undefined // which says nothing of the order
		return refused
	}
	e.ServeStatus(w, id, everything, func(tx emulation.Transaction, known bool) emulation.Answer {
		if !known {
			return e.unknown(id)
		}
		tx, found := e.confirm(tx, q)
		return e.stands(tx, found, r)
	})
	return nil
}

func everything(emulation.Transaction) bool { return true }

// confirm lets a payment go on whose one-time code has come. It gives the result.code of that.
func (e *Emulator) confirm(tx emulation.Transaction, q object) (emulation.Transaction, int) {
	extra, _ := q.get("extra").(object)
	if !tx.Waiting || orderOf(tx).flow != codeLater || extra.get("otp") == nil {
		return tx, codeOK
	}
	if q.text("customer_id") != tx.MSISDN {
		return tx, codeMSISDN
	}
	if code := checkOTP(extra); code != codeOK {
		return tx, code
	}
	tx, _ = e.Resume(tx)
	return tx, codeOK
}
