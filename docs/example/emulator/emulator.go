// Package emulator imitates Tontine's API on this machine. It is written from
// the description of the API alone, and shares no code with the provider. The
// last three digits of a phone number choose what happens to a request.
package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// What the emulator accepts, and the float that it begins with, in XOF.
const (
	key    = "tontine-emulator-key"
	secret = "tontine-emulator-secret"
	float  = 250000
)

// Emulator is Tontine on this machine. It is safe for concurrent use.
type Emulator struct{ *emulation.Till }

var _ emulation.Emulator = (*Emulator)(nil)

// New is an emulator with empty books and the whole float.
func New(o emulation.Options) *Emulator {
	e := &Emulator{emulation.NewTill(o, emulation.Rules{
		Judge:       judge,
		Expires:     true,
		Webhook:     webhook,
		ServerError: failure(http.StatusInternalServerError, "internal"),
	})}
	e.handle("/v1/collect", e.order(emulation.Collect))
	e.handle("/v1/payout", e.order(emulation.Disburse))
	e.handle("/v1/status", e.status)
	e.handle("/v1/balance", e.balance)
	return e
}

// Provider is "tontine".
func (e *Emulator) Provider() string { return "tontine" }

// Config has the merchant's key and webhook secret.
func (e *Emulator) Config() map[string]string {
	return map[string]string{"TONTINE_KEY": key, "TONTINE_WEBHOOK_SECRET": secret}
}

// Numbers documents the test numbers.
func (e *Emulator) Numbers() []emulation.Number { return emulation.Numbers(nil) }

type request struct {
	Order  string `json:"order"`
	Amount int64  `json:"amount"`
	Phone  string `json:"phone"`
}

type call func(http.ResponseWriter, *http.Request, request)

func (e *Emulator) handle(path string, serve call) {
	e.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var q request
		if r.Header.Get("Authorization") != "Bearer "+key {
			failure(http.StatusUnauthorized, "bad_key").Send(w)
		} else if json.NewDecoder(r.Body).Decode(&q) != nil {
			failure(http.StatusUnprocessableEntity, "bad_request").Send(w)
		} else {
			serve(w, r, q)
		}
	})
}

var phone = regexp.MustCompile(`^\+228[0-9]{8}$`)

func (e *Emulator) order(op emulation.Operation) call {
	return func(w http.ResponseWriter, r *http.Request, q request) {
		if q.Order == "" || q.Amount <= 0 || !phone.MatchString(q.Phone) {
			failure(http.StatusUnprocessableEntity, "bad_request").Send(w)
			return
		}
		e.ServeRequest(w, r, emulation.Transaction{
			Reference: q.Order, Operation: op, MSISDN: q.Phone, Amount: strconv.FormatInt(q.Amount, 10), Currency: "XOF",
		}, taken)
	}
}

func taken(tx emulation.Transaction, fresh bool) emulation.Answer {
	switch {
	case !fresh:
		return failure(http.StatusUnprocessableEntity, "order_used")
	case !exists(tx):
		return failure(http.StatusUnprocessableEntity, reason(tx.Ending))
	}
	return says(http.StatusAccepted, map[string]any{"order": tx.Reference, "state": state(tx)})
}

// exists tells whether there is such an order: what was refused at once is none.
func exists(tx emulation.Transaction) bool { return !tx.RefusedAtOnce() }

func reason(e emulation.Ending) string {
	switch e {
	case emulation.NoAccount, emulation.WrongNetwork:
		return "no_wallet"
	case emulation.LowBalance:
		return "low_balance"
	case emulation.OverLimit:
		return "over_limit"
	}
	return "bad_request"
}

func (e *Emulator) status(w http.ResponseWriter, _ *http.Request, q request) {
	e.ServeStatus(w, q.Order, exists, func(tx emulation.Transaction, known bool) emulation.Answer {
		if !known {
			return failure(http.StatusNotFound, "no_such_order")
		}
		return says(http.StatusOK, map[string]any{"order": tx.Reference, "state": state(tx), "amount": json.Number(tx.Amount)})
	})
}

func (e *Emulator) balance(w http.ResponseWriter, _ *http.Request, _ request) {
	says(http.StatusOK, map[string]any{"balance": left(slices.Values(e.Books().Transactions()))}).Send(w)
}

// left is what payouts have left of the float.
func left(held iter.Seq[emulation.Transaction]) int64 {
	var sum int64 = float
	for tx := range held {
		if tx.Operation == emulation.Disburse && tx.State != emulation.Failed {
			sum -= francs(tx)
		}
	}
	return sum
}

func francs(tx emulation.Transaction) int64 {
	n, _ := strconv.ParseInt(tx.Amount, 10, 64) // it was a number when it was booked
	return n
}

// judge refuses a payout that the float does not cover.
func judge(tx emulation.Transaction, held iter.Seq[emulation.Transaction]) emulation.Ending {
	if tx.Operation == emulation.Disburse && exists(tx) && left(held) < francs(tx) {
		return emulation.LowBalance
	}
	return tx.Ending
}

func state(tx emulation.Transaction) string {
	return map[emulation.State]string{
		emulation.Pending: "waiting", emulation.Succeeded: "paid", emulation.Failed: "refused", emulation.Expired: "timeout",
	}[tx.State]
}

// webhook is what Tontine posts of a final order. The forged one is signed by
// somebody who does not have the secret.
func webhook(tx emulation.Transaction) emulation.Content {
	by := secret
	if tx.Ending == emulation.WebhookForged && tx.State == emulation.Succeeded {
		by = "a guess"
	}
	mac := hmac.New(sha256.New, []byte(by))
	mac.Write([]byte(tx.Reference + "\n" + state(tx) + "\n" + tx.Amount))
	return emulation.JSON(map[string]any{
		"order": tx.Reference, "state": state(tx), "amount": json.Number(tx.Amount), "signature": hex.EncodeToString(mac.Sum(nil)),
	})
}

func says(status int, body map[string]any) emulation.Answer {
	return emulation.Answer{Status: status, Content: emulation.JSON(body)}
}

func failure(status int, code string) emulation.Answer {
	return says(status, map[string]any{"error": code})
}
