package emulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

const (
	announcesPaid   = `{"status":"SUCCESSFUL","transRef":"T1","specialfield1":"SUCCESSFUL","amount":"5000","serviceRef":"7427291567","code":"200"}`
	announcesForged = `{"status":"SUCCESSFUL","transRef":"T1","specialfield1":"SUCCESSFUL","amount":"500000","serviceRef":"7427291567","code":"200"}`
	announcesFailed = `{"status":"FAILED","transRef":"T1","specialfield1":"FAILED","amount":"5000","code":"-1"}`
)

func TestWebhooks(t *testing.T) {
	for name, tt := range map[string]struct {
		path, ending string
		after        time.Duration // when the last of them has come
		want         []string
	}{
		"a payment":              {togocel.payment, "000", delay, []string{announcesPaid}},
		"a deposit":              {togocel.deposit, "000", delay, []string{announcesPaid}},
		"a refused payment":      {togocel.payment, "001", delay, []string{announcesFailed}},
		"a payout that fails":    {togocel.deposit, "025", delay, []string{announcesFailed}},
		"refused at once":        {togocel.deposit, "016", time.Hour, nil},
		"not taken":              {togocel.payment, "005", time.Hour, nil},
		"never final":            {togocel.payment, "004", time.Hour, nil},
		"after an HTTP 500":      {togocel.payment, "006", delay, []string{announcesPaid}},
		"at once":                {togocel.payment, "013", 0, []string{announcesPaid}},
		"never":                  {togocel.payment, "020", time.Hour, nil},
		"twice":                  {togocel.payment, "021", delay, []string{announcesPaid, announcesPaid}},
		"not late yet":           {togocel.payment, "022", 10*delay - 1, nil},
		"late":                   {togocel.payment, "022", 10 * delay, []string{announcesPaid}},
		"forged":                 {togocel.payment, "023", delay / 2, []string{announcesForged}},
		"forged, then the truth": {togocel.payment, "023", delay, []string{announcesForged, announcesFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			inbox := emulationtest.NewInbox(t)
			b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
			b.post(tt.path, togocel.order(tt.ending, "T1"))
			b.Clock.Advance(tt.after)
			inbox.Wants("application/json", tt.want...)
		})
	}
}

func TestARefundIsNotAnnounced(t *testing.T) {
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.pay(mtnBenin, "000", "T1")
	b.Clock.Advance(delay)
	b.post("/user/refund", mtnBenin.about("T1"))
	b.Clock.Advance(time.Hour)
	inbox.Wants("application/json", announcesPaid)
	if got := b.Deliveries(); len(got) != 1 || got[0].Status != http.StatusOK || got[0].Reference != "T1" {
		t.Errorf("deliveries %+v", got)
	}
}

// A forged webhook does not change what the provider knows.
func TestAForgedWebhookIsALie(t *testing.T) {
	b := newBench(t, emulation.Options{WebhookURL: emulationtest.NewInbox(t).URL})
	b.pay(mtnBenin, "023", "T1")
	b.Clock.Advance(delay / 2)
	if code := b.code(mtnBenin, "T1"); code != "01" {
		t.Errorf("when it has come, the status is %q", code)
	}
	b.Clock.Advance(delay)
	if tx := b.Line("T1", emulation.Collect); tx.State != emulation.Failed || tx.Paid != 0 || tx.Amount != "5000" {
		t.Errorf("the books hold %+v", tx)
	}
}
