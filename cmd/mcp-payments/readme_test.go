package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/plugins"
)

// The README is a promise: what it tells people to type is typed here.
//
//   - A block ```sh or ```console is run, command by command, in a folder and
//     with a home of its own. A console block shows what its commands print; a
//     line … stands for any lines.
//   - "$ echo $?" after a command shows its exit code; without it, it is 0.
//   - A block ```sh no-test holds commands that need another program or a
//     provider of one's own. Their flags for mcp-payments are checked.
//   - A block ```json is a client's configuration, a block ```yaml a policy.

const commandTimeout = 90 * time.Second // only so that nothing hangs for ever

func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fenced is a fenced block of a document.
type fenced struct {
	info string // what follows the fence, such as "sh no-test"
	line int    // of its first line
	body []string
}

func fencedBlocks(markdown string) []fenced {
	var all []fenced
	var open *fenced
	for i, line := range strings.Split(markdown, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &fenced{info: info, line: i + 2}
		case fence:
			all, open = append(all, *open), nil
		case open != nil:
			open.body = append(open.body, line)
		}
	}
	return all
}

// documented is one command of a document, with what it shows of the result.
type documented struct {
	block  int // the line of its block
	line   int
	text   string
	shown  []string // of what it prints
	checks bool     // shown is the whole, but for …
	code   int
	runs   bool
}

const askCode = "echo $?"

func commandsOf(t *testing.T, markdown string) []documented {
	t.Helper()
	var all []documented
	for _, b := range fencedBlocks(markdown) {
		switch b.info {
		case "sh", "sh no-test":
			all = append(all, shellCommands(b)...)
		case "console":
			all = append(all, consoleCommands(t, b)...)
		}
	}
	return all
}

func shellCommands(b fenced) []documented {
	var all []documented
	for i, line := range b.body {
		if line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, documented{block: b.line, line: b.line + i, text: line, runs: b.info == "sh"})
		}
	}
	return all
}

func consoleCommands(t *testing.T, b fenced) []documented {
	t.Helper()
	var all []documented
	asked := false
	for i, line := range b.body {
		text, command := strings.CutPrefix(line, "$ ")
		switch {
		case command && text == askCode:
			asked = true
		case command:
			all = append(all, documented{block: b.line, line: b.line + i, text: text, checks: true, runs: true})
		case len(all) == 0:
			t.Fatalf("line %d: a console block begins with a command", b.line+i)
		case asked:
			code, err := strconv.Atoi(line)
			if err != nil {
				t.Fatalf("line %d: %v", b.line+i, err)
			}
			all[len(all)-1].code, asked = code, false
		default:
			all[len(all)-1].shown = append(all[len(all)-1].shown, line)
		}
	}
	return all
}

// arguments returns those of mcp-payments in a command line, wherever in it
// the program is named.
func (d documented) arguments() (args []string, ok bool, err error) {
	line := strings.ReplaceAll(d.text, "go run ./cmd/"+programName, programName)
	words, err := shellWords(line)
	if err != nil {
		return nil, false, err
	}
	i := slices.Index(words, programName)
	if i < 0 {
		return nil, false, nil
	}
	return words[i+1:], true, nil
}

// shellWords splits a simple command line: words, and single quotes. Anything
// else that a shell would read something into is an error.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, started := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, started = !quoted, true
		case quoted:
			word.WriteRune(r)
		case r == ' ':
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		case strings.ContainsRune("|&;<>$\"`\\*?#()", r):
			return nil, fmt.Errorf("%q is more than this test's shell understands", r)
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quoted {
		return nil, errors.New("a quote is not closed")
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	ran := map[string]bool{} // what is shown with its result comes first, and is run once
	blocks := map[int][]documented{}
	for _, d := range commandsOf(t, document(t, "README.md")) {
		_, ours, err := d.arguments()
		switch {
		case err != nil:
			t.Errorf("line %d: %s: %v", d.line, d.text, err)
			continue
		case !d.runs || d.text == "go test ./...": // this is it
			continue
		case !ours:
			t.Errorf("line %d: %s: no test runs this; mark its block no-test", d.line, d.text)
			continue
		}
		if ran[d.text] && !d.checks {
			continue
		}
		ran[d.text] = true
		blocks[d.block] = append(blocks[d.block], d)
	}
	if len(ran) == 0 {
		t.Error("the README has no command to run")
	}
	for line, block := range blocks {
		t.Run(fmt.Sprintf("block at line %d", line), func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			for _, d := range block {
				d.run(t, home)
			}
		})
	}
}

