package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// redacting passes whole log lines on without the secrets.
type redacting struct {
	w       io.Writer
	secrets secrets
}

func newRedacting(w io.Writer, values []string) redacting {
	return redacting{w: w, secrets: newSecrets(values)}
}

func (r redacting) Write(line []byte) (int, error) {
	if _, err := io.WriteString(r.w, r.secrets.without(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}

// secrets are values that nothing may repeat which a provider says: in every
// spelling, the longest first, as one may be a part of another.
type secrets []string

const (
	shortest = 4 // a secret below this length would tear holes into every line
	redacted = "[redacted]"
)

func newSecrets(values []string) secrets {
	var s secrets
	for _, v := range values {
		if len(v) >= shortest {
			s = append(s, spellings(v)...)
		}
	}
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(s)
}

// spellings are the ways in which a secret turns up: as it is, in a URL that an
// error names, and quoted by Go or JSON.
func spellings(secret string) []string {
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	quoted := strconv.Quote(secret)
	all = append(all, quoted[1:len(quoted)-1])
	if spelled, err := json.Marshal(secret); err == nil {
		all = append(all, string(spelled[1:len(spelled)-1]))
	}
	return all
}

func (s secrets) without(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// in reports whether a document holds a secret.
func (s secrets) in(doc []byte) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return bytes.Contains(doc, []byte(secret)) })
}

// answer is what a process answered, in whose texts the provider may have
// repeated what it was sent. What callers build on, a payment page's address
// for one, stays as it is.
func (s secrets) answer(out json.RawMessage, err error) (json.RawMessage, error) {
	var r *capabilities.Refusal
	if errors.As(err, &r) {
		return out, s.refusal(r)
	}
	var fields map[string]json.RawMessage
	if err != nil || !s.in(out) {
		return out, err
	}
	var list []json.RawMessage // what it says of a call that it is shown
	if json.Unmarshal(out, &list) == nil {
		return s.document(out), nil
	}
	if json.Unmarshal(out, &fields) != nil {
		return out, nil
	}
	for _, name := range []string{"provider_response", "notes"} {
		if v, ok := fields[name]; ok {
			fields[name] = s.document(v)
		}
	}
	clean, err := json.Marshal(fields)
	return clean, err
}

func (s secrets) refusal(r *capabilities.Refusal) *capabilities.Refusal {
	clean := *r
	clean.Message, clean.Fix, clean.Problems = s.without(r.Message), s.without(r.Fix), nil
	for _, p := range r.Problems {
		clean.Problems = append(clean.Problems, capabilities.Problem{Field: p.Field, Found: s.without(p.Found), Wanted: s.without(p.Wanted)})
	}
	if s.in(r.Response) {
		clean.Response = s.document(r.Response)
	}
	return &clean
}

// document is a JSON document without the secrets in its texts; null, if it
// cannot be read.
func (s secrets) document(doc json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // what cannot be read stays nil
	clean, err := json.Marshal(s.value(v))
	if err != nil {
		return json.RawMessage("null")
	}
	return clean
}

func (s secrets) value(v any) any {
	switch v := v.(type) {
	case string:
		return s.without(v)
	case []any:
		for i := range v {
			v[i] = s.value(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for name, part := range v {
			clean[s.without(name)] = s.value(part)
		}
		return clean
	}
	return v
}
