package emulator

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// maxDepth is how deep the documented function goes: the parameters themselves are the first level.
const maxDepth = 16

const signatureName = "signature"

// Sign is the signature of a JSON object by MobiPay's rule: every parameter in the order in which it
// stands, its name and then its value as PHP writes it, without those named signature, by HMAC-SHA512.
// The error tells that body is no JSON object, or nested deeper than 16 levels.
func Sign(body []byte, secret string) (string, error) {
	o, err := parseObject(body)
	if err != nil {
		return "", err
	}
	return sign(o, secret)
}

func sign(o object, secret string) (string, error) {
	var text strings.Builder
	if err := writeSigned(&text, "", o, 1); err != nil {
		return "", err
	}
	mac := hmac.New(sha512.New, []byte(secret))
	mac.Write([]byte(text.String()))
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// isSigned tells whether the merchant has signed the request.
func isSigned(o object) bool {
	want, err := sign(o, secretKey)
	return err == nil && hmac.Equal([]byte(want), []byte(o.text(signatureName)))
}

// writeSigned writes the signed text of an object whose names all begin with prefix.
func writeSigned(text *strings.Builder, prefix string, o object, depth int) error {
	if depth > maxDepth {
		return errors.New("the parameters are nested deeper than 16 levels")
	}
	for _, m := range o {
		if m.name == signatureName {
			continue
		}
		name := prefix + m.name
		nested, isNested := asObject(m.value)
		if !isNested {
			text.WriteString(name + cast(m.value))
			continue
		}
		if err := writeSigned(text, name+".", nested, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// asObject is a nested value as PHP has it: an array is an object whose names count from 0.
func asObject(v any) (object, bool) {
	a, isArray := v.(array)
	if !isArray {
		o, isObject := v.(object)
		return o, isObject
	}
	o := make(object, len(a))
	for i, value := range a {
		o[i] = member{strconv.Itoa(i), value}
	}
	return o, true
}

// cast is a value as PHP writes it into a string.
func cast(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return castNumber(v.String())
	case bool:
		if v {
			return "1"
		}
	}
	return ""
}

// castNumber is a number as PHP writes it: an integer as it is, anything else with 14 digits.
func castNumber(spelling string) string {
	if i, err := strconv.ParseInt(spelling, 10, 64); err == nil && spelling != "-0" {
		return strconv.FormatInt(i, 10)
	}
	f, _ := strconv.ParseFloat(spelling, 64) // what is out of range is infinite
	written := strconv.FormatFloat(f, 'G', 14, 64)
	mantissa, exponent, scientific := strings.Cut(written, "E")
	switch {
	case strings.HasSuffix(written, "Inf"):
		return strings.ToUpper(strings.TrimPrefix(written, "+"))
	case !scientific:
		return written
	case !strings.Contains(mantissa, "."):
		mantissa += ".0"
	}
	return mantissa + "E" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}
