package guard_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/host/guard"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// sound is a ledger that holds nothing.
func sound(t *testing.T) *ledger.SQLite {
	t.Helper()
	l := ledger.File(filepath.Join(t.TempDir(), "ledger.db"))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

var errDisk = errors.New("the disk is gone")

// broken is a ledger that answers nothing.
type broken struct{}

func (broken) Find(context.Context, ledger.Key) (ledger.Transaction, bool, error) {
	return ledger.Transaction{}, false, errDisk
}
func (broken) Spent(context.Context, ledger.Spending) (int64, error) { return 0, errDisk }
func (broken) Similar(context.Context, ledger.Transaction, time.Time) (ledger.Transaction, bool, error) {
	return ledger.Transaction{}, false, errDisk
}
func (broken) Vain(context.Context, ledger.Transaction, time.Time) (int, error) { return 0, errDisk }
func (broken) Approval(context.Context, string, ledger.ApprovalState, time.Time) (ledger.Approval, bool, error) {
	return ledger.Approval{}, false, errDisk
}
func (broken) Acknowledged(context.Context, string, string) (bool, error) { return false, errDisk }
func (broken) Ask(context.Context, ledger.Key, time.Time, time.Duration) (ledger.Question, error) {
	return ledger.Question{}, errDisk
}

// A guard that cannot look refuses: nothing is let through for want of an
// answer.
func TestGuardsThatCannotLookRefuse(t *testing.T) {
	t.Parallel()
	policy, err := guard.ParsePolicy([]byte("rules: [{environment: production, effect: pays_out, currency: XOF, per_day: 1000000, per_payee_per_day: 1000000}]"))
	if err != nil {
		t.Fatal(err)
	}
	money, err := capabilities.ParseMoney("5000", "XOF")
	if err != nil {
		t.Fatal(err)
	}
	hash := func(string, ...string) (string, error) { return "digest", nil }
	noKey := func(string, ...string) (string, error) { return "", errDisk }
	for _, g := range []guard.Guard{
		guard.Notices{}, guard.Reference{}, guard.Limits{}, guard.SuspectedRepeat{}, guard.Approval{Hash: hash}, guard.Approval{Hash: noKey},
		guard.PreCheck{Balances: func(context.Context, string, string) ([]capabilities.Balance, error) { return nil, errDisk }},
		guard.PollingPace{Questions: broken{}},
	} {
		c := to(capabilities.Production, "https://api.acme.example", capabilities.PaysOut)
		c.Manifest.Gotchas = gotchas.Catalogue{Gotchas: []gotchas.Gotcha{{ID: "acme.pay_out.1", Capability: "pay_out", MustTellUser: true}}}
		c.Capability.PreCheck, c.Capability.Polling = "balance", &capabilities.Polling{MinInterval: 1}
		c.Transaction = ledger.Transaction{Money: money, Party: "somebody"}
		c.Ledger, c.Policy = broken{}, policy
		if !refused(t, g, c) {
			t.Errorf("%s lets it through", g.Name())
		}
		var r *capabilities.Refusal
		if err := guard.Check(t.Context(), []guard.Guard{g}, c); errors.As(err, &r) && !strings.Contains(r.Message, errDisk.Error()) {
			t.Errorf("%s does not say why: %s", g.Name(), r.Message)
		}
	}
}

// An effect that nobody knows counts as paying out, for every guard.
func TestAnUnknownEffectPaysOut(t *testing.T) {
	t.Parallel()
	hash := func(string, ...string) (string, error) { return "digest", nil }
	l := sound(t)
	for _, effect := range []capabilities.Effect{"gives_away", "", "PAYS_OUT"} {
		c := to(capabilities.Production, "https://api.acme.example", effect)
		c.Ledger, c.Policy = l, guard.DefaultPolicy()
		var held *guard.Held
		if err := guard.Check(t.Context(), []guard.Guard{guard.Approval{Hash: hash}}, c); !errors.As(err, &held) {
			t.Errorf("%q: %v", effect, err)
		}
		if !refused(t, guard.Limits{}, c) {
			t.Errorf("%q: no limit holds", effect)
		}
	}
}

// Approval does not rely on another guard to know the payee: a rule lets only
// those pass that it names.
func TestNobodyElsePassesWithoutAHuman(t *testing.T) {
	t.Parallel()
	policy, err := guard.ParsePolicy([]byte("rules: [{environment: sandbox, effect: pays_out, currency: XOF, allowed_payees: [22890112233], unapproved_up_to: 5000}]"))
	if err != nil {
		t.Fatal(err)
	}
	l := sound(t)
	approval := guard.Approval{Hash: func(string, ...string) (string, error) { return "digest", nil }}
	for payee, free := range map[string]bool{"22890112233": true, "+22890112233": true, "22890112234": false, "": false} {
		c := to(capabilities.Sandbox, "https://api.acme.example", capabilities.PaysOut)
		c.Fields[capabilities.RolePayee] = payee
		c.Ledger, c.Policy = l, policy
		if c.Transaction.Money, err = capabilities.ParseMoney("5000", "XOF"); err != nil {
			t.Fatal(err)
		}
		var held *guard.Held
		err := guard.Check(t.Context(), []guard.Guard{approval}, c)
		if (err == nil) != free || !free && !errors.As(err, &held) {
			t.Errorf("%q: %v", payee, err)
		}
	}
}
