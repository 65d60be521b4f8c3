package mobipay_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay"
)

// rows are the networks that the provider lists.
func (b bench) rows(in hosttest.Input) []mobipay.NetworkRow {
	b.Helper()
	a := b.Call("list_networks", in)
	b.Wants(a, want{})
	var all mobipay.NetworksOutput
	b.Details(a, &all)
	return all.Networks
}

// fields are values for what networks require, by input field.
var fields = hosttest.Input{
	"customer_name": "Afi Mensah", "customer_email": "afi@shop.example", "otp": "5647", "return_url": "https://shop.example/thanks", "bank": "000001",
}

// undocumented are currencies of networks for which MobiPay names none.
var undocumented = map[string]string{"bank_za": "ZAR", "orange_sl": "SLE", "simulator": "XOF"}

// asked is a payment or payout that a row allows, from what the row says alone.
func asked(t *testing.T, n mobipay.NetworkRow, r *mobipay.Rule, payout bool, reference string) hosttest.Input {
	t.Helper()
	least, step := amountOf(t, r.Min), amountOf(t, r.MultipleOf)
	amount := max(least, 1)
	if step > 0 {
		amount = (amount + step - 1) / step * step
	}
	// Rows spell an example as "international: 22600000000, sent as it is".
	_, number, _ := strings.Cut(n.Number, "international: ")
	number, _, _ = strings.Cut(number, ",")
	in := hosttest.Input{"reference": reference, "amount": strconv.Itoa(amount), "currency": cmp.Or(string(n.Currency), undocumented[n.Network]), "network": n.Network}
	if payout && r.To == "account" {
		in["account"] = "0150000000000"
	} else {
		in["msisdn"] = cmp.Or(number, "2290196000000")
	}
	for _, field := range r.Requires {
		in[field] = fields[field]
	}
	if n.Network == "bank_tz" {
		in["bank"] = "CORUTZTZ"
	}
	return in
}

func amountOf(t *testing.T, a capabilities.Amount) int {
	t.Helper()
	if a == "" {
		return 0
	}
	n, err := strconv.Atoi(string(a))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Every network of the table, as it is listed: one payment and one payout each,
// to their end, wherever they are offered.
func TestEveryNetworkPaysAndIsPaid(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{})
	ended := map[string]int{}
	for _, n := range all.rows(nil) {
		t.Run(n.Network, func(t *testing.T) {
			b := all.in(t)
			if n.ProviderID == 0 || !slices.Contains(append(n.ProviderIDs, 99001, 99002), n.ProviderID) {
				t.Errorf("the provider id in force is %d, of %v", n.ProviderID, n.ProviderIDs)
			}
			if n.Collect != nil {
				ended["collect"]++
				in := asked(t, n, n.Collect, false, "IN-"+n.Network)
				b.ends(b.Call("initiate_payment", in), n, in)
			}
			if n.Disburse != nil {
				ended["disburse"]++
				in := asked(t, n, n.Disburse, true, "OUT-"+n.Network)
				b.ends(b.Call("disburse", in), n, in)
			}
		})
	}
	if ended["collect"] < 45 || ended["disburse"] < 45 {
		t.Errorf("only so many were tried: %v", ended)
	}
}

// ends takes a payment or payout to its end, doing what the answers say.
func (b bench) ends(a *host.Answer, n mobipay.NetworkRow, in hosttest.Input) {
	b.Helper()
	reference := in["reference"]
	b.Wants(a, want{State: capabilities.Pending})
	if strings.Contains(nextAction(a), "mobipay_confirm_payment") {
		b.Wants(b.Call("confirm_payment", hosttest.Input{"reference": reference, "otp": "7374", "msisdn": in["msisdn"]}), want{State: capabilities.Pending})
	}
	if strings.HasPrefix(reference, "IN-") && (strings.HasPrefix(n.Collect.Flow, "redirect") || strings.HasPrefix(n.Collect.Flow, "page")) {
		b.pays(detail(b.ask(reference), "customer_redirect"))
	}
	b.Clock.Advance(delay)
	end := want{State: capabilities.Succeeded, Response: "status=2"}
	if n.Network == nowhere.network {
		end = want{State: capabilities.Pending, Response: "status=1"}
	}
	b.Wants(b.ask(reference), end)
	op := map[bool]emulation.Operation{true: emulation.Collect, false: emulation.Disburse}[strings.HasPrefix(reference, "IN-")]
	b.Moved(reference, op, 1, map[bool]int{true: 0, false: 1}[n.Network == nowhere.network])
}

