package capabilities_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

func TestNetworks(t *testing.T) {
	t.Parallel()
	chosen := capabilities.Networks("moov_bj", "togocel_tg")
	if len(chosen) != 2 || chosen[0].ID != "moov_bj" || chosen[0].Country != "BJ" || chosen[1].ID != "togocel_tg" || chosen[1].Country != "TG" {
		t.Errorf("chosen are %+v, want moov_bj and togocel_tg", chosen)
	}
	for _, n := range chosen {
		if n.Name == "" || n.Currency != "XOF" || len(n.Prefixes) == 0 {
			t.Errorf("something is missing in %+v", n)
		}
	}
	chosen[0].Prefixes[0] = "changed"
	if again := capabilities.Networks("moov_bj"); again[0].Prefixes[0] == "changed" {
		t.Error("what one provider changes, another one sees")
	}
	defer func() {
		if recover() == nil {
			t.Error("there is a network that is not in the table")
		}
	}()
	capabilities.Networks("togocel_tg", "togocel")
}

// No prefix hints at two networks of one country.
func TestPrefixesDoNotOverlap(t *testing.T) {
	t.Parallel()
	owners := map[string]string{}
	for _, n := range everyNetwork() {
		for _, p := range n.Prefixes {
			if owner, taken := owners[n.Country+p]; taken {
				t.Errorf("%s %s is of %s and of %s", n.Country, p, owner, n.ID)
			}
			owners[n.Country+p] = n.ID
		}
	}
}

func everyNetwork() []capabilities.Network {
	return capabilities.Networks("togocel_tg", "moov_tg", "mtn_bj", "moov_bj")
}

func TestChooseNetwork(t *testing.T) {
	t.Parallel()
	all := everyNetwork()
	for _, c := range []struct {
		name    string
		of      []capabilities.Network
		id      capabilities.NetworkID
		number  capabilities.MSISDN
		network string
		to      capabilities.MSISDN
		wrong   string // the field that is refused
	}{
		{"by its prefix", all, "", "22890112233", "togocel_tg", "22890112233", ""},
		{"by its prefix, with a plus", all, "", "+22896112233", "moov_tg", "22896112233", ""},
		{"by its prefix in Benin", all, "", "2290197112233", "mtn_bj", "2290197112233", ""},
		{"by its prefix in Benin, of old", all, "", "22995112233", "moov_bj", "2290195112233", ""},
		{"by name", all, "togocel_tg", "22890112233", "togocel_tg", "22890112233", ""},
		{"by name, whatever the prefix", all, "moov_tg", "22890112233", "moov_tg", "22890112233", ""},
		{"by name, where the prefix tells nothing", all, "moov_tg", "22850112233", "moov_tg", "22850112233", ""},
		{"prefix of nobody", all, "", "22850112233", "", "", "network"},
		{"prefix of another country's network", capabilities.Networks("mtn_bj", "togocel_tg"), "", "22896112233", "", "", "network"},
		{"prefix of a network that is not reached", capabilities.Networks("togocel_tg"), "", "22896112233", "", "", "network"},
		{"network of another country", all, "mtn_bj", "22890112233", "", "", "network"},
		{"network that is not reached", capabilities.Networks("togocel_tg"), "moov_tg", "22896112233", "", "", "network"},
		{"network that there is not", all, "TMONEY", "22890112233", "", "", "network"},
		{"number of another country", capabilities.Networks("togocel_tg"), "togocel_tg", "2290197112233", "", "", "msisdn"},
		{"local number", all, "togocel_tg", "90112233", "", "", "msisdn"},
		{"short number", all, "", "2289011223", "", "", "msisdn"},
		{"no number", all, "togocel_tg", "", "", "", "msisdn"},
		{"networks without prefixes", []capabilities.Network{{ID: "north", Country: "TG"}}, "", "22890112233", "", "", "network"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, to, err := capabilities.ChooseNetwork(c.of, c.id, c.number)
			if n.ID != c.network || to != c.to {
				t.Errorf("network %q and number %q, want %q and %q", n.ID, to, c.network, c.to)
			}
			if c.wrong == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var r *capabilities.Refusal
			if !errors.As(err, &r) || r.Kind != capabilities.Invalid || !slices.ContainsFunc(r.Problems, func(p capabilities.Problem) bool { return p.Field == c.wrong }) {
				t.Errorf("error %v, want a refusal of %s", err, c.wrong)
			}
		})
	}
}
