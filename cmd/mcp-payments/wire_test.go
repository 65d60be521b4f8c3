package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The revisions of MCP. The last has no handshake: every request says who asks.
const (
	revision2024      = "2024-11-05"
	revision2025March = "2025-03-26"
	revision2025June  = "2025-06-18"
	revision2025Nov   = "2025-11-25"
	revision2026July  = "2026-07-28"
	metaPrefix        = "io.modelcontextprotocol/"
	patience          = time.Minute // only so that nothing hangs for ever
	methodNotFound    = -32601
	invalidParameters = -32602
)

func revisions() []string {
	return []string{revision2024, revision2025March, revision2025June, revision2025Nov, revision2026July}
}

// wire speaks to a server process line by line, without any library.
type wire struct {
	t        *testing.T
	cmd      *exec.Cmd
	in       io.WriteCloser
	logs     bytes.Buffer
	messages chan message
	revision string
	asked    int
}

// message is one line of the server's standard output.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	line string
}

// serve starts a server and greets it as the revision wants. When the test
// ends, so must the server: cleanly, having written nothing but JSON-RPC.
func serve(t *testing.T, revision string, env []string, args ...string) *wire {
	t.Helper()
	w := &wire{t: t, revision: revision, messages: make(chan message, 1000)}
	w.cmd = program(t, append([]string{"serve"}, args...)...)
	w.cmd.Env = append(w.cmd.Env, env...)
	w.cmd.Stderr = &w.logs
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go w.read(out, ended)
	t.Cleanup(func() {
		_ = w.in.Close()
		select {
		case <-ended:
		case <-time.After(patience):
			_ = w.cmd.Process.Kill()
			t.Error("the server does not end with its standard input")
		}
		if err := w.cmd.Wait(); err != nil {
			t.Errorf("the server: %v\n%s", err, &w.logs)
		}
	})
	w.greet()
	return w
}

func (w *wire) read(out io.Reader, ended chan<- struct{}) {
	defer close(ended)
	defer close(w.messages)
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 10<<20)
	for scanner.Scan() {
		m := message{line: scanner.Text()}
		if err := json.Unmarshal(scanner.Bytes(), &m); err != nil || m.JSONRPC != "2.0" {
			w.t.Errorf("standard output carries a line that is no JSON-RPC: %s", scanner.Text())
		}
		w.messages <- m
	}
}

func (w *wire) greet() {
	w.t.Helper()
	if w.revision == revision2026July {
		return
	}
	m := w.ask("initialize", map[string]any{
		"protocolVersion": w.revision,
		"capabilities":    map[string]any{},
		"clientInfo":      map[string]any{"name": "test", "version": "1"},
	})
	var hello struct {
		ProtocolVersion string `json:"protocolVersion"`
		Instructions    string `json:"instructions"`
	}
	w.decode(m, &hello)
	if hello.ProtocolVersion != w.revision || hello.Instructions == "" {
		w.t.Fatalf("asked for %s, it answers %s", w.revision, m.line)
	}
	w.write(map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"})
}

func (w *wire) write(v any) {
	w.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.in.Write(append(b, '\n')); err != nil {
		w.t.Fatal(err)
	}
}

// send asks without waiting, and returns the question's id.
func (w *wire) send(method string, params map[string]any) int {
	w.t.Helper()
	w.asked++
	params = maps.Clone(params)
	if params == nil {
		params = map[string]any{}
	}
	if w.revision == revision2026July {
		params["_meta"] = map[string]any{
			metaPrefix + "protocolVersion":    w.revision,
			metaPrefix + "clientCapabilities": map[string]any{},
			metaPrefix + "clientInfo":         map[string]any{"name": "test", "version": "1"},
		}
	}
	w.write(map[string]any{"jsonrpc": "2.0", "id": w.asked, "method": method, "params": params})
	return w.asked
}

// ask asks and waits for the answer, passing over answers to other questions.
func (w *wire) ask(method string, params map[string]any) message {
	w.t.Helper()
	id := strconv.Itoa(w.send(method, params))
	timeout := time.After(patience)
	for {
		select {
		case m, open := <-w.messages:
			if !open {
				w.t.Fatalf("the server ended without an answer to %s\n%s", method, &w.logs)
			}
			if string(m.ID) == id {
				return m
			}
		case <-timeout:
			w.t.Fatalf("no answer to %s", method)
		}
	}
}

func (w *wire) decode(m message, v any) {
	w.t.Helper()
	if m.Error != nil {
		w.t.Fatalf("error %d: %s", m.Error.Code, m.Error.Message)
	}
	if err := json.Unmarshal(m.Result, v); err != nil {
		w.t.Fatalf("%v: %s", err, m.line)
	}
}

// shownTool is a tool as a client sees it.
type shownTool struct {
	Name         string                     `json:"name"`
	Title        string                     `json:"title"`
	Description  string                     `json:"description"`
	InputSchema  json.RawMessage            `json:"inputSchema"`
	OutputSchema json.RawMessage            `json:"outputSchema"`
	Annotations  map[string]any             `json:"annotations"`
	Meta         map[string]json.RawMessage `json:"_meta"`
}

func (w *wire) tools() []shownTool {
	w.t.Helper()
	var list struct {
		Tools []shownTool `json:"tools"`
	}
	w.decode(w.ask("tools/list", nil), &list)
	return list.Tools
}

func names(tools []shownTool) []string {
	var all []string
	for _, t := range tools {
		all = append(all, t.Name)
	}
	return all
}

// result is what a tool call comes to.
type result struct {
	Content []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"content"`
	Structured json.RawMessage `json:"structuredContent"`
	IsError    bool            `json:"isError"`
}

func (w *wire) call(tool string, arguments any) result {
	w.t.Helper()
	var r result
	w.decode(w.ask("tools/call", map[string]any{"name": tool, "arguments": arguments}), &r)
	return r
}

// text is the readable half of a result.
func (r result) text() string {
	var all []string
	for _, c := range r.Content {
		all = append(all, c.Text)
	}
	return strings.Join(all, "\n")
}

// children returns the ids of a process's children.
func children(t *testing.T, parent int) []int {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil || len(files) == 0 {
		t.Skip("this system does not tell a process's children")
	}
	var all []int
	for _, f := range files {
		ids, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		for id := range strings.FieldsSeq(string(ids)) {
			n, err := strconv.Atoi(id)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, n)
		}
	}
	return all
}
