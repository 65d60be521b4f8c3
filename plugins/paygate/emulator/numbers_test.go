package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

// course is what becomes of a request: what the first answer says, what the status is half-way to the
// settle delay, after it and in the end, and how often money moved.
type course struct {
	says   string
	first  string
	then   string
	last   string // empty: as then
	paid   int
	broken string // how the first answer is spoiled, if it is
}

const (
	unregistered = "error 403"
	serverError  = `{"error_code":500,"error_message":"Erreur interne."}`
)

// Every documented number, for a payment.
func TestNumbersOfPayments(t *testing.T) {
	paid := course{says: "0", first: "2", then: "0", paid: 1}
	cancelled := course{says: "0", first: "2", then: "6"}
	refused := func(says string) course { return course{says: says, first: unregistered, then: unregistered} }
	spoiled := func(broken string) course { return course{broken: broken, first: "2", then: "0", paid: 1} }
	notTaken := func(broken string) course {
		return course{broken: broken, first: unregistered, then: unregistered}
	}
	for ending, want := range map[string]course{
		"000": paid,
		"001": cancelled,
		"002": cancelled,
		"003": refused("4"),
		"004": {says: "0", first: "2", then: "2", last: "4"},
		"005": notTaken("500"),
		"006": spoiled("500"),
		"007": notTaken("cut"),
		"008": spoiled("cut"),
		"009": spoiled("truncated"),
		"010": refused("4"),
		"011": spoiled("html"),
		"013": {says: "0", first: "0", then: "0", paid: 1},
		"014": {says: "0", first: unregistered, then: "0", paid: 1},
		"015": refused("error 503"),
		"016": paid,
		"017": refused("error 500"),
		"018": refused("4"),
		"019": paid,
		"020": paid,
		"021": paid,
		"022": paid,
		"023": cancelled,
		"025": paid,
		"777": paid,
	} {
		for _, n := range wires {
			t.Run(n.network+"/"+ending, func(t *testing.T) { follow(t, pay, n.payment(ending, "T1"), want) })
		}
	}
}

// Every documented number, for a payout.
func TestNumbersOfPayouts(t *testing.T) {
	paid := course{says: "200", first: "2", then: "0", paid: 1}
	fails := course{says: "200", first: "2", then: "6"}
	refused := func(says string) course { return course{says: says, first: unregistered, then: unregistered} }
	spoiled := func(broken string) course { return course{broken: broken, first: "2", then: "0", paid: 1} }
	notTaken := func(broken string) course {
		return course{broken: broken, first: unregistered, then: unregistered}
	}
	for ending, want := range map[string]course{
		"000": paid,
		"001": fails,
		"002": refused("402"),
		"003": refused("400"),
		"004": {says: "200", first: "2", then: "2", last: "2"},
		"005": notTaken("500"),
		"006": spoiled("500"),
		"007": notTaken("cut"),
		"008": spoiled("cut"),
		"009": spoiled("truncated"),
		"010": refused("404"),
		"011": spoiled("html"),
		"013": {says: "200", first: "0", then: "0", paid: 1},
		"014": {says: "200", first: unregistered, then: "0", paid: 1},
		"015": refused("503"),
		"016": refused("422"),
		"017": refused("500"),
		"018": refused("400"),
		"019": paid,
		"020": paid,
		"021": paid,
		"022": paid,
		"023": fails,
		"025": fails,
		"777": paid,
	} {
		for _, n := range wires {
			t.Run(n.network+"/"+ending, func(t *testing.T) { follow(t, disburse, n.payout(ending, "T1"), want) })
		}
	}
}

// follow sends a request for money and watches it to its end.
func follow(t *testing.T, path, body string, want course) {
	b := newBench(t, emulation.Options{})
	got := b.Post(path, body)
	if broken := got.Spoiled(serverError); broken != want.broken {
		t.Fatalf("the answer is spoiled as %q, want %q: %+v", broken, want.broken, got)
	}
	if want.broken == "" {
		if says := saying(t, got); got.Status != http.StatusOK || says != want.says {
			t.Errorf("answered %s, want 200 and %s", got, want.says)
		}
	}
	b.Clock.Advance(delay/2 - 1)
	if says := b.status("T1"); says != want.first {
		t.Errorf("half-way its status is %s, want %s", says, want.first)
	}
	b.Clock.Advance(delay)
	if says := b.status("T1"); says != want.then {
		t.Errorf("after the delay its status is %s, want %s", says, want.then)
	}
	b.Clock.Advance(time.Hour)
	if want.last == "" {
		want.last = want.then
	}
	if says := b.status("T1"); says != want.last {
		t.Errorf("in the end its status is %s, want %s", says, want.last)
	}
	if tx := b.Line("T1"); tx.Paid != want.paid || tx.Requests != 1 {
		t.Errorf("the books hold %+v, want it paid %d times", tx, want.paid)
	}
}

