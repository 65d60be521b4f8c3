package mobipay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// wish is a payment or payout as a caller asks for it.
type wish struct {
	direction direction
	Order
	msisdn  capabilities.MSISDN
	account string
	bank    string
	extras  extras // but the bank, whose name there depends on the network
}

// order is a wish that the table of networks allows, spelled as MobiPay wants
// it.
type order struct {
	wish
	network    network
	rule       *rule
	providerID int
	customerID string
	money      capabilities.Money
}

// plan makes an order of a wish, or says all that the table rules out.
// Previews and calls both begin with it, so nothing else is ever sent.
func (c *client) plan(w wish) (order, error) {
	o := order{wish: w}
	var err error
	if o.network, err = c.reachable(w); err != nil {
		return order{}, err
	}
	if o.providerID, err = c.providerID(o.network); err != nil {
		return order{}, err
	}
	if o.rule = o.network.rule(w.direction, o.providerID); o.rule == nil {
		return order{}, notOffered(w, o.network)
	}
	p := problems{}
	o.pay(&p)
	o.address(&p)
	o.complete(&p)
	o.form(&p, c.target)
	if len(p) > 0 {
		return order{}, capabilities.InvalidInput(p...)
	}
	return o, nil
}

// reachable finds the network of a wish.
func (c *client) reachable(w wish) (network, error) {
	n, known := named(string(w.Network))
	switch {
	case !known:
		return n, capabilities.InvalidField("network", fmt.Sprintf("%q", w.Network), "an id of a network, such as mtn_bj; mobipay_list_networks lists them")
	case !n.offers(w.direction):
		return n, notOffered(w, n)
	case n.ID == simulator && c.target.Environment == capabilities.Production:
		return n, capabilities.InvalidField("network", n.ID, "a network that reaches somebody: what the simulator is asked for stays in progress for ever, so it is not for production")
	}
	return n, nil
}

func notOffered(w wish, n network) error {
	return capabilities.InvalidField("network", n.ID, fmt.Sprintf("a network on which MobiPay offers to %s, as far as its documents tell; mobipay_list_networks lists them", w.direction))
}

// problems are what is wrong with an input.
type problems []capabilities.Problem

func (p *problems) add(field, found, wanted string) {
	*p = append(*p, capabilities.Problem{Field: field, Found: found, Wanted: wanted})
}

// pay settles the money of an order: its currency is the network's, and its
// amount within what the network takes.
func (o *order) pay(p *problems) {
	switch known := o.network.Currency; {
	case known != "" && o.Currency != "" && o.Currency != known:
		p.add("currency", string(o.Currency), fmt.Sprintf("%s, the currency of %s", known, o.network.Name))
		return
	case known != "":
		o.Currency = known
	case o.Currency == "":
		p.add("currency", "nothing", fmt.Sprintf("the currency by name: MobiPay's documents name none for %s", o.network.Name))
		return
	}
	var err error
	if o.money, err = capabilities.ParseMoney(o.Amount, o.Currency); err != nil {
		p.add("amount", err.Error(), "an amount in major units of "+string(o.Currency))
		return
	}
	if _, ok := twoDecimals(o.money); !ok {
		p.add("amount", o.money.String(), "an amount with at most two decimals: MobiPay takes no more")
	}
	o.limit(p)
}

// limit holds the amount to what the network takes.
func (o *order) limit(p *problems) {
	minor, known := o.money.Minor(), func(a capabilities.Amount) int64 {
		m, _ := capabilities.ParseMoney(a, o.Currency) // the table was checked; no limit is no amount
		if !m.Known() {
			return 0
		}
		return m.Minor()
	}
	least, most, step := known(o.rule.Min), known(o.rule.Max), known(o.rule.MultipleOf)
	if minor < least || most > 0 && minor > most {
		p.add("amount", o.money.String(), fmt.Sprintf("%s takes %s", o.network.Name, o.rule.bounds(o.Currency)))
	}
	if step > 0 && minor%step != 0 {
		p.add("amount", o.money.String(), fmt.Sprintf("%s takes multiples of %s %s", o.network.Name, o.rule.MultipleOf, o.Currency))
	}
}

