package schemas_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/schemas"
)

// order is an input as a provider would declare one.
const order = `{
	"type": "object",
	"properties": {
		"reference": {"type": "string", "pattern": "^[A-Z0-9-]+$", "maxLength": 16, "description": "your unique id of this payment"},
		"amount": {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"},
		"network": {"type": "string", "enum": ["moov_tg", "togocel_tg"]},
		"callback_url": {"type": "string", "format": "uri"},
		"count": {"type": "integer", "maximum": 9007199254740993},
		"extra": {
			"type": "object",
			"properties": {"otp": {"type": "string", "pattern": "^[0-9]{6}$"}},
			"required": ["otp"],
			"additionalProperties": false
		},
		"lines": {"type": "array", "items": {
			"type": "object",
			"properties": {"sum": {"type": "string", "description": "whole XOF"}},
			"required": ["sum"],
			"additionalProperties": false
		}},
		"labels": {"type": "object", "additionalProperties": {"type": "string", "description": "a label"}}
	},
	"required": ["reference", "amount"],
	"additionalProperties": false
}`

func TestValidate(t *testing.T) {
	// What is wrong, field by field: where, and the words that have to be in
	// what was found and what is wanted.
	type problem struct{ field, found, wanted string }
	tests := []struct {
		name, input string
		problems    []problem
	}{
		{"all in order", `{"reference": "ORDER-1", "amount": "5000", "network": "moov_tg", "callback_url": "https://example.com/hook",
			"count": 9007199254740993, "extra": {"otp": "123456"}, "lines": [{"sum": "1"}], "labels": {"a b/c": "d"}}`, nil},
		{"no more than is required", `{"reference": "ORDER-1", "amount": "5000"}`, nil},

		{"two fields missing", `{}`, []problem{
			{"amount", "nothing", "^[1-9][0-9]{0,8}$"},
			{"reference", "nothing", "your unique id of this payment"},
		}},
		{"one of them", `{"reference": "ORDER-1"}`, []problem{{"amount", "nothing", "a string"}}},
		{"a field that does not exist", `{"reference": "ORDER-1", "amount": "5000", "ammount": "1"}`, []problem{
			{"ammount", "does not exist", "amount, callback_url, count, extra, labels, lines, network, reference"},
		}},
		{"the name in other letters", `{"reference": "ORDER-1", "amount": "5000", "Amount": "1"}`, []problem{{"Amount", "does not exist", "amount"}}},
		{"a number for a string", `{"reference": "ORDER-1", "amount": 5000}`, []problem{{"amount", "the number 5000", "a string"}}},
		{"a number with all its digits", `{"reference": "ORDER-1", "amount": 9007199254740993.00}`, []problem{
			{"amount", "the number 9007199254740993.00", "a string"},
		}},
		{"null for a string", `{"reference": "ORDER-1", "amount": null}`, []problem{{"amount", "null", "a string"}}},
		{"a list for a string", `{"reference": ["ORDER-1"], "amount": "5000"}`, []problem{{"reference", `["ORDER-1"]`, "your unique id"}}},
		{"a string for an object", `{"reference": "ORDER-1", "amount": "5000", "extra": "123456"}`, []problem{{"extra", `"123456"`, "object"}}},
		{"outside the enum", `{"reference": "ORDER-1", "amount": "5000", "network": "MOOV"}`, []problem{
			{"network", `"MOOV"`, "one of moov_tg, togocel_tg"},
		}},
		{"against the pattern", `{"reference": "ORDER-1", "amount": "0500"}`, []problem{{"amount", `"0500"`, "^[1-9][0-9]{0,8}$"}}},
		{"a line end after the pattern", `{"reference": "ORDER-1", "amount": "500\n"}`, []problem{{"amount", `"500\n"`, "matching"}}},
		{"against a pattern that is described", `{"reference": "order 1", "amount": "5000"}`, []problem{
			{"reference", `"order 1"`, "a string: your unique id of this payment"},
		}},
		{"too long, and cut where it is shown", `{"reference": "` + strings.Repeat("A", 500) + `", "amount": "5000"}`, []problem{
			{"reference", strings.Repeat("A", 59) + "…", "your unique id"},
		}},
		{"against the format", `{"reference": "ORDER-1", "amount": "5000", "callback_url": "no address"}`, []problem{
			{"callback_url", `"no address"`, "uri"},
		}},
		{"one more than the greatest", `{"reference": "ORDER-1", "amount": "5000", "count": 9007199254740994}`, []problem{
			{"count", "the number 9007199254740994", "<="},
		}},
		{"no integer", `{"reference": "ORDER-1", "amount": "5000", "count": 1.5}`, []problem{{"count", "the number 1.5", "integer"}}},
		{"deep within an object", `{"reference": "ORDER-1", "amount": "5000", "extra": {"otp": "12"}}`, []problem{{"extra.otp", `"12"`, "^[0-9]{6}$"}}},
		{"missing within an object", `{"reference": "ORDER-1", "amount": "5000", "extra": {}}`, []problem{{"extra.otp", "nothing", "^[0-9]{6}$"}}},
		{"unknown within an object", `{"reference": "ORDER-1", "amount": "5000", "extra": {"otp": "123456", "pin": "1"}}`, []problem{
			{"extra.pin", "does not exist", "only otp"},
		}},
		{"deep within a list", `{"reference": "ORDER-1", "amount": "5000", "lines": [{"sum": "1"}, {"sum": 2}]}`, []problem{
			{"lines.1.sum", "the number 2", "whole XOF"},
		}},
		{"under a name that needs escaping", `{"reference": "ORDER-1", "amount": "5000", "labels": {"a b/c~%2Fé": 2}}`, []problem{
			{"labels.a b/c~%2Fé", "the number 2", "a label"},
		}},
		{"three things at once", `{"reference": 7, "network": "x", "amount": "5000", "more": 1}`, []problem{
			{"more", "does not exist", "reference"}, {"network", `"x"`, "moov_tg"}, {"reference", "the number 7", "a string"},
		}},

		{"nothing", ``, []problem{{"(input)", "not JSON", "one JSON object"}}},
		{"no JSON", `{"reference": ORDER-1}`, []problem{{"(input)", "not JSON", "one JSON object"}}},
		{"half an object", `{"reference": "ORDER-1"`, []problem{{"(input)", "not JSON", "one JSON object"}}},
		{"more after the object", `{"reference": "ORDER-1", "amount": "5000"} {"amount": "9000"}`, []problem{{"(input)", "not JSON", "one JSON object"}}},
		{"a bracket after the object", `{"reference": "ORDER-1", "amount": "5000"}}`, []problem{{"(input)", "not JSON", "one JSON object"}}},
		{"not UTF-8", "{\"reference\": \"\xff\", \"amount\": \"5000\"}", []problem{{"(input)", "UTF-8", "one JSON object"}}},
		{"not an object", `[]`, []problem{{"(input)", "[]", "object"}}},
		{"null", `null`, []problem{{"(input)", "null", "object"}}},
		{"one key twice", `{"reference": "ORDER-1", "amount": "5000", "amount": "9000"}`, []problem{{"(input)", `"amount" twice`, "one JSON object"}}},
		{"one key twice, escaped", `{"reference": "ORDER-1", "amount": "5000", "\u0061mount": "9000"}`, []problem{{"(input)", `"amount" twice`, "one JSON object"}}},
		{"one key twice deep within", `{"extra": {"otp": "123456", "otp": "654321"}}`, []problem{{"(input)", `"otp" twice`, "one JSON object"}}},
		{"nested without end", strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), []problem{{"(input)", "not JSON", "one JSON object"}}},
		{"nested deeper than honest", strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70), []problem{{"(input)", "deeper", "one JSON object"}}},
		{"an exponent that fills the memory", `{"count": 1e999999999}`, []problem{{"(input)", "out of every range", "one JSON object"}}},
		{"and one below", `{"count": 1E-0000999}`, []problem{{"(input)", "out of every range", "one JSON object"}}},
		{"a number of a thousand digits", `{"count": ` + strings.Repeat("9", 1000) + `}`, []problem{{"(input)", "out of every range", "one JSON object"}}},
	}
	schema := compile(t, order)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := schema.Validate(json.RawMessage(tt.input))
			if len(problems) != len(tt.problems) {
				t.Fatalf("got %+v, want %+v", problems, tt.problems)
			}
			for i, want := range tt.problems {
				p := problems[i]
				if p.Field != want.field || !strings.Contains(p.Found, want.found) || !strings.Contains(p.Wanted, want.wanted) {
					t.Errorf("got %+v, want %+v", p, want)
				}
			}
		})
	}
}

