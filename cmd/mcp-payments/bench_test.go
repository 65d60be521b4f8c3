package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/plugin"
	"github.com/mcp-payments/mcp-payments/plugins"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// The budgets of the design, as figures: run
//
//	go test -run '^$' -bench . ./cmd/mcp-payments
//
// Nothing here asserts on time. Each figure stands beside its plain
// alternative, measured in the same run.

// built builds a package of this module and returns the executable.
func built(b *testing.B, pkg string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), "built")
	if runtime.GOOS == "windows" {
		out += ".exe"
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, pkg)
	if msg, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, msg)
	}
	return out
}

const modernList = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}}}` + "\n"

// session is a server process that is spoken to over stdio.
type session struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func open(b *testing.B, path string, args ...string) *session {
	b.Helper()
	cmd := exec.Command(path, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return &session{cmd, in, bufio.NewReader(out)}
}

func (s *session) ask(b *testing.B, line string) []byte {
	b.Helper()
	if _, err := io.WriteString(s.in, line); err != nil {
		b.Fatal(err)
	}
	answer, err := s.out.ReadBytes('\n')
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

func (s *session) end() {
	_ = s.in.Close()
	_ = s.cmd.Wait()
}

func toolCount(b *testing.B) int {
	b.Helper()
	all, err := catalogue()
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, c := range all {
		n += len(c.manifest.Capabilities)
	}
	return n
}

// BenchmarkSpawnToList is the time from starting a server to its list of
// tools; budget 1.5 times the bare one.
func BenchmarkSpawnToList(b *testing.B) {
	servers := []struct {
		name string
		path string
		args []string
	}{
		{"bare", built(b, "./testdata/bareserver"), []string{strconv.Itoa(toolCount(b))}},
		{"mcp-payments", built(b, "."), []string{"serve"}},
	}
	for _, s := range servers {
		b.Run(s.name, func(b *testing.B) {
			times := &sample{}
			for b.Loop() {
				began := time.Now()
				session := open(b, s.path, s.args...)
				session.ask(b, modernList)
				times.add(time.Since(began))
				b.StopTimer()
				session.end()
				b.StartTimer()
			}
			times.report(b, "ms/median", time.Millisecond)
		})
	}
}

// BenchmarkStatus is a status question through host and plugin, beside the
// same HTTP request made directly; budget 0.5 ms more.
func BenchmarkStatus(b *testing.B) {
	clock := emulation.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	server, err := emulation.Start(emulator.New(emulation.Options{Clock: clock}), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	body := `{"transref":"BENCH-0001","clientid":"TOGOCELTEST"}`
	direct := func() error {
		r, err := http.NewRequest(http.MethodPost, server.BaseURL()+"/QosicBridge/tm/v1/gettransactionstatus", strings.NewReader(body))
		if err != nil {
			return err
		}
		r.SetBasicAuth("USR01", "YG739G5XFVPYYV4ADJVW")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	h := benchHost(b, clock, server.BaseURL())
	through := func() error {
		clock.Advance(2 * time.Second) // the polling pace
		a := h.Call(b.Context(), host.Request{Provider: "qosic", Capability: "check_payment_status", Input: json.RawMessage(`{"reference":"BENCH-0001","network":"togocel_tg"}`)})
		if a.Refused() {
			return fmt.Errorf("%s", a.Message)
		}
		return nil
	}
	for _, way := range []struct {
		name string
		call func() error
	}{{"direct", direct}, {"host+plugin", through}} {
		b.Run(way.name, func(b *testing.B) {
			times := &sample{}
			for b.Loop() {
				began := time.Now()
				if err := way.call(); err != nil {
					b.Fatal(err)
				}
				times.add(time.Since(began))
			}
			times.report(b, "µs/median", time.Microsecond)
		})
	}
}

func benchHost(b *testing.B, clock *emulation.ManualClock, base string) *host.Host {
	b.Helper()
	m, err := qosic.Provider().Manifest(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	launcher, err := plugin.NewLauncher(io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	settings := host.Emulated(base, emulator.New(emulation.Options{}).Config())
	p := plugin.New(launcher, plugin.Source{Provider: "qosic", Path: built(b, "."), Args: []string{pluginName, "qosic"}},
		plugin.Settings{Target: settings.Target, Values: settings.Values})
	books := recordsAt(filepath.Join(b.TempDir(), ledgerName))
	h, err := host.New(host.Options{
		Now: clock.Now, Ledger: books.ledger, Keys: books.keys, Audit: books.audit,
		Providers: []host.Provider{{Manifest: m, Settings: settings, Process: p}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		h.Close(b.Context())
		if err := books.close(); err != nil {
			b.Error(err)
		}
	})
	return h
}

// BenchmarkMemory is the memory of the idle host, budget 25 MiB RSS, and of a
// started provider, budget 20 MiB PSS (Linux only).
func BenchmarkMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("memory is read from /proc")
	}
	self := built(b, ".")
	for b.Loop() {
		idle := open(b, self, "serve")
		idle.ask(b, modernList)
		b.ReportMetric(mebibytes(b, idle.cmd.Process.Pid, "status", "VmRSS:"), "host-RSS-MiB")
		idle.end()

		busy := open(b, self, "serve", "--emulate")
		call := strings.Replace(modernList, `"tools/list","params":{`, `"tools/call","params":{"name":"qosic_check_payment_status","arguments":{"reference":"BENCH-0001","network":"togocel_tg"},`, 1)
		busy.ask(b, call)
		b.ReportMetric(mebibytes(b, child(b, busy.cmd.Process.Pid), "smaps_rollup", "Pss:"), "provider-PSS-MiB")
		busy.end()
	}
	b.ReportMetric(0, "ns/op")
}

func child(b *testing.B, parent int) int {
	b.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		if ids, err := os.ReadFile(f); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(ids))); err == nil {
				return pid
			}
		}
	}
	b.Fatal("the server has no provider process")
	return 0
}

func mebibytes(b *testing.B, pid int, file, field string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if rest, ok := strings.CutPrefix(string(line), field); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatalf("%s has no %s", file, field)
	return 0
}

// BenchmarkListBytes is the size of tools/list as a model sees it: names,
// titles, descriptions and schemas; budget 1.2 KB a tool and 32 KB in all.
func BenchmarkListBytes(b *testing.B) {
	self := built(b, ".")
	for b.Loop() {
		s := open(b, self, "serve")
		var list struct {
			Result struct {
				Tools []map[string]json.RawMessage `json:"tools"`
			} `json:"result"`
		}
		if err := json.Unmarshal(s.ask(b, modernList), &list); err != nil {
			b.Fatal(err)
		}
		s.end()
		total, largest := 0, 0
		for _, t := range list.Result.Tools {
			delete(t, "_meta")
			delete(t, "annotations")
			visible, err := json.Marshal(t)
			if err != nil {
				b.Fatal(err)
			}
			total, largest = total+len(visible), max(largest, len(visible))
		}
		b.ReportMetric(float64(total), "bytes")
		b.ReportMetric(float64(total)/float64(len(list.Result.Tools)), "bytes/tool")
		b.ReportMetric(float64(largest), "bytes/largest")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkManifests is what listing costs a start-up: every built-in
// manifest, catalogue and schemas included.
func BenchmarkManifests(b *testing.B) {
	for b.Loop() {
		for _, p := range plugins.All() {
			if _, err := p.Provider().Manifest(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// sample collects durations and reports their median.
type sample struct{ all []time.Duration }

func (s *sample) add(d time.Duration) { s.all = append(s.all, d) }

func (s *sample) report(b *testing.B, unit string, per time.Duration) {
	slices.Sort(s.all)
	b.ReportMetric(float64(s.all[len(s.all)/2])/float64(per), unit)
}
