package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/plugins"
)

var update = flag.Bool("update", false, "write testdata/tools.json anew")

// forEachRevision runs a test once for each revision of MCP.
func forEachRevision(t *testing.T, test func(t *testing.T, revision string)) {
	t.Parallel()
	for _, r := range revisions() {
		t.Run(r, func(t *testing.T) {
			t.Parallel()
			test(t, r)
		})
	}
}

// declared is what the manifests of the built-in providers say of a tool.
type declared struct {
	manifest   *capabilities.Manifest
	capability *capabilities.Capability
}

// movesMoney is by the kind of a capability, so that a wrong effect is found.
func (d declared) movesMoney() bool {
	return slices.Contains([]capabilities.Kind{capabilities.Collect, capabilities.Disburse, capabilities.Refund, capabilities.Confirm}, d.capability.Kind)
}

// declaredTools are those of all built-in providers, by name.
func declaredTools(t *testing.T) map[string]declared {
	t.Helper()
	all := map[string]declared{}
	for _, b := range plugins.All() {
		m, err := b.Provider().Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Capabilities {
			all[host.ToolName(m.Slug, m.Capabilities[i].Name)] = declared{m, &m.Capabilities[i]}
		}
	}
	return all
}

// directory is the one tool that is no provider's.
const directory = "list_capabilities"

// toolNames are the names of those tools that are kept, and of the directory,
// in order.
func toolNames(t *testing.T, keep func(declared) bool) []string {
	t.Helper()
	all := declaredTools(t)
	maps.DeleteFunc(all, func(_ string, d declared) bool { return !keep(d) })
	all[directory] = declared{}
	return slices.Sorted(maps.Keys(all))
}

func allTools(t *testing.T) []string {
	t.Helper()
	return toolNames(t, func(declared) bool { return true })
}

func TestToolsAreListedWithoutStartingAProvider(t *testing.T) {
	forEachRevision(t, func(t *testing.T, revision string) {
		w := serve(t, revision, nil, "--emulate")
		for range 2 { // in the same order each time
			if got := names(w.tools()); !slices.Equal(got, allTools(t)) {
				t.Fatalf("the tools are %q", got)
			}
		}
		pid := w.cmd.Process.Pid
		if running := children(t, pid); len(running) != 0 {
			t.Errorf("%d processes run although nothing was called", len(running))
		}
		w.call("qosic_check_payment_status", map[string]string{"reference": "ORDER-1042", "network": "mtn_bj"})
		if running := children(t, pid); len(running) != 1 {
			t.Errorf("%d processes run after the first call, want 1", len(running))
		}
	})
}

// TestDiscovery is how a client of the newest revision begins, if it does not
// simply ask.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := serve(t, revision2026July, nil, "--emulate")
	var d struct {
		ResultType        string          `json:"resultType"`
		SupportedVersions []string        `json:"supportedVersions"`
		Capabilities      json.RawMessage `json:"capabilities"`
		Instructions      string          `json:"instructions"`
	}
	w.decode(w.ask("server/discover", nil), &d)
	for _, r := range revisions() {
		if !slices.Contains(d.SupportedVersions, r) {
			t.Errorf("it does not speak %s", r)
		}
	}
	if d.ResultType != "complete" || string(d.Capabilities) != `{"tools":{}}` || !strings.Contains(d.Instructions, "never send again") {
		t.Errorf("%+v, capabilities %s", d, d.Capabilities)
	}
	list := map[string]json.RawMessage{}
	w.decode(w.ask("tools/list", nil), &list)
	for _, key := range []string{"resultType", "ttlMs", "cacheScope"} {
		if list[key] == nil {
			t.Errorf("tools/list lacks %s, which the revision wants", key)
		}
	}
}

