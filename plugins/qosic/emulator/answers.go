package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// The documented values of responsecode.
const (
	codeDone          = "00"
	codeDoneShort     = "0"
	codePending       = "01"
	codeUnknown       = "-1" // also a failure in Benin
	codeInvalidClient = "-2"
	codeFailedTogo    = "02"
	codeBadNumber     = "500"
	codeWrongNetwork  = "515"
	codeNetworkDown   = "527"
	codeLowBalance    = "529"
	codeOverLimit     = "580"
	codeInternal      = "682"
	codeInvalid       = "849"
)

// The documented spellings of responsemsg. The documents do print "Succesfull" beside "01".
var (
	pendingSpellings = [...]string{"PENDING", "demande en cours", "Succesfull"}
	doneSpellings    = [...]string{"SUCCESSFUL", "Succesfull", "SUCCESS"}
)

const (
	approved       = "TRANSACTION APPROVED AND PROCESSED SUCCESSFULLY"
	firstReference = 7427291567 // the serviceref of the documents' example
)

// reply is the body of almost every answer.
type reply struct {
	Code       string          `json:"responsecode"`
	Message    string          `json:"responsemsg"`
	Transref   string          `json:"transref"`
	Serviceref json.RawMessage `json:"serviceref,omitempty"` // null, a string or absent
	Comment    *string         `json:"comment"`
}

func (r reply) with(status int) emulation.Answer {
	return emulation.Answer{Status: status, Content: emulation.JSON(r)}
}

// problem is how the server reports its own errors.
func problem(status int, detail string) emulation.Answer {
	return emulation.Answer{Status: status, Content: emulation.JSON(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})}
}

func invalidClient(transref string) emulation.Answer {
	return reply{Code: codeInvalidClient, Message: "Invalid Client Id", Transref: transref}.with(http.StatusNotFound)
}

func invalidClientForStatus(transref string) emulation.Answer {
	comment := "CLIENT ID DOES NOT EXIST"
	return reply{Code: codeInvalidClient, Message: "INVALID CLIENT ID", Transref: transref, Comment: &comment}.with(http.StatusOK)
}

func notAuthorized(transref string) emulation.Answer {
	return reply{Code: codeInvalidClient, Message: "Not authorized", Transref: transref}.with(http.StatusOK)
}

// unknown is what a status call or a refund says of a transref that it does not know (yet).
func unknown(transref string) emulation.Answer {
	return reply{Code: codeUnknown, Message: "FAILED", Transref: transref, Serviceref: quoted("0")}.with(http.StatusOK)
}

// invalid is the failed validation.
func invalid(transref, comment string) emulation.Answer {
	return reply{Code: codeInvalid, Message: "VALIDATION FAILED", Transref: transref, Serviceref: null(), Comment: &comment}.with(http.StatusOK)
}

func failure(status int, code, transref, comment string) emulation.Answer {
	return reply{Code: code, Message: "FAILED", Transref: transref, Serviceref: null(), Comment: &comment}.with(status)
}

// duplicate refuses a transref that was used before, whatever became of it.
func duplicate(tx emulation.Transaction) emulation.Answer {
	return invalid(tx.Reference, "TRANSREF ALREADY USED")
}

// accepted says that the customer is asked for the money.
func accepted(tx emulation.Transaction) emulation.Answer {
	return pending(tx, either(tx, http.StatusAccepted, http.StatusOK))
}

func pending(tx emulation.Transaction, status int) emulation.Answer {
	return reply{Code: codePending, Message: spelling(tx, pendingSpellings[:]), Transref: tx.Reference, Serviceref: serviceref(tx)}.with(status)
}

func done(tx emulation.Transaction, status int, code string) emulation.Answer {
	comment := approved
	return reply{Code: code, Message: spelling(tx, doneSpellings[:]), Transref: tx.Reference, Serviceref: serviceref(tx), Comment: &comment}.with(status)
}

// refused says that a transaction has failed, be it in the first answer or to a status call.
func refused(tx emulation.Transaction, status int) emulation.Answer {
	code, comment := failureOf(tx)
	return reply{Code: code, Message: "FAILED", Transref: tx.Reference, Serviceref: serviceref(tx), Comment: &comment}.with(status)
}

// failureOf is the responsecode of a failed transaction, and what people are told.
func failureOf(tx emulation.Transaction) (code, comment string) {
	switch tx.Ending {
	case emulation.LowBalance:
		return codeLowBalance, "PAYER BALANCE TOO LOW"
	case emulation.WrongNetwork:
		return codeWrongNetwork, "NUMBER BELONGS TO ANOTHER NETWORK"
	case emulation.NetworkDown:
		return codeNetworkDown, "NETWORK ISSUE"
	case emulation.OverLimit:
		return codeOverLimit, "RECEIVER LIMIT EXCEEDED"
	case emulation.InternalError:
		return codeInternal, "INTERNAL ERROR"
	case emulation.Invalid:
		return codeInvalid, "VALIDATION FAILED"
	case emulation.NoAccount:
		return plainFailure(tx), "NO MOBILE MONEY ACCOUNT ON THIS NUMBER"
	default:
		return plainFailure(tx), "TRANSACTION FAILED"
	}
}

// plainFailure is the country's code for a failure that has no code of its own.
func plainFailure(tx emulation.Transaction) string {
	if inTogo(tx) {
		return codeFailedTogo
	}
	return codeUnknown
}

// serviceref is a number in Benin; in Togo it is null, and "0" in the end. The variant leaves it out.
func serviceref(tx emulation.Transaction) json.RawMessage {
	switch {
	case tx.Ending == emulation.Variant:
		return nil
	case !inTogo(tx):
		return quoted(serviceNumber(tx))
	case tx.State == emulation.Succeeded:
		return quoted("0")
	default:
		return null()
	}
}

func serviceNumber(tx emulation.Transaction) string {
	return strconv.Itoa(firstReference - 1 + tx.ID)
}

func null() json.RawMessage { return json.RawMessage("null") }

func quoted(digits string) json.RawMessage { return json.RawMessage(`"` + digits + `"`) }

// spelling takes the spellings in turn, one for each transaction.
func spelling(tx emulation.Transaction, spellings []string) string {
	return spellings[(tx.ID-1)%len(spellings)]
}

// either is what most sources say, or for the variant's number what the others do.
func either[T any](tx emulation.Transaction, most, others T) T {
	if tx.Ending == emulation.Variant {
		return others
	}
	return most
}