func nextAction(a *host.Answer) string {
	if a.Next == nil {
		return ""
	}
	return a.Next.Action
}

// The rows that are chosen by country, currency, network and direction.
func TestListNetworks(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	named := func(in hosttest.Input) string {
		var ids []string
		for _, n := range b.rows(in) {
			ids = append(ids, n.Network)
		}
		return strings.Join(ids, " ")
	}
	for want, in := range map[string]hosttest.Input{
		"moov_tg togocel_tg":                         {"country": "TG", "currency": "XOF", "direction": "collect"},
		"orange_cd airtel_cd vodacom_cd africell_cd": {"currency": "CDF"},
		"yas_tz vodacom_tz halopesa_tz airtel_tz":    {"country": "TZ", "direction": "collect"},
		"bank_tz": {"network": "bank_tz"},
		"":        {"country": "TG", "currency": "KES"},
	} {
		if got := named(in); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
	if all := strings.Fields(named(nil)); len(all) < 45 || !slices.Contains(all, "simulator") {
		t.Errorf("all of them are %v", all)
	}
	b.Untouched()
	row := b.rows(hosttest.Input{"network": "moov_tg"})[0]
	if row.ProviderID != 2357 || row.Collect.Min != "200" || row.Disburse.Min != "500" || row.Disburse.To != "msisdn" ||
		!slices.Equal(row.Collect.Requires, []string{"customer_name"}) || len(row.ByProviderID) > 0 || len(row.Uncertain) == 0 {
		t.Errorf("%+v", row)
	}
	if row := b.rows(hosttest.Input{"network": "bank_ng", "direction": "disburse"})[0]; row.Collect != nil || row.Disburse.To != "account" ||
		!slices.Contains(row.Disburse.Requires, "bank") {
		t.Errorf("%+v", row)
	}
	if row := b.rows(hosttest.Input{"network": "airtel_cd"})[0]; row.Number != "international: 243800000000, sent as 800000000" {
		t.Errorf("numbers are %q", row.Number)
	}
	production := bench{b.Targeting(capabilities.Production, b.Server.BaseURL())}
	if rows := production.rows(hosttest.Input{"network": "simulator"}); len(rows) > 0 {
		t.Errorf("production has %v", rows)
	}
}

// Where no provider id is in force, the rows tell what depends on it.
func TestListNetworksWithoutProviderIDs(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{}, without("MOBIPAY_PROVIDER_IDS"))
	row := b.rows(hosttest.Input{"network": "moov_tg", "direction": "disburse"})[0]
	if row.ProviderID != 0 || row.Disburse.Min != "" || row.ByProviderID["2358"].Disburse.Min != "5" || row.ByProviderID["2357"].Collect != nil {
		t.Errorf("%+v", row)
	}
	if row := b.rows(hosttest.Input{"network": "mtn_bj"})[0]; row.ProviderID != 9210 {
		t.Errorf("%+v", row)
	}
}

func without(setting string) func(map[string]string) {
	return func(settings map[string]string) { delete(settings, setting) }
}

