package emulator_test

import (
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// The secret of the documents' example.
const sampleSecret = "cf11635572c1e8d77297207152dc0791ad91f22b32d23c758ce3ba2637202ad8f7290ba41f2243cccf32edde1dfb8bf0f5dea62525309e293b3adb2c76eed6a5"

// The documents' samples, whose own signatures are placeholders.
func TestSignaturesOfTheSamples(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"the example of the signature": {
			`{"merchant_id":"fffed61be9780b97c5e4c65e4e07bb6b","provider_id":10,"client_id":"254000000000","country":"KE",
			"order_id":"order_3444298767545","amount":1000,"currency":"KES","callback_url":"https://my.callback.url"}`,
			"a724c9ebe2b15fca52cf5ad427164db7acef0f7c3f4ea1b3c8a3d07706ac4c2e6d0125a452d86e220f5c21686f6239434a490279e61641d33de5fb213e4ef8f2",
		},
		"a payment": {
			`{"merchant_id":"e0fecd91fcb24f348048193b3fb34875ba3722b4","customer_id":"0900000001","order_id":"16280954971628095497",
			"amount":"100.00","currency":"KES","country":"KE","provider_id":14,
			"signature":"d7d6d76b0e22c6f9d369fa6c24f107053d12bfd24d3b154f2deb6676bf179c123134e1f20879c803be455d81cfe792f00cd8892c26ce7cf5a05beebb9c80843e"}`,
			"18c0e1cbf5f3720747af7d2b6f68a4600a9b682838fbb9b59a9bf1c658a4d926c407145a178749a3655d08f029ec21d64ce089ce294df99b7ea708c99b889be5",
		},
		"a callback": {
			`{"merchant_id":"e0fecd91fcb24f348048193b3fb34875ba3722b4","operation_type":17,"customer_id":"0900000001","amount":100,
			"order_id":"16280954971628095497","transaction_id":"1234567","transaction_ref":"QR555RQ","status":2,"provider_id":14,
			"destination_id":"","result":{"code":0,"message":"OK"},"signature":"d7d6"}`,
			"9a229b2f9c4d73dc7dabf6bf9566150b2b0211be4da72e4bed24fd5d6978efb358ee6da12bcd9e24c871d965c57556f4213fcaefc0cae6d559d072aa82bcffbf",
		},
		"a one-time code": {
			`{"merchant_id":"your merchant id","customer_id":"2250705145655","order_id":"test_161225_01_1","amount":"1100",
			"currency":"XOF","country":"BF","callback_url":"your callback url","provider_id":"9209",
			"signature":"1c594d338bc3f413bd61cb97d697e98ad5772071da533","extra":{"otp":"5647"}}`,
			"525901e89fb0a4585ad06ebc96f69a1a976a6c0e6150d36a873d1c4752531209af97d8d936a8fe63abebbddbe0546549cea1ab71b7b65d600676d0180a358b38",
		},
		"a status": {
			`{"merchant_id":"e0fecd91fcb24f348048193b3fb34875ba3722b4","order_id":"16280954971628095497","signature":"d7d6"}`,
			"519ccccacdb134c09f2332e1fe1d909d97d7ae614cff1b9263670e39cc48eaf4774f0da3d811c15c28f74cf021e55e13f7870239e7727f4f0bccd183ecca3ea8",
		},
	} {
		if got, err := emulator.Sign([]byte(tt.body), sampleSecret); err != nil || got != tt.want {
			t.Errorf("%s: %s (%v)\nwant %s", name, got, err, tt.want)
		}
	}
}

