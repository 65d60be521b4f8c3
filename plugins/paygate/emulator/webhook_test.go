package emulator_test

import (
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

const (
	announcesPaid = `{"tx_reference":4671135,"identifier":"T1","payment_reference":"13171916025","amount":5000,` +
		`"datetime":"2025-03-01T12:00:10.000Z","payment_method":"T-Money","phone_number":"22890000`
	announcesAtOnce = `{"tx_reference":4671135,"identifier":"T1","payment_reference":"13171916025","amount":5000,` +
		`"datetime":"2025-03-01T12:00:00.000Z","payment_method":"T-Money","phone_number":"22890000013"}`
	announcesVariant = `{"tx_reference":"4671135","identifier":"T1","payment_reference":"13171916025","amount":5000,` +
		`"datetime":"2025-03-01T12:00:10.000Z","payment_method":"T-Money","phone_number":"22890000019"}`
	announcesForged = `{"tx_reference":4671135,"identifier":"T1","payment_reference":"13171916025","amount":500000,` +
		`"datetime":"2025-03-01T12:00:00.000Z","payment_method":"T-Money","phone_number":"22890000023"}`
)

// Only what was paid by a customer is announced.
func TestWebhooks(t *testing.T) {
	payment := func(ending string) func(*bench) {
		return func(b *bench) { b.Post(pay, togocel.payment(ending, "T1")) }
	}
	payout := func(ending string) func(*bench) {
		return func(b *bench) { b.Post(disburse, togocel.payout(ending, "T1")) }
	}
	announces := func(ending string) string { return announcesPaid + ending + `"}` }
	for name, tt := range map[string]struct {
		does  func(*bench)
		after time.Duration // when the last of them has come
		want  []string
	}{
		"not before it is paid":  {payment("000"), delay - 1, nil},
		"a payment":              {payment("000"), delay, []string{announces("000")}},
		"the variant":            {payment("019"), delay, []string{announcesVariant}},
		"a payment by the page":  {func(b *bench) { b.submit(paying(togocel, "000")) }, delay, []string{announces("000")}},
		"an abandoned page":      {func(b *bench) { b.submit(abandoning()) }, time.Hour, nil},
		"a payout":               {payout("000"), time.Hour, nil},
		"a payout that fails":    {payout("025"), time.Hour, nil},
		"a payout, forged":       {payout("023"), time.Hour, nil},
		"a refused payment":      {payment("001"), time.Hour, nil},
		"an expired payment":     {payment("004"), time.Hour, nil},
		"refused at once":        {payment("003"), time.Hour, nil},
		"not taken":              {payment("005"), time.Hour, nil},
		"after an HTTP 500":      {payment("006"), delay, []string{announces("006")}},
		"at once":                {payment("013"), 0, []string{announcesAtOnce}},
		"dropped":                {payment("020"), time.Hour, nil},
		"twice":                  {payment("021"), delay, []string{announces("021"), announces("021")}},
		"not late yet":           {payment("022"), 10*delay - 1, nil},
		"late":                   {payment("022"), 10 * delay, []string{announces("022")}},
		"not forged yet":         {payment("023"), delay/2 - 1, nil},
		"forged":                 {payment("023"), delay / 2, []string{announcesForged}},
		"forged, and no more":    {payment("023"), time.Hour, []string{announcesForged}},
		"by a number not listed": {payment("777"), delay, []string{announces("777")}},
	} {
		t.Run(name, func(t *testing.T) {
			inbox := emulationtest.NewInbox(t)
			b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
			tt.does(b)
			b.Clock.Advance(tt.after)
			inbox.Wants("application/json", tt.want...)
		})
	}
}

// A forged webhook does not change what the provider knows.
func TestAForgedWebhookIsALie(t *testing.T) {
	b := newBench(t, emulation.Options{WebhookURL: emulationtest.NewInbox(t).URL})
	b.Post(pay, togocel.payment("023", "T1"))
	b.Clock.Advance(delay / 2)
	if says := b.status("T1"); says != "2" {
		t.Errorf("when it has come, the status is %s", says)
	}
	b.Clock.Advance(delay)
	if says := b.status("T1"); says != "6" {
		t.Errorf("in the end, the status is %s", says)
	}
	if tx := b.Line("T1"); tx.State != emulation.Failed || tx.Paid != 0 || tx.Amount != "5000" {
		t.Errorf("the books hold %+v", tx)
	}
	if got := b.Deliveries(); len(got) != 1 || !got[0].Forged || got[0].Reference != "T1" {
		t.Errorf("deliveries %+v", got)
	}
}
