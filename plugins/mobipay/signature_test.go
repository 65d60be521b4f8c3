package mobipay

import (
	"strings"
	"testing"
)

// sampleSecret is the secret of the provider's own sample.
const sampleSecret = "cf11635572c1e8d77297207152dc0791ad91f22b32d23c758ce3ba2637202ad8f7290ba41f2243cccf32edde1dfb8bf0f5dea62525309e293b3adb2c76eed6a5"

// The samples of the documentation, with its sample secret. It publishes no
// expected values: these were computed from the rule that it describes.
func TestSignaturesOfTheSamples(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ message, want string }{
		"the PHP sample": {
			`{"merchant_id":"fffed61be9780b97c5e4c65e4e07bb6b","provider_id":10,"client_id":"254000000000","country":"KE","order_id":"order_3444298767545","amount":1000,"currency":"KES","callback_url":"https://my.callback.url"}`,
			"a724c9ebe2b15fca52cf5ad427164db7acef0f7c3f4ea1b3c8a3d07706ac4c2e6d0125a452d86e220f5c21686f6239434a490279e61641d33de5fb213e4ef8f2",
		},
		"a payment": {
			`{"merchant_id":"e0fecd91fcb24f348048193b3fb34875ba3722b4","customer_id":"0900000001","order_id":"16280954971628095497","amount":"100.00","currency":"KES","country":"KE","provider_id":14,"signature":"d7d6d76b"}`,
			"18c0e1cbf5f3720747af7d2b6f68a4600a9b682838fbb9b59a9bf1c658a4d926c407145a178749a3655d08f029ec21d64ce089ce294df99b7ea708c99b889be5",
		},
		"a callback": {
			`{"merchant_id":"e0fecd91fcb24f348048193b3fb34875ba3722b4","operation_type":17,"customer_id":"0900000001","amount":100,"order_id":"16280954971628095497","transaction_id":"1234567","transaction_ref":"QR555RQ","status":2,"provider_id":14,"destination_id":"","result":{"code":0,"message":"OK"},"signature":"d7d6d76b"}`,
			"9a229b2f9c4d73dc7dabf6bf9566150b2b0211be4da72e4bed24fd5d6978efb358ee6da12bcd9e24c871d965c57556f4213fcaefc0cae6d559d072aa82bcffbf",
		},
		"a payment with a code": {
			`{"merchant_id":"your merchant id","customer_id":"2250705145655","order_id":"test_161225_01_1","amount":"1100","currency":"XOF","country":"BF","callback_url":"your callback url","provider_id":"9209","signature":"1c594d33","extra":{"otp":"5647"}}`,
			"525901e89fb0a4585ad06ebc96f69a1a976a6c0e6150d36a873d1c4752531209af97d8d936a8fe63abebbddbe0546549cea1ab71b7b65d600676d0180a358b38",
		},
		"a question": {
			`{"merchant_id":"e0fecd91fcb24f348048193b3fb34875ba3722b4","order_id":"16280954971628095497","signature":"d7d6d76b"}`,
			"519ccccacdb134c09f2332e1fe1d909d97d7ae614cff1b9263670e39cc48eaf4774f0da3d811c15c28f74cf021e55e13f7870239e7727f4f0bccd183ecca3ea8",
		},
	} {
		if got, err := sign([]byte(tt.message), sampleSecret); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v\nwant %s", name, got, err, tt.want)
		}
	}
}

