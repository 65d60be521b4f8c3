package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// The files of the operator: what is on record, and what is allowed.

func checkRecords(ctx context.Context, path string) []finding {
	r := recordsAt(path)
	defer func() { _ = r.close() }()
	findings := []finding{checkLedger(ctx, r.ledger)}
	if opened(r.keyPath)&0o077 != 0 {
		findings = append(findings, finding{"key", statusProblem, r.keyPath + " can be read or written by others than its owner", "chmod 600 " + r.keyPath})
	}
	audit := finding{"audit log", statusOK, "each call is a line in " + r.auditPath, ""}
	if opened(r.auditPath)&0o022 != 0 {
		audit = finding{"audit log", statusNote, r.auditPath + " can be written by others than its owner", "chmod 600 " + r.auditPath}
	}
	return append(findings, audit)
}

func checkLedger(ctx context.Context, l *ledger.SQLite) finding {
	if !l.Exists() {
		return finding{"ledger", statusOK, "none yet; the first call creates " + l.Path(), ""}
	}
	open, err := l.List(ctx, ledger.Filter{Open: true})
	if err != nil {
		return finding{"ledger", statusProblem, fmt.Sprintf("%s cannot be used: %v", l.Path(), err), "look after the file and its disk; without it no money moves"}
	}
	f := finding{"ledger", statusOK, fmt.Sprintf("%s; transactions still open: %d", l.Path(), len(open)), ""}
	if len(open) > 0 {
		f.Status, f.Fix = statusNote, "run 'mcp-payments transactions reconcile'"
	}
	return f
}

// opened returns the permissions of a file. There are none where it is not
// there, or the system has others.
func opened(path string) fs.FileMode {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" {
		return 0
	}
	return info.Mode().Perm()
}

func checkPolicy() []finding {
	path := policyPath()
	p, err := guard.ReadPolicy(path)
	if err != nil {
		message := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "policy: ")), " ") // some are on several lines
		return []finding{{"policy", statusProblem, message, "correct it; until then no money moves"}}
	}
	_, err = os.Stat(path)
	source := finding{"policy", statusOK, path, ""}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		source.Message = "the default; " + path + " would replace it"
	case opened(path)&0o022 != 0:
		source = finding{"policy", statusNote, path + " can be written by others than its owner, who decide on your limits then", "chmod go-w " + path}
	}
	if len(p.Providers) > 0 {
		source.Message += "; in production only " + strings.Join(p.Providers, ", ")
	}
	findings := []finding{source}
	for _, r := range p.Rules {
		f := finding{"policy", statusOK, limits(r), ""}
		if r.UnapprovedUpTo != "" {
			f.Status = statusNote // what passes without a human should be seen
		}
		findings = append(findings, f)
	}
	return findings
}

// limits tells a rule in short.
func limits(r guard.Rule) string {
	var most []string
	for _, l := range []struct {
		format string
		value  any
		set    bool
	}{
		{"%v each", r.PerTransaction, r.PerTransaction != ""},
		{"%v in 24 hours", r.PerDay, r.PerDay != ""},
		{"%v in 24 hours with one number", r.PerPartyPerDay, r.PerPartyPerDay != ""},
		{"to %d payees only", len(r.AllowedPayees), len(r.AllowedPayees) > 0},
		{"up to %v without a human", r.UnapprovedUpTo, r.UnapprovedUpTo != ""},
	} {
		if l.set {
			most = append(most, fmt.Sprintf(l.format, l.value))
		}
	}
	return fmt.Sprintf("%s %s in %s, %s: %s", cmp.Or(r.Provider, "every provider"), r.Effect, r.Environment, r.Currency,
		cmp.Or(strings.Join(most, ", "), "no limit"))
}
