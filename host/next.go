package host

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/schemas"
)

// advise says what to do after an answer that is not final: ask the status
// capability, when, and with what.
func (c *call) advise() {
	a := c.answer
	if a.action != "" && a.Next == nil {
		defer func() { a.does(a.action) }()
	}
	status, ok := c.tool.provider.Manifest.Capability(c.tool.capability.Status)
	if !ok || a.Next != nil || a.Reference == "" || a.State.Final() || a.State == "" {
		return
	}
	t, _, err := c.recorded(context.Background())
	if err != nil {
		t = ledger.Transaction{} // the advice is poorer without the record, not wrong
	}
	next := &capabilities.Next{
		Tool:      ToolName(c.tool.provider.Manifest.Slug, status.Name),
		Arguments: arguments(status, a.Reference, cmp.Or(a.Network, t.Network)),
	}
	a.Next = next
	if status.Polling == nil {
		return
	}
	q, err := c.asked(context.Background())
	if err != nil {
		q = ledger.Question{}
	}
	next.AfterSeconds = after(status.Polling, q.Asks)
	patience := time.Duration(status.Polling.GiveUpAfter) * time.Second
	began := t.Claimed
	if began.IsZero() {
		began = q.First
	}
	if !began.IsZero() && patience > 0 && c.host.now().Sub(began) > patience {
		a.does(overdue(t, status.Polling.GiveUpAfter))
	}
}

// overdue says what to do about a transaction that takes too long. Money that
// may have left is never given up.
func overdue(t ledger.Transaction, seconds int) string {
	if t.State != "" && t.Effect != capabilities.Collects {
		return fmt.Sprintf("more than %d s have passed: have the provider look this payout up, and do not pay again under another reference before it has", seconds)
	}
	return fmt.Sprintf("more than %d s have passed: stop waiting, treat the order as expired, and ask once more later, because a late payment is possible", seconds)
}

// does adds what a person has to do next.
func (a *Answer) does(action string) {
	if a.Next == nil {
		a.Next = &capabilities.Next{}
	}
	a.Next.Action = strings.TrimPrefix(a.Next.Action+"; "+action, "; ")
}

func after(p *capabilities.Polling, asks int) int {
	if len(p.Backoff) == 0 {
		return p.MinInterval
	}
	return p.Backoff[min(asks, len(p.Backoff)-1)]
}

// arguments fills the fields of a status question that are known.
func arguments(status *capabilities.Capability, reference, network string) map[string]string {
	roles, err := schemas.Roles(status.Input)
	if err != nil {
		return nil
	}
	known := map[string]string{}
	if f := roles[string(capabilities.RoleReference)]; f != "" {
		known[f] = reference
	}
	if f := roles[string(capabilities.RoleNetwork)]; f != "" && network != "" {
		known[f] = network
	}
	return known
}

// input writes arguments as a capability's input.
func input(arguments map[string]string) json.RawMessage {
	b, _ := json.Marshal(arguments) // strings always marshal
	return b
}