// TestToolListIsAsPublished holds all that agents read of the tools. A change
// is made on purpose: go test ./cmd/mcp-payments -update
func TestToolListIsAsPublished(t *testing.T) {
	t.Parallel()
	w := serve(t, revision2025Nov, nil)
	var list struct {
		Tools json.RawMessage `json:"tools"`
	}
	w.decode(w.ask("tools/list", nil), &list)
	var got bytes.Buffer
	if err := json.Indent(&got, list.Tools, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	golden := filepath.Join("testdata", "tools.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if line, differs := firstDifference(got.String(), string(want)); differs {
		t.Errorf("tools/list is not as published: line %d. See 'go test ./cmd/mcp-payments -update'", line)
	}
}

func firstDifference(a, b string) (line int, differs bool) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return i + 1, true
		}
	}
	return min(len(as), len(bs)) + 1, len(as) != len(bs)
}

// TestToolListIsTheSameForEveryone holds the revisions to one list.
func TestToolListIsTheSameForEveryone(t *testing.T) {
	t.Parallel()
	var first []byte
	for _, r := range revisions() {
		b, err := json.Marshal(serve(t, r, nil).tools())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			t.Errorf("%s shows other tools than %s", r, revisions()[0])
		}
	}
}

func TestEveryClientCanTakeTheTools(t *testing.T) {
	t.Parallel()
	known := declaredTools(t)
	for _, tool := range serve(t, revision2025June, nil).tools() {
		for side, schema := range map[string]json.RawMessage{"input": tool.InputSchema, "output": tool.OutputSchema} {
			var root map[string]any
			if err := json.Unmarshal(schema, &root); err != nil {
				t.Fatalf("%s: the %s schema: %v", tool.Name, side, err)
			}
			if root["type"] != "object" {
				t.Errorf("%s: the %s schema is no object's", tool.Name, side)
			}
			for _, k := range []string{"anyOf", "oneOf", "allOf", "not", "if"} {
				if _, ok := root[k]; ok {
					t.Errorf("%s: %s at the top of the %s schema", tool.Name, k, side)
				}
			}
			if bytes.Contains(schema, []byte(`"$`)) || bytes.Contains(schema, []byte(`"x-`)) {
				t.Errorf("%s: the %s schema holds a reference, or what is not for clients: %s", tool.Name, side, schema)
			}
		}
		if tool.Title == "" || tool.Description == "" {
			t.Errorf("%s has no title or no description", tool.Name)
		}
		if tool.Name == directory {
			continue // its hints are its own: TestHintsFailSafe
		}
		d := known[tool.Name]
		moves := d.movesMoney()
		want := map[string]any{"readOnlyHint": !moves, "destructiveHint": moves, "idempotentHint": !moves || d.capability.Idempotent, "openWorldHint": true}
		for hint, value := range want {
			if got, explicit := tool.Annotations[hint]; !explicit || got != value {
				t.Errorf("%s: %s is %v, want %v", tool.Name, hint, got, value)
			}
		}
	}
}

// TestGotchasTravelWithTheTools: all of them in _meta, the notices in the
// description too, which is what models read.
func TestGotchasTravelWithTheTools(t *testing.T) {
	t.Parallel()
	known := declaredTools(t)
	for _, tool := range serve(t, revision2026July, nil).tools() {
		if tool.Name == directory {
			continue
		}
		var carried []struct {
			ID           string   `json:"id"`
			Text         string   `json:"text"`
			MustTellUser bool     `json:"must_tell_user"`
			EnforcedBy   []string `json:"enforced_by"`
		}
		if err := json.Unmarshal(tool.Meta["mcp-payments/gotchas"], &carried); err != nil {
			t.Fatalf("%s: %v", tool.Name, err)
		}
		of := gotchas.For(known[tool.Name].manifest.Slug).Of(known[tool.Name].capability.Name)
		if len(carried) != len(of) || len(of) == 0 {
			t.Fatalf("%s carries %d of %d gotchas", tool.Name, len(carried), len(of))
		}
		for i, g := range of {
			c := carried[i]
			if c.ID != g.ID || c.Text != g.Text || c.MustTellUser != g.MustTellUser || !slices.Equal(c.EnforcedBy, g.EnforcedBy) {
				t.Errorf("%s carries %+v for %s", tool.Name, c, g.ID)
			}
			if g.MustTellUser && !strings.Contains(tool.Description, g.Brief) {
				t.Errorf("the description of %s lacks the notice %s", tool.Name, g.ID)
			}
		}
	}
}

