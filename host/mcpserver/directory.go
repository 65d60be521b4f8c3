package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// directoryName is the one tool that is no provider's capability: it tells
// which of the others serve a country or a currency. It asks no provider.
const directoryName = "list_capabilities"

func directory() mcp.Tool {
	return mcp.Tool{
		Name:        directoryName,
		Title:       "Who can do what, and where",
		Description: "List the tools that fit a country, currency, network, kind or effect, such as who can collect in TG in XOF.",
		RawInputSchema: json.RawMessage(`{"type":"object","properties":{` +
			`"country":{"type":"string","pattern":"^[A-Za-z]{2}$","description":"ISO 3166-1, such as TG"},` +
			`"currency":{"type":"string","pattern":"^[A-Za-z]{3}$"},` +
			`"network":{"type":"string","description":"such as moov_tg"},` +
			`"kind":{"type":"string","enum":["` + strings.Join(texts(capabilities.Kinds()), `","`) + `"]},` +
			`"effect":{"type":"string","enum":["` + strings.Join(texts(capabilities.Effects()), `","`) + `"]},` +
			`"provider":{"type":"string"}},"additionalProperties":false}`),
		RawOutputSchema: json.RawMessage(`{"type":"object","properties":{"capabilities":{"type":"array"}}}`),
		Annotations: mcp.ToolAnnotation{
			ReadOnlyHint: mcp.ToBoolPtr(true), DestructiveHint: mcp.ToBoolPtr(false),
			IdempotentHint: mcp.ToBoolPtr(true), OpenWorldHint: mcp.ToBoolPtr(false),
		},
	}
}

func texts[S ~string](all []S) []string {
	var s []string
	for _, one := range all {
		s = append(s, string(one))
	}
	return s
}

// lookUp answers the directory's tool.
func (s *Server) lookUp(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	var w host.Wish
	if raw := arguments(r); raw != nil {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&w); err != nil {
			refused := capabilities.InvalidField("arguments", err.Error(), "texts of country, currency, network, kind, effect and provider, or none")
			result := mcp.NewToolResultStructured(refused, refused.Error())
			result.IsError = true
			return result, nil
		}
	}
	found := s.host.Offers(w)
	if found == nil {
		found = []host.Offer{}
	}
	return mcp.NewToolResultStructured(map[string]any{"capabilities": found}, told(found)), nil
}

// told lists offers in words.
func told(all []host.Offer) string {
	if len(all) == 0 {
		return "nothing here fits; leave a condition out to see more"
	}
	var b strings.Builder
	for _, o := range all {
		fmt.Fprintf(&b, "%s (%s, %s): %s", o.Tool, o.Kind, o.Effect, o.Summary)
		if len(o.Networks) > 0 {
			fmt.Fprintf(&b, " Networks: %s.", strings.Join(o.Networks, ", "))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