func (d documented) run(t *testing.T, home string) {
	t.Helper()
	args, _, err := d.arguments()
	if err != nil {
		t.Fatal(err)
	}
	cmd := program(t, args...)
	cmd.Dir, cmd.Env = home, append(cmd.Env, "MCP_PAYMENTS_HOME="+home)
	var out, logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &logs
	timeout := time.AfterFunc(commandTimeout, func() { _ = cmd.Process.Kill() })
	defer timeout.Stop()
	if args[0] == "emulate" {
		err = runUntilItListens(t, cmd, &out)
	} else {
		err = cmd.Run() // an empty standard input, which ends serve
	}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != d.code {
		t.Errorf("line %d: %s: exit code %d, want %d\n%s%s", d.line, d.text, got, d.code, &out, &logs)
	}
	if d.checks && !shownBy(d.shown, out.String()) {
		t.Errorf("line %d: the README shows\n\n%s\n\nbut it prints\n\n%s", d.line, strings.Join(d.shown, "\n"), &out)
	}
}

// runUntilItListens interrupts a command that serves as soon as it said so.
func runUntilItListens(t *testing.T, cmd *exec.Cmd, out *bytes.Buffer) error {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no interrupt to send")
	}
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(pipe, first); err != nil {
		t.Error("it printed nothing:", err)
	}
	out.Write(first)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if _, err := io.Copy(out, pipe); err != nil {
		return err
	}
	return cmd.Wait()
}

// shownBy reports whether the lines are what was printed, … being any lines.
func shownBy(shown []string, printed string) bool {
	pattern := "^"
	for _, line := range shown {
		if line == "…" {
			pattern += `(?:.*\n)*?`
		} else {
			pattern += regexp.QuoteMeta(line) + `\n`
		}
	}
	return regexp.MustCompile(pattern + "$").MatchString(printed)
}

// TestReadmeFlags holds every command line and configuration of the README,
// and every flag that its text names, against the real commands.
func TestReadmeFlags(t *testing.T) {
	t.Parallel()
	readme := document(t, "README.md")
	for _, d := range commandsOf(t, readme) {
		if args, ours, err := d.arguments(); err == nil && ours {
			if err := parses(args); err != nil {
				t.Errorf("line %d: %s: %v", d.line, d.text, err)
			}
		}
	}
	known := map[string]bool{"--help": true}
	for _, c := range newRoot(&app{}).Commands() {
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(c.Flags().FlagUsages(), -1) {
			known[flag] = true
		}
	}
	for _, flag := range regexp.MustCompile("`(--[a-z-]+)").FindAllStringSubmatch(readme, -1) {
		if !known[flag[1]] {
			t.Errorf("no command has %s", flag[1])
		}
	}
}

