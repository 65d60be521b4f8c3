package mobipay

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// quoted is a text as a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s) // strings always marshal
	return string(b)
}

// The emulator signs by code of its own. Whatever is signed here, is signed
// alike there. Some of what is signed there is refused here: it takes the last
// of two equal keys as PHP does, writes INF for what is out of range, passes
// over a signature that is an object, and repairs what is no UTF-8. Honest
// messages have none of it, and readers differ about it.
func FuzzSign(f *testing.F) {
	for _, message := range []string{
		`{"merchant_id":"a","amount":"100.00","extra":{"otp":"5647"},"signature":"x"}`,
		`{"merchant_id":"a","amount":100,"result":{"code":0,"message":"OK"},"list":[1,[true,null],{"a":1.50}]}`,
		`{"a":1e25,"b":0.00001,"c":-0,"d":123456789012345678901,"e":1000.0,"f":9.99999999999995}`,
		`{"a":"\u00e9\ud83d\ude00\ud800","b":"<>&","":{"":[]}}`,
		`{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}}}}}}}`,
		`{"a":1,"a":2}`, `{"a":1e999}`, `{"signature":{"a":1}}`, "{\"a\":\"\xff\"}", `[]`, ``,
	} {
		f.Add(message, "secret")
	}
	f.Fuzz(func(t *testing.T, message, secret string) {
		got, err := sign([]byte(message), secret)
		if err != nil {
			return
		}
		want, err := emulator.Sign([]byte(message), secret)
		if err != nil || got != want {
			t.Fatalf("%q is signed %s here, and %s there (%v)", message, got, want, err)
		}
		if !json.Valid([]byte(message)) || len(got) != 128 || strings.Trim(got, "0123456789abcdef") != "" {
			t.Fatalf("%q is signed %s", message, got)
		}
	})
}

// Numbers are what PHP and Go write differently. Every one that is signed here
// is written as the emulator's own code writes it.
func FuzzNumbers(f *testing.F) {
	for _, n := range []float64{0, 1, 0.1, 100.5, 1e14, 1e15, 99999999999999.5, 0.0001, 0.00001, 5e-324, 1.7976931348623157e308, 123456789.123456789} {
		f.Add(n, 0)
	}
	f.Fuzz(func(t *testing.T, n float64, digits int) {
		for _, spelled := range []string{
			strconv.FormatFloat(n, 'g', -1, 64), strconv.FormatFloat(n, 'e', 1+digits&15, 64), strconv.FormatFloat(n, 'f', digits&15, 64),
		} {
			message := []byte(`{"a":` + spelled + `}`)
			got, err := sign(message, "secret")
			if err != nil {
				return
			}
			if want, err := emulator.Sign(message, "secret"); err != nil || got != want {
				text, _ := phpNumber(spelled)
				t.Fatalf("%s is written %s here, and otherwise there (%v)", spelled, text, err)
			}
		}
	})
}

// Anybody can post a webhook. Whatever is in it, it is refused as an input
// unless it holds its signature, and claims no more than its own words say.
func FuzzWebhook(f *testing.F) {
	config := Config{MerchantID: "merchant", SecretKey: "secret"}
	for _, body := range []string{
		`{"merchant_id":"merchant","operation_type":17,"customer_id":"0900000001","amount":100,"order_id":"ORDER-1","transaction_id":"1","transaction_ref":"Q","status":2,"provider_id":14,"destination_id":"","result":{"code":0,"message":"OK"}`,
		`{"transaction_id":"1","order_id":"ORDER-1","service_id":1,"service_version":11.1,"service_date_time":"2020-11-25 10:08:32.832969","result":{"code":0,"message":"OK"}`,
		`{"order_id":"ORDER-1","status":2,"result":{"code":10201}`,
		`{"order_id":"ORDER-1","status":2,"amount":{"a":1},"result":{"code":[0]},"transaction_ref":false`,
		`{"order_id":"ORDER-1","STATUS":3,"status":"2","amount":"-1","result":[]`,
		`{"merchant_id":"another","order_id":"ORDER-1"`, `{"order_id":{"a":1}`, `{"status":2`, `[`, ``, "{\"a\":\"\xff\"",
	} {
		f.Add(body, true)
		f.Add(body, false)
	}
	f.Fuzz(func(t *testing.T, body string, signs bool) {
		secret := "another secret"
		if signs {
			secret = config.SecretKey
		}
		signature, err := emulator.Sign([]byte(body+"}"), secret)
		if err == nil {
			body += `,"signature":"` + signature + `"}`
		}
		claim, err := readWebhook(WebhookInput{Body: body}, config)
		if err != nil {
			var r *capabilities.Refusal
			if !errors.As(err, &r) || r.Kind != capabilities.Invalid || claim.State != "" || !strings.Contains(r.Message, "do not fulfil") {
				t.Fatalf("%q: %v, with %+v", body, err, claim)
			}
			return
		}
		if !signs {
			t.Fatalf("%q was taken, and signed by somebody else", body)
		}
		fields := hosttest.Fields(body)
		if fields["order_id"] != claim.Reference || claim.Reference == "" || !claim.Authentic {
			t.Fatalf("%q: %+v", body, claim)
		}
		if claim.Amount != "" && fields["amount"] != claim.Amount {
			t.Fatalf("%q is said to name the amount %q", body, claim.Amount)
		}
		if claim.State == capabilities.Succeeded && fields["status"] != "2" {
			t.Fatalf("%q is said to be paid", body)
		}
		if fields["merchant_id"] == "another" {
			t.Fatalf("%q: %+v", body, claim)
		}
	})
}
