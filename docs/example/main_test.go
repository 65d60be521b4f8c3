package main

// Each scenario goes the whole way: host.Call, the provider in a process of its
// own, HTTP, and Tontine's emulator on a clock that only a test moves. What the
// emulator does not say on demand is said by a stub.

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/docs/example/emulator"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

var provider = hosttest.Provider{
	Slug:     "tontine",
	Provider: Provider,
	Emulator: func(o emulation.Options) hosttest.Emulator { return emulator.New(o) },
}

func TestMain(m *testing.M) { provider.Main(m) }

type want = hosttest.Want

// order is a payment of 5000 XOF, or a payout, whose number has this ending.
func order(reference string, e emulation.Ending) hosttest.Input {
	return hosttest.Input{"reference": reference, "amount": "5000", "msisdn": "22890112" + string(e)}
}

func status(reference string) hosttest.Input { return hosttest.Input{"reference": reference} }

func TestManifestPasses(t *testing.T) {
	m, err := Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	if len(m.Gotchas.Gotchas) == 0 {
		t.Error("there are no gotchas")
	}
}

func TestPayment(t *testing.T) {
	t.Parallel()
	all := provider.New(t, emulation.Options{})
	for name, tt := range map[string]struct {
		ending emulation.Ending
		ends   capabilities.State
	}{
		"paid":           {emulation.Paid, capabilities.Succeeded},
		"paid at once":   {emulation.PaidAtOnce, capabilities.Succeeded},
		"refused":        {emulation.Refused, capabilities.Failed},
		"never answered": {emulation.NeverAnswered, capabilities.Expired},
		"known late":     {emulation.KnownLate, capabilities.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			b, reference := all.In(t), "PAY-"+string(tt.ending)
			a := b.Call("initiate_payment", order(reference, tt.ending))
			if tt.ending != emulation.PaidAtOnce {
				b.Wants(a, want{State: capabilities.Pending, Response: "http_status=202 state=waiting", Gotchas: "initiate_payment.1", After: 2})
			}
			b.Wants(b.FollowToTheEnd(a), want{State: tt.ends})
		})
	}
}

// What was sent and not understood is never a failure, and never sent again.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	all := provider.New(t, emulation.Options{})
	for name, tt := range map[string]struct {
		ending emulation.Ending
		ends   capabilities.State
		paid   int
	}{
		"HTTP 500, taken":     {emulation.ErrorTaken, capabilities.Succeeded, 1},
		"cut, taken":          {emulation.CutTaken, capabilities.Succeeded, 1},
		"half an answer":      {emulation.Truncated, capabilities.Succeeded, 1},
		"a page":              {emulation.HTMLPage, capabilities.Succeeded, 1},
		"HTTP 500, not taken": {emulation.ErrorNotTaken, capabilities.Failed, 0},
		"cut, not taken":      {emulation.CutNotTaken, capabilities.Failed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, reference := all.In(t), "LOST-"+string(tt.ending)
			a := b.Call("disburse", order(reference, tt.ending))
			b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown})
			b.Clock.Advance(hosttest.Delay)
			b.Wants(b.FollowToTheEnd(a), want{State: tt.ends})
			b.Call("disburse", order(reference, tt.ending))
			b.Moved(reference, emulation.Disburse, 1, tt.paid)
		})
	}
}

func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := provider.New(t, emulation.Options{})
	for ending, code := range map[emulation.Ending]string{
		emulation.NoAccount: "no_wallet", emulation.OverLimit: "over_limit", emulation.LowBalance: "low_balance", emulation.Invalid: "bad_request",
	} {
		t.Run(code, func(t *testing.T) {
			b := all.In(t)
			b.Wants(b.Call("disburse", order("NO-"+string(ending), ending)), want{
				Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "http_status=422 error=" + code, Message: code,
			})
		})
	}
}

// Another ledger may have used the order id, for the same payment even: only
// the status tells what became of that.
func TestUsedOrder(t *testing.T) {
	t.Parallel()
	b := provider.New(t, emulation.Options{})
	b.Call("initiate_payment", order("USED", emulation.Paid))
	other := b.Elsewhere()
	a := other.Call("initiate_payment", order("USED", emulation.Paid))
	other.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "error=order_used", Gotchas: "initiate_payment.2"})
	other.Wants(other.FollowToTheEnd(a), want{State: capabilities.Succeeded})
	b.Moved("USED", emulation.Collect, 2, 1)
}

func TestPayout(t *testing.T) {
	t.Parallel()
	b := provider.New(t, emulation.Options{})
	held := b.Ask(t.Context(), "disburse", order("OUT", emulation.Paid))
	b.Wants(held, want{Kind: capabilities.Held, Guard: "approval"})
	if asked := held.Question.Facts; asked.Party != "22890112000" || asked.Amount != "5000 XOF" {
		t.Errorf("the human is asked about %+v", asked)
	}
	b.Untouched()
	b.Wants(b.FollowToTheEnd(b.Call("disburse", order("OUT", emulation.Paid))), want{State: capabilities.Succeeded})
	b.Moved("OUT", emulation.Disburse, 1, 1)

	var told BalanceOutput
	b.Details(b.Call("check_balance", nil), &told)
	if len(told.Balances) != 1 || told.Balances[0].Available != "245000" || told.Balances[0].Currency != "XOF" {
		t.Errorf("the balance is %+v, want 245000 XOF", told.Balances)
	}
	a := b.Call("disburse", order("TOO-MUCH", emulation.Paid).With("amount", "245001"))
	b.Wants(a, want{Kind: capabilities.Refused, Guard: "pre_check", Message: "245000 XOF, too low"})
	b.Wants(b.Call("disburse", order("ALL", emulation.Paid).With("amount", "245000")), want{State: capabilities.Pending})
	b.Wants(b.Call("disburse", order("ONE-MORE", emulation.Paid)), want{Kind: capabilities.Refused, Guard: "pre_check", Message: "0 XOF, too low"})
}

