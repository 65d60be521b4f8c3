// Package approval holds payments until a human has decided on exactly them.
// Nothing that an agent can write decides: a decision comes over a channel that
// only a human has, such as a terminal or a question of the MCP client.
package approval

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Lifetime is how long a human may take to decide, and an approval to be used.
const Lifetime = 10 * time.Minute

// The purposes for which keys are derived.
const (
	purposeFacts = "approval facts"
	purposeState = "approval state"
)

// Facts are what a human is shown of a payment.
type Facts struct {
	Tool        string `json:"tool"`
	Title       string `json:"title"`
	Provider    string `json:"provider"` // as the company writes it
	Environment string `json:"environment"`
	Reference   string `json:"reference"`
	Amount      string `json:"amount"` // with its currency
	Party       string `json:"party"`  // payee, or payer of a collection
	Network     string `json:"network,omitempty"`
	// Others are the remaining fields of the input.
	Others []Fact `json:"others,omitempty"`
	// Reason is why a human is asked.
	Reason string `json:"reason"`
}

// Fact is one field of a payment.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Lines tells the facts that there are, in the order of their weight. Values
// are printable: what an agent wrote cannot look like another line.
func (f Facts) Lines() []Fact {
	lines := []Fact{
		{"amount", f.Amount},
		{"number", f.Party},
		{"network", f.Network},
		{"reference", f.Reference},
		{"what", f.Title + " (" + f.Tool + ")"},
		{"provider", f.Provider},
		{"environment", f.Environment},
	}
	lines = append(lines, f.Others...)
	lines = append(lines, Fact{"why you", f.Reason})
	var told []Fact
	for _, l := range lines {
		if l.Value != "" {
			told = append(told, Fact{Printable(l.Name), Printable(l.Value)})
		}
	}
	return told
}

// Text is the facts, one on a line.
func (f Facts) Text() string {
	var b strings.Builder
	for _, l := range f.Lines() {
		fmt.Fprintf(&b, "%s: %s\n", l.Name, l.Value)
	}
	return b.String()
}

// Printable replaces controls, and what is not seen or turns the direction of
// writing.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Desk is where payments wait.
type Desk struct {
	Ledger ledger.Ledger
	Keys   *keyring.Keyring
	Now    func() time.Time
}

// Case is a payment that waits, or waited.
type Case struct {
	ledger.Approval
	// Facts are empty once it was decided.
	Facts Facts
}

// Hold returns the case of a payment: the one that waits already, or a new
// one. digest is what an approval has to be for.
func (d *Desk) Hold(ctx context.Context, k ledger.Key, capability, digest string, facts Facts) (Case, error) {
	now := d.Now()
	if a, found, err := d.Ledger.Approval(ctx, digest, ledger.Waiting, now); err != nil || found {
		return Case{a, facts}, err
	}
	plain, err := json.Marshal(facts)
	if err != nil {
		return Case{}, fmt.Errorf("approval: %w", err)
	}
	a := ledger.Approval{
		ID: newID(), Key: k, Capability: capability, Digest: digest, State: ledger.Waiting, Asked: now, Expires: now.Add(Lifetime),
	}
	if a.Facts, err = d.Keys.Seal(purposeFacts, plain, a.ID); err != nil {
		return Case{}, err
	}
	if err := d.Ledger.PutApproval(ctx, a); err != nil {
		return Case{}, err
	}
	// Of two that hold it at once, one is asked about.
	if waiting, found, err := d.Ledger.Approval(ctx, digest, ledger.Waiting, now); err != nil || found {
		return Case{waiting, facts}, err
	}
	return Case{a, facts}, nil
}

// newID returns an id that nobody guesses and a human can type: 80 bits.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

// ErrNone means that there is no such case.
var ErrNone = errors.New("approval: there is no approval with this id; 'mcp-payments approvals' lists those that wait")

// Case returns a case by its id.
func (d *Desk) Case(ctx context.Context, id string) (Case, error) {
	a, found, err := d.Ledger.FindApproval(ctx, id)
	if err != nil {
		return Case{}, err
	}
	if !found {
		return Case{}, ErrNone
	}
	return d.opened(a)
}

// Cases returns what waits, the oldest first; with decided, everything.
func (d *Desk) Cases(ctx context.Context, decided bool) ([]Case, error) {
	approvals, err := d.Ledger.Approvals(ctx, d.Now(), decided)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, a := range approvals {
		c, err := d.opened(a)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (d *Desk) opened(a ledger.Approval) (Case, error) {
	c := Case{Approval: a}
	if len(a.Facts) == 0 {
		return c, nil
	}
	plain, err := d.Keys.Open(purposeFacts, a.Facts, a.ID)
	if err != nil {
		return Case{}, fmt.Errorf("approval: the facts of %s cannot be read, so nobody can decide on it: %w", a.ID, err)
	}
	if err := json.Unmarshal(plain, &c.Facts); err != nil {
		return Case{}, fmt.Errorf("approval: %w", err)
	}
	return c, nil
}

// Decide records what a human said of a case, once. The error is
// ledger.ErrApproval if it was decided before or has expired.
func (d *Desk) Decide(ctx context.Context, id string, approve bool, by, channel string) error {
	return d.Ledger.Decide(ctx, id, ledger.Decision{Approve: approve, By: by, Channel: channel, At: d.Now()})
}

// state is what travels with a question through a client and back.
type state struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
}

// Seal returns a token that stands for a case on its way through a client,
// which can neither read nor change it, nor use it for anything but bound.
func (d *Desk) Seal(id string, expires time.Time, bound string) ([]byte, error) {
	plain, err := json.Marshal(state{ID: id, Expires: expires})
	if err != nil {
		return nil, fmt.Errorf("approval: %w", err)
	}
	return d.Keys.Seal(purposeState, plain, bound)
}

// Redeem returns the id of the case that a token stands for. That it is used
// once is up to Decide.
func (d *Desk) Redeem(token []byte, bound string) (string, error) {
	plain, err := d.Keys.Open(purposeState, token, bound)
	if err != nil {
		return "", err
	}
	var s state
	if err := json.Unmarshal(plain, &s); err != nil {
		return "", fmt.Errorf("approval: %w", err)
	}
	if !d.Now().Before(s.Expires) {
		return "", ledger.ErrApproval
	}
	return s.ID, nil
}
