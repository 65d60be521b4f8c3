package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

// What must be told to nobody, in values that nothing else could bring about.
const (
	giraffe = "GIRAFFE-login-5121"
	zebra   = "ZEBRA-password-7340"
	okapi   = "OKAPI-client-" // and the number of the network
	tapir   = "Tapirossou"    // a customer's first name
	quagga  = "Quaggadoh"     // and last name
	number  = "22890771"      // of customers, before the ending
	allowed = "22899887766"   // of a payee in the operator's policy
)

func secretWords() []string {
	return []string{giraffe, zebra, okapi, base64.StdEncoding.EncodeToString([]byte(giraffe + ":" + zebra))}
}

// personal are the words about people. A number of a customer is looked for by
// its ending, with the country's code and without.
func personal() []string {
	return []string{tapir, quagga, number, number[3:] + "0", allowed, allowed[3:]}
}

// clientIDs are the settings of the networks' client ids.
func clientIDs() map[string]string {
	ids := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(emulator.New(emulation.Options{}).Config())) {
		if strings.HasPrefix(name, "QOSIC_CLIENT_ID_") {
			ids[name] = fmt.Sprintf("%s%d", okapi, len(ids))
		}
	}
	return ids
}

// door stands before the emulator and knows those credentials. Behind endings
// that the emulator does not know, it answers what no provider should.
type door struct {
	*httptest.Server
	emulator *emulator.Emulator
	silent   chan struct{} // a request has come that gets no answer
}

const (
	repeatsJSON = "090" // all that was sent, in a refusal
	repeatsHTML = "091"
	saysNothing = "092" // until its caller goes
	repeatsDone = "093" // all that was sent, in a success
)

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{emulator: emulator.New(emulation.Options{SlowAnswer: time.Millisecond, SettleAfter: -1}), silent: make(chan struct{}, 10)}
	d.Server = httptest.NewServer(http.HandlerFunc(d.open))
	t.Cleanup(func() {
		d.CloseClientConnections()
		d.Close()
		_ = d.emulator.Close()
	})
	return d
}

func (d *door) open(w http.ResponseWriter, r *http.Request) {
	user, pass, _ := r.BasicAuth()
	body, _ := io.ReadAll(r.Body)
	var sent map[string]string
	_ = json.Unmarshal(body, &sent) // what is no such body goes through
	all := fmt.Sprintf("%s %s %s %s", user, pass, r.Header.Get("Authorization"), body)
	ending := sent["msisdn"][max(0, len(sent["msisdn"])-3):]
	switch {
	case ending == repeatsJSON, strings.HasSuffix(sent["transref"], repeatsJSON):
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]string{"responsecode": "-2", "responsemsg": "Invalid Client Id " + sent["clientid"], "comment": user + " " + pass + " " + sent["clientid"]})
	case ending == repeatsDone:
		_ = json.NewEncoder(w).Encode(map[string]string{"responsecode": "01", "responsemsg": pass, "serviceref": sent["clientid"]})
	case ending == repeatsHTML:
		_, _ = io.WriteString(w, "<html>"+all+"</html>")
	case ending == saysNothing:
		d.silent <- struct{}{}
		<-r.Context().Done()
	default:
		accepted := d.emulator.Config()
		if user == giraffe && pass == zebra {
			r.SetBasicAuth(accepted["QOSIC_USERNAME"], accepted["QOSIC_PASSWORD"])
		}
		for name, id := range clientIDs() {
			body = bytes.ReplaceAll(body, []byte(id), []byte(accepted[name]))
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		d.emulator.ServeHTTP(w, r)
	}
}

// hunt looks for the words in everything that one home's processes leave.
type hunt struct {
	*testing.T
	home string
	env  []string
}

// newHunt is a hunt with the settings that lead to base.
func newHunt(t *testing.T, base string) *hunt {
	t.Helper()
	h := &hunt{T: t, home: t.TempDir()}
	h.env = []string{"MCP_PAYMENTS_HOME=" + h.home, "QOSIC_BASE_URL=" + base, "QOSIC_USERNAME=" + giraffe, "QOSIC_PASSWORD=" + zebra}
	for name, id := range clientIDs() {
		h.env = append(h.env, name+"="+id)
	}
	return h
}

// told wants a text without the words. own is what the reader of the text said:
// of persons, that may be repeated.
func (h *hunt) told(where, text, own string) {
	h.Helper()
	for _, word := range append(secretWords(), personal()...) {
		i := strings.Index(text, word)
		if i < 0 || strings.Contains(own, word) && slices.Contains(personal(), word) {
			continue
		}
		h.Errorf("%s tells %s: %q", where, word, text[max(0, i-200):min(len(text), i+200)])
	}
}

