package qostiq_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// A new bill is not paid: it is when its status says so.
func TestBillIsMadeAndThenPaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.create(emulation.Paid, "PAID")
	b.Wants(a, want{State: capabilities.Pending, Response: "error_code=0 result=true", Gotchas: "create_bill.1 create_bill.3", After: 10})
	if d := b.details(a); !strings.Contains(a.Next.Action, "in the wallet; or send the payer to "+d.BillURL) || !strings.Contains(d.BillURL, "/en/bill/pay/") {
		t.Errorf("next is %+v, the page %q", a.Next, d.BillURL)
	}
	b.Wants(b.Call("check_payment_status", a.Next.Arguments), want{State: capabilities.Pending, Gotchas: "check_payment_status.1"})
	a = b.ask("PAID")
	b.Wants(a, want{State: capabilities.Succeeded, Gotchas: "check_payment_status.4"})
	if d := b.details(a); a.Amount != "23.15" || a.Currency != "UAH" || d.Credited != "21.53" || d.ClientPrice != "23.15" || d.PaymentID == "" || a.Next != nil {
		t.Errorf("%s", a.Text())
	}
	b.Moved("PAID", emulation.Collect, 1, 1)
}

// Without an account nothing but the page leads to the bill.
func TestBillIsPaidOnItsPage(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.Call("create_bill", bill("", "PAGE").Without("payer_account").With("payer_currency", "USD"))
	page := b.details(a).BillURL
	b.Wants(a, want{State: capabilities.Pending})
	if a.Next.Action != "send the payer to "+page || a.Next.Tool != "qostiq_check_payment_status" {
		t.Errorf("next is %+v", a.Next)
	}
	b.Wants(b.ask("PAGE"), want{State: capabilities.Pending})
	b.decides(page, url.Values{"wallet": {wallet(emulation.Paid)}, "action": {"pay"}})
	a = b.ask("PAGE")
	b.Wants(a, want{State: capabilities.Succeeded})
	if data := b.data(a); a.Amount != "23.15" || a.Currency != "UAH" || data["ps_currency"] != "840" || b.details(a).ClientPrice != "0.58" {
		t.Errorf("%s", a.Text())
	}
}

// What becomes of bills, and the states that say so.
func TestBillsThatAreNotPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		in     hosttest.Input
		later  time.Duration
		cancel bool
		want   want
	}{
		"refused":       {bill(emulation.Refused, "REFUSED"), delay, false, want{State: capabilities.Cancelled}},
		"low balance":   {bill(emulation.LowBalance, "LOW"), delay, false, want{State: capabilities.Cancelled}},
		"cancelled":     {bill("", "CANCELLED").Without("payer_account"), 0, true, want{State: capabilities.Cancelled}},
		"still open":    {bill(emulation.NeverAnswered, "OPEN"), 29 * 24 * time.Hour, false, want{State: capabilities.Pending}},
		"expired":       {bill(emulation.NeverAnswered, "EXPIRED"), 30 * 24 * time.Hour, false, want{State: capabilities.Expired}},
		"nobody looked": {bill("", "NOBODY").Without("payer_account"), 30 * 24 * time.Hour, false, want{State: capabilities.Expired}},
	} {
		t.Run(name, func(t *testing.T) {
			b := all.in(t)
			a := b.Call("create_bill", tt.in)
			b.Wants(a, want{State: capabilities.Pending})
			if tt.cancel {
				b.decides(b.details(a).BillURL, url.Values{"action": {"cancel"}})
			}
			b.Clock.Advance(tt.later)
			a = b.ask(tt.in["reference"])
			b.Wants(a, tt.want)
			if b.details(a).Credited != "" {
				t.Errorf("%s credited, and nothing was paid", b.details(a).Credited)
			}
		})
	}
}

// A bill lives for as long as was asked for; one of the second version for 90
// minutes, if nothing was, whichever of its defaults the documents mean.
func TestBillsExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.raw("create_bill", `{"reference":"SHORT","amount":"1","currency":"EUR","lifetime_minutes":5}`), want{State: capabilities.Pending})
	b.Wants(b.raw("create_bill_v2", `{"reference":"USUAL","amount":"1","currency":"EUR"}`), want{State: capabilities.Pending})
	b.Wants(b.raw("create_bill_v2", `{"reference":"LONG","currency":"EUR","lifetime_minutes":91}`), want{State: capabilities.Pending})
	b.Clock.Advance(5*time.Minute - pace)
	b.Wants(b.ask("SHORT"), want{State: capabilities.Expired})
	b.Clock.Advance(85*time.Minute - 2*pace)
	b.Wants(b.ask("USUAL"), want{State: capabilities.Pending})
	b.Wants(b.ask("USUAL"), want{State: capabilities.Expired})
	b.Wants(b.ask("LONG"), want{State: capabilities.Pending})
}

