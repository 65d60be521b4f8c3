package capabilities_test

import (
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Money is what exact arithmetic makes of its decimal spelling, is read back
// from what is shown, and nothing that has a place in a ledger is refused.
func FuzzParseMoney(f *testing.F) {
	for _, amount := range []string{
		"5000", "12.50", "0.29", "1128.35", "9007199254740993", "92233720368547758.07", "9223372036854775808",
		"4999.9999999999999999999999", "0.000", "00.10", "-5", "1e3", "NaN", "5.", ".5", "1_000", "٥",
	} {
		for _, currency := range []string{"XOF", "EUR", "KWD"} {
			f.Add(amount, currency)
		}
	}
	f.Add("1", "xof")
	f.Add("1", "")
	decimal := regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	exponents := map[string]int64{"XOF": 0, "XAF": 0, "KES": 2, "EUR": 2, "KWD": 3}
	f.Fuzz(func(t *testing.T, amount, currency string) {
		m, err := capabilities.ParseMoney(capabilities.Amount(amount), capabilities.Currency(currency))
		if err != nil && m != (capabilities.Money{}) {
			t.Fatalf("%q %q: %v came with %v", amount, currency, err, m)
		}
		if err == nil {
			again, err := capabilities.ParseMoney(m.Amount(), m.Currency())
			if err != nil || again != m || m.Minor() <= 0 || string(m.Currency()) != currency {
				t.Fatalf("%q %q was read as %v (%d), then as %v, %v", amount, currency, m, m.Minor(), again, err)
			}
		}
		exponent, known := exponents[currency]
		if !known {
			return
		}
		if strings.Trim(amount, "0123456789.") != "" { // or math/big reads more than decimals
			if err == nil {
				t.Fatalf("%q is money: %v", amount, m)
			}
			return
		}
		exact, ok := new(big.Rat).SetString(amount)
		if !ok {
			if err == nil {
				t.Fatalf("%q is money, and no number: %v", amount, m)
			}
			return
		}
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(exponent), nil)))
		fits := exact.IsInt() && exact.Sign() > 0 && exact.Cmp(new(big.Rat).SetInt64(math.MaxInt64)) <= 0
		switch {
		case err == nil && (!fits || exact.Num().Int64() != m.Minor()):
			t.Fatalf("%q %s is %d in minor units, and not %s", amount, currency, m.Minor(), exact)
		case err != nil && fits && decimal.MatchString(amount):
			t.Fatalf("%q %s was refused: %v", amount, currency, err)
		}
	})
}

// A number has one spelling, and that is its own.
func FuzzParseMSISDN(f *testing.F) {
	for _, s := range []string{"22890112233", "+2290197123456", "22997123456", "22901020304", "+", "", "228 90112233", "٢٢٨"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, country, err := capabilities.ParseMSISDN(s)
		if err != nil {
			if number != "" || country != "" {
				t.Fatalf("%q: %v came with %q, %q", s, err, number, country)
			}
			return
		}
		if strings.Trim(string(number), "0123456789") != "" || len(number) > 15 || !strings.HasSuffix(string(number), number.Local()) {
			t.Fatalf("%q was read as %q, local %q", s, number, number.Local())
		}
		again, of, err := capabilities.ParseMSISDN("+" + string(number))
		if err != nil || again != number || of != country {
			t.Fatalf("%q was read as %q of %s, then as %q of %s, %v", s, number, country, again, of, err)
		}
	})
}
