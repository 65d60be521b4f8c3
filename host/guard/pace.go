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
	Ask(ctx context.Context, k ledger.Key, now time.Time, interval time.Duration) (ledger.Question, error)
}

// PollingPace keeps one reference from being asked for faster than the
// manifest allows. A question that comes early is answered from the record, if
// there is one.
type PollingPace struct {
	Questions Questions
}

// Name implements Guard.
func (PollingPace) Name() string { return "polling_pace" }

// Check implements Guard.
func (g PollingPace) Check(ctx context.Context, c *Call) error {
	polling := c.Capability.Polling
	reference := c.Fields[capabilities.RoleReference]
	if own := c.Fields[capabilities.RoleProviderReference]; reference == "" && own != "" {
		reference = "#" + own // in no reference of a merchant
	}
	if polling == nil || reference == "" {
		return nil
	}
	key := ledger.Key{Provider: c.Manifest.Slug, Environment: c.Target.Environment, Reference: reference}
	q, err := g.Questions.Ask(ctx, key, c.Now, time.Duration(polling.MinInterval)*time.Second)
	if err != nil {
		return err
	}
	if q.Wait <= 0 {
		c.Asked = &q
		return nil
	}
	seconds := int(math.Ceil(q.Wait.Seconds()))
	t, found, err := c.Ledger.Find(ctx, key)
	if err != nil {
		return err
	}
	if found && t.State != ledger.NotSent {
		return &Recorded{Transaction: t, AfterSeconds: seconds}
	}
	r := refuse(fmt.Sprintf("%s was asked for less than %d s ago", reference, polling.MinInterval),
		fmt.Sprintf("ask again in %d s", seconds))
	r.AfterSeconds = seconds
	return r
}
