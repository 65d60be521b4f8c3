package guard

import "context"

// ReadOnly refuses everything that moves money.
type ReadOnly struct{}

// Name implements Guard.
func (ReadOnly) Name() string { return "read_only" }

// Check implements Guard.
func (ReadOnly) Check(_ context.Context, c *Call) error {
	if c.Capability.Effect.MovesMoney() {
		return refuse(c.Tool()+" moves money, and this server is read-only",
			"the operator has to start it without --read-only")
	}
	return nil
}
