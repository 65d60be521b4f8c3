// Package keyring keeps the one key of an installation, from which everything
// is derived that hides personal data or proves where something comes from:
// keyed hashes, sealed facts, sealed states. The key lies beside the ledger and
// is shared by every process that uses it; it never leaves the machine.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// size of the key, in bytes.
const size = 32

// Keyring is the key of an installation. It is safe for concurrent use.
type Keyring struct {
	key func() ([]byte, error)
}

// File returns the key kept in a file, which the first use creates for its
// owner alone.
func File(path string) *Keyring {
	return &Keyring{key: sync.OnceValues(func() ([]byte, error) { return load(path) })}
}

func load(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, err
		}
		key, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if len(key) != size {
		return nil, fmt.Errorf("keyring: %s holds no key of %d bytes: restore it, or remove it and approve what is held anew", path, size)
	}
	return key, nil
}

// create writes a new key, whole or not at all. If another process was faster,
// its key stays.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key")
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	key := make([]byte, size)
	_, _ = rand.Read(key) // never fails
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

// derive returns the key for one purpose.
func (k *Keyring) derive(purpose string) ([]byte, error) {
	key, err := k.key()
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, key, nil, "mcp-payments "+purpose, size)
}

// Hash returns the keyed hash of parts for a purpose, in hex. No two lists of
// parts have the same.
func (k *Keyring) Hash(purpose string, parts ...string) (string, error) {
	key, err := k.derive(purpose)
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(p))) // a hash takes everything
		_, _ = h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Seal encrypts and authenticates a text for a purpose, bound to what must be
// given again to open it.
func (k *Keyring) Seal(purpose string, plain []byte, bound string) ([]byte, error) {
	aead, err := k.aead(purpose)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, []byte(bound)), nil
}

// ErrForged means that what should be opened was not sealed here, for this
// purpose, and bound to this.
var ErrForged = errors.New("keyring: it was not sealed here")

// Open returns what Seal was given.
func (k *Keyring) Open(purpose string, sealed []byte, bound string) ([]byte, error) {
	aead, err := k.aead(purpose)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(bound))
	if err != nil {
		return nil, ErrForged
	}
	return plain, nil
}

func (k *Keyring) aead(purpose string) (cipher.AEAD, error) {
	key, err := k.derive(purpose)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
