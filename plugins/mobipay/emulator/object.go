package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
)

const maxBody = 64 << 10 // bytes

// object is a JSON object whose members stay in the order in which they were sent, because the
// signature goes by it. A value is a string, a json.Number as it is spelled, a bool, nil, an object or
// an array.
type object []member

type member struct {
	name  string
	value any
}

type array []any

// get is a member's value: nil if there is none.
func (o object) get(name string) any {
	if i := o.index(name); i >= 0 {
		return o[i].value
	}
	return nil
}

// text is a member that is a string: empty if there is none.
func (o object) text(name string) string {
	s, _ := o.get(name).(string)
	return s
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// with sets a member as PHP does: the last value of a name stands where the first one stood.
func (o object) with(m member) object {
	if i := o.index(m.name); i >= 0 {
		o[i] = m
		return o
	}
	return append(o, m)
}

// readBody reads a request body: one JSON object.
func readBody(w http.ResponseWriter, r *http.Request) (object, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	if header := r.Header.Get("Content-Type"); header != "" {
		if mediaType, _, _ := mime.ParseMediaType(header); mediaType != "application/json" {
			return nil, errors.New("send application/json")
		}
	}
	return parseObject(body)
}

func parseObject(body []byte) (object, error) {
	if !json.Valid(body) {
		return nil, errors.New("the body must be one JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		return nil, fmt.Errorf("the body must be one JSON object: %w", err)
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("the body must be one JSON object")
	}
	return o, nil
}

// parseValue reads the next value of a document that is known to be valid.
func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseMembers(d)
	case json.Delim('['):
		return parseElements(d)
	default:
		return token, nil
	}
}

func parseMembers(d *json.Decoder) (any, error) {
	o := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		o = o.with(member{name.(string), value})
	}
	_, err := d.Token() // the brace
	return o, err
}

func parseElements(d *json.Decoder) (any, error) {
	a := array{}
	for d.More() {
		value, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		a = append(a, value)
	}
	_, err := d.Token() // the bracket
	return a, err
}
