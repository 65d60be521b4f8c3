package mobipay_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// The customer confirms on the phone: result 0 and status 1 are not paid.
func TestPaymentIsTakenAndThenPaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(benin, emulation.Paid, "PAID")
	b.Wants(a, want{State: capabilities.Pending, Response: "status=1", After: 5})
	b.says(a, "")
	if code(a) != "0" || a.Network != "mtn_bj" || a.Amount != "5000" || a.Currency != "XOF" {
		t.Errorf("code %q, network %q, %s %s", code(a), a.Network, a.Amount, a.Currency)
	}
	b.Wants(b.Follow(a), want{State: capabilities.Pending, Response: "status=1"})
	b.Clock.Advance(delay)
	a = b.ask("PAID")
	b.Wants(a, want{State: capabilities.Succeeded, Response: "status=2"})
	if a.Next != nil || a.Amount != "5000" || hosttest.Response(a)["transaction_ref"] == "" {
		t.Errorf("next %+v, amount %q, %s", a.Next, a.Amount, a.Response)
	}
	b.Moved("PAID", emulation.Collect, 1, 1)
}

// What becomes of payments, and the statuses that say so.
func TestPaymentsThatAreNotPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		ending emulation.Ending
		later  time.Duration
		want   want
	}{
		"refused":      {emulation.Refused, delay, want{State: capabilities.Cancelled, Response: "status=4"}},
		"low balance":  {emulation.LowBalance, delay, want{State: capabilities.Failed, Response: "status=3"}},
		"still open":   {emulation.NeverAnswered, 10 * delay, want{State: capabilities.Pending, Response: "status=1"}},
		"paid at once": {emulation.PaidAtOnce, 0, want{State: capabilities.Succeeded, Response: "status=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, reference := all.in(t), "NOT-"+string(tt.ending)
			begun := capabilities.Pending
			if tt.ending == emulation.PaidAtOnce {
				begun = capabilities.Succeeded
			}
			b.Wants(b.collect(benin, tt.ending, reference), want{State: begun})
			b.Clock.Advance(tt.later)
			b.Wants(b.ask(reference), tt.want)
		})
	}
}

// A refusal comes with HTTP 200. A code that blames the request is final, and
// so is a failed or cancelled status; any other code tells nothing.
func TestPaymentIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	no := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed}
	unclear := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "do not send it again"}
	for ending, tt := range map[emulation.Ending]struct {
		code string
		want want
	}{
		emulation.WrongNetwork:  {"10401", no},
		emulation.NoAccount:     {"10401", no},
		emulation.Invalid:       {"90400", no},
		emulation.NetworkDown:   {"10301", unclear},
		emulation.InternalError: {"13104", unclear},
	} {
		for capability, op := range map[string]emulation.Operation{"initiate_payment": emulation.Collect, "disburse": emulation.Disburse} {
			t.Run(capability+"/"+tt.code+"/"+string(ending), func(t *testing.T) {
				b, reference := all.in(t), string(op)+string(ending)
				a := b.Call(capability, benin.order(ending, reference))
				b.Wants(a, tt.want)
				if code(a) != tt.code || !strings.Contains(a.Message, tt.code) {
					t.Errorf("code %q in:\n%s", code(a), a.Text())
				}
				if tt.want.Kind == capabilities.UnknownOutcome {
					b.Wants(b.Follow(a), want{State: capabilities.Failed, Response: "status=3"})
				}
				b.Moved(reference, op, 1, 0)
			})
		}
	}
}

// Orange in Burkina Faso wants its code with the payment.
func TestPaymentWithACodeThatComesFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := burkina.order(emulation.Paid, "CODE")
	b.Wants(b.Call("initiate_payment", in), want{Kind: capabilities.Invalid, Problem: "otp", Message: "Orange Burkina Faso requires it"})
	b.Untouched()
	b.Wants(b.Call("initiate_payment", in.With("otp", "5647")), want{State: capabilities.Pending})
	b.Clock.Advance(delay)
	b.Wants(b.ask("CODE"), want{State: capabilities.Succeeded})
	for otp, why := range map[string]string{"0000": "code 1", "12345": "code 3"} {
		a := b.Call("initiate_payment", burkina.order(emulation.Paid, "CODE-"+otp).With("otp", otp))
		b.Wants(a, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Message: why + "|ask the customer for a new code"})
	}
}

