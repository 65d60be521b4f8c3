package capabilities_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/schemas"
)

func TestParseMoney(t *testing.T) {
	tests := []struct {
		amount   capabilities.Amount
		currency capabilities.Currency
		minor    int64
		shown    capabilities.Amount
	}{
		{"5000", "XOF", 5000, "5000"}, // no decimals
		{"5000.00", "XOF", 5000, "5000"},
		{"0005000", "XOF", 5000, "5000"},
		{"1", "XOF", 1, "1"},
		{"12.50", "EUR", 1250, "12.50"}, // two
		{"12.5", "EUR", 1250, "12.50"},
		{"12", "EUR", 1200, "12.00"},
		{"0.01", "EUR", 1, "0.01"},
		{"0.10", "KES", 10, "0.10"},
		{"1.234", "KWD", 1234, "1.234"}, // three
		{"1.2", "KWD", 1200, "1.200"},
		{"1.2340000000000000000000000000", "KWD", 1234, "1.234"},
		{"0.29", "EUR", 29, "0.29"},                                       // 28 in binary fractions
		{"1128.35", "EUR", 112835, "1128.35"},                             // 112834 in binary fractions
		{"9007199254740993", "XOF", 9007199254740993, "9007199254740993"}, // 2^53 + 1
		{"9223372036854775807", "XOF", 9223372036854775807, "9223372036854775807"},
		{"92233720368547758.07", "EUR", 9223372036854775807, "92233720368547758.07"},
		{"12.5", "SLE", 1250, "12.50"}, // which the library does not have
	}
	for _, tt := range tests {
		m, err := capabilities.ParseMoney(tt.amount, tt.currency)
		if err != nil {
			t.Errorf("ParseMoney(%q, %s): %v", tt.amount, tt.currency, err)
			continue
		}
		if m.Minor() != tt.minor || m.Amount() != tt.shown || m.Currency() != tt.currency {
			t.Errorf("ParseMoney(%q, %s) = %d minor, %s %s; want %d, %s", tt.amount, tt.currency, m.Minor(), m.Amount(), m.Currency(), tt.minor, tt.shown)
		}
		if want := string(tt.shown) + " " + string(tt.currency); m.String() != want {
			t.Errorf("String() = %q, want %q", m.String(), want)
		}
		if again, err := capabilities.MoneyOfMinor(tt.minor, tt.currency); err != nil || again.String() != m.String() {
			t.Errorf("MoneyOfMinor(%d, %s) = %s, %v", tt.minor, tt.currency, again, err)
		}
	}
}

func TestParseMoneyRefuses(t *testing.T) {
	tests := []struct {
		name     string
		currency capabilities.Currency
		amounts  []capabilities.Amount
		says     string
	}{
		{"zero", "XOF", []capabilities.Amount{"0", "00", "0.00"}, "not more than zero"},
		{"finer than XOF", "XOF", []capabilities.Amount{"5000.5", "0.1", "1.01"}, "at most 0 decimals"},
		{"finer than EUR", "EUR", []capabilities.Amount{"12.505", "0.001"}, "at most 2 decimals"},
		{"finer than KWD", "KWD", []capabilities.Amount{"1.2345"}, "at most 3 decimals"},
		{"rounded by a library", "XOF", []capabilities.Amount{"4999.9999999999999999999999", "5000.00000000000000000000001"}, "at most 0 decimals"},
		{"signed", "XOF", []capabilities.Amount{"-5", "+5", "-0", "−5"}, "not a decimal amount"},
		{"exponent", "XOF", []capabilities.Amount{"1e3", "1E3", "1e-2", "1e999999999"}, "not a decimal amount"},
		{"not finite", "XOF", []capabilities.Amount{"NaN", "sNaN", "Inf", "Infinity", "-Infinity"}, "not a decimal amount"},
		{"no number", "XOF", []capabilities.Amount{"", " ", ".", "..", "1.2.3", ".5", "5.", " 5", "5 ", "5,000", "5 000", "0x10", "1_000", "٥٠٠٠", "5000F"}, "not a decimal amount"},
		{"too large", "XOF", []capabilities.Amount{"9223372036854775808", "99999999999999999999999999"}, "too large"},
		{"too large in minor units", "EUR", []capabilities.Amount{"92233720368547758.08", "9223372036854775807"}, "too large"},
		{"no currency", "", []capabilities.Amount{"5000"}, "not a currency"},
		{"unknown currency", "ZZZ", []capabilities.Amount{"5000"}, "not a currency"},
		{"another spelling of a currency", "xof", []capabilities.Amount{"5000"}, "not a currency"},
		{"a currency by number", "952", []capabilities.Amount{"5000"}, "not a currency"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, amount := range tt.amounts {
				m, err := capabilities.ParseMoney(amount, tt.currency)
				if err == nil || m != (capabilities.Money{}) {
					t.Errorf("ParseMoney(%q, %q) = %v, %v", amount, tt.currency, m, err)
				} else if !strings.Contains(err.Error(), tt.says) {
					t.Errorf("ParseMoney(%q, %q): %v; it does not say %q", amount, tt.currency, err, tt.says)
				}
			}
		})
	}
}

