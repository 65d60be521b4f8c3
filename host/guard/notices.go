package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Notices holds what moves money in production until a human has acknowledged
// what has to be known of it. Elsewhere notices ride on the answers.
type Notices struct {
	// Elsewhere is the flag that leads to this ledger, if it is not where the
	// program's commands look.
	Elsewhere string
}

// Name implements Guard.
func (Notices) Name() string { return "notices" }

// Check implements Guard.
func (g Notices) Check(ctx context.Context, c *Call) error {
	if c.Target.Environment != capabilities.Production || !c.Capability.Effect.MovesMoney() {
		return nil
	}
	var open []string
	for _, n := range c.Manifest.Gotchas.Of(c.Capability.Name) {
		if !n.MustTellUser {
			continue
		}
		ok, err := c.Ledger.Acknowledged(ctx, n.ID, NoticeVersion(n))
		if err != nil {
			return err
		}
		if !ok {
			open = append(open, n.ID)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return &capabilities.Refusal{
		Kind:    capabilities.Held,
		Message: fmt.Sprintf("%s moves real money, and nobody has acknowledged what has to be known of it: %s", c.Tool(), strings.Join(open, ", ")),
		Fix:     fmt.Sprintf("a human has to run: mcp-payments notices acknowledge%s %s.%s", g.Elsewhere, c.Manifest.Slug, c.Capability.Name),
	}
}

// NoticeVersion identifies the text of a notice. A changed text has to be
// acknowledged anew.
func NoticeVersion(g gotchas.Gotcha) string {
	sum := sha256.Sum256([]byte(g.Text))
	return hex.EncodeToString(sum[:8])
}