func TestAnUnansweredPaymentExpiresByTheClock(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, moov.payment("004", "T1"))
	b.Clock.Advance(10*delay - 1)
	if says := b.status("T1"); says != "2" {
		t.Errorf("a moment before: %s", says)
	}
	b.Clock.Advance(1)
	b.Wants("ten delays later", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK,
		`{"tx_reference":4671135,"identifier":"T1","amount":5000,"payment_reference":"","payment_method":"FLOOZ",`+
			`"datetime":"2025-03-01T12:01:40.000Z","phone_number":"2289600XXXX","status":4}`)
	if tx := b.Line("T1"); tx.State != emulation.Expired || tx.Paid != 0 {
		t.Errorf("the books hold %+v", tx)
	}
}

// What is refused at once says why, in words.
func TestReasons(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, moov.payment("000", "T1"))
	for want, got := range map[string]emulationtest.Answer{
		"asked for this refusal: 003": b.Post(pay, moov.payment("003", "T2")),
		"used before":                 b.Post(pay, moov.payment("000", "T1")),
		"TMONEY balance":              b.Post(disburse, togocel.payoutOf(900000, "000", "T3")),
		"FLOOZ balance":               b.Post(disburse, moov.payout("002", "T4")),
		"asked for this refusal: 016": b.Post(disburse, moov.payout("016", "T5")),
	} {
		if !strings.Contains(reason(got), want) {
			t.Errorf("%s: the reason is %q, want %q", got.Body, reason(got), want)
		}
	}
}

func TestTheSlowAnswer(t *testing.T) {
	b := newBench(t, emulation.Options{SlowAnswer: time.Minute})
	got := emulationtest.InBackground(func() emulationtest.Answer { return b.Post(pay, togocel.payment("012", "T1")) })
	b.Within("the payment and its answer wait", func() bool { return b.Clock.Timers() == 2 })
	b.Clock.Advance(delay)
	if says := b.status("T1"); says != "0" {
		t.Errorf("the payment waits for its answer: %s", says)
	}
	b.Clock.Advance(time.Minute)
	b.Wants("pay", <-got, http.StatusOK, `{"tx_reference":4671135,"status":0}`)
}

func TestNotYetKnown(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, togocel.payment("014", "T1"))
	b.Wants("by identifier", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK, notFound)
	b.Wants("by reference", b.Post(statusV1, aboutReference("4671135")), http.StatusOK, notFound)
	b.Clock.Advance(delay / 2)
	if says := b.status("T1"); says != "2" {
		t.Errorf("half-way: %s", says)
	}
}

func TestStatusCallsThatFail(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, togocel.payment("024", "T1"))
	b.Wants("the first", b.Post(statusV2, aboutIdentifier("T1")), http.StatusInternalServerError, serverError)
	b.Wants("the second", b.Post(statusV1, aboutReference("4671135")), http.StatusInternalServerError, serverError)
	if says := b.status("T1"); says != "2" {
		t.Errorf("the third status call: %s", says)
	}
}

func TestNumbersAreDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	numbers := b.Emulator.Numbers()
	if len(numbers) != 26 {
		t.Fatalf("%d numbers, want 26", len(numbers))
	}
	for ending, says := range map[int]string{0: "disburse 200", 1: "6 after", 2: "402", 3: "400", 4: "expired", 10: "404", 15: "503", 16: "422", 19: "as a string", 25: "6"} {
		if effect := numbers[ending].Effect; !strings.Contains(effect, says) {
			t.Errorf("%s does not tell of %s: %s", numbers[ending].Ending, says, effect)
		}
	}
}