// What the table of networks rules out is told before a human is asked and
// before anything is sent, with the rule in words.
func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	pay, out := "initiate_payment", "disburse"
	good, bank := benin.order(emulation.Paid, "RULE"), hosttest.Input{
		"reference": "RULE", "amount": "9000", "network": "bank_tz", "account": "0150000000", "bank": "CORUTZTZ", "customer_name": "Afi Mensah",
	}
	nuban := hosttest.Input{
		"reference": "RULE", "amount": "9000", "network": "bank_ng", "account": "0123456000", "bank": "000001", "customer_name": "Afi Mensah", "customer_email": "afi@shop.example",
	}
	for name, tt := range map[string]struct {
		capability string
		in         hosttest.Input
		field      string
		rule       string
	}{
		"a network of nobody":         {pay, good.With("network", "mtn_xx"), "network", "list_networks"},
		"the wire's network":          {pay, good.With("network", "9210"), "network", "list_networks"},
		"payouts to cards":            {out, good.With("network", "card_ng").With("currency", "NGN"), "network", "offers to disburse"},
		"payouts in South Africa":     {out, good.With("network", "bank_za").With("currency", "ZAR"), "network", "offers to disburse"},
		"payments from a bank":        {pay, good.With("network", "bank_tz").With("currency", "TZS"), "network", "offers to collect"},
		"another currency":            {pay, good.With("currency", "XAF"), "currency", "XOF, the currency of MTN Benin"},
		"decimals of francs":          {pay, good.With("amount", "5000.5"), "amount", "finer"},
		"too little":                  {pay, good.With("amount", "99"), "amount", "MTN Benin takes 100 to 1000000 XOF"},
		"too much":                    {out, good.With("amount", "1000001"), "amount", "MTN Benin takes 100 to 1000000 XOF"},
		"too little without a most":   {pay, operator{network: "wave_gm", prefix: "2200000", amount: "9.99", currency: "GMD"}.order("", "RULE").With("msisdn", "2203012345"), "amount", "10 GMD and more"},
		"a most without a least":      {out, hosttest.Input{"reference": "RULE", "amount": "100000001", "network": "opay_ng", "msisdn": "2348030000000"}, "amount", "1 to 100000000 NGN"},
		"no multiple":                 {pay, burkina.order(emulation.Paid, "RULE").With("otp", "5647").With("amount", "5001"), "amount", "multiples of 5 XOF"},
		"no multiple, out":            {out, ivory.order(emulation.Paid, "RULE").With("amount", "7"), "amount", "multiples of 5 XOF"},
		"a number of another country": {pay, good.With("msisdn", "22890112233"), "msisdn", "such as 2290100000000, for MTN Benin"},
		"a local number":              {pay, good.With("msisdn", "0196000000"), "msisdn", ""},
		"a number that is too short":  {out, good.With("msisdn", "2290196000"), "msisdn", "2290100000000"},
		"no number":                   {out, good.Without("msisdn"), "msisdn", "a mobile number, for MTN Benin"},
		"an account":                  {out, good.Without("msisdn").With("account", "0150000000"), "", "money on MTN Benin goes to a mobile number"},
		"a bank":                      {out, good.With("bank", "000001"), "bank", "takes no bank"},
		"a number at a bank":          {out, bank.Without("account").With("msisdn", "255712345678"), "", "money on Bank transfer Tanzania goes to an account"},
		"no account at a bank":        {out, bank.Without("account"), "account", "the payee's account number"},
		"a BIC of ten":                {out, bank.With("bank", "CORUTZTZ00"), "bank", "a BIC of 8 or 11 letters and digits, for Bank transfer Tanzania"},
		"a bank code for a BIC":       {out, bank.With("bank", "000001"), "bank", "a BIC of 8 or 11"},
		"a BIC for a bank code":       {out, nuban.With("bank", "CORUTZTZ"), "bank", "a bank code of 3 to 9 digits, for Bank transfer Nigeria"},
		"a bank code of ten":          {out, nuban.With("bank", "0000000001"), "bank", "a bank code of 3 to 9 digits"},
		"no bank":                     {out, bank.Without("bank"), "bank", "the bank's BIC: Bank transfer Tanzania requires it (bic)"},
		"no name":                     {out, ivory.order(emulation.Paid, "RULE").Without("customer_name"), "customer_name", "customer's full name: Orange Ivory Coast requires it"},
		"no e-mail address":           {pay, rwanda.order(emulation.Paid, "RULE").Without("customer_email"), "customer_email", "MTN Rwanda requires it"},
		"no e-mail address at all":    {pay, rwanda.order(emulation.Paid, "RULE").With("customer_email", "Afi"), "customer_email", ""},
		"no way back":                 {pay, egypt.order(emulation.Paid, "RULE"), "return_url", "Vodafone Egypt requires it"},
		"a code for nothing":          {pay, good.With("otp", "5647"), "otp", "MTN Benin has no use for it"},
		"a way back for nothing":      {pay, good.With("return_url", "https://shop.example"), "return_url", "no use for it"},
		"a document for nothing":      {out, good.With("customer_doc_type", "national_id"), "customer_doc_type", "no use for it"},
		"a document of no kind":       {out, bank.With("customer_doc_type", "library_card"), "customer_doc_type", ""},
		"a longer reference":          {pay, good.With("reference", strings.Repeat("x", 129)), "reference", ""},
		"a reference with a space":    {pay, good.With("reference", "a b"), "reference", ""},
		"another address to call":     {pay, good.With("callback_url", "https://evil.example"), "callback_url", ""},
		"another provider id":         {pay, good.With("provider_id", "2303"), "provider_id", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.in(t).Ask(t.Context(), tt.capability, tt.in)
			b.in(t).Wants(a, want{Kind: capabilities.Invalid, Problem: tt.field, Message: tt.rule})
		})
	}
	b.Untouched()
}

