package hosttest

import (
	"context"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// Loss is a way in which a request for money ends without an answer that says
// anything: it may have been taken or not.
type Loss struct {
	Name   string
	Ending emulation.Ending
	Paid   int // how often money moves all the same
}

// Losses lists every loss.
func Losses() []Loss {
	return []Loss{
		{"HTTP 500, not taken", emulation.ErrorNotTaken, 0},
		{"HTTP 500, taken", emulation.ErrorTaken, 1},
		{"cut before it was taken", emulation.CutNotTaken, 0},
		{"cut after it was taken", emulation.CutTaken, 1},
		{"half an answer", emulation.Truncated, 1},
		{"an HTML page", emulation.HTMLPage, 1},
	}
}

// NobodyListens stops the emulator, and checks that each of these calls, by
// capability, is said not to have been sent.
func (b *Bench) NobodyListens(calls map[string]Input) {
	b.Helper()
	if err := b.Server.Close(); err != nil {
		b.Fatal(err)
	}
	for capability, in := range calls {
		b.Run(capability, func(t *testing.T) {
			sub := b.In(t)
			sub.Wants(sub.Call(capability, in), Want{Kind: capabilities.Unavailable})
		})
	}
	b.Untouched()
}

// CallerIsGone checks that nothing is sent for a caller who has gone already.
func (b *Bench) CallerIsGone(capability string, in Input) {
	b.Helper()
	gone, leave := context.WithCancel(b.Context())
	leave()
	b.Wants(b.CallUntil(gone, capability, in), Want{Kind: capabilities.Unavailable})
	b.Untouched()
}
