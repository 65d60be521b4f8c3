package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// callback is a callback as the documentation's sample has it, signed with the merchant's secret.
func callback(t *testing.T, operation, customer, amount, ref, status, provider string) string {
	t.Helper()
	return signed(t, `{"merchant_id":"`+merchantID+`","operation_type":`+operation+`,"customer_id":"`+customer+`","amount":`+amount+
		`,"order_id":"T1","transaction_id":"732007046722","transaction_ref":"`+ref+`","status":`+status+`,"provider_id":`+provider+
		`,"destination_id":"","result":{"code":0,"message":"OK"}}`)
}

func TestCallbacks(t *testing.T) {
	announces := func(operation, ending, status string) string {
		ref := ""
		if status == "2" {
			ref = "MP.33234.342.CP33"
		}
		return callback(t, operation, "2290196000"+ending, "5000", ref, status, "9210")
	}
	paid := func(ending string) []string { return []string{announces("17", ending, "2")} }
	for name, tt := range map[string]struct {
		call, ending string
		after        time.Duration // when the last of them has come
		want         []string
	}{
		"not before it is paid":  {c2b, "000", delay - 1, nil},
		"a payment":              {c2b, "000", delay, paid("000")},
		"a payout":               {b2c, "000", delay, []string{announces("16", "000", "2")}},
		"a refused payment":      {c2b, "001", time.Hour, []string{announces("17", "001", "4")}},
		"a poor customer":        {c2b, "002", time.Hour, []string{announces("17", "002", "3")}},
		"a payout that fails":    {b2c, "025", time.Hour, []string{announces("16", "025", "3")}},
		"an unanswered payment":  {c2b, "004", time.Hour, nil},
		"refused at once":        {c2b, "003", time.Hour, nil},
		"a payout refused":       {b2c, "002", time.Hour, nil},
		"a confirmation":         {b2c, "030", time.Hour, nil},
		"not taken":              {c2b, "005", time.Hour, nil},
		"after an HTTP 500":      {c2b, "006", delay, paid("006")},
		"at once":                {c2b, "013", 0, paid("013")},
		"dropped":                {c2b, "020", time.Hour, nil},
		"twice":                  {c2b, "021", delay, append(paid("021"), paid("021")...)},
		"not late yet":           {c2b, "022", 10*delay - 1, nil},
		"late":                   {c2b, "022", 10 * delay, paid("022")},
		"by a number not listed": {c2b, "777", delay, paid("777")},
	} {
		t.Run(name, func(t *testing.T) {
			in := emulationtest.NewInbox(t)
			b := newBench(t, emulation.Options{WebhookURL: in.URL})
			b.call(tt.call, mtnBenin.payment(tt.ending, "T1"))
			b.Clock.Advance(tt.after)
			in.Wants("application/json", tt.want...)
		})
	}
}

// A callback goes where the request wants it, and nowhere if it does not say.
func TestWhereCallbacksGo(t *testing.T) {
	in := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.payment("000", "T0"))
	b.Clock.Advance(delay)
	in.Wants("")

	in = emulationtest.NewInbox(t)
	b = newBench(t, emulation.Options{})
	b.call(c2b, strings.Replace(mtnRwanda.payment("000", "T1"), `}`, `},"callback_url":"`+in.URL+`"`, 1))
	b.PostForm(b.page("T1"), abandoning)
	b.Clock.Advance(0)
	in.Wants("application/json", callback(t, "17", "250780000000", "5000", "", "4", "2352"))
}

// An amount is a number without zeros at the end, which PHP writes as it is.
func TestAmountsOfCallbacks(t *testing.T) {
	for amount, says := range map[string]string{"100.00": "100", "100.50": "100.5", "100.05": "100.05"} {
		in := emulationtest.NewInbox(t)
		b := newBench(t, emulation.Options{WebhookURL: in.URL})
		b.call(c2b, mtnBenin.requestFor(amount, "000", "T1", ""))
		b.Clock.Advance(delay)
		in.Wants("application/json", callback(t, "17", "2290196000000", says, "MP.33234.342.CP33", "2", "9210"))
	}
}

// The variant's callback is the OpenAPI document's. It does not tell what became of the payment.
func TestTheVariantsCallback(t *testing.T) {
	in := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: in.URL})
	b.call(c2b, mtnBenin.payment("019", "T1"))
	b.Clock.Advance(delay)
	in.Wants("application/json", signed(t, `{"transaction_id":"732007046722","order_id":"T1","service_id":"1","service_version":11.1,`+
		`"service_date_time":"2025-03-01 12:00:10.000000","result":{"code":0,"message":"OK"}}`))
}

// A forged callback is signed by somebody without the secret, and does not change what MobiPay knows.
func TestAForgedCallback(t *testing.T) {
	for call, operation := range map[string]string{c2b: "17", b2c: "16"} {
		in := emulationtest.NewInbox(t)
		b := newBench(t, emulation.Options{WebhookURL: in.URL})
		b.call(call, mtnBenin.payment("023", "T1"))
		b.Clock.Advance(delay/2 - 1)
		in.Wants("")
		b.Clock.Advance(1)
		claim := callback(t, operation, "2290196000023", "500000", "MP.33234.342.CP33", "2", "9210")
		received := in.Received()
		if len(received) != 1 {
			t.Fatalf("%s: received %+v", call, received)
		}
		lie := received[0].Body
		if without(lie) != without(claim) || lie == claim {
			t.Errorf("%s: %s\nwant, but for the signature, %s", call, lie, claim)
		}
		if says := b.status("T1"); says != "1" {
			t.Errorf("%s: when it has come, the status is %s", call, says)
		}
		b.Clock.Advance(delay)
		in.Wants("application/json", lie, callback(t, operation, "2290196000023", "5000", "", "3", "9210"))
		if tx := b.Line("T1"); tx.Paid != 0 || tx.Amount != "5000.00" {
			t.Errorf("the books hold %+v", tx)
		}
		if got := b.Deliveries(); len(got) != 2 || !got[0].Forged || got[1].Forged {
			t.Errorf("deliveries %+v", got)
		}
	}
}

// without is a body without its signature.
func without(body string) string {
	before, _, _ := strings.Cut(body, `,"signature"`)
	return before
}

// A callback is verified by the same function as a request, over whatever it has.
func TestCallbacksVerify(t *testing.T) {
	in := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: in.URL})
	b.call(c2b, mtnBenin.requestFor("100.50", "000", "T1", ""))
	b.call(c2b, mtnBenin.payment("019", "T2"))
	b.Clock.Advance(delay)
	for _, hook := range in.Received() {
		signature, err := emulator.Sign([]byte(hook.Body), secretKey)
		if err != nil || !strings.HasSuffix(hook.Body, `"signature":"`+signature+`"}`) {
			t.Errorf("%s is not signed %s (%v)", hook.Body, signature, err)
		}
	}
}
