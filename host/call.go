package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/audit"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Request asks for one call.
type Request struct {
	Provider   string
	Capability string
	Input      json.RawMessage
	Caller     Caller
}

// Caller is who asks, as far as anybody says.
type Caller struct {
	Client    string // the client's name, as it declares it
	Version   string
	Transport string // stdio or cli
}

// Call validates, guards, records, invokes, records again and answers. It
// always answers: what went wrong is a refusal in the answer.
//
// A caller that goes away ends the call only as long as nothing was sent for
// it; from then on the call goes on to its own deadline. So does a call that is
// not answered within the host's patience.
func (h *Host) Call(ctx context.Context, r Request) *Answer {
	began := time.Now()
	c := &call{host: h, progress: &progress{}, answer: newAnswer(r.Provider, r.Capability)}
	if t, ok := h.tools[ToolName(r.Provider, r.Capability)]; ok {
		c.tool = t
		c.answer.Environment = t.provider.Settings.Target.Environment
		c = c.run(ctx, r.Input)
	} else {
		c.refuse(capabilities.InvalidField("tool", ToolName(r.Provider, r.Capability), "a tool of this server; 'mcp-payments capabilities' lists them"))
	}
	h.audited(c, r.Caller, began)
	return c.answer
}

// call is one call on its way.
type call struct {
	host     *Host
	tool     *tool
	schema   *compiled
	input    json.RawMessage
	fields   map[capabilities.Role]string
	inferred string // what was added to the input, for a note
	guarded  *guard.Call
	seen     *ledger.Transaction // what the ledger had of it; without a state, nothing
	progress *progress
	answer   *Answer
}

// progress is what a call that goes on in the background shares with the one
// that was answered early.
type progress struct {
	sent atomic.Bool
	// answered is set once the caller has its answer and need not stay.
	answered atomic.Bool
}

// run takes the call to its answer. The call that it returns holds it: another
// one, if the answer could not be waited for.
func (c *call) run(ctx context.Context, input json.RawMessage) *call {
	if err := c.prepare(ctx, input); err != nil {
		c.object(ctx, err)
		c.finish()
		return c
	}
	if err := c.claim(ctx); err != nil {
		c.object(ctx, err)
		c.finish()
		return c
	}
	return c.wait(ctx)
}

// prepare does all that comes before the claim.
func (c *call) prepare(ctx context.Context, input json.RawMessage) error {
	if err := c.validate(input); err != nil {
		return err
	}
	if problem := c.tool.provider.Settings.Problem; problem != nil {
		return problem
	}
	if err := c.complete(ctx); err != nil {
		return err
	}
	if err := c.infer(); err != nil {
		return err
	}
	if err := c.lookUp(ctx); err != nil {
		return err
	}
	if err := c.describe(ctx); err != nil {
		return err
	}
	return guard.Check(ctx, c.host.guards, c.guarded)
}

// wait performs the call and waits for it as long as the host's patience
// lasts. Then the call goes on without its caller, unless it only reads.
func (c *call) wait(ctx context.Context) *call {
	moves := c.moves()
	work := ctx
	if moves {
		work = context.WithoutCancel(ctx)
	}
	working, cancel := context.WithCancel(work)
	done := make(chan struct{})
	early := c.early()
	c.host.working.Go(func() {
		defer cancel()
		defer close(done)
		if err := c.survive(working, ctx); err != nil {
			c.refuse(err)
		}
		c.finish()
	})
	patience := time.NewTimer(c.host.patience)
	defer patience.Stop()
	select {
	case <-done:
		return c
	case <-patience.C:
	}
	if !moves {
		cancel()
		<-done
		return c
	}
	c.progress.answered.Store(true)
	early.impatient()
	return early
}

// early is a second call for the answer that is given if the first has none in
// time. They share nothing that changes.
func (c *call) early() *call {
	e := *c
	e.answer = newAnswer(c.answer.Provider, c.answer.Capability)
	e.answer.Environment, e.answer.Reference = c.answer.Environment, c.answer.Reference
	return &e
}

// impatient answers for a provider that is still silent.
func (c *call) impatient() {
	a := c.answer
	a.State = capabilities.Pending
	if c.progress.sent.Load() {
		a.State = capabilities.Unknown
	}
	final := false
	a.Final = &final
	a.Notes = append(a.Notes, fmt.Sprintf("the provider has not answered within %s; the call goes on here, and its outcome will be on record: ask for the status, do not send it again", c.host.patience))
	c.recall()
	c.advise()
	c.finish()
}

// object answers what a guard, or anything else before sending, has against the
// call.
func (c *call) object(ctx context.Context, err error) {
	var recorded *guard.Recorded
	var held *guard.Held
	switch {
	case errors.As(err, &recorded):
		c.replay(recorded)
	case errors.As(err, &held):
		c.hold(ctx, held)
	default:
		c.refuse(err)
	}
}

func (c *call) name() string {
	return ToolName(c.tool.provider.Manifest.Slug, c.tool.capability.Name)
}

func (c *call) moves() bool { return c.tool.capability.Effect.MovesMoney() }

// confirms reports whether the call continues a transaction on record.
func (c *call) confirms() bool { return c.tool.capability.Confirms() }

// begins reports whether the call begins a transaction.
func (c *call) begins() bool { return c.moves() && !c.confirms() }

// audited writes down who asked and what was decided. A line that cannot be
// written is told in the answer: somebody relies on it.
func (h *Host) audited(c *call, by Caller, began time.Time) {
	if h.audit == nil {
		return
	}
	a := c.answer
	e := audit.Entry{
		At: h.now().UTC(), Client: by.Client, Version: by.Version, Transport: by.Transport, Principal: h.principal,
		Tool: ToolName(a.Provider, a.Capability), Environment: a.Environment, Reference: a.Reference,
		Decision: "done", Guard: a.Guard, State: string(a.State), DurationMS: float64(time.Since(began).Microseconds()) / 1000,
	}
	if a.Refused() {
		e.Decision = string(a.Kind)
	}
	if c.guarded != nil {
		e.Party = c.guarded.Transaction.Party
	}
	if err := h.audit.Write(e); err != nil {
		a.Notes = append(a.Notes, "this call could not be written to the audit log: "+err.Error())
	}
}