// The text that is signed: as PHP writes the values, in the order of the
// message and with nothing between. A message with one such field has the same
// signature.
func TestSignedText(t *testing.T) {
	t.Parallel()
	for message, text := range map[string]string{
		`{"b":"2","a":"1"}`:                    `b2a1`,
		`{"a":true,"b":false,"c":null}`:        `a1bc`,
		`{"a":1000.0}`:                         `a1000`,
		`{"a":"1000.0"}`:                       `a1000.0`,
		`{"a":100.50}`:                         `a100.5`,
		`{"a":1e25}`:                           `a1.0E+25`,
		`{"a":1.5E300}`:                        `a1.5E+300`,
		`{"a":1e14}`:                           `a1.0E+14`,
		`{"a":99999999999999.9}`:               `a1.0E+14`,
		`{"a":12345678901234.5}`:               `a12345678901234`,
		`{"a":1e13}`:                           `a10000000000000`,
		`{"a":0.0001}`:                         `a0.0001`,
		`{"a":0.00001}`:                        `a1.0E-5`,
		`{"a":0.5}`:                            `a0.5`,
		`{"a":-0}`:                             `a-0`,
		`{"a":-0.0}`:                           `a-0`,
		`{"a":0.1e1}`:                          `a1`,
		`{"a":-12.50}`:                         `a-12.5`,
		`{"a":9223372036854775807}`:            `a9223372036854775807`,
		`{"a":18446744073709551616}`:           `a1.844674407371E+19`,
		`{"a":{"b":{"c":1},"d":2},"e":3}`:      `a.b.c1a.d2e3`,
		`{"a":["x",["y"],{"z":0}]}`:            `a.0xa.1.0ya.2.z0`,
		`{"a":{},"b":[],"c":1}`:                `c1`,
		`{"signature":"x","a":1}`:              `a1`,
		`{"a":{"signature":"x","b":1}}`:        `a.b1`,
		`{"a":["signature"]}`:                  `a.0signature`,
		`{"a":"\u00e9\u20ac","b":"\/\"\\\n"}`:  "aé€b/\"\\\n",
		" { \"a\" :\t1 ,\n \"b\" : [ ] } ":     `a1`,
		`{"amount":"<1>&"}`:                    `amount<1>&`,
		`{"amount":"\u003c1\u003e\u0026"}`:     `amount<1>&`,
		`{"":{"":"x"}}`:                        `.x`,
		`{"status":2,"provider_id":14,"s":""}`: `status2provider_id14s`,
	} {
		got, err := sign([]byte(message), "secret")
		want, wantErr := sign([]byte(`{`+quoted(text)+`:""}`), "secret")
		if err != nil || wantErr != nil || got != want {
			t.Errorf("%s is not signed as %q (%v, %v)", message, text, err, wantErr)
		}
	}
}

// What two readers could read differently has no signature.
func TestMessagesWithoutASignature(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ message, says string }{
		"nothing":             {``, "JSON"},
		"half of it":          {`{"a":1`, "JSON"},
		"two messages":        {`{"a":1}{"b":2}`, "JSON"},
		"a list":              {`["a"]`, "object"},
		"no UTF-8":            {"{\"a\":\"\xff\"}", "UTF-8"},
		"a key twice":         {`{"a":1,"a":2}`, "twice"},
		"two signatures":      {`{"signature":"1","signature":"2"}`, "twice"},
		"a key twice, deeper": {`{"x":[{"a":1,"a":2}]}`, "twice"},
		"a signed signature":  {`{"signature":{"a":1}}`, "signature"},
		"too deep":            {strings.Repeat(`{"a":`, 17) + `1` + strings.Repeat(`}`, 17), "deeper"},
		"too deep in lists":   {`{"a":` + strings.Repeat(`[`, 16) + strings.Repeat(`]`, 16) + `}`, "deeper"},
		"a number of nobody":  {`{"a":1e999}`, "range"},
		"long names of many":  {`{"` + strings.Repeat("a", 30_000) + `":[` + strings.Repeat("1,", 10_000) + `1]}`, "longer"},
	} {
		if got, err := sign([]byte(tt.message), "secret"); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %q, %v; it does not say %q", name, got, err, tt.says)
		}
	}
	if _, err := sign([]byte(strings.Repeat(`{"a":`, 16)+`1`+strings.Repeat(`}`, 16)), "secret"); err != nil {
		t.Errorf("16 levels: %v", err)
	}
}

func TestAuthentic(t *testing.T) {
	t.Parallel()
	signature, err := sign([]byte(`{"a":1,"b":2}`), "secret")
	if err != nil {
		t.Fatal(err)
	}
	for message, says := range map[string]string{
		`{"a":1,"b":2,"signature":"` + signature + `"}`:                  "",
		`{"signature":"` + signature + `","a":1,"b":2}`:                  "",
		`{"a":1.0,"b":2,"signature":"` + signature + `"}`:                "", // PHP writes both alike
		`{"b":2,"a":1,"signature":"` + signature + `"}`:                  "does not hold",
		`{"a":1,"b":3,"signature":"` + signature + `"}`:                  "does not hold",
		`{"a":1,"b":2,"c":"x","signature":"` + signature + `"}`:          "does not hold",
		`{"a":1,"b":2,"signature":"` + strings.ToUpper(signature) + `"}`: "does not hold",
		`{"a":1,"b":2,"signature":"` + signature[:127] + `"}`:            "does not hold",
		`{"a":1,"b":2,"signature":""}`:                                   "no signature",
		`{"a":1,"b":2,"signature":null}`:                                 "no signature",
		`{"a":1,"b":2}`:                                                  "no signature",
		`{"a":1,"b":2,"signature":["` + signature + `"]}`:                "signature",
		`{"a":1,"b":2,"Signature":"` + signature + `"}`:                  "no signature",
	} {
		err := authentic([]byte(message), "secret")
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v; want %q", message, err, says)
		}
	}
	if err := authentic([]byte(`{"a":1,"b":2,"signature":"`+signature+`"}`), "another"); err == nil {
		t.Error("another secret was taken")
	}
}
