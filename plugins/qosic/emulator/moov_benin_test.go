package emulator_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

// Moov Benin answers a payment when the customer has.
func TestMoovBeninWaitsForTheCustomer(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.payInBackground(moovBenin, "000", "T1")
	b.Within("the request waits", func() bool { return b.Clock.Timers() == 2 })
	if code := b.code(moovBenin, "T1"); code != "01" {
		t.Errorf("meanwhile its status is %q", code)
	}
	b.Clock.Advance(delay - 1)
	select {
	case a := <-got:
		t.Fatalf("answered before the customer did: %s", a)
	case <-time.After(10 * time.Millisecond):
	}
	b.Clock.Advance(1)
	b.Wants("payment", <-got, http.StatusOK,
		`{"responsecode":"0","responsemsg":"SUCCESSFUL","transref":"T1","serviceref":"7427291567","comment":"TRANSACTION APPROVED AND PROCESSED SUCCESSFULLY"}`)
	b.Wants("status", b.post(moovBenin.status, moovBenin.about("T1")), http.StatusOK, paidBenin)
}

func TestNumbersOfMoovBeninPayments(t *testing.T) {
	for ending, want := range map[string]course{
		"000": {http: 200, code: "0", last: "00", paid: 1},
		"001": {http: 200, code: "-1", last: "-1"},
		"002": {http: 200, code: "529", last: "529"},
		"003": {http: 200, code: "515", last: "515"},
		"004": {http: 202, code: "01", last: "01"},
		"005": {broken: "500", last: "-1"},
		"006": {broken: "500", last: "00", paid: 1},
		"007": {broken: "cut", last: "-1"},
		"008": {broken: "cut", last: "00", paid: 1},
		"009": {broken: "truncated", last: "00", paid: 1},
		"010": {http: 417, code: "-1", last: "-1"},
		"011": {broken: "html", last: "00", paid: 1},
		"012": {http: 200, code: "0", last: "00", paid: 1},
		"013": {http: 200, code: "0", last: "00", paid: 1},
		"014": {http: 200, code: "0", last: "00", paid: 1},
		"015": {http: 200, code: "527", last: "527"},
		"016": {http: 200, code: "0", last: "00", paid: 1},
		"017": {http: 200, code: "682", last: "682"},
		"018": {http: 200, code: "849", last: "849"},
		"019": {http: 202, code: "00", last: "0", paid: 1},
		"023": {http: 200, code: "-1", last: "-1"},
		"025": {http: 200, code: "0", last: "00", paid: 1},
	} {
		t.Run(ending, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			got := b.pay(moovBenin, ending, "T1")
			if broken := got.Spoiled(serverError); broken != want.broken {
				t.Fatalf("the answer is spoiled as %q, want %q: %+v", broken, want.broken, got)
			}
			if want.broken == "" && (got.Status != want.http || read(t, got).Code != want.code) {
				t.Errorf("answered %s, want %d and %q", got, want.http, want.code)
			}
			b.Clock.Advance(time.Hour)
			if code := b.code(moovBenin, "T1"); code != want.last {
				t.Errorf("in the end its status is %q, want %q", code, want.last)
			}
			if tx := b.Line("T1", emulation.Collect); tx.Paid != want.paid || tx.Requests != 1 {
				t.Errorf("the books hold %+v, want it paid %d times", tx, want.paid)
			}
		})
	}
}

// Nobody is kept for longer than is documented; the payment stays open.
func TestMoovBeninWaitsNoLongerThan80Seconds(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.payInBackground(moovBenin, "004", "T1")
	b.Within("the request waits", func() bool { return b.Clock.Timers() == 1 })
	b.Clock.Advance(80*time.Second - 1)
	select {
	case a := <-got:
		t.Fatalf("answered too soon: %s", a)
	case <-time.After(10 * time.Millisecond):
	}
	b.Clock.Advance(1)
	b.Wants("payment", <-got, http.StatusAccepted,
		`{"responsecode":"01","responsemsg":"PENDING","transref":"T1","serviceref":"7427291567","comment":null}`)
}

func TestHangingUpOnMoovBeninDoesNotStopThePayment(t *testing.T) {
	b := newBench(t, emulation.Options{})
	ctx, hangUp := context.WithCancel(t.Context())
	gone := emulationtest.InBackground(func() emulationtest.Answer {
		return b.Post("/QosicBridge"+moovBenin.payment, moovBenin.order("000", "T1"), user, func(r *http.Request) { *r = *r.WithContext(ctx) })
	})
	b.Within("the request waits", func() bool { return b.Clock.Timers() == 2 })
	hangUp()
	if a := <-gone; a.Status != 0 {
		t.Fatalf("the request was answered: %s", a)
	}
	b.Within("the emulator has stopped waiting", func() bool { return b.Clock.Timers() == 1 })
	b.Clock.Advance(delay)
	if code := b.code(moovBenin, "T1"); code != "00" {
		t.Errorf("its status is %q, want it paid", code)
	}
	if got := read(t, b.pay(moovBenin, "000", "T1")).Code; got != "849" {
		t.Errorf("sent again, it is answered with %q", got)
	}
}

func TestClosingReleasesWhoWaitsForMoovBenin(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.payInBackground(moovBenin, "004", "T1")
	b.Within("the request waits", func() bool { return b.Clock.Timers() == 1 })
	if err := b.Emulator.Close(); err != nil {
		t.Fatal(err)
	}
	if a := <-got; a.Status != 0 {
		t.Errorf("a closed emulator has answered %s", a)
	}
}
