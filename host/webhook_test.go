package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// verdict is an answer to a webhook.
type verdict struct {
	capabilities.Answer
	Fulfil  *bool                      `json:"fulfil"`
	Reason  string                     `json:"reason"`
	Trusted string                     `json:"trusted_amount"`
	Claim   *capabilities.ClaimSummary `json:"claim"`
}

// hears gives the house a webhook that claims a state and an amount.
func (h *house) hears(reference string, state capabilities.State, amount string) verdict {
	h.t.Helper()
	claim := fmt.Sprintf(`{"reference":%q,"state":%q,"amount":%q}`, reference, state, amount)
	body, err := json.Marshal(map[string]string{"body": claim})
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := json.Marshal(h.call(5, "webhook", string(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	var v verdict
	if err := json.Unmarshal(b, &v); err != nil {
		h.t.Fatal(err)
	}
	return v
}

func TestWebhookVerdicts(t *testing.T) {
	t.Parallel()
	states := func(s capabilities.State) func(context.Context, statusInput) (output, error) {
		return func(context.Context, statusInput) (output, error) {
			return output{Outcome: capabilities.Outcome{State: s}, Response: &response{Code: "42"}}, nil
		}
	}
	for _, c := range []struct {
		name    string
		began   string // the capability that began the reference, if it began here
		actual  capabilities.State
		claimed capabilities.State
		fulfil  bool
		trusted string
		says    string
	}{
		{"paid", "collect", capabilities.Succeeded, capabilities.Succeeded, true, "5000", "The amount to trust is the recorded 5000 XOF"},
		{"paid, said to have failed", "collect", capabilities.Succeeded, capabilities.Failed, true, "5000", "the webhook said failed, which the provider does not confirm"},
		{"paid, said nothing readable", "collect", capabilities.Succeeded, capabilities.Unknown, true, "5000", "the recorded 5000 XOF"},
		{"forged", "collect", capabilities.Failed, capabilities.Succeeded, false, "5000", "do not fulfil: asked directly, the provider says failed; the webhook said succeeded"},
		{"too early", "collect", capabilities.Pending, capabilities.Succeeded, false, "5000", "do not fulfil: asked directly, the provider says pending"},
		{"unclear", "collect", capabilities.Unknown, capabilities.Succeeded, false, "5000", "do not fulfil: asked directly, the provider says unknown"},
		{"failed", "collect", capabilities.Failed, capabilities.Failed, false, "5000", "do not fulfil: asked directly, the provider says failed"},
		{"not started here", "", capabilities.Succeeded, capabilities.Succeeded, true, "", "use the amount that you stored"},
		{"a payout", "pay_out", capabilities.Succeeded, capabilities.Succeeded, false, "5000", "this reference is a payout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if c.began != "" {
				h.call(0, c.began, order)
			}
			h.status = states(c.actual)
			v := h.hears("ORDER-1", c.claimed, "500000")
			if v.Kind != "" || v.State != c.actual || v.Fulfil == nil || *v.Fulfil != c.fulfil || v.Trusted != c.trusted {
				t.Errorf("%+v", v)
			}
			if !strings.Contains(v.Reason, c.says) || strings.Contains(v.Reason, "500000") {
				t.Errorf("it says %q, want %q", v.Reason, c.says)
			}
			if mentioned := strings.Contains(v.Reason, "does not confirm"); mentioned != (c.claimed != c.actual && c.claimed != capabilities.Unknown) {
				t.Errorf("the contradiction is mentioned: %v: %q", mentioned, v.Reason)
			}
			if v.Claim == nil || v.Claim.Amount != "500000" || v.Claim.State != c.claimed || v.Claim.Authentic {
				t.Errorf("the claim is shown as %+v", v.Claim)
			}
			if v.Reference != "ORDER-1" || string(v.Response) != `{"code":"42"}` {
				t.Errorf("reference %q, response %s", v.Reference, v.Response)
			}
			if next := v.Next != nil; next == c.actual.Final() {
				t.Errorf("next is %+v", v.Next)
			}
		})
	}
}

// TestAWebhookThatCannotBeChecked fulfils nothing, whatever keeps the check
// from being made.
func TestAWebhookThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	for kind, err := range map[capabilities.RefusalKind]error{
		capabilities.Unavailable:   capabilities.NothingChanged("HTTP 500"),
		capabilities.Misconfigured: capabilities.Misconfiguration("401", "check the password"),
	} {
		h := newHouse(t)
		h.collects("ORDER-1")
		h.status = func(context.Context, statusInput) (output, error) { return output{}, err }
		v := h.hears("ORDER-1", capabilities.Succeeded, "5000")
		if v.Kind != kind || v.Fulfil != nil || v.State != "" || !strings.HasPrefix(v.Message, "the webhook could not be checked, so do not fulfil: ") {
			t.Errorf("%+v", v)
		}
	}
}

func TestAWebhookThatSaysNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, claim := range []string{`{}`, `{"reference":""}`} {
		h.webhook = func(context.Context, webhookInput) (c capabilities.WebhookClaim, err error) {
			return c, json.Unmarshal([]byte(claim), &c)
		}
		is(t, h.call(0, "webhook", `{"body":"x"}`), capabilities.Unavailable, "")
	}
	h.webhook = func(context.Context, webhookInput) (capabilities.WebhookClaim, error) {
		return capabilities.WebhookClaim{}, capabilities.InvalidField("body", "nonsense", "a webhook")
	}
	is(t, h.call(0, "webhook", `{"body":"x"}`), capabilities.Invalid, "")
	if len(h.asked) > 0 {
		t.Errorf("the provider was asked about %+v", h.asked)
	}
}

// TestAWebhookKeepsThePace: it may come just after a question, and waits its
// turn; where that is long, it is refused instead.
func TestAWebhookKeepsThePace(t *testing.T) {
	t.Parallel()
	pace := func(seconds int) with {
		return func(o *host.Options, p *host.Provider) {
			for _, c := range p.Manifest.Capabilities {
				if c.Polling != nil {
					c.Polling.MinInterval = seconds
				}
			}
		}
	}
	t.Run("short", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, pace(1), func(o *host.Options, _ *host.Provider) { o.Now = time.Now })
		h.asks(0, "ORDER-1")
		if v := h.hears("ORDER-1", capabilities.Succeeded, "1"); v.Fulfil == nil || !*v.Fulfil {
			t.Errorf("%+v", v)
		}
	})
	t.Run("long", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, pace(600))
		h.asks(0, "ORDER-1")
		v := h.hears("ORDER-1", capabilities.Succeeded, "1")
		if v.Kind != capabilities.Refused || v.Guard != "polling_pace" || v.Fulfil != nil || len(h.asked) != 1 {
			t.Errorf("%+v after %d questions", v, len(h.asked))
		}
	})
}

// TestAWebhookUsesTheNetworkOnRecord: webhooks do not name it.
func TestAWebhookUsesTheNetworkOnRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collect = func(context.Context, payInput) (output, error) {
		return output{Outcome: capabilities.Outcome{State: capabilities.Pending, Network: "south"}}, nil
	}
	h.collects("ORDER-1")
	h.hears("ORDER-1", capabilities.Succeeded, "5000")
	if len(h.asked) != 1 || h.asked[0] != (statusInput{Reference: "ORDER-1", Network: "south"}) {
		t.Errorf("it asked %+v", h.asked)
	}
}
