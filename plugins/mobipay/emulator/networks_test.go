package emulator_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// documented is one line of the documents' tables, with a customer_id as they print it.
type documented struct {
	network  string
	ids      []int
	customer string
	where    string // currency and country
	c2b      string // what extra must have
	b2c      string
}

const (
	nameOnly  = "customer_name"
	nameEmail = "customer_name customer_email"
	nameURL   = "customer_name return_url"
	nameBIC   = "customer_name bic"
	forABank  = "customer_name customer_email bank_code"
	noPayouts = "none"
)

var documents = []documented{
	{"moov_bj", []int{99001}, "2290000000000", "XOF BJ", "", ""},
	{"mtn_bj", []int{9210}, "2290000000000", "XOF BJ", "", ""},
	{"orange_bf", []int{9209}, "22600000000", "XOF BF", "otp", ""},
	{"moov_bf", []int{99002}, "22600000000", "XOF BF", "", ""},
	{"orange_cm", []int{802, 9062, 702}, "237000000000", "XAF CM", "", ""},
	{"mtn_cm", []int{803, 9063, 703, 9131}, "237000000000", "XAF CM", "", ""},
	{"orange_cd", []int{2197}, "0800000000", "CDF CD", "", ""},
	{"airtel_cd", []int{2198}, "999000000", "CDF CD", "", ""},
	{"vodacom_cd", []int{2196}, "243000000000", "CDF CD", "", ""},
	{"africell_cd", []int{2199}, "0900000000", "CDF CD", "", ""},
	{"wave_gm", []int{9227}, "2200000000", "GMD GM", "", ""},
	{"mtn_ci", []int{2303, 2333, 699, 805, 9196, 2430}, "2250000000000", "XOF CI", "", nameOnly},
	{"orange_ci", []int{2304, 2334, 806, 9197}, "2250000000000", "XOF CI", "", nameOnly},
	{"moov_ci", []int{2305, 2335, 804, 9198}, "2250000000000", "XOF CI", "", nameOnly},
	{"wave_ci", []int{2306, 2336, 9199, 2431}, "2250000000000", "XOF CI", "", nameOnly},
	{"airtel_mw", []int{2087}, "265000000000", "MWK MW", "", nameOnly},
	{"tnm_mw", []int{2088}, "265000000000", "MWK MW", "", nameOnly},
	{"bank_ng", []int{2311, 706, 9122, 9143, 9231}, "16280954971628095000", "NGN NG", "", forABank},
	{"opay_ng", []int{2312, 9230}, "2348030000000", "NGN NG", "", ""},
	{"card_ng", []int{707, 9123}, "2348030000000", "NGN NG", "", noPayouts},
	{"vodafone_eg", []int{2313}, "201000000000", "EGP EG", nameURL, ""},
	{"orange_eg", []int{2314}, "201000000000", "EGP EG", nameURL, ""},
	{"etisalat_eg", []int{2315}, "201000000000", "EGP EG", nameURL, ""},
	{"orange_sn", []int{2354, 2398, 9203}, "221000000000", "XOF SN", "", ""},
	{"wave_sn", []int{2355, 2401, 9205}, "221000000000", "XOF SN", "", ""},
	{"free_sn", []int{2356, 2399}, "221000000000", "XOF SN", "", ""},
	{"emoney_sn", []int{2400}, "221000000000", "XOF SN", "", ""},
	{"bank_za", []int{2353}, "27000000000", "ZAR ZA", "", ""},
	{"orange_sl", []int{2361}, "232000000000", "SLE SL", "", ""},
	{"orange_sl", []int{2361}, "23276000000", "SLE SL", "", ""},
	{"airtel_rw", []int{2351}, "250000000000", "RWF RW", nameEmail, nameOnly},
	{"mtn_rw", []int{2352}, "250000000000", "RWF RW", nameEmail, nameOnly},
	{"yas_tz", []int{2109, 2111, 2308, 2323, 2339, 2403}, "255000000000", "TZS TZ", "", nameOnly},
	{"vodacom_tz", []int{2110, 2112, 2307, 2322, 2340}, "255000000000", "TZS TZ", "", nameOnly},
	{"halopesa_tz", []int{2108, 2113, 2309, 2338, 2404}, "255000000000", "TZS TZ", "", nameOnly},
	{"airtel_tz", []int{2107, 2114, 2310, 2337, 2402}, "255000000000", "TZS TZ", "", nameOnly},
	{"bank_tz", []int{2405}, "0123456000", "TZS TZ", nameBIC, nameBIC},
	{"moov_tg", []int{2357}, "228000000000", "XOF TG", nameOnly, nameOnly},
	{"moov_tg", []int{2358}, "22896000000", "XOF TG", nameEmail, nameOnly},
	{"togocel_tg", []int{2359, 2360}, "22890000000", "XOF TG", "", ""},
	{"airtel_ug", []int{2105, 808}, "256709000000", "UGX UG", nameEmail, nameOnly},
	{"mtn_ug", []int{2106, 809}, "256709000000", "UGX UG", nameEmail, nameOnly},
	{"airtel_zm", []int{2118, 2332, 2370}, "260000000000", "ZMW ZM", "", ""},
	{"mtn_zm", []int{2119, 2371}, "260000000000", "ZMW ZM", "", ""},
	{"zamtel_zm", []int{2372}, "260000000000", "ZMW ZM", "", ""},
	{"airtel_ke", []int{701, 2391}, "254000000000", "KES KE", "", ""},
	{"mtn_ke", []int{700, 9125}, "254000000000", "KES KE", "", ""},
	{"mpesa_ke", []int{2390, 2392, 2393, 798}, "254000000000", "KES KE", "", ""},
	{"airtel_gh", []int{705, 981}, "233000000000", "GHS GH", "", ""},
	{"mtn_gh", []int{704, 980, 9127}, "233000000000", "GHS GH", "", ""},
	{"vodafone_gh", []int{982}, "233000000000", "GHS GH", "", ""},
	{"simulator", []int{14}, "0900000000", "XXX XX", "", ""},
}

