package schemas

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// VisibleInput returns an input schema as a client is shown it: without the
// keywords that only the host reads.
func VisibleInput(raw json.RawMessage) (json.RawMessage, error) {
	var s map[string]any
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	strip(s)
	return json.Marshal(s)
}

func strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(k string, _ any) bool { return strings.HasPrefix(k, "x-") })
		for _, child := range v {
			strip(child)
		}
	case []any:
		for _, child := range v {
			strip(child)
		}
	}
}

// VisibleOutput returns an output schema as a client is shown it: the type of
// each field that a caller acts on, open to the rest. Every byte of it is paid
// for in the context of a model, for each tool. The host itself checks answers
// against the whole schema.
func VisibleOutput(raw json.RawMessage, hidden []string) (json.RawMessage, error) {
	var s struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	types := map[string]any{}
	for name, p := range s.Properties {
		if property, ok := p.(map[string]any); ok && !slices.Contains(hidden, name) {
			maps.DeleteFunc(property, func(k string, _ any) bool { return k != "type" })
			types[name] = property
		}
	}
	return json.Marshal(map[string]any{"type": "object", "properties": types})
}
