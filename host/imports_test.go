package host_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module     = "github.com/mcp-payments/mcp-payments"
	repository = ".."
)

// rooms says which rooms of the house each may import from: only those below
// it, and itself.
var rooms = map[string][]string{
	"cmd":          {"cmd", "host", "plugins", "capabilities", "schemas", "gotchas"},
	"host":         {"host", "capabilities", "schemas", "gotchas"},
	"plugins":      {"plugins", "capabilities", "schemas", "gotchas"},
	"capabilities": {"capabilities", "schemas", "gotchas"},
	"schemas":      {"schemas"},
	"gotchas":      {"gotchas"},
	"docs":         {"capabilities", "schemas", "gotchas"},
}

// libraries says where a library's types may be known. Everywhere else speaks
// the project's own.
var libraries = map[string][]string{
	"github.com/mark3labs/mcp-go":                  {"host/mcpserver"},
	"github.com/mark3labs/mcp-go/mcp":              {"host/mcpserver", "cmd/mcp-payments"}, // demo is a client
	"github.com/mark3labs/mcp-go/client":           {"cmd/mcp-payments"},
	"github.com/mark3labs/mcp-go/client/transport": {"cmd/mcp-payments"},
	"github.com/hashicorp/go-plugin":               {"capabilities", "host/plugin"},
	"google.golang.org/grpc":                       {"capabilities", "capabilities/internal/pb"},
	"google.golang.org/protobuf":                   {"capabilities/internal/pb"},
	"github.com/invopop/jsonschema":                {"capabilities", "schemas"},
	"github.com/santhosh-tekuri/jsonschema":        {"schemas"},
	"go.yaml.in/yaml":                              {"gotchas", "host/guard"},
}

// source is a package as its files tell, without tests.
type source struct {
	files   []string
	imports map[string]string // by path, a file that has it
}

// sources reads every package of the module by its folder, whatever system
// its files are for. Programs in testdata are no part of it.
func sources(t *testing.T) map[string]source {
	t.Helper()
	all := map[string]source{}
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() {
			if base == "testdata" || strings.HasPrefix(base, ".") && base != repository {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		folder, err := filepath.Rel(repository, filepath.Dir(name))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		s, ok := all[folder]
		if !ok {
			s.imports = map[string]string{}
		}
		s.files = append(s.files, name)
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports[imported] = name
		}
		all[folder] = s
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range rooms {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(folder string) bool { return roomOf(folder) == room }) {
			t.Fatalf("no package was found in %s", room)
		}
	}
	return all
}

func roomOf(folder string) string {
	room, _, _ := strings.Cut(folder, "/")
	return room
}

// own returns the folder of an imported package of this module.
func own(imported string) (folder string, ok bool) {
	return strings.CutPrefix(imported, module+"/")
}

// within reports whether a path is a package or one below it.
func within(name, of string) bool { return name == of || strings.HasPrefix(name, of+"/") }

func TestImportsPointDown(t *testing.T) {
	for folder, s := range sources(t) {
		below, known := rooms[roomOf(folder)]
		if !known {
			t.Errorf("%s is in no room: say in this test what it may import", folder)
		}
		for imported, file := range s.imports {
			if of, ok := own(imported); ok && !slices.Contains(below, roomOf(of)) {
				t.Errorf("%s imports %s: imports only point down", file, of)
			}
		}
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	for folder, s := range sources(t) {
		for imported, file := range s.imports {
			// The longest name that fits has the say.
			var library string
			for name := range libraries {
				if within(imported, name) && len(name) > len(library) {
					library = name
				}
			}
			if library != "" && !slices.Contains(libraries[library], folder) {
				t.Errorf("%s imports %s, which is for %v alone", file, imported, libraries[library])
			}
		}
	}
}

// providers returns the slugs of the providers that have a folder, and of
// those that will.
func providers(t *testing.T) []string {
	t.Helper()
	slugs := []string{"qosic", "paygate", "mobipay", "qostiq"}
	folders, err := os.ReadDir(filepath.Join(repository, "plugins"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() && f.Name() != "publish" && !slices.Contains(slugs, f.Name()) {
			slugs = append(slugs, f.Name())
		}
	}
	return slugs
}

// A provider is a room of its own: it knows no other.
func TestProvidersDoNotKnowEachOther(t *testing.T) {
	for folder, s := range sources(t) {
		for _, slug := range providers(t) {
			if !within(folder, "plugins/"+slug) {
				continue
			}
			for imported, file := range s.imports {
				if of, ok := own(imported); ok && within(of, "plugins") && !within(of, "plugins/"+slug) {
					t.Errorf("%s imports %s", file, of)
				}
			}
		}
	}
}

// An emulator shares no code with its provider's client, not even by way of a
// third package: or both could be wrong together and every test pass.
func TestEmulatorsShareNoCode(t *testing.T) {
	all := sources(t)
	found := false
	for _, slug := range providers(t) {
		client, emulator := "plugins/"+slug, "plugins/"+slug+"/emulator"
		if _, ok := all[emulator]; !ok {
			continue
		}
		found = true
		used := closure(all, client)
		for folder := range closure(all, emulator) {
			if used[folder] {
				t.Errorf("%s and %s both rest on %s", client, emulator, folder)
			}
		}
	}
	if !found {
		t.Error("no provider has an emulator")
	}
	// The kit of the emulators rests on nothing of this module.
	if kit := closure(all, "capabilities/emulation"); len(kit) != 1 {
		t.Errorf("capabilities/emulation rests on %v", slices.Sorted(maps.Keys(kit)))
	}
}

// closure returns a package of this module with all that it imports of it.
func closure(all map[string]source, folder string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(folder string) {
		if seen[folder] {
			return
		}
		seen[folder] = true
		for imported := range all[folder].imports {
			if of, ok := own(imported); ok {
				visit(of)
			}
		}
	}
	visit(folder)
	return seen
}

// The host treats every provider alike: none has its name there.
func TestHostNamesNoProvider(t *testing.T) {
	slugs := providers(t)
	for folder, s := range sources(t) {
		if !within(folder, "host") {
			continue
		}
		for _, file := range s.files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, slug := range slugs {
				if strings.Contains(strings.ToLower(filepath.Base(file)+string(text)), slug) {
					t.Errorf("%s names %s", file, slug)
				}
			}
		}
	}
}