// The payer chooses: nobody knows the amount before it is paid, and then
// Qostiq's own word is the one to trust.
func TestBillOfFreeAmount(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.Call("create_bill_v2", hosttest.Input{"reference": "FREE", "currency": "USD", "lang": "uk"})
	b.Wants(a, want{State: capabilities.Pending, Gotchas: "create_bill_v2.2"})
	page := b.details(a).BillURL
	if a.Amount != "" || !strings.Contains(page, "/uk/bill/pay/") {
		t.Errorf("the amount is %q, the page %q", a.Amount, page)
	}
	a = b.ask("FREE")
	b.Wants(a, want{State: capabilities.Pending})
	if a.Amount != "" {
		t.Errorf("the amount is %q, and nobody knows it", a.Amount)
	}
	b.decides(page, url.Values{"wallet": {wallet(emulation.Paid)}, "amount": {"12.50"}, "action": {"pay"}})
	a = b.ask("FREE")
	b.Wants(a, want{State: capabilities.Succeeded})
	if a.Amount != "12.50" || a.Currency != "USD" || b.details(a).Credited != "11.62" {
		t.Errorf("%s", a.Text())
	}
}

// A payer who is quick has not paid before the bill is answered.
func TestBillOfFreeAmountIsPaidAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := hosttest.Input{"reference": "QUICK", "currency": "USD", "payer_account": "pay." + string(emulation.PaidAtOnce) + "@example.com"}
	b.Wants(b.Call("create_bill_v2", in), want{State: capabilities.Pending})
	a := b.ask("QUICK")
	b.Wants(a, want{State: capabilities.Succeeded})
	if a.Amount != "10.00" {
		t.Errorf("the amount is %q", a.Amount)
	}
}

// The other version, linked to the e-mail address of a wallet.
func TestBillOfTheSecondVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := hosttest.Input{"reference": "V2", "amount": "9.9", "currency": "EUR", "payer_account": "pay.000@example.com", "description": "Tea"}
	a := b.Call("create_bill_v2", in)
	b.Wants(a, want{State: capabilities.Pending})
	if a.Amount != "9.90" || a.Currency != "EUR" || !strings.Contains(a.Next.Action, "in the wallet") {
		t.Errorf("%s", a.Text())
	}
	b.Clock.Advance(delay)
	b.Wants(b.ask("V2"), want{State: capabilities.Succeeded})
	b.Moved("V2", emulation.Collect, 1, 1)
	b.Wants(b.Call("create_bill_v2", in.With("payer_account", wallet(emulation.Paid))), want{Kind: capabilities.Invalid, Problem: "payer_account"})
}

