package paygate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

var nobody = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}

// 200 is success, unlike everywhere else, and means accepted: not paid.
func TestPayoutIsAcceptedAndThenPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("OUT")
			before := b.balances()[o.network]
			a := b.disburse(o, emulation.Paid, reference)
			b.Wants(a, want{State: capabilities.Pending, Response: "status=200", Gotchas: "disburse.3", After: 5})
			if b.balances()[o.network] == before {
				t.Errorf("the balance is still %s", before)
			}
			b.Clock.Advance(delay)
			b.Wants(b.ask(reference), want{State: capabilities.Succeeded, Response: "status=0 identifier=" + reference})
			b.Moved(reference, emulation.Disburse, 1, 1)
		})
	}
}

func TestPayoutIsAcceptedAndThenFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.disburse(moov, emulation.PayoutFails, "OUT-FAILS"), want{State: capabilities.Pending, Response: "status=200"})
	b.Clock.Advance(delay)
	b.Wants(b.ask("OUT-FAILS"), want{State: capabilities.Cancelled, Response: "status=6"})
	b.Moved("OUT-FAILS", emulation.Disburse, 1, 0)
}

// Every other integer is a refusal.
func TestPayoutIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		ending emulation.Ending
		status string
	}{
		"wrong network":  {emulation.WrongNetwork, "400"},
		"low balance":    {emulation.LowBalance, "402"},
		"no account":     {emulation.NoAccount, "404"},
		"over the limit": {emulation.OverLimit, "422"},
		"internal error": {emulation.InternalError, "500"},
		"network down":   {emulation.NetworkDown, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			b, reference := all.in(t), "OUT-"+tt.status
			b.Wants(b.disburse(moov, tt.ending, reference), want{
				Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "status=" + tt.status, Message: "status " + tt.status,
			})
			b.Moved(reference, emulation.Disburse, 1, 0)
		})
	}
}

// The two balances are two accounts: the one of the payee's network counts,
// and it is asked before anything is sent, whether the network was named or
// not.
func TestPayoutThatTheBalanceDoesNotCover(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	if held := b.balances(); held["togocel_tg"] != "250000" || held["moov_tg"] != "1000000" {
		t.Fatalf("balances %v", held)
	}
	large := togocel.order(emulation.Paid, "LARGE").With("amount", "250001")
	refused := want{Kind: capabilities.Refused, Guard: "pre_check", Message: "250000 XOF|250001 XOF"}
	b.Wants(b.Call("disburse", large), refused)
	b.Wants(b.Call("disburse", large.Without("network")), refused)
	b.Untouched()
	b.Wants(b.Call("disburse", moov.order(emulation.Paid, "LARGE-MOOV").With("amount", "250001")), want{State: capabilities.Pending})
	b.Wants(b.Call("disburse", togocel.order(emulation.Paid, "ALL").With("amount", "250000")), want{State: capabilities.Pending})
	b.Wants(b.Call("disburse", togocel.order(emulation.Paid, "ONE-MORE").With("amount", "1")), want{Kind: capabilities.Refused, Guard: "pre_check", Message: "0 XOF|1 XOF"})
}

// Without a human nothing leaves.
func TestPayoutNeedsAHuman(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.Ask(t.Context(), "disburse", moov.order(emulation.Paid, "HELD")), want{Kind: capabilities.Held, Guard: "approval", Message: "approvals approve"})
	b.Untouched()
}

// paysOut lets the stub have money, and answer a payout with these words.
func paysOut(stub *hosttest.Stub, answer string) {
	stub.Does(func(w http.ResponseWriter, r *http.Request) {
		body := answer
		if r.URL.Path == "/api/v1/check-balance" {
			body = `{"status":0,"flooz":100000,"tmoney":100000}`
		}
		_, _ = io.WriteString(w, body)
	})
}

// Accepted is 200 and nothing else. What is no integer tells nothing.
func TestPayoutStatuses(t *testing.T) {
	t.Parallel()
	unknown := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}
	no := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed}
	b, stub := newStubBench(t)
	for answer, w := range map[string]want{
		`{"status":200,"tx_reference":"1"}`:          {State: capabilities.Pending},
		`{"status":"200","tx_reference":1}`:          {State: capabilities.Pending},
		`{"status":0,"tx_reference":"1"}`:            no,
		`{"status":2}`:                               no,
		`{"status":6}`:                               no,
		`{"status":"accepted"}`:                      unknown,
		`{"status":20.5}`:                            unknown,
		`{"status":null}`:                            unknown,
		`{"tx_reference":"1"}`:                       unknown,
		`{"status":200,"status":0}`:                  unknown,
		`{"error_code":403,"error_message":"Refus"}`: {Kind: capabilities.Misconfigured, Message: "whitelisted"},
	} {
		t.Run(answer, func(t *testing.T) {
			paysOut(stub, answer)
			reference := fmt.Sprintf("R-%d", len(stub.Requests()))
			b.in(t).Wants(b.in(t).disburse(moov, emulation.Paid, reference), w)
			if last := stub.Last(t); string(last.Body["reference"]) != `"`+reference+`"` {
				t.Errorf("the payout was not sent: the last request is %+v", last)
			}
		})
	}
}

// A payout without a description has a reason all the same: PayGate insists.
func TestPayoutAlwaysHasAReason(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	paysOut(stub, `{"status":200}`)
	b.Wants(b.disburse(moov, emulation.Paid, "R-1"), want{State: capabilities.Pending})
	if sent := stub.Last(t); string(sent.Body["reason"]) != `"payout R-1"` || string(sent.Body["reference"]) != `"R-1"` {
		t.Errorf("the reason is %s, of the reference %s", sent.Body["reason"], sent.Body["reference"])
	}
}
