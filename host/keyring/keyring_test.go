package keyring_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/host/keyring"
)

func newKeyring(t *testing.T) *keyring.Keyring {
	t.Helper()
	return keyring.File(filepath.Join(t.TempDir(), "key"))
}

func hash(t *testing.T, k *keyring.Keyring, purpose string, parts ...string) string {
	t.Helper()
	h, err := k.Hash(purpose, parts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func seal(t *testing.T, k *keyring.Keyring, purpose, plain, bound string) []byte {
	t.Helper()
	sealed, err := k.Seal(purpose, []byte(plain), bound)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// TestTheKeyIsItsOwnersAlone, and so is the folder that is made for it.
func TestTheKeyIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "key")
	k := keyring.File(path)
	if _, err := os.Stat(path); err == nil {
		t.Error("the key is there before anybody needs it")
	}
	hash(t, k, "test")
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

// TestProcessesAgreeOnOneKey, however many come first.
func TestProcessesAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	const many = 50
	hashes := make([]string, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() { hashes[i], _ = keyring.File(path).Hash("test") }) // an empty one tells
	}
	all.Wait()
	want := hash(t, keyring.File(path), "test")
	for i, got := range hashes {
		if got != want {
			t.Errorf("process %d has another key", i)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files are left beside the key: %v, %v", left, err)
	}
}

// TestABrokenKeyIsRefused: a new one would make every record of the old one
// unreadable without a word.
func TestABrokenKeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"empty": "", "short": strings.Repeat("k", 31), "long": strings.Repeat("k", 33)} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		k := keyring.File(path)
		for what, err := range map[string]error{
			"hash": second(k.Hash("test")), "seal": second(k.Seal("test", nil, "")), "open": second(k.Open("test", make([]byte, 64), "")),
		} {
			if err == nil || !strings.Contains(err.Error(), path) || errors.Is(err, keyring.ErrForged) {
				t.Errorf("%s key, %s: %v", name, what, err)
			}
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != content {
			t.Errorf("%s key: it was changed: %v", name, err)
		}
	}
	if _, err := keyring.File(t.TempDir()).Hash("test"); err == nil {
		t.Error("a folder is a key")
	}
}

func second[T any](_ T, err error) error { return err }

func TestHash(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	seen := map[string]string{}
	for name, h := range map[string]string{
		"one part":                hash(t, k, "party", "22890112233"),
		"another":                 hash(t, k, "party", "22890112234"),
		"another purpose":         hash(t, k, "input", "22890112233"),
		"no part":                 hash(t, k, "party"),
		"an empty part":           hash(t, k, "party", ""),
		"two empty parts":         hash(t, k, "party", "", ""),
		"two parts":               hash(t, k, "party", "ab", "c"),
		"cut elsewhere":           hash(t, k, "party", "a", "bc"),
		"in one":                  hash(t, k, "party", "abc"),
		"of another installation": hash(t, newKeyring(t), "party", "22890112233"),
	} {
		if other, twice := seen[h]; twice {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
		if len(h) != 64 || strings.Contains(h, "22890112233") {
			t.Errorf("%s: %s", name, h)
		}
	}
	if again := hash(t, k, "party", "22890112233"); seen[again] != "one part" {
		t.Error("it is not the same the next time")
	}
}

// TestOpen: only what was sealed here, for this purpose and bound to this.
func TestOpen(t *testing.T) {
	t.Parallel()
	const purpose, plain, bound = "facts", "5000 XOF to 22890112233", "case-1"
	k := newKeyring(t)
	sealed := seal(t, k, purpose, plain, bound)
	if got, err := k.Open(purpose, sealed, bound); err != nil || string(got) != plain {
		t.Fatalf("opened as %q: %v", got, err)
	}
	if bytes.Contains(sealed, []byte("5000")) || bytes.Equal(sealed, seal(t, k, purpose, plain, bound)) {
		t.Error("the seal tells something")
	}
	other := newKeyring(t)
	hash(t, other, "test") // it has a key of its own
	for name, open := range map[string]func() ([]byte, error){
		"another purpose":      func() ([]byte, error) { return k.Open("state", sealed, bound) },
		"bound to another":     func() ([]byte, error) { return k.Open(purpose, sealed, "case-2") },
		"bound to nothing":     func() ([]byte, error) { return k.Open(purpose, sealed, "") },
		"another installation": func() ([]byte, error) { return other.Open(purpose, sealed, bound) },
		"nothing":              func() ([]byte, error) { return k.Open(purpose, nil, bound) },
		"not sealed":           func() ([]byte, error) { return k.Open(purpose, []byte(plain), bound) },
		"more":                 func() ([]byte, error) { return k.Open(purpose, append(bytes.Clone(sealed), 0), bound) },
	} {
		if got, err := open(); !errors.Is(err, keyring.ErrForged) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		forged := bytes.Clone(sealed)
		forged[i] ^= 0x80
		for name, b := range map[string][]byte{"changed": forged, "cut": sealed[:i]} {
			if got, err := k.Open(purpose, b, bound); !errors.Is(err, keyring.ErrForged) || got != nil {
				t.Errorf("%s at %d: %q, %v", name, i, got, err)
			}
		}
	}
}
