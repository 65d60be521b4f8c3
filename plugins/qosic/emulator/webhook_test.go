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
	announcesPaid   = `{"status":"SUCCESSFUL","transRef":"T1","specialfield1":"SUCCESSFUL","amount":"5000","serviceRef":"7427291567","code":"200"}`
	announcesForged = `{"status":"SUCCESSFUL","transRef":"T1","specialfield1":"SUCCESSFUL","amount":"500000","serviceRef":"7427291567","code":"200"}`
	announcesFailed = `{"status":"FAILED","transRef":"T1","specialfield1":"FAILED","amount":"5000","code":"-1"}`
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
	return s, server.URL + "/qosic"
}

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
			s, url := openShop(t)
			b := newBench(t, emulation.Options{WebhookURL: url})
			b.post(tt.path, togocel.order(tt.ending, "T1"))
			b.clock.Advance(tt.after)
			if got := s.received(); !slices.Equal(got, tt.want) {
				t.Errorf("received %q, want %q", got, tt.want)
			}
			for _, kind := range s.kinds {
				if kind != "POST application/json" {
					t.Errorf("sent as %s", kind)
				}
			}
		})
	}
}

func TestARefundIsNotAnnounced(t *testing.T) {
	s, url := openShop(t)
	b := newBench(t, emulation.Options{WebhookURL: url})
	b.pay(mtnBenin, "000", "T1")
	b.clock.Advance(delay)
	b.post("/user/refund", mtnBenin.about("T1"))
	b.clock.Advance(time.Hour)
	if got := s.received(); !slices.Equal(got, []string{announcesPaid}) {
		t.Errorf("received %q, want the payment's only", got)
	}
	if got := b.emulator.Webhooks().Deliveries(); len(got) != 1 || got[0].Status != http.StatusOK || got[0].Reference != "T1" {
		t.Errorf("deliveries %+v", got)
	}
}

// A forged webhook does not change what the provider knows.
func TestAForgedWebhookIsALie(t *testing.T) {
	_, url := openShop(t)
	b := newBench(t, emulation.Options{WebhookURL: url})
	b.pay(mtnBenin, "023", "T1")
	b.clock.Advance(delay / 2)
	if code := b.code(mtnBenin, "T1"); code != "01" {
		t.Errorf("when it has come, the status is %q", code)
	}
	b.clock.Advance(delay)
	if tx := b.line("T1", emulation.Collect); tx.State != emulation.Failed || tx.Paid != 0 || tx.Amount != "5000" {
		t.Errorf("the books hold %+v", tx)
	}
}
