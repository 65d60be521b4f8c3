package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/plugin"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// operator is somebody at the command line, with a home of their own.
type operator struct {
	*testing.T
	home string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{T: t, home: t.TempDir()}
	if err := os.Mkdir(filepath.Join(o.home, "providers"), 0o700); err != nil {
		t.Fatal(err)
	}
	return o
}

// installs builds a program into the operator's plugin folder.
func (o *operator) installs(provider, pkg string) (path string) {
	o.Helper()
	path = filepath.Join(o.home, "providers", plugin.ExecutablePrefix+provider)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	build := exec.CommandContext(o.Context(), "go", "build", "-buildvcs=false", "-ldflags=-w", "-o", path, pkg)
	if msg, err := build.CombinedOutput(); err != nil {
		o.Fatalf("building %s: %v\n%s", pkg, err, msg)
	}
	return path
}

// runs runs a command and wants its exit code.
func (o *operator) runs(code int, args ...string) (stdout, stderr string) {
	o.Helper()
	cmd := exec.CommandContext(o.Context(), programName, args...)
	cmd.Env = []string{
		"MCP_PAYMENTS_HOME=" + o.home, "TMPDIR=" + os.Getenv("TMPDIR"), "TEMP=" + os.Getenv("TEMP"), quickExit,
		"ACME_KEY=acme's own", "ACME_BASE_URL=http://127.0.0.1:9", "QOSIC_PASSWORD=a secret of Qosic",
	}
	var out, logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &logs
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		o.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		o.Fatalf("mcp-payments %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &logs)
	}
	return out.String(), logs.String()
}

// finds is what is listed of the external provider.
func (o *operator) finds(provider string) providerRow {
	o.Helper()
	out, _ := o.runs(exitDone, "providers", "--json")
	var rows []providerRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		o.Fatalf("%v in %s", err, out)
	}
	i := slices.IndexFunc(rows, func(r providerRow) bool { return r.Provider == provider && r.Kind == "external" })
	if i < 0 {
		o.Fatalf("no external provider %s in %s", provider, out)
	}
	return rows[i]
}

// started reports whether Acme was started since it was last asked.
func (o *operator) started() bool {
	o.Helper()
	err := os.Remove(filepath.Join(o.home, "acme-was-started"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.Fatal(err)
	}
	return err == nil
}

func (o *operator) echoes(code int) (answer map[string]any) {
	o.Helper()
	out, _ := o.runs(code, "call", "acme_echo", `{"word":"hello"}`)
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		o.Fatalf("%v in %s", err, out)
	}
	return answer
}

// An external provider's way: found, trusted, listed without being started,
// called, changed, no longer trusted.
func TestExternalProvider(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	path := o.installs("acme", "../../host/plugin/testdata/acme")

	if row := o.finds("acme"); row.Trust != "untrusted" || row.Path != path {
		t.Errorf("found as %+v, want untrusted", row)
	}
	if out, _ := o.runs(exitDone, "capabilities", "--json"); strings.Contains(out, "acme") {
		t.Errorf("listed without trust:\n%s", out)
	}
	if _, stderr := o.runs(exitUsage, "call", "acme_echo", "{}"); !strings.Contains(stderr, `there is no tool "acme_echo"`) {
		t.Errorf("calling an untrusted one says %q", stderr)
	}
	if o.started() {
		t.Fatal("the untrusted file was started")
	}

	if out, _ := o.runs(exitDone, "providers", "trust", "acme"); !strings.Contains(out, path) {
		t.Errorf("trusting says %q", out)
	}
	if row := o.finds("acme"); row.Trust != "trusted" || !o.started() {
		t.Errorf("found as %+v, want trusted, after it was asked what it is", row)
	}
	if out, _ := o.runs(exitDone, "capabilities", "--json", "--provider", "acme"); !strings.Contains(out, `"acme_echo"`) {
		t.Errorf("not listed:\n%s", out)
	}
	if o.started() {
		t.Error("listing started it")
	}
	answer := o.echoes(exitDone)
	if answer["word"] != "hello" || answer["key"] != "acme's own" || answer["foreign"] != "" {
		t.Errorf("it answers %v", answer)
	}
	o.started()

	o.changes(path)
	if row := o.finds("acme"); row.Trust != "changed" {
		t.Errorf("found as %+v, want changed", row)
	}
	if answer := o.echoes(exitRefused); answer["kind"] != string(capabilities.Misconfigured) ||
		!strings.Contains(answer["fix"].(string), "mcp-payments providers trust acme") {
		t.Errorf("a changed file: %v", answer)
	}
	if o.started() {
		t.Error("the changed file was started")
	}
	o.runs(exitDone, "providers", "untrust", "acme")
	if row := o.finds("acme"); row.Trust != "untrusted" {
		t.Errorf("found as %+v, want untrusted", row)
	}
}

