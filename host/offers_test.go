package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
)

// Who can do what where: offers are narrowed to what was asked for, networks
// and all.
func TestOffers(t *testing.T) {
	t.Parallel()
	offered := func(s ...capabilities.Spec) []capabilities.Capability {
		var all []capabilities.Capability
		for _, one := range s {
			all = append(all, capabilities.Capability{Spec: one})
		}
		return all
	}
	collect := capabilities.Spec{Name: "collect", Kind: capabilities.Collect, Effect: capabilities.Collects}
	payOut := capabilities.Spec{Name: "pay_out", Kind: capabilities.Disburse, Effect: capabilities.PaysOut, Networks: []string{"moov_tg", "mtn_gh"}}
	manifests := []*capabilities.Manifest{
		{Info: capabilities.Info{Slug: "mobile", Networks: []capabilities.Network{
			{ID: "moov_tg", Country: "TG", Currency: "XOF"}, {ID: "moov_bj", Country: "BJ", Currency: "XOF"},
			{ID: "mtn_gh", Country: "GH", Currency: "GHS"}, {ID: "orange_sl", Country: "SL"},
		}}, Capabilities: offered(collect, payOut)},
		{Info: capabilities.Info{Slug: "wallet", Countries: []string{"UA"}, Currencies: []capabilities.Currency{"UAH", "USD"}}, Capabilities: offered(collect)},
	}
	for _, c := range []struct {
		wish host.Wish
		want string
	}{
		{host.Wish{}, "mobile_collect moov_tg,moov_bj,mtn_gh,orange_sl TG,BJ,GH,SL XOF,GHS; mobile_pay_out moov_tg,mtn_gh TG,GH XOF,GHS; wallet_collect  UA UAH,USD"},
		{host.Wish{Country: "tg", Currency: "xof", Kind: capabilities.Collect}, "mobile_collect moov_tg TG XOF"},
		{host.Wish{Country: "TG"}, "mobile_collect moov_tg TG XOF; mobile_pay_out moov_tg TG XOF"},
		{host.Wish{Country: "TG", Currency: "GHS"}, ""},
		{host.Wish{Currency: "GHS", Effect: capabilities.PaysOut}, "mobile_pay_out mtn_gh GH GHS"},
		{host.Wish{Country: "SL"}, "mobile_collect orange_sl SL "},
		{host.Wish{Country: "SL", Currency: "SLE"}, ""}, // the currency is not known
		{host.Wish{Network: "moov_bj"}, "mobile_collect moov_bj BJ XOF"},
		{host.Wish{Provider: "wallet", Currency: "USD"}, "wallet_collect  UA UAH,USD"},
		{host.Wish{Provider: "wallet", Network: "moov_bj"}, ""},
	} {
		var got []string
		for _, o := range host.Offers(manifests, c.wish) {
			var currencies []string
			for _, currency := range o.Currencies {
				currencies = append(currencies, string(currency))
			}
			got = append(got, fmt.Sprintf("%s %s %s %s", o.Tool, strings.Join(o.Networks, ","), strings.Join(o.Countries, ","), strings.Join(currencies, ",")))
		}
		if all := strings.Join(got, "; "); all != c.want {
			t.Errorf("%+v: %q, want %q", c.wish, all, c.want)
		}
	}
}

// A host offers what it serves, where it serves it.
func TestOffersOfAHost(t *testing.T) {
	t.Parallel()
	h := newHouse(t, readOnly)
	all := h.Offers(host.Wish{Country: "TG"})
	if len(all) == 0 {
		t.Fatal("nothing is offered")
	}
	for _, o := range all {
		if o.Effect.MovesMoney() {
			t.Errorf("%s is offered, which would be refused", o.Tool)
		}
		if strings.Join(o.Environments, " ") != capabilities.Sandbox {
			t.Errorf("%s is offered in %v", o.Tool, o.Environments)
		}
	}
}
