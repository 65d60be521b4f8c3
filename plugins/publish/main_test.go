package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/plugins"
)

const repository = "../.."

// What is committed is what the Go types and the catalogues say now, file for
// file and byte for byte: a tool is shown and checked by these files alone.
func TestPublishedFilesAreFresh(t *testing.T) {
	root := t.TempDir()
	for _, b := range plugins.All() {
		name := filepath.Join("gotchas", b.Slug+".yaml")
		catalogue, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(root, "gotchas"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), catalogue, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "README.md"), readme, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := publish(root); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "docs/test-numbers.md"} {
		want, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(repository, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not fresh: run 'go generate ./plugins' and commit (%v)", name, err)
		}
	}
	for _, dir := range []string{"schemas", "gotchas/published"} {
		want, got := documents(t, filepath.Join(root, dir)), documents(t, filepath.Join(repository, dir))
		if len(want) == 0 {
			t.Fatalf("nothing was published into %s", dir)
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if !bytes.Equal(got[name], want[name]) {
				t.Errorf("%s/%s is not fresh: run 'go generate ./plugins' and commit", dir, name)
			}
			delete(got, name)
		}
		for name := range got {
			t.Errorf("%s/%s belongs to nothing: run 'go generate ./plugins', or delete it", dir, name)
		}
	}
}

// A capability that is gone takes its files with it.
func TestPublishRemovesWhatIsGone(t *testing.T) {
	m, err := plugins.All()[0].Provider().Reflect()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	stale := filepath.Join(dir, m.Slug, "gone.input.json")
	if err := write(stale, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := publishSchemas(dir, m); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", stale, err)
	}
	if n := len(documents(t, dir)); n != 2*len(m.Capabilities) {
		t.Errorf("%d files for %d capabilities", n, len(m.Capabilities))
	}
}

// documents reads every JSON file under a folder, by its path in it.
func documents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		// A checkout on Windows may have changed the line ends.
		all[filepath.ToSlash(name)] = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