// bounds are the limits of an amount, in words.
func (r *rule) bounds(c capabilities.Currency) string {
	switch {
	case r.Max == "":
		return fmt.Sprintf("%s %s and more", r.Min, c)
	case r.Min == "":
		return fmt.Sprintf("up to %s %s", r.Max, c)
	}
	return fmt.Sprintf("%s to %s %s", r.Min, r.Max, c)
}

// twoDecimals spells an amount as MobiPay wants it, also of a currency that
// has no decimals: 5000.00. One that is finer has no such spelling.
func twoDecimals(m capabilities.Money) (string, bool) {
	whole, decimals, _ := strings.Cut(string(m.Amount()), ".")
	decimals = strings.TrimRight(decimals, "0")
	if len(decimals) > 2 {
		return "", false
	}
	return whole + "." + (decimals + "00")[:2], true
}

// address settles whom the order is about: a mobile number, or for payouts to
// a bank an account there.
func (o *order) address(p *problems) {
	if o.rule.Account {
		if o.msisdn != "" {
			p.add("msisdn", "a mobile number", fmt.Sprintf("nothing: money on %s goes to an account", o.network.Name))
		}
		if o.account == "" {
			p.add("account", "nothing", fmt.Sprintf("the payee's account number, for %s", o.network.Name))
		}
		o.customerID = o.account
		return
	}
	if o.account != "" {
		p.add("account", "an account", fmt.Sprintf("nothing: money on %s goes to a mobile number", o.network.Name))
	}
	var in []string // the simulator takes any country's
	if o.network.Country != "" {
		in = []string{o.network.Country}
	}
	number, _, err := capabilities.ParseMSISDN(string(o.msisdn), in...)
	switch {
	case o.msisdn == "":
		p.add("msisdn", "nothing", fmt.Sprintf("a mobile number, for %s", o.network.Name))
	case err != nil:
		p.add("msisdn", err.Error(), fmt.Sprintf("an international number such as %s, for %s", example(o.network.Country), o.network.Name))
	}
	o.customerID = o.network.Number.spell(number)
}

// complete settles the object extra: nothing that the network requires is
// missing, and nothing in it is for another kind of network.
func (o *order) complete(p *problems) {
	if name := o.rule.bankIn(); name != "" && o.bank != "" {
		o.extras = append(slices.Clone(o.extras), extra{name, o.bank})
	} else if o.bank != "" {
		p.add("bank", "a bank", fmt.Sprintf("nothing: %s takes no bank", o.network.Name))
	}
	for _, name := range o.rule.Requires {
		if w, _ := wordsFor(name); !o.extras.has(name) {
			p.add(w.field, "nothing", fmt.Sprintf("%s: %s requires it (%s)", w.what, o.network.Name, name))
		}
	}
	for _, e := range o.extras {
		taken := slices.Contains(o.rule.Requires, e.name) || slices.Contains(o.rule.Takes, e.name)
		if w, _ := wordsFor(e.name); !w.general && !taken {
			p.add(w.field, "a value", fmt.Sprintf("nothing: %s has no use for it", o.network.Name))
		}
	}
}

// form checks values of the object extra that have to look like something.
func (o *order) form(p *problems, target capabilities.Target) {
	for _, e := range o.extras {
		w, _ := wordsFor(e.name)
		if w.form != nil && !w.form.MatchString(e.value) {
			p.add(w.field, fmt.Sprintf("%q", e.value), fmt.Sprintf("%s, for %s", w.formed, o.network.Name))
		}
		if e.name == "return_url" && !safeLink(e.value, target) {
			p.add(w.field, "an address of another kind", "an https address of plain letters, without a user's name in it")
		}
	}
}

// facts are what a human should see of an order before it is approved.
func (o order) facts() []capabilities.Fact {
	f := []capabilities.Fact{
		{Name: "provider_id", Value: fmt.Sprint(o.providerID)},
		{Name: "customer_id", Value: o.customerID},
	}
	if o.network.Country != "" {
		f = append([]capabilities.Fact{{Name: "country", Value: o.network.Country}}, f...)
	}
	return f
}
