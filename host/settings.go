package host

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Settings are a provider's configuration, resolved. A provider whose
// settings have a Problem is not called.
type Settings struct {
	Target  capabilities.Target
	Values  map[string]string // by environment variable
	Secrets []string          // the values that are secret
	Problem *capabilities.Refusal
}

// Variable returns the name of an environment variable of a provider that
// every provider has: BASE_URL or ENVIRONMENT.
func Variable(provider, name string) string {
	return strings.ToUpper(provider) + "_" + name
}

// Resolve reads a provider's settings from the operator's environment.
func Resolve(m *capabilities.Manifest, lookup func(string) (string, bool)) Settings {
	s := Settings{Values: map[string]string{}}
	var missing []string
	for _, f := range m.Config {
		v, _ := lookup(f.Env)
		v = strings.TrimSpace(v)
		switch {
		case v == "" && f.Required:
			missing = append(missing, fmt.Sprintf("%s (%s)", f.Env, f.Hint))
			continue
		case v == "":
			continue
		case f.Secret:
			s.Secrets = append(s.Secrets, v)
		}
		s.Values[f.Env] = v
	}
	base, _ := lookup(Variable(m.Slug, "BASE_URL"))
	environment, _ := lookup(Variable(m.Slug, "ENVIRONMENT"))
	s.Target, s.Problem = target(m, strings.TrimSpace(environment), strings.TrimSpace(base))
	if len(missing) > 0 {
		s.Problem = unset(m, missing, s.Problem)
	}
	return s
}

// unset says which settings are missing, and what else is wrong.
func unset(m *capabilities.Manifest, missing []string, other *capabilities.Refusal) *capabilities.Refusal {
	r := capabilities.Misconfiguration(
		m.Slug+" is not configured: "+strings.Join(missing, ", ")+" not set",
		"set them in the environment of mcp-payments (the env block of the MCP client), or start with --emulate to try without credentials")
	if other != nil {
		r.Message += "; " + other.Message
		r.Fix = other.Fix + "; " + r.Fix
	}
	return r
}

// places are the environments that a provider has, in words.
func places(m *capabilities.Manifest) string {
	var names []string
	for _, e := range m.Environments {
		names = append(names, e.Name)
	}
	return strings.Join(names, " or ")
}

// Emulated returns the settings for an emulator.
func Emulated(baseURL string, values map[string]string) Settings {
	return Settings{
		Target: capabilities.Target{Environment: capabilities.Emulator, BaseURL: baseURL},
		Values: values,
	}
}

// target decides where a provider's requests go. Nothing said means the
// sandbox, or an emulator if the base URL is on this machine; production and
// other hosts have to be said.
func target(m *capabilities.Manifest, environment, base string) (capabilities.Target, *capabilities.Refusal) {
	if environment == "" {
		environment = implied(m, base)
	}
	t := capabilities.Target{Environment: environment, BaseURL: base}
	variable := Variable(m.Slug, "ENVIRONMENT")
	switch environment {
	case capabilities.Sandbox, capabilities.Production, capabilities.Emulator:
	case "":
		return t, capabilities.Misconfiguration(variable+" is not set, and it cannot be told from the base URL",
			fmt.Sprintf("set %s to %s", variable, places(m)))
	default:
		return t, capabilities.Misconfiguration(fmt.Sprintf("%s=%s is no environment", variable, environment), "set it to "+places(m))
	}
	if t.BaseURL == "" {
		t.BaseURL = m.BaseURL(environment)
	}
	if t.BaseURL == "" {
		return t, capabilities.Misconfiguration(fmt.Sprintf("%s has no known address for %s", m.Slug, environment),
			fmt.Sprintf("set %s", Variable(m.Slug, "BASE_URL")))
	}
	if err := capabilities.CheckBaseURL(t.BaseURL); err != nil {
		return t, capabilities.Misconfiguration(err.Error(), "correct "+Variable(m.Slug, "BASE_URL"))
	}
	return t, nil
}

func implied(m *capabilities.Manifest, base string) string {
	if base != "" {
		if u, err := url.Parse(base); err == nil && capabilities.IsLoopback(u) {
			return capabilities.Emulator
		}
		return ""
	}
	if m.BaseURL(capabilities.Sandbox) != "" {
		return capabilities.Sandbox
	}
	return ""
}
