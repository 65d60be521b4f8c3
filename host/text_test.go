package host_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

func TestText(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		name   string
		answer host.Answer
		want   []string
	}{
		{"pending", host.Answer{Answer: capabilities.Answer{
			Provider: "acme", Capability: "collect", Environment: "sandbox", Reference: "ORDER-1", State: capabilities.Pending, Final: &no,
			Amount: "5000", Currency: "XOF", Network: "north", Notes: []string{"network inferred"},
			Next:     &capabilities.Next{Tool: "acme_status", Arguments: map[string]string{"reference": "ORDER-1", "network": "north"}, AfterSeconds: 3},
			Response: json.RawMessage(`{"code":"01"}`),
			Gotchas:  []capabilities.Note{{ID: "acme.collect.1", Text: "Fund it.", MustTellUser: true}, {ID: "acme.collect.2", Text: "Wait."}},
		}}, []string{
			"acme collect (sandbox): pending (not final)",
			"reference ORDER-1 · 5000 XOF · network north",
			"note: network inferred",
			`next: call acme_status with {"network":"north","reference":"ORDER-1"} in 3 s`,
			`provider's answer: {"code":"01"}`,
			"MUST TELL THE USER [acme.collect.1] Fund it.",
			"gotcha [acme.collect.2] Wait.",
		}},
		{"done", host.Answer{Answer: capabilities.Answer{Provider: "acme", Capability: "collect", Environment: "production", State: capabilities.Succeeded, Final: &yes, Amount: "5"}}, []string{
			"acme collect (production): succeeded (final)",
			"5",
		}},
		{"a state that nobody named", host.Answer{
			Answer:  capabilities.Answer{Provider: "acme", Capability: "balance", Environment: "sandbox"},
			Details: map[string]json.RawMessage{"fee": json.RawMessage(`"12.50"`), "accounts": json.RawMessage(`[{"available":"5"}]`), "due": json.RawMessage(`9007199254740993`)},
		}, []string{
			"acme balance (sandbox): done",
			`accounts: [{"available":"5"}]`,
			"due: 9007199254740993",
			"fee: 12.50",
		}},
		{"refused by a guard", host.Answer{Answer: capabilities.Answer{
			Provider: "acme", Capability: "status", Environment: "sandbox", Reference: "ORDER-1", Kind: capabilities.Refused, Guard: "polling_pace",
			Message: "ORDER-1 was asked for less than 1 s ago", Fix: "ask again in 1 s",
		}}, []string{
			"acme status (sandbox): refused by the guard polling_pace",
			"ORDER-1 was asked for less than 1 s ago",
			"fix: ask again in 1 s",
			"reference ORDER-1",
		}},
		{"unknown, and a person has to look", host.Answer{Answer: capabilities.Answer{
			Provider: "acme", Capability: "pay_out", Environment: "production", Reference: "P-1", State: capabilities.Unknown, Kind: capabilities.UnknownOutcome,
			Message: "HTTP 500", Fix: "do not send it again", Next: &capabilities.Next{Tool: "acme_status", Action: "look in the dashboard"},
		}}, []string{
			"acme pay_out (production): unknown_outcome",
			"HTTP 500",
			"fix: do not send it again",
			"reference P-1 · state unknown",
			"next: call acme_status; look in the dashboard",
		}},
		{"held", host.Answer{Answer: capabilities.Answer{Provider: "acme", Capability: "pay_out", Kind: capabilities.Held, Message: "it waits", Fix: "approve it", Next: &capabilities.Next{Action: "approve it"}}}, []string{
			"acme pay_out: held",
			"it waits",
			"fix: approve it",
			"next: approve it",
		}},
	} {
		if got, want := c.answer.Text(), strings.Join(c.want, "\n"); got != want {
			t.Errorf("%s:\n%s\n\nwant\n\n%s", c.name, got, want)
		}
	}
}
