package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

const internalError = `{"data":null,"error_code":2000,"message":"other error","result":false}`

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

func refused(says string) course { return course{says: says, first: "error 7", then: "error 7"} }

func notTaken(broken string) course {
	return course{broken: broken, first: "error 7", then: "error 7"}
}

// Every documented number, for a bill of its user.
func TestNumbersOfBills(t *testing.T) {
	paid := course{says: "done", first: "1", then: "2", paid: 1}
	cancelled := course{says: "done", first: "1", then: "3"}
	spoiled := func(broken string) course { return course{broken: broken, first: "1", then: "2", paid: 1} }
	for ending, want := range map[string]course{
		"000": paid,
		"001": cancelled,
		"002": cancelled,
		"003": refused("error 14"),
		"004": {says: "done", first: "1", then: "1", last: "4"},
		"005": notTaken("500"),
		"006": spoiled("500"),
		"007": notTaken("cut"),
		"008": spoiled("cut"),
		"009": spoiled("truncated"),
		"010": refused("error 13"),
		"011": spoiled("html"),
		"013": {says: "done", first: "2", then: "2", paid: 1},
		"014": {says: "done", first: "error 7", then: "2", paid: 1},
		"015": refused("error 1"),
		"016": paid,
		"017": refused("error 2000"),
		"018": refused("error 10"),
		"019": paid,
		"020": paid,
		"021": paid,
		"022": paid,
		"023": cancelled,
		"025": paid,
		"777": paid,
	} {
		t.Run(ending, func(t *testing.T) {
			follow(t, create, linked("T1", ending).with("lifetime", "60"), billStatus, want)
		})
		t.Run("mail/"+ending, func(t *testing.T) {
			mail := free("T1").with("email", quote("pay."+ending+"@example.com"), "lifetime", "60")
			follow(t, createV2, mail, billStatus, want)
		})
	}
}

// Every documented number, for a transfer.
func TestNumbersOfTransfers(t *testing.T) {
	paid := course{says: "done", first: "done", then: "done", paid: 1}
	fails := course{says: "error 100", first: "error 100", then: "error 100"}
	spoiled := func(broken string) course {
		return course{broken: broken, first: "done", then: "done", paid: 1}
	}
	for ending, want := range map[string]course{
		"000": paid,
		"001": fails,
		"002": refused("error 9"),
		"003": refused("error 14"),
		"004": {says: "error 8", first: "error 8", then: "error 8"},
		"005": notTaken("500"),
		"006": spoiled("500"),
		"007": notTaken("cut"),
		"008": spoiled("cut"),
		"009": spoiled("truncated"),
		"010": refused("error 13"),
		"011": spoiled("html"),
		"013": paid,
		"014": {says: "error 8", first: "error 8", then: "done", paid: 1},
		"015": refused("error 1"),
		"016": refused("error 5"),
		"017": refused("error 2000"),
		"018": refused("error 10"),
		"019": paid,
		"020": paid,
		"021": paid,
		"022": paid,
		"023": fails,
		"025": fails,
		"777": paid,
	} {
		t.Run(ending, func(t *testing.T) { follow(t, transfer, payout("T1", ending), transferStatus, want) })
		t.Run("mail/"+ending, func(t *testing.T) {
			mail := payout("T1", "").with("payee_account", quote("pay."+ending+"@example.com"))
			follow(t, transfer, mail, transferStatus, want)
		})
	}
}

// follow sends a request for money and watches it to its end.
func follow(t *testing.T, path string, request body, statusPath string, want course) {
	b := newBench(t, emulation.Options{})
	got := b.call(path, request)
	if broken := got.Spoiled(internalError); broken != want.broken {
		t.Fatalf("the answer is spoiled as %q, want %q: %s", broken, want.broken, got)
	}
	if want.broken == "" {
		if says := says(t, got); got.Status != http.StatusOK || says != want.says {
			t.Errorf("answered %s, want 200 and %s", got, want.says)
		}
	}
	if want.last == "" {
		want.last = want.then
	}
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{delay/2 - 1, want.first}, {delay, want.then}, {time.Hour, want.last}} {
		b.Clock.Advance(step.after)
		if says := says(t, b.call(statusPath, about("T1"))); says != step.want {
			t.Errorf("%s later its status is %s, want %s", step.after, says, step.want)
		}
	}
	if tx := b.Line("T1"); tx.Paid != want.paid || tx.Requests != 1 {
		t.Errorf("the books hold %+v, want it paid %d times", tx, want.paid)
	}
}