// Two bodies that PHP writes alike are signed alike: the right one here says how it writes the left one.
func TestHowPHPWrites(t *testing.T) {
	for body, same := range map[string]string{
		`{"a":true,"b":false,"c":null}`:     `{"a":"1","b":"","c":""}`,
		`{"a":1000.0,"b":1e3,"c":-1E+2}`:    `{"a":"1000","b":"1000","c":"-100"}`,
		`{"a":100.50,"b":0.1,"c":11.1}`:     `{"a":"100.5","b":"0.1","c":"11.1"}`,
		`{"a":0,"b":-7,"c":-0,"d":-0.0}`:    `{"a":"0","b":"-7","c":"-0","d":"-0"}`,
		`{"a":9223372036854775807}`:         `{"a":"9223372036854775807"}`,
		`{"a":9223372036854775808}`:         `{"a":"9.2233720368548E+18"}`,
		`{"a":1e25,"b":0.00001}`:            `{"a":"1.0E+25","b":"1.0E-5"}`,
		`{"a":0.1234567890123456}`:          `{"a":"0.12345678901235"}`,
		`{"a":1e999,"b":-1e999}`:            `{"a":"INF","b":"-INF"}`,
		`{"a":{"b":{"c":"d"},"e":"f"}}`:     `{"a.b.c":"d","a.e":"f"}`,
		`{"a":["x",{"b":"y"},["z"]]}`:       `{"a.0":"x","a.1.b":"y","a.2.0":"z"}`,
		`{"a":[],"b":{},"c":"d"}`:           `{"c":"d"}`,
		`{"a":"1","b":"2","a":"3"}`:         `{"a":"3","b":"2"}`,
		`{"a":"\u00e9\/\n"}`:                "{\"a\":\"é/\\n\"}",
		`{"a":"100.00"," b":" "}`:           `{"a100.00 b":" "}`,
		`{"signature":"x","a":{"b":1}}`:     `{"a.b":1}`,
		`{"a":{"signature":"x","b":1}}`:     `{"a":{"b":1}}`,
		`{"signature":{"a":"b"},"c":"d"}`:   `{"c":"d"}`,
		`{"a":"b","signature":["x"],"c":1}`: `{"a":"b","c":1}`,
		` { "a" : "b" } `:                   `{"ab":""}`,
	} {
		got, err := emulator.Sign([]byte(body), secretKey)
		want, wantErr := emulator.Sign([]byte(same), secretKey)
		if err != nil || wantErr != nil || got != want {
			t.Errorf("%s is not signed like %s (%v, %v)", body, same, err, wantErr)
		}
	}
}

func TestWhatChangesASignature(t *testing.T) {
	seen := map[string]string{}
	for _, body := range []string{
		`{"a":"1","b":"2"}`, `{"b":"2","a":"1"}`, `{"a":"1.0","b":"2"}`, `{"a":"1","b":"2","c":"3"}`, `{"a":"1"}`, `{}`,
		`{"Signature":"1"}`, `{"a":{"b":"1"}}`,
	} {
		got, err := emulator.Sign([]byte(body), secretKey)
		if other, is := seen[got]; err != nil || is {
			t.Errorf("%s is signed like %s (%v)", body, other, err)
		}
		seen[got] = body
	}
	if got, _ := emulator.Sign([]byte(`{}`), "another"); seen[got] != "" {
		t.Error("the secret makes no difference")
	}
}

func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels) + `1` + strings.Repeat(`}`, levels)
}

func TestWhatCannotBeSigned(t *testing.T) {
	for _, body := range []string{``, `null`, `[]`, `"a"`, `1`, `{"a":1`, `{"a":1}{}`, `{'a':1}`, `{"a":1,}`, nested(17), nested(5000)} {
		if got, err := emulator.Sign([]byte(body), secretKey); err == nil {
			t.Errorf("%.40s is signed: %s", body, got)
		}
	}
	if _, err := emulator.Sign([]byte(nested(16)), secretKey); err != nil {
		t.Errorf("16 levels: %v", err)
	}
}

// A signature does not depend on itself: that is how it is verified.
func FuzzSign(f *testing.F) {
	f.Add(`{"merchant_id":"a","amount":1000.0,"extra":{"otp":"1","list":[1,true,null]}}`)
	f.Add(`{"a":1e400,"a":[],"signature":{}}`)
	f.Fuzz(func(t *testing.T, body string) {
		body = strings.TrimSpace(body)
		before, err := emulator.Sign([]byte(body), secretKey)
		if err != nil || strings.TrimSpace(strings.Trim(body, "{}")) == "" {
			return
		}
		after, err := emulator.Sign([]byte(strings.TrimSuffix(body, "}")+`,"signature":"`+before+`"}`), secretKey)
		if err != nil || before != after {
			t.Errorf("%q is signed %s, and with that %s (%v)", body, before, after, err)
		}
	})
}
