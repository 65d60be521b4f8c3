package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

func TestAnOperationIsAcceptedThenPaid(t *testing.T) {
	for call, op := range map[string]emulation.Operation{c2b: emulation.Collect, b2c: emulation.Disburse} {
		t.Run(call, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			taken := answer{order: "T1", id: "732007046722", status: "1", result: okay, provider: underWay, at: "00.000000", confirm: "0"}
			b.Wants(call, b.call(call, mtnBenin.payment("000", "T1")), http.StatusOK, taken.String())
			b.Clock.Advance(delay / 2)
			taken.at, taken.confirm = "05.000000", ""
			b.Wants("status at first", b.call(status, about("T1")), http.StatusOK, taken.String())
			b.Clock.Advance(delay/2 + 123456*time.Microsecond)
			b.Wants("status after the delay", b.call(status, about("T1")), http.StatusOK, answer{
				order: "T1", id: "732007046722", ref: "MP.33234.342.CP33", status: "2", result: okay, provider: okay, at: "10.123456",
			}.String())
			want := emulation.Transaction{
				Reference: "T1", Operation: op, Network: "mtn_bj", MSISDN: "2290196000000", Amount: "5000.00", Currency: "XOF",
				State: emulation.Succeeded, Requests: 1, Paid: 1, Created: start, Settled: start.Add(delay),
			}
			if tx := b.Line("T1"); tx != want {
				t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
			}
		})
	}
}

// The variant's answers are those of the OpenAPI document, and its status has no meaning there.
func TestTheVariant(t *testing.T) {
	b := newBench(t, emulation.Options{})
	a := answer{order: "T1", id: "732007046722", status: "1", result: okay, provider: underWay, at: "00.000000"}
	b.Wants("payment", b.call(c2b, mtnBenin.payment("019", "T1")), http.StatusOK, a.by(`"1"`, "11.1"))
	a.status = "5"
	b.Wants("status at first", b.call(status, about("T1")), http.StatusOK, a.by(`"1"`, "11.1"))
	a.order, a.id, a.status, a.confirm = "T2", "732007046723", "1", `"0"`
	b.Wants("payout", b.call(b2c, mtnBenin.payout("019", "T2")), http.StatusOK, a.by(`"1"`, "11.1"))
	b.Clock.Advance(delay)
	b.Wants("status after the delay", b.call(status, about("T1")), http.StatusOK, answer{
		order: "T1", id: "732007046722", ref: "MP.33234.342.CP33", status: "2", result: okay, provider: okay, at: "10.000000",
	}.by(`"1"`, "11.1"))
}

func TestAnUnknownOrder(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.payment("000", "T1"))
	notFound := answer{order: "NONE", status: "-1", result: `{"code":90404,"message":"PARENT OPERATION NOT FOUND"}`, provider: meaningless, at: "00.000000"}
	b.Wants("status", b.call(status, about("NONE")), http.StatusOK, notFound.String())
	b.Wants("status with a one-time code", b.call(status, confirming("NONE", "2250705145655", "1234")), http.StatusOK, notFound.String())
}

// An order_id gets the first answer for ever, and what it asked for is not repeated.
func TestAnOrderIDWorksOnce(t *testing.T) {
	b := newBench(t, emulation.Options{})
	first := b.call(c2b, mtnBenin.payment("000", "T1"))
	for moment := range 2 {
		for name, got := range map[string]emulationtest.Answer{
			"the same":        b.call(c2b, mtnBenin.payment("000", "T1")),
			"another number":  b.call(c2b, mtnBenin.payment("001", "T1")),
			"another amount":  b.call(c2b, mtnBenin.requestFor("700.00", "000", "T1", "")),
			"another network": b.call(c2b, mtnRwanda.payment("000", "T1")),
			"a payout":        b.call(b2c, mtnBenin.payout("000", "T1")),
			"nonsense":        b.call(c2b, about("T1")),
		} {
			if got.Body != first.Body {
				t.Errorf("%s, moment %d: %s\nwant %s", name, moment, got, first)
			}
		}
		b.Clock.Advance(delay)
	}
	if tx := b.Line("T1"); tx.Requests != 13 || tx.Paid != 1 || tx.Operation != emulation.Collect || tx.Amount != "5000.00" {
		t.Errorf("the books hold %+v", tx)
	}
}

