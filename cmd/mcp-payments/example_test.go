package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/docs/example/emulator"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// The provider in docs/example, as a stranger builds it from CONTRIBUTING.md: in
// a module of its own, trusted by its operator, and called through the program.

// marks is added to what is built: each start leaves the mark that
// operator.started looks for.
const marks = `package main

import (
	"os"
	"path/filepath"
)

func init() {
	if self, err := os.Executable(); err == nil {
		_ = os.WriteFile(filepath.Join(filepath.Dir(self), "..", "acme-was-started"), nil, 0o600)
	}
}
`

// installsExample builds the example into the operator's plugin folder, in a
// module that knows this repository as anybody's does.
func (o *operator) installsExample() (path string) {
	o.Helper()
	module := o.TempDir()
	for _, name := range []string{"main.go", "client.go", "webhook.go", "gotchas.yaml"} {
		o.writes(filepath.Join(module, name), document(o.T, "docs/example/"+name))
	}
	o.writes(filepath.Join(module, "marks.go"), marks)
	o.writes(filepath.Join(module, "go.mod"), moduleFile(o.T))
	o.writes(filepath.Join(module, "go.sum"), document(o.T, "go.sum"))
	path = filepath.Join(o.home, "providers", plugin.ExecutablePrefix+"tontine")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	build := exec.CommandContext(o.Context(), "go", "build", "-ldflags=-w", "-o", path, ".")
	build.Dir = module
	if msg, err := build.CombinedOutput(); err != nil {
		o.Fatalf("building the example: %v\n%s", err, msg)
	}
	return path
}

func (o *operator) writes(path, text string) {
	o.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.Fatal(err)
	}
}

// moduleFile is a go.mod that requires this repository, and else what it does.
func moduleFile(t *testing.T) string {
	t.Helper()
	const own = "github.com/mcp-payments/mcp-payments"
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(document(t, "go.mod"), "module "+own+"\n")
	if !ok {
		t.Fatal("go.mod begins otherwise")
	}
	return fmt.Sprintf("module example.com/tontine\n%s\nrequire %s v0.0.0\nreplace %[2]s => %q\n", rest, own, root)
}

// merchant is an operator whose Tontine is an emulator.
type merchant struct {
	*operator
	tontine *emulationtest.Bench
	inbox   *emulationtest.Inbox
}

func newMerchant(t *testing.T) *merchant {
	t.Helper()
	inbox := emulationtest.NewInbox(t)
	return &merchant{
		operator: newOperator(t),
		tontine:  emulationtest.New(t, emulator.New, emulation.Options{WebhookURL: inbox.URL}),
		inbox:    inbox,
	}
}

// told is what the program prints of a call.
type told struct {
	capabilities.Answer
	Fulfil        bool   `json:"fulfil"`
	TrustedAmount string `json:"trusted_amount"`
}

// calls calls one of the example's tools and wants the exit code.
func (m *merchant) calls(code int, tool string, input map[string]string, flags ...string) (answer told) {
	m.Helper()
	cmd := program(m.T, append([]string{"call", "tontine_" + tool, marshalled(m.T, input)}, flags...)...)
	cmd.Env = append(cmd.Env, "MCP_PAYMENTS_HOME="+m.home, "TONTINE_BASE_URL="+m.tontine.URL)
	for name, value := range m.tontine.Emulator.Config() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var logs bytes.Buffer
	cmd.Stderr = &logs
	out, _ := cmd.Output() // the exit code says what its error would
	if got := cmd.ProcessState.ExitCode(); got != code {
		m.Fatalf("%s %v: exit code %d, want %d\n%s%s", tool, input, got, code, out, &logs)
	}
	if code == exitUsage {
		return told{}
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		m.Fatalf("%v in %s", err, out)
	}
	return answer
}

func TestExample(t *testing.T) {
	t.Parallel()
	m := newMerchant(t)
	path := m.installsExample()

	m.calls(exitUsage, "check_balance", map[string]string{})
	if row := m.finds("tontine"); row.Trust != "untrusted" || row.Path != path || m.started() {
		t.Errorf("before it is trusted: %+v, or it was started", row)
	}
	if out, _ := m.runs(exitDone, "providers", "trust", "tontine"); !strings.Contains(out, "Tontine, 5 capabilities") || !m.started() {
		t.Errorf("trusting says %q, or it was not asked what it is", out)
	}
	out, _ := m.runs(exitDone, "gotchas", "--json", "tontine")
	if !strings.Contains(out, "tontine.disburse.1") || m.started() {
		t.Errorf("its gotchas are %s, or reading them started it", out)
	}
	m.collects()
	m.paysOut()

	m.started()
	m.changes(path)
	a := m.calls(exitRefused, "check_balance", map[string]string{})
	if a.Kind != capabilities.Misconfigured || !strings.Contains(a.Fix, "mcp-payments providers trust tontine") || m.started() {
		t.Errorf("the changed file answers %+v, or was started", a)
	}
}

// A payment is paid, and one webhook of it is believed: the genuine one.
func (m *merchant) collects() {
	m.Helper()
	order := map[string]string{"reference": "ORDER-1", "amount": "5000", "msisdn": "22890112000"}
	if a := m.calls(exitDone, "initiate_payment", order); a.State != capabilities.Pending || a.Environment != capabilities.Emulator ||
		a.Next == nil || a.Next.Tool != "tontine_check_payment_status" || len(a.Gotchas) != 1 {
		m.Errorf("the payment: %+v", a)
	}
	m.tontine.Clock.Advance(emulationtest.Delay)
	hooks := m.inbox.Received()
	if len(hooks) != 1 {
		m.Fatalf("%d webhooks, want 1", len(hooks))
	}
	genuine := hooks[0].Body
	forged := strings.Replace(genuine, "5000", "500000", 1)
	if a := m.calls(exitRefused, "verify_webhook", map[string]string{"body": forged}); a.Kind != capabilities.Invalid || a.Fulfil {
		m.Errorf("the forged webhook: %+v", a)
	}
	if a := m.calls(exitDone, "check_payment_status", map[string]string{"reference": "ORDER-1"}); a.State != capabilities.Succeeded || a.Amount != "5000" {
		m.Errorf("the status: %+v", a)
	}
	if a := m.calls(exitDone, "verify_webhook", map[string]string{"body": genuine}); !a.Fulfil || a.TrustedAmount != "5000" {
		m.Errorf("the genuine webhook: %+v", a)
	}
}

// A payout waits for a human, and leaves once.
func (m *merchant) paysOut() {
	m.Helper()
	payout := map[string]string{"reference": "OUT-1", "amount": "3000", "msisdn": "22890112000"}
	if a := m.calls(exitRefused, "disburse", payout); a.Kind != capabilities.Held || a.Approval == nil {
		m.Errorf("the payout: %+v", a)
	}
	if lines := m.tontine.Lines("OUT-1"); len(lines) != 0 {
		m.Fatalf("it was sent: %+v", lines)
	}
	m.calls(exitDone, "disburse", payout, "--yes")
	m.calls(exitDone, "disburse", payout)
	if line := m.tontine.Line("OUT-1"); line.Requests != 1 || line.Amount != "3000" {
		m.Errorf("approved, it was sent as %+v", line)
	}
}
