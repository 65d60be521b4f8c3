package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const serverError = `{"title":"Internal Server Error","status":500,"detail":"the number asked for this error"}`

// course is what becomes of a request: the first answer, the status half-way to the settle delay, the
// status in the end, and how often money moved.
type course struct {
	http   int
	code   string
	first  string
	last   string
	paid   int
	broken string // how the first answer is spoiled, if it is
}

// Every documented number, for a payment on the networks that answer before the customer does.
func TestNumbersOfPayments(t *testing.T) {
	for _, n := range wires {
		if n.name == moovBenin.name {
			continue
		}
		fails := n.failure
		tests := map[string]course{
			"000": {http: 202, code: "01", first: "01", last: "00", paid: 1},
			"001": {http: 202, code: "01", first: "01", last: fails},
			"002": {http: 202, code: "01", first: "01", last: "529"},
			"003": {http: 200, code: "515", first: "515", last: "515"},
			"004": {http: 202, code: "01", first: "01", last: "01"},
			"005": {broken: "500", first: "-1", last: "-1"},
			"006": {broken: "500", first: "01", last: "00", paid: 1},
			"007": {broken: "cut", first: "-1", last: "-1"},
			"008": {broken: "cut", first: "01", last: "00", paid: 1},
			"009": {broken: "truncated", first: "01", last: "00", paid: 1},
			"010": {http: 417, code: fails, first: fails, last: fails},
			"011": {broken: "html", first: "01", last: "00", paid: 1},
			"013": {http: 202, code: "00", first: "00", last: "00", paid: 1},
			"014": {http: 202, code: "01", first: "-1", last: "00", paid: 1},
			"015": {http: 200, code: "527", first: "527", last: "527"},
			"016": {http: 202, code: "01", first: "01", last: "00", paid: 1},
			"017": {http: 200, code: "682", first: "682", last: "682"},
			"018": {http: 200, code: "849", first: "849", last: "849"},
			"019": {http: 200, code: "01", first: "01", last: "0", paid: 1},
			"020": {http: 202, code: "01", first: "01", last: "00", paid: 1},
			"021": {http: 202, code: "01", first: "01", last: "00", paid: 1},
			"022": {http: 202, code: "01", first: "01", last: "00", paid: 1},
			"023": {http: 202, code: "01", first: "01", last: fails},
			"025": {http: 202, code: "01", first: "01", last: "00", paid: 1},
			"777": {http: 202, code: "01", first: "01", last: "00", paid: 1},
		}
		for ending, want := range tests {
			t.Run(n.name+"/"+ending, func(t *testing.T) { follow(t, n, n.payment, ending, want) })
		}
	}
}

// Every documented number, for a deposit.
func TestNumbersOfDeposits(t *testing.T) {
	for _, n := range wires {
		if n.deposit == "" {
			continue
		}
		fails, accepted, status, other, otherStatus := n.failure, "0", 200, "00", 202
		if n.inTogo() {
			accepted, status, other, otherStatus = "00", 202, "0", 200
		}
		paid := course{http: status, code: accepted, first: "01", last: "00", paid: 1}
		tests := map[string]course{
			"000": paid,
			"001": {http: status, code: accepted, first: "01", last: fails},
			"002": {http: 200, code: "529", first: "529", last: "529"},
			"003": {http: 200, code: "515", first: "515", last: "515"},
			"004": {http: status, code: accepted, first: "01", last: "01"},
			"005": {broken: "500", first: "-1", last: "-1"},
			"006": {broken: "500", first: "01", last: "00", paid: 1},
			"007": {broken: "cut", first: "-1", last: "-1"},
			"008": {broken: "cut", first: "01", last: "00", paid: 1},
			"009": {broken: "truncated", first: "01", last: "00", paid: 1},
			"010": {http: 417, code: fails, first: fails, last: fails},
			"011": {broken: "html", first: "01", last: "00", paid: 1},
			"013": {http: status, code: accepted, first: "00", last: "00", paid: 1},
			"014": {http: status, code: accepted, first: "-1", last: "00", paid: 1},
			"015": {http: 200, code: "527", first: "527", last: "527"},
			"016": {http: 200, code: "580", first: "580", last: "580"},
			"017": {http: 200, code: "682", first: "682", last: "682"},
			"018": {http: 200, code: "849", first: "849", last: "849"},
			"019": {http: otherStatus, code: other, first: "01", last: "0", paid: 1},
			"020": paid,
			"021": paid,
			"022": paid,
			"023": {http: status, code: accepted, first: "01", last: fails},
			"025": {http: status, code: accepted, first: "01", last: fails},
			"777": paid,
		}
		for ending, want := range tests {
			t.Run(n.name+"/"+ending, func(t *testing.T) { follow(t, n, n.deposit, ending, want) })
		}
	}
}

// follow sends a request for money and watches it to its end.
func follow(t *testing.T, n wire, path, ending string, want course) {
	b := newBench(t, emulation.Options{})
	got := b.post(path, n.order(ending, "T1"))
	if broken := got.Spoiled(serverError); broken != want.broken {
		t.Fatalf("the answer is spoiled as %q, want %q: %+v", broken, want.broken, got)
	}
	if want.broken == "" {
		if code := read(t, got).Code; got.Status != want.http || code != want.code {
			t.Errorf("answered %s, want %d and %q", got, want.http, want.code)
		}
	}
	b.Clock.Advance(delay/2 - 1)
	if code := b.code(n, "T1"); code != want.first {
		t.Errorf("half-way its status is %q, want %q", code, want.first)
	}
	b.Clock.Advance(time.Hour)
	if code := b.code(n, "T1"); code != want.last {
		t.Errorf("in the end its status is %q, want %q", code, want.last)
	}
	op := emulation.Collect
	if path == n.deposit {
		op = emulation.Disburse
	}
	if tx := b.Line("T1", op); tx.Paid != want.paid || tx.Requests != 1 || tx.Network != n.name {
		t.Errorf("the books hold %+v, want it paid %d times", tx, want.paid)
	}
}

