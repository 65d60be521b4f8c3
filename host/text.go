package host

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Text tells the answer in words. Everything that matters is in it: some
// clients show only this, others only the structured answer.
func (a *Answer) Text() string {
	t := &text{}
	t.line("%s", a.headline())
	if a.Refused() {
		t.line("%s", a.Message)
		t.line("fix: %s", a.Fix)
	}
	t.line("%s", a.facts())
	for _, name := range slices.Sorted(maps.Keys(a.Details)) {
		t.line("%s: %s", name, plainly(a.Details[name]))
	}
	for _, n := range a.Notes {
		t.line("note: %s", n)
	}
	if a.Next != nil {
		t.line("next: %s", next(a.Next))
	}
	if a.Response != nil {
		t.line("provider's answer: %s", a.Response)
	}
	for _, g := range a.Gotchas {
		t.line("%s [%s] %s", map[bool]string{true: "MUST TELL THE USER", false: "gotcha"}[g.MustTellUser], g.ID, g.Text)
	}
	return t.b.String()
}

type text struct{ b strings.Builder }

// line writes a line, unless it would be empty.
func (t *text) line(format string, args ...any) {
	s := strings.TrimSpace(fmt.Sprintf(format, args...))
	if s == "" {
		return
	}
	if t.b.Len() > 0 {
		t.b.WriteByte('\n')
	}
	t.b.WriteString(s)
}

func (a *Answer) headline() string {
	subject := fmt.Sprintf("%s %s (%s)", a.Provider, a.Capability, a.Environment)
	if a.Environment == "" {
		subject = fmt.Sprintf("%s %s", a.Provider, a.Capability)
	}
	switch {
	case a.Refused() && a.Guard != "":
		return fmt.Sprintf("%s: %s by the guard %s", subject, a.Kind, a.Guard)
	case a.Refused():
		return fmt.Sprintf("%s: %s", subject, a.Kind)
	case a.State == "":
		return subject + ": done"
	case a.State.Final():
		return fmt.Sprintf("%s: %s (final)", subject, a.State)
	}
	return fmt.Sprintf("%s: %s (not final)", subject, a.State)
}

func (a *Answer) facts() string {
	var f []string
	if a.Reference != "" {
		f = append(f, "reference "+a.Reference)
	}
	if a.Refused() && a.State != "" {
		f = append(f, "state "+string(a.State))
	}
	if a.Amount != "" {
		f = append(f, strings.TrimSpace(fmt.Sprintf("%s %s", a.Amount, a.Currency)))
	}
	if a.Network != "" {
		f = append(f, "network "+a.Network)
	}
	return strings.Join(f, " · ")
}

func next(n *capabilities.Next) string {
	var parts []string
	if n.Tool != "" {
		parts = append(parts, "call "+n.Tool)
	}
	if len(n.Arguments) > 0 {
		parts = append(parts, "with "+string(input(n.Arguments)))
	}
	if n.AfterSeconds > 0 {
		parts = append(parts, fmt.Sprintf("in %d s", n.AfterSeconds))
	}
	told := strings.Join(parts, " ")
	if n.Action == "" {
		return told
	}
	return strings.TrimPrefix(told+"; "+n.Action, "; ")
}

func plainly(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
