package qostiq_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

// verify judges a webhook some time after whatever was asked before.
func (b bench) verify(body string) *host.Answer {
	b.Helper()
	b.Clock.Advance(pace)
	return b.Call("verify_webhook", hosttest.Input{"body": body})
}

// webhook is what Qostiq posts of a bill, with some of its values.
type callback map[string]string

func claim(reference, status string) callback {
	return callback{
		"status": status, "shop_id": "5", "shop_order_id": reference, "description": "", "shop_amount": "23.15", "shop_refund": "21.53",
		"shop_currency": "980", "payment_id": "852095", "client_price": "23.15", "ps_currency": "980", "payway": "qostiq_uah",
		"ps_data": `{"ps_payer_account":"31557414000"}`, "created": "2025-03-01 12:00:00", "processed": "2025-03-01 12:00:10", "addons": "",
	}
}

// but is the webhook with another value. An empty one is left out.
func (c callback) but(key, value string) callback {
	c = maps.Clone(c)
	if c[key] = value; value == "" {
		delete(c, key)
	}
	return c
}

// signed is the webhook with a signature over all that is not empty.
func (c callback) signed(secret string) callback {
	var keys []string
	for key, value := range c {
		if value != "" && key != "sign" {
			keys = append(keys, key)
		}
	}
	return c.but("sign", emulator.Sign(c, keys, secret))
}

func (c callback) form() string {
	form := url.Values{}
	for key, value := range c {
		form.Set(key, value)
	}
	return form.Encode()
}

func (c callback) json() string {
	b, _ := json.Marshal(c) // texts always marshal
	return string(b)
}

const secret = "SecretKey01"

// The webhook that Qostiq sends of a paid bill, where the operator wants it,
// received and judged.
func TestWebhookOfAPaidBill(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{}, func(settings map[string]string) { settings["QOSTIQ_CALLBACK_URL"] = inbox.URL })
	for _, e := range []emulation.Ending{emulation.Paid, emulation.Variant} {
		reference := "HOOK-" + string(e)
		b.create(e, reference)
		b.Clock.Advance(delay)
		a := b.verify(inbox.Next())
		b.Wants(a, want{State: capabilities.Succeeded})
		if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "23.15" || !v.Claim.Authentic || v.Claim.State != capabilities.Succeeded {
			t.Errorf("verdict %+v, want to fulfil 23.15 on an authentic claim", v)
		}
	}
}

// What was not paid is announced at the other address, and fulfils nothing.
func TestWebhookOfARejectedBill(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{}, func(settings map[string]string) { settings["QOSTIQ_CALLBACK_REJECTED_URL"] = inbox.URL })
	b.create(emulation.Refused, "HOOK-NO")
	b.Clock.Advance(delay)
	a := b.verify(inbox.Next())
	b.Wants(a, want{State: capabilities.Cancelled})
	if v := b.VerdictOf(a); v.Fulfil || v.Claim.State != capabilities.Failed || !v.Claim.Authentic {
		t.Errorf("verdict %+v", v)
	}
}

// Nothing says that a webhook comes only once, and anybody may send it again.
func TestWebhookComesTwice(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.create(emulation.WebhookTwice, "TWICE")
	b.Clock.Advance(delay)
	first, second := inbox.Next(), inbox.Next()
	for i, body := range []string{first, second, first} {
		a := b.verify(body)
		b.Wants(a, want{State: capabilities.Succeeded})
		if v := b.VerdictOf(a); v.Fulfil != (i == 0) || v.Trusted != "23.15" {
			t.Errorf("verdict %+v, want to fulfil the first time", v)
		}
	}
	b.Moved("TWICE", emulation.Collect, 1, 1)
}

// Whoever does not know the secret cannot say anything.
func TestForgedWebhook(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.create(emulation.WebhookForged, "FORGED")
	b.Clock.Advance(delay / 2)
	b.Wants(b.verify(inbox.Next()), want{Kind: capabilities.Invalid, Problem: "body", Message: "anybody may be the author|do not fulfil"})
	b.Wants(b.ask("FORGED"), want{State: capabilities.Cancelled})
}

// A webhook that is genuine and was edited, or is for somebody else, is none.
func TestWebhooksThatAreNotOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.PaidAtOnce, "YES")
	genuine := claim("YES", "success").signed(secret)
	for name, body := range map[string]string{
		"no signature":     genuine.but("sign", "").form(),
		"in other letters": genuine.but("sign", strings.ToUpper(genuine["sign"])).form(),
		"another amount":   genuine.but("shop_amount", "2315").form(),
		"another state":    genuine.but("status", "rejected").form(),
		"one field more":   genuine.but("extra", "1").form(),
		"one field less":   genuine.but("payway", "").form(),
		"another secret":   claim("YES", "success").signed("SecretKey02").form(),
		"another shop":     claim("YES", "success").but("shop_id", "6").signed(secret).form(),
		"no shop":          claim("YES", "success").but("shop_id", "").signed(secret).form(),
		"no order":         claim("YES", "success").but("shop_order_id", "").signed(secret).form(),
		"a path":           claim("../../x", "success").signed(secret).form(),
		"a key twice":      genuine.form() + "&status=success",
		"a key twice, too": strings.Replace(genuine.json(), `{`, `{"status":"success",`, 1),
		"half of it":       genuine.form()[:100],
		"no UTF-8":         genuine.but("description", "\xff").signed(secret).form(),
		"no form":          "%",
		"a list":           `["status"]`,
		"empty":            "",
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).verify(body), want{Kind: capabilities.Invalid})
		})
	}
	b.Wants(b.verify(genuine.form()), want{State: capabilities.Succeeded})
}

