package guard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Policy is what the operator allows, beyond what is never allowed. It comes
// from a file that only the operator writes.
type Policy struct {
	// Providers lists who may be used in production; none means every provider
	// that is configured.
	Providers []string `yaml:"providers"`
	// RepeatWindow is how long a payment of the same amount to the same party
	// counts as a suspected repeat. 0 means DefaultRepeatWindow.
	RepeatWindow time.Duration `yaml:"repeat_window"`
	// Rules all hold at once: a call must satisfy each that matches it.
	Rules []Rule `yaml:"rules"`

	digest string
}

// Rule limits the calls that it matches. Amounts are decimal text in major
// units of the currency.
type Rule struct {
	Provider    string                `yaml:"provider"` // empty: every provider
	Environment string                `yaml:"environment"`
	Effect      capabilities.Effect   `yaml:"effect"` // collects or pays_out
	Currency    capabilities.Currency `yaml:"currency"`
	// The most in one transaction, in any 24 hours, and to one party in any 24
	// hours. Empty means no such limit.
	PerTransaction   capabilities.Amount `yaml:"per_transaction"`
	PerDay           capabilities.Amount `yaml:"per_day"`
	PerPartyPerDay   capabilities.Amount `yaml:"per_payee_per_day"`
	AllowedPayees    []string            `yaml:"allowed_payees"`
	UnapprovedUpTo   capabilities.Amount `yaml:"unapproved_up_to"`
	allowed          []string
	transaction, day *capabilities.Money
	party, free      *capabilities.Money
}

// DefaultRepeatWindow is how long a repeat is suspected, if the policy says
// nothing.
const DefaultRepeatWindow = 15 * time.Minute

// DefaultPolicy is in force where the operator wrote none. In production it
// allows small amounts of XOF; every other currency needs a rule.
func DefaultPolicy() *Policy {
	p, err := ParsePolicy([]byte(strict))
	if err != nil {
		panic("guard: the default policy: " + err.Error()) // a test parses it
	}
	return p
}

// strict is the policy of those who have none, and the example for those who
// write one.
const strict = `# Every rule that matches a call must be satisfied. Amounts are in major units.
repeat_window: 15m
rules:
  - environment: production
    effect: pays_out
    currency: XOF
    per_transaction: "50000"
    per_day: "200000"
    per_payee_per_day: "50000"
  - environment: production
    effect: collects
    currency: XOF
    per_transaction: "500000"
    per_day: "5000000"
`

// StrictPolicy returns the text of the default policy.
func StrictPolicy() string { return strict }

// ReadPolicy reads the operator's policy. A file that does not exist means the
// default one; one that cannot be read or understood is an error, never a
// weaker policy.
func ReadPolicy(path string) (*Policy, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return DefaultPolicy(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	p, err := ParsePolicy(b)
	if err != nil {
		return nil, fmt.Errorf("policy: %s: %w", path, err)
	}
	return p, nil
}

// ParsePolicy reads a policy. Unknown keys, keys without a value, currencies
// and amounts that are none are refused: nothing that was written is ignored.
func ParsePolicy(b []byte) (*Policy, error) {
	p := &Policy{}
	if err := unclear(b); err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if p.RepeatWindow == 0 {
		p.RepeatWindow = DefaultRepeatWindow
	}
	var errs []error
	if p.RepeatWindow < 0 {
		errs = append(errs, errors.New("repeat_window is negative"))
	}
	for i := range p.Rules {
		if err := p.Rules[i].read(); err != nil {
			errs = append(errs, fmt.Errorf("rule %d: %w", i+1, err))
		}
	}
	sum := sha256.Sum256(b)
	p.digest = hex.EncodeToString(sum[:])
	return p, errors.Join(errs...)
}

// Digest identifies the text of the policy.
func (p *Policy) Digest() string { return p.digest }

func (r *Rule) read() error {
	var errs []error
	environments := []string{capabilities.Emulator, capabilities.Sandbox, capabilities.Production}
	if !slices.Contains(environments, r.Environment) {
		errs = append(errs, fmt.Errorf("environment is %q, and has to be one of %v", r.Environment, environments))
	}
	if r.Effect != capabilities.Collects && r.Effect != capabilities.PaysOut {
		errs = append(errs, fmt.Errorf("effect is %q, and has to be collects or pays_out", r.Effect))
	}
	if _, err := capabilities.ParseMoney("1", r.Currency); err != nil { // or the rule would match nothing
		return errors.Join(append(errs, fmt.Errorf("currency is %q, and has to be one of ISO 4217, such as XOF", r.Currency))...)
	}
	for _, limit := range []struct {
		name string
		text capabilities.Amount
		to   **capabilities.Money
	}{
		{"per_transaction", r.PerTransaction, &r.transaction},
		{"per_day", r.PerDay, &r.day},
		{"per_payee_per_day", r.PerPartyPerDay, &r.party},
		{"unapproved_up_to", r.UnapprovedUpTo, &r.free},
	} {
		if limit.text == "" {
			continue
		}
		m, err := capabilities.ParseMoney(limit.text, r.Currency)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", limit.name, err))
			continue
		}
		*limit.to = &m
	}
	if len(r.AllowedPayees) > 0 && r.Effect == capabilities.Collects {
		errs = append(errs, errors.New("allowed_payees needs effect pays_out: nobody is paid when money comes in"))
	}
	for _, payee := range r.AllowedPayees {
		r.allowed = append(r.allowed, canonical(payee))
	}
	if r.free != nil && (r.Effect != capabilities.PaysOut || len(r.allowed) == 0) {
		errs = append(errs, errors.New("unapproved_up_to needs effect pays_out and allowed_payees: nothing passes without a human to just anybody"))
	}
	return errors.Join(errs...)
}

// canonical is the one spelling of a party: of an msisdn its international
// digits, of any other account what was given, in lower case: banks and
// wallets do not tell A from a.
func canonical(party string) string {
	if m, _, err := capabilities.ParseMSISDN(party); err == nil {
		return string(m)
	}
	return strings.ToLower(party)
}

// rules returns those that match a call.
func (p *Policy) rules(c *Call) []Rule { return p.rulesIn(c, c.Transaction.Money.Currency()) }

// rulesIn returns those that match a call in a currency.
func (p *Policy) rulesIn(c *Call, currency capabilities.Currency) []Rule {
	var matching []Rule
	for _, r := range p.Rules {
		if (r.Provider == "" || r.Provider == c.Manifest.Slug) && r.Environment == c.Target.Environment &&
			r.Effect == c.effect() && r.Currency == currency {
			matching = append(matching, r)
		}
	}
	return matching
}