func (d documented) wire(id int) wire {
	return wire{
		network: d.network, id: id, prefix: strings.TrimSuffix(d.customer, "000"),
		currency: d.where[:3], country: d.where[4:], c2bExtra: extra(d.c2b), b2cExtra: extra(d.b2c),
	}
}

// extra is an object with these members.
func extra(names string) string {
	values := map[string]string{
		"customer_name": "Afi", "customer_email": "afi@shop.example", "bank_code": "000001", "bic": "NMIBTZTZ",
		"return_url": "https://shop.example/", "otp": "5647",
	}
	var members []string
	for _, name := range strings.Fields(names) {
		members = append(members, fmt.Sprintf("%q:%q", name, values[name]))
	}
	if members == nil {
		return ""
	}
	return "{" + strings.Join(members, ",") + "}"
}

// Every provider id that the documents print pays and is paid, as its network and its country have it.
func TestEveryProviderID(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for i, d := range documents {
		for _, id := range d.ids {
			w, order := d.wire(id), fmt.Sprintf("T%d-%d", i, id)
			if got := b.call(c2b, w.requestFor("1000.00", "000", order, w.c2bExtra)); read(t, got).Result.Code != 0 {
				t.Errorf("%s %d, payment: %s (%s)", d.network, id, got, reason(got))
			}
			if tx := b.Line(order); tx.Network != d.network || tx.Currency != w.currency || tx.MSISDN != d.customer {
				t.Errorf("%s %d: the books hold %+v", d.network, id, tx)
			}
			got := b.call(b2c, w.requestFor("1000.00", "000", order+"-out", w.b2cExtra))
			if code := read(t, got).Result.Code; code != 0 && d.b2c != noPayouts || code == 0 && d.b2c == noPayouts {
				t.Errorf("%s %d, payout: %s (%s)", d.network, id, got, reason(got))
			}
		}
	}
}

