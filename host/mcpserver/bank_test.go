package mcpserver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/mcpserver"
)

// payout is what the bank is asked to pay, and what it has paid.
type payout struct {
	Reference   capabilities.Reference `json:"reference"`
	Amount      capabilities.Amount    `json:"amount"`
	Payee       capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee"`
	Network     capabilities.NetworkID `json:"network" jsonschema:"enum=north,enum=south"`
	Description string                 `json:"description,omitempty"`
}

type receipt struct{ capabilities.Outcome }

// bank is a provider in this process that keeps its own books of what it sent.
type bank struct {
	*capabilities.Provider
	mu   sync.Mutex
	sent []payout
	// after is called after sending. Nil takes no time.
	after func()
}

func (*bank) Close(context.Context) {}

func newBank() *bank {
	b := &bank{Provider: capabilities.NewProvider(capabilities.Info{
		Slug: "bank", Name: "The Bank", Countries: []string{"TG"}, Currencies: []capabilities.Currency{"XOF"},
		Networks: []capabilities.Network{{ID: "north", Country: "TG"}, {ID: "south", Country: "TG"}},
	})}
	capabilities.Configure(b.Provider, func(context.Context, capabilities.Target, struct{}) error { return nil })
	capabilities.Add(b.Provider, capabilities.Spec{Name: "pay_out", Title: "Pay somebody", Kind: capabilities.Disburse, Effect: capabilities.PaysOut},
		func(ctx context.Context, p payout) (receipt, error) {
			if err := capabilities.BeforeSend(capabilities.OnNetwork(ctx, string(p.Network))); err != nil {
				return receipt{}, err
			}
			b.mu.Lock()
			b.sent = append(b.sent, p)
			b.mu.Unlock()
			if b.after != nil {
				b.after()
			}
			return receipt{capabilities.Outcome{State: capabilities.Succeeded}}, nil
		})
	return b
}

// books returns the references that were paid.
func (b *bank) books() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var references []string
	for _, p := range b.sent {
		references = append(references, string(p.Reference))
	}
	slices.Sort(references)
	return references
}

