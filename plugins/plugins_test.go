package plugins_test

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins"
	"github.com/mcp-payments/mcp-payments/schemas"
)

func manifests(t *testing.T) []*capabilities.Manifest {
	t.Helper()
	var all []*capabilities.Manifest
	for _, b := range plugins.All() {
		m, err := b.Provider().Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m.Slug != b.Slug {
			t.Errorf("%s is listed as %s", m.Slug, b.Slug)
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		t.Fatal("no provider is built in")
	}
	return all
}

// Hosts refuse a provider whose manifest is wrong, also one of ours. It is
// too slow to be checked in every start of the program, so it is here.
func TestManifestsPass(t *testing.T) {
	var slugs []string
	for _, m := range manifests(t) {
		if err := m.Check(); err != nil {
			t.Error(err)
		}
		if slices.Contains(slugs, m.Slug) {
			t.Errorf("%s is built in twice", m.Slug)
		}
		slugs = append(slugs, m.Slug)
		if m.Gotchas.Provider != m.Slug || len(m.Gotchas.Gotchas) == 0 {
			t.Errorf("%s has no catalogue of gotchas", m.Slug)
		}
		for _, e := range m.Environments {
			if e.Name != capabilities.Sandbox && e.Name != capabilities.Production {
				t.Errorf("%s: environment %q", m.Slug, e.Name)
			}
			if err := capabilities.CheckBaseURL(e.BaseURL); e.BaseURL != "" && err != nil {
				t.Errorf("%s: %v", m.Slug, err)
			}
		}
	}
}

// A number's prefix hints at one operator of its country, whichever provider
// reaches it.
func TestPrefixesHintAtOneNetwork(t *testing.T) {
	owners := map[string]string{} // by country and prefix
	for _, m := range manifests(t) {
		for _, n := range m.Networks {
			for _, p := range n.Prefixes {
				if owner, taken := owners[n.Country+p]; taken && owner != n.ID {
					t.Errorf("%s %s is of %s and of %s", n.Country, p, owner, n.ID)
				}
				owners[n.Country+p] = n.ID
			}
		}
	}
	if len(owners) == 0 {
		t.Error("no network has prefixes")
	}
}

// No schema is reflected when the program starts: each is published.
func TestSchemasArePublished(t *testing.T) {
	for _, b := range plugins.All() {
		m, err := b.Provider().Reflect()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range m.Capabilities {
			in, out, ok := schemas.Published(m.Slug, c.Name)
			if !ok {
				t.Errorf("the schemas of %s.%s are not published: run 'go generate ./plugins'", m.Slug, c.Name)
				continue
			}
			if !bytes.Equal(compact(t, in), c.Input) || !bytes.Equal(compact(t, out), c.Output) {
				t.Errorf("the schemas of %s.%s are not fresh: run 'go generate ./plugins'", m.Slug, c.Name)
			}
		}
	}
}

func compact(t *testing.T, document json.RawMessage) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, document); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every schema can be compiled, and what moves money tells the host's guards
// which payment it is about.
func TestSchemasServeTheHost(t *testing.T) {
	for _, m := range manifests(t) {
		for _, c := range m.Capabilities {
			for _, s := range []json.RawMessage{c.Input, c.Output} {
				if _, err := schemas.Compile(s); err != nil {
					t.Errorf("%s.%s: %v", m.Slug, c.Name, err)
				}
			}
			roles, err := schemas.Roles(c.Input)
			if err != nil {
				t.Errorf("%s.%s: %v", m.Slug, c.Name, err)
			}
			_, own := roles[string(capabilities.RoleReference)]
			_, original := roles[string(capabilities.RoleOriginalReference)]
			if c.Effect.MovesMoney() && !own && !original {
				t.Errorf("%s.%s moves money, and no field is a reference", m.Slug, c.Name)
			}
			if c.Kind == capabilities.CheckStatus && (c.Polling == nil || c.Polling.MinInterval < 1 || len(c.Polling.Backoff) == 0) {
				t.Errorf("%s.%s does not say how often it may be asked", m.Slug, c.Name)
			}
		}
	}
}

// Emulators are written from the documents: of what is not Go's own library
// they know the kit and nothing else, the client of their provider least of all.
func TestEmulatorsKnowTheKitAlone(t *testing.T) {
	const module = "github.com/mcp-payments/mcp-payments/"
	for _, b := range plugins.All() {
		files, err := filepath.Glob(filepath.Join(b.Slug, "emulator", "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files: %v", b.Slug, err)
		}
		for _, name := range files {
			for _, imported := range imports(t, name) {
				isTest, ours := strings.HasSuffix(name, "_test.go"), strings.HasPrefix(imported, module)
				allowed := strings.HasPrefix(imported, module+"capabilities/emulation") || isTest && (!ours || imported == module+"plugins/"+b.Slug+"/emulator")
				if strings.Contains(imported, ".") && !allowed {
					t.Errorf("%s imports %s", name, imported)
				}
			}
		}
	}
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, imported)
	}
	return all
}

// An emulator stands in for its provider without anything to set.
func TestEmulatorsSuitTheirProviders(t *testing.T) {
	for _, b := range plugins.All() {
		e := b.Emulator(emulation.Options{})
		t.Cleanup(func() { _ = e.Close() })
		if e.Provider() != b.Slug {
			t.Errorf("%s has the emulator of %s", b.Slug, e.Provider())
		}
		p := b.Provider()
		m, err := p.Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		config := e.Config()
		for _, f := range m.Config {
			if f.Required && config[f.Env] == "" {
				t.Errorf("the emulator of %s does not give %s", b.Slug, f.Env)
			}
			delete(config, f.Env)
		}
		for name := range config {
			t.Errorf("the emulator of %s sets %s, which the provider does not know", b.Slug, name)
		}
		target := capabilities.Target{Environment: capabilities.Emulator, BaseURL: "http://127.0.0.1:1"}
		if err := p.Configure(t.Context(), target, e.Config()); err != nil {
			t.Errorf("%s: %v", b.Slug, err)
		}
	}
}
