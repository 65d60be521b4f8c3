package capabilities_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// soundManifest is a manifest that passes, with a gotcha.
func soundManifest(t *testing.T) *capabilities.Manifest {
	t.Helper()
	m, err := newAcme(capabilities.Collects).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Gotchas = gotchas.Catalogue{Provider: "acme", Gotchas: []gotchas.Gotcha{{
		ID: "acme.pay.1", Capability: "pay", Text: "a trap", Environments: gotchas.Environments(),
		EnforcedBy: []string{gotchas.Reader}, Sources: []string{"documentation"},
	}}}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	return m
}

// A host starts no provider whose manifest is wrong in any of these ways.
func TestCheck(t *testing.T) {
	const closed = `{"type":"object","additionalProperties":false}`
	first := func(change func(*capabilities.Capability)) func(*capabilities.Manifest) {
		return func(m *capabilities.Manifest) { change(&m.Capabilities[0]) }
	}
	tests := []struct {
		name  string
		spoil func(*capabilities.Manifest)
		says  string
	}{
		{"no slug", func(m *capabilities.Manifest) { m.Slug = "" }, "slug"},
		{"a slug of one letter", func(m *capabilities.Manifest) { m.Slug = "a" }, "slug"},
		{"a slug without end", func(m *capabilities.Manifest) { m.Slug = strings.Repeat("a", 41) }, "slug"},
		{"a slug with capitals", func(m *capabilities.Manifest) { m.Slug = "Acme" }, "slug"},
		{"a slug that leads out of its folder", func(m *capabilities.Manifest) { m.Slug = "../acme" }, "slug"},
		{"a slug that splits a tool's name", func(m *capabilities.Manifest) { m.Slug = "ac_me" }, "slug"},
		{"a slug that begins with a digit", func(m *capabilities.Manifest) { m.Slug = "4acme" }, "slug"},
		{"a slug in two lines", func(m *capabilities.Manifest) { m.Slug = "acme\nacme" }, "slug"},
		{"no capability", func(m *capabilities.Manifest) { m.Capabilities = nil }, "no capability"},
		{"another provider's secret", func(m *capabilities.Manifest) { m.Config[1].Env = "GLOBEX_KEY" }, "GLOBEX_KEY does not begin with ACME_"},
		{"the machine's own setting", func(m *capabilities.Manifest) { m.Config[1].Env = "AWS_SECRET_ACCESS_KEY" }, "AWS_SECRET_ACCESS_KEY"},
		{"a secret of a longer name", func(m *capabilities.Manifest) { m.Config[1].Env = "ACMEPLUS_KEY" }, "ACMEPLUS_KEY"},
		{"a capability twice", func(m *capabilities.Manifest) { m.Capabilities = append(m.Capabilities, m.Capabilities[0]) }, "pay is there twice"},
		{"a name with a space", first(func(c *capabilities.Capability) { c.Name = "pay out" }), "pay out: its name"},
		{"no name", first(func(c *capabilities.Capability) { c.Name = "" }), "its name"},
		{"a kind that there is not", first(func(c *capabilities.Capability) { c.Kind = "gift" }), `pay: unknown kind "gift"`},
		{"no kind", first(func(c *capabilities.Capability) { c.Kind = "" }), "unknown kind"},
		{"a webhook that nobody can check", func(m *capabilities.Manifest) { m.Capabilities[2].Status = "" }, "hook: a webhook needs"},
		{"a status that there is not", first(func(c *capabilities.Capability) { c.Status = "state" }), "pay: there is no capability state"},
		{"a status that moves money", first(func(c *capabilities.Capability) { c.Status = "pay" }), "relies on pay to read"},
		{"a pre-check that there is not", first(func(c *capabilities.Capability) { c.PreCheck = "balance" }), "there is no capability balance"},
		{"a pre-check that moves money", first(func(c *capabilities.Capability) { c.PreCheck = "pay" }), "relies on pay to read"},
		{"a network that there is not", first(func(c *capabilities.Capability) { c.Networks = []string{"mtn_bj"} }), "pay: there is no network mtn_bj"},
		{"no input schema", first(func(c *capabilities.Capability) { c.Input = nil }), "pay: schemas:"},
		{"an open input", first(func(c *capabilities.Capability) { c.Input = json.RawMessage(`{"type":"object"}`) }), "pay: schemas:"},
		{"an input that reads a file", first(func(c *capabilities.Capability) {
			c.Input = json.RawMessage(`{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}},"additionalProperties":false}`)
		}), "$ref"},
		{"two amounts", first(func(c *capabilities.Capability) {
			c.Input = json.RawMessage(`{"type":"object","properties":{"a":{"x-role":"amount"},"b":{"x-role":"amount"}},"additionalProperties":false}`)
		}), "[a b] both have the role amount"},
		{"a payment that nobody finds again", first(func(c *capabilities.Capability) {
			c.Input = json.RawMessage(`{"type":"object","properties":{"reference":{"type":"string","x-role":"reference"}},"additionalProperties":false}`)
		}), "pay: it moves money, and its input requires no reference"},
		{"a payout to nobody", first(func(c *capabilities.Capability) {
			c.Kind, c.Effect = capabilities.Disburse, capabilities.PaysOut
			c.Input = json.RawMessage(`{"type":"object","properties":{"reference":{"x-role":"reference"},"a":{"x-role":"amount"}},"required":["reference"],"additionalProperties":false}`)
		}), "the role of payee or account"},
		{"a payout of nothing", first(func(c *capabilities.Capability) {
			c.Kind, c.Effect = capabilities.Disburse, capabilities.PaysOut
			c.Input = json.RawMessage(`{"type":"object","properties":{"reference":{"x-role":"reference"},"a":{"x-role":"account"}},"required":["reference"],"additionalProperties":false}`)
		}), "the role of amount"},
		{"a payout that its caller confirms", first(func(c *capabilities.Capability) { c.Kind, c.Effect = capabilities.Confirm, capabilities.PaysOut }), "only a collection can be confirmed"},
		{"a balance that tells none", first(func(c *capabilities.Capability) { c.PreCheck = "status" }), "no field balances"},
		{"no output schema", first(func(c *capabilities.Capability) { c.Output = nil }), "pay: schemas:"},
		{"an open output", first(func(c *capabilities.Capability) { c.Output = json.RawMessage(`true`) }), "pay: schemas:"},
		{"another provider's gotchas", func(m *capabilities.Manifest) { m.Gotchas.Provider = "globex" }, "those of globex"},
		{"a gotcha of nothing", func(m *capabilities.Manifest) { m.Gotchas.Gotchas[0].Capability = "refund" }, `no capability "refund"`},
		{"a catalogue that could not be read", func(m *capabilities.Manifest) { m.Gotchas = gotchas.For("nobody") }, "no catalogue of nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := soundManifest(t)
			tt.spoil(m)
			if err := m.Check(); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v; it does not say %q", err, tt.says)
			}
		})
	}
	// One run tells all that is wrong.
	m := soundManifest(t)
	m.Slug, m.Capabilities[0].Kind, m.Capabilities[1].Input = "Acme", "gift", json.RawMessage(`{}`)
	err := m.Check()
	for _, says := range []string{"slug", "gift", "status: schemas"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; it does not say %q", err, says)
		}
	}
	// A schema that says little is no mistake.
	m = soundManifest(t)
	m.Capabilities[1].Input = json.RawMessage(closed)
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}

