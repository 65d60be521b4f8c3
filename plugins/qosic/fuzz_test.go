package qosic

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
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
		claim, err := parseWebhook(WebhookInput{Body: body, Network: capabilities.NetworkID(network)})
		if err != nil {
			var r *capabilities.Refusal
			if !errors.As(err, &r) || r.Kind != capabilities.Invalid || claim.State != "" {
				t.Fatalf("%q: %v, with %+v", body, err, claim)
			}
			return
		}
		fields := fieldsOf(t, body)
		if !slices.Contains(fields["transref"], claim.Reference) {
			t.Fatalf("%q is said to be about %q", body, claim.Reference)
		}
		if claim.Authentic || claim.Network != network || !json.Valid(claim.Body) {
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
		if !slices.Contains(fields["status"], words[0]) {
			t.Fatalf("%q is said to be %s, with the status %q", body, claim.State, fields["status"])
		}
		if codes := fields["code"]; len(codes) > 0 && !slices.Contains(codes, words[1]) && !slices.Contains(codes, "") {
			t.Fatalf("%q is said to be %s, with the code %q", body, claim.State, codes)
		}
	})
}

// fieldsOf returns the plain values of an object by name, in any spelling of
// it, as they are written.
func fieldsOf(t *testing.T, body string) map[string][]string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		t.Fatalf("%q is no object: %v", body, err)
	}
	fields := map[string][]string{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		name, value := fold(token.(string)), any(nil)
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		switch v := value.(type) {
		case string:
			fields[name] = append(fields[name], v)
		case json.Number:
			fields[name] = append(fields[name], v.String())
		case nil:
			fields[name] = append(fields[name], "")
		}
	}
	return fields
}

// fold is the one spelling of a name whose letters differ in case alone.
func fold(name string) string {
	for _, known := range []string{"transref", "status", "code"} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}
