package emulation_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// What is final at once ends as its ending says, only sooner. What never ends does not end at once.
func TestFinalAtOnce(t *testing.T) {
	clock := emulation.NewManualClock(start)
	till := emulation.NewTill(emulation.Options{Clock: clock, SettleAfter: delay}, emulation.Rules{
		AtOnce: func(tx emulation.Transaction) bool { return tx.Operation == emulation.Disburse },
	})
	t.Cleanup(func() { _ = till.Close() })
	for ending, want := range map[string]emulation.State{
		"000": emulation.Succeeded, "001": emulation.Failed, "004": emulation.Pending, "006": emulation.Succeeded, "025": emulation.Failed,
	} {
		ask(till, emulation.Transaction{Reference: ending, Operation: emulation.Disburse, MSISDN: "22890000" + ending, Amount: "5"})
		if tx := booked(t, till, ending); tx.State != want || want != emulation.Pending && !tx.Settled.Equal(start) {
			t.Errorf("%s: %+v, want %s", ending, tx, want)
		}
	}
	ask(till, emulation.Transaction{Reference: "A", Operation: emulation.Collect, MSISDN: "22890000000", Amount: "5"})
	if tx := booked(t, till, "A"); tx.State != emulation.Pending {
		t.Errorf("%+v, want pending", tx)
	}
}