// In production, nobody pays out who has not read that the float has to be
// filled.
func TestNoticeInProduction(t *testing.T) {
	t.Parallel()
	b := provider.New(t, emulation.Options{})
	p := b.Targeting(capabilities.Production, b.Server.BaseURL())
	p.Wants(p.Ask(t.Context(), "disburse", order("OUT", emulation.Paid)), want{Kind: capabilities.Held, Message: "tontine.disburse.1"})
	b.Untouched()
}

func TestInputsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := provider.New(t, emulation.Options{})
	sound := order("IN", emulation.Paid)
	for field, value := range map[string]string{
		"reference": "no spaces", "amount": "12.5", "currency": "EUR", "msisdn": "2290190112000",
	} {
		t.Run(field, func(t *testing.T) {
			b.In(t).Wants(b.In(t).Call("initiate_payment", sound.With(field, value)), want{Kind: capabilities.Invalid, Problem: field})
		})
	}
	b.Untouched()
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := provider.New(t, emulation.Options{WebhookURL: inbox.URL})
	verify := func(body string) *host.Answer {
		b.Clock.Advance(time.Second)
		return b.Call("verify_webhook", hosttest.Input{"body": body})
	}
	b.Call("initiate_payment", order("HOOK", emulation.Paid))
	b.Clock.Advance(hosttest.Delay)
	genuine := inbox.Next()
	for name, forged := range map[string]string{
		"another amount": strings.Replace(genuine, "5000", "500000", 1),
		"another order":  strings.Replace(genuine, "HOOK", "KOOH", 1),
		"no signature":   `{"order":"HOOK","state":"paid","amount":5000}`,
		"no order":       `{"state":"paid","amount":5000,"signature":""}`,
		"no JSON":        "order=HOOK",
	} {
		if forged == genuine {
			t.Fatalf("%s: nothing is forged in %s", name, forged)
		}
		b.Wants(verify(forged), want{Kind: capabilities.Invalid, Problem: "body"})
	}
	a := verify(genuine)
	b.Wants(a, want{State: capabilities.Succeeded, Gotchas: "verify_webhook.1"})
	if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "5000" || !v.Claim.Authentic {
		t.Errorf("the verdict on a genuine webhook is %+v", v)
	}
	if v := b.VerdictOf(verify(genuine)); v.Fulfil {
		t.Errorf("the verdict on the same again is %+v", v)
	}

	b.Call("initiate_payment", order("FORGED", emulation.WebhookForged))
	b.Clock.Advance(hosttest.Delay)
	b.Wants(verify(inbox.Next()), want{Kind: capabilities.Invalid, Message: "did not sign"})
	v := b.VerdictOf(verify(inbox.Next()))
	if v.Fulfil || v.Claim.State != capabilities.Failed {
		t.Errorf("the verdict on a refused payment is %+v", v)
	}
}

// What Tontine does not document tells nothing: a payment is unknown after it,
// and a question was not answered.
func TestAnswers(t *testing.T) {
	t.Parallel()
	all, stub := provider.Stubbed(t, emulator.New(emulation.Options{}).Config())
	for i, tt := range []struct {
		name     string
		status   int
		body     string
		pay, ask capabilities.RefusalKind
	}{
		{"wrong key", 401, `{"error":"bad_key"}`, capabilities.Misconfigured, capabilities.Misconfigured},
		{"refusal", 422, `{"error":"no_wallet"}`, capabilities.ProviderRejected, capabilities.ProviderRejected},
		{"refusal without a reason", 422, `{}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"refusal for an unknown reason", 422, `{"error":"under_review"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"accepted and refused", 202, `{"order":"REF","state":"paid","error":"no_wallet"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"conflict", 409, `{"error":"busy"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"accepted without a state", 202, `{"order":"REF"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"answered without a state", 200, `{"order":"REF"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"accepted with an unknown state", 202, `{"order":"REF","state":"dreaming"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"accepted another order", 202, `{"order":"OTHER","state":"paid"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"told of another order", 200, `{"order":"OTHER","state":"paid"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"a key twice", 202, `{"order":"REF","state":"paid","state":"paid"}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"half of it in other types", 202, `{"order":"REF","state":"paid","amount":[]}`, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"redirect", 302, ``, capabilities.UnknownOutcome, capabilities.Unavailable},
		{"a page, not found", 404, `<html>`, capabilities.UnknownOutcome, capabilities.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, reference := all.In(t), fmt.Sprintf("STUB-%d", i)
			stub.Says(tt.status, strings.Replace(tt.body, "REF", reference, 1))
			b.Clock.Advance(time.Hour) // or it is a suspected repeat
			a := b.Call("initiate_payment", order(reference, emulation.Paid))
			b.Wants(a, want{Kind: tt.pay, State: states[tt.pay]})
			b.Wants(b.Call("check_payment_status", status(reference)), want{Kind: tt.ask})
		})
	}
}

// states are those of a payment that was refused.
var states = map[capabilities.RefusalKind]capabilities.State{
	capabilities.UnknownOutcome: capabilities.Unknown, capabilities.ProviderRejected: capabilities.Failed,
}
