package mobipay

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// NetworksInput chooses from the table of networks.
type NetworksInput struct {
	Country   string                 `json:"country,omitempty" jsonschema:"pattern=^[A-Z]{2}$" jsonschema_description:"ISO 3166-1, such as TG"`
	Currency  capabilities.Currency  `json:"currency,omitempty" jsonschema:"pattern=^[A-Z]{3}$"`
	Network   capabilities.NetworkID `json:"network,omitempty" jsonschema:"pattern=^[a-z0-9]+(_[a-z]{2})?$"`
	Direction string                 `json:"direction,omitempty" jsonschema:"enum=collect,enum=disburse"`
}

// NetworksOutput holds the rows that fit.
type NetworksOutput struct {
	Networks []NetworkRow `json:"networks"`
}

// NetworkRow is one network with what this account can do on it.
type NetworkRow struct {
	Network     string                `json:"network"`
	Name        string                `json:"name"`
	Country     string                `json:"country,omitempty"`
	Currency    capabilities.Currency `json:"currency,omitempty"`
	ProviderIDs []int                 `json:"provider_ids,omitempty"`
	// ProviderID is the one in force: the operator's, or the only one there is.
	ProviderID int   `json:"provider_id,omitempty"`
	Collect    *Rule `json:"collect,omitempty"`
	Disburse   *Rule `json:"disburse,omitempty"`
	// ByProviderID is what depends on the provider id, as long as none is in
	// force.
	ByProviderID map[string]Rules `json:"by_provider_id,omitempty"`
	Number       string           `json:"number"`
	Uncertain    []string         `json:"uncertain,omitempty"`
}

// Rules are what is taken in each direction.
type Rules struct {
	Collect  *Rule `json:"collect,omitempty"`
	Disburse *Rule `json:"disburse,omitempty"`
}

// Rule is what is taken in one direction: amounts in major units, and names of
// input fields.
type Rule struct {
	Flow       string              `json:"flow,omitempty"`
	To         string              `json:"to,omitempty"`
	Min        capabilities.Amount `json:"min,omitempty"`
	Max        capabilities.Amount `json:"max,omitempty"`
	MultipleOf capabilities.Amount `json:"multiple_of,omitempty"`
	Requires   []string            `json:"requires,omitempty"`
	Takes      []string            `json:"takes,omitempty"`
}

// listNetworks answers from the table: MobiPay has no call for it.
func (c *client) listNetworks(_ context.Context, in NetworksInput) (NetworksOutput, error) {
	out := NetworksOutput{Networks: []NetworkRow{}}
	for _, n := range table() {
		if row := c.row(n, direction(in.Direction)); in.wants(n) && c.offers(row) {
			out.Networks = append(out.Networks, row)
		}
	}
	return out, nil
}

func (in NetworksInput) wants(n network) bool {
	return (in.Country == "" || in.Country == n.Country) &&
		(in.Currency == "" || in.Currency == n.Currency) &&
		(in.Network == "" || string(in.Network) == n.ID)
}

// offers leaves out what a call would refuse.
func (c *client) offers(row NetworkRow) bool {
	if row.Network == simulator && c.target.Environment == capabilities.Production {
		return false
	}
	return row.Collect != nil || row.Disburse != nil
}

// row tells of a network in one direction, or in both.
func (c *client) row(n network, d direction) NetworkRow {
	row := NetworkRow{Network: n.ID, Name: n.Name, Country: n.Country, Currency: n.Currency, ProviderIDs: n.ProviderIDs, Number: n.numbers(), Uncertain: n.Uncertain}
	id, err := c.providerID(n)
	row.ProviderID = id
	in := rulesOf(terms{Collect: n.rule(collect, id), Disburse: n.rule(disburse, id)}, d)
	row.Collect, row.Disburse = in.Collect, in.Disburse
	if err == nil {
		return row
	}
	for id, t := range n.ByProviderID {
		if row.ByProviderID == nil {
			row.ByProviderID = map[string]Rules{}
		}
		row.ByProviderID[id] = rulesOf(t, d)
	}
	return row
}

func rulesOf(t terms, d direction) Rules {
	var r Rules
	if d != disburse {
		r.Collect = t.Collect.told("")
	}
	if d != collect {
		to := "msisdn"
		if t.Disburse != nil && t.Disburse.Account {
			to = "account"
		}
		r.Disburse = t.Disburse.told(to)
	}
	return r
}

func (r *rule) told(to string) *Rule {
	if r == nil {
		return nil
	}
	return &Rule{
		Flow: r.Flow.told(), To: to, Min: r.Min, Max: r.Max, MultipleOf: r.MultipleOf,
		Requires: inputs(r.Requires), Takes: inputs(r.Takes),
	}
}

// told says what the payer has to do.
func (f flow) told() string {
	what := map[flow]string{
		flowPush:        "push: the customer confirms on the phone",
		flowOTP:         "otp: the customer gets a code first, which goes with the payment",
		flowConfirm:     "confirm: the customer's code goes with the payment, or later with confirm_payment",
		flowRedirect:    "redirect: the status brings a link, on which the customer confirms",
		flowBankDetails: "bank_details: the customer transfers to the account in the answer",
		flowPage:        "page: how the customer pays is not documented, most likely on a page",
	}
	return what[f]
}

// numbers says how MobiPay wants numbers of the network. Inputs are always
// international; the rest is done here.
func (n network) numbers() string {
	e := example(n.Country)
	sent := n.Number.spell(e)
	switch {
	case n.Country == "":
		return "international, of any country known here"
	case sent == string(e):
		return fmt.Sprintf("international: %s, sent as it is", e)
	}
	return fmt.Sprintf("international: %s, sent as %s", e, sent)
}

// example is a number of a country, with as many digits as its numbers have.
func example(country string) capabilities.MSISDN {
	examples := map[string]capabilities.MSISDN{
		"BJ": "2290100000000", "BF": "22600000000", "CM": "237000000000", "CD": "243800000000", "GM": "2200000000", "CI": "2250000000000",
		"MW": "265000000000", "NG": "2340000000000", "EG": "200000000000", "SN": "221000000000", "ZA": "27000000000", "SL": "23200000000",
		"RW": "250000000000", "TZ": "255000000000", "TG": "22800000000", "UG": "256709000000", "ZM": "260000000000", "KE": "254000000000", "GH": "233000000000",
	}
	if country == "" {
		country = "BJ"
	}
	return examples[country]
}