// What is genuine may still be old, or about one of several bills: the status
// and the record decide.
func TestGenuineWebhooksThatDoNotFulfil(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.NeverAnswered, "OPEN")
	b.create(emulation.Refused, "NO")
	b.create(emulation.PaidAtOnce, "SHARED")
	bench{b.Elsewhere()}.create(emulation.Paid, "SHARED")
	b.create(emulation.PaidAtOnce, "YES")
	b.Clock.Advance(delay)
	for name, tt := range map[string]struct {
		callback callback
		state    capabilities.State
		want     hosttest.Verdict
	}{
		"a pending bill":       {claim("OPEN", "success"), capabilities.Pending, hosttest.Verdict{Trusted: "23.15"}},
		"a refused bill":       {claim("NO", "success"), capabilities.Cancelled, hosttest.Verdict{Trusted: "23.15"}},
		"one of several":       {claim("SHARED", "success"), capabilities.Unknown, hosttest.Verdict{Trusted: "23.15"}},
		"nobody's bill":        {claim("NEVER", "success"), capabilities.Unknown, hosttest.Verdict{}},
		"a status of its own":  {claim("OPEN", "paid"), capabilities.Pending, hosttest.Verdict{Trusted: "23.15"}},
		"100 times the amount": {claim("YES", "success").but("shop_amount", "2315.00"), capabilities.Succeeded, hosttest.Verdict{Fulfil: true, Trusted: "23.15"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.in(t).verify(tt.callback.signed(secret).form())
			b.in(t).Wants(a, want{State: tt.state})
			if v := b.in(t).VerdictOf(a); v.Fulfil != tt.want.Fulfil || v.Trusted != tt.want.Trusted || v.Reason == "" {
				t.Errorf("verdict %+v, want %+v with a reason", v, tt.want)
			}
		})
	}
}

// A webhook of a free bill: the amount to trust is what Qostiq itself says was
// paid.
func TestWebhookOfAFreeBill(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.Call("create_bill_v2", hosttest.Input{"reference": "FREE", "currency": "USD", "payer_account": "pay.000@example.com"})
	b.Clock.Advance(delay)
	a := b.verify(inbox.Next())
	b.Wants(a, want{State: capabilities.Succeeded})
	if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "10.00" {
		t.Errorf("verdict %+v, want to fulfil 10.00", v)
	}
}

// A free bill that was asked for just now is paid on record, and its amount is
// not: nothing is fulfilled before Qostiq can be asked again.
func TestWebhookOfAFreeBillRightAfterAQuestion(t *testing.T) {
	t.Parallel()
	inbox := emulationtest.NewInbox(t)
	b := newBench(t, emulation.Options{WebhookURL: inbox.URL})
	b.Call("create_bill_v2", hosttest.Input{"reference": "FREE", "currency": "USD", "payer_account": "pay.000@example.com"})
	b.Clock.Advance(delay)
	genuine := inbox.Next()
	b.Wants(b.ask("FREE"), want{State: capabilities.Succeeded})
	b.Wants(b.Call("verify_webhook", hosttest.Input{"body": genuine}), want{
		Kind: capabilities.Unavailable, Message: "only it knows the amount|verify the webhook again in 10 s", Gotchas: "verify_webhook.3",
	})
	a := b.verify(genuine)
	b.Wants(a, want{State: capabilities.Succeeded})
	if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "10.00" {
		t.Errorf("verdict %+v, want to fulfil 10.00", v)
	}
}

// A form or JSON, texts or numbers: each value is signed as it is spelled.
func TestWebhooksInOtherSpellings(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	genuine := claim("YES", "success").signed(secret)
	numbers := strings.NewReplacer(`"23.15"`, `23.15`, `"980"`, `980`, `"5"`, `5`, `"addons":""`, `"addons":null`).Replace(genuine.json())
	within := strings.NewReplacer(`"{\"ps_payer_account\":\"31557414000\"}"`, `{"ps_payer_account":"31557414000"}`).Replace(genuine.json())
	for name, body := range map[string]string{
		"a form": genuine.form(), "JSON": genuine.json(), "with numbers": numbers, "with an object": within, "with spaces": " " + genuine.json() + "\r\n",
		"of unknown fields": claim("YES", "success").but("new_field", "1").signed(secret).form(),
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).create(emulation.PaidAtOnce, "YES")
			a := b.in(t).verify(body)
			b.in(t).Wants(a, want{State: capabilities.Succeeded})
			if v := b.in(t).VerdictOf(a); !v.Claim.Authentic || v.Claim.Amount != "23.15" {
				t.Errorf("verdict %+v", v)
			}
		})
	}
	for name, body := range map[string]string{
		"another spelling of a number": strings.Replace(numbers, `23.15`, `23.150`, 1),
		"another spelling within":      strings.Replace(within, `{"ps_payer_account":`, `{"ps_payer_account": `, 1),
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).verify(body), want{Kind: capabilities.Invalid})
		})
	}
}

// A status may be asked for once in ten seconds, so the check may have to wait.
func TestWebhookRightAfterAQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.create(emulation.Paid, "SOON")
	b.Call("check_payment_status", hosttest.Input{"reference": "SOON"})
	genuine := claim("SOON", "success").signed(secret).form()
	b.Wants(b.Call("verify_webhook", hosttest.Input{"body": genuine}), want{
		Kind: capabilities.Unavailable, Message: "do not fulfil|verify the webhook again", Gotchas: "verify_webhook.3", After: 10,
	})
	b.Wants(b.verify(genuine), want{State: capabilities.Succeeded})
}
