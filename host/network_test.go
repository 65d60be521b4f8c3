package host_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

type payerInput struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg,enum=moov_tg"`
}

type payeeInput struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"enum=togocel_tg"`
}

// togolese makes acme's networks those of Togo, whose prefixes are known. Every
// network that reaches the provider is added to got.
func togolese(t *testing.T, got *[]string) with {
	p := capabilities.NewProvider(capabilities.Info{
		Slug: "acme", Name: "Acme", Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF"},
		Networks:     capabilities.Networks("togocel_tg", "moov_tg"),
		Environments: []capabilities.Environment{{Name: capabilities.Sandbox, BaseURL: sandboxURL}},
		Gotchas:      acmeGotchas(),
	})
	capabilities.Configure(p, func(context.Context, capabilities.Target, acmeConfig) error { return nil })
	capabilities.Add(p, capabilities.Spec{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects, Status: "status"},
		func(_ context.Context, in payerInput) (output, error) {
			*got = append(*got, string(in.Network))
			return pending()
		})
	capabilities.Add(p, capabilities.Spec{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Status: "status"},
		func(_ context.Context, in payeeInput) (output, error) {
			*got = append(*got, string(in.Network))
			return pending()
		})
	capabilities.Add(p, capabilities.Spec{Name: "status", Kind: capabilities.CheckStatus, Effect: capabilities.Reads, Status: "status"},
		func(context.Context, statusInput) (output, error) { return paid() })
	m, err := p.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	return func(_ *host.Options, of *host.Provider) {
		of.Manifest, of.Process = m, process{newAcme(), p}
	}
}

// ordered is 5000 XOF by or to a number, on a network unless it is empty.
func ordered(reference, msisdn, network string) string {
	if network == "" {
		return fmt.Sprintf(`{"reference":%q,"amount":"5000","msisdn":%q}`, reference, msisdn)
	}
	return fmt.Sprintf(`{"network":%q,"reference":%q,"amount":"5000","msisdn":%q}`, network, reference, msisdn)
}

const inferredNote = "network inferred from the number's prefix: "

// A network that was left out is that of the number's prefix, and the provider,
// the record and the answer all say so. One that was named is not questioned.
func TestNetworkOfANumber(t *testing.T) {
	t.Parallel()
	var got []string
	h := newHouse(t, togolese(t, &got))
	for i, c := range []struct{ msisdn, network, on string }{
		{"22890112233", "", "togocel_tg"},
		{"+22896112233", "", "moov_tg"},
		{"22890112244", "togocel_tg", "togocel_tg"},
		{"22890112255", "moov_tg", "moov_tg"},
		{"22850112233", "moov_tg", "moov_tg"},
	} {
		reference := fmt.Sprintf("ON-%d", i)
		a := h.call(0, "collect", ordered(reference, c.msisdn, c.network))
		is(t, a, "", capabilities.Pending)
		if last := got[len(got)-1]; len(got) != i+1 || last != c.on {
			t.Errorf("%s went out on %q, want %q", c.msisdn, last, c.on)
		}
		if told := strings.Contains(strings.Join(a.Notes, "\n"), inferredNote+c.on); told != (c.network == "") {
			t.Errorf("%s on %q: the notes are %q", c.msisdn, c.network, a.Notes)
		}
		on, _, err := h.desk.Ledger.Find(t.Context(), ledger.Key{Provider: "acme", Environment: capabilities.Sandbox, Reference: reference})
		if err != nil || on.Network != c.on {
			t.Errorf("%s is on record on %q, want %q (%v)", c.msisdn, on.Network, c.on, err)
		}
	}
}

// What is not sure is not guessed, and nothing is sent.
func TestNetworkThatNobodyCanTell(t *testing.T) {
	t.Parallel()
	var got []string
	h := newHouse(t, togolese(t, &got))
	for _, c := range []struct{ capability, msisdn, field string }{
		{"collect", "22850112233", "network"},
		{"pay_out", "22850112233", "network"},
		{"pay_out", "22896112233", "network"}, // inferred, and no payouts go there
		{"collect", "2290197112233", "msisdn"},
		{"collect", "22890112", "msisdn"},
	} {
		a := h.call(0, c.capability, ordered("UNSURE", c.msisdn, ""))
		is(t, a, capabilities.Invalid, "")
		if len(a.Problems) != 1 || a.Problems[0].Field != c.field {
			t.Errorf("%s %s: problems %v, want one with %s", c.capability, c.msisdn, a.Problems, c.field)
		}
	}
	all, err := h.desk.Ledger.List(t.Context(), ledger.Filter{})
	if err != nil || len(all) > 0 || len(got) > 0 {
		t.Errorf("sent on %v, on record %+v (%v)", got, all, err)
	}
}

// The same payment with its network named and without is one payment.
func TestInferredNetworkIsTheSamePayment(t *testing.T) {
	t.Parallel()
	for name, networks := range map[string][2]string{"left out first": {"", "togocel_tg"}, "named first": {"togocel_tg", ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			h := newHouse(t, togolese(t, &got))
			is(t, h.call(0, "collect", ordered("SAME", "22890112233", networks[0])), "", capabilities.Pending)
			a := h.call(0, "collect", ordered("SAME", "22890112233", networks[1]))
			is(t, a, "", capabilities.Pending)
			if !strings.Contains(strings.Join(a.Notes, "\n"), "nothing was sent") || len(got) != 1 {
				t.Errorf("sent %d times, and the notes are %q", len(got), a.Notes)
			}
			a = h.call(0, "collect", ordered("SAME", "22890112233", "moov_tg"))
			is(t, a, capabilities.Refused, "")
			if a.Guard != "reference" || len(got) != 1 {
				t.Errorf("sent %d times, refused by %q", len(got), a.Guard)
			}
		})
	}
}

// Whoever approves sees the inferred network, and the approval holds for the
// same payout with its network named.
func TestInferredNetworkIsApproved(t *testing.T) {
	t.Parallel()
	for name, networks := range map[string][2]string{"left out first": {"", "togocel_tg"}, "named first": {"togocel_tg", ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			h := newHouse(t, togolese(t, &got))
			h.approves = false
			a := h.call(0, "pay_out", ordered("OUT", "22890112233", networks[0]))
			is(t, a, capabilities.Held, "")
			if a.Question == nil || a.Question.Facts.Network != "togocel_tg" {
				t.Fatalf("a human is asked %+v, want on togocel_tg", a.Question)
			}
			if again := h.call(0, "pay_out", ordered("OUT", "22890112233", networks[1])); again.Approval == nil || again.Approval.ID != a.Approval.ID {
				t.Errorf("another question is asked: %+v", again.Approval)
			}
			if err := h.desk.Decide(t.Context(), a.Approval.ID, true, "a tester", "test"); err != nil {
				t.Fatal(err)
			}
			is(t, h.call(0, "pay_out", ordered("OUT", "22890112233", networks[1])), "", capabilities.Pending)
			if len(got) != 1 || got[0] != "togocel_tg" {
				t.Errorf("sent on %v, want once on togocel_tg", got)
			}
		})
	}
}