// What was not taken can be sent again under its name; what was taken cannot.
func TestAfterASpoiledAnswer(t *testing.T) {
	for ending, want := range map[string]string{"005": "done", "007": "done", "006": "error 6", "008": "error 6", "009": "error 6", "011": "error 6", "004": "error 6", "025": "error 6"} {
		b := newBench(t, emulation.Options{})
		b.call(transfer, payout("T1", ending))
		if got := says(t, b.call(transfer, payout("T1", "000"))); got != want {
			t.Errorf("%s: sent again, %s, want %s", ending, got, want)
		}
	}
}

func TestTheSlowAnswer(t *testing.T) {
	b := newBench(t, emulation.Options{SlowAnswer: time.Minute})
	got := emulationtest.InBackground(func() emulationtest.Answer { return b.call(transfer, payout("T1", "012")) })
	b.Within("the answer waits", func() bool { return b.Clock.Timers() == 1 })
	if got := says(t, b.call(transferStatus, about("T1"))); got != "done" {
		t.Errorf("the transfer waits for its answer: %s", got)
	}
	b.Clock.Advance(time.Minute)
	if got := says(t, <-got); got != "done" {
		t.Errorf("in the end: %s", got)
	}
}

func TestStatusCallsThatFail(t *testing.T) {
	for path, request := range map[string]body{create: linked("T1", "024"), transfer: payout("T1", "024")} {
		b := newBench(t, emulation.Options{})
		status := map[string]string{create: billStatus, transfer: transferStatus}[path]
		b.call(path, request)
		for range 2 {
			b.Wants(status, b.call(status, about("T1")), http.StatusInternalServerError, internalError)
			b.Clock.Advance(10 * time.Second)
		}
		if got := b.call(status, about("T1")); got.Status != http.StatusOK || !strings.Contains(got.Body, `"error_code":0`) {
			t.Errorf("the third time: %s", got)
		}
	}
}

// A refusal that the account has asked for says so, in words.
func TestReasons(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(transfer, payout("T1", "000"))
	b.call(transfer, payout("T2", "014"))
	b.call(create, bill("unique-1"))
	for want, got := range map[string]emulationtest.Answer{
		"asked for this refusal: 003":        b.call(create, linked("B1", "003")),
		"asked for this refusal: 016":        b.call(transfer, payout("T3", "016")),
		"USD balance":                        b.call(transfer, payout("T4", "000").with("amount", "600")),
		"EUR balance":                        b.call(transfer, payout("T5", "002").with("shop_currency", "978")),
		"asked for this wait: 014":           b.call(transferStatus, about("T2")),
		"asked for this failure: 025":        b.call(transfer, payout("T6", "025")),
		"shop_payment_id was used":           b.call(transfer, payout("T1", "000")),
		"shop_order_id was used":             b.call(create, bill("unique-1")),
		"no rate between EUR and KZT":        b.call(try, calculation().with("shop_currency", "978", "payee_currency", "398")),
		"amount is less than 1.00":           b.call(try, calculation().with("amount", "0.99")),
		"shop_amount is more than 1000000.0": b.call(create, bill("B1").with("shop_amount", "1000000.01")),
	} {
		if reason := got.Header.Get("X-Emulator-Reason"); !strings.Contains(reason, want) {
			t.Errorf("%s: the reason is %q, want %q", got, reason, want)
		}
	}
}

func TestNumbersAreDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	numbers := b.Emulator.Numbers()
	if len(numbers) != 26 {
		t.Fatalf("%d numbers, want 26", len(numbers))
	}
	for ending, says := range map[int]string{0: "id at once", 1: "error 100", 2: "error 9", 3: "error 14", 4: "expired", 5: "error 7", 10: "error 13", 14: "error 8", 15: "error 1", 16: "error 5", 17: "error 2000", 18: "error 10", 19: "strings", 23: "wrong sign", 25: "error 100"} {
		if effect := numbers[ending].Effect; !strings.Contains(effect, says) {
			t.Errorf("%s does not tell of %s: %s", numbers[ending].Ending, says, effect)
		}
	}
}
