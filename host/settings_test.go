package host_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

const (
	sandboxURL    = "https://sandbox.acme.example"
	productionURL = "https://api.acme.example"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	whole := map[string]string{"ACME_USER": "somebody", "ACME_KEY": "s3cret"}
	for _, c := range []struct {
		name        string
		set         map[string]string
		environment string
		base        string
		problem     string // a part of what is wrong; empty: nothing is
	}{
		{"nothing said is the sandbox", nil, capabilities.Sandbox, sandboxURL, ""},
		{"sandbox", map[string]string{"ACME_ENVIRONMENT": "sandbox"}, capabilities.Sandbox, sandboxURL, ""},
		{"production", map[string]string{"ACME_ENVIRONMENT": "production"}, capabilities.Production, productionURL, ""},
		{"spaces around it", map[string]string{"ACME_ENVIRONMENT": " production\n"}, capabilities.Production, productionURL, ""},
		{"another host, said which", map[string]string{"ACME_BASE_URL": "https://eu.acme.example", "ACME_ENVIRONMENT": "production"}, capabilities.Production, "https://eu.acme.example", ""},
		{"an emulator here", map[string]string{"ACME_BASE_URL": "http://127.0.0.1:8080"}, capabilities.Emulator, "http://127.0.0.1:8080", ""},
		{"an emulator here, by name", map[string]string{"ACME_BASE_URL": "http://localhost:8080"}, capabilities.Emulator, "http://localhost:8080", ""},
		{"an emulator here, by IPv6", map[string]string{"ACME_BASE_URL": "http://[::1]:8080"}, capabilities.Emulator, "http://[::1]:8080", ""},
		{"a tunnel here to production", map[string]string{"ACME_BASE_URL": "http://127.0.0.1:8080", "ACME_ENVIRONMENT": "production"}, capabilities.Production, "http://127.0.0.1:8080", ""},
		{"another host, not said which", map[string]string{"ACME_BASE_URL": "https://eu.acme.example"}, "", "", "ACME_ENVIRONMENT is not set"},
		{"another host, plain http", map[string]string{"ACME_BASE_URL": "http://eu.acme.example"}, "", "", "ACME_ENVIRONMENT is not set"},
		{"no such environment", map[string]string{"ACME_ENVIRONMENT": "prod"}, "", "", "ACME_ENVIRONMENT=prod is no environment"},
		{"spelt otherwise", map[string]string{"ACME_ENVIRONMENT": "Production"}, "", "", "is no environment"},
		{"an emulator, nobody knows where", map[string]string{"ACME_ENVIRONMENT": "emulator"}, "", "", "no known address for emulator"},
		{"plain http", map[string]string{"ACME_BASE_URL": "http://api.acme.example", "ACME_ENVIRONMENT": "production"}, "", "", "use https"},
		{"plain http, like this machine", map[string]string{"ACME_BASE_URL": "http://localhost.acme.example", "ACME_ENVIRONMENT": "sandbox"}, "", "", "use https"},
		{"a password in the address", map[string]string{"ACME_BASE_URL": "https://me:pw@api.acme.example", "ACME_ENVIRONMENT": "sandbox"}, "", "", "holds a user"},
		{"no address", map[string]string{"ACME_BASE_URL": "api.acme.example", "ACME_ENVIRONMENT": "sandbox"}, "", "", "cannot be read"},
		{"a user missing", map[string]string{"ACME_USER": ""}, "", "", "ACME_USER (in the dashboard) not set"},
		{"only spaces", map[string]string{"ACME_USER": "  ", "ACME_KEY": "\t"}, "", "", "ACME_USER (in the dashboard), ACME_KEY (in the dashboard under API) not set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			environment := maps.Clone(whole)
			maps.Copy(environment, c.set)
			s := resolve(t, environment)
			if c.problem != "" {
				if s.Problem == nil || s.Problem.Kind != capabilities.Misconfigured || !strings.Contains(s.Problem.Message, c.problem) || s.Problem.Fix == "" {
					t.Errorf("the problem is %v, want %q", s.Problem, c.problem)
				}
				if s.Problem != nil && strings.Contains(s.Problem.Error(), "pw") {
					t.Errorf("a password is told: %v", s.Problem)
				}
				return
			}
			if s.Problem != nil || s.Target != (capabilities.Target{Environment: c.environment, BaseURL: c.base}) {
				t.Errorf("%+v, %v", s.Target, s.Problem)
			}
		})
	}
}

func resolve(t *testing.T, environment map[string]string) host.Settings {
	t.Helper()
	m, err := newAcme().provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return host.Resolve(m, func(name string) (string, bool) {
		v, ok := environment[name]
		return v, ok
	})
}

// TestResolveHandsOverWhatIsDeclared and nothing else of the environment.
func TestResolveHandsOverWhatIsDeclared(t *testing.T) {
	t.Parallel()
	s := resolve(t, map[string]string{
		"ACME_USER": " somebody ", "ACME_KEY": "s3cret", "ACME_NOTE": "", "ACME_OTHER": "x", "BANK_KEY": "y", "ACME_ENVIRONMENT": "sandbox",
	})
	if want := map[string]string{"ACME_USER": "somebody", "ACME_KEY": "s3cret"}; !maps.Equal(s.Values, want) {
		t.Errorf("it hands over %v, want %v", s.Values, want)
	}
	if !slices.Equal(s.Secrets, []string{"s3cret"}) {
		t.Errorf("the secrets are %q", s.Secrets)
	}
}

func TestEmulatedLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := host.Emulated("http://127.0.0.1:8080", map[string]string{"ACME_KEY": "test"})
	if s.Problem != nil || s.Target.Environment != capabilities.Emulator || s.Target.BaseURL != "http://127.0.0.1:8080" || s.Values["ACME_KEY"] != "test" {
		t.Errorf("%+v", s)
	}
	if host.Variable("acme", "BASE_URL") != "ACME_BASE_URL" {
		t.Errorf("the variable is %s", host.Variable("acme", "BASE_URL"))
	}
}
