package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/plugins"
)

// TestMain makes the test binary the program itself when it is started under
// the program's name: the scripts, the README's commands and the MCP tests all
// run a real process. None of them asks the developer, even in a terminal.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){programName: func() {
		leaveTerminal()
		main()
	}})
}

const programName = "mcp-payments"

// quickExit keeps a process under the race detector from sleeping for a second
// before it exits.
const quickExit = "GORACE=atexit_sleep_ms=10"

// program returns a process of the program that knows nothing of the
// developer's configuration.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(programName)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MCP_PAYMENTS_") && !slices.ContainsFunc(plugins.All(), func(b plugins.BuiltIn) bool {
			return strings.HasPrefix(v, host.Variable(b.Slug, ""))
		}) {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "MCP_PAYMENTS_HOME="+t.TempDir(), quickExit)
	return cmd
}
