package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// The values of status.
const (
	undefined    = -1
	initiated    = 0
	inProgress   = 1
	successful   = 2
	failed       = 3
	cancelled    = 4
	undocumented = 5 // in the OpenAPI document's list, which does not say what it means
)

// The values of result.code. Those from firstOwnCode are the emulator's own, as the documents have none.
const (
	codeOK             = 0
	codeInvalidPIN     = 1
	codeBlankPIN       = 2
	codePINLength      = 3
	codeMerchantID     = 10105
	codeAuthentication = 10201
	codeSending        = 10301
	codeMSISDN         = 10401
	codeInternal       = 13104

	firstOwnCode   = 90000
	codeParameters = 90400
	codeLimits     = 90402
	codeBalance    = 90403
	codeUnknown    = 90404
)

var messages = map[int]string{
	codeOK:             "OK",
	codeInvalidPIN:     "INVALID PIN",
	codeBlankPIN:       "PIN BLANK",
	codePINLength:      "INVALID PIN LENGTH",
	codeMerchantID:     "WRONG MERCHANT_ID",
	codeAuthentication: "MERCHANT AUTHENTICATION ERROR",
	codeSending:        "REQUEST SENDING ERROR",
	codeMSISDN:         "MSISDN INCORRECT",
	codeInternal:       "OPERATION ERROR",
	codeParameters:     "WRONG PARAMETERS",
	codeLimits:         "LIMIT EXCEEDED",
	codeBalance:        "INSUFFICIENT BALANCE",
	codeUnknown:        "PARENT OPERATION NOT FOUND",
}

// What the documents' examples say of the service.
const (
	serviceID           = 1
	serviceVersion      = "1.03/1.14|1.0/1.26|1.0/1.0|1.01/1.01|1.01/1.01||1.01/1.27"
	otherServiceVersion = 11.1
)

const (
	meaningless = -8888 // provider_result.code for anything but success
	confirmType = 1     // of a payout that asks for a confirmation

	firstTransactionID = 732007046722 // that of the documents' example
)

// result is the outcome as the gateway or the operator sees it.
type result struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func coded(code int) result { return result{code, messages[code]} }

// reply is the body of every answer.
type reply struct {
	OrderID         string `json:"order_id"`
	TransactionID   string `json:"transaction_id"`
	TransactionRef  string `json:"transaction_ref"`
	Status          int    `json:"status"`
	Result          result `json:"result"`
	ProviderResult  result `json:"provider_result"`
	ServiceID       any    `json:"service_id"`
	ServiceVersion  any    `json:"service_version"`
	ServiceDateTime string `json:"service_date_time"`
	Extra           any    `json:"extra,omitempty"`
	ConfirmType     any    `json:"confirm_type,omitempty"`
}

func (r reply) answer() emulation.Answer {
	return emulation.Answer{Status: http.StatusOK, Content: emulation.JSON(r)}
}

// refusal is why a request was not taken.
type refusal struct {
	status int
	code   int
	reason string // in the emulator's own words
	page   bool   // which alone is answered
}

func refusing(code int, reason string) *refusal {
	return &refusal{status: refusedStatus(code), code: code, reason: reason}
}

// unsigned refuses what is not signed.
func unsigned(reason string) *refusal { return &refusal{reason: reason, page: true} }

// refusedStatus is the status of an operation that was refused: undefined, unless nobody could know
// what the code means.
func refusedStatus(code int) int {
	if code < firstOwnCode {
		return undefined
	}
	return failed
}

// refuse answers a request that was not taken.
func (e *Emulator) refuse(q object, why *refusal) emulation.Answer {
	a := badSignature()
	if !why.page {
		r := bare(q.text("order_id"), e.Now())
		r.Status, r.Result = why.status, coded(why.code)
		a = r.answer()
	}
	a.Header = http.Header{"X-Emulator-Reason": {why.reason}}
	return a
}

// badSignature is what MobiPay answers instead of anything that a client could read.
func badSignature() emulation.Answer {
	return emulation.Answer{Status: http.StatusOK, Content: emulation.HTML("<!DOCTYPE html>\n<html><head><title>Error</title></head>" +
		"<body><h1>An error occurred</h1><p>Signature is not valid</p></body></html>\n")}
}

func serverError() emulation.Answer {
	return emulation.Answer{Status: http.StatusInternalServerError, Content: emulation.HTML("<!DOCTYPE html>\n" +
		"<html><head><title>500 Internal Server Error</title></head><body><h1>Internal Server Error</h1></body></html>\n")}
}

// bare is the body of an answer that has nothing to tell of a transaction.
func bare(order string, at time.Time) reply {
	return reply{
		OrderID: order, Status: undefined, ProviderResult: result{meaningless, ""},
		ServiceID: serviceID, ServiceVersion: serviceVersion, ServiceDateTime: dateTime(at),
	}
}

// about tells of a transaction.
func about(tx emulation.Transaction, at time.Time) reply {
	r := bare(tx.Reference, at)
	r.Status, r.Result, r.ProviderResult = statusOf(tx), resultOf(tx), providerResult(tx)
	r.TransactionID, r.TransactionRef = transactionID(tx), transactionRef(tx)
	if isVariant(tx) {
		r.ServiceID, r.ServiceVersion = strconv.Itoa(serviceID), otherServiceVersion
	}
	return r
}

