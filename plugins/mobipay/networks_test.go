package mobipay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// The table is read at every start, and nowhere checked but here.
func TestTableIsSound(t *testing.T) {
	t.Parallel()
	d := json.NewDecoder(bytes.NewReader(tableFile))
	d.DisallowUnknownFields()
	if err := d.Decode(&struct {
		Networks []network `json:"networks"`
	}{}); err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`^[a-z0-9]+(_[a-z]{2})?$`) // the inputs' pattern
	var seen []string
	for _, n := range table() {
		for _, problem := range n.problems() {
			t.Errorf("%s: %s", n.ID, problem)
		}
		if slices.Contains(seen, n.ID) || !ids.MatchString(n.ID) {
			t.Errorf("%q is there twice, or no input can name it", n.ID)
		}
		seen = append(seen, n.ID)
	}
	if len(countries()) != 19 || len(seen) < 40 {
		t.Errorf("%d countries and %d networks", len(countries()), len(seen))
	}
}

// problems reports what is wrong with an entry of the table.
func (n network) problems() []string {
	var p []string
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	wrong(n.Name == "", "it has no name")
	wrong((n.Country == "") != (n.ID == simulator), "only the simulator has no country")
	wrong(n.Country != "" && !strings.HasSuffix(n.ID, "_"+strings.ToLower(n.Country)), "its id does not end in its country")
	wrong(!slices.Contains([]format{international, trunk, local}, n.Number), "unknown number format %q", n.Number)
	wrong(!n.offers(collect) && !n.offers(disburse), "it offers nothing")
	for id := range n.ByProviderID {
		i, err := strconv.Atoi(id)
		wrong(err != nil || !slices.Contains(n.ProviderIDs, i), "it has no provider id %s", id)
	}
	for _, t := range n.all() {
		wrong(t.Collect != nil && t.Collect.Flow.told() == "", "unknown flow of a collection")
		wrong(t.Disburse != nil && t.Disburse.Flow != "", "a payout with a flow")
		wrong(t.Disburse != nil && t.Disburse.Account && t.Disburse.bankIn() == "", "a payout to an account without a bank")
		wrong(t.Collect != nil && t.Collect.Account, "a collection from an account")
		for _, r := range []*rule{t.Collect, t.Disburse} {
			p = append(p, r.problems(n.Currency)...)
		}
	}
	return p
}

func (r *rule) problems(currency capabilities.Currency) []string {
	if r == nil {
		return nil
	}
	var p []string
	for _, a := range []capabilities.Amount{r.Min, r.Max, r.MultipleOf} {
		if a == "" {
			continue
		}
		if _, err := capabilities.ParseMoney(a, currency); err != nil {
			p = append(p, err.Error())
		}
	}
	for _, name := range slices.Concat(r.Requires, r.Takes) {
		if _, known := wordsFor(name); !known {
			p = append(p, fmt.Sprintf("unknown extra field %q", name))
		}
	}
	return p
}

// The provider ids of every network, as the documents give them. Money that
// goes out with another's id goes to another operator.
func TestProviderIDsOfTheDocuments(t *testing.T) {
	t.Parallel()
	documented := map[string][]int{
		"simulator": {14},
		"mtn_bj":    {9210}, "moov_bj": {},
		"orange_bf": {9209}, "moov_bf": {},
		"orange_cm": {802, 9062, 702}, "mtn_cm": {803, 9063, 703, 9131},
		"orange_cd": {2197}, "airtel_cd": {2198}, "vodacom_cd": {2196}, "africell_cd": {2199},
		"wave_gm": {9227},
		"mtn_ci":  {2303, 2333, 699, 805, 9196, 2430}, "orange_ci": {2304, 2334, 806, 9197},
		"moov_ci": {2305, 2335, 804, 9198}, "wave_ci": {2306, 2336, 9199, 2431},
		"airtel_mw": {2087}, "tnm_mw": {2088},
		"bank_ng": {2311, 706, 9122, 9143, 9231}, "opay_ng": {2312, 9230}, "card_ng": {707, 9123},
		"vodafone_eg": {2313}, "orange_eg": {2314}, "etisalat_eg": {2315},
		"orange_sn": {2354, 2398, 9203}, "wave_sn": {2355, 2401, 9205}, "free_sn": {2356, 2399}, "emoney_sn": {2400},
		"bank_za":   {2353},
		"orange_sl": {2361},
		"airtel_rw": {2351}, "mtn_rw": {2352},
		"yas_tz": {2109, 2111, 2308, 2323, 2339, 2403}, "vodacom_tz": {2110, 2112, 2307, 2322, 2340},
		"halopesa_tz": {2108, 2113, 2309, 2338, 2404}, "airtel_tz": {2107, 2114, 2310, 2337, 2402}, "bank_tz": {2405},
		"moov_tg": {2357, 2358}, "togocel_tg": {2359, 2360},
		"airtel_ug": {2105, 808}, "mtn_ug": {2106, 809},
		"airtel_zm": {2118, 2332, 2370}, "mtn_zm": {2119, 2371}, "zamtel_zm": {2372},
		"airtel_ke": {701, 2391}, "mtn_ke": {700, 9125}, "mpesa_ke": {2390, 2392, 2393, 798},
		"airtel_gh": {705, 981}, "mtn_gh": {704, 980, 9127}, "vodafone_gh": {982},
	}
	owners := map[int]string{}
	for _, n := range table() {
		if want, known := documented[n.ID]; !known || !slices.Equal(n.ProviderIDs, want) {
			t.Errorf("%s has the provider ids %v, want %v", n.ID, n.ProviderIDs, want)
		}
		for _, id := range n.ProviderIDs {
			if owners[id] != "" {
				t.Errorf("%d belongs to %s and to %s", id, owners[id], n.ID)
			}
			owners[id] = n.ID
		}
	}
	if len(table()) != len(documented) {
		t.Errorf("%d networks, want %d", len(table()), len(documented))
	}
}

