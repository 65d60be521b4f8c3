package guard_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/host/guard"
)

// rule is a sound rule with one line of it written otherwise, or one more.
func rule(lines ...string) string {
	keys := map[string]string{"environment": "environment: production", "effect": "effect: pays_out", "currency": "currency: XOF"}
	policy := "rules:\n  - {"
	for _, l := range lines {
		key, _, _ := strings.Cut(l, ":")
		delete(keys, key)
		policy += l + ", "
	}
	for _, l := range keys {
		policy += l + ", "
	}
	return strings.TrimSuffix(policy, ", ") + "}\n"
}

func TestPoliciesThatAreTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy string
		window time.Duration
		rules  int
	}{
		"the default":                  {guard.StrictPolicy(), 15 * time.Minute, 2},
		"an empty file":                {"", guard.DefaultRepeatWindow, 0},
		"comments alone":               {"# nothing yet\n", guard.DefaultRepeatWindow, 0},
		"a window":                     {"repeat_window: 1h30m", 90 * time.Minute, 0},
		"no window is the default one": {"repeat_window: 0s", guard.DefaultRepeatWindow, 0},
		"providers":                    {"providers: [acme, bank]", guard.DefaultRepeatWindow, 0},
		"a rule without a limit":       {rule(), guard.DefaultRepeatWindow, 1},
		"an amount in quotes":          {rule(`per_transaction: "50000"`), guard.DefaultRepeatWindow, 1},
		"an amount without quotes":     {rule("per_transaction: 50000"), guard.DefaultRepeatWindow, 1},
		"decimals without quotes":      {rule("currency: GHS", "per_transaction: 12.50"), guard.DefaultRepeatWindow, 1},
		"decimals that are none":       {rule("per_transaction: 50000.00"), guard.DefaultRepeatWindow, 1},
		"an amount of many digits":     {rule("per_day: 9007199254740993"), guard.DefaultRepeatWindow, 1},
		"payees without quotes":        {rule("allowed_payees: [22890112233, +22890445566]"), guard.DefaultRepeatWindow, 1},
		"payees that are no numbers":   {rule("allowed_payees: [merchant-7]"), guard.DefaultRepeatWindow, 1},
		"what passes without a human":  {rule("allowed_payees: [22890112233]", "unapproved_up_to: 1000"), guard.DefaultRepeatWindow, 1},
		"a rule for money that comes":  {rule("effect: collects", "per_day: 1"), guard.DefaultRepeatWindow, 1},
		"a rule of one provider's":     {rule("provider: acme"), guard.DefaultRepeatWindow, 1},
	} {
		p, err := guard.ParsePolicy([]byte(c.policy))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.RepeatWindow != c.window || len(p.Rules) != c.rules || p.Digest() == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Whatever is wrong is refused, and the message says where, without a payee.
func TestPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	const payee = "90112233"
	for name, c := range map[string]struct{ policy, says string }{
		"no YAML":                         {"rules: [", "yaml"},
		"text":                            {"let everything pass", "unmarshal"},
		"a list":                          {"- providers", "unmarshal"},
		"nothing, in words":               {"null", "is empty"},
		"two policies":                    {rule() + "---\n" + rule(), "one policy"},
		"a broken second policy":          {rule() + "---\n[", "one policy"},
		"a key that there is not":         {"limits: 5", "limits not found"},
		"a key of a rule that is not":     {rule("per_transacton: 5"), "line 2: field per_transacton not found"},
		"a key twice":                     {"providers: [a]\nproviders: [b]", "already defined"},
		"a limit twice":                   {rule("per_day: 5", "per_day: 6"), "already defined"},
		"no providers":                    {"providers: []", "providers is empty"},
		"providers without any":           {"providers:", "providers is empty"},
		"one provider, no list":           {"providers: acme", "providers has to be a list"},
		"a provider without a name":       {`providers: [acme, ""]`, "providers is empty"},
		"rules without any":               {"rules:", "rules is empty"},
		"a rule that says nothing":        {"rules:\n  -\n", "rule 1 is empty"},
		"a rule that is text":             {"rules: [all]", "unmarshal"},
		"a window below zero":             {"repeat_window: -1m", "repeat_window is negative"},
		"a window without a unit":         {"repeat_window: 15", "repeat_window needs a unit"},
		"a window of nothing":             {"repeat_window: 0", "repeat_window needs a unit"},
		"a window in words":               {"repeat_window: long", "line 1"},
		"a window without a value":        {"repeat_window:", "repeat_window is empty"},
		"an environment that is not":      {rule("environment: live"), `rule 1: environment is "live"`},
		"an environment in capitals":      {rule("environment: PRODUCTION"), "rule 1: environment"},
		"no environment":                  {"rules: [{effect: pays_out, currency: XOF}]", `rule 1: environment is ""`},
		"an effect that is not":           {rule("effect: pay_out"), `rule 1: effect is "pay_out"`},
		"an effect that moves nothing":    {rule("effect: reads"), "rule 1: effect"},
		"no effect":                       {"rules: [{environment: sandbox, currency: XOF}]", "rule 1: effect"},
		"a currency that is not":          {rule("currency: CFA", "per_day: 5"), `rule 1: currency is "CFA"`},
		"a currency in small letters":     {rule("currency: xof", "allowed_payees: [22890112233]"), `rule 1: currency is "xof"`},
		"no currency":                     {"rules: [{environment: sandbox, effect: collects}]", `rule 1: currency is ""`},
		"an amount that is none":          {rule("per_transaction: plenty"), "rule 1: per_transaction"},
		"an amount of nothing":            {rule("per_day: 0"), "rule 1: per_day"},
		"an amount below zero":            {rule("per_payee_per_day: -5"), "rule 1: per_payee_per_day"},
		"an amount with an exponent":      {rule("per_transaction: 5e4"), "rule 1: per_transaction"},
		"an amount with commas":           {rule(`per_transaction: "50,000"`), "rule 1: per_transaction"},
		"an amount with underscores":      {rule("per_transaction: 50_000"), "rule 1: per_transaction"},
		"an amount with its currency":     {rule("per_transaction: 50000 XOF"), "rule 1: per_transaction"},
		"an amount in base 16":            {rule("per_transaction: 0x10"), "rule 1: per_transaction"},
		"an amount without an end":        {rule("per_transaction: .inf"), "rule 1: per_transaction"},
		"an amount that is yes":           {rule("per_transaction: true"), "rule 1: per_transaction"},
		"an amount finer than XOF":        {rule("per_transaction: 50000.5"), "rule 1: per_transaction"},
		"an amount that is too large":     {rule("unapproved_up_to: 99999999999999999999", "allowed_payees: [22890112233]"), "rule 1: unapproved_up_to"},
		"an amount without a value":       {rule("per_transaction: "), "rule 1: per_transaction is empty"},
		"an amount of no letters":         {rule(`per_day: ""`), "rule 1: per_day is empty"},
		"an amount that is null":          {rule("per_day: ~"), "rule 1: per_day is empty"},
		"an amount that is a list":        {rule("per_day: [5]"), "line 2"},
		"payees that are nobody":          {rule("allowed_payees: []"), "rule 1: allowed_payees is empty"},
		"payees without a value":          {rule("allowed_payees: "), "rule 1: allowed_payees is empty"},
		"a payee of no letters":           {rule(`allowed_payees: [""]`, "unapproved_up_to: 1000"), "rule 1: allowed_payees is empty"},
		"a payee, no list":                {rule("allowed_payees: " + payee), "rule 1: allowed_payees has to be a list"},
		"a payee in quotes, no list":      {rule(`allowed_payees: "` + payee + `"`), "rule 1: allowed_payees has to be a list"},
		"payees of what comes in":         {rule("effect: collects", "allowed_payees: [22890112233]"), "rule 1: allowed_payees needs effect pays_out"},
		"to anybody without a human":      {rule("unapproved_up_to: 1000"), "rule 1: unapproved_up_to needs"},
		"what comes in, without a human":  {rule("effect: collects", "unapproved_up_to: 1000"), "rule 1: unapproved_up_to needs"},
		"the second of two rules":         {rule() + "  - {environment: sandbox, effect: pays_out, currency: XOF, per_day: 0}", "rule 2: per_day"},
		"one that says nothing, of three": {rule() + "  - {environment: sandbox, effect: collects, currency: XOF}\n  - {environment: sandbox, effect: pays_out, currency: XOF, per_day: }", "rule 3: per_day is empty"},
	} {
		_, err := guard.ParsePolicy([]byte(c.policy))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; it does not say %q\n%s", name, err, c.says, c.policy)
		}
		if err != nil && strings.Contains(err.Error(), payee) {
			t.Errorf("%s: it repeats a payee: %v", name, err)
		}
	}
}

