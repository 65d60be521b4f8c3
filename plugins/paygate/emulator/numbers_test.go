package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
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

const unregistered = "error 403"

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
	got := b.post(path, body)
	if broken := spoiling(got); broken != want.broken {
		t.Fatalf("the answer is spoiled as %q, want %q: %+v", broken, want.broken, got)
	}
	if want.broken == "" {
		if says := got.says(t); got.status != http.StatusOK || says != want.says {
			t.Errorf("answered %d %s, want 200 and %s", got.status, got.body, want.says)
		}
	}
	b.clock.Advance(delay/2 - 1)
	if says := b.status("T1"); says != want.first {
		t.Errorf("half-way its status is %s, want %s", says, want.first)
	}
	b.clock.Advance(delay)
	if says := b.status("T1"); says != want.then {
		t.Errorf("after the delay its status is %s, want %s", says, want.then)
	}
	b.clock.Advance(time.Hour)
	if want.last == "" {
		want.last = want.then
	}
	if says := b.status("T1"); says != want.last {
		t.Errorf("in the end its status is %s, want %s", says, want.last)
	}
	if tx := b.line("T1"); tx.Paid != want.paid || tx.Requests != 1 {
		t.Errorf("the books hold %+v, want it paid %d times", tx, want.paid)
	}
}

// spoiling tells how an answer is spoiled: empty if it is not.
func spoiling(a answer) string {
	switch {
	case a.status == 0:
		return "cut"
	case a.err != nil:
		return "truncated"
	case a.body == `{"error_code":500,"error_message":"Erreur interne."}` && a.status == 500:
		return "500"
	case strings.HasPrefix(a.kind, "text/html") && a.status == 200:
		return "html"
	default:
		return ""
	}
}

func TestAnUnansweredPaymentExpiresByTheClock(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.post(pay, moov.payment("004", "T1"))
	b.clock.Advance(10*delay - 1)
	if says := b.status("T1"); says != "2" {
		t.Errorf("a moment before: %s", says)
	}
	b.clock.Advance(1)
	b.wants("ten delays later", b.post(statusV2, aboutIdentifier("T1")), http.StatusOK,
		`{"tx_reference":4671135,"identifier":"T1","amount":5000,"payment_reference":"","payment_method":"FLOOZ",`+
			`"datetime":"2025-03-01T12:01:40.000Z","phone_number":"2289600XXXX","status":4}`)
	if tx := b.line("T1"); tx.State != emulation.Expired || tx.Paid != 0 {
		t.Errorf("the books hold %+v", tx)
	}
}

// What is refused at once says why, in words.
func TestReasons(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.post(pay, moov.payment("000", "T1"))
	for want, got := range map[string]answer{
		"asked for this refusal: 003": b.post(pay, moov.payment("003", "T2")),
		"used before":                 b.post(pay, moov.payment("000", "T1")),
		"TMONEY balance":              b.post(disburse, togocel.payoutOf(900000, "000", "T3")),
		"FLOOZ balance":               b.post(disburse, moov.payout("002", "T4")),
		"asked for this refusal: 016": b.post(disburse, moov.payout("016", "T5")),
	} {
		if !strings.Contains(got.reason, want) {
			t.Errorf("%s: the reason is %q, want %q", got.body, got.reason, want)
		}
	}
}

func TestTheSlowAnswer(t *testing.T) {
	b := newBench(t, emulation.Options{SlowAnswer: time.Minute})
	got := b.inBackground(pay, togocel.payment("012", "T1"))
	within(t, "the payment and its answer wait", func() bool { return b.clock.Timers() == 2 })
	b.clock.Advance(delay)
	if says := b.status("T1"); says != "0" {
		t.Errorf("the payment waits for its answer: %s", says)
	}
	b.clock.Advance(time.Minute)
	b.wants("pay", <-got, http.StatusOK, `{"tx_reference":4671135,"status":0}`)
}

func TestNotYetKnown(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.post(pay, togocel.payment("014", "T1"))
	b.wants("by identifier", b.post(statusV2, aboutIdentifier("T1")), http.StatusOK, notFound)
	b.wants("by reference", b.post(statusV1, aboutReference("4671135")), http.StatusOK, notFound)
	b.clock.Advance(delay / 2)
	if says := b.status("T1"); says != "2" {
		t.Errorf("half-way: %s", says)
	}
}

func TestStatusCallsThatFail(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.post(pay, togocel.payment("024", "T1"))
	failing := `{"error_code":500,"error_message":"Erreur interne."}`
	b.wants("the first", b.post(statusV2, aboutIdentifier("T1")), http.StatusInternalServerError, failing)
	b.wants("the second", b.post(statusV1, aboutReference("4671135")), http.StatusInternalServerError, failing)
	if says := b.status("T1"); says != "2" {
		t.Errorf("the third status call: %s", says)
	}
}

func TestNumbersAreDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	numbers := b.emulator.Numbers()
	if len(numbers) != 26 {
		t.Fatalf("%d numbers, want 26", len(numbers))
	}
	for ending, says := range map[int]string{0: "disburse 200", 1: "6 after", 2: "402", 3: "400", 4: "expired", 10: "404", 15: "503", 16: "422", 19: "as a string", 25: "6"} {
		if effect := numbers[ending].Effect; !strings.Contains(effect, says) {
			t.Errorf("%s does not tell of %s: %s", numbers[ending].Ending, says, effect)
		}
	}
}
