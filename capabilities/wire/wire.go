// Package wire reads what providers send: answers and webhooks whose types are
// not always the documented ones. Nothing is guessed: a value is taken as it is
// spelled, and one that two readers could read differently is refused.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mcp-payments/mcp-payments/schemas"
)

// Text is a value that comes as a string from one source and as a number from
// another. A number is taken as it is spelled, and null as empty.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	switch err := json.Unmarshal(b, &s); {
	case err == nil:
		*t = Text(s)
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*t = Text(b)
	default:
		return errors.New("neither a string nor a number")
	}
	return nil
}

// Read takes the fields of a JSON object by their exact names, each of them
// once. A name with dots leads into objects within: "result.code". Fields that
// are absent stay empty, and others are passed over.
func Read(body []byte, fields map[string]*Text) error {
	doc, err := schemas.Decode(body)
	if err != nil {
		return err
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return errors.New("it is no object")
	}
	for name, to := range fields {
		b, err := json.Marshal(within(object, name))
		if err != nil {
			return err
		}
		if err := to.UnmarshalJSON(b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// within returns the value that a name with dots leads to. What lies in a
// value that is no object is absent.
func within(object map[string]any, name string) any {
	first, rest, deeper := strings.Cut(name, ".")
	if !deeper {
		return object[name]
	}
	inner, _ := object[first].(map[string]any)
	return within(inner, rest)
}