// The bounds themselves are taken, and what lies beyond is not.
func TestLimitsAreHeldTo(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	for amount, kind := range map[string]capabilities.RefusalKind{"499": capabilities.Invalid, "500": "", "500000": "", "500001": capabilities.Invalid} {
		for _, capability := range []string{"initiate_payment", "disburse"} {
			in := cameroon.order(emulation.Paid, capability+"-"+amount).With("amount", amount)
			if a := b.Call(capability, in); a.Kind != kind {
				t.Errorf("%s of %s XAF:\n%s", capability, amount, a.Text())
			}
		}
	}
}

// Several rules at once are told at once.
func TestSeveralRulesAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.Ask(t.Context(), "initiate_payment", egypt.order(emulation.Paid, "MANY").Without("customer_name").With("amount", "1").With("msisdn", "22890112233"))
	b.Wants(a, want{Kind: capabilities.Invalid})
	got := map[string]bool{}
	for _, p := range a.Problems {
		got[p.Field] = true
	}
	if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, []string{"amount", "customer_name", "msisdn", "return_url"}) {
		t.Errorf("the problems are %v", a.Problems)
	}
	b.Untouched()
}

// Where the documents name no currency, the caller has to.
func TestCurrencyHasToBeNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	in := hosttest.Input{"reference": "RAND", "amount": "100.50", "network": "bank_za", "msisdn": "27712345678"}
	b.Wants(b.Call("initiate_payment", in), want{Kind: capabilities.Invalid})
	b.Untouched()
	b.Wants(b.Call("initiate_payment", in.With("currency", "ZAR")), want{State: capabilities.Pending})
}

// An operator has several provider ids, and nobody guesses among them.
func TestProviderIDIsNotSet(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{}, without("MOBIPAY_PROVIDER_IDS"))
	for network, says := range map[string]string{
		"mtn_cm":  "803, 9063, 703, 9131|MOBIPAY_PROVIDER_IDS=mtn_cm=",
		"moov_bj": "its documents give none|MOBIPAY_PROVIDER_IDS=moov_bj=",
	} {
		in := cameroon.order(emulation.Paid, "NO-ID").With("network", network)
		b.Wants(b.Ask(t.Context(), "disburse", in.Without("currency")), want{Kind: capabilities.Misconfigured, Message: says})
	}
	b.Wants(b.collect(benin, emulation.Paid, "ONE"), want{State: capabilities.Pending}) // there is only one
	for _, tx := range b.Emulator.Books().Transactions() {
		if tx.Reference != "ONE" {
			t.Errorf("it was sent: %+v", tx)
		}
	}
}

// Whoever approves a payout sees which provider id and which number it will
// carry.
func TestApproverSeesWhatWillBeSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	a := b.Ask(t.Context(), "disburse", hosttest.Input{"reference": "HELD", "amount": "5000", "network": "orange_cd", "msisdn": "243800000000"})
	b.Wants(a, want{Kind: capabilities.Held, Guard: "approval"})
	told := map[string]string{}
	for _, f := range a.Question.Facts.Others {
		told[f.Name] = f.Value
	}
	if told["provider_id, says MobiPay"] != "2197" || told["customer_id, says MobiPay"] != "0800000000" || told["country, says MobiPay"] != "CD" {
		t.Errorf("the human sees %v", told)
	}
	b.Untouched()
}
