package emulator_test

import (
	"net/http"
	"net/netip"
	"slices"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

const (
	paidTogo  = `{"responsecode":"00","responsemsg":"SUCCESSFUL","transref":"T1","serviceref":"0","comment":"TRANSACTION APPROVED AND PROCESSED SUCCESSFULLY"}`
	paidBenin = `{"responsecode":"00","responsemsg":"SUCCESSFUL","transref":"T1","serviceref":"7427291567","comment":"TRANSACTION APPROVED AND PROCESSED SUCCESSFULLY"}`
)

func TestAPaymentIsAcceptedThenPaid(t *testing.T) {
	for _, n := range wires {
		if n.name == moovBenin.name {
			continue // synchronous: TestMoovBenin...
		}
		t.Run(n.name, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			accepted := `{"responsecode":"01","responsemsg":"PENDING","transref":"T1",` + n.accepted
			b.Wants("payment", b.post(n.payment, n.order("000", "T1")), http.StatusAccepted, accepted)
			b.Wants("status at first", b.post(n.status, n.about("T1")), http.StatusOK, accepted)
			b.Clock.Advance(delay)
			paid := paidBenin
			if n.inTogo() {
				paid = paidTogo
			}
			b.Wants("status after the delay", b.post(n.status, n.about("T1")), http.StatusOK, paid)
			tx := b.Line("T1", emulation.Collect)
			want := emulation.Transaction{
				Reference: "T1", Operation: emulation.Collect, Network: n.name, MSISDN: n.prefix + "000", Amount: "5000", Currency: "XOF",
				State: emulation.Succeeded, Requests: 1, Paid: 1, Created: start, Settled: start.Add(delay),
			}
			if tx != want {
				t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
			}
		})
	}
}

func TestADepositIsAcceptedThenPaid(t *testing.T) {
	for _, n := range wires {
		if n.deposit == "" {
			continue
		}
		t.Run(n.name, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			got := b.post(n.deposit, n.order("000", "T1"))
			paid := paidBenin
			if n.inTogo() {
				b.Wants("deposit", got, http.StatusAccepted, `{"responsecode":"00","responsemsg":"SUCCESSFUL","transref":"T1","serviceref":null,"comment":null}`)
				paid = paidTogo
			} else {
				b.Wants("deposit", got, http.StatusOK, `{"responsecode":"0","responsemsg":"SUCCESS","transref":"T1","serviceref":"7427291567","comment":null}`)
			}
			if code := b.code(n, "T1"); code != "01" {
				t.Errorf("an accepted deposit is not yet paid, but its status is %q", code)
			}
			b.Clock.Advance(delay)
			b.Wants("status after the delay", b.post(n.status, n.about("T1")), http.StatusOK, paid)
			if tx := b.Line("T1", emulation.Disburse); tx.Paid != 1 || tx.State != emulation.Succeeded || tx.Network != n.name {
				t.Errorf("the books hold %+v", tx)
			}
		})
	}
}

func TestAnUnknownTransref(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, n := range wires {
		b.Wants(n.name, b.post(n.status, n.about("NONE")), http.StatusOK,
			`{"responsecode":"-1","responsemsg":"FAILED","transref":"NONE","serviceref":"0","comment":null}`)
	}
}

// A client id works on its own network's paths and nowhere else. MTN and Moov Benin share a status path.
func TestClientIDsOfOtherNetworks(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, n := range wires {
		for _, other := range append(wires, wire{name: "nobody", client: "UNKNOWN"}) {
			if other.name == n.name {
				continue
			}
			n.client = other.client
			what := n.name + " as " + other.name
			b.Wants(what+", payment", b.post(n.payment, n.order("000", "T1")), http.StatusNotFound,
				`{"responsecode":"-2","responsemsg":"Invalid Client Id","transref":"T1","comment":null}`)
			if n.deposit != "" {
				b.Wants(what+", deposit", b.post(n.deposit, n.order("000", "T1")), http.StatusOK,
					`{"responsecode":"-2","responsemsg":"Not authorized","transref":"T1","comment":null}`)
			}
			if n.status == other.status {
				continue
			}
			b.Wants(what+", status", b.post(n.status, n.about("T1")), http.StatusOK,
				`{"responsecode":"-2","responsemsg":"INVALID CLIENT ID","transref":"T1","comment":"CLIENT ID DOES NOT EXIST"}`)
		}
	}
	b.Untouched()
}

// Asking another network about a transref is asking about an unknown one.
func TestTheStatusOfAnotherNetworksPayment(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.pay(togocel, "000", "T1")
	b.pay(mtnBenin, "000", "T2")
	if code := b.code(moovTogo, "T1"); code != "-1" {
		t.Errorf("Moov Togo on Togocel's payment: %q", code)
	}
	if code := b.code(moovBenin, "T2"); code != "-1" {
		t.Errorf("Moov Benin on MTN's payment, at the same path: %q", code)
	}
}

func TestATransrefWorksOnce(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.pay(togocel, "000", "T1")
	used := `{"responsecode":"849","responsemsg":"VALIDATION FAILED","transref":"T1","serviceref":null,"comment":"TRANSREF ALREADY USED"}`
	b.Wants("the same payment", b.pay(togocel, "000", "T1"), http.StatusOK, used)
	b.Wants("a deposit", b.post(togocel.deposit, togocel.order("000", "T1")), http.StatusOK, used)
	b.Wants("another network", b.pay(mtnBenin, "000", "T1"), http.StatusOK, used)
	b.Clock.Advance(delay)
	b.Wants("after it was paid", b.pay(togocel, "000", "T1"), http.StatusOK, used)
	if tx := b.Line("T1", emulation.Collect); tx.Requests != 5 || tx.Paid != 1 || tx.State != emulation.Succeeded {
		t.Errorf("the books hold %+v, want 5 requests and one payment", tx)
	}
	if held := b.Transactions(); len(held) != 1 {
		t.Errorf("the books hold %d transactions, want 1", len(held))
	}
}