// office is a host with the bank, an operator's policy, a desk where a human
// can decide, and a clock that only the test moves.
type office struct {
	*host.Host
	*bank
	t    *testing.T
	desk *approval.Desk

	mu     sync.Mutex
	now    time.Time
	policy func() (*guard.Policy, error)
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, bank: newBank(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	o.allow("")
	m, err := o.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	books := ledger.File(filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() {
		if err := books.Close(); err != nil {
			t.Error(err)
		}
	})
	o.desk = &approval.Desk{Ledger: books, Keys: keyring.File(filepath.Join(t.TempDir(), "key")), Now: o.time}
	o.Host, err = host.New(host.Options{
		Providers: []host.Provider{{
			Manifest: m, Process: o.bank,
			Settings: host.Settings{Target: capabilities.Target{Environment: capabilities.Sandbox, BaseURL: "https://api.bank.example"}},
		}},
		Ledger: books, Keys: o.desk.Keys, Now: o.time,
		Policy: func() (*guard.Policy, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.policy()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) time() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) passes(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// allow puts another policy in force.
func (o *office) allow(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.policy = func() (*guard.Policy, error) { return guard.ParsePolicy([]byte(text)) }
}

// forget makes the policy unreadable.
func (o *office) forget(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.policy = func() (*guard.Policy, error) { return nil, err }
}

// cases returns the approvals in a state.
func (o *office) cases(state ledger.ApprovalState) []approval.Case {
	o.t.Helper()
	all, err := o.desk.Cases(o.t.Context(), true)
	if err != nil {
		o.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(c approval.Case) bool { return c.State != state })
}

// waiting returns the one case that waits for a human.
func (o *office) waiting() approval.Case {
	o.t.Helper()
	cases := o.cases(ledger.Waiting)
	if len(cases) != 1 {
		o.t.Fatalf("%d cases wait, want one", len(cases))
	}
	return cases[0]
}

// decides is a human at a terminal.
func (o *office) decides(id string, approve bool) {
	o.t.Helper()
	if err := o.desk.Decide(o.t.Context(), id, approve, "a tester", "terminal"); err != nil {
		o.t.Fatal(err)
	}
}

// paid fails unless exactly these references were paid, each once.
func (o *office) paid(references ...string) {
	o.t.Helper()
	if got := o.books(); !slices.Equal(got, references) {
		o.t.Errorf("paid %q, want %q", got, references)
	}
}

// arguments are those of a tool call.
type arguments map[string]any

// pays is the payout that the tests are about.
func pays(reference string) arguments {
	return arguments{"reference": reference, "amount": "5000", "msisdn": "22890112233", "network": "north"}
}

// but returns the arguments with one of them changed.
func (a arguments) but(name string, value any) arguments {
	changed := maps.Clone(a)
	changed[name] = value
	return changed
}

// Eras of the protocol.
const (
	modern = "2026-07-28"
	legacy = "2025-11-25"
)

// form declares that a client can ask its user.
const form = `{"elicitation":{"form":{}}}`

// agent is an MCP client at the other end of a server's streams.
type agent struct {
	t            *testing.T
	era          string
	capabilities string // as it declares them
	in           io.WriteCloser
	lines        chan string
	ended        chan struct{} // the server has ended
	id           int
}

// hire connects an agent to the office.
func (o *office) hire(era, declares string) *agent {
	o.t.Helper()
	s, err := mcpserver.New(o.Host, "1.0.0")
	if err != nil {
		o.t.Fatal(err)
	}
	return serve(o.t, s, era, declares)
}

func serve(t *testing.T, s *mcpserver.Server, era, declares string) *agent {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	a := &agent{t: t, era: era, capabilities: declares, in: inW, lines: make(chan string, 1000), ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		if err := s.Serve(context.Background(), inR, outW, io.Discard); err != nil {
			t.Errorf("serving ends with %v", err)
		}
		_ = outW.Close()
	}()
	go func() {
		defer close(a.lines)
		for lines := bufio.NewReader(outR); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			a.lines <- line
		}
	}()
	t.Cleanup(func() { _ = inW.Close(); <-a.ended })
	if era == legacy {
		a.send("initialize", map[string]any{
			"protocolVersion": legacy, "capabilities": json.RawMessage(declares), "clientInfo": map[string]string{"name": "editor", "version": "1.2"},
		})
		a.receive()
	}
	return a
}

// write sends one line.
func (a *agent) write(message any) {
	a.t.Helper()
	line, err := json.Marshal(message)
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := a.in.Write(append(line, '\n')); err != nil {
		a.t.Fatal(err)
	}
}

// send sends a request and returns its id.
func (a *agent) send(method string, params map[string]any) int {
	a.t.Helper()
	a.id++
	if a.era == modern {
		params["_meta"] = map[string]any{
			"io.modelcontextprotocol/protocolVersion":    modern,
			"io.modelcontextprotocol/clientInfo":         map[string]string{"name": "editor", "version": "1.2"},
			"io.modelcontextprotocol/clientCapabilities": json.RawMessage(a.capabilities),
		}
	}
	a.write(map[string]any{"jsonrpc": "2.0", "id": a.id, "method": method, "params": params})
	return a.id
}

// message is whatever a server sends: a request of its own, or an answer.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params elicitation     `json:"params"`
	Error  json.RawMessage `json:"error"`
	Result struct {
		Type       string                        `json:"resultType"`
		State      string                        `json:"requestState"`
		Requests   map[string]struct{ elicited } `json:"inputRequests"`
		IsError    bool                          `json:"isError"`
		Structured capabilities.Answer           `json:"structuredContent"`
	} `json:"result"`
	raw string
}

type elicited struct {
	Method string      `json:"method"`
	Params elicitation `json:"params"`
}

type elicitation struct {
	Message string          `json:"message"`
	Schema  json.RawMessage `json:"requestedSchema"`
}

func (a *agent) receive() message {
	a.t.Helper()
	select {
	case line, ok := <-a.lines:
		var m message
		if err := json.Unmarshal([]byte(line), &m); !ok || err != nil {
			a.t.Fatalf("the server sends %q: %v", line, err)
		}
		m.raw = line
		return m
	case <-time.After(patience):
		a.t.Fatal("the server does not answer")
		return message{}
	}
}

// call makes a payout and returns what comes first: the answer, or a question.
// more are further parameters of the request.
func (a *agent) call(args arguments, more ...map[string]any) message {
	a.t.Helper()
	a.send("tools/call", parameters(args, more...))
	return a.receive()
}

func parameters(args arguments, more ...map[string]any) map[string]any {
	params := map[string]any{"name": "bank_pay_out", "arguments": args}
	for _, m := range more {
		maps.Copy(params, m)
	}
	return params
}

// token makes a payout and returns the state that comes with the question. The
// agent is of the newest era.
func (a *agent) token(args arguments) string {
	a.t.Helper()
	m := a.call(args)
	if m.Result.Type != "input_required" || m.Result.State == "" || m.Result.Requests["approval"].Method != "elicitation/create" {
		a.t.Fatalf("it is not asked: %s", m.raw)
	}
	return m.Result.State
}

// says is what a client sends as its user's answer.
func says(action string, content any) map[string]any {
	m := map[string]any{"action": action}
	if content != nil {
		m["content"] = content
	}
	return m
}

func approves() map[string]any { return says("accept", map[string]any{"decision": "approve"}) }

func denies() map[string]any { return says("accept", map[string]any{"decision": "deny"}) }

// answering is a user's answer that travels with a call made again.
func answering(state string, answer any) map[string]any {
	return map[string]any{"requestState": state, "inputResponses": map[string]any{"approval": answer}}
}

// responds answers a question of the server.
func (a *agent) responds(id int, answer any) {
	a.t.Helper()
	a.write(map[string]any{"jsonrpc": "2.0", "id": id, "result": answer})
}

// is fails unless the message is a tool's answer of that kind, which is empty
// for an outcome.
func (m message) is(t *testing.T, kind capabilities.RefusalKind) {
	t.Helper()
	if m.Method != "" || m.Error != nil || m.Result.Type == "input_required" || m.Result.Structured.Provider != "bank" {
		t.Errorf("no answer of the tool: %s", m.raw)
		return
	}
	if got := m.Result.Structured.Kind; got != kind || m.Result.IsError != (kind != "") {
		t.Errorf("%q, want %q: %s", got, kind, m.raw)
	}
}

// approval is the id under which a human can approve a held payout, if any.
func (m message) approval() string {
	if m.Result.Structured.Approval == nil {
		return ""
	}
	return m.Result.Structured.Approval.ID
}

// heldAt fails unless the message says that the payout is held, where a human
// can approve it, and that nothing was sent.
func (m message) heldAt(t *testing.T, id string) {
	t.Helper()
	m.is(t, capabilities.Held)
	s := m.Result.Structured
	if m.approval() != id || !strings.Contains(s.Fix, "mcp-payments approvals approve "+id) || !strings.Contains(s.Message, "nothing was sent") {
		t.Errorf("it does not say how to go on with %s: %s", id, m.raw)
	}
}
