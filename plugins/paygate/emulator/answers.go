package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// What status says in the answer of pay: how far the payment was registered.
const (
	registered         = 0
	registeredBadToken = 2
	registeredBadInput = 4
	registeredBefore   = 6
)

// What status says in the answer of the status calls: how far the payment was paid.
const (
	paid      = 0
	pending   = 2
	expired   = 4
	cancelled = 6
)

// What status says in the answer of disburse. 200 is documented; that everything else refuses is all
// that is known of the others.
const (
	accepted           = 200
	disburseBadInput   = 400
	disburseBadToken   = 401
	disburseLowBalance = 402
	disburseNoAccount  = 404
	disburseOverLimit  = 422
	disburseError      = 500
	disburseNetwork    = 503
)

// The references of the recorded answer, from which the emulator goes on.
const (
	firstTxReference      = 4671135
	firstPaymentReference = 13171916025
)

// refusals are how one call says what may be wrong with every request.
type refusals struct {
	badToken      func(reason string) emulation.Answer
	badParameters func(reason string) emulation.Answer
}

var (
	registering = refusals{badToken: refusing(registeredBadToken), badParameters: refusing(registeredBadInput)}
	disbursing  = refusals{badToken: refusing(disburseBadToken), badParameters: refusing(disburseBadInput)}
	asking      = refusals{
		badToken: func(reason string) emulation.Answer {
			return because(reason, failure(http.StatusUnauthorized, "Jeton d'authentification invalide."))
		},
		badParameters: func(reason string) emulation.Answer {
			return because(reason, failure(http.StatusBadRequest, "Paramètres invalides."))
		},
	}
)

func refusing(status int) func(string) emulation.Answer {
	return func(reason string) emulation.Answer { return refusal(status, reason) }
}

func ok(body any) emulation.Answer {
	return emulation.Answer{Status: http.StatusOK, Content: emulation.JSON(body)}
}

// because adds the emulator's own words.
func because(reason string, a emulation.Answer) emulation.Answer {
	a.Header = http.Header{"X-Emulator-Reason": {reason}}
	return a
}

// refusal is how pay and disburse refuse.
func refusal(status int, reason string) emulation.Answer {
	return because(reason, ok(struct {
		Status int `json:"status"`
	}{status}))
}

// failure is an error that has no status.
func failure(code int, message string) emulation.Answer {
	return ok(struct {
		Code    int    `json:"error_code"`
		Message string `json:"error_message"`
	}{code, message})
}

// unknown is what the status calls say of a transaction that they do not know (yet), as recorded.
func unknown() emulation.Answer { return failure(http.StatusForbidden, "Transaction non trouvée.") }

func serverError() emulation.Answer {
	a := failure(http.StatusInternalServerError, "Erreur interne.")
	a.Status = http.StatusInternalServerError
	return a
}

// taken is how pay and disburse take a request.
func taken(tx emulation.Transaction, status int) emulation.Answer {
	return ok(struct {
		TxReference any `json:"tx_reference"`
		Status      int `json:"status"`
	}{txReference(tx), status})
}

// payAnswer registers a payment or says why not. It has no status of its own for what is not the
// merchant's fault.
func payAnswer(tx emulation.Transaction, fresh bool) emulation.Answer {
	switch {
	case !fresh:
		return refusal(registeredBefore, "this identifier was used before")
	case !tx.RefusedAtOnce():
		return taken(tx, registered)
	case tx.Ending == emulation.NetworkDown:
		return failure(http.StatusServiceUnavailable, "Opérateur indisponible.")
	case tx.Ending == emulation.InternalError:
		return failure(http.StatusInternalServerError, "Erreur interne.")
	default:
		return refusal(registeredBadInput, "the number asked for this refusal: "+string(tx.Ending))
	}
}

func disburseAnswer(tx emulation.Transaction, _ bool) emulation.Answer {
	if !tx.RefusedAtOnce() {
		return taken(tx, accepted)
	}
	if tx.Ending == emulation.LowBalance {
		return refusal(disburseLowBalance, "the "+tx.Network+" balance does not cover this payout, or the number says so")
	}
	return refusal(disburseRefusal(tx.Ending), "the number asked for this refusal: "+string(tx.Ending))
}

func disburseRefusal(e emulation.Ending) int {
	switch e {
	case emulation.NoAccount:
		return disburseNoAccount
	case emulation.OverLimit:
		return disburseOverLimit
	case emulation.NetworkDown:
		return disburseNetwork
	case emulation.InternalError:
		return disburseError
	default:
		return disburseBadInput
	}
}

// statusAnswer tells what has become of a transaction.
func statusAnswer(tx emulation.Transaction, known bool) emulation.Answer {
	if !known {
		return unknown()
	}
	told := struct {
		TxReference      any         `json:"tx_reference"`
		Identifier       string      `json:"identifier"`
		Amount           json.Number `json:"amount,omitempty"`
		PaymentReference string      `json:"payment_reference"`
		PaymentMethod    string      `json:"payment_method"`
		Datetime         string      `json:"datetime"`
		PhoneNumber      string      `json:"phone_number,omitempty"`
		Status           int         `json:"status"`
	}{
		TxReference: txReference(tx), Identifier: tx.Reference, PaymentReference: paymentReference(tx),
		PaymentMethod: method(tx), Datetime: datetime(tx), Status: outcome(tx),
	}
	if tx.Ending != emulation.Variant {
		told.Amount, told.PhoneNumber = json.Number(tx.Amount), masked(tx.MSISDN)
	}
	return ok(told)
}

func outcome(tx emulation.Transaction) int {
	switch tx.State {
	case emulation.Succeeded:
		return paid
	case emulation.Expired:
		return expired
	case emulation.Failed:
		return cancelled
	default:
		return pending
	}
}

// txReference is PayGate's own reference: a number, and a string for the variant's phone number.
func txReference(tx emulation.Transaction) any {
	reference := firstTxReference - 1 + tx.ID
	if tx.Ending == emulation.Variant {
		return strconv.Itoa(reference)
	}
	return reference
}

// paymentReference is the operator's, empty until it has moved the money.
func paymentReference(tx emulation.Transaction) string {
	if tx.State != emulation.Succeeded {
		return ""
	}
	return strconv.Itoa(firstPaymentReference - 1 + tx.ID)
}

// datetime is when the transaction was last heard of.
func datetime(tx emulation.Transaction) string {
	at := tx.Created
	if !tx.Settled.IsZero() {
		at = tx.Settled
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

// masked hides the last four digits.
func masked(msisdn string) string {
	if msisdn == "" {
		return ""
	}
	return msisdn[:len(msisdn)-4] + "XXXX"
}
