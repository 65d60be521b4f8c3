package emulation_test

import (
	"io"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

func TestTheBooksOverHTTP(t *testing.T) {
	b := newBench(t, emulation.Options{})
	if got := body(t, b.url+"/_emulator/transactions"); got != "[]" {
		t.Errorf("empty books: %s", got)
	}
	if _, _, err := b.pay("/pay", "A", "000"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.pay("/payout", "B", "013"); err != nil {
		t.Fatal(err)
	}
	want := `[{"reference":"A","operation":"collect","network":"acme","msisdn":"22890000000","amount":"500","currency":"XOF",` +
		`"state":"pending","requests":1,"paid":0,"created":"2025-03-01T12:00:00Z"},` +
		`{"reference":"B","operation":"disburse","network":"acme","msisdn":"22890000013","amount":"500","currency":"XOF",` +
		`"state":"succeeded","requests":1,"paid":1,"created":"2025-03-01T12:00:00Z","settled":"2025-03-01T12:00:00Z"}]`
	if got := body(t, b.url+"/_emulator/transactions"); got != want {
		t.Errorf("the books are\n%s\nwant\n%s", got, want)
	}
}

// A provider may hold that nothing is a repeat, or that something else than the reference is.
func TestUniqueIsTheProvidersToSay(t *testing.T) {
	tests := map[string]struct {
		unique func(emulation.Transaction) string
		fresh  []bool
		found  emulation.Operation
	}{
		"the reference": {nil, []bool{true, false, false}, emulation.Collect},
		"the operation too": {
			func(tx emulation.Transaction) string { return string(tx.Operation) + tx.Reference },
			[]bool{true, true, false}, emulation.Disburse,
		},
		"nothing": {
			func(emulation.Transaction) string { return "" },
			[]bool{true, true, true}, emulation.Disburse,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			till := emulation.NewTill(emulation.Options{Clock: emulation.NewManualClock(start)}, emulation.Rules{Unique: tt.unique})
			for i, op := range []emulation.Operation{emulation.Collect, emulation.Disburse, emulation.Disburse} {
				var fresh bool
				till.ServeRequest(nowhere{}, nil, emulation.Transaction{Reference: "R", Operation: op}, func(_ emulation.Transaction, f bool) emulation.Answer {
					fresh = f
					return emulation.Answer{Status: http.StatusOK}
				})
				if fresh != tt.fresh[i] {
					t.Errorf("request %d (%s): new is %v, want %v", i+1, op, fresh, tt.fresh[i])
				}
			}
			found, _ := till.Books().Find("R", func(emulation.Transaction) bool { return true })
			if found.Operation != tt.found {
				t.Errorf("found the %s, want the latest: the %s", found.Operation, tt.found)
			}
		})
	}
}

// A provider that keeps a balance decides by what the books hold, and nobody comes in between.
func TestTheJudgeSeesTheBooks(t *testing.T) {
	judge := func(tx emulation.Transaction, held iter.Seq[emulation.Transaction]) emulation.Ending {
		for other := range held {
			if other.State != emulation.Failed {
				return emulation.LowBalance // there was money for one
			}
		}
		return tx.Ending
	}
	till := emulation.NewTill(emulation.Options{Clock: emulation.NewManualClock(start), SettleAfter: delay}, emulation.Rules{Judge: judge})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			serve(till, emulation.Transaction{Reference: strconv.Itoa(i), Operation: emulation.Disburse})
		})
	}
	wg.Wait()
	states := map[emulation.State]int{}
	for _, tx := range till.Books().Transactions() {
		states[tx.State]++
	}
	if states[emulation.Pending] != 1 || states[emulation.Failed] != 19 {
		t.Errorf("of 20 payouts with money for one: %v", states)
	}
}

// serve sends a request whose answer nobody hears.
func serve(till *emulation.Till, tx emulation.Transaction) {
	till.ServeRequest(nowhere{}, nil, tx, func(emulation.Transaction, bool) emulation.Answer {
		return emulation.Answer{Status: http.StatusOK}
	})
}

// nowhere is a caller who does not listen.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

func body(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
