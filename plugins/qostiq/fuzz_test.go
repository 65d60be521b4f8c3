package qostiq

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

var shop = Config{ShopID: "5", SecretKey: "SecretKey01"}

// Anybody can post a webhook. Whatever is in it, it is believed exactly if the
// emulator, which shares no code with this, would have signed it so.
func FuzzWebhook(f *testing.F) {
	for _, body := range []string{
		`shop_id=5&shop_order_id=ORDER-1042&status=success&shop_amount=23.15`,
		`shop_id=5&shop_order_id=ORDER-1042&status=rejected&description=&addons=%7B%7D`,
		`shop_id=5&shop_order_id=A%3AB&status=success&status=rejected`,
		`{"shop_id":5,"shop_order_id":"ORDER-1042","status":"success","shop_amount":23.150,"processed":null}`,
		`{"shop_id":"5","shop_order_id":1042,"status":"success","ps_data":{"ps_payer_account":"2015"},"addons":[]}`,
		`{"shop_id":"5","SHOP_ID":"6","shop_order_id":"\ud800","status":true}`,
		`shop_id=5&shop_order_id=%ff`, `&=&a`, `{}`, `null`, ``, "\xff", `{"sign":{}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		unsigned, signed := sealed(body)
		refuses(t, unsigned)
		values, ok := plainly(signed)
		claim, err := readWebhook(WebhookInput{Body: signed}, shop)
		believed := ok && values["shop_id"] == "5" && values["shop_order_id"] != ""
		if (err == nil) != believed {
			t.Fatalf("%q: believed %v, want %v: %v", signed, err == nil, believed, err)
		}
		if err != nil {
			refuses(t, signed)
			return
		}
		states := map[string]capabilities.State{"success": capabilities.Succeeded, "rejected": capabilities.Failed}
		state, known := states[values["status"]]
		if !known {
			state = capabilities.Unknown
		}
		if !claim.Authentic || claim.Reference != values["shop_order_id"] || claim.Amount != values["shop_amount"] || claim.State != state {
			t.Fatalf("%q: %+v", signed, claim)
		}
		refuses(t, strings.Replace(signed, values["sign"], strings.Repeat("0", 64), 1))
	})
}

// refuses holds a body to be refused as an input.
func refuses(t *testing.T, body string) {
	t.Helper()
	claim, err := readWebhook(WebhookInput{Body: body}, shop)
	var r *capabilities.Refusal
	if !errors.As(err, &r) || r.Kind != capabilities.Invalid || claim.State != "" {
		t.Fatalf("%q: %v, with %+v", body, err, claim)
	}
}

// sealed is a body without a signature that holds, and with one: its last key.
func sealed(body string) (unsigned, signed string) {
	values, ok := plainly(body)
	if !ok || values["sign"] != "" {
		return body, body
	}
	sign := emulator.Sign(values, signedKeys(values), shop.SecretKey)
	if head, object := strings.CutSuffix(strings.TrimSpace(body), "}"); object && strings.HasPrefix(head, "{") {
		if strings.Contains(head, `"sign"`) { // an empty one
			return body, body
		}
		if len(values) > 0 {
			head += ","
		}
		return body, head + `"sign":"` + sign + `"}`
	}
	if strings.Contains(body, "sign") {
		return body, body
	}
	return body, body + "&sign=" + sign
}

func signedKeys(values map[string]string) []string {
	var keys []string
	for key, value := range values {
		if key != "sign" && value != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// plainly reads a webhook in the straightforward way, and reports whether it
// has one reading and a signature that is the emulator's, or none at all.
func plainly(body string) (values map[string]string, ok bool) {
	values = map[string]string{}
	add := func(key, value string) bool {
		_, twice := values[key]
		values[key] = value
		return !twice
	}
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		ok = members(body, add)
	} else {
		ok = pairs(body, add)
	}
	if sign := values["sign"]; sign != "" {
		ok = ok && sign == emulator.Sign(values, signedKeys(values), shop.SecretKey)
	}
	return values, ok
}

func pairs(body string, add func(key, value string) bool) bool {
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		k, err := url.QueryUnescape(key)
		v, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil || strings.Contains(pair, ";") || strings.ToValidUTF8(k+v, "") != k+v || !add(k, v) {
			return false
		}
	}
	return true
}

// members reads an object by its tokens. It leaves it to the SDK's own tests to
// find what is no JSON.
func members(body string, add func(key, value string) bool) bool {
	if _, err := readObject([]byte(body)); err != nil {
		return false
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	_, _ = d.Token()
	for d.More() {
		key, err := d.Token()
		var raw json.RawMessage
		if err != nil || d.Decode(&raw) != nil {
			return false
		}
		value := strings.TrimSpace(string(raw))
		switch {
		case value == "null":
			value = ""
		case strings.HasPrefix(value, `"`):
			_ = json.Unmarshal(raw, &value)
		}
		if name, _ := key.(string); !add(name, value) {
			return false
		}
	}
	return true
}

// Whatever a server answers, it is judged, and nothing but an answer that says
// so passes.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"data":{"id":25,"shop_amount":23.15},"error_code":0,"message":"Ok","result":true}`,
		`{"data":null,"error":"6","message":"operation is not unique","result":false}`,
		`{"data":{"is_unique":false,"status":"2"},"error_code":"0","error":0,"result":true}`,
		`{"data":[],"error_code":0,"result":1}`, `{"error_code":0,"ERROR_CODE":6,"result":true,"Result":false}`,
		`{"data":{"account_info_config":{"payee_account":{"regex":"^3[\\d]{10}$","label":"x"}}},"error_code":0,"result":true}`, `[]`, ``,
	} {
		f.Add(200, body)
		f.Add(500, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		a := read(&transport.Response{Status: status, Body: []byte(body)})
		err := judge(context.Background(), a)
		var r *capabilities.Refusal
		if err != nil && (!errors.As(err, &r) || r.Message == "" || r.Fix == "") {
			t.Fatalf("%d %q: %v", status, body, err)
		}
		if passed := err == nil; passed != (a.unreadable == "" && a.ErrorCode == "0" && status < http.StatusMultipleChoices) {
			t.Fatalf("%d %q passes: %v", status, body, passed)
		}
		var plain struct {
			Result    json.RawMessage `json:"result"`
			ErrorCode any             `json:"error_code"`
			Error     any             `json:"error"`
		}
		if err == nil && (json.Unmarshal([]byte(body), &plain) != nil || plain.ErrorCode == nil && plain.Error == nil) {
			t.Fatalf("%q passes", body)
		}
		if kinds := []capabilities.RefusalKind{capabilities.ProviderRejected, capabilities.Misconfigured, capabilities.UnknownOutcome}; err != nil && !slices.Contains(kinds, r.Kind) {
			t.Fatalf("%d %q is %s", status, body, r.Kind)
		}
		if _, err := expressionFor(string(a.Data.Regex)); err == nil {
			_ = matches("31557414711", a)
		}
	})
}
