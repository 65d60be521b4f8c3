package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// wallet is a provider whose collections wait for a code, and whose payouts to
// accounts may turn out never to have been created.
type wallet struct {
	mu      sync.Mutex
	sent    []string
	confirm func() (output, error)
	payOut  func() (output, error)
	status  func() (output, error)
	refuses bool // to send
}

type codeInput struct {
	Reference capabilities.Reference `json:"reference"`
	Code      string                 `json:"code"`
	MSISDN    capabilities.MSISDN    `json:"msisdn,omitempty" jsonschema_extras:"x-role=payer"`
}

type accountInput struct {
	Reference capabilities.Reference `json:"reference"`
	Amount    capabilities.Amount    `json:"amount"`
	MSISDN    capabilities.MSISDN    `json:"msisdn,omitempty" jsonschema_extras:"x-role=payee"`
	Account   string                 `json:"account,omitempty" jsonschema_extras:"x-role=account"`
	Bank      string                 `json:"bank,omitempty" jsonschema_extras:"x-role=bank"`
}

type walletStatusInput struct {
	Reference capabilities.Reference `json:"reference"`
}

// absent is the answer of a provider that is sure.
func absent() (output, error) {
	return output{Outcome: capabilities.Outcome{State: capabilities.Failed, Absent: true}}, nil
}

func (w *wallet) does(ctx context.Context, what string, answer func() (output, error)) (output, error) {
	w.mu.Lock()
	if !w.refuses {
		w.sent = append(w.sent, what)
	}
	w.mu.Unlock()
	if w.refuses {
		return output{}, capabilities.NotSent("no line")
	}
	if err := leave(ctx, ""); err != nil {
		return output{}, err
	}
	return answer()
}

func (w *wallet) provider(resend bool) *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{Slug: "acme", Name: "Acme", Countries: []string{"CI"}, Currencies: []capabilities.Currency{"XOF"}})
	capabilities.Configure(p, func(context.Context, capabilities.Target, acmeConfig) error { return nil })
	capabilities.Add(p, capabilities.Spec{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects, Status: "status"},
		func(ctx context.Context, _ struct {
			Reference capabilities.Reference `json:"reference"`
			Amount    capabilities.Amount    `json:"amount"`
			MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer"`
		}) (output, error) {
			return w.does(ctx, "collect", pending)
		})
	capabilities.Add(p, capabilities.Spec{Name: "confirm", Kind: capabilities.Confirm, Effect: capabilities.Collects, Status: "status"},
		func(ctx context.Context, in codeInput) (output, error) {
			return w.does(ctx, "confirm "+in.Code, w.confirm)
		})
	capabilities.Add(p, capabilities.Spec{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Status: "status", Resend: resend},
		func(ctx context.Context, _ accountInput) (output, error) { return w.does(ctx, "pay_out", w.payOut) })
	capabilities.Add(p, capabilities.Spec{Name: "status", Kind: capabilities.CheckStatus, Effect: capabilities.Reads, Status: "status",
		Polling: &capabilities.Polling{MinInterval: 1, Backoff: []int{3}}},
		func(context.Context, walletStatusInput) (output, error) { return w.status() })
	return p
}

// purse is a house whose provider is a wallet.
type purse struct {
	*house
	*wallet
}

func newPurse(t *testing.T, resend bool, changes ...with) *purse {
	t.Helper()
	p := &purse{wallet: &wallet{confirm: pending, payOut: pending, status: pending}}
	first := func(_ *host.Options, to *host.Provider) {
		provider := p.wallet.provider(resend)
		m, err := provider.Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		to.Manifest, to.Process = m, process{newAcme(), provider}
	}
	p.house = newHouse(t, append([]with{first}, changes...)...)
	return p
}

func (p *purse) arrived(what string) int {
	p.mu().Lock()
	defer p.mu().Unlock()
	return strings.Count(strings.Join(p.sent, "\n")+"\n", what+"\n")
}

func (p *purse) mu() *sync.Mutex { return &p.wallet.mu }

func (p *purse) events(reference string) string {
	p.t.Helper()
	all, err := p.desk.Ledger.Events(p.t.Context(), ledger.Key{Provider: "acme", Environment: capabilities.Sandbox, Reference: reference})
	if err != nil {
		p.t.Fatal(err)
	}
	var s []string
	for _, e := range all {
		s = append(s, strings.TrimSuffix(string(e.State)+" "+e.Detail, " "))
	}
	return strings.Join(s, "; ")
}

func code(reference, code, number string) string {
	return fmt.Sprintf(`{"reference":%q,"code":%q,"msisdn":%q}`, reference, code, number)
}

func begun(p *purse) {
	is(p.t, p.call(0, "collect", fmt.Sprintf(`{"reference":"ORDER-1","amount":"5000","msisdn":%q}`, ama)), "", capabilities.Pending)
}

