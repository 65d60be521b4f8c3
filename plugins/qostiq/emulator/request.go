package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const (
	maxBody   = 64 << 10 // bytes
	maxDigits = 12       // of an amount, before its decimals
	maxText   = 255      // characters of an identifier
)

// field is one value of a request. The zero field is an absent one.
type field struct {
	text string // as it is spelled
	kind kind
}

type kind int

const (
	absent kind = iota
	aString
	aNumber
	another // which no parameter may be
)

// echo is the field as it came.
func (f field) echo() json.RawMessage {
	if f.kind == aString {
		return quoted(f.text)
	}
	return raw(f.text)
}

// fields are the values of a request body.
type fields map[string]field

// readFields reads a request body: one JSON object.
func readFields(w http.ResponseWriter, r *http.Request) (fields, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		return nil, errors.New("send application/json")
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(body, &values); err != nil || values == nil {
		return nil, errors.New("the body must be one JSON object")
	}
	f := make(fields, len(values))
	for name, value := range values {
		f[name] = parseValue(value)
	}
	return f, nil
}

// parseValue reads a value of JSON. null and the empty string are as good as nothing.
func parseValue(value json.RawMessage) field {
	var v any
	d := json.NewDecoder(strings.NewReader(string(value)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return field{kind: another}
	}
	switch v := v.(type) {
	case nil:
		return field{}
	case string:
		if v == "" {
			return field{}
		}
		return field{v, aString}
	case json.Number:
		return field{v.String(), aNumber}
	default:
		return field{kind: another}
	}
}

// spelled is every value as Sign wants it.
func (f fields) spelled() map[string]string {
	values := make(map[string]string, len(f))
	for name, value := range f {
		values[name] = value.text
	}
	return values
}

// need tells which of the mandatory parameters is missing.
func (f fields) need(names []string) error {
	for _, name := range names {
		switch f[name].kind {
		case absent:
			return fmt.Errorf("%s is missing", name)
		case another:
			return fmt.Errorf("%s must be a string or a number", name)
		}
	}
	return nil
}

// reader reads parameters until one of them is wrong.
type reader struct {
	fields
	err error // the first one
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// option is a string that need not be there.
func (r *reader) option(name string) string {
	value := r.fields[name]
	if value.kind != absent && value.kind != aString {
		r.fail(fmt.Errorf("%s must be a JSON string", name))
	}
	return value.text
}

// link is an address that need not be there.
func (r *reader) link(name string) string {
	text := r.option(name)
	if text != "" && !emulation.IsWeb(text) {
		r.fail(fmt.Errorf("%s must be an absolute http or https address", name))
	}
	return text
}

// oneOf is one of those words: the first of them if it is not there.
func (r *reader) oneOf(name string, words ...string) string {
	text := r.option(name)
	if text == "" {
		return words[0]
	}
	if !slices.Contains(words, text) {
		r.fail(fmt.Errorf("%s must be %s, not %s", name, strings.Join(words, " or "), text))
	}
	return text
}

// identifier is the merchant's own name of a bill or a transfer: a string or an integer.
func (r *reader) identifier(name string) field {
	value := r.fields[name]
	if value.kind == aNumber && !isDigits(value.text) {
		r.fail(fmt.Errorf("%s must be a string or an integer, not %s", name, value.text))
	}
	if len(value.text) > maxText {
		r.fail(fmt.Errorf("%s must have at most %d characters", name, maxText))
	}
	return value
}

// account is a wallet's number or the e-mail address of its user, if it is there at all.
func (r *reader) account(name string, known *regexp.Regexp) field {
	value := r.fields[name]
	if value.kind == another {
		r.fail(fmt.Errorf("%s must be a string or an integer", name))
	}
	if value.text != "" && !known.MatchString(value.text) {
		r.fail(problem{code: noAccount, reason: fmt.Sprintf("%s is no account: it does not match %s", name, known)})
	}
	return value
}

func (r *reader) currency(name string) currency {
	c, known := coded(r.fields[name].text)
	if !known {
		r.fail(fmt.Errorf("%s must be 980, 840, 978 or 398, not %s", name, r.fields[name].text))
	}
	return c
}

// billCurrency is one of those in which there are bills.
func (r *reader) billCurrency(name string) currency {
	c := r.currency(name)
	if !c.bills {
		r.fail(fmt.Errorf("%s must be 980, 840 or 978: there are no bills in %s", name, c.code))
	}
	return c
}

// amount is a number or a string, of an amount that Qostiq moves.
func (r *reader) amount(name string) cents {
	c, ok := parseCents(r.fields[name].text)
	switch {
	case !ok:
		r.fail(fmt.Errorf(`%s must have at most two decimals, such as 1, 1.0 or "1.00", not %s`, name, r.fields[name].text))
	case c < least:
		r.fail(problem{code: tooSmall, reason: fmt.Sprintf("%s is less than %s", name, least)})
	case c > most:
		r.fail(problem{code: tooLarge, reason: fmt.Sprintf("%s is more than %s", name, most)})
	}
	return c
}

// lifetime is a number of minutes, a string or an integer. What is longer than the longest is that.
func (r *reader) lifetime(otherwise int) int {
	value := r.fields["lifetime"]
	if value.kind == absent {
		return otherwise
	}
	minutes, err := strconv.Atoi(value.text)
	if !isDigits(value.text) || err != nil || minutes < 1 {
		r.fail(fmt.Errorf("lifetime must be a whole number of minutes above zero, not %s", value.text))
	}
	return min(minutes, longestLifetime)
}

var dates = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6}$`)

// date holds now to be the text of a date with a part of a second, as the old calls want it.
func (r *reader) date() {
	now := r.fields["now"]
	_, err := time.Parse(time.DateTime, now.text)
	if now.kind != aString || !dates.MatchString(now.text) || err != nil {
		r.fail(fmt.Errorf(`now must be a date such as "2021-05-01 16:56:25.009469", not %s`, now.text))
	}
}

// unix holds now to be an integer: the seconds since 1970, which will have ten digits for long.
func (r *reader) unix() {
	now := r.fields["now"]
	if now.kind != aNumber || !isDigits(now.text) || len(now.text) > 10 {
		r.fail(fmt.Errorf("now must be a Unix time in seconds such as 1687520474, an integer, not %s", now.text))
	}
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
