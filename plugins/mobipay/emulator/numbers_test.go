package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// course is what becomes of a request: what the first answer says, what the status is half-way to the
// settle delay, after it and in the end, and how often money moved.
type course struct {
	says   string
	first  string
	then   string // and in the end
	paid   int
	broken string // how the first answer is spoiled, if it is
}

// Every documented number, for a payment and for a payout.
func TestNumbers(t *testing.T) {
	paid := course{says: "1", first: "1", then: "2", paid: 1}
	fails := course{says: "1", first: "1", then: "3"}
	cancelled := course{says: "1", first: "1", then: "4"}
	pending := course{says: "1", first: "1", then: "1"}
	refused := func(says, code string) course { return course{says: says + code, first: "3", then: "3"} }
	spoiled := func(broken string) course { return course{broken: broken, first: "1", then: "2", paid: 1} }
	notTaken := func(broken string) course { return course{broken: broken, first: unknown, then: unknown} }
	for ending, want := range map[string]struct{ payment, payout course }{
		"000": {paid, paid},
		"001": {cancelled, fails},
		"002": {fails, refused("3", "/90403")},
		"003": {refused("-1", "/10401"), refused("-1", "/10401")},
		"004": {pending, pending},
		"005": {notTaken("500"), notTaken("500")},
		"006": {spoiled("500"), spoiled("500")},
		"007": {notTaken("cut"), notTaken("cut")},
		"008": {spoiled("cut"), spoiled("cut")},
		"009": {spoiled("truncated"), spoiled("truncated")},
		"010": {refused("-1", "/10401"), refused("-1", "/10401")},
		"011": {spoiled("html"), spoiled("html")},
		// 012 waits on the clock: TestTheSlowAnswer.
		"013": {course{says: "2", first: "2", then: "2", paid: 1}, course{says: "2", first: "2", then: "2", paid: 1}},
		"014": {course{says: "1", first: unknown, then: "2", paid: 1}, course{says: "1", first: unknown, then: "2", paid: 1}},
		"015": {refused("-1", "/10301"), refused("-1", "/10301")},
		"016": {paid, refused("3", "/90402")},
		"017": {refused("-1", "/13104"), refused("-1", "/13104")},
		"018": {refused("3", "/90400"), refused("3", "/90400")},
		"019": {course{says: "1", first: "5", then: "2", paid: 1}, course{says: "1", first: "5", then: "2", paid: 1}},
		"020": {paid, paid},
		"021": {paid, paid},
		"022": {paid, paid},
		"023": {fails, fails},
		// 024 fails by status: TestStatusCallsThatFail.
		"025": {paid, fails},
		"030": {paid, course{says: "0", first: "0", then: "0"}},
		"777": {paid, paid},
	} {
		t.Run("payment/"+ending, func(t *testing.T) { follow(t, c2b, mtnBenin.payment(ending, "T1"), want.payment) })
		t.Run("payout/"+ending, func(t *testing.T) { follow(t, b2c, airtelMalawi.payout(ending, "T1"), want.payout) })
	}
}

const serverError = "<!DOCTYPE html>\n<html><head><title>500 Internal Server Error</title></head><body><h1>Internal Server Error</h1></body></html>\n"

// follow sends a request for money and watches it to its end.
func follow(t *testing.T, call, body string, want course) {
	b := newBench(t, emulation.Options{})
	got := b.call(call, body)
	if broken := got.Spoiled(serverError); broken != want.broken {
		t.Fatalf("the answer is spoiled as %q, want %q: %s", broken, want.broken, got)
	}
	if want.broken == "" {
		if says := saying(t, got); says != want.says {
			t.Errorf("answered %s, want %s", got, want.says)
		}
	}
	for _, step := range []struct {
		when  string
		after time.Duration
		want  string
	}{{"half-way", delay/2 - 1, want.first}, {"after the delay", delay, want.then}, {"in the end", time.Hour, want.then}} {
		b.Clock.Advance(step.after)
		if says := b.status("T1"); says != step.want {
			t.Errorf("%s its status is %s, want %s", step.when, says, step.want)
		}
	}
	if tx := b.Line("T1"); tx.Paid != want.paid || tx.Requests != 1 {
		t.Errorf("the books hold %+v, want it paid %d times", tx, want.paid)
	}
}

// What a payer's operator says has no code that means anything.
func TestWhatTheOperatorSays(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.payment("002", "T1"))
	b.Clock.Advance(delay)
	b.Wants("status", b.call(status, about("T1")), http.StatusOK, answer{
		order: "T1", id: "732007046722", status: "3", result: okay, provider: `{"code":-8888,"message":"Not enough funds"}`, at: "10.000000",
	}.String())
}

// A refusal by the number has no transaction_id, and says in words who wanted it.
func TestARefusalByTheNumber(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.call(b2c, mtnBenin.payout("016", "T1"))
	a := answer{order: "T1", status: "3", result: `{"code":90402,"message":"LIMIT EXCEEDED"}`, provider: meaningless, at: "00.000000"}
	b.Wants("payout", got, http.StatusOK, a.String())
	if !strings.Contains(reason(got), "asked for this refusal: 016") {
		t.Errorf("the reason is %q", reason(got))
	}
	a.result = okay // of the question
	b.Wants("status", b.call(status, about("T1")), http.StatusOK, a.String())
}

// Whoever tries the emulator learns which one-time codes it takes.
func TestNumbersTellTheCodes(t *testing.T) {
	for _, n := range emulator.New(emulation.Options{}).Numbers() {
		if n.Ending == string(emulation.Paid) && !strings.Contains(n.Effect, "one-time code any four digits will do but 0000") {
			t.Errorf("%s: %s", n.Ending, n.Effect)
		}
	}
}

func TestTheSlowAnswer(t *testing.T) {
	b := newBench(t, emulation.Options{SlowAnswer: time.Minute})
	got := emulationtest.InBackground(func() emulationtest.Answer { return b.call(c2b, mtnBenin.payment("012", "T1")) })
	b.Within("the payment and its answer wait", func() bool { return b.Clock.Timers() == 2 })
	b.Clock.Advance(delay)
	if says := b.status("T1"); says != "2" {
		t.Errorf("the payment waits for its answer: %s", says)
	}
	b.Clock.Advance(time.Minute)
	if says := saying(t, <-got); says != "1" {
		t.Errorf("the answer, when it comes, says %s", says)
	}
}

func TestStatusCallsThatFail(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.payment("024", "T1"))
	for range 2 {
		b.Wants("status", b.call(status, about("T1")), http.StatusInternalServerError, serverError)
	}
	if says := b.status("T1"); says != "1" {
		t.Errorf("the third status call: %s", says)
	}
}

func TestNumbersAreDocumented(t *testing.T) {
	numbers := newBench(t, emulation.Options{}).Emulator.Numbers()
	if len(numbers) != 27 {
		t.Fatalf("%d numbers, want 27", len(numbers))
	}
	for i, says := range map[int]string{0: "it is 2", 1: "4 after", 2: "90403", 3: "10401", 4: "1 for ever", 5: "90404", 15: "10301", 16: "90402", 17: "13104", 19: "5 instead of 1", 23: "wrong secret", 25: "3", 26: "confirm_type 1"} {
		if !strings.Contains(numbers[i].Effect, says) {
			t.Errorf("%s does not tell of %s: %s", numbers[i].Ending, says, numbers[i].Effect)
		}
	}
	if last := numbers[26]; last.Ending != "030" || emulation.EndingOf("22890000030") != emulation.Paid {
		t.Errorf("%s has another meaning: %+v", last.Ending, emulation.EndingOf("22890000030"))
	}
}
