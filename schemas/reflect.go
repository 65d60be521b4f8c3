package schemas

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"
)

// Reflect returns the schema of a struct: one closed object without $ref and
// without combinators, because some MCP clients drop or refuse anything else.
//
// More structs lay their fields over those of the first, which alone says what
// is required: so an answer's envelope and a capability's own output become
// one object.
func Reflect(first reflect.Type, more ...reflect.Type) (json.RawMessage, error) {
	for _, t := range append([]reflect.Type{first}, more...) {
		if err := checkType(t); err != nil {
			return nil, err
		}
	}
	s := reflectOne(first)
	for _, t := range more {
		for p := reflectOne(t).Properties.Oldest(); p != nil; p = p.Next() {
			s.Properties.Set(p.Key, p.Value)
		}
	}
	if len(more) > 0 {
		plain(s)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("schemas: %s: %w", first, err)
	}
	return b, Lint(b)
}

// checkType refuses a type that is no struct, and one that holds itself:
// without $ref its schema would never end.
func checkType(t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("schemas: %s is no struct", t)
	}
	if r := recursive(t, nil); r != nil {
		return fmt.Errorf("schemas: %s: %s holds itself, so its schema would never end", t, r)
	}
	return nil
}

// recursive returns the type that holds itself, if there is one in t. within
// are the types that hold t.
func recursive(t reflect.Type, within []reflect.Type) reflect.Type {
	if slices.Contains(within, t) {
		return t
	}
	if t.Implements(reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }]()) {
		return nil
	}
	within = append(slices.Clone(within), t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return recursive(t.Elem(), within)
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if !f.IsExported() || f.Tag.Get("json") == "-" || f.Tag.Get("jsonschema") == "-" {
				continue
			}
			if r := recursive(f.Type, within); r != nil {
				return r
			}
		}
	}
	return nil
}

func reflectOne(t reflect.Type) *jsonschema.Schema {
	r := &jsonschema.Reflector{ExpandedStruct: true, DoNotReference: true, Anonymous: true}
	s := r.ReflectFromType(t)
	s.Version = ""
	return s
}

// plain removes from an output what only inputs need: roles, and patterns that
// the host's own code guarantees.
func plain(s *jsonschema.Schema) {
	s.Extras, s.Pattern = nil, ""
	if s.Items != nil {
		plain(s.Items)
	}
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		plain(p.Value)
	}
}

// Lint refuses a schema that some MCP client cannot take, or that is not
// closed: the root has to be an object, without $ref anywhere, without
// anyOf, oneOf or allOf at the top, and with every object closed. A map, whose
// values have one schema, counts as closed.
func Lint(raw json.RawMessage) error {
	doc, err := Decode(raw)
	if err != nil {
		return fmt.Errorf("schemas: %w", err)
	}
	root, ok := doc.(map[string]any)
	if !ok || root["type"] != "object" || root["additionalProperties"] != false {
		return fmt.Errorf("schemas: the root is not a closed object")
	}
	for _, k := range []string{"anyOf", "oneOf", "allOf", "not", "if"} {
		if _, ok := root[k]; ok {
			return fmt.Errorf("schemas: %s at the top", k)
		}
	}
	return lint(root, "")
}

// lint checks one schema, and those within it. at is where it stands.
func lint(schema map[string]any, at string) error {
	for _, k := range []string{"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor"} {
		if _, ok := schema[k]; ok {
			return fmt.Errorf("schemas: %s: %s is not allowed", at+"/", k)
		}
	}
	_, isMap := schema["additionalProperties"].(map[string]any)
	_, named := schema["properties"]
	if closed := schema["additionalProperties"] == false || isMap && !named; !closed && (named || schema["type"] == "object") {
		return fmt.Errorf("schemas: %s: the object is not closed", at+"/")
	}
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		if err := lintWithin(keyword, schema[keyword], at+"/"+keyword); err != nil {
			return err
		}
	}
	return nil
}

// lintWithin checks the schemas in the value of a keyword.
func lintWithin(keyword string, v any, at string) error {
	switch keyword {
	case "enum", "const", "default", "examples":
		return nil // values, no schemas
	case "properties", "patternProperties", "dependentSchemas", "$defs", "definitions":
		named, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(named)) {
			if err := lintAll(at+"/"+name, named[name]); err != nil {
				return err
			}
		}
		return nil
	}
	if list, ok := v.([]any); ok {
		return lintAll(at, list...)
	}
	return lintAll(at, v)
}

func lintAll(at string, values ...any) error {
	for _, v := range values {
		if s, ok := v.(map[string]any); ok {
			if err := lint(s, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// Roles returns the field names of an input schema by their role, its x-role
// keyword.
func Roles(raw json.RawMessage) (map[string]string, error) {
	var s struct {
		Properties map[string]struct {
			Role string `json:"x-role"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	roles := map[string]string{}
	for field, p := range s.Properties {
		if p.Role == "" {
			continue
		}
		if other, taken := roles[p.Role]; taken {
			both := []string{field, other}
			slices.Sort(both)
			return nil, fmt.Errorf("schemas: the fields %v both have the role %s", both, p.Role)
		}
		roles[p.Role] = field
	}
	return roles, nil
}
