package emulator

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// country is what holds for all operators of a country.
type country struct {
	code     string
	currency string
	number   string // the pattern of customer_id
	limits   limits
	multiple int64 // of which every amount is one, in major units; 0: of anything
}

// account is the pattern of account numbers, of which the documents give no format, and of what the
// simulator takes.
const account = `\d{6,20}`

// limits are in major units and in the order of the documents' tables. 0 is none.
type limits struct {
	c2bLeast, b2cLeast, c2bMost, b2cMost int64
}

var (
	benin       = country{"BJ", "XOF", `229\d{10}`, limits{100, 100, 1_000_000, 1_000_000}, 0}
	burkina     = country{"BF", "XOF", `226\d{8}`, limits{200, 200, 1_000_000, 1_000_000}, 5}
	cameroon    = country{"CM", "XAF", `237\d{9}`, limits{500, 500, 500_000, 500_000}, 0}
	congo       = country{"CD", "CDF", `243\d{9}`, limits{100, 100, 1_500_000, 1_500_000}, 0}
	gambia      = country{"GM", "GMD", `220\d{7}`, limits{10, 10, 0, 0}, 0}
	ivoryCoast  = country{"CI", "XOF", `225\d{10}`, limits{1, 1, 0, 0}, 5}
	malawi      = country{"MW", "MWK", `265\d{9}`, limits{50, 50, 750_000, 750_000}, 0}
	nigeria     = country{"NG", "NGN", account, limits{1, 1, 0, 100_000_000}, 0}
	egypt       = country{"EG", "EGP", `20\d{10}`, limits{350, 350, 15_000, 15_000}, 0}
	senegal     = country{"SN", "XOF", `221\d{9}`, limits{100, 100, 1_000_000, 1_000_000}, 0}
	southAfrica = country{"ZA", "ZAR", `27\d{9}`, limits{}, 0}
	sierraLeone = country{"SL", "SLE", `232\d{8,9}`, limits{}, 0}
	rwanda      = country{"RW", "RWF", `250\d{9}`, limits{100, 100, 10_000_000, 10_000_000}, 0}
	tanzania    = country{"TZ", "TZS", `255\d{9}`, limits{100, 100, 5_000_000, 5_000_000}, 0}
	togo        = country{"TG", "XOF", `228\d{8,9}`, limits{}, 0}
	uganda      = country{"UG", "UGX", `256\d{9}`, limits{500, 500, 5_000_000, 5_000_000}, 0}
	zambia      = country{"ZM", "ZMW", `260\d{9}`, limits{1, 1, 20_000, 20_000}, 0}
	kenya       = country{"KE", "KES", `254\d{9}`, limits{1, 10, 250_000, 1_000_000}, 0}
	ghana       = country{"GH", "GHS", `233\d{9}`, limits{1, 1, 0, 25_000}, 0}
	anywhere    = country{number: account}
)

// flow is what an operation asks of people before it is final.
type flow int

const (
	push        flow = iota // to confirm on the telephone, or nothing
	codeFirst               // a one-time code that comes with the request
	codeLater               // a one-time code that comes with the request, or afterwards by status
	onPage                  // a page, to which status leads
	byTransfer              // to transfer money to an account, which the answer tells
	simulated               // nothing: it never goes on
	unconfirmed             // a confirmation that nobody knows how to give
)

// What extra must have.
var (
	nothing  = []string{}
	fullName = []string{"customer_name"}
	contact  = []string{"customer_name", "customer_email"}
)

// channel is one line of the documents' tables: provider ids of a network for which the same holds.
type channel struct {
	network string
	in      country
	asks    flow     // of a payment
	c2b     []string // what extra must have for a payment
	b2c     []string // and for a payout; nil: there are none
	ids     []int64
}