// changes appends to a program, which runs as before.
func (o *operator) changes(path string) {
	o.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		o.Fatal(err)
	}
	_, err = f.WriteString("!")
	if err := errors.Join(err, f.Close()); err != nil {
		o.Fatal(err)
	}
}

// Nobody takes the place of a built-in provider by its name, not even with the
// operator's trust. Under any other name of the file it is the same.
func TestExternalProviderWithABuiltInName(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	path := o.installs("qosic", "../../plugins/qosic/cmd/mcp-payments-provider-qosic")
	other := strings.Replace(path, plugin.ExecutablePrefix+"qosic", plugin.ExecutablePrefix+"other", 1)
	if err := os.Link(path, other); err != nil {
		t.Skipf("no second name for a file here: %v", err)
	}
	for _, name := range []string{"qosic", "other"} {
		if _, stderr := o.runs(exitFailed, "providers", "trust", name); !strings.Contains(stderr, "the name of a built-in one") {
			t.Errorf("trusting %s says %q", name, stderr)
		}
		if row := o.finds(name); row.Trust != "untrusted" {
			t.Errorf("found as %+v, want untrusted", row)
		}
	}
	if out, _ := o.runs(exitDone, "capabilities", "--json"); !strings.Contains(out, "qosic_initiate_payment") {
		t.Errorf("the built-in one is gone:\n%s", out)
	}
}

// A built-in provider works the same as a program of its own.
func TestQosicAsAnExternalProgram(t *testing.T) {
	t.Parallel()
	path := newOperator(t).installs("qosic", "../../plugins/qosic/cmd/mcp-payments-provider-qosic")
	sum, err := plugin.Digest(path)
	if err != nil {
		t.Fatal(err)
	}
	clock := emulation.NewManualClock(time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC))
	e := emulator.New(emulation.Options{Clock: clock, SettleAfter: time.Second})
	server, err := emulation.Start(e, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	launcher, err := plugin.NewLauncher(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s := host.Emulated(server.BaseURL(), e.Config())
	p := plugin.New(launcher, plugin.Source{Provider: "qosic", Path: path, SHA256: sum},
		plugin.Settings{Target: s.Target, Values: s.Values, Secrets: s.Secrets})
	t.Cleanup(func() { p.Close(t.Context()) })

	told, err := p.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known, err := qosic.Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if told, known := marshalled(t, told), marshalled(t, known); told != known {
		t.Errorf("the program describes itself as\n%s\nwant\n%s", told, known)
	}

	r := recordsAt(filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() { _ = r.close() })
	h, err := host.New(host.Options{Providers: []host.Provider{{Manifest: told, Settings: s, Process: p}}, Ledger: r.ledger, Keys: r.keys, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	pay := `{"reference":"ORDER-1042","amount":"5000","msisdn":"22890000` + string(emulation.Paid) + `","network":"togocel_tg"}`
	if a := h.Call(t.Context(), host.Request{Provider: "qosic", Capability: "initiate_payment", Input: json.RawMessage(pay)}); a.State != capabilities.Pending {
		t.Fatalf("the payment:\n%s", a.Text())
	}
	clock.Advance(5 * time.Second)
	ask := json.RawMessage(`{"reference":"ORDER-1042"}`)
	if a := h.Call(t.Context(), host.Request{Provider: "qosic", Capability: "check_payment_status", Input: ask}); a.State != capabilities.Succeeded {
		t.Errorf("the status:\n%s", a.Text())
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
