package emulator_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const notFound = `{"error_code":403,"error_message":"Transaction non trouvée."}`

func TestAPaymentIsRegisteredThenPaid(t *testing.T) {
	for _, n := range wires {
		t.Run(n.network, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			b.Wants("pay", b.Post(pay, n.payment("000", "T1")), http.StatusOK, `{"tx_reference":4671135,"status":0}`)
			b.Wants("status at first", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK,
				`{"tx_reference":4671135,"identifier":"T1","amount":5000,"payment_reference":"","payment_method":"`+n.method+
					`","datetime":"2025-03-01T12:00:00.000Z","phone_number":"228`+n.prefix[:4]+`XXXX","status":2}`)
			b.Clock.Advance(delay)
			b.Wants("status after the delay", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK,
				`{"tx_reference":4671135,"identifier":"T1","amount":5000,"payment_reference":"13171916025","payment_method":"`+n.method+
					`","datetime":"2025-03-01T12:00:10.000Z","phone_number":"228`+n.prefix[:4]+`XXXX","status":0}`)
			want := emulation.Transaction{
				Reference: "T1", Operation: emulation.Collect, Network: n.network, MSISDN: "228" + n.prefix + "000", Amount: "5000", Currency: "XOF",
				State: emulation.Succeeded, Requests: 1, Paid: 1, Created: start, Settled: start.Add(delay),
			}
			if tx := b.Line("T1"); tx != want {
				t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
			}
		})
	}
}

func TestAPayoutIsAcceptedThenPaid(t *testing.T) {
	for _, n := range wires {
		t.Run(n.network, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			b.Wants("disburse", b.Post(disburse, n.payout("000", "T1")), http.StatusOK, `{"tx_reference":4671135,"status":200}`)
			if says := b.status("T1"); says != "2" {
				t.Errorf("an accepted payout is not yet paid, but its status is %s", says)
			}
			b.Clock.Advance(delay)
			b.Wants("status after the delay", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK,
				`{"tx_reference":4671135,"identifier":"T1","amount":5000,"payment_reference":"13171916025","payment_method":"`+n.method+
					`","datetime":"2025-03-01T12:00:10.000Z","phone_number":"228`+n.prefix[:4]+`XXXX","status":0}`)
			if tx := b.Line("T1"); tx.Paid != 1 || tx.Operation != emulation.Disburse || tx.Network != n.network {
				t.Errorf("the books hold %+v", tx)
			}
		})
	}
}

// The variant's answers are those of the other source.
func TestTheVariant(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Wants("pay", b.Post(pay, togocel.payment("019", "T1")), http.StatusOK, `{"tx_reference":"4671135","status":0}`)
	b.Wants("disburse", b.Post(disburse, moov.payout("019", "T2")), http.StatusOK, `{"tx_reference":"4671136","status":200}`)
	pending := `{"tx_reference":"4671135","identifier":"T1","payment_reference":"","payment_method":"T-Money","datetime":"2025-03-01T12:00:00.000Z","status":2}`
	b.Wants("status at first", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK, pending)
	b.Wants("by its reference", b.Post(statusV1, aboutReference(`"4671135"`)), http.StatusOK, pending)
	b.Clock.Advance(delay)
	b.Wants("status after the delay", b.Post(statusV2, aboutIdentifier("T1")), http.StatusOK,
		`{"tx_reference":"4671135","identifier":"T1","payment_reference":"13171916025","payment_method":"T-Money","datetime":"2025-03-01T12:00:10.000Z","status":0}`)
}

func TestBothStatusCallsTellTheSame(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, moov.payment("000", "T1"))
	b.Post(pay, togocel.payment("000", "T2"))
	want := b.Post(statusV2, aboutIdentifier("T2"))
	if !strings.Contains(want.Body, `"tx_reference":4671136,"identifier":"T2"`) {
		t.Fatalf("v2 tells %s", want.Body)
	}
	b.Wants("by number", b.Post(statusV1, aboutReference("4671136")), http.StatusOK, want.Body)
	b.Wants("by string", b.Post(statusV1, aboutReference(`"4671136"`)), http.StatusOK, want.Body)
	b.Wants("by form", b.PostForm(statusV1, url.Values{"auth_token": {token}, "tx_reference": {"4671136"}}), http.StatusOK, want.Body)
}