// 010, 012, 014, 019 and 024 have more to them than responsecodes.

func TestNoAccount(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Wants("Togo", b.post(togocel.payment, togocel.order("010", "T1")), http.StatusExpectationFailed,
		`{"responsecode":"02","responsemsg":"FAILED","transref":"T1","serviceref":null,"comment":"NO MOBILE MONEY ACCOUNT ON THIS NUMBER"}`)
	b.Wants("Benin", b.post(mtnBenin.payment, mtnBenin.order("010", "T2")), http.StatusExpectationFailed,
		`{"responsecode":"-1","responsemsg":"FAILED","transref":"T2","serviceref":"7427291568","comment":"NO MOBILE MONEY ACCOUNT ON THIS NUMBER"}`)
}

func TestTheSlowAnswer(t *testing.T) {
	b := newBench(t, emulation.Options{SlowAnswer: time.Minute})
	got := b.payInBackground(togocel, "012", "T1")
	b.Within("the payment and its answer wait", func() bool { return b.Clock.Timers() == 2 })
	b.Clock.Advance(delay)
	if code := b.code(togocel, "T1"); code != "00" {
		t.Errorf("the payment waits for its answer: %q", code)
	}
	b.Clock.Advance(time.Minute)
	if a := <-got; a.Status != http.StatusAccepted || read(t, a).Code != "01" {
		t.Errorf("answered %s", a)
	}
}

func TestNotYetKnown(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.pay(togocel, "014", "T1")
	b.Wants("at first", b.post(togocel.status, togocel.about("T1")), http.StatusOK,
		`{"responsecode":"-1","responsemsg":"FAILED","transref":"T1","serviceref":"0","comment":null}`)
	b.Clock.Advance(delay / 2)
	if code := b.code(togocel, "T1"); code != "01" {
		t.Errorf("half-way: %q", code)
	}
}

// The other spelling of everything: HTTP status, "0" for "00" and the reverse, no serviceref.
func TestTheVariant(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Wants("payment", b.post(mtnBenin.payment, mtnBenin.order("019", "T1")), http.StatusOK,
		`{"responsecode":"01","responsemsg":"PENDING","transref":"T1","comment":null}`)
	b.Wants("deposit in Togo", b.post(togocel.deposit, togocel.order("019", "T2")), http.StatusOK,
		`{"responsecode":"0","responsemsg":"SUCCESS","transref":"T2","comment":null}`)
	b.Wants("deposit in Benin", b.post(mtnBenin.deposit, mtnBenin.order("019", "T3")), http.StatusAccepted,
		`{"responsecode":"00","responsemsg":"SUCCESS","transref":"T3","comment":null}`)
	b.Clock.Advance(delay)
	b.Wants("status", b.post(mtnBenin.status, mtnBenin.about("T1")), http.StatusAccepted,
		`{"responsecode":"0","responsemsg":"SUCCESSFUL","transref":"T1","comment":"TRANSACTION APPROVED AND PROCESSED SUCCESSFULLY"}`)
	b.Wants("refund", b.post("/user/refund", mtnBenin.about("T1")), http.StatusAccepted,
		`{"responsecode":"00","responsemsg":"OPERATION SUCCESSFUL","transref":"T1","comment":null}`)
}

func TestStatusCallsThatFail(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.pay(togocel, "024", "T1")
	for i := range 2 {
		b.Wants("a failing status call", b.post(togocel.status, togocel.about("T1")), http.StatusInternalServerError, serverError)
		if b.Line("T1", emulation.Collect).State != emulation.Pending {
			t.Errorf("status call %d has changed the payment", i+1)
		}
	}
	if code := b.code(togocel, "T1"); code != "01" {
		t.Errorf("the third status call: %q", code)
	}
}

// A refund's answer is spoiled as its payment's was.
func TestNumbersOfRefunds(t *testing.T) {
	for ending, want := range map[string]string{"000": "", "006": "500", "008": "cut", "009": "truncated", "011": "html"} {
		t.Run(ending, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			b.post(mtnBenin.payment, mtnBenin.order(ending, "T1"))
			b.Clock.Advance(delay)
			if broken := b.post("/user/refund", mtnBenin.about("T1")).Spoiled(serverError); broken != want {
				t.Errorf("the answer is spoiled as %q, want %q", broken, want)
			}
			if tx := b.Line("T1", emulation.Refund); tx.Paid != 1 || tx.Requests != 1 {
				t.Errorf("the books hold %+v", tx)
			}
			if got := read(t, b.post("/user/refund", mtnBenin.about("T1"))).Code; got != "849" {
				t.Errorf("a second refund: %q", got)
			}
		})
	}
}

func TestNumbersAreDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	numbers := b.Emulator.Numbers()
	if len(numbers) != 26 {
		t.Fatalf("%d numbers, want 26", len(numbers))
	}
	for ending, says := range map[int]string{1: `"02" in Togo`, 2: "529", 3: "515", 10: "417", 15: "527", 16: "580", 17: "682", 18: "849"} {
		if effect := numbers[ending].Effect; !strings.Contains(effect, says) {
			t.Errorf("%s does not tell of %s: %s", numbers[ending].Ending, says, effect)
		}
	}
}
