package paygate_test

import (
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Registered is not paid: status 0 of pay is pending, status 0 of the status
// call is paid.
func TestPaymentIsRegisteredAndThenPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range operators {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), o.ref("PAID")
			a := b.collect(o, emulation.Paid, reference)
			b.Wants(a, want{State: capabilities.Pending, Response: "status=0", Gotchas: "initiate_payment.6", After: 5})
			a = b.Follow(a)
			b.Wants(a, want{State: capabilities.Pending, Response: "status=2"})
			b.Clock.Advance(delay)
			a = b.ask(reference)
			b.Wants(a, want{State: capabilities.Succeeded, Response: "status=0 amount=5000 payment_method=" + o.method})
			if a.Network != o.network || a.Amount != "5000" || a.Next != nil || a.Details["payment_reference"] == nil {
				t.Errorf("network %q, amount %q, next %+v, operator's id %s", a.Network, a.Amount, a.Next, a.Details["payment_reference"])
			}
			b.Moved(reference, emulation.Collect, 1, 1)
		})
	}
}

// The other recorded spelling: tx_reference as a string, no amount.
func TestPaymentInTheOtherSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.collect(moov, emulation.Variant, "VARIANT"), want{State: capabilities.Pending})
	b.Clock.Advance(delay)
	a := b.ask("VARIANT")
	b.Wants(a, want{State: capabilities.Succeeded, Response: "amount="})
	if a.Amount != "5000" {
		t.Errorf("the amount is %q, want the recorded one", a.Amount)
	}
}

// What becomes of payments, and the states that say so.
func TestPaymentsThatAreNotPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		ending emulation.Ending
		later  time.Duration
		want   want
	}{
		"refused":      {emulation.Refused, delay, want{State: capabilities.Cancelled, Response: "status=6"}},
		"low balance":  {emulation.LowBalance, delay, want{State: capabilities.Cancelled, Response: "status=6"}},
		"never paid":   {emulation.NeverAnswered, 10 * delay, want{State: capabilities.Expired, Response: "status=4"}},
		"still open":   {emulation.NeverAnswered, delay, want{State: capabilities.Pending, Response: "status=2"}},
		"paid at once": {emulation.PaidAtOnce, 0, want{State: capabilities.Succeeded, Response: "status=0"}},
	} {
		for _, o := range operators {
			t.Run(name+"/"+o.network, func(t *testing.T) {
				b, reference := all.in(t), o.ref(string(tt.ending)+tt.later.String())
				b.Wants(b.collect(o, tt.ending, reference), want{State: capabilities.Pending})
				b.Clock.Advance(tt.later)
				b.Wants(b.ask(reference), tt.want)
			})
		}
	}
}

// Registration statuses are not payment statuses: 4 of pay is no expiry.
func TestPaymentIsNotRegistered(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for name, ending := range map[string]emulation.Ending{
		"wrong network": emulation.WrongNetwork, "no account": emulation.NoAccount, "invalid": emulation.Invalid,
	} {
		for _, o := range operators {
			t.Run(name+"/"+o.network, func(t *testing.T) {
				b, reference := all.in(t), o.ref("NO"+string(ending))
				b.Wants(b.collect(o, ending, reference), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "status=4"})
				b.Moved(reference, emulation.Collect, 1, 0)
			})
		}
	}
}

// An identifier counts once. Here the second request is answered from the
// record; from elsewhere PayGate refuses it with status 6. Whose payment it has
// under that identifier is not known then, so nothing is said to have failed.
func TestIdentifierIsUsedTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.Paid, "TWICE")
	b.Wants(b.collect(togocel, emulation.Paid, "TWICE"), want{State: capabilities.Pending, Note: "nothing was sent"})
	b.Moved("TWICE", emulation.Collect, 1, 0)
	other := bench{b.Elsewhere()}
	other.Wants(other.collect(togocel, emulation.Paid, "TWICE"), want{
		Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "status=6",
	})
	b.Clock.Advance(delay)
	other.Wants(other.ask("TWICE"), want{State: capabilities.Succeeded})
	b.Wants(b.ask("TWICE"), want{State: capabilities.Succeeded})
	b.Moved("TWICE", emulation.Collect, 2, 1)
}

func TestMoneyWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, l := range hosttest.Losses() {
		for capability, op := range map[string]emulation.Operation{"initiate_payment": emulation.Collect, "disburse": emulation.Disburse} {
			t.Run(l.Name+"/"+capability, func(t *testing.T) {
				b, reference := all.in(t), string(op)+string(l.Ending)
				a := b.Call(capability, moov.order(l.Ending, reference))
				b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "do not send it again", After: 5})
				end := want{State: capabilities.Succeeded, Response: "status=0"}
				if l.Paid == 0 {
					end = want{State: capabilities.Failed, Response: "error_code=403 status="}
				}
				b.Wants(b.FollowToTheEnd(a), end)
				b.Moved(reference, op, 1, l.Paid)
			})
		}
	}
}