// An unknown transaction has no status: what reads a missing one as 0 calls it paid.
func TestAnUnknownTransaction(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, moov.payment("000", "T1"))
	b.Wants("identifier", b.Post(statusV2, aboutIdentifier("NONE")), http.StatusOK, notFound)
	for _, reference := range []string{"4671134", "4671136", "0", "-1", "1", `"T1"`, "4671135.0", "99999999999999999999"} {
		b.Wants(reference, b.Post(statusV1, aboutReference(reference)), http.StatusOK, notFound)
	}
}

func TestAnIdentifierWorksOnce(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Post(pay, togocel.payment("000", "T1"))
	b.Wants("the same payment", b.Post(pay, togocel.payment("000", "T1")), http.StatusOK, `{"status":6}`)
	b.Wants("another network", b.Post(pay, moov.payment("000", "T1")), http.StatusOK, `{"status":6}`)
	b.Clock.Advance(delay)
	b.Wants("after it was paid", b.Post(pay, togocel.payment("000", "T1")), http.StatusOK, `{"status":6}`)
	if tx := b.Line("T1"); tx.Requests != 4 || tx.Paid != 1 {
		t.Errorf("the books hold %+v, want 4 requests and one payment", tx)
	}
}

// Nothing promises that a payout is not paid twice, and here it is.
func TestAPayoutThatIsSentTwiceIsPaidTwice(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Wants("once", b.Post(disburse, moov.payout("000", "T1")), http.StatusOK, `{"tx_reference":4671135,"status":200}`)
	b.Wants("twice", b.Post(disburse, moov.payout("001", "T1")), http.StatusOK, `{"tx_reference":4671136,"status":200}`)
	b.Wants("a payment of that name", b.Post(pay, moov.payment("000", "T1")), http.StatusOK, `{"tx_reference":4671137,"status":0}`)
	if lines := b.Lines("T1"); len(lines) != 3 {
		t.Errorf("the books hold %+v", lines)
	}
	b.Post(disburse, moov.payout("001", "T2"))
	b.Post(disburse, moov.payout("000", "T2"))
	b.Clock.Advance(delay)
	if says := b.status("T2"); says != "0" {
		t.Errorf("the status is %s, want that of the latest payout", says)
	}
	if says := saying(t, b.Post(statusV1, aboutReference("4671136"))); says != "6" {
		t.Errorf("by its own reference, the first one's is %s", says)
	}
}

// Without a reference of its own, a payout is found by PayGate's.
func TestAPayoutWithoutAReference(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for range 2 {
		b.Post(disburse, `{"auth_token":"`+token+`","phone_number":"96000000","amount":100,"reason":"Refund","network":"FLOOZ"}`)
	}
	b.Clock.Advance(delay)
	for _, reference := range []string{"4671135", "4671136"} {
		if says := saying(t, b.Post(statusV1, aboutReference(reference))); says != "0" {
			t.Errorf("%s: %s", reference, says)
		}
	}
}

func TestBalances(t *testing.T) {
	b := newBench(t, emulation.Options{})
	steps := []struct {
		does func()
		want string
	}{
		{func() {}, `{"status":0,"flooz":1000000,"tmoney":250000}`},
		{func() { b.Post(pay, moov.payment("000", "P1")) }, `{"status":0,"flooz":1000000,"tmoney":250000}`},
		{func() { b.Clock.Advance(delay) }, `{"status":0,"flooz":1005000,"tmoney":250000}`},
		{func() { b.Post(pay, togocel.payment("013", "P2")) }, `{"status":0,"flooz":1005000,"tmoney":255000}`},
		{func() { b.Post(pay, togocel.payment("001", "P3")); b.Clock.Advance(delay) }, `{"status":0,"flooz":1005000,"tmoney":255000}`},
		{func() { b.Post(disburse, togocel.payout("000", "D1")) }, `{"status":0,"flooz":1005000,"tmoney":250000}`},
		{func() { b.Clock.Advance(delay) }, `{"status":0,"flooz":1005000,"tmoney":250000}`},
		{func() { b.Post(disburse, moov.payout("025", "D2")) }, `{"status":0,"flooz":1000000,"tmoney":250000}`},
		{func() { b.Clock.Advance(delay) }, `{"status":0,"flooz":1005000,"tmoney":250000}`},
		{func() { b.Post(disburse, moov.payout("018", "D3")) }, `{"status":0,"flooz":1005000,"tmoney":250000}`},
	}
	for i, step := range steps {
		step.does()
		if got := b.balances(); got != step.want {
			t.Errorf("after step %d: %s, want %s", i, got, step.want)
		}
	}
}

