package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

// wrongCodes are one-time codes, as JSON, and the result.code that each of them gets.
var wrongCodes = map[string]string{
	`"0000"`: "1", `"12a4"`: "1", `""`: "2", `null`: "2", `1234`: "2", `"123"`: "3", `"12345"`: "3",
}

// In Burkina Faso the code comes with the request, or not at all.
func TestAOneTimeCodeWithTheRequest(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for otp, code := range wrongCodes {
		got := b.call(c2b, orangeBurkina.request("000", "T1", `{"otp":`+otp+`}`))
		if says := saying(t, got); says != "-1/"+code || !strings.Contains(reason(got), "extra.otp") {
			t.Errorf("%s: %s (%s), want -1/%s", otp, says, reason(got), code)
		}
	}
	if says := saying(t, b.call(c2b, orangeBurkina.request("000", "T1", ""))); says != "-1/2" {
		t.Errorf("without extra: %s", says)
	}
	b.Untouched()
	if says := saying(t, b.call(c2b, orangeBurkina.payment("000", "T1"))); says != "1" {
		t.Errorf("with the right code: %s", says)
	}
	b.Clock.Advance(delay)
	if says := b.status("T1"); says != "2" {
		t.Errorf("after the delay: %s", says)
	}
	if says := saying(t, b.call(b2c, orangeBurkina.payout("000", "T2"))); says != "1" {
		t.Errorf("a payout needs no code: %s", says)
	}
}

// In Ivory Coast it may come with the request too.
func TestAOneTimeCodeThatNeedNotWait(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for otp, code := range wrongCodes {
		if otp == "null" {
			continue // is as good as none
		}
		if says := saying(t, b.call(c2b, orangeIvory.request("000", "T1", `{"otp":`+otp+`}`))); says != "-1/"+code {
			t.Errorf("%s: %s, want -1/%s", otp, says, code)
		}
	}
	b.Untouched()
	if says := saying(t, b.call(c2b, orangeIvory.request("000", "T1", `{"otp":"7374"}`))); says != "1" {
		t.Errorf("with the right code: %s", says)
	}
	b.Clock.Advance(delay)
	if says := b.status("T1"); says != "2" {
		t.Errorf("after the delay: %s", says)
	}
}

// Or it comes by status: until the right one does, the payment waits.
func TestAOneTimeCodeByStatus(t *testing.T) {
	b := newBench(t, emulation.Options{})
	customer := orangeIvory.prefix + "000"
	b.Wants("payment", b.call(c2b, orangeIvory.payment("000", "T1")), http.StatusOK, answer{
		order: "T1", id: "732007046722", status: "0", result: okay, provider: underWay, at: "00.000000", confirm: "0",
	}.String())
	b.Clock.Advance(delay)
	for otp, code := range wrongCodes {
		body := strings.Replace(confirming("T1", customer, "7374"), `"7374"`, otp, 1)
		want := "0/" + code
		if otp == "null" {
			want = "0"
		}
		if says := saying(t, b.call(status, body)); says != want {
			t.Errorf("%s: %s, want %s", otp, says, want)
		}
	}
	if says := saying(t, b.call(status, confirming("T1", orangeIvory.prefix+"001", "7374"))); says != "0/10401" {
		t.Errorf("of another customer: %s", says)
	}
	if tx := b.Line("T1"); !tx.Waiting {
		t.Errorf("the books hold %+v", tx)
	}
	a := answer{order: "T1", id: "732007046722", status: "1", result: okay, provider: underWay, at: "10.000000"}
	b.Wants("the right code", b.call(status, confirming("T1", customer, "7374")), http.StatusOK, a.String())
	b.Wants("a wrong code, too late", b.call(status, confirming("T1", customer, "0000")), http.StatusOK, a.String())
	b.Clock.Advance(delay)
	if tx := b.Line("T1"); tx.Paid != 1 || !tx.Settled.Equal(start.Add(2*delay)) {
		t.Errorf("the books hold %+v", tx)
	}
}

// The code does what the number says, and without it the payment is cancelled in the end.
func TestAfterTheOneTimeCode(t *testing.T) {
	for ending, want := range map[string]string{"001": "4", "002": "3", "004": "1", "013": "2"} {
		b := newBench(t, emulation.Options{})
		b.call(c2b, orangeIvory.payment(ending, "T1"))
		b.call(status, confirming("T1", orangeIvory.prefix+ending, "7374"))
		b.Clock.Advance(delay)
		if says := b.status("T1"); says != want {
			t.Errorf("%s: %s, want %s", ending, says, want)
		}
	}
	b := newBench(t, emulation.Options{})
	b.call(c2b, orangeIvory.payment("000", "T1"))
	b.Clock.Advance(15*time.Minute - 1)
	if says := b.status("T1"); says != "0" {
		t.Errorf("a moment before a quarter of an hour: %s", says)
	}
	b.Clock.Advance(1)
	if says := saying(t, b.call(status, confirming("T1", orangeIvory.prefix+"000", "7374"))); says != "4" {
		t.Errorf("after a quarter of an hour: %s", says)
	}
	if tx := b.Line("T1"); tx.Paid != 0 || tx.State != emulation.Expired {
		t.Errorf("the books hold %+v", tx)
	}
}

// Elsewhere, status does not look at codes.
func TestAOneTimeCodeThatNobodyAskedFor(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.payment("000", "T1"))
	b.call(c2b, mtnRwanda.payment("000", "T2"))
	b.call(b2c, mtnBenin.payout("030", "T3"))
	for order, want := range map[string]string{"T1": "1", "T2": "0", "T3": "0"} {
		for _, otp := range []string{"7374", "0000"} {
			if says := saying(t, b.call(status, confirming(order, b.Line(order).MSISDN, otp))); says != want {
				t.Errorf("%s: %s, want %s", order, says, want)
			}
		}
	}
}

// The customer transfers the money to an account of which only the first answer tells.
func TestABankTransfer(t *testing.T) {
	b := newBench(t, emulation.Options{})
	a := answer{
		order: "T1", status: "1", result: okay, provider: underWay, at: "00.000000", confirm: "0",
		extra: `{"transfer_amount":5000,"account_name":"Test Ltd / Test Limited","account_number":"4000000000","bank_name":"Premium Trust Bank"}`,
	}
	b.Wants("payment", b.call(c2b, bankNigeria.payment("000", "T1")), http.StatusOK, a.String())
	a.id, a.extra, a.confirm = "732007046722", "", ""
	b.Wants("status", b.call(status, about("T1")), http.StatusOK, a.String())
	b.Clock.Advance(delay)
	if tx := b.Line("T1"); tx.Paid != 1 {
		t.Errorf("the books hold %+v", tx)
	}
	opay := bankNigeria
	opay.id = 2312
	for amount, says := range map[string]string{"100.50": "100.5", "100.05": "100.05", "70.00": "70"} {
		got := b.call(c2b, opay.requestFor(amount, "000", "T"+amount, ""))
		if !strings.Contains(got.Body, `"transfer_amount":`+says+`,`) {
			t.Errorf("%s: %s", amount, got)
		}
	}
	for _, got := range []emulationtest.Answer{b.call(c2b, bankNigeria.payment("003", "T2")), b.call(b2c, bankNigeria.payout("000", "T3"))} {
		if f := read(t, got); f.Extra != nil {
			t.Errorf("there is nothing to transfer: %s", got)
		}
	}
}
