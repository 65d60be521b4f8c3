package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"

	"github.com/adrg/xdg"

	"github.com/mcp-payments/mcp-payments/host/audit"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// The folders of the operator's own files are the user's folders for settings
// and for data, or both MCP_PAYMENTS_HOME.

// home is the folder of what the operator writes: policy, trusted providers.
func home() string { return folder(xdg.ConfigHome) }

func folder(base string) string {
	if dir := os.Getenv("MCP_PAYMENTS_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(base, ownFolder)
}

func policyPath() string { return filepath.Join(home(), "policy.yaml") }

// records are the files that processes share: the ledger, the key that hides
// what is in it, and the audit log.
type records struct {
	ledger    *ledger.SQLite
	keys      *keyring.Keyring
	audit     *audit.Log
	keyPath   string
	auditPath string
	elsewhere string // the flag that leads here
	temporary string // a folder that goes with the process
}

// recordsAt returns the records of a ledger: where path says, or in the user's
// folder for data.
func recordsAt(path string) records {
	if path == "" {
		path = filepath.Join(folder(xdg.DataHome), ledgerName)
	}
	if abs, err := filepath.Abs(path); err == nil { // whoever is sent there is in another folder
		path = abs
	}
	base := strings.TrimSuffix(path, ".db")
	return records{
		ledger: ledger.File(path), keys: keyring.File(base + ".key"), keyPath: base + ".key",
		audit: audit.File(base + ".audit.jsonl"), auditPath: base + ".audit.jsonl", elsewhere: elsewhere(path),
	}
}

const (
	ownFolder  = "mcp-payments"
	ledgerName = "ledger.db"
)

// elsewhere is the flag that leads to a ledger from a terminal where nothing is
// set. Not even MCP_PAYMENTS_HOME may be: a client sets it for its server only.
func elsewhere(path string) string {
	switch {
	case path == filepath.Join(xdg.DataHome, ownFolder, ledgerName):
		return ""
	case strings.ContainsAny(path, " \t'"):
		return ` --ledger "` + path + `"`
	}
	return " --ledger " + path
}

// passing returns records that go with the process: an emulator forgets its
// payments too.
func passing() (records, error) {
	dir, err := os.MkdirTemp("", "mcp-payments-")
	if err != nil {
		return records{}, fmt.Errorf("there is no place for a ledger: %w", err)
	}
	r := recordsAt(filepath.Join(dir, ledgerName))
	r.temporary = dir
	return r, nil
}

func (r records) close() error {
	err := r.ledger.Close()
	if r.temporary != "" {
		err = errors.Join(err, os.RemoveAll(r.temporary))
	}
	return err
}

// pinnedPolicy reads the operator's policy and stays with it. Once the file is
// another one, no money moves until the operator starts the server anew:
// whoever can write a file must not raise a limit under way.
func pinnedPolicy(path string) func() (*guard.Policy, error) {
	first := sync.OnceValues(func() (*guard.Policy, error) { return guard.ReadPolicy(path) })
	_, _ = first() // now, not with the first payment
	return func() (*guard.Policy, error) {
		p, err := first()
		if err != nil {
			return nil, err
		}
		now, err := guard.ReadPolicy(path)
		if err != nil {
			return nil, err
		}
		if now.Digest() != p.Digest() {
			return nil, fmt.Errorf("%s was changed after this process started", path)
		}
		return p, nil
	}
}

// whoami is the user that this process runs as.
func whoami() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