// files searches all that the processes wrote, and wants there to be some. The
// policy is the operator's.
func (h *hunt) files(wanted ...string) {
	h.Helper()
	var names []string
	err := filepath.WalkDir(h.home, func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() || f.Name() == "policy.yaml" {
			return err
		}
		b, err := os.ReadFile(path)
		names = append(names, f.Name())
		h.told(f.Name(), string(b), "")
		return err
	})
	if err != nil {
		h.Error(err)
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			h.Errorf("there is no %s to search: %v", name, names)
		}
	}
}

// processes searches the list of a process's children.
func (h *hunt) processes(parent int) {
	h.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	running := children(h.T, parent)
	if len(running) == 0 {
		h.Error("no provider runs")
	}
	for _, pid := range running {
		for _, name := range []string{"cmdline", "environ"} {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
			if err != nil || name == "cmdline" && !bytes.Contains(b, []byte(pluginName)) {
				h.Errorf("%s: %q, %v", name, b, err)
			}
			h.told("the process list", string(b), "")
		}
	}
}

// hunted is a server that is hunted.
type hunted struct {
	*wire
	*hunt
	calls int
}

func (h *hunt) serve(args ...string) *hunted {
	h.Helper()
	var w *wire
	h.Cleanup(func() { // after the server has ended
		h.told("standard error", w.logs.String(), "")
		h.files(ledgerName, "ledger.key", "ledger.audit.jsonl")
	})
	w = serve(h.T, revision2025Nov, h.env, args...)
	return &hunted{wire: w, hunt: h}
}

// call calls a tool, and searches the answer with whatever comes before it. A
// human approves what is held, if approve says so.
func (s *hunted) call(tool string, arguments any, approve bool) (answer string) {
	s.hunt.Helper()
	answer = s.exchange("tools/call", map[string]any{"name": tool, "arguments": arguments})
	var m struct {
		Result struct {
			StructuredContent struct {
				Approval struct{ ID string }
			}
		}
	}
	if err := json.Unmarshal([]byte(answer), &m); err != nil {
		s.Fatal(err)
	}
	id := m.Result.StructuredContent.Approval.ID
	if !approve || id == "" {
		return answer
	}
	d, r, err := desk(filepath.Join(s.home, ledgerName))
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = r.close() }()
	if err := d.Decide(s.Context(), id, true, "a tester", "test"); err != nil {
		s.Fatal(err)
	}
	return s.exchange("tools/call", map[string]any{"name": tool, "arguments": arguments})
}

func (s *hunted) exchange(method string, params map[string]any) string {
	s.hunt.Helper()
	own, err := json.Marshal(params)
	if err != nil {
		s.Fatal(err)
	}
	return s.await(s.send(method, params), method+string(own))
}

func (s *hunted) await(id int, own string) string {
	s.hunt.Helper()
	timeout := time.After(patience)
	for {
		select {
		case m, open := <-s.messages:
			if !open {
				s.Fatal("the server has ended")
			}
			s.told("an answer", m.line, own)
			if string(m.ID) == strconv.Itoa(id) {
				return m.line
			}
		case <-timeout:
			s.Fatalf("no answer to %s", own)
		}
	}
}

// next is a payment under a reference and with an amount of its own, so that
// nothing looks like a repeat.
func (s *hunted) next(ending string) map[string]string {
	s.calls++
	return map[string]string{"reference": fmt.Sprintf("ORDER-%04d", s.calls), "amount": strconv.Itoa(1000 + s.calls), "msisdn": number + ending}
}

func named(in map[string]string) map[string]string {
	in["customer_first_name"], in["customer_last_name"] = tapir, quagga
	return in
}

func (s *hunted) has(answer, what string) {
	s.hunt.Helper()
	if !strings.Contains(answer, what) {
		s.Errorf("this should be about %s: %.300s", what, answer)
	}
}

