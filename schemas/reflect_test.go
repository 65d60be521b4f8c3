package schemas_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/mcp-payments/mcp-payments/schemas"
)

// payer has a schema of its own, with a role.
type payer string

func (payer) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: "^[0-9]+$", Extras: map[string]any{"x-role": "payer"}}
}

type envelope struct {
	Provider string `json:"provider"`
	State    string `json:"state,omitempty" jsonschema:"enum=pending,enum=succeeded"`
}

type output struct {
	Payer payer `json:"payer"`
	Lines []struct {
		To payer `json:"to"`
	} `json:"lines"`
}

func TestReflect(t *testing.T) {
	raw := reflected[struct {
		Payer payer             `json:"payer"`
		Note  string            `json:"note,omitempty" jsonschema:"maxLength=5"`
		Extra map[string]string `json:"extra,omitempty"`
	}](t)
	sameJSON(t, raw, `{
		"type": "object",
		"properties": {
			"payer": {"type": "string", "pattern": "^[0-9]+$", "x-role": "payer"},
			"note": {"type": "string", "maxLength": 5},
			"extra": {"type": "object", "additionalProperties": {"type": "string"}}
		},
		"required": ["payer"],
		"additionalProperties": false
	}`)
}

// An answer is the envelope and the capability's own fields in one object.
// Only the envelope's are required: a refusal has no others. Roles and
// patterns are an input's business.
func TestReflectLaysOver(t *testing.T) {
	raw, err := schemas.Reflect(reflect.TypeFor[envelope](), reflect.TypeFor[output]())
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, raw, `{
		"type": "object",
		"properties": {
			"provider": {"type": "string"},
			"state": {"type": "string", "enum": ["pending", "succeeded"]},
			"payer": {"type": "string"},
			"lines": {"type": "array", "items": {
				"type": "object",
				"properties": {"to": {"type": "string"}},
				"required": ["to"],
				"additionalProperties": false
			}}
		},
		"required": ["provider"],
		"additionalProperties": false
	}`)
}

type family struct {
	Name     string   `json:"name"`
	Children []family `json:"children,omitempty"`
}

// A type that no client could be given a schema of is refused with its name,
// instead of ending the author's process.
func TestReflectRefuses(t *testing.T) {
	tests := []struct {
		name string
		of   reflect.Type
		says string
	}{
		{"a string", reflect.TypeFor[string](), "no struct"},
		{"a list", reflect.TypeFor[[]envelope](), "no struct"},
		{"a map", reflect.TypeFor[map[string]string](), "no struct"},
		{"a type that holds itself", reflect.TypeFor[family](), "schemas_test.family holds itself"},
		{"a type deep within that does", reflect.TypeFor[struct {
			By map[string]*family `json:"by"`
		}](), "schemas_test.family holds itself"},
		{"an object of anything", reflect.TypeFor[struct {
			Extra map[string]any `json:"extra"`
		}](), "/properties/extra"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, types := range [][]reflect.Type{{tt.of}, {reflect.TypeFor[envelope](), tt.of}} {
				_, err := schemas.Reflect(types[0], types[1:]...)
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v; it does not say %q", err, tt.says)
				}
			}
		})
	}
	// A field that is kept out of the schema may hold what it likes.
	type node struct {
		Name   string `json:"name"`
		Parent *node  `json:"-"`
	}
	if _, err := schemas.Reflect(reflect.TypeFor[node]()); err != nil {
		t.Error(err)
	}
}

