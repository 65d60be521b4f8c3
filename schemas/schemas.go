// Package schemas holds the JSON Schemas of every tool: it reflects them from
// Go types, publishes them as files, and validates raw JSON against them with
// exact numbers.
//
// The files beside this one are generated and embedded, so that nothing is
// reflected when the program starts:
//
//	schemas/<provider>/<capability>.input.json
//	schemas/<provider>/<capability>.output.json
package schemas

import (
	"embed"
	"encoding/json"
)

//go:embed */*.json
var files embed.FS

// File returns the path, in this folder, of a published schema. side is
// "input" or "output".
func File(provider, capability, side string) string {
	return provider + "/" + capability + "." + side + ".json"
}

// Published returns the published schemas of a built-in provider's capability.
func Published(provider, capability string) (in, out json.RawMessage, ok bool) {
	in, err := files.ReadFile(File(provider, capability, "input"))
	if err != nil {
		return nil, nil, false
	}
	out, err = files.ReadFile(File(provider, capability, "output"))
	return in, out, err == nil
}
