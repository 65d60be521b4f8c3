package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/audit"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/plugin"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// What safety costs. Every way of doing the same thing has its turn in every
// round, so that whatever else the machine does weighs on all alike.

// till is an emulator and several ways to it.
type till struct {
	*testing.B
	emulator *emulator.Emulator
	server   *emulation.Server
	provider *capabilities.Provider // in this process
	settings host.Settings
	manifest *capabilities.Manifest
	now      time.Time
	n        int
}

func newTill(b *testing.B) *till {
	b.Helper()
	t := &till{B: b, emulator: emulator.New(emulation.Options{SettleAfter: -1}), provider: qosic.Provider(), now: time.Now()}
	var err error
	if t.server, err = emulation.Start(t.emulator, "127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = t.server.Close() })
	t.settings = host.Emulated(t.server.BaseURL(), t.emulator.Config())
	if t.manifest, err = t.provider.Manifest(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := t.provider.Configure(b.Context(), t.settings.Target, t.settings.Values); err != nil {
		b.Fatal(err)
	}
	return t
}

// safe is a host with everything that is between an agent and money.
type safe struct {
	*till
	*host.Host
	ledger *ledger.SQLite
	desk   *approval.Desk
}

// policed is what a careful operator allows: one payee, up to an amount.
const policed = `rules:
  - {environment: emulator, effect: pays_out, currency: XOF, per_day: "900000000", per_payee_per_day: "900000000", unapproved_up_to: "%s", allowed_payees: ["22890000000"]}
`

func (t *till) safe(p host.Process, unapproved string) *safe {
	t.Helper()
	policy, err := guard.ParsePolicy(fmt.Appendf(nil, policed, unapproved))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &safe{till: t, ledger: ledger.File(filepath.Join(dir, "ledger.db"))}
	now := func() time.Time { return t.now }
	s.desk = &approval.Desk{Ledger: s.ledger, Keys: keyring.File(filepath.Join(dir, "ledger.key")), Now: now}
	s.Host, err = host.New(host.Options{
		Providers: []host.Provider{{Manifest: t.manifest, Settings: t.settings, Process: p}}, Ledger: s.ledger, Keys: s.desk.Keys,
		Audit: audit.File(filepath.Join(dir, "audit.jsonl")), Policy: func() (*guard.Policy, error) { return policy, nil }, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()); _ = s.ledger.Close() })
	return s
}

func (t *till) process() host.Process {
	t.Helper()
	launcher, err := plugin.NewLauncher(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return plugin.New(launcher, plugin.Source{Provider: "qosic", Path: built(t.B, "."), Args: []string{pluginName, "qosic"}},
		plugin.Settings{Target: t.settings.Target, Values: t.settings.Values})
}

// inThisProcess is a provider without a process of its own.
type inThisProcess struct{ *capabilities.Provider }

// Close implements host.Process.
func (inThisProcess) Close(context.Context) {}

// payout is the input of another payout, a few minutes later: a few hundred a
// day count towards the limits.
func (t *till) payout() json.RawMessage {
	t.n++
	t.now = t.now.Add(time.Minute)
	return fmt.Appendf(nil, `{"reference":"BENCH-%09d","amount":"%d","msisdn":"22890000000"}`, t.n, t.n)
}

// question is the input of another question, after the polling pace.
func (t *till) question() json.RawMessage {
	t.now = t.now.Add(2 * time.Second)
	return json.RawMessage(`{"reference":"BENCH-STATUS","network":"togocel_tg"}`)
}

func (t *till) post(path, body string) error {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, t.server.BaseURL()+"/QosicBridge/tm/v1/"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth(t.settings.Values["QOSIC_USERNAME"], t.settings.Values["QOSIC_PASSWORD"])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

func (t *till) alone(capability string, input json.RawMessage) error {
	_, err := t.provider.Invoke(t.Context(), capabilities.Call{Capability: capability, Input: input})
	return err
}

func (s *safe) call(capability string, input json.RawMessage) error {
	a := s.Call(s.Context(), host.Request{Provider: "qosic", Capability: capability, Input: input})
	if a.Refused() {
		return fmt.Errorf("%s: %s", a.Kind, a.Message)
	}
	return nil
}

// approve has a payout held, and approves it.
func (s *safe) approve(input json.RawMessage) json.RawMessage {
	s.Helper()
	a := s.Call(s.Context(), host.Request{Provider: "qosic", Capability: "disburse", Input: input})
	if a.Kind != capabilities.Held {
		s.Fatalf("it is not held: %s", a.Text())
	}
	if err := s.desk.Decide(s.Context(), a.Approval.ID, true, "a tester", "test"); err != nil {
		s.Fatal(err)
	}
	return input
}

// way is one way of doing the same thing. prepare is not measured.
type way struct {
	name    string
	prepare func() json.RawMessage
	do      func(json.RawMessage) error
}

// compare measures the ways in turns.
func compare(b *testing.B, ways []way) {
	b.Helper()
	times := make([]sample, len(ways))
	round := func(keep bool) {
		for i, w := range ways {
			input := w.prepare()
			began := time.Now()
			if err := w.do(input); err != nil {
				b.Fatalf("%s: %v", w.name, err)
			}
			if keep {
				times[i].add(time.Since(began))
			}
		}
	}
	for range 20 {
		round(false) // processes are started, schemas compiled, connections kept
	}
	for b.Loop() {
		round(true)
	}
	b.ReportMetric(0, "ns/op")
	for i, w := range ways {
		slices.Sort(times[i].all)
		b.ReportMetric(float64(times[i].all[len(times[i].all)/2].Microseconds()), "µs/"+w.name)
	}
}

// BenchmarkReadCost is a status question: asked directly, through the provider
// alone, through the host, and with the provider in a process of its own;
// budget 0.5 ms more than the direct one.
func BenchmarkReadCost(b *testing.B) {
	t := newTill(b)
	here, there := t.safe(inThisProcess{t.provider}, "1"), t.safe(t.process(), "1")
	status := func(s *safe) func(json.RawMessage) error {
		return func(in json.RawMessage) error { return s.call("check_payment_status", in) }
	}
	compare(b, []way{
		{"direct", t.question, func(json.RawMessage) error {
			return t.post("gettransactionstatus", `{"transref":"BENCH-STATUS","clientid":"TOGOCELTEST"}`)
		}},
		{"provider", t.question, func(in json.RawMessage) error { return t.alone("check_payment_status", in) }},
		{"host", t.question, status(here)},
		{"host+process", t.question, status(there)},
	})
}

// BenchmarkPayoutCost is a payout in the same ways, let through by the policy
// or approved by a person before, beside the three syncs alone that make it
// durable: of the claim, of the leave to send, and of the outcome. The budget is
// 2 ms more than the direct one and the syncs.
func BenchmarkPayoutCost(b *testing.B) {
	t := newTill(b)
	process := t.process()
	here, there, asking := t.safe(inThisProcess{t.provider}, "900000"), t.safe(process, "900000"), t.safe(process, "1")
	t.n++ // more than passes without a human
	disburse := func(s *safe) func(json.RawMessage) error {
		return func(in json.RawMessage) error { return s.call("disburse", in) }
	}
	compare(b, []way{
		{"direct", t.payout, func(in json.RawMessage) error {
			return t.post("deposit", fmt.Sprintf(`{"msisdn":"22890000000","amount":"5000","transref":"BENCH-%09d","clientid":"TOGOCELTEST"}`, t.n))
		}},
		{"3-syncs-appended", t.payout, t.syncs(3, here.perCommit(), 0)},
		{"3-syncs-in-place", t.payout, t.syncs(3, here.perCommit(), 4<<20)},
		{"provider", t.payout, func(in json.RawMessage) error { return t.alone("disburse", in) }},
		{"host", t.payout, disburse(here)},
		{"host+process", t.payout, disburse(there)},
		{"host+process+approval", func() json.RawMessage { return asking.approve(t.payout()) }, disburse(asking)},
	})
}

// perCommit is how much the ledger writes for one of the commits of a payout.
func (s *safe) perCommit() int {
	s.Helper()
	size := func() int64 {
		info, err := os.Stat(s.ledger.Path() + "-wal")
		if err != nil {
			s.Fatal(err)
		}
		return info.Size()
	}
	if err := s.call("disburse", s.payout()); err != nil {
		s.Fatal(err)
	}
	before := size()
	if err := s.call("disburse", s.payout()); err != nil {
		s.Fatal(err)
	}
	return int(size()-before) / 3
}

// syncs writes to a file and waits for the disk, so many times: at its end, or
// going round in a file of so many bytes, as SQLite does in its log.
func (t *till) syncs(times, bytes, round int) func(json.RawMessage) error {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Write(make([]byte, round)); err != nil {
		t.Fatal(err)
	}
	text, at := make([]byte, bytes), 0
	return func(json.RawMessage) error {
		for range times {
			if round > 0 && at+bytes > round {
				at = 0
			}
			if _, err := f.WriteAt(text, int64(at)); err != nil {
				return err
			}
			if err := f.Sync(); err != nil {
				return err
			}
			at += bytes
		}
		return nil
	}
}
