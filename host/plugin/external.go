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
		if provider, ok := strings.CutPrefix(file, ExecutablePrefix); ok && provider != "" && !e.IsDir() {
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
	if err == nil {
		err = json.Unmarshal(b, t)
	}
	if err == nil {
		err = complete(t.Trusted)
	}
	if err != nil {
		return nil, fmt.Errorf("plugin: the list of trusted providers %s cannot be read, so no external provider is trusted: %w", path, err)
	}
	return t, nil
}

// complete refuses entries that lack something. Without a digest, any file
// would be taken for the trusted one.
func complete(trusted []Trusted) error {
	for _, one := range trusted {
		if sum, err := hex.DecodeString(one.SHA256); err != nil || len(sum) != sha256.Size {
			return fmt.Errorf("the entry %q has no SHA-256", one.Provider)
		}
		if one.Provider == "" || one.Path == "" || one.Manifest == nil {
			return fmt.Errorf("the entry %q lacks its name, path or manifest", one.Provider)
		}
	}
	return nil
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
	if err := complete(trusted); err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	b, err := json.MarshalIndent(&Trust{Trusted: trusted}, "", "  ")
	if err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	if err := replace(t.path, append(b, '\n')); err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	t.Trusted = trusted
	return nil
}

// replace writes a file that only its owner may read, whole or not at all.
func replace(path string, content []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*") // with 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(fresh.Name())
		}
	}()
	_, err = fresh.Write(content)
	if err := errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), path)
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
