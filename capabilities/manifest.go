package capabilities

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// ContractVersion is the version of this contract. It rises when a host and a
// provider built for different versions could no longer understand each other.
const ContractVersion = 1

// Info describes a provider.
type Info struct {
	Slug    string `json:"slug"` // lower-case letters and digits: the prefix of its tools
	Name    string `json:"name"` // as the company writes it
	Summary string `json:"summary"`
	Version string `json:"version,omitempty"`
	// Countries are ISO 3166-1 alpha-2 codes; Currencies ISO 4217 ones.
	Countries    []string          `json:"countries"`
	Currencies   []Currency        `json:"currencies"`
	Networks     []Network         `json:"networks,omitempty"`
	Environments []Environment     `json:"environments"`
	Gotchas      gotchas.Catalogue `json:"gotchas"`
}

// Environment is one place where the provider's API runs. The emulator is not
// listed: every provider has it where somebody runs one.
type Environment struct {
	Name    string `json:"name"`               // Sandbox or Production
	BaseURL string `json:"base_url,omitempty"` // empty: the operator has to give it
}

// Spec describes one capability.
type Spec struct {
	Name    string `json:"name"` // such as "disburse"
	Title   string `json:"title"`
	Summary string `json:"summary"` // one or two sentences for the agent that chooses the tool
	Kind    Kind   `json:"kind"`
	Effect  Effect `json:"effect"`
	// Networks are the ids of the networks that have it; none means all.
	Networks []string `json:"networks,omitempty"`
	// Status names the capability that reads the state of what this one starts.
	Status string `json:"status,omitempty"`
	// Polling says how often a capability of kind CheckStatus may be asked.
	Polling *Polling `json:"polling,omitempty"`
	// PreCheck names the capability of kind CheckBalance to ask before money
	// leaves.
	PreCheck string `json:"pre_check,omitempty"`
	// Idempotent says that the provider itself answers a repeated reference
	// with the first outcome and moves nothing twice.
	Idempotent bool `json:"idempotent,omitempty"`
	// Timeout bounds one call; 0 means DefaultTimeout.
	Timeout time.Duration `json:"timeout,omitempty"`
}

// DefaultTimeout bounds a call whose Spec says nothing else.
const DefaultTimeout = 30 * time.Second

// Polling is how a provider wants to be asked for a transaction's state. All
// times are in seconds.
type Polling struct {
	// MinInterval is the shortest time between two questions about one reference.
	MinInterval int `json:"min_interval"`
	// Backoff is the time to wait before each question; the last one repeats.
	Backoff []int `json:"backoff"`
	// GiveUpAfter is when asking on makes little sense.
	GiveUpAfter int `json:"give_up_after"`
	// An Outcome in doubt counts as final only after DoubtAsks questions and
	// DoubtFor seconds since the transaction began.
	DoubtAsks int `json:"doubt_asks,omitempty"`
	DoubtFor  int `json:"doubt_for,omitempty"`
}

// ConfigField is one declared setting of a provider.
type ConfigField struct {
	Env      string `json:"env"`  // the environment variable
	Hint     string `json:"hint"` // what it is and where the operator finds it
	Secret   bool   `json:"secret,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// Capability is a Spec with the schemas of its input and output.
type Capability struct {
	Spec
	Input  json.RawMessage `json:"input"`
	Output json.RawMessage `json:"output"`
}

// Manifest is all that a host knows of a provider without calling it.
type Manifest struct {
	Contract int `json:"contract"`
	Info
	Config       []ConfigField `json:"config"`
	Capabilities []Capability  `json:"capabilities"`
}

// Capability finds a capability by its name.
func (m *Manifest) Capability(name string) (*Capability, bool) {
	i := slices.IndexFunc(m.Capabilities, func(c Capability) bool { return c.Name == name })
	if i < 0 {
		return nil, false
	}
	return &m.Capabilities[i], true
}

// NetworksOf returns the networks that have the capability.
func (m *Manifest) NetworksOf(c *Capability) []Network {
	if len(c.Networks) == 0 {
		return m.Networks
	}
	var of []Network
	for _, n := range m.Networks {
		if slices.Contains(c.Networks, n.ID) {
			of = append(of, n)
		}
	}
	return of
}

// BaseURL returns the address of an environment, if the manifest gives one.
func (m *Manifest) BaseURL(environment string) string {
	for _, e := range m.Environments {
		if e.Name == environment {
			return e.BaseURL
		}
	}
	return ""
}

var (
	slug = regexp.MustCompile(`^[a-z][a-z0-9]{1,30}$`)
	name = regexp.MustCompile(`^[a-z][a-z0-9_]{1,40}$`)
)

// Check reports everything that is wrong with a manifest. A host refuses a
// provider whose manifest does not pass.
func (m *Manifest) Check() error {
	if m.Contract != ContractVersion {
		return &VersionError{Provider: m.Slug, Provides: m.Contract}
	}
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("provider %s: "+format, append([]any{m.Slug}, args...)...))
		}
	}
	wrong(!slug.MatchString(m.Slug), "the slug is not lower-case letters and digits")
	wrong(len(m.Capabilities) == 0, "there is no capability")
	var names []string
	for _, c := range m.Capabilities {
		wrong(slices.Contains(names, c.Name), "the capability %s is there twice", c.Name)
		names = append(names, c.Name)
	}
	for _, c := range m.Capabilities {
		wrong(!name.MatchString(c.Name), "the capability name %q is not lower-case letters, digits and _", c.Name)
		wrong(!slices.Contains(Kinds(), c.Kind), "%s: unknown kind %q", c.Name, c.Kind)
		for _, other := range []string{c.Status, c.PreCheck} {
			wrong(other != "" && !slices.Contains(names, other), "%s: there is no capability %s", c.Name, other)
		}
		for _, s := range []json.RawMessage{c.Input, c.Output} {
			err := schemas.Lint(s)
			wrong(err != nil, "%s: %v", c.Name, err)
		}
	}
	return errors.Join(append(errs, m.Gotchas.Check(names))...)
}

// VersionError says that a host and a provider were built for different
// versions of the contract.
type VersionError struct {
	Provider string
	Provides int
}

func (e *VersionError) Error() string {
	way := "rebuild the provider with this release's capabilities package"
	if e.Provides > ContractVersion {
		way = "update mcp-payments"
	}
	return fmt.Sprintf("provider %s speaks version %d of the provider contract, this mcp-payments speaks version %d: %s",
		e.Provider, e.Provides, ContractVersion, way)
}

// CheckBaseURL refuses an address that a credential must not be sent to: only
// https is taken, and plain http to a loopback address.
func CheckBaseURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not a base URL: give scheme and host, such as https://api.example.com", raw)
	}
	if u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u) {
		return nil
	}
	return fmt.Errorf("%s is refused: use https, plain http is taken for loopback addresses only", raw)
}

// IsLoopback reports whether a URL leads to this machine. Names other than
// localhost are not resolved.
func IsLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
