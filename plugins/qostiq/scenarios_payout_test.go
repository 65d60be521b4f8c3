package qostiq_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq"
)

var nobody = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}

// A transfer is over as soon as it is answered, and says what it came to.
func TestTransferIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.disburse(emulation.Paid, "OUT")
	b.Wants(a, want{State: capabilities.Succeeded, Response: "error_code=0", Gotchas: "disburse.1 disburse.2"})
	d := b.details(a)
	if d.TransferID == "" || d.Receives != (sum{"10.00", "UAH"}) || d.WritesOff != (sum{"10.10", "UAH"}) || a.Amount != "10.00" || a.Next != nil || len(a.Notes) > 0 {
		t.Errorf("%s", a.Text())
	}
	if b.data(a)["balance"] != "989.9" {
		t.Errorf("the balance is %q", b.data(a)["balance"])
	}
	b.Moved("OUT", emulation.Disburse, 1, 1)
	a = b.asked("OUT")
	b.Wants(a, want{State: capabilities.Succeeded, Gotchas: "check_transfer_status.1"})
	if found := b.details(a); found.TransferID != d.TransferID || found.Receives != d.Receives || found.WritesOff != d.WritesOff {
		t.Errorf("the status says %+v, and the transfer said %+v", found, d)
	}
}

func TestTransferInTheOtherSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	for _, a := range []*host.Answer{b.disburse(emulation.Variant, "OUT"), b.asked("OUT")} {
		b.Wants(a, want{State: capabilities.Succeeded, Response: "error_code=0"})
		if d := b.details(a); d.Receives != (sum{"10.00", "UAH"}) || d.WritesOff != (sum{"10.10", "UAH"}) {
			t.Errorf("%s", a.Text())
		}
	}
}

// What a transfer would come to, whichever side the amount is of.
func TestQuotes(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	for _, tt := range []struct {
		in   hosttest.Input
		want details
	}{
		{hosttest.Input{"amount": "10", "currency": "UAH"},
			details{WritesOff: sum{"10.10", "UAH"}, Receives: sum{"10.00", "UAH"}, Fee: "0.10 UAH"}},
		{hosttest.Input{"amount": "10.10", "currency": "UAH", "amount_type": "writeoff_amount"},
			details{WritesOff: sum{"10.10", "UAH"}, Receives: sum{"10.00", "UAH"}, Fee: "0.10 UAH"}},
		{hosttest.Input{"amount": "10", "currency": "EUR", "counter_currency": "USD", "amount_type": "receive_amount"},
			details{WritesOff: sum{"10.73", "USD"}, Receives: sum{"10.00", "EUR"}, Rate: "1.073 USD for 1 EUR"}},
		{hosttest.Input{"amount": "10", "currency": "USD", "counter_currency": "KZT", "amount_type": "writeoff_amount"},
			details{WritesOff: sum{"10.00", "USD"}, Receives: sum{"4950.50", "KZT"}, Rate: "0.00202 USD for 1 KZT"}},
	} {
		a := b.Call("quote_transfer", tt.in.With("payee_account", wallet(emulation.Paid)))
		b.Wants(a, want{})
		tt.want.PayeeHint = "Wallet Number or Email, such as 31557414711"
		if got := b.details(a); got != tt.want {
			t.Errorf("%v comes to\n%+v\nwant\n%+v", tt.in, got, tt.want)
		}
		if !strings.HasPrefix(b.data(a)["regex"], `^3[\d]{10}$|`) {
			t.Errorf("the expression is %q", b.data(a)["regex"])
		}
	}
	b.Untouched()
}

// Accounts are checked against the expression that Qostiq has just sent, which
// the wallets of its own samples do not match.
func TestQuoteChecksTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := hosttest.Input{"amount": "10", "currency": "UAH"}
	for account, ok := range map[string]bool{
		"31557414711": true, "pay@example.com": true, "a.b-c_d@mail.example.com": true,
		"201497141132": false, "3155741471": false, "315574147111": false, "a+b@example.com": false, "a@example.private": false, "x": false,
	} {
		w := want{}
		if !ok {
			w = want{Kind: capabilities.Invalid, Problem: "payee_account", Message: "such as 31557414711"}
		}
		b.Wants(b.Call("quote_transfer", in.With("payee_account", account)), w)
	}
}

// The human who approves sees what Qostiq says of the transfer, and who cannot
// be paid is not even shown.
func TestApproverSeesTheQuote(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	for reference, tt := range map[string]struct {
		in    hosttest.Input
		facts []string
	}{
		"FEE":  {transfer(emulation.Paid, "FEE"), []string{"fee, says Qostiq: 0.10 UAH", "payee receives, says Qostiq: 10.00 UAH", "writes off, says Qostiq: 10.10 UAH"}},
		"RATE": {transfer(emulation.Paid, "RATE").With("currency", "EUR").With("counter_currency", "USD"), []string{"payee receives, says Qostiq: 10.00 EUR", "rate, says Qostiq: 1.073 USD for 1 EUR, fee included", "writes off, says Qostiq: 10.73 USD"}},
	} {
		a := b.Ask(t.Context(), "disburse", tt.in)
		b.Wants(a, want{Kind: capabilities.Held, Guard: "approval", Gotchas: "disburse.3"})
		var told []string
		for _, f := range a.Question.Facts.Others {
			told = append(told, f.Name+": "+f.Value)
		}
		for _, f := range tt.facts {
			if !slices.Contains(told, f) {
				t.Errorf("%s: the human is not told %q, but %q", reference, f, told)
			}
		}
		if a.Question.Facts.Party != wallet(emulation.Paid) {
			t.Errorf("%s: the payee is %q", reference, a.Question.Facts.Party)
		}
	}
	b.Untouched()
}

