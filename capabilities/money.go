package capabilities

import (
	"fmt"

	"github.com/bojanz/currency"
	"github.com/invopop/jsonschema"
)

// Amount is an amount of money at the edge: a decimal string in major units,
// such as "5000" or "12.50". JSON numbers lose digits in some clients, so they
// are not taken.
type Amount string

// JSONSchema implements the schema reflector's customisation.
func (Amount) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:    "string",
		Pattern: `^(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?$`,
		Extras:  map[string]any{"x-role": RoleAmount},
	}
}

// Currency is an ISO 4217 alphabetic code, such as "XOF".
type Currency string

// JSONSchema implements the schema reflector's customisation.
func (Currency) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Extras: map[string]any{"x-role": RoleCurrency}}
}

// Money is an exact amount of one currency: integer minor units inside, with
// the currency's own exponent.
type Money struct {
	amount currency.Amount
}

// ParseMoney reads a positive amount in major units. An amount that is finer
// than the currency's smallest unit is refused: XOF has no decimals.
func ParseMoney(a Amount, c Currency) (Money, error) {
	m, err := currency.NewAmount(string(a), string(c))
	if err != nil {
		return Money{}, fmt.Errorf("%q %s is not an amount of money: %w", a, c, err)
	}
	if !m.IsPositive() {
		return Money{}, fmt.Errorf("%q %s is not more than zero", a, c)
	}
	if exact, err := m.Round().Cmp(m); err != nil || exact != 0 {
		digits, _ := currency.GetDigits(string(c))
		return Money{}, fmt.Errorf("%q is finer than %s allows: at most %d decimals", a, c, digits)
	}
	if _, err := m.Int64(); err != nil {
		return Money{}, fmt.Errorf("%q %s is too large", a, c)
	}
	return Money{amount: m.Round()}, nil
}

// Minor returns the amount in the currency's smallest unit.
func (m Money) Minor() int64 {
	n, _ := m.amount.Int64() // ParseMoney made sure that it fits
	return n
}

// Amount returns the amount in major units, with the currency's decimals.
func (m Money) Amount() Amount { return Amount(m.amount.Number()) }

// Currency returns the ISO 4217 code.
func (m Money) Currency() Currency { return Currency(m.amount.CurrencyCode()) }

// String returns the amount with its currency, such as "5000 XOF".
func (m Money) String() string {
	if m == (Money{}) {
		return "no amount"
	}
	return m.amount.Number() + " " + m.amount.CurrencyCode()
}