func TestARefund(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.pay(mtnBenin, "000", "T1")
	notPaid := `{"responsecode":"-1","responsemsg":"FAILED","transref":"T1","serviceref":null,"comment":"ONLY A SUCCESSFUL PAYMENT CAN BE REFUNDED"}`
	b.Wants("of a pending payment", b.post("/user/refund", mtnBenin.about("T1")), http.StatusOK, notPaid)
	b.Clock.Advance(delay)
	b.Wants("of a paid payment", b.post("/user/refund", mtnBenin.about("T1")), http.StatusOK,
		`{"responsecode":"00","responsemsg":"OPERATION SUCCESSFUL","transref":"T1","serviceref":"7427291568","comment":null}`)
	b.Wants("a second time", b.post("/user/refund", mtnBenin.about("T1")), http.StatusOK,
		`{"responsecode":"849","responsemsg":"VALIDATION FAILED","transref":"T1","serviceref":null,"comment":"TRANSACTION ALREADY REFUNDED"}`)
	want := emulation.Transaction{
		Reference: "T1", Operation: emulation.Refund, Network: "mtn_bj", MSISDN: "2290196000000", Amount: "5000", Currency: "XOF",
		State: emulation.Succeeded, Requests: 2, Paid: 1, Created: start.Add(delay), Settled: start.Add(delay),
	}
	if tx := b.Line("T1", emulation.Refund); tx != want {
		t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
	}
	if tx := b.Line("T1", emulation.Collect); tx.Requests != 1 || tx.Paid != 1 {
		t.Errorf("the refund has changed its payment: %+v", tx)
	}
	b.Wants("the payment's status", b.post(mtnBenin.status, mtnBenin.about("T1")), http.StatusOK, paidBenin)
}

func TestWhatIsNotRefunded(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.post(mtnBenin.deposit, mtnBenin.order("013", "DEPOSIT"))
	b.pay(moovBenin, "013", "MOOV")
	b.pay(mtnBenin, "001", "REFUSED")
	b.Clock.Advance(delay)
	for transref, want := range map[string]string{
		"NONE":    `{"responsecode":"-1","responsemsg":"FAILED","transref":"NONE","serviceref":"0","comment":null}`,
		"DEPOSIT": `{"responsecode":"-1","responsemsg":"FAILED","transref":"DEPOSIT","serviceref":"0","comment":null}`,
		"MOOV":    `{"responsecode":"-1","responsemsg":"FAILED","transref":"MOOV","serviceref":"0","comment":null}`,
		"REFUSED": `{"responsecode":"-1","responsemsg":"FAILED","transref":"REFUSED","serviceref":null,"comment":"ONLY A SUCCESSFUL PAYMENT CAN BE REFUNDED"}`,
	} {
		b.Wants(transref, b.post("/user/refund", mtnBenin.about(transref)), http.StatusOK, want)
	}
	b.Wants("with Moov's client id", b.post("/user/refund", moovBenin.about("MOOV")), http.StatusNotFound,
		`{"responsecode":"-2","responsemsg":"Invalid Client Id","transref":"MOOV","comment":null}`)
	if lines := b.Lines("DEPOSIT", emulation.Refund); len(lines) != 0 {
		t.Errorf("the books hold %+v", lines)
	}
}

// responsemsg differs between transactions in the same state: nobody can decide on it.
func TestMessagesVary(t *testing.T) {
	b := newBench(t, emulation.Options{})
	var pending, paid []string
	for _, transref := range []string{"T1", "T2", "T3", "T4"} {
		pending = append(pending, read(t, b.pay(togocel, "000", transref)).Message)
	}
	b.Clock.Advance(delay)
	for _, transref := range []string{"T1", "T2", "T3", "T4"} {
		paid = append(paid, read(t, b.post(togocel.status, togocel.about(transref))).Message)
	}
	if want := []string{"PENDING", "demande en cours", "Succesfull", "PENDING"}; !slices.Equal(pending, want) {
		t.Errorf("pending payments are called %q, want %q", pending, want)
	}
	if want := []string{"SUCCESSFUL", "Succesfull", "SUCCESS", "SUCCESSFUL"}; !slices.Equal(paid, want) {
		t.Errorf("paid payments are called %q, want %q", paid, want)
	}
}

// An address that is not whitelisted moves no money, whatever its credentials; it may ask.
func TestWhitelist(t *testing.T) {
	b := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	for _, n := range wires {
		for _, path := range []string{n.payment, n.deposit, "/user/refund"} {
			if path != "" {
				b.Wants(path, b.post(path, n.order("000", "T1")), http.StatusUnauthorized, "HTTP Status 401: Bad credentials")
			}
		}
		if code := b.code(n, "T1"); code != "-1" {
			t.Errorf("%s, status: %q", n.name, code)
		}
	}
	open := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if got := open.pay(togocel, "000", "T1"); got.Status != http.StatusAccepted {
		t.Errorf("from a whitelisted address: %s", got)
	}
}