// One run shows all that is wrong.
func TestAPolicyReportsEverything(t *testing.T) {
	t.Parallel()
	_, err := guard.ParsePolicy([]byte("repeat_window: -1m\n" + rule("environment: live", "effect: gives", "per_day: 0") + "  - {environment: sandbox, effect: pays_out, currency: XXX1}"))
	for _, says := range []string{"repeat_window", "rule 1", "environment", "effect", "per_day", "rule 2", "currency"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("it does not say %q: %v", says, err)
		}
	}
}

// A policy that was changed in anything is another one: approvals that were
// given under it lapse.
func TestThePolicysDigest(t *testing.T) {
	t.Parallel()
	digests := map[string]bool{}
	for _, text := range []string{"", "# ", guard.StrictPolicy(), guard.StrictPolicy() + "\n", strings.Replace(guard.StrictPolicy(), "50000", "50001", 1)} {
		p, err := guard.ParsePolicy([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		digests[p.Digest()] = true
	}
	if len(digests) != 5 {
		t.Errorf("5 policies have %d digests", len(digests))
	}
}

// No file is the default policy. One that cannot be read is an error, never
// the default.
func TestReadPolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	none, err := guard.ReadPolicy(filepath.Join(dir, "none", "policy.yaml"))
	if err != nil || none.Digest() != guard.DefaultPolicy().Digest() {
		t.Errorf("without a file: %+v, %v", none, err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if p, err := guard.ReadPolicy(write("sound.yaml", rule("per_day: 5"))); err != nil || len(p.Rules) != 1 {
		t.Errorf("a sound file: %+v, %v", p, err)
	}
	if p, err := guard.ReadPolicy(write("broken.yaml", rule("per_day: "))); err == nil || p != nil || !strings.Contains(err.Error(), "broken.yaml") {
		t.Errorf("a broken file: %+v, %v", p, err)
	}
	if p, err := guard.ReadPolicy(dir); err == nil || p != nil {
		t.Errorf("a folder: %+v, %v", p, err)
	}
	locked := write("locked.yaml", guard.StrictPolicy())
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(locked); errors.Is(err, fs.ErrPermission) { // root reads everything
		if p, err := guard.ReadPolicy(locked); err == nil || p != nil {
			t.Errorf("a file that nobody may read: %+v, %v", p, err)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	for _, text := range []string{"", guard.StrictPolicy(), rule("per_day: 5"), "rules: [&a {environment: *a}]", "a: &a [*a]", "\xff", "---\n---\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := guard.ParsePolicy([]byte(text))
		if err == nil && (p.RepeatWindow <= 0 || p.Digest() == "") {
			t.Errorf("%q is taken as %+v", text, p)
		}
	})
}
