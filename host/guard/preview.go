package guard

import (
	"context"
	"errors"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Preview shows the provider a call that moves money before a human is asked
// about it, where the manifest says that it can be: nobody shall approve what
// the provider knows to be wrong, nor without what it says of fees.
type Preview struct {
	// Ask asks the provider.
	Ask func(context.Context, *Call) ([]capabilities.Fact, error)
}

// Name implements Guard.
func (Preview) Name() string { return "preview" }

// Check implements Guard. There is no transaction yet, so the provider's no is
// a refusal like any other.
func (g Preview) Check(ctx context.Context, c *Call) error {
	if !c.Capability.Previews || !c.begins() {
		return nil
	}
	facts, err := g.Ask(ctx, c)
	var r *capabilities.Refusal
	if errors.As(err, &r) && r.Kind == capabilities.ProviderRejected {
		r.Kind = capabilities.Refused
	}
	c.Facts = facts
	return err
}
