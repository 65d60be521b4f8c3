package paygate

import (
	"errors"
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Anybody can post a webhook. Whatever is in it, it is read or refused as an
// input, and it claims no more than its own words say.
func FuzzWebhook(f *testing.F) {
	for _, body := range []string{
		`{"tx_reference":4671135,"identifier":"ORDER-1042","payment_reference":"13171916025","amount":10,"datetime":"2025-09-09T13:03:31.000Z","payment_method":"T-Money","phone_number":"2289210XXXX"}`,
		`{"tx_reference":"4671135","identifier":"ORDER-1042","payment_reference":null,"amount":"10","payment_method":"FLOOZ"}`,
		`{"identifier":"ORDER-1042","status":2,"payment_method":"TMONEY"}`,
		`{"identifier":"ORDER-1042","IDENTIFIER":"ORDER-7","amount":-1e400}`,
		`{"identifier":"ORDER-1042","amount":{"a":[]}}`,
		`{"identifier":1042}`, `{"identifier":null}`, `{"amount":10}`,
		`null`, `[]`, ``, "\xff", `{"identifier":"\ud800"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		claim, err := readWebhook(WebhookInput{Body: body})
		if err != nil {
			var r *capabilities.Refusal
			if !errors.As(err, &r) || r.Kind != capabilities.Invalid || claim.State != "" {
				t.Fatalf("%q: %v, with %+v", body, err, claim)
			}
			return
		}
		fields := hosttest.Fields(body)
		if fields["identifier"] != claim.Reference || claim.Reference == "" {
			t.Fatalf("%q is said to be about %q", body, claim.Reference)
		}
		if fields["amount"] != claim.Amount {
			t.Fatalf("%q is said to name the amount %q", body, claim.Amount)
		}
		methods := map[string][]string{"": nil, "moov_tg": {"FLOOZ"}, "togocel_tg": {"T-Money", "TMONEY"}}
		words, known := methods[claim.Network]
		if !known || claim.Network != "" && !slices.Contains(words, fields["payment_method"]) {
			t.Fatalf("%q is said to be of the network %q", body, claim.Network)
		}
		if claim.Authentic || claim.State != capabilities.Succeeded {
			t.Fatalf("%q: %+v", body, claim)
		}
	})
}

// Answers and webhooks spell Togocel's network otherwise than requests do.
func TestNetworksAreReadBack(t *testing.T) {
	t.Parallel()
	for method, network := range map[string]string{"T-Money": "togocel_tg", "TMONEY": "togocel_tg", "FLOOZ": "moov_tg", "TOGOCEL": "", "": ""} {
		claim, err := readWebhook(WebhookInput{Body: `{"identifier":"R-1","payment_method":"` + method + `"}`})
		if err != nil || claim.Network != network {
			t.Errorf("a webhook with %q is of the network %q, want %q (%v)", method, claim.Network, network, err)
		}
		out := told(StatusInput{Reference: "R-1"}, read(&transport.Response{Status: 200, Body: []byte(`{"status":0,"payment_method":"` + method + `"}`)}))
		if out.Network != network {
			t.Errorf("an answer with %q is of the network %q, want %q", method, out.Network, network)
		}
	}
}
