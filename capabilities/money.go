package capabilities

import (
	"fmt"
	"strings"

	"github.com/govalues/money"
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

// Money is an exact, positive amount of one currency: integer minor units
// inside, with the currency's own exponent.
type Money struct {
	amount money.Amount
	newer  Currency // its code, if the library does not have it
}

// newer reports whether the library does not have a currency of ISO 4217 yet,
// and returns one with as many decimals, in whose name it can reckon.
func newer(c Currency) (older string, is bool) {
	if c == "SLE" { // Sierra Leone's leone since 2022
		return "SLL", true
	}
	return "", false
}

// currency returns the library's own currency, and the code that it is known
// by if that is another one.
func currency(c Currency) (in money.Currency, code Currency, err error) {
	name := string(c)
	if older, is := newer(c); is {
		name, code = older, c
	}
	in, err = money.ParseCurr(name)
	if err != nil || in.Code() != name {
		return in, "", fmt.Errorf("%q is not a currency of ISO 4217", c)
	}
	return in, code, nil
}

// ParseMoney reads a positive amount in major units. An amount that is finer
// than the currency's smallest unit is refused: XOF has no decimals.
func ParseMoney(a Amount, c Currency) (Money, error) {
	whole, decimals, point := strings.Cut(string(a), ".")
	if whole == "" || point && decimals == "" || strings.Trim(whole+decimals, "0123456789") != "" {
		return Money{}, fmt.Errorf("%q is not a decimal amount", a)
	}
	in, code, err := currency(c)
	if err != nil {
		return Money{}, err
	}
	// Counted before it is parsed: the library rounds what is too long for it.
	decimals = strings.TrimRight(decimals, "0")
	if len(decimals) > in.Scale() {
		return Money{}, fmt.Errorf("%q is finer than %s allows: at most %d decimals", a, c, in.Scale())
	}
	m, err := money.ParseAmount(in.Code(), whole+"."+decimals)
	if err != nil {
		return Money{}, fmt.Errorf("%q %s is too large", a, c)
	}
	if !m.IsPos() {
		return Money{}, fmt.Errorf("%q %s is not more than zero", a, c)
	}
	if _, ok := m.MinorUnits(); !ok {
		return Money{}, fmt.Errorf("%q %s is too large", a, c)
	}
	return Money{amount: m.TrimToCurr(), newer: code}, nil
}

// MoneyOfMinor returns an amount of so many of the currency's smallest unit.
func MoneyOfMinor(minor int64, c Currency) (Money, error) {
	in, code, err := currency(c)
	if err != nil {
		return Money{}, err
	}
	m, err := money.NewAmountFromMinorUnits(in.Code(), minor)
	if err != nil || !m.IsPos() {
		return Money{}, fmt.Errorf("%d of %s is no amount of money", minor, c)
	}
	return Money{amount: m, newer: code}, nil
}

// Minor returns the amount in the currency's smallest unit.
func (m Money) Minor() int64 {
	n, _ := m.amount.MinorUnits() // ParseMoney made sure that it fits
	return n
}

// Amount returns the amount in major units, with the currency's decimals; none
// if it is not known.
func (m Money) Amount() Amount {
	if !m.Known() {
		return ""
	}
	return Amount(m.amount.Decimal().String())
}

// Known reports whether there is an amount at all.
func (m Money) Known() bool { return m != (Money{}) }

// Currency returns the ISO 4217 code; none if the amount is not known.
func (m Money) Currency() Currency {
	if !m.Known() {
		return ""
	}
	if m.newer != "" {
		return m.newer
	}
	return Currency(m.amount.Curr().Code())
}

// String returns the amount with its currency, such as "5000 XOF".
func (m Money) String() string {
	if !m.Known() {
		return "no amount"
	}
	return string(m.Amount()) + " " + string(m.Currency())
}