// TestToolListFitsItsBudget counts what a model pays for: names, titles,
// descriptions and schemas.
func TestToolListFitsItsBudget(t *testing.T) {
	t.Parallel()
	const perTool, inAll = 1200, 32_000 // bytes
	tools := serve(t, revision2025Nov, nil).tools()
	total := 0
	for _, tool := range tools {
		tool.Meta, tool.Annotations = nil, nil
		b, err := json.Marshal(tool)
		if err != nil {
			t.Fatal(err)
		}
		total += len(b) - len(`,"annotations":null,"_meta":null`)
	}
	if total > perTool*len(tools) || total > inAll {
		t.Errorf("%d tools take %d bytes, want at most %d each and %d in all", len(tools), total, perTool, inAll)
	}
}

func TestProvidersAndReadOnlyLimitTheTools(t *testing.T) {
	t.Parallel()
	for _, b := range plugins.All() {
		want := toolNames(t, func(d declared) bool { return d.manifest.Slug == b.Slug })
		if got := names(serve(t, revision2025Nov, nil, "--providers", b.Slug).tools()); !slices.Equal(got, want) {
			t.Errorf("--providers %s offers %q", b.Slug, got)
		}
	}
	w := serve(t, revision2025Nov, nil, "--emulate", "--read-only")
	if got := names(w.tools()); !slices.Equal(got, toolNames(t, func(d declared) bool { return !d.movesMoney() })) {
		t.Errorf("--read-only offers %q", got)
	}
	for _, tool := range toolNames(t, declared.movesMoney) {
		if tool == directory {
			continue
		}
		m := w.ask("tools/call", map[string]any{"name": tool, "arguments": map[string]string{
			"reference": "PAYOUT-7", "amount": "5000", "msisdn": "22890112000",
		}})
		if m.Error == nil || m.Error.Code != invalidParameters {
			t.Errorf("%s, which is not offered, answers %s", tool, m.line)
		}
	}
}

// The inputs by which the answers below come about.
func payment(reference, ending string) map[string]string {
	return map[string]string{"reference": reference, "amount": "5000", "msisdn": "22890112" + ending}
}

func TestAnswersSayTheSameTwice(t *testing.T) {
	cases := []struct {
		name, tool string
		arguments  map[string]string
		kind       capabilities.RefusalKind
		state      capabilities.State
	}{
		{"pending", "qosic_initiate_payment", payment("ORDER-0001", "000"), "", capabilities.Pending},
		{"paid", "qosic_initiate_payment", payment("ORDER-0002", "013"), "", capabilities.Succeeded},
		{"payout", "qosic_disburse", payment("PAYOUT-01", "000"), "", capabilities.Pending},
		{"wrong input", "qosic_initiate_payment", map[string]string{"reference": "x", "amount": "1.5"}, capabilities.Invalid, ""},
		{"no account", "qosic_initiate_payment", payment("ORDER-0003", "010"), capabilities.ProviderRejected, capabilities.Failed},
		{"server error", "qosic_disburse", payment("PAYOUT-02", "006"), capabilities.UnknownOutcome, capabilities.Unknown},
		{"status", "qosic_check_payment_status", map[string]string{"reference": "ORDER-0002", "network": "togocel_tg"}, "", capabilities.Succeeded},
		{"refund of nothing", "qosic_refund", map[string]string{"original_reference": "ORDER-0009"}, capabilities.ProviderRejected, capabilities.Failed},
		{"balances", "paygate_check_balance", map[string]string{}, "", ""},
		{"payment page", "paygate_create_payment_page", map[string]string{"reference": "ORDER-0004", "amount": "5000"}, "", capabilities.Pending},
		{"too low a balance", "paygate_disburse", map[string]string{"reference": "PAYOUT-03", "amount": "250001", "msisdn": "22890112000"}, capabilities.Refused, ""},
		{"payout from a balance", "paygate_disburse", map[string]string{"reference": "PAYOUT-04", "amount": "4000", "msisdn": "22890112000"}, "", capabilities.Pending},
		{"forged webhook", "qosic_verify_webhook", map[string]string{"body": `{"status":"SUCCESSFUL","transRef":"ORDER-0001","amount":"500000","code":"200"}`}, "", capabilities.Pending},
	}
	forEachRevision(t, func(t *testing.T, revision string) {
		w := serve(t, revision, nil, "--emulate", "--settle-after", "1h")
		for _, c := range cases {
			r := w.call(c.tool, c.arguments)
			if a := r.sound(t); a.Kind == capabilities.Held {
				approve(t, a)
				r = w.call(c.tool, c.arguments)
			}
			if a := r.sound(t); a.Kind != c.kind || a.State != c.state {
				t.Errorf("%s: kind %q, state %q: %s", c.name, a.Kind, a.State, r.Structured)
			}
		}
		// What is on record is answered from there, and anything else refused.
		if !w.asksTooFast("ORDER-0001", func(a capabilities.Answer) bool {
			return a.State == capabilities.Pending && slices.ContainsFunc(a.Notes, func(n string) bool { return strings.Contains(n, "too soon") })
		}) || !w.asksTooFast("OTHER-0001", func(a capabilities.Answer) bool {
			return a.Kind == capabilities.Refused && a.Guard == "polling_pace"
		}) {
			t.Error("no question is too many")
		}
	})
}

