// Package guard holds the checks that stand between a caller and a provider.
// Each is small and has a name, by which the catalogue of gotchas says what it
// makes harmless. None of them knows a provider: they read manifests, and
// inputs by the roles of their fields.
package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Call is a valid call as a guard sees it.
type Call struct {
	Manifest   *capabilities.Manifest
	Capability *capabilities.Capability
	Target     capabilities.Target
	// Fields holds the input's values by role. A role without a value is absent.
	Fields map[capabilities.Role]string
}

// Tool is the name under which callers know the capability.
func (c *Call) Tool() string { return c.Manifest.Slug + "_" + c.Capability.Name }

// Guard refuses calls.
type Guard interface {
	// Name is what catalogues call it.
	Name() string
	// Check returns a *capabilities.Refusal, or nil if the call may go on.
	Check(context.Context, *Call) error
}

// Check asks guards in their order and returns the first refusal, signed with
// the guard's name. An error that is no refusal refuses too.
func Check(ctx context.Context, guards []Guard, c *Call) error {
	for _, g := range guards {
		err := g.Check(ctx, c)
		if err == nil {
			continue
		}
		var r *capabilities.Refusal
		if !errors.As(err, &r) {
			r = refuse(fmt.Sprintf("the check did not work: %v", err), "nothing was sent; run 'mcp-payments doctor'")
		}
		r.Guard = g.Name()
		return r
	}
	return nil
}

func refuse(message, fix string) *capabilities.Refusal {
	return &capabilities.Refusal{Kind: capabilities.Refused, Message: message, Fix: fix}
}