// A transaction that PayGate does not know yet has no status at all. That must
// never read as 0, which means paid, and shortly after the start not as failed.
func TestTransactionThatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.KnownLate, "LATE")
	b.Wants(b.ask("LATE"), want{State: capabilities.Pending, Response: "error_code=403 status=", Note: "ask again before declaring failure"})
	b.Clock.Advance(delay)
	b.Wants(b.ask("LATE"), want{State: capabilities.Succeeded})
	for range 20 {
		b.Wants(b.ask("NEVER"), want{State: capabilities.Unknown, Response: "error_code=403 status="})
		b.Clock.Advance(delay)
	}
}

// Where only PayGate's own id is known, the other status call is asked.
func TestStatusByTxReference(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(moov, emulation.Paid, "BY-TX")
	tx := hosttest.Response(a)["tx_reference"]
	b.Clock.Advance(delay)
	question := hosttest.Input{"tx_reference": tx}
	a = b.Call("check_payment_status", question)
	b.Wants(a, want{State: capabilities.Succeeded, Response: "identifier=BY-TX"})
	if a.Reference != "BY-TX" {
		t.Errorf("the answer is about %q", a.Reference)
	}
	b.Wants(b.Call("check_payment_status", question), want{Kind: capabilities.Refused, Guard: "polling_pace"})
	b.Wants(b.collect(moov, emulation.Paid, "BY-TX"), want{State: capabilities.Succeeded, Note: "on record"})
	b.Wants(b.Call("check_payment_status", nil), want{Kind: capabilities.Invalid, Problem: "reference"})
}

func TestServerErrorOnStatus(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(togocel, emulation.StatusErrors, "ERRORS")
	b.Clock.Advance(delay)
	for range 2 {
		b.Wants(b.ask("ERRORS"), want{Kind: capabilities.Unavailable, Message: "ask again"})
	}
	b.Wants(b.ask("ERRORS"), want{State: capabilities.Succeeded})
}

func TestWrongToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{}, func(settings map[string]string) { settings["PAYGATE_AUTH_TOKEN"] = "another" })
	token := want{Kind: capabilities.Misconfigured, Message: "PAYGATE_AUTH_TOKEN"}
	b.Wants(b.collect(togocel, emulation.Paid, "TOKEN"), token)
	b.Wants(b.Call("check_balance", nil), token)
	b.Wants(b.disburse(togocel, emulation.Paid, "TOKEN-OUT"), token) // its balance cannot be read
	b.Untouched()
}

func TestAddressIsNotWhitelisted(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{AllowIPs: nobody})
	b.Wants(b.Call("check_balance", nil), want{Kind: capabilities.Misconfigured, Message: "whitelisted", Gotchas: "check_balance.1"})
	b.Wants(b.disburse(togocel, emulation.Paid, "WHITE-OUT"), want{Kind: capabilities.Misconfigured, Message: "whitelisted", Guard: "pre_check", Gotchas: "disburse.2"})
	b.Wants(b.collect(togocel, emulation.Paid, "WHITE-IN"), want{State: capabilities.Pending})
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).NobodyListens(map[string]hosttest.Input{
		"initiate_payment":     togocel.order(emulation.Paid, "DIAL"),
		"check_payment_status": {"reference": "DIAL"},
		"check_balance":        {},
		"disburse":             togocel.order(emulation.Paid, "DIAL-OUT"),
		"verify_webhook":       {"body": claim("DIAL-HOOK", "5000")},
	})
}

func TestWrongInputsAreNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	good := togocel.order(emulation.Paid, "WRONG")
	for name, tt := range map[string]struct {
		in    hosttest.Input
		field string
	}{
		"wire name of a network":   {good.With("network", "TMONEY"), "network"},
		"the page's network":       {good.With("network", "TOGOCEL"), "network"},
		"the answers' network":     {good.With("network", "T-Money"), "network"},
		"number of another land":   {good.With("msisdn", "2290196000000"), "msisdn"},
		"local number":             {good.With("msisdn", "90000000"), "msisdn"},
		"prefix of nobody":         {good.With("msisdn", "22850000000").Without("network"), "network"},
		"decimals":                 {good.With("amount", "12.50"), "amount"},
		"reference of PayGate's":   {good.With("reference", "a b"), "reference"},
		"reference that is longer": {good.With("reference", "x2345678901234567890123456789012345678901234567890x"), "reference"},
		"the token":                {good.With("auth_token", "mine"), "auth_token"},
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).Call("initiate_payment", tt.in), want{Kind: capabilities.Invalid, Problem: tt.field})
		})
	}
	b.Untouched()
}

func TestCallerIsGoneBeforeSending(t *testing.T) {
	t.Parallel()
	newBench(t, emulation.Options{}).CallerIsGone("initiate_payment", togocel.order(emulation.Paid, "GONE"))
}
