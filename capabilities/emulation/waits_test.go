package emulation_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// patient is a till whose collections wait a minute for their customers, and whose requests say where
// their webhooks go.
func patient(t *testing.T, o emulation.Options) (*emulation.Till, *emulation.ManualClock) {
	t.Helper()
	clock := emulation.NewManualClock(start)
	o.Clock, o.SettleAfter = clock, delay
	till := emulation.NewTill(o, emulation.Rules{
		Waits: func(tx emulation.Transaction) time.Duration {
			if tx.Operation == emulation.Collect {
				return time.Minute
			}
			return 0
		},
		WebhookURL: func(tx emulation.Transaction) string { to, _ := tx.Extra.(string); return to },
		Webhook:    func(tx emulation.Transaction) emulation.Content { return emulation.Text(string(tx.State)) },
	})
	t.Cleanup(func() { _ = till.Close() })
	return till, clock
}

func ask(till *emulation.Till, tx emulation.Transaction) {
	till.ServeRequest(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil), tx, func(emulation.Transaction, bool) emulation.Answer {
		return emulation.Answer{Status: http.StatusOK, Content: emulation.Text("ok")}
	})
}

func booked(t *testing.T, till *emulation.Till, reference string) emulation.Transaction {
	t.Helper()
	tx, known := till.Books().Find(reference, func(emulation.Transaction) bool { return true })
	if !known {
		t.Fatalf("the books do not have %s", reference)
	}
	return tx
}

// A payment that waits goes on once its customer acts, and as the customer wants.
func TestWaitingForTheCustomer(t *testing.T) {
	for name, tt := range map[string]struct {
		msisdn string
		state  emulation.State
		paid   int
	}{
		"who pays":    {"22890000000", emulation.Succeeded, 1},
		"who refuses": {"22890000001", emulation.Failed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInbox(t, func() time.Time { return start }, http.StatusOK)
			till, clock := patient(t, emulation.Options{})
			ask(till, emulation.Transaction{Reference: "A", Operation: emulation.Collect, Amount: "5", Extra: in.URL})
			clock.Advance(delay)
			tx := booked(t, till, "A")
			if tx.State != emulation.Pending || !tx.Waiting {
				t.Fatalf("%+v, want it to wait", tx)
			}
			tx.MSISDN, tx.Ending = tt.msisdn, ""
			if tx, did := till.Resume(tx); !did || tx.Waiting || tx.State != emulation.Pending {
				t.Errorf("resumed %v, %+v, want pending", did, tx)
			}
			if _, did := till.Resume(tx); did {
				t.Error("it was resumed twice")
			}
			clock.Advance(time.Hour)
			if tx := booked(t, till, "A"); tx.State != tt.state || tx.Paid != tt.paid || tx.MSISDN != tt.msisdn {
				t.Errorf("%+v, want %s and paid %d", tx, tt.state, tt.paid)
			}
			if got := in.all(); len(got) != 1 || got[0].body != string(tt.state) {
				t.Errorf("webhooks %+v, want one that says %s", got, tt.state)
			}
		})
	}
}

// Nobody comes: the payment expires, and nothing revives it. What does not wait goes on by itself.
func TestNobodyComes(t *testing.T) {
	till, clock := patient(t, emulation.Options{})
	ask(till, emulation.Transaction{Reference: "A", Operation: emulation.Collect, Amount: "5"})
	ask(till, emulation.Transaction{Reference: "B", Operation: emulation.Disburse, Amount: "5"})
	clock.Advance(time.Minute)
	tx := booked(t, till, "A")
	if tx.State != emulation.Expired || tx.Waiting {
		t.Errorf("%+v, want expired", tx)
	}
	if _, did := till.Resume(tx); did {
		t.Error("an expired payment was resumed")
	}
	if tx := booked(t, till, "B"); tx.State != emulation.Succeeded {
		t.Errorf("%+v, want succeeded", tx)
	}
}

// The merchant's settings beat what a request says of its webhook.
func TestSettingsBeatTheRequest(t *testing.T) {
	wanted := newInbox(t, func() time.Time { return start }, http.StatusOK)
	set := newInbox(t, func() time.Time { return start }, http.StatusOK)
	till, clock := patient(t, emulation.Options{WebhookURL: set.URL})
	ask(till, emulation.Transaction{Reference: "B", Operation: emulation.Disburse, Amount: "5", Extra: wanted.URL})
	clock.Advance(delay)
	if len(set.all()) != 1 || len(wanted.all()) != 0 {
		t.Errorf("%d webhooks to the settings' URL and %d to the request's, want 1 and 0", len(set.all()), len(wanted.all()))
	}
}