// Orange in Ivory Coast takes the code with the payment, or afterwards.
func TestPaymentIsConfirmedLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(ivory, emulation.Paid, "LATER")
	b.Wants(a, want{State: capabilities.Pending, Response: "status=0"})
	b.says(a, "mobipay_confirm_payment")
	b.Clock.Advance(delay)
	a = b.ask("LATER")
	b.Wants(a, want{State: capabilities.Pending, Response: "status=0"})
	b.says(a, "if it is a payment and its code was not passed on yet: ask the customer for the code from the operator, then call mobipay_confirm_payment")
	again := want{Kind: capabilities.ProviderRejected, Message: "ask the customer for a new code"}
	b.Wants(b.confirm(ivory, emulation.Paid, "LATER", "0000"), again)
	b.Wants(b.confirm(ivory, emulation.Paid, "LATER", "12345"), again)
	b.Wants(b.ask("LATER"), want{State: capabilities.Pending, Response: "status=0"})
	a = b.confirm(ivory, emulation.Paid, "LATER", "7374")
	b.Wants(a, want{State: capabilities.Pending, Response: "status=1"})
	if a.Next == nil || a.Next.Tool != "mobipay_check_payment_status" {
		t.Errorf("next %+v, want to ask for the status", a.Next)
	}
	b.Clock.Advance(delay)
	b.Wants(b.ask("LATER"), want{State: capabilities.Succeeded})
	b.Moved("LATER", emulation.Collect, 1, 1)

	a = b.Call("initiate_payment", ivory.order(emulation.Paid, "WITH").With("otp", "7374"))
	b.Wants(a, want{State: capabilities.Pending, Response: "status=1"})
	b.says(a, "")
	b.Clock.Advance(delay)
	b.Wants(b.ask("WITH"), want{State: capabilities.Succeeded})
}

// What cannot be confirmed is not sent.
func TestConfirmationsThatAreNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(ivory, emulation.Paid, "OPEN")
	b.Wants(b.confirm(ivory, emulation.Paid, "NEVER", "7374"), want{Kind: capabilities.Invalid, Problem: "reference"})
	b.Wants(b.confirm(ivory, emulation.Refused, "OPEN", "7374"), want{Kind: capabilities.Invalid, Problem: "msisdn"})
	b.Wants(b.confirm(ivory, emulation.Paid, "OPEN", "12"), want{Kind: capabilities.Invalid, Problem: "otp"})
	b.collect(benin, emulation.Paid, "PUSH")
	b.Wants(b.confirm(benin, emulation.Paid, "PUSH", "7374"), want{Kind: capabilities.Invalid, Problem: "reference", Message: "on a network whose payments are confirmed"})
	b.Wants(b.ask("OPEN"), want{State: capabilities.Pending, Response: "status=0"})
}

// In Rwanda, Uganda and Egypt the customer pays on a page. Its link comes with
// the status, and with nothing before.
func TestPaymentOnAPage(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	for _, o := range []operator{rwanda, egypt} {
		t.Run(o.network, func(t *testing.T) {
			b, reference := all.in(t), "PAGE-"+o.currency
			in := o.order(emulation.Paid, reference)
			if o.network == egypt.network {
				in = in.With("return_url", "https://shop.example/thanks?order=1&lang=fr")
			}
			a := b.Call("initiate_payment", in)
			b.Wants(a, want{State: capabilities.Pending, Response: "status=0"})
			b.says(a, "ask for the status: it brings the link")
			a = b.Follow(a)
			b.Wants(a, want{State: capabilities.Pending})
			link := detail(a, "customer_redirect")
			b.says(a, "send the customer to "+link)
			b.pays(link)
			a = b.ask(reference)
			b.Wants(a, want{State: capabilities.Pending, Response: "status=1"})
			if a.Details["customer_redirect"] != nil {
				t.Errorf("the customer is still sent to %s", a.Details["customer_redirect"])
			}
			b.Clock.Advance(delay)
			b.Wants(b.ask(reference), want{State: capabilities.Succeeded})
		})
	}
}

