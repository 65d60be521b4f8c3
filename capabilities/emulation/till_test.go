package emulation_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// What every number does to a payment and to a payout: to the answer, to the status half-way and in
// the end, and to the money.
func TestEveryNumber(t *testing.T) {
	const cut = "(cut)"
	type course struct {
		answer    string // body of the first answer, (cut), or the HTTP status if it is an error
		halfway   string // status call before half of the settle delay has passed
		end       string // status call long after
		paid      int
		truncated bool
	}
	normal := course{answer: "pending", halfway: "pending", end: "succeeded", paid: 1}
	failing := course{answer: "pending", halfway: "pending", end: "failed"}
	refused := course{answer: "failed", halfway: "failed", end: "failed"}
	spoiled := func(answer string) course {
		return course{answer: answer, halfway: "pending", end: "succeeded", paid: 1}
	}
	notTaken := func(answer string) course { return course{answer: answer, halfway: "unknown", end: "unknown"} }

	never := course{answer: "pending", halfway: "pending", end: "pending"}
	half := course{answer: "pen", halfway: "pending", end: "succeeded", paid: 1, truncated: true}
	atOnce := course{answer: "succeeded", halfway: "succeeded", end: "succeeded", paid: 1}
	late := course{answer: "pending", halfway: "unknown", end: "succeeded", paid: 1}
	blind := course{answer: "pending", halfway: "Internal Server Error", end: "Internal Server Error", paid: 1}

	tests := []struct {
		ending  string
		payment course
		payout  course
	}{
		{"000", normal, normal},
		{"001", failing, failing},
		{"002", failing, refused},
		{"003", refused, refused},
		{"004", never, never},
		{"005", notTaken("acme is down"), notTaken("acme is down")},
		{"006", spoiled("acme is down"), spoiled("acme is down")},
		{"007", notTaken(cut), notTaken(cut)},
		{"008", spoiled(cut), spoiled(cut)},
		{"009", half, half},
		{"010", refused, refused},
		{"011", spoiled("<!DOCTYPE html>"), spoiled("<!DOCTYPE html>")},
		// 012 waits on the clock: TestTheSlowNumberKeepsItsCallerWaiting.
		{"013", atOnce, atOnce},
		{"014", late, late},
		{"015", refused, refused},
		{"016", normal, refused},
		{"017", refused, refused},
		{"018", refused, refused},
		{"019", normal, normal},
		{"020", normal, normal},
		{"021", normal, normal},
		{"022", normal, normal},
		{"023", failing, failing},
		{"024", blind, blind},
		{"025", normal, failing},
		{"999", normal, normal},
	}
	for _, tt := range tests {
		for path, want := range map[string]course{"/pay": tt.payment, "/payout": tt.payout} {
			t.Run(tt.ending+path, func(t *testing.T) {
				b := newBench(t, emulation.Options{})
				code, body, err := b.pay(path, "R", tt.ending)
				if want.answer == cut {
					if err == nil {
						t.Fatalf("answered %d %q, want a cut connection", code, body)
					}
				} else if !strings.HasPrefix(body, want.answer) || want.truncated != (err != nil) {
					t.Fatalf("answered %d %q (%v), want %q", code, body, err, want.answer)
				}
				b.clock.Advance(delay/2 - 1)
				if got := b.status("R"); got != want.halfway {
					t.Errorf("status half-way: %q, want %q", got, want.halfway)
				}
				b.clock.Advance(time.Hour)
				if got := b.status("R"); got != want.end {
					t.Errorf("status in the end: %q, want %q", got, want.end)
				}
				if line := b.line("R"); line.Paid != want.paid || line.Requests != 1 {
					t.Errorf("paid %d times on %d requests, want %d on 1", line.Paid, line.Requests, want.paid)
				}
			})
		}
	}
}

func TestAPaymentSettlesExactlyAfterTheDelay(t *testing.T) {
	b := newBench(t, emulation.Options{})
	mustPay(b, "R", "000")
	b.clock.Advance(delay - 1)
	if got := b.status("R"); got != "pending" {
		t.Errorf("a moment before: %q", got)
	}
	b.clock.Advance(1)
	if got := b.status("R"); got != "succeeded" {
		t.Errorf("at the delay: %q", got)
	}
	if line := b.line("R"); !line.Created.Equal(start) || !line.Settled.Equal(start.Add(delay)) {
		t.Errorf("created %v, settled %v", line.Created, line.Settled)
	}
}