// first is the answer to the request for money. It only depends on what the transaction was when it was
// taken, so every request of that order_id has it.
func (e *Emulator) first(tx emulation.Transaction, _ bool) emulation.Answer {
	tx = e.asTaken(tx)
	r := about(tx, tx.Created)
	r.ConfirmType = confirmation(tx)
	switch {
	case tx.RefusedAtOnce():
		r.Status = refusedStatus(r.Result.Code)
	case orderOf(tx).flow == byTransfer:
		r.TransactionID, r.Extra = "", bankDetails(tx)
	}
	a := r.answer()
	if tx.RefusedAtOnce() {
		a.Header = http.Header{"X-Emulator-Reason": {"the number asked for this refusal: " + string(tx.Ending)}}
	}
	return a
}

// unknown is what status says of an order_id that it does not know (yet).
func (e *Emulator) unknown(order string) emulation.Answer {
	r := bare(order, e.Now())
	r.Result = coded(codeUnknown)
	return r.answer()
}

// stands tells how a transaction stands. found is what is wrong with a one-time code that came for it.
func (e *Emulator) stands(tx emulation.Transaction, found int, asked *http.Request) emulation.Answer {
	r := about(tx, e.Now())
	r.Result = coded(found) // of the question, whatever became of the transaction
	if isVariant(tx) && r.Status == inProgress {
		r.Status = undocumented
	}
	if tx.Waiting && orderOf(tx).flow == onPage {
		r.Extra = struct {
			Page string `json:"customer_redirect"`
		}{pageOf(tx, asked)}
	}
	return r.answer()
}

// asTaken is the transaction as it stood when it was taken.
func (e *Emulator) asTaken(tx emulation.Transaction) emulation.Transaction {
	if waits(tx) > 0 {
		tx.State, tx.Waiting = emulation.Pending, true
	} else if !tx.RefusedAtOnce() && tx.Ending != emulation.PaidAtOnce && !e.atOnce {
		tx.State = emulation.Pending
	}
	return tx
}

// confirmation is the confirm_type of the first answer: nil if it has none.
func confirmation(tx emulation.Transaction) any {
	switch {
	case tx.RefusedAtOnce():
		return nil
	case orderOf(tx).flow == unconfirmed:
		return confirmType
	case !isVariant(tx):
		return 0
	case tx.Operation == emulation.Disburse:
		return "0"
	default:
		return nil
	}
}

// bankDetails is where the customer has to transfer the money.
func bankDetails(tx emulation.Transaction) any {
	return struct {
		Amount        json.Number `json:"transfer_amount"`
		AccountName   string      `json:"account_name"`
		AccountNumber string      `json:"account_number"`
		BankName      string      `json:"bank_name"`
	}{number(tx.Amount), "Test Ltd / Test Limited", "4000000000", "Premium Trust Bank"}
}

// statusOf is how far a transaction has come.
func statusOf(tx emulation.Transaction) int {
	switch {
	case tx.State == emulation.Succeeded:
		return successful
	case tx.State == emulation.Expired, tx.State == emulation.Failed && leftByCustomer(tx):
		return cancelled
	case tx.State == emulation.Failed:
		return failed
	case tx.Waiting && orderOf(tx).flow != simulated:
		return initiated
	default:
		return inProgress
	}
}

func leftByCustomer(tx emulation.Transaction) bool {
	return tx.Ending == emulation.Abandoned || tx.Ending == emulation.Refused && tx.Operation == emulation.Collect
}

// resultOf is what the gateway itself finds. It knows nothing of a failure at the operator.
func resultOf(tx emulation.Transaction) result {
	if !tx.RefusedAtOnce() {
		return coded(codeOK)
	}
	switch tx.Ending {
	case emulation.WrongNetwork, emulation.NoAccount:
		return coded(codeMSISDN)
	case emulation.NetworkDown:
		return coded(codeSending)
	case emulation.InternalError:
		return coded(codeInternal)
	case emulation.LowBalance:
		return coded(codeBalance)
	case emulation.OverLimit:
		return coded(codeLimits)
	default:
		return coded(codeParameters)
	}
}

func providerResult(tx emulation.Transaction) result {
	switch {
	case tx.State == emulation.Succeeded:
		return coded(codeOK)
	case tx.State == emulation.Pending:
		return result{meaningless, "Good"}
	case tx.Ending == emulation.LowBalance && tx.Operation == emulation.Collect:
		return result{meaningless, "Not enough funds"}
	default:
		return result{meaningless, ""}
	}
}

// transactionID is MobiPay's own reference. What it refused has none.
func transactionID(tx emulation.Transaction) string {
	if tx.RefusedAtOnce() {
		return ""
	}
	return strconv.Itoa(firstTransactionID - 1 + tx.ID)
}

// transactionRef is the operator's, empty until it has moved the money.
func transactionRef(tx emulation.Transaction) string {
	if tx.State != emulation.Succeeded {
		return ""
	}
	return fmt.Sprintf("MP.33234.342.CP%d", 32+tx.ID)
}

func dateTime(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000000") }

// number is an amount without zeros at the end.
func number(amount string) json.Number {
	return json.Number(strings.TrimSuffix(strings.TrimRight(amount, "0"), "."))
}

// isVariant tells whether answers are written the other way. The number says so, whatever its customer does.
func isVariant(tx emulation.Transaction) bool {
	return emulation.EndingOf(tx.MSISDN) == emulation.Variant
}