// parses reports what is wrong with a command line, without running it.
func parses(args []string) error {
	root := newRoot(&app{in: strings.NewReader(""), out: io.Discard, logs: io.Discard})
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

func TestReadmeConfigurations(t *testing.T) {
	t.Parallel()
	type server struct {
		Command string            `json:"command"`
		Args    []string          `json:"args"`
		Env     map[string]string `json:"env"`
	}
	variables := variables(t)
	found := 0
	for _, b := range fencedBlocks(document(t, "README.md")) {
		if b.info != "json" {
			continue
		}
		var config struct {
			MCPServers map[string]server `json:"mcpServers"`
			Servers    map[string]server `json:"servers"`
		}
		if err := json.Unmarshal([]byte(strings.Join(b.body, "\n")), &config); err != nil {
			t.Errorf("line %d: %v", b.line, err)
		}
		for _, servers := range []map[string]server{config.MCPServers, config.Servers} {
			for name, s := range servers {
				found++
				if err := parses(s.Args); err != nil || s.Command != programName {
					t.Errorf("line %d: %s: %s %q: %v", b.line, name, s.Command, s.Args, err)
				}
				for v := range s.Env {
					if !slices.Contains(variables, v) {
						t.Errorf("line %d: %s: nothing reads %s", b.line, name, v)
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("no configuration of a client was found")
	}
}

// TestReadmePolicy: the example is a policy, and shows every key that there is.
func TestReadmePolicy(t *testing.T) {
	t.Parallel()
	found := 0
	for _, b := range fencedBlocks(document(t, "README.md")) {
		if b.info != "yaml" {
			continue
		}
		found++
		text := strings.Join(b.body, "\n")
		if _, err := guard.ParsePolicy([]byte(text)); err != nil {
			t.Errorf("line %d: %v", b.line, err)
		}
		for _, of := range []reflect.Type{reflect.TypeFor[guard.Policy](), reflect.TypeFor[guard.Rule]()} {
			for i := range of.NumField() {
				if key, ok := of.Field(i).Tag.Lookup("yaml"); ok && !strings.Contains(text, key+":") {
					t.Errorf("line %d: %s is not shown", b.line, key)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no policy was found")
	}
}

// variables lists every environment variable that means something.
func variables(t *testing.T) []string {
	t.Helper()
	all := []string{"MCP_PAYMENTS_HOME"}
	for _, b := range plugins.All() {
		m, err := b.Provider().Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, host.Variable(b.Slug, "BASE_URL"), host.Variable(b.Slug, "ENVIRONMENT"))
		for _, f := range m.Config {
			all = append(all, f.Env)
		}
	}
	return all
}

// TestReadmeIsComplete fails when something that people need is not told.
func TestReadmeIsComplete(t *testing.T) {
	t.Parallel()
	readme := document(t, "README.md")
	tells := func(what, text string) {
		t.Helper()
		if !strings.Contains(readme, text) {
			t.Errorf("the README lacks the %s %q", what, text)
		}
	}
	for _, v := range variables(t) {
		tells("variable", "| `"+v+"` |")
	}
	rows, err := listCapabilities(host.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		tells("tool", "| `"+r.Tool+"` |")
	}
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitRefused, exitUnknown} {
		tells("exit code", fmt.Sprintf("| %d | ", code))
	}
	for _, kind := range []capabilities.RefusalKind{
		capabilities.Invalid, capabilities.Refused, capabilities.Held, capabilities.Misconfigured,
		capabilities.ProviderRejected, capabilities.Unavailable, capabilities.UnknownOutcome,
	} {
		tells("kind of refusal", fmt.Sprintf("| `%s` | ", kind))
	}
	for _, e := range gotchas.Enforcers() {
		tells("enforcer", "`"+e.Name+"`")
	}
	var examples []string
	for _, d := range commandsOf(t, readme) {
		if args, ours, _ := d.arguments(); ours && len(args) > 0 {
			examples = append(examples, args[0])
		}
	}
	for _, c := range newRoot(&app{}).Commands() {
		if !c.Hidden && !slices.Contains(examples, c.Name()) {
			t.Errorf("the README has no example of %s", c.Name())
		}
	}
}

var (
	markdownLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchors    = regexp.MustCompile(`[^a-z0-9 -]`)
)

func TestDocumentsLinkToWhatExists(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		text := document(t, name)
		anchors := map[string]bool{}
		for _, h := range markdownHeading.FindAllStringSubmatch(text, -1) {
			plain := notInAnchors.ReplaceAllString(strings.ToLower(h[1]), "")
			anchors[strings.ReplaceAll(plain, " ", "-")] = true
		}
		for _, link := range markdownLink.FindAllStringSubmatch(text, -1) {
			path, anchor, _ := strings.Cut(link[1], "#")
			switch {
			case strings.HasPrefix(path, "https://"):
			case path == "" && !anchors[anchor]:
				t.Errorf("%s has no heading for #%s", name, anchor)
			case path != "":
				if _, err := os.Stat(filepath.Join("..", "..", path)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

func TestShownLines(t *testing.T) {
	t.Parallel()
	printed := "one\ntwo\nthree\n"
	for shown, want := range map[string]bool{
		"one\ntwo\nthree": true,
		"one\n…":          true,
		"…\nthree":        true,
		"one\n…\nthree":   true,
		"…":               true,
		"one\nthree":      false,
		"one\ntwo":        false,
		"…\ntwo":          false,
		"three\n…\none":   false,
		"o.e\n…":          false,
	} {
		if got := shownBy(strings.Split(shown, "\n"), printed); got != want {
			t.Errorf("%q: %v, want %v", shown, got, want)
		}
	}
}