// An approval is for what the human was shown: another quote is another one.
func TestChangedQuoteAsksAnew(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Does(quoting(aQuote, done(aTransfer)))
	in := transfer(emulation.Paid, "QUOTE")
	a := b.Ask(t.Context(), "disburse", in)
	b.Wants(a, want{Kind: capabilities.Held, Guard: "approval"})
	first := a.Approval.ID
	if err := b.Desk.Decide(t.Context(), first, true, "a tester", "test"); err != nil {
		t.Fatal(err)
	}
	stub.Does(quoting(with(aQuote, `"write_off_amount":10.1`, `"write_off_amount":10.2`), done(aTransfer)))
	a = b.Ask(t.Context(), "disburse", in)
	b.Wants(a, want{Kind: capabilities.Held, Guard: "approval"})
	if a.Approval.ID == first {
		t.Error("the approval of the first quote is asked for again")
	}
	if last := stub.Last(t); last.Path != "/transfer/try" {
		t.Errorf("the last request is %+v", last)
	}
	b.Wants(b.Call("disburse", in), want{State: capabilities.Succeeded})
}

func TestNobodyIsAskedAboutWhatQostiqRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	good := transfer(emulation.Paid, "NO")
	refused := func(code string) want {
		return want{Kind: capabilities.Refused, Guard: "preview", Message: "error " + code, Gotchas: "disburse.6"}
	}
	for name, tt := range map[string]struct {
		in   hosttest.Input
		want want
	}{
		"a wallet of the samples": {good.With("payee_account", "201497141132"), want{Kind: capabilities.Invalid, Guard: "preview", Problem: "payee_account", Gotchas: "disburse.3"}},
		"another address":         {good.With("payee_account", "a+b@example.com"), want{Kind: capabilities.Invalid, Guard: "preview", Problem: "payee_account"}},
		"too small":               {good.With("amount", "0.99"), refused("4")},
		"too large":               {good.With("amount", "1000000.01"), refused("5")},
		"no exchange":             {good.With("currency", "EUR").With("counter_currency", "KZT"), refused("16")},
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).Ask(t.Context(), "disburse", tt.in), tt.want)
		})
	}
	if on := b.OnRecord(); len(on) > 0 {
		t.Errorf("on record: %+v", on)
	}
	b.Untouched()
}

// Conversion: each amount is in the currency of its side.
func TestTransferInTwoCurrencies(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := hosttest.Input{"reference": "OUT", "payee_account": "pay@example.com", "amount": "10", "currency": "USD", "counter_currency": "KZT", "amount_type": "writeoff_amount"}
	a := b.Call("disburse", in)
	b.Wants(a, want{State: capabilities.Succeeded})
	if d := b.details(a); d.WritesOff != (sum{"10.00", "USD"}) || d.Receives != (sum{"4950.50", "KZT"}) || a.Amount != "10.00" || a.Currency != "USD" || len(a.Notes) > 0 {
		t.Errorf("%s", a.Text())
	}
	a = b.asked("OUT")
	b.Wants(a, want{State: capabilities.Succeeded})
	if len(a.Notes) > 0 {
		t.Errorf("%q", a.Notes)
	}
}

// A refusal says that nothing was paid.
func TestTransferIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for code, in := range map[string]hosttest.Input{
		"1":  transfer(emulation.NetworkDown, "R-1"),
		"5":  transfer(emulation.OverLimit, "R-5"),
		"9":  transfer(emulation.Paid, "R-9").With("amount", "1000"), // and the fee
		"10": transfer(emulation.Invalid, "R-10"),
		"13": transfer(emulation.NoAccount, "R-13"),
		"14": transfer(emulation.WrongNetwork, "R-14"),
	} {
		t.Run(code, func(t *testing.T) {
			b := all.in(t)
			b.Wants(b.Call("disburse", in), want{
				Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "http_status=200 error_code=" + code, Message: "error " + code + "|take a new reference", Gotchas: "disburse.6",
			})
			b.Moved(in["reference"], emulation.Disburse, 1, 0)
		})
	}
}

