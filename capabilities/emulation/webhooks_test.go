package emulation_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// When which webhooks arrive, for the numbers whose webhooks are special and for some that are not.
func TestWebhooks(t *testing.T) {
	const (
		paid   = `{"amount":"500","ref":"R","state":"succeeded"}`
		failed = `{"amount":"500","ref":"R","state":"failed"}`
		forged = `{"amount":"50000","ref":"R","state":"succeeded"}`
	)
	type arrival struct {
		at   time.Duration
		body string
	}
	tests := map[string][]arrival{
		"000": {{delay, paid}},
		"001": {{delay, failed}},
		"003": nil, // refused at once
		"004": nil, // never final
		"005": nil, // not taken
		"006": {{delay, paid}},
		"013": {{0, paid}},
		"020": nil,
		"021": {{delay, paid}, {delay, paid}},
		"022": {{10 * delay, paid}},
		"023": {{delay / 2, forged}, {delay, failed}},
	}
	for ending, want := range tests {
		t.Run(ending, func(t *testing.T) {
			var b *bench
			in := newInbox(t, func() time.Time { return b.clock.Now() }, http.StatusOK)
			b = newBench(t, emulation.Options{WebhookURL: in.URL + "/hook"})
			_, _, _ = b.pay("/pay", "R", ending)
			b.clock.Advance(time.Hour)
			var got []arrival
			for _, r := range in.all() {
				got = append(got, arrival{r.at, r.body})
				if r.contentType != "application/json" {
					t.Errorf("sent as %q", r.contentType)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("received %v, want %v", got, want)
			}
		})
	}
}

// A provider that announces only what was paid sends nothing else, and a forger has nothing to copy
// of what it never announces.
func TestNoContentIsNoWebhook(t *testing.T) {
	in := newInbox(t, time.Now, http.StatusOK)
	clock := emulation.NewManualClock(start)
	till := emulation.NewTill(emulation.Options{Clock: clock, SettleAfter: delay, WebhookURL: in.URL}, emulation.Rules{
		Webhook: func(tx emulation.Transaction) emulation.Content {
			if tx.State == emulation.Succeeded && tx.Operation == emulation.Collect {
				return emulation.Text(tx.Reference)
			}
			return emulation.Content{}
		},
	})
	for reference, tx := range map[string]emulation.Transaction{
		"PAID":          {Operation: emulation.Collect, Ending: emulation.Paid},
		"REFUSED":       {Operation: emulation.Collect, Ending: emulation.Refused},
		"PAYOUT":        {Operation: emulation.Disburse, Ending: emulation.Paid},
		"FORGED PAYOUT": {Operation: emulation.Disburse, Ending: emulation.WebhookForged},
	} {
		tx.Reference = reference
		serve(till, tx)
	}
	clock.Advance(time.Hour)
	if got := in.all(); len(got) != 1 || got[0].body != "PAID" {
		t.Errorf("received %v", got)
	}
	if got := till.Webhooks().Deliveries(); len(got) != 1 {
		t.Errorf("deliveries %+v", got)
	}
}

func TestDeliveriesAreInTheBooks(t *testing.T) {
	var b *bench
	in := newInbox(t, func() time.Time { return b.clock.Now() }, http.StatusTeapot)
	b = newBench(t, emulation.Options{WebhookURL: in.URL})
	if got := get[emulation.Delivery](b, "/_emulator/webhooks"); got == nil || len(got) != 0 {
		t.Errorf("no delivery yet: %v, want an empty array", got)
	}
	_, _, _ = b.pay("/pay", "R", "023")
	b.clock.Advance(delay)
	want := []emulation.Delivery{
		{Reference: "R", URL: in.URL, Forged: true, Sent: start.Add(delay / 2), Status: http.StatusTeapot},
		{Reference: "R", URL: in.URL, Sent: start.Add(delay), Status: http.StatusTeapot},
	}
	if got := get[emulation.Delivery](b, "/_emulator/webhooks"); !slices.Equal(got, want) {
		t.Errorf("deliveries %+v, want %+v", got, want)
	}
	if got := b.acme.Webhooks().Deliveries(); !slices.Equal(got, want) {
		t.Errorf("from Go: %+v, want %+v", got, want)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var b *bench
	in := newInbox(t, func() time.Time { return b.clock.Now() }, http.StatusTemporaryRedirect)
	b = newBench(t, emulation.Options{WebhookURL: in.URL})
	_, _, _ = b.pay("/pay", "R", "000")
	b.clock.Advance(delay)
	if got := in.all(); len(got) != 1 {
		t.Errorf("posted %d times, want once", len(got))
	}
	if got := b.acme.Webhooks().Deliveries(); len(got) != 1 || got[0].Status != http.StatusTemporaryRedirect {
		t.Errorf("deliveries %+v", got)
	}
}

func TestAnyContentCanBeSentLater(t *testing.T) {
	var b *bench
	in := newInbox(t, func() time.Time { return b.clock.Now() }, http.StatusOK)
	b = newBench(t, emulation.Options{WebhookURL: in.URL})
	b.acme.Webhooks().Send(time.Minute, emulation.Webhook{
		Reference: "R",
		Content:   emulation.Form(url.Values{"status": {"success"}, "amount": {"1 000"}}),
	})
	b.clock.Advance(time.Minute)
	want := received{"amount=1+000&status=success", "application/x-www-form-urlencoded", time.Minute}
	if got := in.all(); len(got) != 1 || got[0] != want {
		t.Errorf("received %v, want %v", got, want)
	}
}

// Providers ignore callback URLs that are not https; the developer is told why nothing comes.
func TestWhereNoWebhookGoes(t *testing.T) {
	dead := httptest.NewServer(nil)
	dead.Close()
	tests := map[string]string{
		"http://shop.example/hook": "not https",
		"http://192.168.1.7/hook":  "not https",
		"ftp://127.0.0.1/hook":     "not https",
		"shop.example/hook":        "not https",
		"https:///hook":            "not https",
		"http://%zz":               "cannot be read",
		dead.URL:                   "refused",
	}
	for target, reason := range tests {
		t.Run(target, func(t *testing.T) {
			var log bytes.Buffer
			b := newBench(t, emulation.Options{WebhookURL: target, Log: slog.New(slog.NewTextHandler(&log, nil))})
			_, _, _ = b.pay("/pay", "R", "000")
			b.clock.Advance(delay)
			got := b.acme.Webhooks().Deliveries()
			if len(got) != 1 || got[0].Status != 0 || !strings.Contains(got[0].Error, reason) {
				t.Errorf("deliveries %+v, want one that says %q", got, reason)
			}
			if !strings.Contains(log.String(), reason) {
				t.Errorf("the log does not say %q:\n%s", reason, log.String())
			}
			if line := b.line("R"); line.Paid != 1 {
				t.Errorf("the payment suffers from its webhook: %+v", line)
			}
		})
	}
}

func TestClosingWaitsForADeliveryUnderWay(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer slow.Close()
	b := newBench(t, emulation.Options{WebhookURL: slow.URL})
	_, _, _ = b.pay("/pay", "R", "000")
	go b.clock.Advance(delay)
	<-arrived

	closed := make(chan struct{})
	go func() {
		_ = b.acme.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("closed while a webhook was being delivered")
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	<-closed
	if got := b.acme.Webhooks().Deliveries(); len(got) != 1 || got[0].Status != http.StatusOK {
		t.Errorf("deliveries %+v", got)
	}
}

// On the real clock, too, a webhook arrives.
func TestWebhookOnTheRealClock(t *testing.T) {
	in := newInbox(t, time.Now, http.StatusOK)
	a := newAcme(emulation.Options{WebhookURL: in.URL, SettleAfter: time.Millisecond})
	server, err := emulation.Start(a, "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	b := &bench{T: t, acme: a, url: server.BaseURL()}
	if _, _, err := b.pay("/pay", "R", "000"); err != nil {
		t.Fatal(err)
	}
	within(t, "the webhook arrives", func() bool { return len(in.all()) == 1 })
}