// What is shown is read back as the same money.
func TestMoneyRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		for _, c := range []capabilities.Currency{"XOF", "XAF", "KES", "EUR", "KWD"} {
			minor := random.Int64N(1<<random.IntN(62)) + 1
			one, err := capabilities.ParseMoney("1", c)
			if err != nil {
				t.Fatal(err)
			}
			whole, rest := minor/one.Minor(), minor%one.Minor()
			spelled := capabilities.Amount(decimal(whole, rest, one.Minor()))
			m, err := capabilities.ParseMoney(spelled, c)
			if err != nil || m.Minor() != minor {
				t.Fatalf("ParseMoney(%s, %s) = %d, %v; want %d", spelled, c, m.Minor(), err, minor)
			}
			again, err := capabilities.ParseMoney(m.Amount(), m.Currency())
			if err != nil || again != m {
				t.Fatalf("%v is read back as %v, %v", m, again, err)
			}
		}
	}
}

func decimal(whole, rest, unit int64) string {
	var digits []byte
	for u := unit / 10; u > 0; u /= 10 {
		digits = append(digits, byte('0'+rest/u%10))
	}
	b, _ := json.Marshal(whole)
	return strings.TrimSuffix(string(b)+"."+string(digits), ".")
}

func TestNoMoney(t *testing.T) {
	if s := (capabilities.Money{}).String(); s != "no amount" {
		t.Errorf("String() = %q", s)
	}
}

// What the schema of an amount takes is an amount; a finer one than the
// currency allows is the provider's to refuse.
func TestAmountSchema(t *testing.T) {
	type input struct {
		Amount capabilities.Amount `json:"amount"`
	}
	schema := compiled[input](t)
	for amount, taken := range map[string]bool{
		`"5000"`: true, `"12.50"`: true, `"0.001"`: true, `"999999999999999"`: true,
		`"1000000000000000"`: false, `"05"`: false, `"-5"`: false, `"5."`: false, `".5"`: false, `"1e3"`: false, `"1.2345"`: false, `""`: false, `"5\n"`: false,
		`5000`: false, `5e3`: false, `null`: false,
	} {
		problems := schema.Validate(json.RawMessage(`{"amount":` + amount + `}`))
		if (len(problems) == 0) != taken {
			t.Errorf("amount %s: taken %t, problems %v", amount, !taken, problems)
		}
	}
}

// compiled returns the schema of a struct.
func compiled[T any](t *testing.T) *schemas.Schema {
	t.Helper()
	schema, err := schemas.Compile(reflected[T](t))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func reflected[T any](t *testing.T) json.RawMessage {
	t.Helper()
	raw, err := schemas.Reflect(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
