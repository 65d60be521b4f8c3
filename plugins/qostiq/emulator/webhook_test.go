package emulator_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

// told is a callback without its sign. authentic tells whether that was right.
func told(t *testing.T, hook emulationtest.Webhook) (text string, authentic bool) {
	t.Helper()
	if kind := hook.Header.Get("Content-Type"); kind != emulationtest.AsForm {
		t.Errorf("sent as %s", kind)
	}
	form, err := url.ParseQuery(hook.Body)
	if err != nil {
		t.Fatalf("%v: %s", err, hook.Body)
	}
	sign, values := form.Get("sign"), map[string]string{}
	form.Del("sign")
	var keys, pairs []string
	for _, key := range slices.Sorted(maps.Keys(form)) {
		if values[key] = form.Get(key); values[key] != "" {
			keys = append(keys, key)
		}
		pairs = append(pairs, key+"="+values[key])
	}
	return strings.Join(pairs, "&"), sign == emulator.Sign(values, keys, secret)
}

// announced is the callback of the documents' bill.
func announced(status, processed, psData string) string {
	return "addons=&client_price=23.15&created=2025-03-01 12:00:00&description=Test Bill&payment_id=1914&payway=qostiq_uah&processed=" + processed +
		"&ps_currency=980&ps_data=" + psData + "&shop_amount=23.15&shop_currency=980&shop_id=5&shop_order_id=B1&shop_refund=21.53&status=" + status
}

func ofWallet(ending string) string { return `{"ps_payer_account":"31557414` + ending + `"}` }

// What was paid is told to one address, and what was not to the other.
func TestCallbacks(t *testing.T) {
	const paidAt, atOnce = "2025-03-01 12:00:10", "2025-03-01 12:00:00"
	success := func(ending string) string { return announced("success", paidAt, ofWallet(ending)) }
	rejected := func(ending string) string { return announced("rejected", paidAt, ofWallet(ending)) }
	for name, tt := range map[string]struct {
		ending        string
		after         time.Duration // when the last of them has come
		paid, refused []string
	}{
		"not before it is paid":   {"000", delay - 1, nil, nil},
		"paid":                    {"000", delay, []string{success("000")}, nil},
		"cancelled":               {"001", delay, nil, []string{rejected("001")}},
		"low balance":             {"002", delay, nil, []string{rejected("002")}},
		"refused at once":         {"003", time.Hour, nil, nil},
		"not expired yet":         {"004", 15*time.Minute - 1, nil, nil},
		"expired":                 {"004", 15 * time.Minute, nil, []string{announced("rejected", "", ofWallet("004"))}},
		"not taken":               {"005", time.Hour, nil, nil},
		"after an HTTP 500":       {"006", delay, []string{success("006")}, nil},
		"at once":                 {"013", 0, []string{announced("success", atOnce, ofWallet("013"))}, nil},
		"dropped":                 {"020", time.Hour, nil, nil},
		"twice":                   {"021", delay, []string{success("021"), success("021")}, nil},
		"not late yet":            {"022", 10*delay - 1, nil, nil},
		"late":                    {"022", 10 * delay, []string{success("022")}, nil},
		"the variant":             {"019", delay, []string{strings.Replace(success("019"), "addons=", "addons={}", 1)}, nil},
		"by a wallet not listed":  {"777", delay, []string{success("777")}, nil},
		"a failed payout is none": {"025", delay, []string{success("025")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			paid, refused := emulationtest.NewInbox(t), emulationtest.NewInbox(t)
			b := newBench(t, emulation.Options{})
			b.call(create, linked("B1", tt.ending).with("lifetime", "15", "callback_url", quote(paid.URL), "callback_rejected_url", quote(refused.URL)))
			b.Clock.Advance(tt.after)
			received(t, paid, tt.paid)
			received(t, refused, tt.refused)
		})
	}
}

// received holds what came to be these, all of them signed by Qostiq.
func received(t *testing.T, in *emulationtest.Inbox, want []string) {
	t.Helper()
	var got []string
	for _, hook := range in.Received() {
		text, authentic := told(t, hook)
		if !authentic {
			t.Errorf("the signature is wrong: %s", hook.Body)
		}
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("received %q\nwant %q", got, want)
	}
}

