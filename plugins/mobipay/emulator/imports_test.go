package emulator_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The emulator is written from the documents: of this module it knows the kit and nothing else, the
// client of MobiPay least of all.
func TestTheEmulatorSharesNoCodeWithTheClient(t *testing.T) {
	const module, kit = "github.com/mcp-payments/mcp-payments", "github.com/mcp-payments/mcp-payments/capabilities/emulation"
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			isTest := strings.HasSuffix(name, "_test.go")
			allowed := path == kit || isTest && (path == kit+"/emulationtest" || path == module+"/plugins/mobipay/emulator")
			if err != nil || strings.HasPrefix(path, module) && !allowed || !isTest && strings.Contains(path, ".") && path != kit {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