// channels are the documents' tables, in the documents' order.
var channels = []*channel{
	{"simulator", anywhere, simulated, nothing, nothing, []int64{14}},
	{"moov_bj", benin, push, nothing, nothing, []int64{99001}},
	{"mtn_bj", benin, push, nothing, nothing, []int64{9210}},
	{"orange_bf", burkina, codeFirst, nothing, nothing, []int64{9209}},
	{"moov_bf", burkina, push, nothing, nothing, []int64{99002}},
	{"orange_cm", cameroon, push, nothing, nothing, []int64{802, 9062, 702}},
	{"mtn_cm", cameroon, push, nothing, nothing, []int64{803, 9063, 703, 9131}},
	{"orange_cd", congo.numbers(`0\d{9}`), push, nothing, nothing, []int64{2197}},
	{"airtel_cd", congo.numbers(`[1-9]\d{8}`), push, nothing, nothing, []int64{2198}},
	{"vodacom_cd", congo, push, nothing, nothing, []int64{2196}},
	{"africell_cd", congo.numbers(`0\d{9}`), push, nothing, nothing, []int64{2199}},
	{"wave_gm", gambia, push, nothing, nothing, []int64{9227}},
	{"mtn_ci", ivoryCoast, push, nothing, fullName, []int64{2303, 2333, 699, 805, 9196, 2430}},
	{"orange_ci", ivoryCoast, codeLater, nothing, fullName, []int64{2304, 2334, 806, 9197}},
	{"moov_ci", ivoryCoast, push, nothing, fullName, []int64{2305, 2335, 804, 9198}},
	{"wave_ci", ivoryCoast, push, nothing, fullName, []int64{2306, 2336, 9199, 2431}},
	{"airtel_mw", malawi, push, nothing, fullName, []int64{2087}},
	{"tnm_mw", malawi, push, nothing, fullName, []int64{2088}},
	{"bank_ng", nigeria, byTransfer, nothing, []string{"customer_name", "customer_email", "bank_code"}, []int64{2311, 706, 9122, 9143, 9231}},
	{"opay_ng", nigeria, byTransfer, nothing, nothing, []int64{2312, 9230}},
	{"card_ng", nigeria, onPage, nothing, nil, []int64{707, 9123}},
	{"vodafone_eg", egypt, onPage, []string{"customer_name", "return_url"}, nothing, []int64{2313}},
	{"orange_eg", egypt, onPage, []string{"customer_name", "return_url"}, nothing, []int64{2314}},
	{"etisalat_eg", egypt, onPage, []string{"customer_name", "return_url"}, nothing, []int64{2315}},
	{"orange_sn", senegal, push, nothing, nothing, []int64{2354, 2398, 9203}},
	{"wave_sn", senegal, push, nothing, nothing, []int64{2355, 2401, 9205}},
	{"free_sn", senegal, push, nothing, nothing, []int64{2356, 2399}},
	{"emoney_sn", senegal, push, nothing, nothing, []int64{2400}},
	{"bank_za", southAfrica, push, nothing, nothing, []int64{2353}},
	{"orange_sl", sierraLeone, push, nothing, nothing, []int64{2361}},
	{"airtel_rw", rwanda, onPage, contact, fullName, []int64{2351}},
	{"mtn_rw", rwanda, onPage, contact, fullName, []int64{2352}},
	{"yas_tz", tanzania, push, nothing, fullName, []int64{2109, 2111, 2308, 2323, 2339, 2403}},
	{"vodacom_tz", tanzania, push, nothing, fullName, []int64{2110, 2112, 2307, 2322, 2340}},
	{"halopesa_tz", tanzania, push, nothing, fullName, []int64{2108, 2113, 2309, 2338, 2404}},
	{"airtel_tz", tanzania, push, nothing, fullName, []int64{2107, 2114, 2310, 2337, 2402}},
	{"bank_tz", tanzania.numbers(account), push, []string{"customer_name", "bic"}, []string{"customer_name", "bic"}, []int64{2405}},
	{"moov_tg", togo.within(limits{200, 500, 1_000_000, 1_000_000}), push, fullName, fullName, []int64{2357}},
	{"moov_tg", togo.within(limits{5, 5, 1_000_000, 1_000_000}), push, contact, fullName, []int64{2358}},
	{"togocel_tg", togo.within(limits{100, 100, 1_000_000, 500_000}), push, nothing, nothing, []int64{2359}},
	{"togocel_tg", togo, push, nothing, nothing, []int64{2360}},
	{"airtel_ug", uganda, onPage, contact, fullName, []int64{2105, 808}},
	{"mtn_ug", uganda, onPage, contact, fullName, []int64{2106, 809}},
	{"airtel_zm", zambia, push, nothing, nothing, []int64{2118, 2332, 2370}},
	{"mtn_zm", zambia, push, nothing, nothing, []int64{2119, 2371}},
	{"zamtel_zm", zambia, push, nothing, nothing, []int64{2372}},
	{"airtel_ke", kenya, push, nothing, nothing, []int64{701, 2391}},
	{"mtn_ke", kenya, push, nothing, nothing, []int64{700, 9125}},
	{"mpesa_ke", kenya, push, nothing, nothing, []int64{2390, 2392, 2393, 798}},
	{"airtel_gh", ghana, push, nothing, nothing, []int64{705}},
	{"airtel_gh", ghana.within(limits{100, 10, 0, 25_000}), push, nothing, nothing, []int64{981}},
	{"mtn_gh", ghana, push, nothing, nothing, []int64{704, 9127}},
	{"mtn_gh", ghana.within(limits{1, 1, 2_000, 2_000}), push, nothing, nothing, []int64{980}},
	{"vodafone_gh", ghana.within(limits{100, 10, 25_000, 25_000}), push, nothing, nothing, []int64{982}},
}

// withoutID are the networks whose provider_id is the emulator's own.
var withoutID = []string{"moov_bj", "moov_bf"}

// numbers is the country as an operator has it whose numbers are spelled in another way.
func (c country) numbers(pattern string) country {
	c.number = pattern
	return c
}

// within is the country as a provider id has it for which other limits hold.
func (c country) within(l limits) country {
	c.limits = l
	return c
}

// channelOf is the channel of a provider id.
func channelOf(id int64) (*channel, bool) {
	i := slices.IndexFunc(channels, func(c *channel) bool { return slices.Contains(c.ids, id) })
	if i < 0 {
		return nil, false
	}
	return channels[i], true
}

// needs is what extra must have.
func (c *channel) needs(op emulation.Operation) []string {
	if op == emulation.Collect {
		return c.c2b
	}
	return c.b2c
}

// of is the least and the most that an operation may move, in major units. No most is 0.
func (l limits) of(op emulation.Operation) (least, most int64) {
	if op == emulation.Collect {
		return l.c2bLeast, l.c2bMost
	}
	return l.b2cLeast, l.b2cMost
}

// chosenIDs are the networks for which a merchant has to choose one of several provider ids, or to be
// told the only one, with the first id of each, as network=id.
func chosenIDs() []string {
	ids := map[string]int{}
	for _, c := range channels {
		ids[c.network] += len(c.ids)
	}
	var chosen []string
	for _, c := range channels {
		if ids[c.network] > 1 || slices.Contains(withoutID, c.network) {
			chosen = append(chosen, fmt.Sprintf("%s=%d", c.network, c.ids[0]))
			ids[c.network] = 0
		}
	}
	return chosen
}

// has tells whether customer_id is spelled as the country's numbers are.
func (c country) has(customer string) bool {
	return regexp.MustCompile(`^(?:` + c.number + `)$`).MatchString(customer)
}