func TestLint(t *testing.T) {
	const ends = `"additionalProperties": false}`
	tests := []struct {
		name, schema string
		says         string // empty: it passes
	}{
		{"a closed object", `{"type": "object", ` + ends, ""},
		{"a map of strings", `{"type": "object", "properties": {"m": {"type": "object", "additionalProperties": {"type": "string"}}}, ` + ends, ""},
		{"anything in a field", `{"type": "object", "properties": {"raw": true}, ` + ends, ""},
		{"a choice within a field", `{"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, ` + ends, ""},
		{"fields named like keywords", `{"type": "object", "properties": {"$ref": {"type": "string"}, "anyOf": {"type": "string"}}, ` + ends, ""},
		{"values that look like schemas", `{"type": "object", "properties": {"a": {"enum": [{"$ref": "x"}], "default": {"type": "object"}}}, ` + ends, ""},

		{"nothing", ``, "not JSON"},
		{"no JSON", `{`, "not JSON"},
		{"one keyword twice", `{"type": "object", "type": "object", ` + ends, "twice"},
		{"a boolean", `true`, "root"},
		{"a list at the root", `{"type": "array", ` + ends, "root"},
		{"a choice of types at the root", `{"type": ["object", "null"], ` + ends, "root"},
		{"an open root", `{"type": "object"}`, "root"},
		{"a root that says that it is open", `{"type": "object", "additionalProperties": true}`, "root"},
		{"a map at the root", `{"type": "object", "additionalProperties": {"type": "string"}}`, "root"},
		{"anyOf at the top", `{"type": "object", "anyOf": [], ` + ends, "anyOf"},
		{"oneOf at the top", `{"type": "object", "oneOf": [], ` + ends, "oneOf"},
		{"allOf at the top", `{"type": "object", "allOf": [], ` + ends, "allOf"},
		{"not at the top", `{"type": "object", "not": {}, ` + ends, "not"},
		{"if at the top", `{"type": "object", "if": {}, ` + ends, "if"},
		{"$ref at the top", `{"type": "object", "$ref": "#/x", ` + ends, "$ref"},
		{"$ref in a field", `{"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, ` + ends, "/properties/a"},
		{"$ref in a list", `{"type": "object", "properties": {"a": {"items": {"$ref": "#"}}}, ` + ends, "/properties/a/items"},
		{"$ref in a choice", `{"type": "object", "properties": {"a": {"oneOf": [{"$ref": "#"}]}}, ` + ends, "/properties/a/oneOf"},
		{"$ref in a definition", `{"type": "object", "$defs": {"a": {"$ref": "#"}}, ` + ends, "/$defs/a"},
		{"$ref in a map", `{"type": "object", "properties": {"m": {"type": "object", "additionalProperties": {"$ref": "#"}}}, ` + ends, "$ref"},
		{"$dynamicRef", `{"type": "object", "properties": {"a": {"$dynamicRef": "#"}}, ` + ends, "$dynamicRef"},
		{"$id", `{"type": "object", "$id": "https://example.com/", ` + ends, "$id"},
		{"an open object in a field", `{"type": "object", "properties": {"a": {"type": "object"}}, ` + ends, "/properties/a"},
		{"an object in disguise", `{"type": "object", "properties": {"a": {"properties": {}}}, ` + ends, "/properties/a"},
		{"a map that has fields too", `{"type": "object", "properties": {"a": {"properties": {}, "additionalProperties": {}}}, ` + ends, "/properties/a"},
		{"an open object in a list", `{"type": "object", "properties": {"a": {"items": {"type": "object"}}}, ` + ends, "/properties/a/items"},
		{"nested without end", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "deeper"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := schemas.Lint(json.RawMessage(tt.schema))
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%v; it does not say %q", err, tt.says)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	roles, err := schemas.Roles(json.RawMessage(`{"properties": {
		"order": {"x-role": "reference"}, "sum": {"type": "string", "x-role": "amount"}, "note": {"type": "string"}}}`))
	if want := map[string]string{"reference": "order", "amount": "sum"}; err != nil || !reflect.DeepEqual(roles, want) {
		t.Errorf("%v, %v", roles, err)
	}
	// A guard that reads one of two amounts would let the other through.
	_, err = schemas.Roles(json.RawMessage(`{"properties": {"sum": {"x-role": "amount"}, "fee": {"x-role": "amount"}}}`))
	if err == nil || !strings.Contains(err.Error(), "[fee sum]") || !strings.Contains(err.Error(), "amount") {
		t.Errorf("two fields with one role: %v", err)
	}
	if _, err := schemas.Roles(json.RawMessage(`[]`)); err == nil {
		t.Error("roles were read from a list")
	}
}

func reflected[T any](t *testing.T) json.RawMessage {
	t.Helper()
	raw, err := schemas.Reflect(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func sameJSON(t *testing.T, got json.RawMessage, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