// The balances are two: what one network lacks, the other does not lend.
func TestAPayoutAboveTheBalance(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.Wants("above it", b.Post(disburse, togocel.payoutOf(250001, "000", "D1")), http.StatusOK, `{"status":402}`)
	b.Wants("of the other network", b.Post(disburse, moov.payoutOf(250001, "000", "D2")), http.StatusOK, `{"tx_reference":4671136,"status":200}`)
	b.Wants("just below it", b.Post(disburse, togocel.payoutOf(249999, "000", "D3")), http.StatusOK, `{"tx_reference":4671137,"status":200}`)
	b.Wants("what is left", b.Post(disburse, togocel.payoutOf(1, "000", "D4")), http.StatusOK, `{"tx_reference":4671138,"status":200}`)
	b.Wants("one franc more", b.Post(disburse, togocel.payoutOf(1, "000", "D5")), http.StatusOK, `{"status":402}`)
	b.Wants("an error that would be taken", b.Post(disburse, togocel.payoutOf(1, "006", "D6")), http.StatusOK, `{"status":402}`)
	b.Clock.Advance(delay)
	if says := b.status("D1"); says != "error 403" {
		t.Errorf("the status of what was refused is %s", says)
	}
	if tx := b.Line("D1"); tx.Paid != 0 || tx.State != emulation.Failed {
		t.Errorf("the books hold %+v", tx)
	}
	if got, want := b.balances(), `{"status":0,"flooz":749999,"tmoney":0}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestPayoutsAtTheSameTimeShareTheBalance(t *testing.T) {
	b := newBench(t, emulation.Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var said []string
	for range 10 {
		wg.Go(func() {
			got := b.Post(disburse, togocel.payoutOf(100000, "000", "D"))
			mu.Lock()
			defer mu.Unlock()
			said = append(said, got.Body[strings.LastIndex(got.Body, ":")+1:])
		})
	}
	wg.Wait()
	slices.Sort(said)
	if want := []string{"200}", "200}", "402}", "402}", "402}", "402}", "402}", "402}", "402}", "402}"}; !slices.Equal(said, want) {
		t.Errorf("answered %q, want two accepted", said)
	}
}

func TestAWrongToken(t *testing.T) {
	b := newBench(t, emulation.Options{})
	unauthorised := `{"error_code":401,"error_message":"Jeton d'authentification invalide."}`
	for path, want := range map[string]string{
		pay: `{"status":2}`, disburse: `{"status":401}`, statusV1: unauthorised, statusV2: unauthorised, checkBalance: unauthorised,
	} {
		for name, part := range map[string]string{"none": "", "empty": `"auth_token":"",`, "another": `"auth_token":"secret",`, "null": `"auth_token":null,`, "a number": `"auth_token":1,`} {
			body := strings.Replace(togocel.payment("000", "T1"), `"auth_token":"`+token+`",`, part, 1)
			got := b.Post(path, body)
			b.Wants(name+" at "+path, got, http.StatusOK, want)
			if !strings.Contains(reason(got), "PAYGATE_AUTH_TOKEN") {
				t.Errorf("%s at %s: the reason is %q", name, path, reason(got))
			}
		}
	}
	b.Untouched()
}

// An address that is not whitelisted sees no balance and pays nobody, whatever its token. It may collect and ask.
func TestWhitelist(t *testing.T) {
	b := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	refused := `{"error_code":403,"error_message":"Adresse IP non autorisée."}`
	for _, body := range []string{moov.payout("000", "T1"), `{"auth_token":"wrong"}`, `{`} {
		b.Wants("disburse", b.Post(disburse, body), http.StatusOK, refused)
		b.Wants("check-balance", b.Post(checkBalance, body), http.StatusOK, refused)
	}
	b.Wants("pay", b.Post(pay, moov.payment("000", "T1")), http.StatusOK, `{"tx_reference":4671135,"status":0}`)
	if says := b.status("T1"); says != "2" {
		t.Errorf("status: %s", says)
	}
	if got := b.open(url.Values{"token": {token}, "amount": {"100"}, "identifier": {"T2"}}); got.Status != http.StatusOK {
		t.Errorf("page: %d", got.Status)
	}
	open := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if says := saying(t, open.Post(disburse, moov.payout("000", "T1"))); says != "200" {
		t.Errorf("from a whitelisted address: %s", says)
	}
}
