package emulation_test

import (
	"fmt"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

func TestEndingOf(t *testing.T) {
	for msisdn, want := range map[string]emulation.Ending{
		"22890000000":   emulation.Paid,
		"22890000001":   emulation.Refused,
		"2290196000025": emulation.PayoutFails,
		"22890000026":   emulation.Paid, // not listed
		"22890123456":   emulation.Paid,
		"008":           emulation.CutTaken,
		"08":            emulation.Paid,
		"":              emulation.Paid,
	} {
		if got := emulation.EndingOf(msisdn); got != want {
			t.Errorf("EndingOf(%q) = %q, want %q", msisdn, got, want)
		}
	}
}

func TestNumbersAreDocumented(t *testing.T) {
	numbers := emulation.Numbers(nil)
	if len(numbers) != 26 {
		t.Fatalf("%d numbers are documented, want 26", len(numbers))
	}
	names := map[string]bool{}
	for i, n := range numbers {
		if want := fmt.Sprintf("%03d", i); n.Ending != want {
			t.Errorf("number %d ends in %q, want %q", i, n.Ending, want)
		}
		if n.Name == "" || n.Effect == "" || names[n.Name] {
			t.Errorf("number %s has no name or effect, or a name that another has: %+v", n.Ending, n)
		}
		names[n.Name] = true
	}
}

func TestNumbersInAProvidersOwnWords(t *testing.T) {
	numbers := emulation.Numbers(map[emulation.Ending]string{emulation.Refused: "Status 6."})
	if got := numbers[1].Effect; got != "Status 6." {
		t.Errorf("the effect is %q", got)
	}
	if numbers[0].Effect != emulation.Numbers(nil)[0].Effect || emulation.Numbers(nil)[1].Effect == "Status 6." {
		t.Error("one provider's words have changed the table of the others")
	}
}
