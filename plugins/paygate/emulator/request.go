package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const (
	maxBody   = 64 << 10 // bytes
	maxDigits = 12       // of an amount
)

// identifiers are what PayGate takes as an identifier.
var identifiers = regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)

// field is one value of a request. The zero field is an absent one.
type field struct {
	text string
	kind kind
}

type kind int

const (
	absent  kind = iota
	inForm       // text that stands for anything
	aString      // of JSON
	aNumber      // of JSON, as it is spelled
)

// fields are the values of a request body.
type fields map[string]field

// readFields reads a request body: one JSON object of strings and numbers, or a form.
func readFields(w http.ResponseWriter, r *http.Request) (fields, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	mediaType := "application/json"
	if header := r.Header.Get("Content-Type"); header != "" {
		mediaType, _, _ = mime.ParseMediaType(header) // what cannot be parsed is not supported either
	}
	switch mediaType {
	case "application/json":
		return parseJSON(body)
	case "application/x-www-form-urlencoded":
		return parseForm(string(body))
	default:
		return nil, errors.New("send application/json or application/x-www-form-urlencoded")
	}
}

func parseJSON(body []byte) (fields, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return nil, errors.New("the body must be one JSON object")
	}
	f := make(fields, len(raw))
	for name, value := range raw {
		parsed, err := parseValue(value)
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		f[name] = parsed
	}
	return f, nil
}

// parseValue reads a value of JSON. null is as good as nothing.
func parseValue(value json.RawMessage) (field, error) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(value)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return field{}, err
	}
	switch v := v.(type) {
	case nil:
		return field{}, nil
	case string:
		return field{v, aString}, nil
	case json.Number:
		return field{v.String(), aNumber}, nil
	default:
		return field{}, errors.New("must be a string or a number")
	}
}

func parseForm(body string) (fields, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, fmt.Errorf("the form cannot be read: %w", err)
	}
	f := make(fields, len(values))
	for name := range values {
		f[name] = field{values.Get(name), inForm}
	}
	return f, nil
}

// text is a string that must be there.
func (f fields) text(name string) (string, error) {
	value := f[name]
	switch {
	case value.kind == aNumber:
		return "", fmt.Errorf("%s must be a JSON string: %q, not %s", name, value.text, value.text)
	case value.text == "":
		return "", fmt.Errorf("%s is missing", name)
	default:
		return value.text, nil
	}
}

// either is a string or a number that must be there.
func (f fields) either(name string) (string, error) {
	if f[name].text == "" {
		return "", fmt.Errorf("%s is missing", name)
	}
	return f[name].text, nil
}

// amount is a whole number of francs. In JSON it is a number.
func (f fields) amount() (string, error) {
	value := f["amount"]
	switch {
	case value.kind == aString:
		return "", fmt.Errorf("amount must be a JSON number: %s, not %q", value.text, value.text)
	case !isWholeAmount(value.text):
		return "", errors.New("amount must be a whole number of francs above zero, without decimals")
	default:
		return value.text, nil
	}
}

// payment is the transaction that pay is asked for. Its identifier is mandatory.
func (f fields) payment() (emulation.Transaction, error) {
	identifier, err := f.text("identifier")
	if err != nil {
		return emulation.Transaction{}, err
	}
	return f.order(emulation.Collect, "identifier", identifier)
}

// payout is the transaction that disburse is asked for. Its reason is mandatory, and its reference is not.
func (f fields) payout() (emulation.Transaction, error) {
	if _, err := f.text("reason"); err != nil {
		return emulation.Transaction{}, err
	}
	if f["reference"].text == "" {
		return f.order(emulation.Disburse, "reference", "")
	}
	reference, err := f.text("reference")
	if err != nil {
		return emulation.Transaction{}, err
	}
	return f.order(emulation.Disburse, "reference", reference)
}

// order is the transaction of that reference, which stands in a field of that name.
func (f fields) order(op emulation.Operation, name, reference string) (emulation.Transaction, error) {
	if reference != "" && !identifiers.MatchString(reference) {
		return emulation.Transaction{}, fmt.Errorf("%s must have 1 to 50 letters, digits, - or _", name)
	}
	amount, err := f.amount()
	if err != nil {
		return emulation.Transaction{}, err
	}
	phone, err := f.text("phone_number")
	if err != nil {
		return emulation.Transaction{}, err
	}
	msisdn, ok := msisdnOf(phone)
	if !ok {
		return emulation.Transaction{}, errors.New("phone_number must be 8 digits beginning with 7 or 9, or those after 228")
	}
	n, ok := named(f["network"].text)
	if !ok {
		return emulation.Transaction{}, fmt.Errorf("network must be FLOOZ or TMONEY, not %q", f["network"].text)
	}
	return n.begin(op, reference, msisdn, amount), nil
}

func (n network) begin(op emulation.Operation, reference, msisdn, amount string) emulation.Transaction {
	return emulation.Transaction{
		Reference: reference, Operation: op, Network: n.name, MSISDN: msisdn, Amount: amount, Currency: currency,
	}
}

// msisdnOf is a phone number in international form, given in that form or as the 8 digits of Togo.
func msisdnOf(phone string) (string, bool) {
	local := phone
	if len(phone) == 11 {
		local = strings.TrimPrefix(phone, "228")
	}
	if len(local) != 8 || !isDigits(local) || local[0] != '7' && local[0] != '9' {
		return "", false
	}
	return "228" + local, true
}

func isWholeAmount(s string) bool {
	return s != "" && len(s) <= maxDigits && s[0] != '0' && isDigits(s)
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
