package guard

import (
	"context"
	"fmt"
	"net/url"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Environment lets calls go only where the operator's configuration sends
// them, over a connection that credentials may travel on. A payout in
// production needs a human's approval, which nobody can give yet: it is
// refused.
type Environment struct{}

// Name implements Guard.
func (Environment) Name() string { return "environment" }

// Check implements Guard.
func (Environment) Check(_ context.Context, c *Call) error {
	if err := capabilities.CheckBaseURL(c.Target.BaseURL); err != nil {
		return refuse(err.Error(), "correct the base URL in the configuration")
	}
	switch c.Target.Environment {
	case capabilities.Emulator:
		return emulated(c.Target.BaseURL)
	case capabilities.Sandbox:
		return nil
	case capabilities.Production:
		return production(c)
	}
	return refuse(fmt.Sprintf("%q is no environment", c.Target.Environment), "use sandbox or production")
}

func emulated(base string) error {
	if u, err := url.Parse(base); err != nil || !capabilities.IsLoopback(u) {
		return refuse(base+" is not on this machine, so it is no emulator", "say which environment it is")
	}
	return nil
}

func production(c *Call) error {
	if e := c.Capability.Effect; !e.MovesMoney() || e == capabilities.Collects {
		return nil
	}
	return refuse(c.Tool()+" moves money out, in production, and no human has approved it",
		"use the sandbox or the emulator: this version cannot ask a human yet")
}