// The same input is refused in the same words every time.
func TestValidateIsStable(t *testing.T) {
	schema := compile(t, order)
	input := json.RawMessage(`{"a": 1, "b": 2, "c": 3, "network": 1, "count": "x", "extra": {"d": 1}, "lines": [1, 2, 3]}`)
	first := schema.Validate(input)
	if len(first) < 10 {
		t.Fatalf("only %d problems: %+v", len(first), first)
	}
	for range 20 {
		if again := schema.Validate(input); !reflect.DeepEqual(again, first) {
			t.Fatalf("first %+v\nthen  %+v", first, again)
		}
	}
}

// An honest number is taken as it is spelled.
func TestNumbersAreExact(t *testing.T) {
	for _, n := range []string{"0", "-0", "1e5", "1E+05", "0.1000", "9007199254740993", "-12345678901234567890.123456789"} {
		doc, err := schemas.Decode(json.RawMessage(n))
		if err != nil || doc != json.Number(n) {
			t.Errorf("%s was read as %v, %v", n, doc, err)
		}
	}
}

// A format is held to, whether or not the schema names its dialect.
func TestFormatsAreAsserted(t *testing.T) {
	for _, dialect := range []string{"", `"$schema": "https://json-schema.org/draft/2020-12/schema", `} {
		for format, values := range map[string][2]string{
			"uri":       {"https://example.com/hook", "no address"},
			"email":     {"a@example.com", "a.example.com"},
			"date-time": {"2024-11-30T00:00:00Z", "30 November 2024"},
			"uuid":      {"123e4567-e89b-12d3-a456-426614174000", "123"},
		} {
			schema := compile(t, `{`+dialect+`"properties": {"a": {"type": "string", "format": "`+format+`"}}}`)
			for i, value := range values {
				problems := schema.Validate(json.RawMessage(`{"a": "` + value + `"}`))
				if len(problems) != i {
					t.Errorf("%s %q: %v", format, value, problems)
				}
			}
		}
	}
}