// asksTooFast asks until the answer is that of a question too many: nobody
// knows how fast this machine is.
func (w *wire) asksTooFast(reference string, early func(capabilities.Answer) bool) bool {
	w.t.Helper()
	for range 50 {
		a := w.call("qosic_check_payment_status", map[string]string{"reference": reference, "network": "togocel_tg"}).sound(w.t)
		if early(a) {
			return a.Next != nil && a.Next.AfterSeconds > 0
		}
	}
	return false
}

var approveCommand = regexp.MustCompile(`ask the user to run: mcp-payments (approvals approve .*); then make exactly the same call again`)

// approve does what the user is asked for in a held answer. The command is
// complete: it finds the server's ledger from anywhere.
func approve(t *testing.T, held capabilities.Answer) {
	t.Helper()
	m := approveCommand.FindStringSubmatch(held.Fix)
	if m == nil || held.Approval == nil || !strings.HasSuffix(m[1], " "+held.Approval.ID) {
		t.Fatalf("it does not say how to approve it: %+v", held)
	}
	cmd := program(t, append(strings.Fields(m[1]), "--yes")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// sound returns the answer in a result, which has to say the same in both
// halves, and that no real money is meant.
func (r result) sound(t *testing.T) capabilities.Answer {
	t.Helper()
	var a capabilities.Answer
	if err := json.Unmarshal(r.Structured, &a); err != nil {
		t.Fatalf("%v: %s", err, r.Structured)
	}
	if r.IsError != (a.Kind != "") {
		t.Errorf("isError is %v: %s", r.IsError, r.Structured)
	}
	if a.Environment != capabilities.Emulator {
		t.Errorf("the environment is %q", a.Environment)
	}
	for _, missing := range unsaid(a, r.text()) {
		t.Errorf("the text does not say %q:\n%s", missing, r.text())
	}
	return a
}

// unsaid returns what matters in an answer and is not in its text.
func unsaid(a capabilities.Answer, text string) []string {
	matters := []string{
		a.Provider, a.Capability, a.Environment, a.Reference, string(a.State), string(a.Amount), string(a.Currency), a.Network,
		string(a.Kind), a.Guard, a.Message, a.Fix, string(a.Response),
	}
	if a.Approval != nil {
		matters = append(matters, a.Approval.ID)
	}
	matters = append(matters, a.Notes...)
	for _, p := range a.Problems {
		matters = append(matters, p.Field, p.Found, p.Wanted)
	}
	if a.Next != nil {
		matters = append(matters, a.Next.Tool, fmt.Sprintf("in %d s", a.Next.AfterSeconds))
		for name, value := range a.Next.Arguments {
			matters = append(matters, fmt.Sprintf("%q:%q", name, value))
		}
	}
	for _, g := range a.Gotchas {
		matters = append(matters, g.ID, g.Text)
		if g.MustTellUser {
			matters = append(matters, "MUST TELL THE USER ["+g.ID+"]")
		}
	}
	return slices.DeleteFunc(matters, func(s string) bool { return strings.Contains(text, s) })
}

// TestWithoutConfiguration: the tools are all there, and say what is missing.
func TestWithoutConfiguration(t *testing.T) {
	t.Parallel()
	w := serve(t, revision2025Nov, nil)
	for tool, says := range map[string][]string{
		"qosic_initiate_payment":   {"misconfigured", "QOSIC_USERNAME", "QOSIC_PASSWORD"},
		"paygate_initiate_payment": {"misconfigured", "PAYGATE_ENVIRONMENT"}, // without a sandbox there is no default
	} {
		r := w.call(tool, payment("ORDER-0001", "000"))
		for _, name := range says {
			if !r.IsError || !strings.Contains(r.text(), name) || !strings.Contains(string(r.Structured), name) {
				t.Errorf("%s does not say %s: %s", tool, name, r.text())
			}
		}
	}
	if running := children(t, w.cmd.Process.Pid); len(running) != 0 {
		t.Errorf("%d processes run for it", len(running))
	}
}

// TestMalformedRequests: what is wrong with the request is a JSON-RPC error,
// what is wrong with the input a result that helps.
func TestMalformedRequests(t *testing.T) {
	forEachRevision(t, func(t *testing.T, revision string) {
		w := serve(t, revision, nil, "--emulate")
		if m := w.ask("tools/steal", nil); m.Error == nil || m.Error.Code != methodNotFound {
			t.Errorf("an unknown method answers %s", m.line)
		}
		if m := w.ask("tools/call", map[string]any{"name": "qosic_steal"}); m.Error == nil || m.Error.Code != invalidParameters {
			t.Errorf("an unknown tool answers %s", m.line)
		}
		for _, arguments := range []any{nil, map[string]any{}, "text", []int{1}, map[string]any{"reference": 12345678}} {
			r := w.call("qosic_check_payment_status", arguments)
			var a capabilities.Answer
			if err := json.Unmarshal(r.Structured, &a); err != nil || !r.IsError || a.Kind != capabilities.Invalid || len(a.Problems) == 0 {
				t.Errorf("arguments %v answer %s", arguments, r.Structured)
			}
		}
	})
}

// TestLibraryClient is the server through the eyes of a client library, in
// each era of the protocol.
func TestLibraryClient(t *testing.T) {
	forEachRevision(t, func(t *testing.T, revision string) {
		cmd := program(t)
		c := client.NewClient(transport.NewStdio(cmd.Path, cmd.Env, "serve", "--emulate"), client.WithProtocolVersion(revision))
		if err := c.Start(context.WithoutCancel(t.Context())); err != nil { // its end would kill the server
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		hello := mcp.InitializeRequest{}
		hello.Params.ProtocolVersion = revision
		hello.Params.ClientInfo = mcp.Implementation{Name: "test", Version: "1"}
		if _, err := c.Initialize(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
		if c.ProtocolVersion() != revision {
			t.Errorf("they speak %s", c.ProtocolVersion())
		}
		list, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
		if err != nil || len(list.Tools) != len(allTools(t)) {
			t.Fatalf("%d tools: %v", len(list.Tools), err)
		}
		r := mcp.CallToolRequest{}
		r.Params.Name, r.Params.Arguments = "qosic_initiate_payment", payment("ORDER-0001", "013")
		answer, err := c.CallTool(t.Context(), r)
		if err != nil || answer.IsError {
			t.Fatalf("%+v: %v", answer, err)
		}
		if s, ok := answer.StructuredContent.(map[string]any); !ok || s["state"] != "succeeded" || s["final"] != true {
			t.Errorf("the answer is %v", answer.StructuredContent)
		}
	})
}