// What extra must have, it must have.
func TestWhatExtraMustHave(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, d := range documents {
		for call, names := range map[string]string{c2b: d.c2b, b2c: d.b2c} {
			for _, left := range strings.Fields(names) {
				w := d.wire(d.ids[0])
				rest := extra(strings.Replace(names, left, "", 1))
				got := b.call(call, w.requestFor("1000.00", "000", "T1", rest))
				if says := saying(t, got); left == "otp" && says != "-1/2" || left != "otp" && says != "3/90400" {
					t.Errorf("%s without %s, %s: %s (%s)", d.network, left, call, got, reason(got))
				}
			}
		}
	}
	for name, without := range map[string]string{
		"an empty name":            `{"customer_name":"","customer_email":"afi@shop.example"}`,
		"a name that is a number":  `{"customer_name":1,"customer_email":"afi@shop.example"}`,
		"an address without an at": `{"customer_name":"Afi","customer_email":"shop.example"}`,
		"a list":                   `["Afi","afi@shop.example"]`,
		"an empty list":            `[]`,
		"a string":                 `"Afi"`,
		"a relative return_url":    `{"customer_name":"Afi","customer_email":"afi@shop.example","return_url":"/thanks"}`,
		"code as return_url":       `{"customer_name":"Afi","customer_email":"afi@shop.example","return_url":"javascript:alert(1)"}`,
	} {
		if got := b.call(c2b, mtnRwanda.request("000", "T1", without)); saying(t, got) != "3/90400" {
			t.Errorf("%s: %s", name, got)
		}
	}
	b.Untouched()
}

// The numbers of a country, and of DR Congo's operators, are not taken in another spelling.
func TestHowNumbersAreSpelled(t *testing.T) {
	wrong := map[string][]string{
		"orange_cd":   {"8000000000", "800000000", "243800000000", "08000000000"},
		"airtel_cd":   {"0999000000", "099900000", "243999000000", "99900000"},
		"vodacom_cd":  {"0810000000", "810000000", "+243810000000"},
		"africell_cd": {"9000000000", "900000000", "243900000000"},
		"mtn_bj":      {"22996000000", "0196000000"},
		"moov_tg":     {"90000000", "2280000000", "2280000000000"},
		"bank_ng":     {"12345", "123456789012345678901", "NG12345678"},
		"bank_tz":     {"12345"},
		"orange_sn":   {"22100000000", "2210000000000", "222000000000", ""},
		"simulator":   {"none"},
	}
	b := newBench(t, emulation.Options{})
	for _, d := range documents {
		for _, number := range append(wrong[d.network], d.customer+"\u0660", d.customer+" ", "x"+d.customer[1:]) {
			w := d.wire(d.ids[0])
			body := strings.Replace(w.payment("000", "T1"), d.customer, number, 1)
			if says := saying(t, b.call(c2b, body)); says != "-1/10401" {
				t.Errorf("%s: %q: %s, want -1/10401", d.network, number, says)
			}
		}
	}
	b.Untouched()
}

