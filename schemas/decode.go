package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What no honest input comes near: deeper nesting would use up the stack, and
// longer numbers or exponents the processor.
const (
	maxDepth    = 64
	maxNumber   = 100 // characters
	maxExponent = 2   // digits
)

// Decode reads exactly one JSON value, keeping numbers as they are spelled and
// refusing a key that stands twice in one object: readers differ in which of
// the two they take.
func Decode(raw json.RawMessage) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("not JSON: it is not UTF-8")
	}
	if err := json.Unmarshal(raw, new(json.RawMessage)); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return value(d, 0)
}

func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	switch t := t.(type) {
	case json.Number:
		return t, checkNumber(string(t))
	case json.Delim:
		if t == '{' {
			return object(d, depth)
		}
		return array(d, depth)
	}
	return t, nil
}

func object(d *json.Decoder, depth int) (any, error) {
	o := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		key, _ := t.(string)
		if _, twice := o[key]; twice {
			return nil, fmt.Errorf("the key %s twice in one object", show(key))
		}
		if o[key], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return o, err
}

func array(d *json.Decoder, depth int) (any, error) {
	a := []any{}
	for d.More() {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	_, err := d.Token()
	return a, err
}

func checkNumber(n string) error {
	_, exponent, _ := strings.Cut(strings.ToLower(n), "e")
	if len(n) > maxNumber || len(strings.TrimLeft(exponent, "+-0")) > maxExponent {
		return fmt.Errorf("%s, which is out of every range", show(json.Number(n)))
	}
	return nil
}
