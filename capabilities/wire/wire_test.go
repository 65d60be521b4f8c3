package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

func TestText(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]wire.Text{
		`"0"`: "0", `0`: "0", `"00"`: "00", `""`: "", `null`: "", `-1`: "-1", `4671135`: "4671135",
		`5000.0`: "5000.0", `1e3`: "1e3", `12345678901234567890123`: "12345678901234567890123",
		`"a\u003cb"`: "a<b", `" 0 "`: " 0 ",
	} {
		var got wire.Text
		if err := json.Unmarshal([]byte(written), &got); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", written, got, want, err)
		}
	}
	for _, written := range []string{`true`, `false`, `{}`, `[]`, `["0"]`} {
		got := wire.Text("before")
		if err := got.UnmarshalJSON([]byte(written)); err == nil || got != "before" {
			t.Errorf("%s is %q", written, got)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		status     wire.Text
		id         wire.Text
		bad        bool
	}{
		{"strings", `{"status":"0","id":"a<b"}`, "0", "a<b", false},
		{"numbers, as they are spelled", `{"status":0,"id":1.50}`, "0", "1.50", false},
		{"a number that is too large for any type", `{"status":0,"id":12345678901234567890123}`, "0", "12345678901234567890123", false},
		{"null", `{"status":null,"id":"1"}`, "", "1", false},
		{"absent", `{"id":"1"}`, "", "1", false},
		{"other fields, of any type", `{"status":0,"more":{"status":6},"list":[1]}`, "0", "", false},
		{"another spelling of a name", `{"Status":6,"STATUS":6,"status":0}`, "0", "", false},
		{"only another spelling", `{"Status":0}`, "", "", false},
		{"a name twice", `{"status":6,"status":0}`, "", "", true},
		{"a name twice, escaped", `{"status":6,"st\u0061tus":0}`, "", "", true},
		{"another name twice", `{"status":0,"more":1,"more":2}`, "", "", true},
		{"true", `{"status":true}`, "", "", true},
		{"an object", `{"status":{"status":0}}`, "", "", true},
		{"a list", `{"status":[0]}`, "", "", true},
		{"no object", `[{"status":0}]`, "", "", true},
		{"null alone", `null`, "", "", true},
		{"a string alone", `"status"`, "", "", true},
		{"two objects", `{"status":0}{"status":6}`, "", "", true},
		{"half an object", `{"status":0`, "", "", true},
		{"HTML", `<html>`, "", "", true},
		{"nothing", ``, "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var status, id wire.Text
			err := wire.Read([]byte(c.body), map[string]*wire.Text{"status": &status, "id": &id})
			if c.bad {
				if err == nil {
					t.Errorf("it was read, with the status %q", status)
				}
				return
			}
			if err != nil || status != c.status || id != c.id {
				t.Errorf("status %q and id %q, want %q and %q (%v)", status, id, c.status, c.id, err)
			}
		})
	}
}

// Names with dots lead into objects, and nowhere else.
func TestReadWithin(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]wire.Text{
		`{"result":{"code":10401,"more":{"code":1}}}`: "10401",
		`{"result":{"code":null}}`:                    "",
		`{"result":{}}`:                               "",
		`{"result":"code"}`:                           "",
		`{"result":null,"code":3}`:                    "",
		`{"result.code":5}`:                           "",
		`{}`:                                          "",
	} {
		got := wire.Text("before")
		if err := wire.Read([]byte(body), map[string]*wire.Text{"result.code": &got}); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", body, got, want, err)
		}
	}
	var deep wire.Text
	if err := wire.Read([]byte(`{"result":{"code":{"a":1}}}`), map[string]*wire.Text{"result.code": &deep}); err == nil {
		t.Errorf("an object was read as %q", deep)
	}
	if err := wire.Read([]byte(`{"a":{"b":{"c":"x"}}}`), map[string]*wire.Text{"a.b.c": &deep}); err != nil || deep != "x" {
		t.Errorf("%q (%v)", deep, err)
	}
}