// TestNothingIsTold takes a server down every path that a payment can take,
// and finds neither a secret nor a person in what is left of it: its log, its
// audit log, its ledger, its other files, the process list, and the answers to
// whoever did not name the person.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	s := newHunt(t, d.URL).serve()
	const pay, status, out, back, hook = "qosic_initiate_payment", "qosic_check_payment_status", "qosic_disburse", "qosic_refund", "qosic_verify_webhook"

	for _, n := range d.emulator.Numbers() { // every way in which a provider can answer
		in := named(s.next(n.Ending))
		s.call(pay, in, false)
		s.call(status, map[string]string{"reference": in["reference"], "network": "togocel_tg"}, false)
		s.call(out, s.next(n.Ending), true)
	}
	s.processes(s.cmd.Process.Pid)
	for _, ending := range []string{repeatsJSON, repeatsHTML, repeatsDone} { // and some in which it should not
		in := named(s.next(ending))
		s.call(pay, in, false)
		s.call(pay, in, false)
		s.call(out, s.next(ending), true)
	}
	s.has(s.call(status, map[string]string{"reference": "ORDER-" + repeatsJSON, "network": "togocel_tg"}, false), "misconfigured")

	in := named(s.next("000")) // the guards
	s.call(pay, in, false)
	s.has(s.call(pay, in, false), "nothing was sent")
	in["amount"] = "9999"
	s.has(s.call(pay, in, false), `"guard":"reference"`)
	in["amount"], in["reference"] = strconv.Itoa(1000+s.calls), "ORDER-AGAIN"
	s.has(s.call(pay, in, false), `"guard":"suspected_repeat"`)
	s.has(s.call(out, s.next("000"), false), `"guard":"approval"`)
	s.has(s.call(back, map[string]string{"original_reference": "ORDER-0001", "msisdn": "2290196077100"}, false), `"guard":"approval"`)
	s.has(s.call(back, map[string]string{"original_reference": "ORDER-0001"}, false), `"guard":"approval"`)
	for range 2 {
		s.call(status, map[string]string{"reference": "ORDER-FAST", "network": "mtn_bj"}, false)
	}

	for _, wrong := range []any{ // inputs
		map[string]any{"reference": "ORDER-BAD1", "amount": 12.5, "msisdn": number + "000", "customer_first_name": tapir},
		map[string]any{"reference": tapir + " " + quagga, "amount": "5000", "msisdn": "+" + number + "000"},
		map[string]any{"reference": "ORDER-BAD2", "amount": "5000", "msisdn": number + "0000", tapir: quagga, "pin": "1234"},
		map[string]any{"reference": "ORDER-BAD3", "amount": "5000", "msisdn": number + "000", "customer_last_name": strings.Repeat(quagga, 20)},
		[]string{tapir, number}, tapir,
	} {
		s.has(s.call(pay, wrong, false), `"invalid"`)
	}
	for _, body := range []string{ // webhooks
		`{"status":"SUCCESSFUL","transRef":"ORDER-0001","specialfield1":"` + tapir + `","amount":"1","code":"200","msisdn":"` + number + `000","name":"` + quagga + `"}`,
		`{"status":"SUCCESSFUL","transRef":"` + tapir + " " + quagga + `","code":"200"}`, tapir + number, `{"transRef":["` + number + `"]}`,
	} {
		s.call(hook, map[string]string{"body": body, "network": "togocel_tg"}, false)
	}

	s.has(s.exchange("tools/call", map[string]any{"name": "qosic_steal", "arguments": named(s.next("000"))}), "error") // the protocol
	s.has(s.exchange("tools/"+tapir, map[string]any{"number": number}), "error")
	for _, line := range []string{`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"msisdn":"` + number + `000"`, tapir, `{"name":"` + quagga + `"}`, `["` + number + `"]`} {
		if _, err := io.WriteString(s.in, line+"\n"); err != nil {
			t.Fatal(err)
		}
		s.await(s.send("ping", nil), "")
	}

	if runtime.GOOS == "linux" { // the provider's process is lost in mid-call
		in := named(s.next(saysNothing))
		id := s.send("tools/call", map[string]any{"name": pay, "arguments": in})
		await(t, d.silent, "the payment arrives")
		for _, pid := range children(t, s.cmd.Process.Pid) {
			provider, err := os.FindProcess(pid)
			if err == nil {
				err = provider.Kill()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		s.has(s.await(id, number), "unknown_outcome")
	}
	s.call(pay, named(s.next("013")), false)
	s.files(ledgerName, ledgerName+"-wal", ledgerName+"-shm") // as they are meanwhile
}

// run runs a command of the program and searches what it says. own is its
// standard input.
func (h *hunt) run(own string, args ...string) string {
	h.Helper()
	cmd := program(h.T, args...)
	cmd.Env = append(cmd.Env, h.env...)
	cmd.Stdin = strings.NewReader(own)
	var out, logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &logs
	_ = cmd.Run() // most of them are refused
	h.told("standard output of "+args[0], out.String(), own)
	h.told("standard error of "+args[0], logs.String(), "")
	return out.String() + logs.String()
}

// TestNothingIsToldOfAWrongSetup: what is wrong with the configuration is said
// without what is configured.
func TestNothingIsToldOfAWrongSetup(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	selfSigned := httptest.NewUnstartedServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	t.Cleanup(selfSigned.Close)
	nobody := "http://127.0.0.1:1"
	write := func(name, text string) func(*hunt) {
		return func(h *hunt) {
			if err := os.WriteFile(filepath.Join(h.home, name), []byte(text), 0o600); err != nil {
				h.Fatal(err)
			}
		}
	}
	set := func(variables ...string) func(*hunt) { return func(h *hunt) { h.env = append(h.env, variables...) } }
	for name, c := range map[string]struct {
		base  string
		setup func(*hunt)
		args  []string // of call, before the tool
		says  string
	}{
		"a wrong password":               {base: d.URL, setup: set("QOSIC_PASSWORD=" + zebra + "-wrong"), says: "QOSIC_PASSWORD"},
		"nobody listens":                 {base: nobody, says: "unavailable"},
		"a certificate of nobody's":      {base: selfSigned.URL, setup: set("QOSIC_ENVIRONMENT=sandbox"), says: "QOSIC_TLS_SHA256"},
		"another certificate":            {base: selfSigned.URL, setup: set("QOSIC_TLS_SHA256=" + strings.Repeat("0", 64)), says: "pinned"},
		"a pin that is none":             {base: selfSigned.URL, setup: set("QOSIC_TLS_SHA256=" + zebra), says: "SHA-256"},
		"credentials in the base URL":    {base: "https://" + giraffe + ":" + zebra + "@127.0.0.1:1", says: "base URL"},
		"a key in the base URL":          {base: "https://127.0.0.1:1/?key=" + zebra, says: "base URL"},
		"a base URL that is none":        {base: "https://" + giraffe + "%zz", says: "base URL"},
		"a password for a base URL":      {base: zebra, says: "base URL"},
		"a control in the base URL":      {base: "https://127.0.0.1/" + zebra + "\x7f", says: "base URL"},
		"plain HTTP, with credentials":   {base: "http://" + giraffe + ":" + zebra + "@api.qosic.net", says: "base URL"},
		"a client id that is missing":    {base: d.URL, setup: set("QOSIC_CLIENT_ID_TOGOCEL="), says: "QOSIC_CLIENT_ID_TOGOCEL"},
		"a policy that is none":          {base: d.URL, setup: write("policy.yaml", "rules:\n  - {environment: emulator, effect: pays_out, currency: XOF, allowed_payees: "+allowed+"}\n"), says: "allowed_payees"},
		"a policy with a number too far": {base: d.URL, setup: write("policy.yaml", "rules:\n  - {environment: emulator, effect: pays_out, currency: XOF, per_day: 0, allowed_payees: ["+allowed+"]}\n"), says: "per_day"},
		"a key that is none":             {base: d.URL, setup: write("ledger.key", "short"), says: "holds no key"},
		"a ledger that is none":          {base: d.URL, setup: write("ledger.db", strings.Repeat("no ledger ", 1000)), says: "ledger"},
		"read-only":                      {base: d.URL, args: []string{"--read-only"}, says: "read_only"},
		"all is well":                    {base: d.URL, says: `"succeeded"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHunt(t, c.base)
			if c.setup != nil {
				c.setup(h)
			}
			own, err := json.Marshal(named(map[string]string{"reference": "ORDER-1", "amount": "5000", "msisdn": number + "013"}))
			if err != nil {
				t.Fatal(err)
			}
			args := append([]string{"call", "--json"}, c.args...)
			if said := h.run(string(own), append(args, "qosic_initiate_payment", "-")...); !strings.Contains(said, c.says) {
				t.Errorf("it does not say %q: %s", c.says, said)
			}
			if c.says == `"succeeded"` {
				h.run(`{"reference":"ORDER-2","amount":"5000","msisdn":"`+number+`000"}`, "call", "--text", "qosic_disburse", "-")
				h.run("", "transactions", "--json")
				h.run("", "transactions")
				h.run("", "call", "qosic_steal", "{}")
				h.run("", "notices", "--json")
				h.files(ledgerName, "ledger.key", "ledger.audit.jsonl")
			}
			h.run("", "doctor", "--offline")
			h.files()
		})
	}
}

// TestNothingIsToldWithoutALedger: where nothing can be written, nothing is
// sent, and the answer says so without the payment.
func TestNothingIsToldWithoutALedger(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	h := newHunt(t, d.URL)
	file := filepath.Join(h.home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	own := `{"reference":"ORDER-1","amount":"5000","msisdn":"` + number + `000","customer_first_name":"` + tapir + `"}`
	said := h.run(own, "call", "--json", "--ledger", filepath.Join(file, "ledger.db"), "qosic_initiate_payment", "-")
	if !strings.Contains(said, "ledger") || strings.Contains(said, `"pending"`) || len(d.emulator.Books().Transactions()) > 0 {
		t.Errorf("without a ledger: %s", said)
	}
}
