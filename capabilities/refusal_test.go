package capabilities_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

func TestRefusals(t *testing.T) {
	tests := []struct {
		name    string
		refusal *capabilities.Refusal
		kind    capabilities.RefusalKind
		says    []string
	}{
		{"invalid field", capabilities.InvalidField("amount", `"12.5"`, "whole XOF"), capabilities.Invalid,
			[]string{`amount: found "12.5", wanted whole XOF`, "nothing was sent"}},
		{"invalid input", capabilities.InvalidInput(
			capabilities.Problem{Field: "amount", Found: "nothing", Wanted: "whole XOF"},
			capabilities.Problem{Field: "msisdn", Found: "5", Wanted: "a number"}), capabilities.Invalid,
			[]string{"amount: found nothing, wanted whole XOF; msisdn: found 5, wanted a number"}},
		{"rejected", capabilities.Rejected("the balance is too low", "top up"), capabilities.ProviderRejected,
			[]string{"the balance is too low", "top up"}},
		{"misconfigured", capabilities.Misconfiguration("ACME_KEY is not set", "set it"), capabilities.Misconfigured,
			[]string{"ACME_KEY is not set", "set it"}},
		{"not sent", capabilities.NotSent("connection refused"), capabilities.Unavailable,
			[]string{"connection refused", "nothing was sent", "may be made again"}},
		{"nothing changed", capabilities.NothingChanged("the answer broke off"), capabilities.Unavailable,
			[]string{"the answer broke off", "nothing was changed", "ask again"}},
		{"may have happened", capabilities.MayHaveHappened("no answer in time"), capabilities.UnknownOutcome,
			[]string{"no answer in time", "do not send it again", "status"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.refusal.Kind != tt.kind {
				t.Errorf("kind %s, want %s", tt.refusal.Kind, tt.kind)
			}
			if tt.refusal.Message == "" || tt.refusal.Fix == "" {
				t.Errorf("a refusal tells what happened and the way out: %+v", tt.refusal)
			}
			for _, s := range append(tt.says, string(tt.kind)) {
				if !strings.Contains(tt.refusal.Error(), s) {
					t.Errorf("%q does not say %q", tt.refusal.Error(), s)
				}
			}
		})
	}
}

func TestRefusalWithoutFix(t *testing.T) {
	r := &capabilities.Refusal{Kind: capabilities.Held, Message: "a human has to approve"}
	if r.Error() != "held: a human has to approve" {
		t.Errorf("Error() = %q", r.Error())
	}
}

func TestRefusalIsFoundInAChain(t *testing.T) {
	err := fmt.Errorf("acme: %w", capabilities.Rejected("no", "ask"))
	var r *capabilities.Refusal
	if !errors.As(err, &r) || r.Kind != capabilities.ProviderRejected {
		t.Errorf("errors.As found %v", r)
	}
}

func TestWithResponse(t *testing.T) {
	r := capabilities.Rejected("no", "ask").WithResponse(map[string]any{"code": "02"})
	if string(r.Response) != `{"code":"02"}` {
		t.Errorf("response %s", r.Response)
	}
	if r := capabilities.Rejected("no", "ask").WithResponse(func() {}); r.Response != nil {
		t.Errorf("a response that cannot be written left %s", r.Response)
	}
}

// A refusal's JSON is what hosts of other builds read: every field has its
// name, and what is not known is absent.
func TestRefusalJSON(t *testing.T) {
	b, err := json.Marshal(capabilities.NotSent("away"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"unavailable","message":"away","fix":"nothing was sent: the same call may be made again"}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}
