package schemas_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/schemas"
)

func seeds() []string {
	return []string{
		`{"reference": "ORDER-1", "amount": "5000", "msisdn": "+22890112233", "network": "moov_tg"}`,
		`{"reference": "ORDER-1", "amount": 5000, "amount": "5000"}`,
		`{"reference": "ORDER-1", "Amount": "5000", "extra": {"otp": "123456"}, "lines": [{"sum": "1"}]}`,
		`[1e99, -0, 1E+5, "\u0000\ud800", null, true, {}]`,
		`{"a":{"a":{"a":[[[]]]}}} {}`,
		"{\"\xff\": 1}", ` `, `"`, `{"a":`,
	}
}

// What is read is JSON, has no key twice in one object, and is read the same
// again after it was written.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, err := schemas.Decode(raw)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("read, but no JSON: %q", raw)
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if keys, distinct := countKeys(d), countDistinct(doc); keys != distinct {
			t.Fatalf("%q spells %d keys, %d were read", raw, keys, distinct)
		}
		written, err := json.Marshal(doc)
		if err != nil {
			t.Fatalf("%q cannot be written: %v", raw, err)
		}
		again, err := schemas.Decode(written)
		if err != nil || !reflect.DeepEqual(doc, again) {
			t.Fatalf("%q was read as %v, then as %v, %v", raw, doc, again, err)
		}
	})
}

// countKeys counts the keys of all objects as they are spelled.
func countKeys(d *json.Decoder) int {
	var n int
	token, _ := d.Token()
	switch token {
	case json.Delim('{'):
		for d.More() {
			_, _ = d.Token()
			n += 1 + countKeys(d)
		}
	case json.Delim('['):
		for d.More() {
			n += countKeys(d)
		}
	default:
		return 0
	}
	_, _ = d.Token()
	return n
}

// countDistinct counts them as they were read.
func countDistinct(doc any) int {
	var n int
	switch v := doc.(type) {
	case map[string]any:
		n = len(v)
		for _, child := range v {
			n += countDistinct(child)
		}
	case []any:
		for _, child := range v {
			n += countDistinct(child)
		}
	}
	return n
}

// payment is an input as providers declare them.
type payment struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"minLength=7,maxLength=16"`
	Amount    capabilities.Amount    `json:"amount"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"enum=XOF"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer"`
	Callback  string                 `json:"callback_url,omitempty" jsonschema:"format=uri"`
	Rate      float64                `json:"rate,omitempty" jsonschema:"minimum=0,maximum=99"`
	Lines     []struct {
		Sum capabilities.Amount `json:"sum"`
	} `json:"lines,omitempty" jsonschema:"maxItems=3"`
}

// Any bytes are judged. What passes is what the provider can read, and what
// does not is told with a place, a finding and a wish.
func FuzzValidate(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	schema := compile(f, string(mustReflect(f)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		problems := schema.Validate(raw)
		for _, p := range problems {
			if p.Field == "" || p.Found == "" || p.Wanted == "" {
				t.Fatalf("%q: a problem that tells nothing: %+v", raw, p)
			}
		}
		if len(problems) > 0 {
			return
		}
		var in payment
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			t.Fatalf("%q passed, and no provider can read it: %v", raw, err)
		}
		if in.Reference == "" || in.Amount == "" || in.MSISDN == "" {
			t.Fatalf("%q passed without what is required: %+v", raw, in)
		}
	})
}

func mustReflect(f *testing.F) json.RawMessage {
	raw, err := schemas.Reflect(reflect.TypeFor[payment]())
	if err != nil {
		f.Fatal(err)
	}
	return raw
}