// pays does on the page what the customer does.
func (b bench) pays(link string) {
	b.Helper()
	if u, err := url.Parse(link); err != nil || u.Host == "" {
		b.Fatalf("the page is at %q", link)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := c.PostForm(link, url.Values{"action": {"pay"}})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Body.Close(); err != nil || r.StatusCode >= http.StatusBadRequest {
		b.Fatalf("the page answered HTTP %d, %v", r.StatusCode, err)
	}
}

// In Nigeria the answer names the account to transfer to.
func TestPaymentByTransfer(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.collect(nigeria, emulation.Paid, "BANK")
	b.Wants(a, want{State: capabilities.Pending})
	b.says(a, "the customer transfers 100.5 NGN to account 4000000000 at Premium Trust Bank (Test Ltd / Test Limited)")
	var told struct {
		Account struct {
			Bank   string `json:"bank_name"`
			Name   string `json:"account_name"`
			Number string `json:"account_number"`
			Amount string `json:"transfer_amount"`
		} `json:"bank_account"`
	}
	b.Details(a, &told)
	open := b.ask("BANK")
	b.Wants(open, want{State: capabilities.Pending})
	b.says(open, "if it is a payment: the customer transfers the amount to the account that its first answer named")
	if told.Account.Number != "4000000000" || told.Account.Bank != "Premium Trust Bank" || told.Account.Amount != "100.5" {
		t.Errorf("the account is %+v", told.Account)
	}
	b.Clock.Advance(delay)
	a = b.ask("BANK")
	b.Wants(a, want{State: capabilities.Succeeded})
	if a.Amount != "100.50" {
		t.Errorf("the amount is %s", a.Amount)
	}
}

// The simulator takes any country, wants its currency by name, and never ends.
func TestSimulator(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := nowhere.order(emulation.Paid, "SIM")
	b.Wants(b.Call("initiate_payment", in), want{State: capabilities.Pending, Response: "status=1", Note: "never calls back"})
	b.Wants(b.Call("disburse", in.With("reference", "SIM-OUT")), want{State: capabilities.Pending, Note: "stays in progress"})
	b.Clock.Advance(100 * delay)
	b.Wants(b.ask("SIM"), want{State: capabilities.Pending, Response: "status=1"})
	b.Wants(b.Call("initiate_payment", in.With("msisdn", "254712345678").With("reference", "SIM-KE")), want{State: capabilities.Pending})
	production := bench{b.Targeting(capabilities.Production, b.Server.BaseURL())}
	production.in(t).Wants(production.informed("initiate_payment").Ask(t.Context(), "initiate_payment", in.With("reference", "SIM-3")),
		want{Kind: capabilities.Invalid, Problem: "network", Message: "not for production"})
}

// informed is in production, where every notice was acknowledged.
func (b bench) informed(capability string) *hosttest.Bench {
	b.Helper()
	return b.Informed(capability, "")
}

// An order_id counts once. Here the second request is answered from the
// record; from elsewhere MobiPay gives the first answer again.
func TestReferenceIsUsedTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.Paid, "TWICE")
	b.Wants(b.collect(benin, emulation.Paid, "TWICE"), want{State: capabilities.Pending, Note: "nothing was sent"})
	b.Moved("TWICE", emulation.Collect, 1, 0)
	other := bench{b.Elsewhere()}
	other.Wants(other.collect(benin, emulation.Paid, "TWICE"), want{State: capabilities.Pending})
	b.Clock.Advance(delay)
	b.Wants(b.ask("TWICE"), want{State: capabilities.Succeeded})
	b.Moved("TWICE", emulation.Collect, 2, 1)
}

// The other documented spelling: numbers as texts, texts as numbers, fields
// that are absent, and the status 5, of which nobody says what it means.
func TestPaymentInTheOtherSpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.collect(benin, emulation.Variant, "VARIANT"), want{State: capabilities.Pending, Response: "confirm_type="})
	b.Wants(b.disburse(benin, emulation.Variant, "VARIANT-OUT"), want{State: capabilities.Pending, Response: "confirm_type=0"})
	b.Wants(b.ask("VARIANT"), want{State: capabilities.Unknown, Response: "status=5 service_version=11.1", Note: "the status 5, which tells nothing"})
	b.Clock.Advance(delay)
	b.Wants(b.ask("VARIANT"), want{State: capabilities.Succeeded})
}
