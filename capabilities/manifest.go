package capabilities

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
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
	// Previews says that the provider can be asked about a call before it is
	// made. AddPreviewed sets it.
	Previews bool `json:"previews,omitempty"`
	// Resend says that what is Absent at the provider may be sent again under the
	// same reference.
	Resend bool `json:"resend,omitempty"`
	// Idempotent says that the provider itself answers a repeated reference
	// with the first outcome and moves nothing twice.
	Idempotent bool `json:"idempotent,omitempty"`
	// Timeout bounds one call; 0 means DefaultTimeout.
	Timeout time.Duration `json:"timeout,omitempty"`
}

// Confirms reports whether the capability lets a collection go on that was
// begun before, with what only the payer knows. It begins nothing of its own.
func (s Spec) Confirms() bool { return s.Kind == Confirm && s.Effect == Collects }

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

const (
	slugLetters = "abcdefghijklmnopqrstuvwxyz0123456789"
	nameLetters = slugLetters + "_"
)

// named reports whether s is 2 to 40 of the letters, and begins with one that
// is no digit.
func named(s, letters string) bool {
	return len(s) >= 2 && len(s) <= 40 && strings.Trim(s, letters) == "" && s[0] >= 'a' && s[0] <= 'z'
}

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
	wrong(!named(m.Slug, slugLetters), "the slug is not lower-case letters and digits")
	wrong(len(m.Capabilities) == 0, "there is no capability")
	for _, f := range m.Config {
		// A host hands over what a manifest asks for: nobody gets another's secrets.
		own := strings.ToUpper(m.Slug) + "_"
		wrong(!strings.HasPrefix(f.Env, own), "the setting %s does not begin with %s", f.Env, own)
	}
	var names []string
	for _, c := range m.Capabilities {
		wrong(slices.Contains(names, c.Name), "the capability %s is there twice", c.Name)
		names = append(names, c.Name)
	}
	for _, c := range m.Capabilities {
		for _, problem := range m.problems(c) {
			wrong(true, "%s: %s", c.Name, problem)
		}
	}
	wrong(len(m.Gotchas.Gotchas) > 0 && m.Gotchas.Provider != m.Slug, "its gotchas are those of %s", m.Gotchas.Provider)
	return errors.Join(append(errs, m.Gotchas.Check(names))...)
}

func (m *Manifest) problems(c Capability) []string {
	var p []string
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	wrong(!named(c.Name, nameLetters), "its name is not lower-case letters, digits and _")
	wrong(!slices.Contains(Kinds(), c.Kind), "unknown kind %q", c.Kind)
	wrong(c.Kind == Confirm && c.Effect != Collects, "it confirms, and only a collection can be confirmed by its caller")
	wrong(c.Kind == Confirm && c.Previews, "it confirms, and a preview would be one more try")
	wrong(c.Kind == Webhook && c.Status == "", "a webhook needs the capability that reads the status")
	for _, other := range []string{c.Status, c.PreCheck} {
		o, ok := m.Capability(other)
		wrong(other != "" && !ok, "there is no capability %s", other)
		// The host and agents call it of their own accord.
		wrong(ok && o.Effect != Reads, "it relies on %s to read, which does more", other)
	}
	for _, id := range c.Networks {
		known := slices.ContainsFunc(m.Networks, func(n Network) bool { return n.ID == id })
		wrong(!known, "there is no network %s", id)
	}
	roles, err := schemas.Roles(c.Input) // two amounts, and a guard would see one
	wrong(err != nil, "%v", err)
	for _, s := range []json.RawMessage{c.Input, c.Output} {
		err := schemas.Lint(s)
		wrong(err != nil, "%v", err)
	}
	if o, ok := m.Capability(c.PreCheck); ok {
		wrong(!hasProperty(o.Output, "balances"), "before it, %s is asked, whose output has no field balances", o.Name)
	}
	found := c.requires(roles[string(RoleReference)], roles[string(RoleOriginalReference)])
	wrong(len(p) == 0 && c.Effect.MovesMoney() && !found, "it moves money, and its input requires no reference by which the payment is found again")
	_, payee := roles[string(RolePayee)]
	_, account := roles[string(RoleAccount)]
	wrong(len(p) == 0 && c.Kind == Disburse && !payee && !account, "it pays out, and no field of its input has the role of payee or account")
	_, amount := roles[string(RoleAmount)]
	wrong(len(p) == 0 && (c.Kind == Disburse || c.Kind == Collect) && !amount, "it moves money, and no field of its input has the role of amount")
	return p
}

// hasProperty reports whether a schema has a property.
func hasProperty(schema json.RawMessage, name string) bool {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	_ = json.Unmarshal(schema, &s) // what is no schema has none
	_, has := s.Properties[name]
	return has
}

// requires reports whether the input requires one of these fields.
func (c Capability) requires(fields ...string) bool {
	var s struct {
		Required []string `json:"required"`
	}
	_ = json.Unmarshal(c.Input, &s) // what is no schema requires nothing
	return slices.ContainsFunc(s.Required, func(name string) bool { return name != "" && slices.Contains(fields, name) })
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
// https is taken, and plain http to a loopback address. It repeats no more of
// the address than scheme and host: somebody may have put a credential into it.
func CheckBaseURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("the base URL cannot be read: give scheme and host, such as https://api.example.com")
	case u.User != nil || strings.ContainsAny(raw, "?#"):
		return errors.New("the base URL holds a user, a query or a fragment: give scheme, host and path alone")
	case isSafe(u):
		return nil
	}
	return fmt.Errorf("%s://%s is refused: use https, plain http is taken for loopback addresses only", u.Scheme, u.Host)
}

// IsSafeURL reports whether an address may be handed on to people or to a
// provider: one of https, or of plain http on this machine, where emulators run.
func IsSafeURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Hostname() != "" && u.User == nil && isSafe(u)
}

func isSafe(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u) }

// IsLoopback reports whether a URL leads to this machine. Names other than
// localhost are not resolved.
func IsLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
