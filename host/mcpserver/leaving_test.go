package mcpserver_test

import (
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// TestAClientThatLeaves while its money moves changes nothing: the payout is
// sent once, and its outcome is on record.
func TestAClientThatLeaves(t *testing.T) {
	for name, leave := range map[string]func(a *agent, call int){
		"it cancels the call": func(a *agent, call int) {
			a.write(map[string]any{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": map[string]any{"requestId": call}})
			a.send("tools/list", map[string]any{}) // is answered after the server has read the other
			a.receive()
		},
		"it closes its end": func(a *agent, _ int) { _ = a.in.Close() },
	} {
		for _, era := range []string{modern, legacy} {
			t.Run(era+" "+name, func(t *testing.T) {
				o := newOffice(t)
				sent, speaks := make(chan struct{}), make(chan struct{})
				o.after = func() { close(sent); <-speaks }
				a := o.hire(era, `{}`)
				a.call(pays("ORDER-1")).heldAt(t, o.waiting().ID)
				o.decides(o.waiting().ID, true)
				call := a.send("tools/call", parameters(pays("ORDER-1")))
				arrives(t, sent, "the payout is not sent")
				leave(a, call)
				close(speaks)
				_ = a.in.Close()
				arrives(t, a.ended, "the server does not end")
				o.Host.Close(t.Context())
				k := ledger.Key{Provider: "bank", Environment: capabilities.Sandbox, Reference: "ORDER-1"}
				if r, _, err := o.desk.Ledger.Find(t.Context(), k); err != nil || r.State != capabilities.Succeeded {
					t.Errorf("on record is %q: %v", r.State, err)
				}
				o.hire(era, form).call(pays("ORDER-1")).is(t, "")
				o.paid("ORDER-1")
			})
		}
	}
}

func arrives(t *testing.T, signal <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
}
