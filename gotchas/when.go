package gotchas

import (
	"fmt"
	"slices"
)

// When is a condition on an answer. Every given part must match; a part
// matches when any of its values does. The zero When matches nothing.
type When struct {
	// States of the transaction, such as "pending".
	States []string `yaml:"states,omitempty" json:"states,omitempty"`
	// Kinds of refusal, such as "misconfigured".
	Kinds []string `yaml:"kinds,omitempty" json:"kinds,omitempty"`
	// Response holds values of the provider's own answer, by field.
	Response map[string][]string `yaml:"response,omitempty" json:"response,omitempty"`
}

// Answer is what a gotcha needs to know of an answer to decide whether it
// matters to it.
type Answer struct {
	Environment string
	State       string            // empty in a refusal that knows none
	Kind        string            // empty unless refused
	Response    map[string]string // the provider's own answer; null and absent fields are left out
}

func states() []string {
	return []string{"pending", "succeeded", "failed", "expired", "cancelled", "unknown"}
}

func kinds() []string {
	return []string{"invalid", "refused", "held", "misconfigured", "provider_rejected", "unavailable", "unknown_outcome"}
}

func (w When) problems() []string {
	var p []string
	for _, s := range w.States {
		if !slices.Contains(states(), s) {
			p = append(p, fmt.Sprintf("unknown state %q in when", s))
		}
	}
	for _, k := range w.Kinds {
		if !slices.Contains(kinds(), k) {
			p = append(p, fmt.Sprintf("unknown kind %q in when", k))
		}
	}
	return p
}

// Matters reports whether the gotcha should ride on the answer. A notice rides
// on every answer but that to a wrong input, which nobody acted on; any other
// gotcha does where it bites and its condition holds.
func (g Gotcha) Matters(a Answer) bool {
	if g.MustTellUser {
		return a.Kind != "invalid"
	}
	return slices.Contains(g.Environments, a.Environment) && g.When.holds(a)
}

func (w When) holds(a Answer) bool {
	if len(w.States) == 0 && len(w.Kinds) == 0 && len(w.Response) == 0 {
		return false
	}
	for field, values := range w.Response {
		if v, ok := a.Response[field]; !ok || !slices.Contains(values, v) {
			return false
		}
	}
	return matches(w.States, a.State) && matches(w.Kinds, a.Kind)
}

func matches(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}
