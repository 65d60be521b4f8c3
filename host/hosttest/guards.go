package hosttest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// Informed is another host, which takes the emulator for production, and whose
// human has acknowledged every notice of a capability but one, whose id is
// without the provider.
func (b *Bench) Informed(capability, but string) *Bench {
	b.Helper()
	p := b.Targeting(capabilities.Production, b.Server.BaseURL())
	for _, g := range gotchas.For(b.provider.Slug).Of(capability) {
		if !g.MustTellUser || g.ID == b.provider.Slug+"."+but {
			continue
		}
		k := ledger.Acknowledgement{Notice: g.ID, Version: guard.NoticeVersion(g), By: "a tester", Channel: "test", At: b.Clock.Now()}
		if err := p.Desk.Ledger.Acknowledge(b.Context(), k); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// OnRecord is all that the ledger holds. What a schema refuses gets no further.
func (b *Bench) OnRecord() []ledger.Transaction {
	b.Helper()
	all, err := b.Desk.Ledger.List(b.Context(), ledger.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// Ended checks that one check of the host gave the answer, and that no more was
// sent than one request for each of these references. Where notices hold a
// call, the answer names the one that the ids without the provider name.
func (b *Bench) Ended(a *host.Answer, by, ids string, references ...string) {
	b.Helper()
	if actual := endedBy(a); actual != by {
		b.Errorf("ended by %q, want %q:\n%s", actual, by, a.Text())
	}
	if by == "notices" && !strings.Contains(a.Message, b.provider.Slug+"."+ids) {
		b.Errorf("it does not name the notice %s:\n%s", ids, a.Text())
	}
	if on := b.OnRecord(); by == "schema" && len(on) > 0 {
		b.Errorf("the plugin refused it, not the schema: %+v", on)
	}
	for _, tx := range b.Emulator.Books().Transactions() {
		if tx.Requests > 1 || !slices.Contains(references, tx.Reference) {
			b.Errorf("it was sent: %+v", tx)
		}
	}
}

// endedBy names the check of the host that an answer comes from.
func endedBy(a *host.Answer) string {
	notes := strings.Join(a.Notes, "\n")
	switch {
	case a.Guard != "":
		return a.Guard
	case a.Kind == capabilities.Invalid:
		return "schema"
	case strings.Contains(notes, "the provider was not asked"):
		return "polling_pace"
	case strings.Contains(notes, "nothing was sent"):
		return "reference"
	case a.Details["fulfil"] != nil && !believed(a):
		return "webhook_recheck"
	}
	return ""
}

// believed reports whether a verdict takes a webhook at its word.
func believed(a *host.Answer) bool {
	var claim capabilities.ClaimSummary
	_ = json.Unmarshal(a.Details["claim"], &claim) // a verdict without one believes nothing
	trusted := strings.Trim(string(a.Details["trusted_amount"]), `"`)
	return string(a.Details["fulfil"]) == "true" && trusted == claim.Amount
}
