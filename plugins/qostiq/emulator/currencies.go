package emulator

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// currency is one in which Qostiq keeps wallets and shops.
type currency struct {
	code    string   // ISO 4217, the digits: what the API calls it
	name    string   // ISO 4217, the letters: what the books call it
	worth   *big.Rat // of one unit, in hryvnias
	bills   bool     // whether it is among the currencies of bills
	opening cents    // the balance to begin with
}

var (
	hryvnia = currency{code: "980", name: "UAH", worth: big.NewRat(1, 1), bills: true, opening: 1_000_00}
	dollar  = currency{code: "840", name: "USD", worth: big.NewRat(40, 1), bills: true, opening: 500_00}
	euro    = currency{code: "978", name: "EUR", worth: big.NewRat(85, 2), bills: true, opening: 300_00}
	tenge   = currency{code: "398", name: "KZT", worth: big.NewRat(2, 25), opening: 100_000_00}

	currencies = []currency{hryvnia, dollar, euro, tenge}

	// unexchanged are the two for which there is no rate.
	unexchanged = []string{euro.code, tenge.code}
)

// What Qostiq keeps: of a bill that much, so that the rest is credited to the shop; on a transfer that
// much on top of what the payee receives.
var (
	billKeeps    = big.NewRat(7, 100)
	transferAdds = big.NewRat(1, 100)
)

func coded(code string) (currency, bool) {
	i := slices.IndexFunc(currencies, func(c currency) bool { return c.code == code })
	if i < 0 {
		return currency{}, false
	}
	return currencies[i], true
}

// rate is what one unit is in the other currency.
func (c currency) rate(other currency) (*big.Rat, bool) {
	if c.code != other.code && slices.Contains(unexchanged, c.code) && slices.Contains(unexchanged, other.code) {
		return nil, false
	}
	return new(big.Rat).Quo(c.worth, other.worth), true
}

// cents is money in hundredths of a unit, which all four currencies have.
type cents int64

const (
	least cents = 1_00         // that a bill or a transfer may be about
	most  cents = 1_000_000_00 // likewise, in whichever currency
)

// parseCents reads an amount of at most 12 digits and two decimals.
func parseCents(text string) (cents, bool) {
	whole, decimals, point := strings.Cut(text, ".")
	if whole == "" || len(whole) > maxDigits || len(decimals) > 2 || point && decimals == "" || !isDigits(whole+decimals) {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+decimals+"00"[len(decimals):], 10, 64)
	return cents(n), err == nil
}

// times is the product, rounded half up.
func (c cents) times(factor *big.Rat) cents {
	product := new(big.Rat).Mul(new(big.Rat).SetInt64(int64(c)), factor)
	n, _ := strconv.ParseInt(product.FloatString(0), 10, 64) // amounts are small, and so are the factors
	return cents(n)
}

// String has both decimals: 1.10.
func (c cents) String() string { return big.NewRat(int64(c), 100).FloatString(2) }

// float is how bills spell it: 23.15, 1.1, 1.0.
func (c cents) float() string { return strings.TrimSuffix(c.String(), "0") }

// short is how transfers and balances spell it: 23.15, 1.1, 1.
func (c cents) short() string { return strings.TrimSuffix(c.float(), ".0") }