// The amount of the second version is not signed: what changes it on the way
// goes unnoticed at Qostiq, and not here. Nobody gets the url.
func TestAmountThatChangedOnTheWay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, to string }{
		"a lower one": {`"amount":"23.15"`, `"amount":"1.15"`},
		"none":        {`"amount":"23.15"`, `"amounts":"23.15"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, stub := newProxyBench(t)
			stub.Does(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte(tt.from), []byte(tt.to), 1)))
				b.Emulator.ServeHTTP(w, r)
			})
			a := b.Call("create_bill_v2", hosttest.Input{"reference": "CHANGED", "amount": "23.15", "currency": "UAH"})
			b.Wants(a, want{
				Kind: capabilities.ProviderRejected, State: capabilities.Failed, Gotchas: "create_bill_v2.1",
				Message: "another amount: 23.15 UAH was asked for|give nobody the url",
			})
			if strings.Contains(a.Text(), "/bill/pay/") {
				t.Errorf("the url is there:\n%s", a.Text())
			}
			b.Moved("CHANGED", emulation.Collect, 1, 0)
		})
	}
}

// Another spelling of every answer: texts for numbers, error for error_code.
func TestBillInTheOtherSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.create(emulation.Variant, "VARIANT"), want{State: capabilities.Pending, Response: "error_code=0"})
	b.Clock.Advance(delay)
	a := b.ask("VARIANT")
	b.Wants(a, want{State: capabilities.Succeeded, Response: "error_code=0"})
	if a.Amount != "23.15" || b.details(a).Credited != "21.53" {
		t.Errorf("%s", a.Text())
	}
}

// What Qostiq refuses comes with HTTP 200, and is no bill.
func TestBillIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	rejected := func(code string) want {
		return want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "http_status=200 error_code=" + code, Message: "error " + code, Gotchas: "create_bill.12"}
	}
	unknown := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "error_code=2000", Gotchas: "create_bill.13"}
	for name, tt := range map[string]struct {
		in   hosttest.Input
		want want
	}{
		"no payway":      {bill(emulation.NetworkDown, "R-1"), rejected("1")},
		"too small":      {bill(emulation.Paid, "R-4").With("amount", "0.99"), rejected("4")},
		"too large":      {bill(emulation.Paid, "R-5").With("amount", "1000000.01"), rejected("5")},
		"parameter":      {bill(emulation.Invalid, "R-10"), rejected("10")},
		"no account":     {bill(emulation.NoAccount, "R-13"), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "error_code=13"}},
		"account status": {bill(emulation.WrongNetwork, "R-14"), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "error_code=14"}},
		"other":          {bill(emulation.InternalError, "R-2000"), unknown},
	} {
		t.Run(name, func(t *testing.T) {
			b := all.in(t)
			b.Wants(b.Call("create_bill", tt.in), tt.want)
		})
	}
}

// One number, two bills: where the shop lets that happen, the status is of the
// last one alone, and so says nothing.
func TestSeveralBillsOfOneReference(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.PaidAtOnce, "SHARED")
	other := bench{b.Elsewhere()}
	other.Wants(other.create(emulation.NeverAnswered, "SHARED"), want{State: capabilities.Pending})
	a := b.ask("SHARED")
	b.Wants(a, want{State: capabilities.Unknown, Note: "several bills of the shop have this reference", Gotchas: "check_payment_status.3"})
	if b.data(a)["is_unique"] != "false" || !strings.Contains(strings.Join(a.Notes, "\n"), b.details(a).PaymentID) {
		t.Errorf("%s", a.Text())
	}
	b.Clock.Advance(30 * 24 * time.Hour)
	b.Wants(b.ask("SHARED"), want{State: capabilities.Unknown})
}

// Where the shop does not, the second is refused; here it is answered from the
// record.
func TestReferenceIsUsedTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.Paid, "unique-1")
	b.Wants(b.create(emulation.Paid, "unique-1"), want{State: capabilities.Pending, Note: "nothing was sent"})
	b.Moved("unique-1", emulation.Collect, 1, 0)
	other := bench{b.Elsewhere()}
	other.Wants(other.create(emulation.Paid, "unique-1"), want{
		Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "error_code=6", Message: "take a new reference", Gotchas: "create_bill.5",
	})
}

func TestBillWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, l := range hosttest.Losses() {
		t.Run(l.Name, func(t *testing.T) {
			b, reference := all.in(t), "LOST-"+string(l.Ending)
			a := b.create(l.Ending, reference)
			b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "do not send it again", Gotchas: "create_bill.13", After: 10})
			end := want{State: capabilities.Succeeded}
			if l.Paid == 0 {
				end = want{State: capabilities.Failed, Response: "error_code=7"}
			}
			began := b.Clock.Now()
			b.Wants(b.FollowToTheEnd(a), end)
			if took := b.Clock.Now().Sub(began); l.Paid == 0 && took < 2*time.Minute {
				t.Errorf("given up after %s: it might still have come", took)
			}
			b.Moved(reference, emulation.Collect, 1, l.Paid)
		})
	}
}

// A bill that Qostiq does not know yet has not failed shortly after its start,
// and one that nobody made here may be anything.
func TestBillThatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.KnownLate, "LATE")
	b.Wants(b.Call("check_payment_status", hosttest.Input{"reference": "LATE"}), want{
		State: capabilities.Pending, Response: "error_code=7", Note: "ask again before declaring failure", Gotchas: "check_payment_status.6",
	})
	b.Clock.Advance(delay)
	b.Wants(b.ask("LATE"), want{State: capabilities.Succeeded})
	b.disburse(emulation.Paid, "OUT")
	for range 10 {
		b.Wants(b.ask("NEVER"), want{State: capabilities.Unknown, Response: "error_code=7", Note: "qostiq_check_transfer_status"})
		b.Clock.Advance(delay)
	}
}

// Who asks faster than that is told off, and not about the bill.
func TestStatusIsAskedForTooSoon(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.Paid, "SOON")
	b.Wants(b.ask("SOON"), want{State: capabilities.Succeeded})
	other := bench{b.Elsewhere()}
	other.Wants(other.Call("check_payment_status", hosttest.Input{"reference": "SOON"}), want{Kind: capabilities.Unavailable, Response: "error_code=2000"})
}

// The configuration is wrong, and no bill refused: the same may be sent again
// once it is mended.
func TestConfigurationIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ variable, value, message string }{
		"the secret":         {"QOSTIQ_SECRET_KEY", "another", "QOSTIQ_SHOP_ID and QOSTIQ_SECRET_KEY"},
		"the shop":           {"QOSTIQ_SHOP_ID", "6", "error 11"},
		"a sleeping shop":    {"QOSTIQ_SHOP_ID", "12", "error 12"},
		"no number":          {"QOSTIQ_SHOP_ID", "5a", "QOSTIQ_SHOP_ID is no number"},
		"a leading zero":     {"QOSTIQ_SHOP_ID", "05", "begins with a zero"},
		"nothing":            {"QOSTIQ_SHOP_ID", "0", "begins with a zero"},
		"a callback URL":     {"QOSTIQ_CALLBACK_URL", "http://shop.example/paid", "QOSTIQ_CALLBACK_URL is not an https address"},
		"the other callback": {"QOSTIQ_CALLBACK_REJECTED_URL", "shop.example", "QOSTIQ_CALLBACK_REJECTED_URL is not an https address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, emulation.Options{}, func(settings map[string]string) { settings[tt.variable] = tt.value })
			wrong := want{Kind: capabilities.Misconfigured, Message: tt.message}
			b.Wants(b.create(emulation.Paid, "B-1"), wrong)
			b.Wants(b.Call("create_bill_v2", hosttest.Input{"reference": "B-2", "currency": "UAH"}), wrong)
			b.Wants(b.ask("B-1"), wrong)
			b.Wants(b.Call("quote_transfer", transfer(emulation.Paid, "").Without("reference")), wrong)
			b.Wants(b.disburse(emulation.Paid, "T-1"), wrong)
			b.Wants(b.asked("T-1"), wrong)
			b.Untouched()
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).NobodyListens(map[string]hosttest.Input{
		"create_bill":           bill(emulation.Paid, "DIAL"),
		"create_bill_v2":        {"reference": "DIAL-FREE", "currency": "UAH"},
		"check_payment_status":  {"reference": "DIAL"},
		"quote_transfer":        {"amount": "10", "currency": "UAH"},
		"disburse":              transfer(emulation.Paid, "DIAL-OUT"),
		"check_transfer_status": {"reference": "DIAL-OUT"},
	})
}

func TestWrongInputsAreNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	good, v2 := bill(emulation.Paid, "WRONG"), hosttest.Input{"reference": "WRONG", "currency": "UAH"}
	for name, tt := range map[string]struct {
		capability string
		in         hosttest.Input
		field      string
	}{
		"the number of a currency": {"create_bill", good.With("currency", "980"), "currency"},
		"bills in tenge":           {"create_bill", good.With("currency", "KZT"), "currency"},
		"payers in tenge":          {"create_bill", good.With("payer_currency", "KZT"), "payer_currency"},
		"three decimals":           {"create_bill", good.With("amount", "23.150"), "amount"},
		"nothing":                  {"create_bill", good.With("amount", "0.00"), "amount"},
		"free of the first":        {"create_bill", good.Without("amount"), "amount"},
		"a colon":                  {"create_bill", good.With("reference", "5:ORDER"), "reference"},
		"an account with a colon":  {"create_bill", good.With("payer_account", "5:a@example.com"), "payer_account"},
		"a page of another scheme": {"create_bill", good.With("return_url", "javascript:alert(1)"), "return_url"},
		"the callback":             {"create_bill", good.With("callback_url", "https://thief.example"), "callback_url"},
		"the secret":               {"create_bill", good.With("sign", "mine"), "sign"},
		"a language":               {"create_bill_v2", v2.With("lang", "fr"), "lang"},
		"the first version's name": {"create_bill_v2", v2.With("shop_amount", "1"), "shop_amount"},
		"nothing of the second":    {"create_bill_v2", v2.With("amount", "0"), "amount"},
		"another type":             {"disburse", transfer(emulation.Paid, "WRONG").With("amount_type", "write_off_amount"), "amount_type"},
		"a payee with a colon":     {"disburse", transfer(emulation.Paid, "WRONG").With("payee_account", "31557414000:980"), "payee_account"},
		"a quote of nothing":       {"quote_transfer", hosttest.Input{"amount": "0", "currency": "UAH"}, "amount"},
	} {
		t.Run(name, func(t *testing.T) {
			w := want{Kind: capabilities.Invalid, Problem: tt.field}
			b.in(t).Wants(b.in(t).Call(tt.capability, tt.in), w)
		})
	}
	b.Untouched()
}

func TestCallerIsGoneBeforeSending(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).CallerIsGone("create_bill", bill(emulation.Paid, "GONE"))
}