// Errors that do not say whether anything was paid: 8, 100 and 2000.
func TestTransferWhoseErrorSaysNothing(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		ending       emulation.Ending
		code         string
		first, later want
	}{
		"processing, then done": {emulation.KnownLate, "8", want{State: capabilities.Pending, Response: "error_code=8"}, want{State: capabilities.Succeeded}},
		"processing for ever":   {emulation.NeverAnswered, "8", want{State: capabilities.Pending}, want{State: capabilities.Pending, Response: "error_code=8"}},
		"wrong status":          {emulation.PayoutFails, "100", want{Kind: capabilities.Unavailable, Response: "error_code=100"}, want{Kind: capabilities.Unavailable}},
		"other":                 {emulation.InternalError, "2000", want{State: capabilities.Pending, Response: "error_code=7"}, want{State: capabilities.Unknown, Response: "error_code=7"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, reference := all.in(t), "U-"+string(tt.ending)
			a := b.disburse(tt.ending, reference)
			b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "error_code=" + tt.code, Gotchas: "disburse.5", After: 10})
			b.Wants(b.Call("check_transfer_status", a.Next.Arguments), tt.first)
			b.Clock.Advance(doubt)
			b.Wants(b.asked(reference), tt.later)
		})
	}
}

// A lost answer: what is found was paid, and is not sent again.
func TestTransferThatIsFoundWasPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, l := range hosttest.Losses() {
		if l.Paid == 0 {
			continue
		}
		t.Run(l.Name, func(t *testing.T) {
			b, reference := all.in(t), "FOUND-"+string(l.Ending)
			a := b.disburse(l.Ending, reference)
			b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "do not send it again", Gotchas: "disburse.5", After: 10})
			b.Wants(b.disburse(l.Ending, reference), want{State: capabilities.Unknown, Note: "nothing was sent"})
			b.Wants(b.Follow(a), want{State: capabilities.Succeeded})
			b.Wants(b.disburse(l.Ending, reference), want{State: capabilities.Succeeded, Note: "nothing was sent"})
			b.Moved(reference, emulation.Disburse, 1, 1)
		})
	}
}

// A shop_payment_id that was used elsewhere is no failed transfer.
func TestIdentifierIsUsedElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.disburse(emulation.Paid, "TAKEN")
	other := bench{b.Elsewhere()}
	other.Wants(other.Call("disburse", transfer(emulation.Paid, "TAKEN").With("amount", "11")), want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "error_code=6", Gotchas: "disburse.4"})
	b.Clock.Advance(delay)
	other.Wants(other.Call("check_transfer_status", hosttest.Input{"reference": "TAKEN"}), want{State: capabilities.Unknown, Note: "11.00 UAH is on record"})
	b.Moved("TAKEN", emulation.Disburse, 2, 1)
}

// A bill is no transfer: nobody is told that it was not found as one.
func TestBillIsNoTransfer(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.ErrorTaken, "BILL")
	b.Wants(b.asked("BILL"), want{Kind: capabilities.Invalid, Problem: "reference", Message: "qostiq_check_payment_status"})
	if got := b.events("BILL"); got != "claimed; sent; unknown unknown_outcome" {
		t.Errorf("the ledger tells %s", got)
	}
	b.Wants(b.create(emulation.ErrorTaken, "BILL"), want{State: capabilities.Unknown, Note: "nothing was sent"})
	b.Moved("BILL", emulation.Collect, 1, 1)
}

// Only addresses that the shop lists may pay out.
func TestAddressIsDenied(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{AllowIPs: nobody})
	denied := want{Kind: capabilities.Misconfigured, Response: "error_code=15", Message: "public IP address allowed in the shop's settings"}
	b.Wants(b.disburse(emulation.Paid, "OUT"), denied)
	b.Wants(b.asked("OUT"), denied)
	b.Wants(b.Call("quote_transfer", hosttest.Input{"amount": "10", "currency": "UAH"}), denied)
	b.Wants(b.create(emulation.Paid, "IN"), want{State: capabilities.Pending})
	if a := b.disburse(emulation.Paid, "OUT"); a.Guard != "preview" {
		t.Errorf("refused by %q, want it to be before a human is asked", a.Guard)
	}
}

// Without a human nothing leaves.
func TestTransferNeedsAHuman(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.Ask(t.Context(), "disburse", transfer(emulation.Paid, "HELD")), want{Kind: capabilities.Held, Guard: "approval", Message: "approvals approve"})
	b.Untouched()
}

// What is written off is told in its own currency, so that the policy's limits in
// that hold it too.
func TestQuoteTellsWhatLeaves(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	p := qostiq.Provider()
	if err := p.Configure(t.Context(), capabilities.Target{Environment: capabilities.Emulator, BaseURL: b.Server.BaseURL()}, b.Emulator.Config()); err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(transfer(emulation.Paid, "LEAVES").With("currency", "EUR").With("counter_currency", "USD"))
	if err != nil {
		t.Fatal(err)
	}
	told, err := p.Invoke(t.Context(), capabilities.Call{Capability: "disburse", Input: in, Preview: true})
	if err != nil || !strings.Contains(string(told), `"leaves":{"amount":"10.73","currency":"USD"}`) {
		t.Errorf("it tells %s (%v)", told, err)
	}
}
