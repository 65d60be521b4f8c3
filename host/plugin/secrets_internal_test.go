package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// all are secrets as operators have them; "ab" is too short to be looked for.
var all = newSecrets([]string{"s3cr3t-ZEBRA", `a"quoted\one`, "<tag>&", "ab"})

func TestLogLinesHoldNoSecret(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	line := "POST with s3cr3t-ZEBRA twice s3cr3t-ZEBRA about ab\n"
	if n, err := (redacting{w: &b, secrets: all}).Write([]byte(line)); n != len(line) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if want := "POST with [redacted] twice [redacted] about ab\n"; b.String() != want {
		t.Errorf("it writes %q", b.String())
	}
}

func TestAnswersHoldNoSecret(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"state":"pending","provider_response":{"serial":9007199254740993,"note":"ab"}}`:                    `{"state":"pending","provider_response":{"serial":9007199254740993,"note":"ab"}}`, // byte for byte
		`{"provider_response":{"a":["x s3cr3t-ZEBRA y"],"s3cr3t-ZEBRA":9007199254740993},"state":"pending"}`: `{"provider_response":{"[redacted]":9007199254740993,"a":["x [redacted] y"]},"state":"pending"}`,
		`{"notes":["a\"quoted\\one"],"provider_response":"\u003ctag\u003e\u0026"}`:                           `{"notes":["[redacted]"],"provider_response":"[redacted]"}`,
		`{"page":"https://pay.example/?token=s3cr3t-ZEBRA"}`:                                                 `{"page":"https://pay.example/?token=s3cr3t-ZEBRA"}`, // which the customer needs
		`[{"name":"fee","value":"s3cr3t-ZEBRA"}]`:                                                            `[{"name":"fee","value":"[redacted]"}]`,
		`not JSON s3cr3t-ZEBRA`: `not JSON s3cr3t-ZEBRA`, // of which the host takes nothing
	} {
		out, err := all.answer(json.RawMessage(in), nil)
		if string(out) != want || err != nil {
			t.Errorf("%s\nbecomes %s, %v\nwant    %s", in, out, err, want)
		}
	}
}

func TestRefusalsHoldNoSecret(t *testing.T) {
	t.Parallel()
	said := &capabilities.Refusal{Kind: capabilities.ProviderRejected, Message: "no: s3cr3t-ZEBRA", Fix: "not s3cr3t-ZEBRA",
		Problems: []capabilities.Problem{{Field: "key", Found: "s3cr3t-ZEBRA", Wanted: "no s3cr3t-ZEBRA"}}, AfterSeconds: 3,
		Response: json.RawMessage(`{"comment":"s3cr3t-ZEBRA"}`)}
	_, err := all.answer(nil, said)
	var r *capabilities.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("it becomes %v", err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "ZEBRA") || r.Kind != said.Kind || r.AfterSeconds != 3 || r.Message != "no: [redacted]" || string(r.Response) != `{"comment":"[redacted]"}` {
		t.Errorf("it becomes %s", b)
	}
	if !strings.Contains(said.Message, "ZEBRA") {
		t.Error("the provider's own refusal was changed")
	}
	lost := errors.New("the line was cut")
	if _, err := all.answer(nil, lost); !errors.Is(err, lost) {
		t.Errorf("another error becomes %v", err)
	}
}
