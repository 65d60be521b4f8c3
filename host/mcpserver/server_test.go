package mcpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/mcpserver"
)

// The tests here do not run in parallel: the library keeps one stdio session
// in each process. What the program as a whole shows is tested in its own
// package.

type input struct {
	Reference capabilities.Reference `json:"reference"`
	Serial    int64                  `json:"serial,omitempty"`
}

type output struct {
	capabilities.Outcome
	Response map[string]int64 `json:"provider_response,omitempty"`
}

type handler func(context.Context, input) (output, error)

// process runs a provider in this process.
type process struct{ *capabilities.Provider }

func (process) Close(context.Context) {}

// acme has one capability of each effect, which all do the same.
func acme(t *testing.T, handle handler) *host.Host {
	t.Helper()
	p := capabilities.NewProvider(capabilities.Info{
		Slug: "acme", Name: "Acme", Countries: []string{"TG"},
		Gotchas: gotchas.Catalogue{Provider: "acme", Gotchas: []gotchas.Gotcha{
			{ID: "acme.collect.1", Capability: "collect", Text: "Long text.", Brief: "Short text.", MustTellUser: true,
				Environments: []string{"sandbox"}, EnforcedBy: []string{"reader"}, Sources: []string{"test"}},
		}},
	})
	capabilities.Configure(p, func(context.Context, capabilities.Target, struct{}) error { return nil })
	for _, s := range []capabilities.Spec{
		{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects},
		{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Idempotent: true},
		{Name: "read", Kind: capabilities.Lookup, Effect: capabilities.Reads},
		{Name: "build", Kind: capabilities.PaymentPage, Effect: capabilities.NoEffect},
		{Name: "mystery", Kind: capabilities.Confirm, Effect: "gives_away"},
	} {
		s.Title, s.Summary = "Acme: "+s.Name, "It does "+s.Name+"."
		capabilities.Add(p, s, handle)
	}
	m, err := p.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.File(filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	h, err := host.New(host.Options{
		Ledger: l, Keys: keyring.File(filepath.Join(t.TempDir(), "ledger.key")),
		Providers: []host.Provider{{
			Manifest: m, Process: process{p},
			Settings: host.Settings{Target: capabilities.Target{Environment: capabilities.Sandbox, BaseURL: "https://api.acme.example"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// client is the other end of a server's streams.
type client struct {
	t      *testing.T
	in     *io.PipeWriter
	out    *bufio.Scanner
	ended  chan error
	cancel context.CancelFunc
}

const patience = time.Minute // only so that nothing hangs for ever

func connect(t *testing.T, handle handler) *client {
	t.Helper()
	s, err := mcpserver.New(acme(t, handle), "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{t: t, in: inW, out: bufio.NewScanner(outR), ended: make(chan error, 1), cancel: cancel}
	go func() {
		c.ended <- s.Serve(ctx, inR, outW, io.Discard)
		_ = outW.Close()
	}()
	t.Cleanup(func() { _ = inW.Close(); cancel(); _, _ = io.Copy(io.Discard, outR) })
	c.send(0, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
	c.receive()
	return c
}

func (c *client) send(id int, method, params string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.in, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`+"\n", id, method, params); err != nil {
		c.t.Fatal(err)
	}
}

// reply is one answer of the server.
type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func (c *client) receive() reply {
	c.t.Helper()
	if !c.out.Scan() {
		c.t.Fatalf("the server has ended: %v", c.out.Err())
	}
	var r reply
	if err := json.Unmarshal(c.out.Bytes(), &r); err != nil {
		c.t.Fatalf("%v: %s", err, c.out.Text())
	}
	return r
}

func (c *client) end() error {
	c.t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(patience):
		c.t.Fatal("the server does not end")
		return nil
	}
}

func nothing(context.Context, input) (output, error) { return output{}, nil }

// TestHintsFailSafe: an effect that nobody knows is shown as one that moves
// money, and a repeated call as harmless only where the provider says so.
func TestHintsFailSafe(t *testing.T) {
	c := connect(t, nothing)
	c.send(1, "tools/list", `{}`)
	var list struct {
		Tools []struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Annotations map[string]bool `json:"annotations"`
		} `json:"tools"`
	}
	if err := json.Unmarshal(c.receive().Result, &list); err != nil {
		t.Fatal(err)
	}
	type hints struct{ readOnly, destructive, idempotent bool }
	want := map[string]hints{
		"acme_collect":      {false, true, false},
		"acme_pay_out":      {false, true, true}, // the provider promises it
		"acme_read":         {true, false, true},
		"acme_build":        {true, false, true},
		"acme_mystery":      {false, true, false},
		"list_capabilities": {true, false, true},
	}
	if len(list.Tools) != len(want) {
		t.Errorf("%d tools", len(list.Tools))
	}
	for _, tool := range list.Tools {
		a := tool.Annotations
		if got := (hints{a["readOnlyHint"], a["destructiveHint"], a["idempotentHint"]}); got != want[tool.Name] || a["openWorldHint"] == (tool.Name == "list_capabilities") || len(a) != 4 {
			t.Errorf("%s: %v", tool.Name, a)
		}
		if tool.Name == "list_capabilities" {
			continue
		}
		describes := map[bool]string{false: "It does " + strings.TrimPrefix(tool.Name, "acme_") + ".", true: "It does collect. MUST TELL THE USER: Short text."}
		if want := describes[tool.Name == "acme_collect"]; tool.Description != want {
			t.Errorf("%s: %q, want %q", tool.Name, tool.Description, want)
		}
	}
}

// TestNumbersAreExact on their way in and out: the library's own types would
// round them.
func TestNumbersAreExact(t *testing.T) {
	const serial = 9007199254740993 // 2^53 + 1
	c := connect(t, func(_ context.Context, in input) (output, error) {
		if in.Serial != serial {
			t.Errorf("%d arrives as %d", int64(serial), in.Serial)
		}
		return output{Response: map[string]int64{"serial": in.Serial}}, nil
	})
	c.send(1, "tools/call", fmt.Sprintf(`{"name":"acme_read","arguments":{"reference":"A","serial":%d}}`, int64(serial)))
	r := c.receive()
	if exact := fmt.Sprint(int64(serial)); bytes.Count(r.Result, []byte(exact)) != 2 {
		t.Errorf("structured and readable answer do not both have %s: %s", exact, r.Result)
	}
}

// TestSlowCallsHoldNobodyUp: customers take their time.
func TestSlowCallsHoldNobodyUp(t *testing.T) {
	const many = 20
	waiting := make(chan struct{}, many)
	release := make(chan struct{})
	released := sync.OnceFunc(func() { close(release) })
	defer released()
	c := connect(t, func(_ context.Context, in input) (output, error) {
		if strings.HasPrefix(string(in.Reference), "SLOW") {
			waiting <- struct{}{}
			<-release
		}
		return output{Outcome: capabilities.Outcome{Reference: string(in.Reference)}}, nil
	})
	for i := range many {
		c.send(100+i, "tools/call", fmt.Sprintf(`{"name":"acme_collect","arguments":{"reference":"SLOW-%d"}}`, i))
	}
	for range many {
		select {
		case <-waiting:
		case <-time.After(patience):
			t.Fatal("calls wait for others to end")
		}
	}
	c.send(1, "tools/call", `{"name":"acme_read","arguments":{"reference":"FAST"}}`)
	c.send(2, "tools/list", `{}`)
	first := []int{c.receive().ID, c.receive().ID}
	slices.Sort(first)
	if !slices.Equal(first, []int{1, 2}) {
		t.Errorf("%v were answered while %d calls wait", first, many)
	}
	released()
	for range many {
		if r := c.receive(); r.Error != nil || r.ID < 100 {
			t.Errorf("%d: %s", r.ID, r.Error)
		}
	}
}

// TestABrokenToolBreaksNothingElse: the server outlives a bug.
func TestABrokenToolBreaksNothingElse(t *testing.T) {
	c := connect(t, func(_ context.Context, in input) (output, error) {
		if in.Reference == "BROKEN" {
			panic("nil map")
		}
		return output{}, nil
	})
	for _, tool := range []string{"acme_read", "acme_collect"} {
		c.send(1, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":{"reference":"BROKEN"}}`, tool))
		if r := c.receive(); r.ID != 1 || !strings.Contains(string(r.Result), `"isError":true`) {
			t.Errorf("%s: %d is answered: %s", tool, r.ID, r.Result)
		}
	}
	c.send(2, "tools/call", `{"name":"acme_read","arguments":{"reference":"WHOLE"}}`)
	if r := c.receive(); r.ID != 2 || r.Error != nil {
		t.Errorf("afterwards: %s", r.Error)
	}
}

func TestServeEndsWithItsInput(t *testing.T) {
	c := connect(t, nothing)
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.end(); err != nil {
		t.Errorf("the end of its input is an error: %v", err)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	c := connect(t, nothing)
	c.cancel()
	if err := c.end(); err != nil {
		t.Errorf("a signal is an error: %v", err)
	}
}
