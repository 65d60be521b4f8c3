package capabilities_test

import (
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

func TestParseMSISDN(t *testing.T) {
	tests := []struct {
		in, number, country string
	}{
		{"22890112233", "22890112233", "TG"},
		{"+22890112233", "22890112233", "TG"},
		{"2290197123456", "2290197123456", "BJ"},
		{"22997123456", "2290197123456", "BJ"}, // the plan before 30 November 2024
		{"22901020304", "2290101020304", "BJ"}, // the Python SDK's own example
		{"254712345678", "254712345678", "KE"},
		{"2289011223", "", ""},   // one digit short
		{"228901122334", "", ""}, // one too many
		{"22997123456789", "", ""},
		{"33612345678", "", ""}, // a country without a plan here
		{"228 90112233", "", ""},
		{"2289011223a", "", ""},
		{"+", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		number, country, err := capabilities.ParseMSISDN(tt.in)
		if string(number) != tt.number || country != tt.country || (err == nil) != (tt.number != "") {
			t.Errorf("ParseMSISDN(%q) = %q, %q, %v; want %q, %q", tt.in, number, country, err, tt.number, tt.country)
		}
	}
	if _, _, err := capabilities.ParseMSISDN("22890112233", "BJ"); err == nil {
		t.Error("a Togo number was taken where only Benin's are")
	}
	if local := capabilities.MSISDN("22890112233").Local(); local != "90112233" {
		t.Errorf("Local() = %q", local)
	}
}

// The table of numbering plans is our own; the library that is tested against
// is kept by people who follow the plans.
func TestNumberingPlansAgreeWithLibrary(t *testing.T) {
	countries := []string{"BF", "BJ", "CD", "CI", "CM", "EG", "GH", "GM", "KE", "MW", "NG", "RW", "SL", "SN", "TG", "TZ", "UG", "ZA", "ZM"}
	for _, country := range countries {
		example := phonenumbers.GetExampleNumberForType(country, phonenumbers.MOBILE)
		number := phonenumbers.Format(example, phonenumbers.E164)
		parsed, got, err := capabilities.ParseMSISDN(number)
		if err != nil || got != country || "+"+string(parsed) != number {
			t.Errorf("%s: ParseMSISDN(%s) = %q, %q, %v", country, number, parsed, got, err)
		}
	}
}
