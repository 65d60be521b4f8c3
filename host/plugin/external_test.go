package plugin_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

func TestFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	exe := ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	}
	files := []string{"mcp-payments-provider-acme" + exe, "mcp-payments-provider-zeta" + exe, "mcp-payments-provider-", "mcp-payments", "README"}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "mcp-payments-provider-folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := plugin.Find(dir)
	want := []plugin.Found{
		{Provider: "acme", Path: filepath.Join(dir, files[0])},
		{Provider: "zeta", Path: filepath.Join(dir, files[1])},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("found %v, %v, want %v", got, err, want)
	}
	if got, err := plugin.Find(filepath.Join(dir, "nowhere")); err != nil || len(got) > 0 {
		t.Errorf("a folder that is not there has %v, %v", got, err)
	}
	if _, err := plugin.Find(filepath.Join(dir, "README")); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// Finding and describing a file does not run it: only what is trusted runs.
func TestFoundIsNotStarted(t *testing.T) {
	t.Parallel()
	path := installed(t, "mute")
	found, err := plugin.Find(filepath.Dir(path))
	if err != nil || len(found) != 1 || found[0].Path != path {
		t.Fatalf("found %v, %v", found, err)
	}
	trust, err := plugin.OpenTrust(filepath.Join(t.TempDir(), "trust.json"))
	if err != nil {
		t.Fatal(err)
	}
	if one, ok := trust.Of(found[0].Provider); ok {
		t.Errorf("nobody trusted it, and %v is trusted", one)
	}
	if _, err := plugin.Digest(path); err != nil {
		t.Error(err)
	}
	notStarted(t, path)
}

func notStarted(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path + ".started"); err == nil {
		t.Error("the file was started")
	}
}

func TestChangedFileIsNotStarted(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), plugin.ExecutablePrefix+"mute")
	copied(t, self, path)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("!"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b := benchWith(t, plugin.Source{Provider: "mute", Path: path, SHA256: digest(t)}, nil)
	for _, capability := range []string{"ask", "pay"} {
		b.refused(b.call(capability, "ORDER-1"), capabilities.Misconfigured,
			path+" is not the file that was trusted", "mcp-payments providers trust mute")
	}
	if _, err := b.process.Manifest(t.Context()); err == nil {
		t.Error("a changed file describes itself")
	}
	notStarted(t, path)
}

func TestTrustRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new folder", "trust.json")
	manifest, err := acmeProvider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entry := func(provider, digit string) plugin.Trusted {
		return plugin.Trusted{Provider: provider, Path: "/p/" + provider, SHA256: strings.Repeat(digit, 64), Manifest: manifest}
	}
	reread := func() *plugin.Trust {
		t.Helper()
		trust, err := plugin.OpenTrust(path)
		if err != nil {
			t.Fatal(err)
		}
		return trust
	}
	for _, one := range []plugin.Trusted{entry("acme", "1"), entry("zeta", "2"), entry("acme", "3")} {
		if err := reread().Add(one); err != nil {
			t.Fatal(err)
		}
	}
	trust := reread()
	got, _ := trust.Of("acme")
	if got, want := asJSON(t, got), asJSON(t, entry("acme", "3")); got != want {
		t.Errorf("acme is\n%s\nwant what was trusted last:\n%s", got, want)
	}
	if len(trust.Trusted) != 2 {
		t.Errorf("%d are trusted, want 2", len(trust.Trusted))
	}
	if err := trust.Remove("acme"); err != nil {
		t.Fatal(err)
	}
	if err := trust.Remove("acme"); err == nil {
		t.Error("what is not trusted was removed")
	}
	trust = reread()
	_, acme := trust.Of("acme")
	_, zeta := trust.Of("zeta")
	if acme || !zeta {
		t.Errorf("acme is trusted: %t, want not; zeta: %t, want so", acme, zeta)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTrustIsTheOperatorsOwn(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no permission bits")
	}
	dir := filepath.Join(t.TempDir(), "home")
	path := filepath.Join(dir, "trust.json")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	trust, err := plugin.OpenTrust(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := trust.Add(plugin.Trusted{Provider: "acme", Path: "/p", SHA256: strings.Repeat("1", 64), Manifest: &capabilities.Manifest{}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the list has mode %v, %v, want 0600", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v, want the list alone", left, err)
	}
}

// A list that cannot be read, or that would let any file pass, trusts nobody.
func TestTrustThatCannotBeRead(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("1", 64)
	for name, content := range map[string]string{
		"no JSON":      "trust me",
		"half a file":  `{"trusted": [{"provider": "acme", "path": "/p"`,
		"no digest":    `{"trusted": [{"provider": "acme", "path": "/p", "manifest": {}}]}`,
		"short digest": `{"trusted": [{"provider": "acme", "path": "/p", "sha256": "11", "manifest": {}}]}`,
		"no manifest":  `{"trusted": [{"provider": "acme", "path": "/p", "sha256": "` + sum + `"}]}`,
		"no path":      `{"trusted": [{"provider": "acme", "sha256": "` + sum + `", "manifest": {}}]}`,
		"a folder":     "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "trust.json")
			var err error
			if name == "a folder" {
				err = os.Mkdir(path, 0o700)
			} else {
				err = os.WriteFile(path, []byte(content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			trust, err := plugin.OpenTrust(path)
			if trust != nil || err == nil {
				t.Fatalf("got %v, %v, want no list and an error", trust, err)
			}
			for _, words := range []string{path, "no external provider is trusted"} {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("the error lacks %q: %v", words, err)
				}
			}
		})
	}
}

func TestTrustWithoutADigestIsNotWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trust.json")
	trust, err := plugin.OpenTrust(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := trust.Add(plugin.Trusted{Provider: "acme", Path: "/p", Manifest: &capabilities.Manifest{}}); err == nil {
		t.Error("any file of that name would be trusted")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the list was written")
	}
}
