package qosic

import (
	"errors"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Anybody can post a webhook. Whatever is in it, it is read or refused as an
// input, and it claims no more than its own words say.
func FuzzWebhook(f *testing.F) {
	for _, body := range []string{
		`{"status":"SUCCESSFUL","transRef":"ORDER-1042","specialfield1":"x","amount":"5000","serviceRef":"0","code":"200"}`,
		`{"status":"FAILED","transRef":"ORDER-1042","amount":5000,"serviceRef":null,"code":-1}`,
		`{"status":"SUCCESSFUL","transRef":"ORDER-1042","code":"-1"}`,
		`{"status":"FAILED","STATUS":"SUCCESSFUL","transref":7}`,
		`{"transRef":"ORDER-1042","status":{"a":[]}}`,
		`{"status":"SUCCESSFUL"}`, `null`, `[]`, ``, "\xff", `{"transRef":"\ud800"}`,
	} {
		f.Add(body, "moov_tg")
	}
	f.Fuzz(func(t *testing.T, body, network string) {
		claim, err := readWebhook(WebhookInput{Body: body, Network: capabilities.NetworkID(network)})
		if err != nil {
			var r *capabilities.Refusal
			if !errors.As(err, &r) || r.Kind != capabilities.Invalid || claim.State != "" {
				t.Fatalf("%q: %v, with %+v", body, err, claim)
			}
			return
		}
		fields := hosttest.Fields(body)
		if fields["transRef"] != claim.Reference {
			t.Fatalf("%q is said to be about %q", body, claim.Reference)
		}
		if claim.Authentic || claim.Network != network {
			t.Fatalf("%q: %+v", body, claim)
		}
		says := map[capabilities.State][2]string{capabilities.Succeeded: {"SUCCESSFUL", "200"}, capabilities.Failed: {"FAILED", "-1"}}
		words, decided := says[claim.State]
		if !decided {
			if claim.State != capabilities.Unknown {
				t.Fatalf("%q is said to be %q", body, claim.State)
			}
			return
		}
		if fields["status"] != words[0] {
			t.Fatalf("%q is said to be %s, with the status %q", body, claim.State, fields["status"])
		}
		if code := fields["code"]; code != "" && code != words[1] {
			t.Fatalf("%q is said to be %s, with the code %q", body, claim.State, code)
		}
	})
}
