package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// Schema is a compiled JSON Schema.
type Schema struct {
	compiled *jsonschema.Schema
}

// Compile compiles a schema (about half a millisecond). Formats are asserted,
// and nothing outside the document is ever read.
func Compile(raw json.RawMessage) (*Schema, error) {
	const here = "mem:///schema.json"
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	c.ExtractAnnotations = true
	c.LoadURL = func(url string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("schemas: %s: references are not followed", url)
	}
	if err := c.AddResource(here, bytes.NewReader(raw)); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	s, err := c.Compile(here)
	if err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	return &Schema{compiled: s}, nil
}

// Problem is one way in which a document does not fit its schema.
type Problem struct {
	Field  string // where: a name, or a path such as extra.otp
	Found  string // what stands there
	Wanted string // what the schema wants
}

// Validate checks raw JSON, with its numbers as they are spelled. It returns
// every problem, in a stable order; a document that is not JSON has one.
func (s *Schema) Validate(raw json.RawMessage) []Problem {
	doc, err := Decode(raw)
	if err != nil {
		return []Problem{{Field: "(input)", Found: err.Error(), Wanted: "one JSON object"}}
	}
	err = s.compiled.Validate(doc)
	if err == nil {
		return nil
	}
	e, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return []Problem{{Field: "(input)", Found: err.Error(), Wanted: "a document that can be checked"}}
	}
	problems := s.explain(e, doc)
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Field+a.Wanted, b.Field+b.Wanted) })
	return slices.Compact(problems)
}

// explain turns the library's tree of errors into problems of fields.
func (s *Schema) explain(e *jsonschema.ValidationError, doc any) []Problem {
	if len(e.Causes) > 0 {
		var all []Problem
		for _, c := range e.Causes {
			all = append(all, s.explain(c, doc)...)
		}
		return all
	}
	at := at{path: pointer(e.InstanceLocation)}
	at.schema, at.value = s.compiled, doc
	for _, step := range at.path {
		at.descend(step)
	}
	keyword := e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:]
	switch keyword {
	case "required":
		return at.missing()
	case "additionalProperties":
		return at.unknown()
	case "type":
		if at.schema != nil {
			return []Problem{{Field: at.field(), Found: show(at.value), Wanted: at.wanted("a value of type " + strings.Join(at.schema.Types, " or "))}}
		}
	}
	return []Problem{{Field: at.field(), Found: show(at.value), Wanted: at.wanted(e.Message)}}
}

// at is a place in a document, with the schema that governs it.
type at struct {
	path   []string
	schema *jsonschema.Schema
	value  any
}

func (a *at) descend(step string) {
	switch v := a.value.(type) {
	case map[string]any:
		a.value = v[step]
	case []any:
		var i int
		if _, err := fmt.Sscan(step, &i); err == nil && i < len(v) {
			a.value = v[i]
		}
	}
	if a.schema == nil {
		return
	}
	if p, ok := a.schema.Properties[step]; ok {
		a.schema = p
		return
	}
	if p, ok := a.schema.AdditionalProperties.(*jsonschema.Schema); ok {
		a.schema = p
		return
	}
	a.schema = a.schema.Items2020
}

func (a *at) field(more ...string) string {
	if f := strings.Join(append(slices.Clone(a.path), more...), "."); f != "" {
		return f
	}
	return "(input)"
}

func (a *at) missing() []Problem {
	object, _ := a.value.(map[string]any)
	var all []Problem
	for _, name := range a.schema.Required {
		if _, ok := object[name]; !ok {
			child := *a
			child.schema = a.schema.Properties[name]
			all = append(all, Problem{Field: a.field(name), Found: "nothing", Wanted: child.wanted("it is required")})
		}
	}
	return all
}

func (a *at) unknown() []Problem {
	object, _ := a.value.(map[string]any)
	var all []Problem
	for name := range object {
		if _, ok := a.schema.Properties[name]; !ok {
			all = append(all, Problem{Field: a.field(name), Found: "a field that does not exist", Wanted: "only " + names(a.schema)})
		}
	}
	return all
}

func names(s *jsonschema.Schema) string {
	var n []string
	for name := range s.Properties {
		n = append(n, name)
	}
	slices.Sort(n)
	return strings.Join(n, ", ")
}

// wanted says in words what the schema allows at this place.
func (a *at) wanted(otherwise string) string {
	s := a.schema
	if s == nil {
		return otherwise
	}
	switch {
	case len(s.Enum) > 0:
		return "one of " + oneOf(s.Enum)
	case s.Description != "":
		return typed(s) + s.Description
	case s.Pattern != nil:
		return typed(s) + "matching " + s.Pattern.String()
	}
	return otherwise
}

func typed(s *jsonschema.Schema) string {
	if len(s.Types) != 1 {
		return ""
	}
	return "a " + s.Types[0] + ": "
}

func oneOf(values []any) string {
	var v []string
	for _, value := range values {
		v = append(v, fmt.Sprint(value))
	}
	return strings.Join(v, ", ")
}

const maxShown = 60

// show quotes a value as it stands in the document, cut to a readable length.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	kind := map[bool]string{true: "the number ", false: ""}[isNumber(v)]
	if r := []rune(string(b)); len(r) > maxShown {
		return kind + string(r[:maxShown]) + "…"
	}
	return kind + string(b)
}

func isNumber(v any) bool {
	_, ok := v.(json.Number)
	return ok
}

func pointer(location string) []string {
	if location == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(location, "/"), "/")
	for i, s := range steps {
		if unescaped, err := url.PathUnescape(s); err == nil {
			s = unescaped
		}
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return steps
}