// The limits of each id, or the widest that the documents give a country.
func TestLimits(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct {
		id       int
		call     string
		within   string
		beyond   string
		multiple string
	}{
		"Benin":                   {9210, c2b, "100.00 1000000.00", "99.99 1000000.01", ""},
		"Burkina Faso":            {9209, c2b, "200.00 1000000.00", "195.00 1000005.00", "201.00 202.50"},
		"Cameroon":                {9063, b2c, "500.00 500000.00", "499.99 500000.01", ""},
		"DR Congo":                {2198, c2b, "100.00 1500000.00", "99.99 1500000.01", ""},
		"Gambia":                  {9227, b2c, "10.00 999999999999.99", "9.99", ""},
		"Ivory Coast":             {2306, c2b, "5.00 999999999995.00", "", "1.00 6.00 5.50"},
		"Malawi":                  {2088, b2c, "50.00 750000.00", "49.99 750000.01", ""},
		"Nigeria":                 {706, c2b, "1.00 999999999999.99", "0.99", ""},
		"Nigeria, payout":         {2312, b2c, "1.00 100000000.00", "0.99 100000000.01", ""},
		"Egypt":                   {2315, b2c, "350.00 15000.00", "349.99 15000.01", ""},
		"Senegal":                 {2400, c2b, "100.00 1000000.00", "99.99 1000000.01", ""},
		"South Africa":            {2353, b2c, "0.01 999999999999.99", "", ""},
		"Rwanda":                  {2351, b2c, "100.00 10000000.00", "99.99 10000000.01", ""},
		"Tanzania":                {2403, b2c, "100.00 5000000.00", "99.99 5000000.01", ""},
		"Togo 2357":               {2357, c2b, "200.00 1000000.00", "199.99 1000000.01", ""},
		"Togo 2357, payout":       {2357, b2c, "500.00", "499.99", ""},
		"Togo 2358":               {2358, b2c, "5.00", "4.99", ""},
		"Togo 2359, payout":       {2359, b2c, "100.00 500000.00", "99.99 500000.01", ""},
		"Togo 2359":               {2359, c2b, "1000000.00", "1000000.01", ""},
		"Togo 2360":               {2360, c2b, "0.01 999999999999.99", "", ""},
		"Uganda":                  {809, b2c, "500.00 5000000.00", "499.99 5000000.01", ""},
		"Zambia":                  {2372, c2b, "1.00 20000.00", "0.99 20000.01", ""},
		"Kenya":                   {798, c2b, "1.00 250000.00", "0.99 250000.01", ""},
		"Kenya, payout":           {798, b2c, "10.00 1000000.00", "9.99 1000000.01", ""},
		"Ghana":                   {705, c2b, "1.00 999999999999.99", "0.99", ""},
		"Ghana 980":               {980, c2b, "1.00 2000.00", "0.99 2000.01", ""},
		"Ghana 981":               {981, c2b, "100.00 999999999999.99", "99.99", ""},
		"Ghana 981, payout":       {981, b2c, "10.00 25000.00", "9.99 25000.01", ""},
		"Ghana 982":               {982, c2b, "100.00 25000.00", "99.99 25000.01", ""},
		"the simulator, anything": {14, c2b, "0.01 999999999999.99", "", ""},
	} {
		w := wireOf(t, tt.id)
		for amount, want := range verdicts(tt.within, tt.beyond, tt.multiple) {
			needed := map[string]string{c2b: w.c2bExtra, b2c: w.b2cExtra}[tt.call]
			got := b.call(tt.call, w.requestFor(amount, "000", strconv.Itoa(tt.id)+tt.call+amount, needed))
			if f := read(t, got); f.Result.Code != want {
				t.Errorf("%s, %s: %s (%s), want %d", name, amount, got, reason(got), want)
			}
		}
	}
}

func wireOf(t *testing.T, id int) wire {
	t.Helper()
	i := slices.IndexFunc(documents, func(d documented) bool { return slices.Contains(d.ids, id) })
	if i < 0 {
		t.Fatalf("%d is not in the documents", id)
	}
	return documents[i].wire(id)
}

// verdicts are amounts and the result.code that each of them gets.
func verdicts(within, beyond, multiple string) map[string]int {
	verdict := map[string]int{}
	for amounts, code := range map[string]int{within: 0, beyond: 90402, multiple: 90400} {
		for _, amount := range strings.Fields(amounts) {
			verdict[amount] = code
		}
	}
	return verdict
}

// The configuration chooses an id where the documents do not, and it works.
func TestTheChosenProviderIDs(t *testing.T) {
	want := map[string]bool{}
	for _, d := range documents {
		several := slices.ContainsFunc(documents, func(o documented) bool { return o.network == d.network && o.ids[0] != d.ids[0] })
		if len(d.ids) > 1 || several || d.ids[0] > 99000 {
			want[d.network] = true
		}
	}
	b := newBench(t, emulation.Options{})
	got := map[string]bool{}
	for i, entry := range strings.Split(emulator.New(emulation.Options{}).Config()["MOBIPAY_PROVIDER_IDS"], ",") {
		network, number, _ := strings.Cut(entry, "=")
		id, err := strconv.Atoi(number)
		if err != nil || got[network] {
			t.Fatalf("%s: %v", entry, err)
		}
		got[network] = true
		w, order := wireOf(t, id), fmt.Sprintf("T%d", i)
		if answer := b.call(c2b, w.requestFor("1000.00", "000", order, w.c2bExtra)); read(t, answer).Result.Code != 0 || b.Line(order).Network != network {
			t.Errorf("%s: %s", entry, answer)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("chosen for %v\nwant %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
