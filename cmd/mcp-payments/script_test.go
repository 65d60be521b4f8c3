package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/plugins"
)

// TestScripts runs the command line as people and programs do. Each script
// has a home of its own, and nothing is configured.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Vars = append(e.Vars, "HOME="+home, "XDG_CONFIG_HOME="+home, "AppData="+home, "MCP_PAYMENTS_HOME="+home, quickExit)
			e.Vars = append(e.Vars, "XDG_DATA_HOME="+home, "LocalAppData="+home)
			e.Values[served{}] = &served{}
			return os.Mkdir(home, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"keys":        keys,
			"values":      values,
			"let":         let,
			"ignored":     ignored,
			"serving":     serving,
			"interrupted": interrupted,
		},
	})
}

// exits runs a program and wants its exit code: exits CODE PROGRAM ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exited *exec.ExitError
		if !errors.As(err, &exited) {
			ts.Fatalf("%v", err)
		}
		got = exited.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// keys wants every object that was printed, one or an array of them, to have
// exactly these keys, in this order: keys KEY...
func keys(ts *testscript.TestScript, neg bool, want []string) {
	for _, o := range printed(ts) {
		got := orderedKeys(ts, o)
		if slices.Equal(got, want) == neg {
			ts.Fatalf("the keys are %q", got)
		}
	}
}

// values wants the printed objects to have these values of a key, in order; a
// value that is no text is compared as JSON, and … stands for any values, such
// as those of the providers that a script is not about: values KEY VALUE...
func values(ts *testscript.TestScript, neg bool, args []string) {
	var got []string
	for _, o := range printed(ts) {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal(o, &object))
		var text string
		if json.Unmarshal(object[args[0]], &text) != nil {
			text = string(object[args[0]])
		}
		got = append(got, text)
	}
	if areValues(got, args[1:]) == neg {
		ts.Fatalf("%s: %q", args[0], got)
	}
}

func areValues(got, want []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0] == "…":
		return areValues(got, want[1:]) || len(got) > 0 && areValues(got[1:], want)
	default:
		return len(got) > 0 && got[0] == want[0] && areValues(got[1:], want[1:])
	}
}

// let puts a value of the first printed object into a variable; a path leads
// into an object: let VARIABLE KEY[.KEY].
func let(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: let VARIABLE KEY[.KEY]")
	}
	all := printed(ts)
	if len(all) == 0 {
		ts.Fatalf("nothing was printed")
	}
	value := all[0]
	for key := range strings.SplitSeq(args[1], ".") {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal(value, &object))
		value = object[key]
	}
	var text string
	ts.Check(json.Unmarshal(value, &text))
	ts.Setenv(args[0], text)
}

// ignored holds a payment that nobody decided on in time: ignored LEDGER ID-VARIABLE.
func ignored(ts *testscript.TestScript, _ bool, args []string) {
	r := recordsAt(ts.MkAbs(args[0]))
	hourAgo := func() time.Time { return time.Now().Add(-time.Hour) }
	desk := approval.Desk{Ledger: r.ledger, Keys: r.keys, Now: hourAgo}
	c, err := desk.Hold(context.Background(), ledger.Key{Provider: "qosic", Environment: "emulator", Reference: "IGNORED-1"},
		"disburse", "digest", approval.Facts{Amount: "5 XOF"})
	ts.Check(errors.Join(err, r.close()))
	ts.Setenv(args[1], c.ID)
}

func printed(ts *testscript.TestScript) []json.RawMessage {
	out := []byte(ts.ReadFile("stdout"))
	var array []json.RawMessage
	if json.Unmarshal(out, &array) == nil {
		return array
	}
	if !json.Valid(out) {
		ts.Fatalf("this is not JSON: %s", out)
	}
	return []json.RawMessage{out}
}

func orderedKeys(ts *testscript.TestScript, object json.RawMessage) []string {
	d := json.NewDecoder(strings.NewReader(string(object)))
	_, err := d.Token()
	ts.Check(err)
	var all []string
	for d.More() {
		key, err := d.Token()
		ts.Check(err)
		all = append(all, key.(string))
		var skipped json.RawMessage
		ts.Check(d.Decode(&skipped))
	}
	return all
}

// serving starts emulators, of all providers unless some are named. It writes
// the lines that they print once they listen to the file emulators, and
// configures the script for them: serving [PROVIDER...] FLAG...
// What is still running when the script ends is killed.
func serving(ts *testscript.TestScript, _ bool, args []string) {
	var wanted []string
	for _, b := range plugins.All() {
		wanted = append(wanted, b.Slug)
	}
	if named := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return !slices.Contains(wanted, a) }); len(named) > 0 {
		wanted = named
	}
	path, err := exec.LookPath(programName)
	ts.Check(err)
	cmd := exec.Command(path, append([]string{"emulate", "--json"}, args...)...)
	cmd.Env = append(os.Environ(), quickExit)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill() // unless it ended already
		_ = cmd.Wait()
	})
	var lines strings.Builder
	scanner := bufio.NewScanner(out)
	for _, provider := range wanted {
		if !scanner.Scan() {
			ts.Fatalf("it ended before it listened: %v", scanner.Err())
		}
		lines.WriteString(scanner.Text() + "\n")
		var line emulatorLine
		ts.Check(json.Unmarshal(scanner.Bytes(), &line))
		if line.Provider != provider {
			ts.Fatalf("the emulator of %s listens, want that of %s", line.Provider, provider)
		}
		ts.Setenv(host.Variable(line.Provider, "BASE_URL"), line.BaseURL)
		for name, value := range line.Config {
			ts.Setenv(name, value)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("emulators"), []byte(lines.String()), 0o600))
	ts.Value(served{}).(*served).cmd = cmd
}

// served is where a script keeps what it serves.
type served struct{ cmd *exec.Cmd }

// interrupted interrupts what serving started, and wants it to end well.
func interrupted(ts *testscript.TestScript, _ bool, _ []string) {
	cmd := ts.Value(served{}).(*served).cmd
	ts.Check(cmd.Process.Signal(os.Interrupt))
	ts.Check(cmd.Wait())
}
