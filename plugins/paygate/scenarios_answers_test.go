package paygate_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Every answer as it is documented or was recorded, word for word.
func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	unknown := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}
	no := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed}
	for _, tt := range []struct {
		name, capability string
		status           int
		body             string
		want             want
	}{
		{"registered", "initiate_payment", 200, `{"tx_reference":"4671135","status":0}`, want{State: capabilities.Pending}},
		{"registered, number", "initiate_payment", 200, `{"tx_reference":4671135,"status":0}`, want{State: capabilities.Pending}},
		{"bad token", "initiate_payment", 200, `{"status":2}`, want{Kind: capabilities.Misconfigured, Message: "PAYGATE_AUTH_TOKEN"}},
		{"bad parameters", "initiate_payment", 200, `{"status":4}`, no},
		{"duplicate", "initiate_payment", 200, `{"status":6}`, unknown},
		{"undocumented", "initiate_payment", 200, `{"status":7}`, unknown},
		{"no status", "initiate_payment", 200, `{"tx_reference":"4671135"}`, unknown},
		{"null status", "initiate_payment", 200, `{"tx_reference":"4671135","status":null}`, unknown},
		{"error before status", "initiate_payment", 200, `{"error_code":500,"error_message":"Erreur","status":0}`, unknown},
		{"error", "initiate_payment", 200, `{"error_code":400,"error_message":"Erreur"}`, no},
		{"error of the token", "initiate_payment", 200, `{"error_code":401,"error_message":"Erreur"}`, want{Kind: capabilities.Misconfigured}},
		{"error without a number", "initiate_payment", 200, `{"error_code":"oops"}`, unknown},
		{"HTTP 500", "initiate_payment", 500, `{"status":0}`, unknown},
		{"HTTP 403", "initiate_payment", 403, `Forbidden`, want{Kind: capabilities.Misconfigured, Message: "whitelisted"}},
		{"HTTP 404", "initiate_payment", 404, `<html>`, no},
		{"a key twice", "initiate_payment", 200, `{"status":4,"status":0}`, unknown},

		{"paid as recorded", "check_payment_status", 200, `{"tx_reference":4671135,"identifier":"R-1","amount":10,"payment_reference":"13171916025","payment_method":"T-Money","datetime":"2025-09-09T13:03:31.000Z","phone_number":"2289210XXXX","status":0}`, want{State: capabilities.Succeeded}},
		{"paid as documented", "check_payment_status", 200, `{"tx_reference":"4671135","identifier":"R-1","payment_reference":"13171916025","status":"0","datetime":"2025-09-09","payment_method":"FLOOZ"}`, want{State: capabilities.Succeeded}},
		{"pending", "check_payment_status", 200, `{"tx_reference":"1","identifier":"R-1","status":2}`, want{State: capabilities.Pending}},
		{"expired", "check_payment_status", 200, `{"tx_reference":"1","identifier":"R-1","status":4}`, want{State: capabilities.Expired}},
		{"cancelled", "check_payment_status", 200, `{"tx_reference":"1","identifier":"R-1","status":6}`, want{State: capabilities.Cancelled}},
		{"undocumented outcome", "check_payment_status", 200, `{"tx_reference":"1","identifier":"R-1","status":8}`, want{State: capabilities.Unknown, Note: "undocumented status"}},
		{"unknown transaction", "check_payment_status", 200, `{"error_code":403,"error_message":"Transaction non trouvée."}`, want{State: capabilities.Unknown, Note: "knows no such transaction"}},
		{"status missing", "check_payment_status", 200, `{"tx_reference":"1","identifier":"R-1"}`, want{Kind: capabilities.Unavailable, Message: "without a status"}},
		{"another identifier", "check_payment_status", 200, `{"tx_reference":"1","identifier":"R-2","status":0}`, want{Kind: capabilities.Unavailable, Message: "another identifier"}},
		{"error 500", "check_payment_status", 200, `{"error_code":500,"error_message":"Erreur"}`, want{Kind: capabilities.Unavailable}},

		{"balances", "check_balance", 200, `{"status":0,"flooz":1000,"tmoney":0}`, want{}},
		{"balance missing", "check_balance", 200, `{"status":0,"flooz":1000}`, want{Kind: capabilities.Unavailable, Message: "togocel_tg"}},
		{"balance with decimals", "check_balance", 200, `{"status":0,"flooz":10.5,"tmoney":1}`, want{Kind: capabilities.Unavailable, Message: "moov_tg"}},
		{"balance refused", "check_balance", 200, `{"status":4}`, want{Kind: capabilities.Unavailable}},
	} {
		t.Run(tt.name+"/"+tt.capability, func(t *testing.T) {
			t.Parallel()
			b, stub := newStubBench(t)
			stub.Says(tt.status, tt.body)
			in := map[string]hosttest.Input{
				"initiate_payment": togocel.order(emulation.Paid, "R-1"), "check_payment_status": {"reference": "R-1"},
			}[tt.capability]
			b.Wants(b.Call(tt.capability, in), tt.want)
			if n := len(stub.Requests()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// What is sent is what is documented: paths, names, JSON integers, local
// numbers, and each place's word for the network.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Says(200, `{"tx_reference":"1","status":0,"flooz":100000,"tmoney":100000}`)
	sent := func(path string, body map[string]string) {
		t.Helper()
		all := stub.Requests()
		last := all[len(all)-1]
		got := map[string]string{}
		for name, raw := range last.Body {
			got[name] = string(raw)
		}
		if last.Path != path || !maps.Equal(got, body) {
			t.Errorf("%s with %v, want %s with %v", last.Path, got, path, body)
		}
	}
	b.Call("initiate_payment", togocel.order(emulation.Paid, "R-1").With("description", "Order 1"))
	sent("/api/v1/pay", map[string]string{"auth_token": `"a token"`, "phone_number": `"90000000"`, "amount": `5000`, "identifier": `"R-1"`, "network": `"TMONEY"`, "description": `"Order 1"`})
	b.Call("initiate_payment", moov.order(emulation.Paid, "R-2").Without("network"))
	sent("/api/v1/pay", map[string]string{"auth_token": `"a token"`, "phone_number": `"96000000"`, "amount": `5000`, "identifier": `"R-2"`, "network": `"FLOOZ"`})
	b.Call("check_payment_status", hosttest.Input{"reference": "R-1"})
	sent("/api/v2/status", map[string]string{"auth_token": `"a token"`, "identifier": `"R-1"`})
	b.Call("check_payment_status", hosttest.Input{"tx_reference": "4671135"})
	sent("/api/v1/status", map[string]string{"auth_token": `"a token"`, "tx_reference": `"4671135"`})
	b.Call("check_balance", nil)
	sent("/api/v1/check-balance", map[string]string{"auth_token": `"a token"`})
	b.Call("disburse", moov.order(emulation.Paid, "R-3").With("description", "Salary"))
	sent("/api/v1/disburse", map[string]string{"auth_token": `"a token"`, "phone_number": `"96000000"`, "amount": `5000`, "reference": `"R-3"`, "network": `"FLOOZ"`, "reason": `"Salary"`})
	paths := []string{}
	for _, r := range stub.Requests() {
		paths = append(paths, r.Path)
	}
	if i := slices.Index(paths, "/api/v1/disburse"); paths[i-1] != "/api/v1/check-balance" {
		t.Errorf("the payout's balance was not asked before it: %v", paths)
	}
}
