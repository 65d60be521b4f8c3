package mobipay_test

import (
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// A setting that cannot be right is told by its name before anything is sent.
func TestSettingsThatCannotBeRight(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ setting, value, says string }{
		"an address as public id":       {"MOBIPAY_PUBLIC_ID", "https://api.example/f54ec966", "MOBIPAY_PUBLIC_ID"},
		"a path as public id":           {"MOBIPAY_PUBLIC_ID", "../admin", "MOBIPAY_PUBLIC_ID"},
		"dots as public id":             {"MOBIPAY_PUBLIC_ID", "..", "MOBIPAY_PUBLIC_ID"},
		"callbacks in the clear":        {"MOBIPAY_CALLBACK_URL", "http://shop.example/mobipay", "MOBIPAY_CALLBACK_URL"},
		"callbacks to no address":       {"MOBIPAY_CALLBACK_URL", "shop.example", "MOBIPAY_CALLBACK_URL"},
		"callbacks with a password":     {"MOBIPAY_CALLBACK_URL", "https://me:secret@shop.example", "MOBIPAY_CALLBACK_URL"},
		"callbacks with a space":        {"MOBIPAY_CALLBACK_URL", "https://shop.example/a b", "MOBIPAY_CALLBACK_URL"},
		"a provider id of another":      {"MOBIPAY_PROVIDER_IDS", "mtn_bj=2352", "gives mtn_bj the provider id of mtn_rw"},
		"the simulator's provider id":   {"MOBIPAY_PROVIDER_IDS", "mtn_bj=14", "gives mtn_bj the provider id of simulator"},
		"provider ids of no network":    {"MOBIPAY_PROVIDER_IDS", "mtn_ci=2303,9210", `"9210" is no network with a number`},
		"provider ids of none there is": {"MOBIPAY_PROVIDER_IDS", "mtn_ng=1", `"mtn_ng=1" names no network`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, emulation.Options{}, func(settings map[string]string) { settings[tt.setting] = tt.value })
			a := b.collect(benin, emulation.Paid, "R-1")
			b.Wants(a, want{Kind: capabilities.Misconfigured, Message: tt.says})
			if strings.Contains(a.Text(), "secret@") {
				t.Errorf("a password is in:\n%s", a.Text())
			}
			b.Untouched()
		})
	}
}

// The manager's word is newer than the table: an id that is not in it is sent.
func TestProviderIDThatTheTableDoesNotHave(t *testing.T) {
	t.Parallel()
	settings := credentials()
	settings["MOBIPAY_PROVIDER_IDS"] = "moov_tg=5026"
	b, s := provider.Stubbed(t, settings)
	b.Call("initiate_payment", hosttest.Input{"reference": "R-1", "amount": "1", "network": "moov_tg", "msisdn": "22896000000"})
	if sent := s.Last(t); string(sent.Body["provider_id"]) != "5026" {
		t.Errorf("the provider id is %s", sent.Body["provider_id"])
	}
}

// Where MobiPay runs comes with the credentials: without it nothing is called,
// and the answer says what to set.
func TestAddressHasToBeGiven(t *testing.T) {
	t.Parallel()
	m, err := provider.Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	settings := credentials()
	settings["MOBIPAY_ENVIRONMENT"] = capabilities.Production
	resolved := host.Resolve(m, func(name string) (string, bool) { v, ok := settings[name]; return v, ok })
	if resolved.Problem == nil || !strings.Contains(resolved.Problem.Error(), "MOBIPAY_BASE_URL") {
		t.Errorf("%v; it does not name MOBIPAY_BASE_URL", resolved.Problem)
	}
	if len(resolved.Secrets) != 1 || resolved.Secrets[0] != settings["MOBIPAY_SECRET_KEY"] {
		t.Errorf("%d settings are secret", len(resolved.Secrets))
	}
	settings["MOBIPAY_BASE_URL"] = "https://brand.example/api"
	if resolved = host.Resolve(m, func(name string) (string, bool) { v, ok := settings[name]; return v, ok }); resolved.Problem != nil {
		t.Error(resolved.Problem)
	}
}

// What a host and its callers choose by: which networks have what.
func TestManifest(t *testing.T) {
	t.Parallel()
	m, err := provider.Provider().Reflect()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Capabilities {
		of := m.NetworksOf(&c)
		switch c.Name {
		case "initiate_payment", "disburse":
			if len(of) < 45 || len(of) == len(m.Networks) || !c.Idempotent || !c.Previews {
				t.Errorf("%s has %d of %d networks: %+v", c.Name, len(of), len(m.Networks), c.Spec)
			}
		case "confirm_payment":
			if len(of) != 1 || of[0].ID != "orange_ci" {
				t.Errorf("%s is for %v", c.Name, of)
			}
		}
	}
	if len(m.Countries) != 19 || len(m.Currencies) != 13 {
		t.Errorf("countries %v, currencies %v", m.Countries, m.Currencies)
	}
}