func TestALatePaymentIsPendingInTheSecondHalf(t *testing.T) {
	b := newBench(t, emulation.Options{})
	mustPay(b, "R", "014")
	b.clock.Advance(delay / 2)
	if got := b.status("R"); got != "pending" {
		t.Errorf("at half the delay: %q", got)
	}
}

func TestTheThirdStatusCallAnswers(t *testing.T) {
	b := newBench(t, emulation.Options{})
	mustPay(b, "R", "024")
	for i, want := range []string{"Internal Server Error", "Internal Server Error", "pending", "pending"} {
		if got := b.status("R"); got != want {
			t.Errorf("status call %d: %q, want %q", i+1, got, want)
		}
	}
}

func TestNegativeDelaySettlesAtOnce(t *testing.T) {
	b := newBench(t, emulation.Options{SettleAfter: -1})
	for ending, want := range map[string]string{"000": "succeeded", "001": "failed", "004": "pending", "014": "succeeded"} {
		if _, body, err := b.pay("/pay", "R"+ending, ending); body != want {
			t.Errorf("%s: answered %q (%v), want %q", ending, body, err, want)
		}
	}
}

// Where payments expire, one that is never answered does, and a payout waits for ever all the same.
func TestAnUnansweredPaymentCanExpire(t *testing.T) {
	clock := emulation.NewManualClock(start)
	till := emulation.NewTill(emulation.Options{Clock: clock, SettleAfter: delay}, emulation.Rules{Expires: true})
	for _, op := range []emulation.Operation{emulation.Collect, emulation.Disburse} {
		serve(till, emulation.Transaction{Reference: string(op), Operation: op, Ending: emulation.NeverAnswered})
	}
	clock.Advance(10*delay - 1)
	if held := till.Books().Transactions(); held[0].State != emulation.Pending {
		t.Errorf("a moment before: %+v", held[0])
	}
	clock.Advance(time.Hour)
	held := till.Books().Transactions()
	if held[0].State != emulation.Expired || held[0].Paid != 0 || !held[0].Settled.Equal(start.Add(10*delay)) {
		t.Errorf("after ten delays: %+v", held[0])
	}
	if held[1].State != emulation.Pending {
		t.Errorf("the payout: %+v", held[1])
	}
}

// No number abandons: the provider's own page does, and nothing is left to wait for.
func TestAnAbandonedPaymentFailsAtOnce(t *testing.T) {
	clock := emulation.NewManualClock(start)
	till := emulation.NewTill(emulation.Options{Clock: clock, SettleAfter: delay}, emulation.Rules{})
	serve(till, emulation.Transaction{Reference: "R", Operation: emulation.Collect, Ending: emulation.Abandoned})
	clock.Advance(time.Hour)
	if tx := till.Books().Transactions()[0]; tx.State != emulation.Failed || tx.Paid != 0 || !tx.Settled.Equal(start) {
		t.Errorf("the books hold %+v", tx)
	}
	if emulation.EndingOf("abandoned") != emulation.Paid {
		t.Error("a number can abandon")
	}
}

// What is refunded was paid, so a refund is done as soon as it is taken; only its answer can be spoiled.
func TestARefundIsDoneAtOnce(t *testing.T) {
	in := newInbox(t, time.Now, http.StatusOK)
	b := newBench(t, emulation.Options{WebhookURL: in.URL})
	for _, ending := range []string{"000", "001", "003", "004", "014", "023"} {
		if _, answer, err := b.pay("/refund", "R"+ending, ending); answer != "succeeded" {
			t.Errorf("%s: answered %q (%v)", ending, answer, err)
		}
	}
	if _, _, err := b.pay("/refund", "R008", "008"); err == nil {
		t.Error("008: the connection was not cut")
	}
	if line := b.line("R008"); line.Paid != 1 {
		t.Errorf("008: the books hold %+v", line)
	}
	b.clock.Advance(time.Hour)
	if got := in.all(); len(got) != 0 {
		t.Errorf("refunds were announced: %v", got)
	}
}

func TestARepeatedReferenceIsCountedAndNotPaidTwice(t *testing.T) {
	b := newBench(t, emulation.Options{})
	mustPay(b, "R", "006")
	for range 2 {
		if code, body, _ := b.pay("/pay", "R", "006"); code != http.StatusConflict {
			t.Errorf("a repeat is answered with %d %q, want a plain refusal", code, body)
		}
	}
	b.clock.Advance(time.Hour)
	if line := b.line("R"); line.Requests != 3 || line.Paid != 1 {
		t.Errorf("%d requests, paid %d times; want 3 and once", line.Requests, line.Paid)
	}
}

