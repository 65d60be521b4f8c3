package emulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
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

// shop is a merchant's callback URL.
type shop struct {
	mu     sync.Mutex
	bodies []string
	kinds  []string
}

func (s *shop) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies = append(s.bodies, string(body))
	s.kinds = append(s.kinds, r.Method+" "+r.Header.Get("Content-Type"))
}

func (s *shop) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies)
}

func openShop(t *testing.T) (*shop, string) {
	t.Helper()
	s := &shop{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL + "/paygate"
}

// Only what was paid by a customer is announced.
func TestWebhooks(t *testing.T) {
	payment := func(ending string) func(*bench) {
		return func(b *bench) { b.post(pay, togocel.payment(ending, "T1")) }
	}
	payout := func(ending string) func(*bench) {
		return func(b *bench) { b.post(disburse, togocel.payout(ending, "T1")) }
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
			s, url := openShop(t)
			b := newBench(t, emulation.Options{WebhookURL: url})
			tt.does(b)
			b.clock.Advance(tt.after)
			if got := s.received(); !slices.Equal(got, tt.want) {
				t.Errorf("received %q\nwant %q", got, tt.want)
			}
			for _, kind := range s.kinds {
				if kind != "POST application/json" {
					t.Errorf("sent as %s", kind)
				}
			}
		})
	}
}

// A forged webhook does not change what the provider knows.
func TestAForgedWebhookIsALie(t *testing.T) {
	_, url := openShop(t)
	b := newBench(t, emulation.Options{WebhookURL: url})
	b.post(pay, togocel.payment("023", "T1"))
	b.clock.Advance(delay / 2)
	if says := b.status("T1"); says != "2" {
		t.Errorf("when it has come, the status is %s", says)
	}
	b.clock.Advance(delay)
	if says := b.status("T1"); says != "6" {
		t.Errorf("in the end, the status is %s", says)
	}
	if tx := b.line("T1"); tx.State != emulation.Failed || tx.Paid != 0 || tx.Amount != "5000" {
		t.Errorf("the books hold %+v", tx)
	}
	if got := b.emulator.Webhooks().Deliveries(); len(got) != 1 || !got[0].Forged || got[0].Reference != "T1" {
		t.Errorf("deliveries %+v", got)
	}
}
