package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// ExecutablePrefix begins the file name of every external provider.
const ExecutablePrefix = "mcp-payments-provider-"

// Found is an executable in the plugin directory.
type Found struct {
	Provider string
	Path     string
}

// Find lists the external providers in a directory, trusted or not. A
// directory that does not exist has none.
func Find(dir string) ([]Found, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	var found []Found
	for _, e := range entries {
		file := e.Name()
		if runtime.GOOS == "windows" {
			file = strings.TrimSuffix(file, ".exe")
		}
		if provider, ok := strings.CutPrefix(file, ExecutablePrefix); ok && !e.IsDir() {
			found = append(found, Found{Provider: provider, Path: filepath.Join(dir, e.Name())})
		}
	}
	return found, nil
}

// Trusted is what the operator trusted: one file, by its digest, with the
// manifest that it had then, so that listing its tools need not start it.
type Trusted struct {
	Provider string                 `json:"provider"`
	Path     string                 `json:"path"`
	SHA256   string                 `json:"sha256"`
	Manifest *capabilities.Manifest `json:"manifest"`
}

// Trust is the operator's list of trusted external providers, kept in a file.
type Trust struct {
	path    string
	Trusted []Trusted `json:"trusted"`
}

// OpenTrust reads the list. A file that does not exist trusts nobody.
func OpenTrust(path string) (*Trust, error) {
	t := &Trust{path: path}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	if err := json.Unmarshal(b, t); err != nil {
		return nil, fmt.Errorf("plugin: %s cannot be read, so no external provider is trusted: %w", path, err)
	}
	return t, nil
}

// Of returns what is trusted under a provider's name.
func (t *Trust) Of(provider string) (Trusted, bool) {
	for _, one := range t.Trusted {
		if one.Provider == provider {
			return one, true
		}
	}
	return Trusted{}, false
}

// Add trusts a file, in place of an earlier one of the same provider, and
// writes the list.
func (t *Trust) Add(one Trusted) error {
	return t.write(append(t.without(one.Provider), one))
}

// Remove withdraws the trust and writes the list.
func (t *Trust) Remove(provider string) error {
	if _, ok := t.Of(provider); !ok {
		return fmt.Errorf("plugin: %s is not trusted", provider)
	}
	return t.write(t.without(provider))
}

func (t *Trust) without(provider string) []Trusted {
	var rest []Trusted
	for _, one := range t.Trusted {
		if one.Provider != provider {
			rest = append(rest, one)
		}
	}
	return rest
}

func (t *Trust) write(trusted []Trusted) error {
	b, err := json.MarshalIndent(&Trust{Trusted: trusted}, "", "  ")
	if err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	fresh := t.path + ".new"
	if err := os.WriteFile(fresh, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	if err := os.Rename(fresh, t.path); err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	t.Trusted = trusted
	return nil
}

// Digest returns the SHA-256 of a file, in hex.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("plugin: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("plugin: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