// Somebody without the secret tells of money that nobody has paid.
func TestAForgedCallback(t *testing.T) {
	paid, refused := emulationtest.NewInbox(t), emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{})
	b.call(create, linked("B1", "023").with("callback_url", quote(paid.URL), "callback_rejected_url", quote(refused.URL)))
	b.Clock.Advance(delay/2 - 1)
	received(t, paid, nil)
	b.Clock.Advance(1)
	if got := paid.Received(); len(got) != 1 {
		t.Fatalf("%d forged callbacks, want 1", len(got))
	} else if text, authentic := told(t, got[0]); authentic || !strings.Contains(text, "shop_amount=2315.0&") || !strings.HasSuffix(text, "status=success") {
		t.Errorf("authentic %v: %s", authentic, text)
	}
	if got := b.status("B1"); got != "1" {
		t.Errorf("when it has come, the status is %s", got)
	}
	b.Clock.Advance(delay)
	received(t, refused, []string{announced("rejected", "2025-03-01 12:00:10", ofWallet("023"))})
	if got := b.status("B1"); got != "3" {
		t.Errorf("in the end, the status is %s", got)
	}
	if got := b.Deliveries(); len(got) != 2 || !got[0].Forged || got[1].Forged {
		t.Errorf("deliveries %+v", got)
	}
}

// The address in the shop's settings beats both of a request, and without any there is no callback.
func TestWhereCallbacksGo(t *testing.T) {
	set, wanted := emulationtest.NewInbox(t), emulationtest.NewInbox(t)
	for name, tt := range map[string]struct {
		ending, option string
		want           []string
	}{
		"paid":      {"013", "callback_url", []string{announced("success", "2025-03-01 12:00:00", ofWallet("013"))}},
		"cancelled": {"001", "callback_rejected_url", []string{announced("rejected", "2025-03-01 12:00:10", ofWallet("001"))}},
	} {
		b := newBench(t, emulation.Options{WebhookURL: set.URL})
		before := len(set.Received())
		b.call(create, linked("B1", tt.ending).with(tt.option, quote(wanted.URL)))
		b.Clock.Advance(delay)
		if got := set.Received()[before:]; len(got) != 1 {
			t.Errorf("%s: %d callbacks to the shop's address, want 1", name, len(got))
		} else if text, authentic := told(t, got[0]); !authentic || text != tt.want[0] {
			t.Errorf("%s: %s, want %s", name, text, tt.want[0])
		}

		other := map[string]string{"callback_url": "callback_rejected_url", "callback_rejected_url": "callback_url"}[tt.option]
		elsewhere := newBench(t, emulation.Options{})
		elsewhere.call(create, linked("B1", tt.ending).with(other, quote(wanted.URL)))
		elsewhere.Clock.Advance(delay)
		if got := elsewhere.Deliveries(); len(got) != 0 {
			t.Errorf("%s: delivered to the other address: %+v", name, got)
		}
	}
	received(t, wanted, nil)
}

// A transfer has no callback, and neither has a bill that was refused.
func TestTransfersAreNotAnnounced(t *testing.T) {
	in := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: in.URL})
	for _, ending := range []string{"000", "004", "014", "023", "025"} {
		b.call(transfer, payout("T"+ending, ending))
	}
	b.Clock.Advance(time.Hour)
	received(t, in, nil)
}

// A bill of free amount that nobody paid has no amount, which is sent empty and is not signed.
func TestACallbackWithoutAnAmount(t *testing.T) {
	in := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: in.URL})
	b.call(createV2, free("B1"))
	b.Clock.Advance(90 * time.Minute)
	received(t, in, []string{"addons=&client_price=&created=2025-03-01 12:00:00&description=&payment_id=1914&payway=qostiq_usd&processed=" +
		"&ps_currency=840&ps_data={}&shop_amount=&shop_currency=840&shop_id=5&shop_order_id=B1&shop_refund=&status=rejected"})
}