// A confirmation goes on with the payment on record: it begins none, and what
// it is answered is that payment's outcome.
func TestConfirming(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false)
	begun(p)
	p.confirm = paid
	a := p.call(1, "confirm", code("ORDER-1", "1234", ama))
	is(t, a, "", capabilities.Succeeded)
	if a.Amount != "5000" {
		t.Errorf("amount %q, want the recorded one", a.Amount)
	}
	if got := p.events("ORDER-1"); got != "claimed; sent; pending; pending confirmation sent; succeeded" {
		t.Error(got)
	}
	is(t, p.call(1, "confirm", code("ORDER-1", "1234", ama)), "", capabilities.Succeeded)
	if n := p.arrived("confirm 1234"); n != 1 {
		t.Errorf("sent %d times, want once: it was paid then", n)
	}
}

// What is not on record, or somebody else's, is not confirmed.
func TestNothingElseIsConfirmed(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false)
	begun(p)
	is(t, p.call(1, "confirm", code("ORDER-2", "1234", ama)), capabilities.Invalid, "")
	is(t, p.call(1, "confirm", code("ORDER-1", "1234", kossi)), capabilities.Invalid, "")
	if n := p.arrived("confirm 1234"); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

// A wrong code is no failed payment, and a lost answer none either. Codes are
// not guessed: there are five tries.
func TestConfirmationsThatFail(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false)
	begun(p)
	p.confirm = func() (output, error) { return output{}, capabilities.Rejected("a wrong code", "ask for another") }
	is(t, p.call(1, "confirm", code("ORDER-1", "1111", ama)), capabilities.ProviderRejected, "")
	p.confirm = func() (output, error) { return output{}, capabilities.MayHaveHappened("cut") }
	is(t, p.call(1, "confirm", code("ORDER-1", "2222", ama)), capabilities.UnknownOutcome, capabilities.Unknown)
	p.confirm = pending
	for _, c := range []string{"3333", "4444", "5555"} {
		is(t, p.call(1, "confirm", code("ORDER-1", c, ama)), "", capabilities.Pending)
	}
	a := p.call(1, "confirm", code("ORDER-1", "6666", ama))
	is(t, a, capabilities.Refused, "")
	if n := p.arrived("confirm 6666"); n != 0 || !strings.Contains(a.Message, "5 confirmations of ORDER-1 were sent already") {
		t.Errorf("%d sent: %s", n, a.Message)
	}
	is(t, p.asks(5, "ORDER-1"), "", capabilities.Pending)
}

// Only collections on the capability's own networks are confirmed.
func TestNoPayoutIsConfirmed(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false)
	p.call(0, "pay_out", fmt.Sprintf(`{"reference":"ORDER-1","amount":"5000","msisdn":%q}`, ama))
	is(t, p.call(1, "confirm", code("ORDER-1", "1234", ama)), capabilities.Invalid, "")
	elsewhere := newPurse(t, false, func(_ *host.Options, to *host.Provider) {
		to.Manifest.Networks = []capabilities.Network{{ID: "north"}, {ID: "south"}}
		c, _ := to.Manifest.Capability("confirm")
		c.Networks = []string{"north"}
	})
	begun(elsewhere)
	is(t, elsewhere.call(1, "confirm", code("ORDER-1", "1234", ama)), capabilities.Invalid, "")
	if n := p.arrived("confirm 1234") + elsewhere.arrived("confirm 1234"); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

// Whoever is asked for money again and again, and does not pay, is not asked
// on without a human: somebody guesses codes, or annoys them.
func TestAskedInVain(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false)
	p.approves = false
	ask := func(i int, number string) *host.Answer {
		return p.call(1, "collect", fmt.Sprintf(`{"reference":"ORDER-%d","amount":"%d","msisdn":%q}`, i, 5000+i, number))
	}
	for i := range 5 {
		is(t, ask(i, ama), "", capabilities.Pending)
	}
	a := ask(5, ama)
	is(t, a, capabilities.Held, "")
	if a.Guard != "suspected_repeat" || !strings.Contains(a.Message, "asked for money 5 times in the last 15m0s") {
		t.Errorf("held by %s: %s", a.Guard, a.Message)
	}
	is(t, ask(6, kossi), "", capabilities.Pending)
	p.now = p.now.Add(16 * time.Minute)
	is(t, ask(5, ama), "", capabilities.Pending)
}

// A customer's code is shown to nobody: not to who approves, nor in what is
// wrong with it.
func TestCodesAreSecret(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.approves = false
	c.call(0, "collect", `{"reference":"ORDER-1","amount":"5000","currency":"XOF","msisdn":"22890112233"}`)
	a := c.call(0, "collect", `{"reference":"ORDER-2","amount":"5000","currency":"XOF","msisdn":"22890112233","code":"7392"}`)
	is(t, a, capabilities.Held, "")
	wrong := c.call(0, "collect", `{"reference":"ORDER-3","amount":"5000","currency":"XOF","msisdn":"22890112233","code":"73927392"}`)
	is(t, wrong, capabilities.Invalid, "")
	if told := a.Question.Facts.Text() + a.Text() + wrong.Text(); strings.Contains(told, "7392") {
		t.Errorf("the code is told:\n%s", told)
	}
}