// A flow that nobody documented is said to be assumed. Only DR Congo and Malawi
// are said to need nothing more than a prompt.
func TestAssumedFlowsAreSaidToBe(t *testing.T) {
	t.Parallel()
	for _, n := range table() {
		assumed := n.Collect != nil && n.Collect.Flow == flowPush && n.Country != "CD" && n.Country != "MW"
		if said := slices.Contains(n.Uncertain, "The documents name no flow here: push is assumed."); said != assumed {
			t.Errorf("%s: that push is assumed is said: %t, want %t", n.ID, said, assumed)
		}
	}
}

// A network that other providers reach too is the same one here.
func TestSharedNetworksAreTheSame(t *testing.T) {
	t.Parallel()
	for _, s := range shared() {
		n, known := named(s.ID)
		if !known || n.Name != s.Name || n.Country != s.Country || n.Currency != s.Currency {
			t.Errorf("%s is %+v here, and %+v elsewhere", s.ID, n, s)
		}
	}
	listed := networks()
	if len(listed) != len(table()) {
		t.Errorf("%d networks are listed, of %d", len(listed), len(table()))
	}
	for _, n := range listed {
		isShared := slices.ContainsFunc(shared(), func(s capabilities.Network) bool { return s.ID == n.ID })
		if isShared != (len(n.Prefixes) > 0) {
			t.Errorf("%s has the prefixes %v", n.ID, n.Prefixes)
		}
	}
}

func TestEveryCountryHasAnExample(t *testing.T) {
	t.Parallel()
	for _, country := range countries() {
		e := example(country)
		if number, of, err := capabilities.ParseMSISDN(string(e)); err != nil || of != country || number != e {
			t.Errorf("%s: %q is a number of %q, %v", country, e, of, err)
		}
	}
}

// DR Congo writes one number in three ways.
func TestNumberFormats(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"orange_cd": "0812345678", "airtel_cd": "812345678", "vodacom_cd": "243812345678", "africell_cd": "0812345678",
	} {
		n, _ := named(id)
		if got := n.Number.spell("243812345678"); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestTwoDecimals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount   capabilities.Amount
		currency capabilities.Currency
		want     string
	}{
		{"5000", "XOF", "5000.00"},
		{"5000.0", "XOF", "5000.00"},
		{"12.5", "GHS", "12.50"},
		{"12.05", "GHS", "12.05"},
		{"0.01", "NGN", "0.01"},
		{"999999999999", "UGX", "999999999999.00"},
		{"1.5", "TND", "1.50"},
		{"1.505", "TND", ""}, // a thousandth, which MobiPay cannot be told
	} {
		m, err := capabilities.ParseMoney(tt.amount, tt.currency)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := twoDecimals(m); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %t; want %q", m, got, ok, tt.want)
		}
	}
}

func TestProviderIDs(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]map[string]int{
		"":                                {},
		" ":                               {},
		"mtn_ci=2303":                     {"mtn_ci": 2303},
		" mtn_ci = 2303 , orange_ci=2304": {"mtn_ci": 2303, "orange_ci": 2304},
		"moov_bj=12345":                   {"moov_bj": 12345}, // the table has none
		"mtn_bj=1":                        {"mtn_bj": 1},      // the manager's word beats the table
		"simulator=15":                    {"simulator": 15},
		"simulator=14":                    {"simulator": 14},
	} {
		got, err := parseProviderIDs(setting)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %v, %v", setting, got, err)
		}
	}
	for setting, says := range map[string]string{
		"2303":                    `"2303"`,
		"mtn_ci":                  `"mtn_ci"`,
		"mtn_ci=":                 `"mtn_ci="`,
		"mtn_ci=x":                `"mtn_ci=x"`,
		"mtn_ci=-5":               `"mtn_ci=-5"`,
		"mtn_ci=0":                `"mtn_ci=0"`,
		"mtn_ci=23.5":             `"mtn_ci=23.5"`,
		"mtn_ci=2303,":            `""`,
		"mtn_ci=2303;moov_ci=1":   `"mtn_ci=2303;moov_ci=1"`,
		"mtn_ci=2303,mtn_xx=1":    `"mtn_xx=1" names no network`,
		"mtn_ci=2303, mtn_ci=805": `"mtn_ci=805" names a network for the second time`,
		"mtn_bj=2352":             `"mtn_bj=2352" gives mtn_bj the provider id of mtn_rw`,
		"moov_bj=9210":            `gives moov_bj the provider id of mtn_bj`,
		"mtn_bj=14":               `gives mtn_bj the provider id of simulator`,
		"simulator=2303":          `gives simulator the provider id of mtn_ci`,
	} {
		_, err := parseProviderIDs(setting)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "misconfigured") {
			t.Errorf("%q: %v; it does not say %s", setting, err, says)
		}
	}
}

