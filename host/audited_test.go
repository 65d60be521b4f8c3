package host_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/audit"
)

// TestEveryCallIsWrittenDown, whatever came of it, and without what nobody may
// read there.
func TestEveryCallIsWrittenDown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := newClerk().open(t, t.TempDir(), host.Options{Audit: audit.To(&log), Principal: "somebody"})
	defer b.shut(t)
	call := func(capability, input string) *host.Answer {
		return b.Call(t.Context(), host.Request{
			Provider: "clerk", Capability: capability, Input: json.RawMessage(input),
			Caller: host.Caller{Client: "editor", Version: "1.2", Transport: "stdio"},
		})
	}
	const pays = `{"reference":"ORDER-1","amount":"987654321","msisdn":"+22890112233"}`
	b.approves(t, call("pay_out", pays))
	call("pay_out", pays)
	call("collect", `{"reference":"ORDER-1","amount":"876543219","msisdn":"22890112233"}`)
	call("collect", `{"reference":"ORDER-2","amount":"876543219","msisdn":"22890112233","pin":"135791357"}`)
	call("status", `{"reference":"ORDER-1"}`)
	call("steal", `{"msisdn":"22890112233"}`)

	for _, secret := range []string{"90112233", "987654321", "876543219", "135791357"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, &log)
		}
	}
	type line struct{ Tool, Reference, Decision, Guard, State string }
	var got []line
	var parties []string
	for text := range strings.Lines(log.String()) {
		var e audit.Entry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if e.Client != "editor" || e.Version != "1.2" || e.Transport != "stdio" || e.Principal != "somebody" || e.At.IsZero() {
			t.Errorf("who asked when? %s", text)
		}
		got = append(got, line{e.Tool, e.Reference, e.Decision, e.Guard, e.State})
		parties = append(parties, e.Party)
	}
	want := []line{
		{"clerk_pay_out", "ORDER-1", "held", "approval", ""},
		{"clerk_pay_out", "ORDER-1", "done", "", "succeeded"},
		{"clerk_collect", "ORDER-1", "refused", "reference", ""},
		{"clerk_collect", "", "invalid", "", ""},
		{"clerk_status", "ORDER-1", "done", "", "pending"},
		{"clerk_steal", "", "invalid", "", ""},
	}
	if len(got) != len(want) {
		t.Fatalf("%d calls are %d lines:\n%s", len(want), len(got), &log)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if parties[0] == "" || parties[0] != parties[1] || parties[0] != parties[2] { // in either spelling
		t.Errorf("one number is %q", parties[:3])
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestALineThatIsMissingIsTold with the answer: the money has moved.
func TestALineThatIsMissingIsTold(t *testing.T) {
	t.Parallel()
	b := newClerk().open(t, t.TempDir(), host.Options{Audit: audit.To(broken{})})
	defer b.shut(t)
	a := b.moves(t.Context(), "collect", "ORDER-1", 5000, somebody(1))
	is(t, a, "", "succeeded")
	if !strings.Contains(a.Text(), "could not be written to the audit log") {
		t.Errorf("it says %s", a.Text())
	}
}