func TestWhatWasNotTakenIsCountedAndCanBeTakenLater(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for range 2 {
		if _, _, err := b.pay("/pay", "R", "007"); err == nil {
			t.Fatal("the connection was not cut")
		}
	}
	if line := b.line("R"); line.Requests != 2 || line.Paid != 0 || line.State != emulation.Failed || !line.Settled.IsZero() {
		t.Errorf("not taken, but the books hold %+v", line)
	}
	mustPay(b, "R", "000")
	b.clock.Advance(delay)
	if line := b.line("R"); line.Requests != 3 || line.Paid != 1 || line.State != emulation.Succeeded {
		t.Errorf("taken in the end, but the books hold %+v", line)
	}
	if all := b.acme.Books().Transactions(); len(all) != 1 {
		t.Errorf("the books hold %d lines for one reference", len(all))
	}
}

func TestOfManyRequestsAtOnceOneIsTaken(t *testing.T) {
	b := newBench(t, emulation.Options{})
	var wg sync.WaitGroup
	var taken sync.Map
	for i := range 20 {
		wg.Go(func() {
			if code, _, _ := b.pay("/pay", "R", "000"); code == http.StatusOK {
				taken.Store(i, true)
			}
		})
	}
	wg.Wait()
	b.clock.Advance(delay)
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if line := b.line("R"); n != 1 || line.Requests != 20 || line.Paid != 1 {
		t.Errorf("%d were taken, %d counted, paid %d times; want 1, 20, 1", n, line.Requests, line.Paid)
	}
}

func TestTheSlowNumberKeepsItsCallerWaiting(t *testing.T) {
	b := newBench(t, emulation.Options{SlowAnswer: time.Minute})
	answer := make(chan string, 1)
	go func() {
		_, body, _ := b.pay("/pay", "R", "012")
		answer <- body
	}()
	within(t, "the payment and its answer wait", func() bool { return b.clock.Timers() == 2 })
	b.clock.Advance(time.Minute - 1)
	select {
	case body := <-answer:
		t.Fatalf("answered %q too soon", body)
	default:
	}
	if got := b.status("R"); got != "succeeded" {
		t.Errorf("the payment waits for its own answer: %q", got)
	}
	b.clock.Advance(1)
	if got := <-answer; got != "pending" {
		t.Errorf("answered %q", got)
	}
}

func TestACallerThatHangsUpDoesNotStopThePayment(t *testing.T) {
	for _, path := range []string{"/pay", "/wait"} {
		t.Run(path, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			ctx, hangUp := context.WithCancel(t.Context())
			gone := make(chan error, 1)
			go func() {
				req, _ := http.NewRequestWithContext(ctx, http.MethodPost, b.url+path, strings.NewReader("ref=R&msisdn=22890000012&amount=500"))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				resp, err := http.DefaultClient.Do(req)
				if err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				gone <- err
			}()
			within(t, "the request waits", func() bool { return b.clock.Timers() == 2 })
			hangUp()
			if err := <-gone; err == nil {
				t.Fatal("the request was answered")
			}
			within(t, "the emulator has stopped waiting", func() bool { return b.clock.Timers() == 1 })
			b.clock.Advance(delay)
			if line := b.line("R"); line.Paid != 1 {
				t.Errorf("the books hold %+v", line)
			}
		})
	}
}

func TestAwaitHasAnEnd(t *testing.T) {
	b := newBench(t, emulation.Options{})
	answer := make(chan string, 1)
	go func() {
		_, body, _ := b.pay("/wait", "R", "004")
		answer <- body
	}()
	within(t, "the request waits", func() bool { return b.clock.Timers() == 1 })
	b.clock.Advance(time.Minute)
	if got := <-answer; got != "pending" {
		t.Errorf("answered %q", got)
	}
}

func TestClosingDropsWhatIsToComeAndReleasesWhoWaits(t *testing.T) {
	b := newBench(t, emulation.Options{})
	mustPay(b, "A", "000")
	released := make(chan error, 1)
	go func() {
		_, _, err := b.pay("/wait", "B", "004")
		released <- err
	}()
	within(t, "both wait", func() bool { return b.clock.Timers() == 2 })
	if err := b.acme.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-released; err == nil {
		t.Error("the waiting caller was answered by a closed emulator")
	}
	b.clock.Advance(time.Hour)
	if line := b.line("A"); line.State != emulation.Pending {
		t.Errorf("a closed emulator has settled: %+v", line)
	}
	if err := b.acme.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func mustPay(b *bench, ref, ending string) {
	b.Helper()
	if code, _, err := b.pay("/pay", ref, ending); err != nil || code == http.StatusConflict {
		b.Fatalf("paying %s: %d, %v", ref, code, err)
	}
}
