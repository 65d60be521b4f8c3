package guard

import (
	"context"
	"fmt"
	"net/url"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Environment lets calls go only where the operator's configuration sends
// them, over a connection that credentials may travel on.
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
	case capabilities.Sandbox, capabilities.Production:
		return nil
	}
	return refuse(fmt.Sprintf("%q is no environment", c.Target.Environment), "use sandbox or production")
}

func emulated(base string) error {
	if u, err := url.Parse(base); err != nil || !capabilities.IsLoopback(u) {
		return refuse(base+" is not on this machine, so it is no emulator", "say which environment it is")
	}
	return nil
}
