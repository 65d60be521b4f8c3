package emulation_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// acme imitates a provider with two calls. Everything but its wire is the kit's.
type acme struct{ *emulation.Till }

var _ emulation.Emulator = (*acme)(nil)

func newAcme(o emulation.Options) *acme {
	a := &acme{emulation.NewTill(o, emulation.Rules{
		Webhook: func(tx emulation.Transaction) emulation.Content {
			return emulation.JSON(map[string]string{"ref": tx.Reference, "state": string(tx.State), "amount": tx.Amount})
		},
		ServerError: emulation.Answer{Status: http.StatusInternalServerError, Content: emulation.Text("acme is down")},
	})}
	a.HandleFunc("POST /pay", a.pay(emulation.Collect))
	a.HandleFunc("POST /payout", a.pay(emulation.Disburse))
	a.HandleFunc("POST /refund", a.pay(emulation.Refund))
	a.HandleFunc("POST /wait", a.wait)
	a.HandleFunc("POST /status", a.status)
	return a
}

func (a *acme) pay(op emulation.Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.ServeRequest(w, r, order(r, op), say)
	}
}

func (a *acme) wait(w http.ResponseWriter, r *http.Request) {
	a.ServeRequest(w, r, order(r, emulation.Collect), func(tx emulation.Transaction, fresh bool) emulation.Answer {
		tx, err := a.Await(r.Context(), tx, time.Minute)
		if err != nil {
			return emulation.Answer{}
		}
		return say(tx, fresh)
	})
}

func (a *acme) status(w http.ResponseWriter, r *http.Request) {
	everything := func(emulation.Transaction) bool { return true }
	a.ServeStatus(w, r.FormValue("ref"), everything, say)
}

func order(r *http.Request, op emulation.Operation) emulation.Transaction {
	return emulation.Transaction{
		Reference: r.FormValue("ref"), Operation: op, Network: "acme",
		MSISDN: r.FormValue("msisdn"), Amount: r.FormValue("amount"), Currency: "XOF",
	}
}

// say answers with the state, and with 404 or 409 where there is none or was one before.
func say(tx emulation.Transaction, ok bool) emulation.Answer {
	switch {
	case ok:
		return emulation.Answer{Status: http.StatusOK, Content: emulation.Text(string(tx.State))}
	case tx.State == "":
		return emulation.Answer{Status: http.StatusNotFound, Content: emulation.Text("unknown")}
	default:
		return emulation.Answer{Status: http.StatusConflict, Content: emulation.Text("used before")}
	}
}

func (a *acme) Provider() string            { return "acme" }
func (a *acme) Config() map[string]string   { return map[string]string{"ACME_TOKEN": "test"} }
func (a *acme) Numbers() []emulation.Number { return emulation.Numbers(nil) }

// An emulator on a clock that the test moves.
func ExampleStart() {
	clock := emulation.NewManualClock(time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC))
	server, err := emulation.Start(newAcme(emulation.Options{Clock: clock}), "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	post := func(path, form string) string {
		resp, err := http.Post(server.BaseURL()+path, "application/x-www-form-urlencoded", strings.NewReader(form))
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	fmt.Println(post("/pay", "ref=ORDER-1&msisdn=22890000000&amount=500"))
	clock.Advance(emulation.DefaultSettleAfter)
	fmt.Println(post("/status", "ref=ORDER-1"))
	// Output:
	// pending
	// succeeded
}
