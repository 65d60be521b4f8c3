package emulator

import (
	"net/http"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// longestWait is how long a synchronous payment may keep its caller, as documented.
const longestWait = 80 * time.Second

// payment asks a customer for money and answers before the customer does.
func (e *Emulator) payment(n network) http.HandlerFunc {
	return e.order(n, emulation.Collect, func(_ *http.Request, tx emulation.Transaction) emulation.Answer {
		return paymentAnswer(tx, codeDone, either(tx, http.StatusAccepted, http.StatusOK))
	})
}

// synchronousPayment asks a customer for money and waits for the customer. A caller that hangs up, or
// that is told after the longest wait to come back, has not stopped the payment.
func (e *Emulator) synchronousPayment(n network) http.HandlerFunc {
	return e.order(n, emulation.Collect, func(r *http.Request, tx emulation.Transaction) emulation.Answer {
		tx, err := e.Await(r.Context(), tx, longestWait)
		if err != nil {
			return emulation.Answer{}
		}
		return paymentAnswer(tx, either(tx, codeDoneShort, codeDone), either(tx, http.StatusOK, http.StatusAccepted))
	})
}

// deposit pays a customer out. Its answer only says that Qosic has accepted: the operator comes later.
func (e *Emulator) deposit(n network) http.HandlerFunc {
	return e.order(n, emulation.Disburse, func(_ *http.Request, tx emulation.Transaction) emulation.Answer {
		if tx.RefusedAtOnce() {
			return refusedAtOnce(tx)
		}
		return depositAnswer(tx)
	})
}

// order takes a payment or a deposit that is in order, and refuses a transref that was used before.
func (e *Emulator) order(n network, op emulation.Operation, answer func(*http.Request, emulation.Transaction) emulation.Answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, refusal := readFields(w, r)
		if refusal == nil {
			refusal = n.check(op, f)
		}
		if refusal != nil {
			refusal.Send(w)
			return
		}
		e.ServeRequest(w, r, n.begin(op, f), func(tx emulation.Transaction, fresh bool) emulation.Answer {
			if !fresh {
				return duplicate(tx)
			}
			return answer(r, tx)
		})
	}
}

// refund gives a payment back, once, if it was paid.
func (e *Emulator) refund(n network) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, refusal := readFields(w, r)
		if refusal != nil {
			refusal.Send(w)
			return
		}
		transref := f["transref"]
		if f["clientid"] != n.clientID {
			invalidClient(transref).Send(w)
			return
		}
		paid, known := e.Books().Find(transref, n.collected)
		switch {
		case !known:
			unknown(transref).Send(w)
		case paid.State != emulation.Succeeded:
			failure(http.StatusOK, codeUnknown, transref, "ONLY A SUCCESSFUL PAYMENT CAN BE REFUNDED").Send(w)
		default:
			paid.Operation = emulation.Refund
			e.ServeRequest(w, r, paid, refundAnswer)
		}
	}
}

// status tells what has become of a payment or a deposit. It tells no amount.
func (e *Emulator) status(candidates ...network) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, refusal := readFields(w, r)
		if refusal != nil {
			refusal.Send(w)
			return
		}
		n, known := owner(candidates, f["clientid"])
		if !known {
			invalidClientForStatus(f["transref"]).Send(w)
			return
		}
		e.ServeStatus(w, f["transref"], n.holds, statusAnswer)
	}
}

// paymentAnswer is the first answer to a payment: code and status are what a success gets.
func paymentAnswer(tx emulation.Transaction, code string, status int) emulation.Answer {
	switch {
	case tx.RefusedAtOnce():
		return refusedAtOnce(tx)
	case tx.State == emulation.Succeeded:
		return done(tx, status, code)
	case tx.State == emulation.Failed:
		return refused(tx, http.StatusOK)
	default:
		return accepted(tx)
	}
}

// depositAnswer follows the seed's spelling for Togo and the documents' for Benin.
func depositAnswer(tx emulation.Transaction) emulation.Answer {
	short := reply{Code: codeDoneShort, Message: "SUCCESS", Transref: tx.Reference, Serviceref: serviceref(tx)}
	long := reply{Code: codeDone, Message: spelling(tx, doneSpellings[:]), Transref: tx.Reference, Serviceref: serviceref(tx)}
	if inTogo(tx) {
		return either(tx, long.with(http.StatusAccepted), short.with(http.StatusOK))
	}
	return either(tx, short.with(http.StatusOK), long.with(http.StatusAccepted))
}

func refundAnswer(tx emulation.Transaction, fresh bool) emulation.Answer {
	if !fresh {
		return invalid(tx.Reference, "TRANSACTION ALREADY REFUNDED")
	}
	r := reply{Code: codeDone, Message: "OPERATION SUCCESSFUL", Transref: tx.Reference, Serviceref: serviceref(tx)}
	return r.with(either(tx, http.StatusOK, http.StatusAccepted))
}

func statusAnswer(tx emulation.Transaction, known bool) emulation.Answer {
	status := either(tx, http.StatusOK, http.StatusAccepted)
	switch {
	case !known:
		return unknown(tx.Reference)
	case tx.State == emulation.Succeeded:
		return done(tx, status, either(tx, codeDone, codeDoneShort))
	case tx.State == emulation.Failed:
		return refused(tx, status)
	default:
		return pending(tx, status)
	}
}

// refusedAtOnce has an HTTP status of its own only where there is no account.
func refusedAtOnce(tx emulation.Transaction) emulation.Answer {
	if tx.Ending == emulation.NoAccount {
		return refused(tx, http.StatusExpectationFailed)
	}
	return refused(tx, http.StatusOK)
}