// The bounds of every network, as the documents give them.
func TestLimits(t *testing.T) {
	t.Parallel()
	for networks, bounds := range map[string][4]capabilities.Amount{ // payments' least and most, payouts' least and most
		"mtn_bj moov_bj":                             {"100", "1000000", "100", "1000000"},
		"orange_bf moov_bf":                          {"200", "1000000", "200", "1000000"},
		"orange_cm mtn_cm":                           {"500", "500000", "500", "500000"},
		"orange_cd airtel_cd vodacom_cd africell_cd": {"100", "1500000", "100", "1500000"},
		"wave_gm":                                    {"10", "", "10", ""},
		"mtn_ci orange_ci moov_ci wave_ci":           {"1", "", "1", ""},
		"airtel_mw tnm_mw":                           {"50", "750000", "50", "750000"},
		"bank_ng opay_ng":                            {"1", "", "1", "100000000"},
		"vodafone_eg orange_eg etisalat_eg":          {"350", "15000", "350", "15000"},
		"orange_sn wave_sn free_sn emoney_sn":        {"100", "1000000", "100", "1000000"},
		"airtel_rw mtn_rw":                           {"100", "10000000", "100", "10000000"},
		"yas_tz vodacom_tz halopesa_tz airtel_tz":    {"100", "5000000", "100", "5000000"},
		"airtel_ug mtn_ug":                           {"500", "5000000", "500", "5000000"},
		"airtel_zm mtn_zm zamtel_zm":                 {"1", "20000", "1", "20000"},
		"airtel_ke mtn_ke mpesa_ke":                  {"1", "250000", "10", "1000000"},
		"moov_tg=2357":                               {"200", "1000000", "500", "1000000"},
		"moov_tg=2358":                               {"5", "1000000", "5", "1000000"},
		"togocel_tg=2359":                            {"100", "1000000", "100", "500000"},
		"togocel_tg=2360 mtn_gh=704 airtel_gh=705":   {},
		"mtn_gh=980":                                 {"1", "2000", "1", "2000"},
		"airtel_gh=981":                              {"100", "", "10", "25000"},
		"vodafone_gh=982":                            {"100", "25000", "10", "25000"},
		"bank_za orange_sl simulator":                {},
	} {
		for entry := range strings.FieldsSeq(networks) {
			name, setting, _ := strings.Cut(entry, "=")
			n, known := named(name)
			id, _ := strconv.Atoi(setting) // without one, the bounds of all
			got := [4]capabilities.Amount{}
			for i, d := range []direction{collect, disburse} {
				if r := n.rule(d, id); r != nil {
					got[2*i], got[2*i+1] = r.Min, r.Max
				}
			}
			if !known || got != bounds {
				t.Errorf("%s has the bounds %v, want %v", entry, got, bounds)
			}
		}
	}
}

// What depends on the provider id follows the one in force.
func TestRulesFollowTheProviderID(t *testing.T) {
	t.Parallel()
	n, _ := named("moov_tg")
	for id, want := range map[int]capabilities.Amount{2357: "200", 2358: "5", 99: ""} {
		if got := n.rule(collect, id).Min; got != want {
			t.Errorf("id %d collects from %q, want %q", id, got, want)
		}
	}
}

// An account that has a setting has that id, whatever the table says.
func TestProviderIDInForce(t *testing.T) {
	t.Parallel()
	c := &client{providerIDs: map[string]int{"mtn_ci": 805, "mtn_bj": 77}}
	for id, want := range map[string]int{"mtn_ci": 805, "mtn_bj": 77, "vodacom_cd": 2196} {
		n, _ := named(id)
		if got, err := c.providerID(n); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", id, got, err, want)
		}
	}
	for id, says := range map[string]string{"orange_ci": "2304, 2334, 806, 9197", "moov_bj": "give none"} {
		n, _ := named(id)
		if _, err := c.providerID(n); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "MOBIPAY_PROVIDER_IDS="+id) {
			t.Errorf("%s: %v; it does not say %q", id, err, says)
		}
	}
}
