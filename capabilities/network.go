package capabilities

import (
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Network is a mobile-money operator in one country. Its id is the same for
// every provider: operator and country, such as "moov_tg".
type Network struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Country  string   `json:"country"` // ISO 3166-1 alpha-2
	Currency Currency `json:"currency"`
	// Prefixes are the first digits of its numbers after the calling code (in
	// Benin after the 01 too). They are a hint only: numbers are portable.
	Prefixes []string `json:"prefixes,omitempty"`
}

// Networks returns the networks of these ids, in their order, from the table
// of those that more than one provider reaches. It panics on an id that is not
// in the table: that is a mistake of the program.
func Networks(ids ...string) []Network {
	var chosen []Network
	for _, id := range ids {
		i := slices.IndexFunc(networks(), func(n Network) bool { return n.ID == id })
		if i < 0 {
			panic("capabilities: there is no network " + id)
		}
		chosen = append(chosen, networks()[i])
	}
	return chosen
}

// networks is the table (prefixes: the numbering plans of Togo and Benin, as
// applications use them).
func networks() []Network {
	return []Network{
		{"togocel_tg", "Togocel", "TG", "XOF", strings.Fields("70 71 72 73 90 91 92 93")},
		{"moov_tg", "Moov Togo", "TG", "XOF", strings.Fields("78 79 96 97 98 99")},
		{"mtn_bj", "MTN Benin", "BJ", "XOF", strings.Fields("42 46 50 51 52 53 54 56 57 59 61 62 66 67 69 90 91 96 97")},
		{"moov_bj", "Moov Benin", "BJ", "XOF", strings.Fields("45 55 58 60 63 64 65 68 94 95 98 99")},
	}
}

// ChooseNetwork returns the network of a number and the number in its one
// spelling. The network is the one that is named, or else the one that the
// prefix hints at. The error is a *Refusal of the fields network and msisdn:
// what is not sure is not guessed.
func ChooseNetwork(of []Network, id NetworkID, number MSISDN) (Network, MSISDN, error) {
	to, country, err := ParseMSISDN(string(number), countriesOf(of)...)
	if err != nil {
		return Network{}, "", InvalidField("msisdn", err.Error(), "an international number of "+strings.Join(countriesOf(of), " or "))
	}
	inCountry := slices.DeleteFunc(slices.Clone(of), func(n Network) bool { return n.Country != country })
	local := to.Local()
	if country == "BJ" {
		local = strings.TrimPrefix(local, beninPrefix)
	}
	for _, n := range inCountry {
		hinted := slices.ContainsFunc(n.Prefixes, func(p string) bool { return strings.HasPrefix(local, p) })
		if n.ID == string(id) || id == "" && hinted {
			return n, to, nil
		}
	}
	if id != "" {
		return Network{}, "", InvalidField("network", fmt.Sprintf("%q", id), "a network of the number's country: "+idsOf(inCountry))
	}
	return Network{}, "", InvalidField("network", "nothing, and the number's prefix tells no operator", "one of "+idsOf(inCountry))
}

func countriesOf(all []Network) []string {
	var c []string
	for _, n := range all {
		if !slices.Contains(c, n.Country) {
			c = append(c, n.Country)
		}
	}
	return c
}

func idsOf(all []Network) string {
	var ids []string
	for _, n := range all {
		ids = append(ids, n.ID)
	}
	return strings.Join(ids, ", ")
}

// NetworkID is the id of a Network in an input.
type NetworkID string

// JSONSchema implements the schema reflector's customisation.
func (NetworkID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Extras: map[string]any{"x-role": RoleNetwork}}
}

// Reference is the merchant's own unique id of one payment.
type Reference string

// JSONSchema implements the schema reflector's customisation.
func (Reference) JSONSchema() *jsonschema.Schema { return referenceSchema(RoleReference) }

// OriginalReference is the Reference of an earlier payment, which is given
// back.
type OriginalReference string

// JSONSchema implements the schema reflector's customisation.
func (OriginalReference) JSONSchema() *jsonschema.Schema {
	return referenceSchema(RoleOriginalReference)
}

// ProviderReference is the provider's own id of a payment.
type ProviderReference string

// JSONSchema implements the schema reflector's customisation.
func (ProviderReference) JSONSchema() *jsonschema.Schema {
	return referenceSchema(RoleProviderReference)
}

func referenceSchema(r Role) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^[A-Za-z0-9_-]+$`, Extras: map[string]any{"x-role": r}}
}