// A schema comes from a provider: it may not make the host open a file or an
// address.
func TestCompileReadsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "string.json")
	if err := os.WriteFile(file, []byte(`{"type": "string"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"file://" + filepath.ToSlash(file), "string.json", "http://127.0.0.1:1/schema.json"} {
		if _, err := schemas.Compile(json.RawMessage(`{"properties": {"a": {"$ref": "` + ref + `"}}}`)); err == nil {
			t.Errorf("%s was followed", ref)
		}
	}
	// The dialect may not be fetched either.
	if _, err := schemas.Compile(json.RawMessage(`{"$schema": "file://` + filepath.ToSlash(file) + `"}`)); err == nil {
		t.Error("a dialect was fetched")
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, schema := range []string{``, `{`, `{"type": "text"}`, `{"pattern": "("}`, `{"pattern": "(?=a)"}`, `[]`} {
		if _, err := schemas.Compile(json.RawMessage(schema)); err == nil {
			t.Errorf("%s was compiled", schema)
		}
	}
}

// A client sees an input's schema without what only the host reads.
func TestVisibleInput(t *testing.T) {
	visible, err := schemas.VisibleInput(json.RawMessage(`{"type": "object", "x-note": 1, "properties": {
		"amount": {"type": "string", "x-role": "amount", "description": "whole XOF"},
		"lines": {"type": "array", "items": {"anyOf": [{"type": "string", "x-role": "payee"}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, visible, `{"type": "object", "properties": {
		"amount": {"type": "string", "description": "whole XOF"},
		"lines": {"type": "array", "items": {"anyOf": [{"type": "string"}]}}}}`)
	if _, err := schemas.VisibleInput(json.RawMessage(`[]`)); err == nil {
		t.Error("a list was taken for a schema")
	}
}

// And an output's as the types of the fields it may act on, open to the rest.
func TestVisibleOutput(t *testing.T) {
	visible, err := schemas.VisibleOutput(json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["state"], "properties": {
		"state": {"type": "string", "enum": ["pending"], "description": "what is known"},
		"final": {"type": "boolean"},
		"raw": true,
		"any": {"description": "of any type"},
		"gotchas": {"type": "array", "items": {"type": "object"}}}}`), []string{"gotchas"})
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, visible, `{"type": "object", "properties": {"state": {"type": "string"}, "final": {"type": "boolean"}, "any": {}}}`)
	if _, err := schemas.VisibleOutput(json.RawMessage(`[]`), nil); err == nil {
		t.Error("a list was taken for a schema")
	}
}

func TestPublishedOfNobody(t *testing.T) {
	for _, name := range []string{"nobody", "..", ""} {
		if _, _, ok := schemas.Published(name, "pay"); ok {
			t.Errorf("%q has published schemas", name)
		}
	}
}

func compile(t testing.TB, schema string) *schemas.Schema {
	t.Helper()
	s, err := schemas.Compile(json.RawMessage(schema))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