// No account is spelled like another party: not like a number, nor like another
// account at a bank.
func TestAccountsAreNoNumbers(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false, under(`
rules:
  - {environment: sandbox, effect: pays_out, currency: XOF, allowed_payees: ["0123456789/000014", "22890112233"]}
`))
	p.approves = false
	for input, kind := range map[string]capabilities.RefusalKind{
		`{"reference":"ORDER-1","amount":"5000","account":"0123456789","bank":"000014"}`:  capabilities.Held,
		`{"reference":"ORDER-2","amount":"5000","account":"0123456789/000014"}`:           capabilities.Invalid,
		`{"reference":"ORDER-3","amount":"5000","account":"0123456789","bank":"000014/"}`: capabilities.Invalid,
		`{"reference":"ORDER-4","amount":"5000","account":"22890112233"}`:                 capabilities.Refused,
		`{"reference":"ORDER-5","amount":"5000","account":"+22890112233"}`:                capabilities.Refused,
		`{"reference":"ORDER-6","amount":"5000","msisdn":"+22890112233"}`:                 capabilities.Held,
	} {
		if a := p.call(1, "pay_out", input); a.Kind != kind {
			t.Errorf("%s: %s, want %s", input, a.Kind, kind)
		}
	}
}

// Two payees make nobody the payee.
func TestAccountOrNumber(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false)
	a := p.call(0, "pay_out", `{"reference":"ORDER-1","amount":"5000","msisdn":"22890112233","account":"0123456789","bank":"000014"}`)
	is(t, a, capabilities.Invalid, "")
	if len(a.Problems) != 1 || a.Problems[0].Field != "account" {
		t.Errorf("%+v", a.Problems)
	}
}

// An account belongs to its bank: the same number at another bank is somebody
// else, whom the policy does not let pass.
func TestAccountsAreTheirBanks(t *testing.T) {
	t.Parallel()
	p := newPurse(t, false, under(`
rules:
  - {environment: sandbox, effect: pays_out, currency: XOF, allowed_payees: ["0123456789/000014"]}
`))
	p.approves = false
	to := func(reference, bank string) *host.Answer {
		return p.call(1, "pay_out", fmt.Sprintf(`{"reference":%q,"amount":"5000","account":"0123456789","bank":%q}`, reference, bank))
	}
	a := to("ORDER-1", "000014")
	is(t, a, capabilities.Held, "")
	if a.Question.Facts.Party != "0123456789/000014" {
		t.Errorf("the human sees %q", a.Question.Facts.Party)
	}
	is(t, to("ORDER-2", "000015"), capabilities.Refused, "")
}

// Where the payer chooses the amount, the provider's own word of it is the one
// to trust: there is no other.
func TestAmountOfThePayersChoice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(_ *host.Options, p *host.Provider) {
		for i, c := range p.Manifest.Capabilities {
			if c.Name == "collect" {
				p.Manifest.Capabilities[i].Input = []byte(strings.Replace(string(c.Input), `"required":["reference","amount"]`, `"required":["reference"]`, 1))
			}
		}
	})
	h.status = func(context.Context, statusInput) (output, error) {
		return output{Outcome: capabilities.Outcome{State: capabilities.Succeeded, Amount: "700", Currency: "XOF"}}, nil
	}
	is(t, h.call(0, "collect", `{"reference":"ORDER-1"}`), "", capabilities.Pending)
	v := h.hears("ORDER-1", capabilities.Succeeded, "70000")
	if v.Fulfil == nil || !*v.Fulfil || v.Trusted != "700" || !strings.Contains(v.Reason, "700 XOF was paid; the amount was the payer's choice") {
		t.Errorf("%+v", v)
	}
}

// A webhook that comes again, or is replayed, does not fulfil again.
func TestFulfilledOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.collects("ORDER-1")
	if v := h.hears("ORDER-1", capabilities.Succeeded, "5000"); v.Fulfil == nil || !*v.Fulfil {
		t.Fatalf("%+v, want to fulfil", v)
	}
	v := h.hears("ORDER-1", capabilities.Succeeded, "5000")
	if v.Fulfil == nil || *v.Fulfil || v.State != capabilities.Succeeded || !strings.Contains(v.Reason, "do not fulfil again: it was told at 2026-01-01T00:00:05Z") {
		t.Errorf("%+v, want not to fulfil again", v)
	}
	var told struct {
		At string `json:"told_at"`
	}
	b, _ := json.Marshal(h.call(5, "webhook", `{"body":"{\"reference\":\"ORDER-1\",\"state\":\"succeeded\"}"}`))
	if err := json.Unmarshal(b, &told); err != nil || told.At != "2026-01-01T00:00:05Z" {
		t.Errorf("told at %q (%v)", told.At, err)
	}
}
