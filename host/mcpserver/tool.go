package mcpserver

import (
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/schemas"
)

const instructions = `Tools move real money unless an answer says "environment": "emulator" or "sandbox".
Give every payment a new reference of your own, and keep it: it is how the payment is found again.
A payment is done only when an answer says "final": true and "state": "succeeded". Otherwise do what "next" says, not sooner.
"unknown" and "unknown_outcome" mean that money may have moved: ask for the status, never send again.
Tell the user every gotcha that is marked must_tell_user.`

// metaPrefix begins the keys of what a tool carries in _meta.
const metaPrefix = "mcp-payments/"

// tool describes a capability as MCP shows it.
func tool(t host.Tool) (mcp.Tool, error) {
	in, err := schemas.VisibleInput(t.Capability.Input)
	if err != nil {
		return mcp.Tool{}, err
	}
	out, err := schemas.VisibleOutput(t.Capability.Output, hidden())
	if err != nil {
		return mcp.Tool{}, err
	}
	return mcp.Tool{
		Name:            t.Name,
		Title:           t.Capability.Title,
		Description:     description(t),
		RawInputSchema:  in,
		RawOutputSchema: out,
		Annotations:     annotations(t.Capability),
		Meta:            meta(t),
	}, nil
}

// hidden lists the fields of an answer that a caller reads but need not be
// told of beforehand.
func hidden() []string {
	return []string{"provider", "capability", "guard", "problems", "approval", "notes", "network", "provider_response", "gotchas"}
}

// description is the summary with the notices in short.
func description(t host.Tool) string {
	var b strings.Builder
	b.WriteString(t.Capability.Summary)
	lead := " MUST TELL THE USER: "
	for _, g := range t.Manifest.Gotchas.Of(t.Capability.Name) {
		if g.MustTellUser {
			b.WriteString(lead + g.Brief)
			lead = " | "
		}
	}
	return b.String()
}

// annotations are all set: absent ones mean something else than false.
func annotations(c *capabilities.Capability) mcp.ToolAnnotation {
	moves := c.Effect.MovesMoney()
	return mcp.ToolAnnotation{
		ReadOnlyHint:    mcp.ToBoolPtr(!moves),
		DestructiveHint: mcp.ToBoolPtr(moves),
		IdempotentHint:  mcp.ToBoolPtr(!moves || c.Idempotent),
		OpenWorldHint:   mcp.ToBoolPtr(true),
	}
}

func meta(t host.Tool) *mcp.Meta {
	fields := map[string]any{
		"provider":     t.Manifest.Slug,
		"capability":   t.Capability.Name,
		"kind":         t.Capability.Kind,
		"effect":       t.Capability.Effect,
		"countries":    t.Manifest.Countries,
		"networks":     networks(t),
		"environments": t.Manifest.Environments,
		"gotchas":      warnings(t),
	}
	prefixed := map[string]any{}
	for k, v := range fields {
		prefixed[metaPrefix+k] = v
	}
	return &mcp.Meta{AdditionalFields: prefixed}
}

// networks are the ids of a tool's networks.
func networks(t host.Tool) []string {
	ids := []string{}
	for _, n := range t.Manifest.NetworksOf(t.Capability) {
		ids = append(ids, n.ID)
	}
	return ids
}

// warning is a gotcha as a tool carries it: what a reader has to know, without
// where it comes from.
type warning struct {
	ID           string   `json:"id"`
	Text         string   `json:"text"`
	MustTellUser bool     `json:"must_tell_user,omitempty"`
	EnforcedBy   []string `json:"enforced_by"`
}

func warnings(t host.Tool) []warning {
	w := []warning{}
	for _, g := range t.Manifest.Gotchas.Of(t.Capability.Name) {
		w = append(w, warning{g.ID, g.Text, g.MustTellUser, g.EnforcedBy})
	}
	return w
}