// A host and a provider of different releases part with a sentence that says
// which of the two has to be renewed.
func TestVersionError(t *testing.T) {
	tests := []struct {
		provides int
		says     string
	}{
		{capabilities.ContractVersion + 1, "update mcp-payments"},
		{capabilities.ContractVersion - 1, "rebuild the provider"},
	}
	for _, tt := range tests {
		m := soundManifest(t)
		m.Contract = tt.provides
		var v *capabilities.VersionError
		if err := m.Check(); !errors.As(err, &v) {
			t.Fatalf("version %d: %v", tt.provides, err)
		}
		if v.Provider != "acme" || v.Provides != tt.provides {
			t.Errorf("%+v", v)
		}
		for _, says := range []string{"acme", tt.says} {
			if !strings.Contains(v.Error(), says) {
				t.Errorf("%q does not say %q", v, says)
			}
		}
	}
}

// A credential goes nowhere but over https, or to this very machine.
func TestCheckBaseURL(t *testing.T) {
	const secret = "hunter2"
	tests := []struct {
		url   string
		taken bool
	}{
		{"https://api.example.com", true},
		{"https://api.example.com/", true},
		{"https://api.example.com:9010/v1", true},
		{"HTTPS://API.EXAMPLE.COM", true},
		{"https://192.0.2.1", true},
		{"http://127.0.0.1:8080", true},
		{"http://127.8.9.10", true},
		{"http://[::1]:8080/base", true},
		{"http://localhost", true},
		{"http://localhost:8080", true},

		{"http://api.example.com", false},
		{"http://192.0.2.1", false},
		{"http://10.0.0.1", false},
		{"http://0.0.0.0:8080", false},
		{"http://[::]:8080", false},
		{"http://127.0.0.1.evil.com", false},
		{"http://localhost.evil.com", false},
		{"http://evil.com/127.0.0.1", false},
		{"http://evil.com:80/localhost", false},
		{"http://localhost@evil.com", false},
		{"http://127.0.0.1:80@evil.com", false},
		{"http://0x7f.1", false},
		{"http://2130706433", false},
		{"http://127.1", false},
		{"https://merchant:" + secret + "@api.example.com", false},
		{"https://" + secret + "@api.example.com", false},
		{"https://@api.example.com", false},
		{"https://api.example.com?key=" + secret, false},
		{"https://api.example.com/?", false},
		{"https://api.example.com/#" + secret, false},
		{"https://api.example.com/" + secret + "\n", false},
		{"ftp://127.0.0.1", false},
		{"file:///etc/passwd", false},
		{"unix://localhost/socket", false},
		{"https://", false},
		{"https:///path", false},
		{"https://:443", false},
		{"https:api.example.com", false},
		{"//api.example.com", false},
		{"api.example.com", false},
		{"api.example.com:443", false},
		{"127.0.0.1:8080", false},
		{"localhost", false},
		{"http://[::1", false},
		{"https://api.example.com:port", false},
		{"", false},
		{" https://api.example.com", false},
	}
	for _, tt := range tests {
		err := capabilities.CheckBaseURL(tt.url)
		if (err == nil) != tt.taken {
			t.Errorf("%q: %v", tt.url, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: the message repeats the credential: %v", tt.url, err)
		}
	}
}

// What is handed on leads nobody to an address that others can read along.
func TestIsSafeURL(t *testing.T) {
	for address, want := range map[string]bool{
		"https://shop.example/thanks?order=1": true, "http://127.0.0.1:8080/page": true, "http://localhost": true,
		"http://shop.example": false, "https://me:pw@shop.example": false, "javascript:alert(1)": false, "ftp://127.0.0.1": false,
		"https://": false, "//shop.example": false, "shop.example": false, "http://[::1": false, "": false,
	} {
		if capabilities.IsSafeURL(address) != want {
			t.Errorf("%q is safe: %t, want %t", address, !want, want)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:1": true, "http://127.0.0.1": true, "http://[::1]": true, "http://[::ffff:127.0.0.1]": true,
		"http://localhost.": false, "http://example.com": false, "http://169.254.169.254": false, "http://0.0.0.0": false, "": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if capabilities.IsLoopback(u) != want {
			t.Errorf("%q is loopback: %t, want %t", address, !want, want)
		}
	}
}