// Whatever the first answer was, and however it was spoiled, it is what comes again.
func TestTheFirstAnswerComesAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		call, body string
		want       string
	}{
		"paid at once":      {c2b, mtnBenin.payment("013", "T1"), "2"},
		"refused at once":   {c2b, mtnBenin.payment("003", "T1"), "-1/10401"},
		"a low balance":     {b2c, mtnBenin.payout("002", "T1"), "3/90403"},
		"a customer's no":   {c2b, mtnBenin.payment("001", "T1"), "1"},
		"cut":               {c2b, mtnBenin.payment("008", "T1"), "1"},
		"an error":          {b2c, mtnBenin.payout("006", "T1"), "1"},
		"half":              {c2b, mtnBenin.payment("009", "T1"), "1"},
		"a page":            {c2b, mtnBenin.payment("011", "T1"), "1"},
		"customer_redirect": {c2b, mtnRwanda.payment("000", "T1"), "0"},
		"an abandoned page": {c2b, mtnRwanda.payment("019", "T1"), "0"},
		"a transfer":        {c2b, bankNigeria.payment("008", "T1"), "1"},
		"a confirmation":    {b2c, mtnBenin.payout("030", "T1"), "0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			b.call(tt.call, tt.body)
			second := b.call(tt.call, tt.body)
			if says := saying(t, second); says != tt.want {
				t.Errorf("the second answer says %s, want %s", says, tt.want)
			}
			if name == "an abandoned page" {
				b.PostForm(b.page("T1"), abandoning)
			}
			b.Clock.Advance(time.Hour)
			if third := b.call(tt.call, tt.body); third.Body != second.Body {
				t.Errorf("the third is %s\nwant %s", third, second)
			}
			if tx := b.Line("T1"); tx.Requests != 3 || tx.Paid > 1 {
				t.Errorf("the books hold %+v", tx)
			}
		})
	}
}

// Settling without a delay is no reason to change what was said.
func TestTheFirstAnswerWithoutADelay(t *testing.T) {
	b := newBench(t, emulation.Options{SettleAfter: -1})
	first := b.call(c2b, mtnBenin.payment("000", "T1"))
	if says := saying(t, first); says != "2" {
		t.Errorf("without a delay: %s", first)
	}
	b.Wants("again", b.call(c2b, mtnBenin.payment("000", "T1")), http.StatusOK, first.Body)
	if says := saying(t, b.call(c2b, mtnBenin.payment("004", "T2"))); says != "1" {
		t.Errorf("never answered: %s", says)
	}
}

// A payout that asks for a confirmation goes no further, and status does not tell why.
func TestAPayoutThatAsksForAConfirmation(t *testing.T) {
	b := newBench(t, emulation.Options{})
	a := answer{order: "T1", id: "732007046722", status: "0", result: okay, provider: underWay, at: "00.000000", confirm: "1"}
	b.Wants("payout", b.call(b2c, mtnBenin.payout("030", "T1")), http.StatusOK, a.String())
	b.Wants("payout with whatever", b.call(b2c, mtnBenin.request("030", "T1", `{"otp":"1234"}`)), http.StatusOK, a.String())
	a.confirm = ""
	b.Wants("status", b.call(status, about("T1")), http.StatusOK, a.String())
	b.Clock.Advance(100 * 24 * time.Hour)
	if says := b.status("T1"); says != "0" {
		t.Errorf("a hundred days later: %s", says)
	}
	if tx := b.Line("T1"); tx.Paid != 0 || tx.State != emulation.Pending || !tx.Waiting {
		t.Errorf("the books hold %+v", tx)
	}
	b.call(c2b, mtnBenin.payment("030", "T2"))
	b.Clock.Advance(delay)
	if says := b.status("T2"); says != "2" {
		t.Errorf("a payment of that number: %s", says)
	}
}

// The simulator takes anything and gets nowhere, as documented.
func TestTheSimulator(t *testing.T) {
	in := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: in.URL})
	b.Wants("payment", b.call(c2b, simulator.payment("001", "T1")), http.StatusOK, answer{
		order: "T1", id: "732007046722", status: "1", result: okay, provider: underWay, at: "00.000000", confirm: "0",
	}.String())
	for order, ending := range map[string]string{"T2": "013", "T3": "023", "T4": "030", "T5": "004"} {
		b.call(c2b, simulator.payment(ending, order))
		b.call(b2c, simulator.payout(ending, order+"-out"))
	}
	b.Clock.Advance(100 * 24 * time.Hour)
	for _, tx := range b.Transactions() {
		if says := b.status(tx.Reference); says != "1" || tx.Paid != 0 {
			t.Errorf("%s: %s, %+v", tx.Reference, says, tx)
		}
	}
	in.Wants("")
	elsewhere := strings.NewReplacer(`"KES"`, `"GHS"`, `"KE"`, `"GH"`).Replace(simulator.payment("000", "T6"))
	if says := saying(t, b.call(c2b, elsewhere)); says != "1" {
		t.Errorf("in another country: %s", says)
	}
	if says := saying(t, b.call(c2b, simulator.payment("003", "T7"))); says != "-1/10401" {
		t.Errorf("a number that is refused at once: %s", says)
	}
}

// The page of a bad signature and that of a server error are all that a client gets.
func TestPagesInsteadOfAnswers(t *testing.T) {
	b := newBench(t, emulation.Options{})
	bad := b.Post("/"+publicID+"/"+c2b, mtnBenin.payment("000", "T1"))
	if bad.Spoiled("") != "html" || !strings.Contains(bad.Body, "Signature is not valid") {
		t.Errorf("without a signature: %s", bad)
	}
	if wrong := b.call(c2b, mtnBenin.payment("005", "T1")); wrong.Status != 500 || !strings.HasPrefix(wrong.Type(), "text/html") {
		t.Errorf("a server error: %s", wrong)
	}
}
