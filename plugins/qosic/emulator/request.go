package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const (
	maxBody   = 64 << 10 // bytes
	maxDigits = 12       // of an amount
)

// fields are the values of a request body.
type fields map[string]string

// readFields reads a request body: one JSON object whose values are all strings.
func readFields(w http.ResponseWriter, r *http.Request) (fields, *emulation.Answer) {
	if kind := r.Header.Get("Content-Type"); kind != "" && !isJSON(kind) {
		return nil, refuse(problem(http.StatusUnsupportedMediaType, "send application/json, not "+kind))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, refuse(problem(http.StatusBadRequest, "the body cannot be read: "+err.Error()))
	}
	f, err := parseFields(body)
	if err != nil {
		return nil, refuse(problem(http.StatusBadRequest, err.Error()))
	}
	return f, nil
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/json"
}

func parseFields(body []byte) (fields, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return nil, errors.New("the body must be one JSON object")
	}
	f := make(fields, len(raw))
	for name, value := range raw {
		var s *string
		if err := json.Unmarshal(value, &s); err != nil || s == nil {
			return nil, fmt.Errorf("%s must be a JSON string, as every value: %q, not %s", name, value, value)
		}
		f[name] = *s
	}
	return f, nil
}

// check tells why a payment or a deposit is refused before it is taken: nil if it is in order.
func (n network) check(op emulation.Operation, f fields) *emulation.Answer {
	transref := f["transref"]
	switch {
	case f["clientid"] != n.clientID && op == emulation.Disburse:
		return refuse(notAuthorized(transref))
	case f["clientid"] != n.clientID:
		return refuse(invalidClient(transref))
	case transref == "":
		return refuse(invalid(transref, "TRANSREF IS MANDATORY"))
	case !isWholeAmount(f["amount"]):
		return refuse(invalid(transref, "AMOUNT MUST BE A WHOLE NUMBER OF FRANCS ABOVE ZERO"))
	case !isMSISDN(f["msisdn"]):
		return refuse(failure(http.StatusOK, codeBadNumber, transref, "NUMBER MUST HAVE 11 OR 13 DIGITS"))
	case !strings.HasPrefix(f["msisdn"], n.dialling):
		return refuse(failure(http.StatusOK, codeWrongNetwork, transref, "NUMBER BELONGS TO ANOTHER NETWORK"))
	default:
		return nil
	}
}

func refuse(a emulation.Answer) *emulation.Answer { return &a }

func isMSISDN(s string) bool {
	return (len(s) == 11 || len(s) == 13) && isDigits(s)
}

func isWholeAmount(s string) bool {
	return s != "" && len(s) <= maxDigits && s[0] != '0' && isDigits(s)
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
