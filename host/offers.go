package host

import (
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Offer is one capability, and where it is to be had.
type Offer struct {
	Provider     string                  `json:"provider"`
	Capability   string                  `json:"capability"`
	Tool         string                  `json:"tool"`
	Kind         capabilities.Kind       `json:"kind"`
	Effect       capabilities.Effect     `json:"effect"`
	Countries    []string                `json:"countries"`
	Currencies   []capabilities.Currency `json:"currencies"`
	Networks     []string                `json:"networks"`
	Environments []string                `json:"environments"`
	Summary      string                  `json:"summary"`
}

// Wish narrows a list of offers; an empty part does not.
type Wish struct {
	Provider string                `json:"provider,omitempty"`
	Country  string                `json:"country,omitempty"`  // ISO 3166-1 alpha-2
	Currency capabilities.Currency `json:"currency,omitempty"` // ISO 4217
	Network  string                `json:"network,omitempty"`
	Kind     capabilities.Kind     `json:"kind,omitempty"`
	Effect   capabilities.Effect   `json:"effect,omitempty"`
}

// Offers lists what providers can do of a wish, in their order. The networks,
// countries and currencies of an offer are those that the wish leaves: who asks
// for Togo is not told of Benin.
func Offers(manifests []*capabilities.Manifest, w Wish) []Offer {
	w.Country, w.Currency = strings.ToUpper(w.Country), capabilities.Currency(strings.ToUpper(string(w.Currency)))
	offers := []Offer{}
	for _, m := range manifests {
		for i := range m.Capabilities {
			if o, ok := w.offer(m, &m.Capabilities[i]); ok {
				offers = append(offers, o)
			}
		}
	}
	return offers
}

// Offers lists what this host's providers can do of a wish.
func (h *Host) Offers(w Wish) []Offer {
	var all []Offer
	for i := range h.providers {
		for _, o := range Offers([]*capabilities.Manifest{h.providers[i].Manifest}, w) {
			if c, _ := h.providers[i].Manifest.Capability(o.Capability); h.offers(c) {
				o.Environments = []string{h.providers[i].Settings.Target.Environment}
				all = append(all, o)
			}
		}
	}
	return all
}

func (w Wish) offer(m *capabilities.Manifest, c *capabilities.Capability) (Offer, bool) {
	o := Offer{
		Provider: m.Slug, Capability: c.Name, Tool: ToolName(m.Slug, c.Name), Kind: c.Kind, Effect: c.Effect, Summary: c.Summary,
		Countries: []string{}, Currencies: []capabilities.Currency{}, Networks: []string{}, Environments: []string{capabilities.Emulator},
	}
	for _, e := range m.Environments {
		o.Environments = append(o.Environments, e.Name)
	}
	fits := (w.Provider == "" || w.Provider == m.Slug) && (w.Kind == "" || w.Kind == c.Kind) && (w.Effect == "" || w.Effect == c.Effect)
	if len(m.Networks) == 0 {
		o.Countries, o.Currencies = m.Countries, m.Currencies
		return o, fits && w.Network == "" && (w.Country == "" || slices.Contains(m.Countries, w.Country)) &&
			(w.Currency == "" || slices.Contains(m.Currencies, w.Currency))
	}
	for _, n := range m.NetworksOf(c) {
		if w.reaches(n) {
			o.Networks = append(o.Networks, n.ID)
			o.Countries = added(o.Countries, n.Country)
			o.Currencies = added(o.Currencies, n.Currency)
		}
	}
	return o, fits && len(o.Networks) > 0
}

func (w Wish) reaches(n capabilities.Network) bool {
	return (w.Country == "" || w.Country == n.Country) && (w.Currency == "" || w.Currency == n.Currency) && (w.Network == "" || w.Network == n.ID)
}

// added is a list with one more value, unless it is there or is not known.
func added[S ~string](all []S, one S) []S {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}
