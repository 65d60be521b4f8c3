package guard

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Questions counts the questions about each reference.
type Questions interface {
	Ask(k ledger.Key, now time.Time, interval time.Duration) (wait time.Duration)
}

// PollingPace keeps one reference from being asked for faster than the
// manifest allows.
type PollingPace struct {
	Questions Questions
	Now       func() time.Time
}

// Name implements Guard.
func (PollingPace) Name() string { return "polling_pace" }

// Check implements Guard.
func (g PollingPace) Check(_ context.Context, c *Call) error {
	polling := c.Capability.Polling
	reference := c.Fields[capabilities.RoleReference]
	if polling == nil || reference == "" {
		return nil
	}
	key := ledger.Key{Provider: c.Manifest.Slug, Environment: c.Target.Environment, Reference: reference}
	wait := g.Questions.Ask(key, g.Now(), time.Duration(polling.MinInterval)*time.Second)
	if wait <= 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	r := refuse(fmt.Sprintf("%s was asked for less than %d s ago", reference, polling.MinInterval),
		fmt.Sprintf("ask again in %d s", seconds))
	r.AfterSeconds = seconds
	return r
}
