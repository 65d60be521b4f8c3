package mobipay

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// MobiPay signs a message over its fields in the order in which they are sent:
// prefix, name and value of each, with nothing between them (provider
// documentation, a PHP sample). So a message is signed as the text that it is,
// never as a map or a struct that was read from it.
//
// Nothing between them also means that the same text can be cut into fields
// elsewhere: a signature proves that MobiPay wrote these characters, and not
// where one value ends. Whoever relies on a value has to ask for it.

const (
	// signatureKey is the field that holds the signature, which no signature
	// covers, at any depth.
	signatureKey = "signature"
	// maxSigned bounds the signed text, in bytes: names are repeated for all that
	// lies within them, so a small message can have a huge one.
	maxSigned = 1 << 20
	// maxNesting is how deep objects and arrays may lie within each other.
	maxNesting = 16
)

// sign returns the signature of a JSON object: HMAC-SHA512 in lower-case hex.
// A message that two readers could read differently has none.
func sign(message []byte, secret string) (string, error) {
	if !utf8.Valid(message) || !json.Valid(message) {
		return "", errors.New("it is not JSON in UTF-8")
	}
	s := signer{d: json.NewDecoder(bytes.NewReader(message)), mac: hmac.New(sha512.New, []byte(secret))}
	s.d.UseNumber()
	if t, err := s.d.Token(); err != nil || t != json.Delim('{') {
		return "", errors.New("it is no JSON object")
	}
	if err := s.object("", 1); err != nil {
		return "", err
	}
	return hex.EncodeToString(s.mac.Sum(nil)), nil
}

// authentic reports why a message does not hold the signature that it should; nil
// if it does. The comparison takes as long for every wrong signature.
func authentic(message []byte, secret string) error {
	want, err := sign(message, secret)
	if err != nil {
		return err
	}
	var found wire.Text
	if err := wire.Read(message, map[string]*wire.Text{signatureKey: &found}); err != nil {
		return err
	}
	switch {
	case found == "":
		return errors.New("it has no signature")
	case !hmac.Equal([]byte(want), []byte(found)):
		return errors.New("its signature does not hold")
	}
	return nil
}

// signer walks through a message that is known to be JSON.
type signer struct {
	d      *json.Decoder
	mac    hash.Hash
	length int
}

func (s *signer) write(prefix, name, value string) error {
	s.length += len(prefix) + len(name) + len(value)
	if s.length > maxSigned {
		return fmt.Errorf("its signed text is longer than %d bytes", maxSigned)
	}
	for _, part := range []string{prefix, name, value} {
		s.mac.Write([]byte(part))
	}
	return nil
}

// object signs the fields of an object, whose opening was read.
func (s *signer) object(prefix string, depth int) error {
	seen := map[string]bool{}
	for s.d.More() {
		t, err := s.d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		if seen[name] {
			return fmt.Errorf("the key %q is there twice in one object", name)
		}
		seen[name] = true
		if name == signatureKey {
			err = s.skip()
		} else {
			err = s.value(prefix, name, depth)
		}
		if err != nil {
			return err
		}
	}
	_, err := s.d.Token()
	return err
}

// array signs the elements of an array, whose names are their indices.
func (s *signer) array(prefix string, depth int) error {
	for i := 0; s.d.More(); i++ {
		if err := s.value(prefix, strconv.Itoa(i), depth); err != nil {
			return err
		}
	}
	_, err := s.d.Token()
	return err
}

// skip reads a signature. One that is no plain value is refused: the PHP
// sample would sign what lies in it, and its description would not.
func (s *signer) skip() error {
	t, err := s.d.Token()
	if _, nested := t.(json.Delim); nested {
		return errors.New("a signature in it is an object or an array")
	}
	return err
}

func (s *signer) value(prefix, name string, depth int) error {
	t, err := s.d.Token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		return s.nested(v, prefix+name+".", depth+1)
	case json.Number:
		n, err := phpNumber(string(v))
		if err != nil {
			return err
		}
		return s.write(prefix, name, n)
	case string:
		return s.write(prefix, name, v)
	case bool:
		return s.write(prefix, name, map[bool]string{true: "1"}[v])
	}
	return s.write(prefix, name, "") // null
}

func (s *signer) nested(opening json.Delim, prefix string, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("it is nested deeper than %d levels", maxNesting)
	}
	if opening == '[' {
		return s.array(prefix, depth)
	}
	return s.object(prefix, depth)
}

// phpNumber writes a JSON number as PHP casts it to text: one that is an
// integer and fits into 64 bits as it is spelled, any other as a float.
func phpNumber(n string) (string, error) {
	if _, err := strconv.ParseInt(n, 10, 64); err == nil && n != "-0" {
		return n, nil
	}
	f, err := strconv.ParseFloat(n, 64)
	if err != nil {
		return "", errors.New("a number in it is out of every range")
	}
	return phpFloat(f), nil
}

// phpDigits is how many digits PHP casts of a float (its setting precision).
const phpDigits = 14

// phpFloat writes a float as PHP casts it to text: 1000, 100.5, 1.0E+25.
func phpFloat(f float64) string {
	spelled := strconv.FormatFloat(f, 'e', phpDigits-1, 64) // -d.ddddde+xx
	mantissa, power, _ := strings.Cut(spelled, "e")
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	digits := strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0")
	exponent, _ := strconv.Atoi(power) // FormatFloat wrote it
	sign := ""
	if negative {
		sign = "-"
	}
	switch point := exponent + 1; { // how many digits stand before the point
	case digits == "":
		return sign + "0"
	case exponent < -4 || point > phpDigits:
		rest := digits[1:]
		if rest == "" {
			rest = "0"
		}
		return fmt.Sprintf("%s%s.%sE%+d", sign, digits[:1], rest, exponent)
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits
	case len(digits) <= point:
		return sign + digits + strings.Repeat("0", point-len(digits))
	default:
		return sign + digits[:point] + "." + digits[point:]
	}
}
