package emulator_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

const (
	page    = "https://wallet.qostiq.com/en/bill/pay/TOKEN"
	created = "Sat, 01 Mar 2025 12:00:00 GMT"
)

// wantedBill is the answer to the bill of the documents.
func wantedBill(id, account string) string {
	return `{"created":"` + created + `","id":` + id + `,"lifetime":43200,"payer_account":` + account +
		`,"payer_currency":980,"payer_price":23.15,"shop_amount":23.15,"shop_currency":980,"shop_id":5,"shop_order_id":"B1","shop_refund":21.53,"url":"` + page + `"}`
}

// wantedStatus is what the status call says of it.
func wantedStatus(unique, processed, psData, status string) string {
	return done(`{"client_price":23.15,"created":"2025-03-01 12:00:00","description":"Test Bill","is_unique":` + unique +
		`,"payment_id":1914,"payway":"qostiq_uah","processed":` + processed + `,"ps_currency":980,"ps_data":` + psData +
		`,"shop_amount":23.15,"shop_currency":980,"shop_id":5,"shop_order_id":"B1","shop_refund":21.53,"status":` + status + `}`)
}

func TestABillOfAUserIsPaid(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.wants("create", b.call(create, linked("B1", "000")), done(wantedBill("1914", `"31557414000"`)))
	data := `{"ps_payer_account":"31557414000"}`
	b.wants("at first", b.call(billStatus, about("B1")), wantedStatus("true", "null", data, "1"))
	b.Clock.Advance(delay)
	b.wants("after the delay", b.call(billStatus, about("B1")), wantedStatus("true", `"2025-03-01 12:00:10"`, data, "2"))
	want := emulation.Transaction{
		Reference: "B1", Operation: emulation.Collect, Network: "qostiq", MSISDN: "31557414000", Amount: "23.15", Currency: "UAH",
		State: emulation.Succeeded, Requests: 1, Paid: 1, Created: emulationtest.Start(), Settled: emulationtest.Start().Add(delay),
	}
	if tx := b.Line("B1"); tx != want {
		t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
	}
}

// Nobody pays a bill of nobody: it waits for its page, and is no more than that.
func TestABillOfNobodyExpires(t *testing.T) {
	for name, tt := range map[string]struct {
		path     string
		request  body
		lifetime time.Duration
		told     string
	}{
		"the first version":       {create, bill("B1"), 43200 * time.Minute, `"lifetime":43200`},
		"the second version":      {createV2, free("B1"), 90 * time.Minute, `"lifetime":90`},
		"a string":                {create, bill("B1").with("lifetime", `"15"`), 15 * time.Minute, `"lifetime":15`},
		"an integer":              {createV2, free("B1").with("lifetime", "15"), 15 * time.Minute, `"lifetime":15`},
		"longer than the longest": {create, bill("B1").with("lifetime", "43201"), 43200 * time.Minute, `"lifetime":43200`},
		"a user who never looks":  {create, linked("B1", "004").with("lifetime", "1"), time.Minute, `"lifetime":1,`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, emulation.Options{})
			if got := b.call(tt.path, tt.request); !strings.Contains(got.Body, tt.told) {
				t.Errorf("%s, want %s", got, tt.told)
			}
			b.Clock.Advance(tt.lifetime - 1)
			if got := b.status("B1"); got != "1" {
				t.Errorf("a moment before it expires, the status is %s", got)
			}
			b.Clock.Advance(delay)
			if got := b.status("B1"); got != "4" {
				t.Errorf("when it has expired, the status is %s", got)
			}
			if tx := b.Line("B1"); tx.Paid != 0 || tx.State != emulation.Expired {
				t.Errorf("the books hold %+v", tx)
			}
		})
	}
}

func TestAnExpiredBill(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.wants("create", b.call(create, bill("B1").with("lifetime", "1")), done(strings.Replace(wantedBill("1914", "null"), "43200", "1", 1)))
	b.Clock.Advance(time.Minute)
	b.wants("status", b.call(billStatus, about("B1")), wantedStatus("true", "null", "{}", "4"))
}

// Who is not asked for an amount pays one of the payer's choice.
func TestABillOfFreeAmount(t *testing.T) {
	b := newBench(t, emulation.Options{})
	request := free("B1").with("email", `"payer@example.com"`, "lang", `"uk"`)
	b.wants("create", b.call(createV2, request), done(`{"created":"`+created+`","id":1914,"lifetime":90,"payer_account":"payer@example.com",`+
		`"payer_currency":840,"payer_price":null,"shop_amount":null,"shop_currency":840,"shop_id":5,"shop_order_id":"B1","shop_refund":null,`+
		`"url":"https://wallet.qostiq.com/uk/bill/pay/TOKEN"}`))
	told := func(price, refund, processed, status string) string {
		return done(`{"client_price":` + price + `,"created":"2025-03-01 12:00:00","description":"","is_unique":true,"payment_id":1914,` +
			`"payway":"qostiq_usd","processed":` + processed + `,"ps_currency":840,"ps_data":{"ps_payer_account":"payer@example.com"},` +
			`"shop_amount":` + price + `,"shop_currency":840,"shop_id":5,"shop_order_id":"B1","shop_refund":` + refund + `,"status":` + status + `}`)
	}
	b.wants("at first", b.call(billStatus, about("B1")), told("null", "null", "null", "1"))
	b.Clock.Advance(delay)
	b.wants("after the delay", b.call(billStatus, about("B1")), told("10.0", "9.3", `"2025-03-01 12:00:10"`, "2"))
}

// A fixed amount in the second version, in each spelling.
func TestABillOfFixedAmount(t *testing.T) {
	for spelling, want := range map[string]string{"1": "1.0", "1.0": "1.0", "1.00": "1.0", `"1.00"`: "1.0", "23.15": "23.15", `"1.1"`: "1.1"} {
		b := newBench(t, emulation.Options{})
		got := b.call(createV2, free("B1").with("amount", spelling))
		if !strings.Contains(got.Body, `"payer_price":`+want+`,"shop_amount":`+want+`,`) {
			t.Errorf("%s: %s, want %s", spelling, got, want)
		}
	}
}

// What the payer pays is in the payer's currency. Halves of a hundredth are rounded up.
func TestPricesOfBills(t *testing.T) {
	for _, tt := range []struct{ amount, shop, payer, price, refund string }{
		{"23.15", "980", "980", "23.15", "21.53"},
		{"1.00", "980", "980", "1.0", "0.93"},
		{"1.50", "980", "980", "1.5", "1.39"}, // 0.105 is kept: 0.11
		{"1", "840", "980", "40.0", "0.93"},
		{"1", "978", "980", "42.5", "0.93"},
		{"1", "978", "840", "1.06", "0.93"}, // 1.0625
		{"1", "840", "978", "0.94", "0.93"}, // 0.941…
		{"1", "980", "840", "0.03", "0.93"}, // 0.025
		{"1000000", "978", "980", "42500000.0", "930000.0"},
	} {
		b := newBench(t, emulation.Options{})
		got := b.call(create, bill("B1").with("shop_amount", tt.amount, "shop_currency", tt.shop, "payer_currency", tt.payer))
		for _, has := range []string{`"payer_price":` + tt.price + ",", `"shop_refund":` + tt.refund + ",", `"shop_currency":` + tt.shop, `"payer_currency":` + tt.payer} {
			if !strings.Contains(got.Body, has) {
				t.Errorf("%+v: %s, want %s", tt, got, has)
			}
		}
	}
}

// Two bills of one identifier are two, and the status tells of the latter.
func TestAnOrderMayHaveManyBills(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(create, linked("B1", "005")) // was not taken, and does not count
	b.call(create, linked("B1", "003")) // neither does what was refused
	b.call(create, linked("B1", "000"))
	b.Clock.Advance(delay)
	alone := b.call(billStatus, about("B1"))
	if !strings.Contains(alone.Body, `"is_unique":true,"payment_id":1916`) || says(t, alone) != "2" {
		t.Errorf("alone: %s", alone)
	}
	b.call(create, bill("B1").with("shop_order_id", `"B2"`))
	b.call(create, bill("B1"))
	b.Clock.Advance(delay)
	both := b.call(billStatus, about("B1"))
	if !strings.Contains(both.Body, `"is_unique":false,"payment_id":1918`) || says(t, both) != "1" {
		t.Errorf("with another: %s", both)
	}
}

// A shop that wants its identifiers to be unique.
func TestAnOrderThatMayHaveOneBill(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for path, request := range map[string]body{create: bill("unique-1"), createV2: free("unique-2")} {
		if got := says(t, b.call(path, request)); got != "done" {
			t.Errorf("%s: %s", path, got)
		}
		b.wants("again", b.call(path, request), failed(6, "operation is not unique"))
	}
	b.call(create, linked("unique-3", "000"))
	b.wants("a user's", b.call(create, linked("unique-3", "001")), failed(6, "operation is not unique"))
	if tx := b.Line("unique-3"); tx.Requests != 2 || tx.Ending != "" {
		t.Errorf("the books hold %+v", tx)
	}
}

// The status of a bill is told once in ten seconds: whoever asks more often is told nothing.
func TestAskingTooOften(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(create, bill("B1"))
	b.call(create, bill("B2"))
	for _, step := range []struct {
		order, want string
		then        time.Duration
	}{
		{"B1", "1", 0}, {"B1", "error 2000", 0}, {"B2", "1", 10*time.Second - 1}, {"B1", "error 2000", 1}, {"B1", "1", 0}, {"B2", "1", 0}, {"B2", "error 2000", 0},
		{"B3", "error 7", 0}, {"B3", "error 7", 0},
	} {
		if got := b.status(step.order); got != step.want {
			t.Errorf("%s: %s, want %s", step.order, got, step.want)
		}
		b.Clock.Advance(step.then)
	}
	b.wants("too often", b.call(billStatus, about("B1")), failed(2000, "too many requests"))
}

// Every identifier and currency may be a string or a number, and some answers echo which.
func TestBothTypes(t *testing.T) {
	b := newBench(t, emulation.Options{})
	got := b.call(create, bill("B1").with("shop_id", "5", "shop_order_id", "4239", "payer_account", "201494711279", "shop_currency", `"840"`))
	if !strings.Contains(got.Body, `"payer_account":201494711279,`) || !strings.Contains(got.Body, `"shop_order_id":4239,`) || !strings.Contains(got.Body, `"shop_currency":840`) {
		t.Errorf("create: %s", got)
	}
	if got := says(t, b.call(billStatus, asking().with("shop_id", `"5"`, "shop_order_id", "4239"))); got != "1" {
		t.Errorf("status by a number: %s", got)
	}
	if got := says(t, b.call(createV2, free("B2").with("shop_id", `"5"`, "currency", `"978"`))); got != "done" {
		t.Errorf("the second version: %s", got)
	}
	request := payout("T1", "000").with("shop_id", `"5"`, "payee_currency", `"978"`, "shop_currency", `"840"`, "amount", `"10"`, "shop_payment_id", "17", "payee_account", "31557414711")
	if got := says(t, b.call(transfer, request)); got != "done" {
		t.Errorf("transfer: %s", got)
	}
	if got := says(t, b.call(transferStatus, about("17"))); got != "done" {
		t.Errorf("its status: %s", got)
	}
}

const accounts = `{"payee_account":{"comment":{"en":"Enter Wallet Number or Email","ru":"Введите номер кошелька или email"},"example":"31557414711",` +
	`"label":{"en":"Wallet Number or Email","ru":"Номер кошелька или email"},` +
	`"regex":"^3[\\d]{10}$|^([a-zA-Z0-9_-]+\\.)*[a-zA-Z0-9_-]+@[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*\\.[a-zA-Z]{2,6}$"}}`

// The documents' example, and the same with strings, which are echoed.
func TestCalculatingATransfer(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.wants("numbers", b.call(try, calculation().with("amount", "1.11")),
		done(`{"account_info_config":`+accounts+`,"info":{},"payee_amount":1.11,"payee_currency":978,"shop_currency":840,"write_off_amount":1.19}`))
	b.wants("strings", b.call(try, calculation().with("amount", `"1.11"`, "payee_currency", `"978"`, "shop_currency", `"840"`, "shop_id", `"5"`)),
		done(`{"account_info_config":`+accounts+`,"info":{},"payee_amount":1.11,"payee_currency":"978","shop_currency":"840","write_off_amount":1.19}`))
	b.Untouched()
}

// Either side of a transfer may be fixed; the other has one per cent and the rate in it.
func TestPricesOfTransfers(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, tt := range []struct{ kind, amount, shop, payee, writeOff, receive string }{
		{"receive_amount", "10", "980", "980", "10.1", "10"},
		{"writeoff_amount", "10.10", "980", "980", "10.1", "10"},
		{"writeoff_amount", "10", "980", "980", "10", "9.9"}, // 9.9009…
		{"receive_amount", "1", "980", "840", "40.4", "1"},
		{"receive_amount", "1", "840", "980", "0.03", "1"},  // 0.02525
		{"writeoff_amount", "1", "840", "980", "1", "39.6"}, // 39.603…
		{"receive_amount", "100", "398", "980", "1262.5", "100"},
		{"receive_amount", "100", "980", "398", "8.08", "100"},
		{"receive_amount", "1.5", "980", "980", "1.52", "1.5"}, // 1.515
	} {
		got := b.call(try, calculation().with("amount_type", quote(tt.kind), "amount", tt.amount, "shop_currency", tt.shop, "payee_currency", tt.payee))
		if !strings.Contains(got.Body, `"payee_amount":`+tt.receive+`,`) || !strings.Contains(got.Body, `"write_off_amount":`+tt.writeOff+`}`) {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	nothing := calculation().with("amount", "1", "amount_type", `"writeoff_amount"`, "shop_currency", "398", "payee_currency", "840")
	b.wants("nothing is left", b.call(try, nothing), failed(4, "amount is too small"))
}

// An id in the answer means that it is done.
func TestATransferIsDoneAtOnce(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.wants("create", b.call(transfer, payout("T1", "000")),
		done(`{"balance":489.27,"id":1914,"payee_account":31557414000,"payee_amount":10,"payee_currency":978,"shop":5,"shop_currency":840,"write_off_amount":10.73}`))
	b.wants("status", b.call(transferStatus, about("T1")),
		done(`{"id":1914,"payee_currency":978,"receive_amount":10,"shop_currency":840,"shop_payment_id":"T1","write_off_amount":10.73}`))
	want := emulation.Transaction{
		Reference: "T1", Operation: emulation.Disburse, Network: "qostiq", MSISDN: "31557414000", Amount: "10.00", Currency: "EUR",
		State: emulation.Succeeded, Requests: 1, Paid: 1, Created: emulationtest.Start(), Settled: emulationtest.Start(),
	}
	if tx := b.Line("T1"); tx != want {
		t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
	}
	b.wants("by e-mail", b.call(transfer, payout("T2", "").with("payee_account", `"a.b@example.com"`)),
		done(`{"balance":478.54,"id":1915,"payee_account":"a.b@example.com","payee_amount":10,"payee_currency":978,"shop":5,"shop_currency":840,"write_off_amount":10.73}`))
}

func TestATransferIsUnique(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(transfer, payout("T1", "000"))
	b.wants("again", b.call(transfer, payout("T1", "000")), failed(6, "operation is not unique"))
	b.wants("another of that name", b.call(transfer, payout("T1", "111").with("amount", "5")), failed(6, "operation is not unique"))
	if got := says(t, b.call(create, bill("T1"))); got != "done" {
		t.Errorf("a bill of that name: %s", got)
	}
	if tx := b.Line("T1", emulation.Disburse); tx.Requests != 3 || tx.Paid != 1 {
		t.Errorf("the books hold %+v", tx)
	}
}

// What was refused was not created, so its identifier can be sent again.
func TestARefusedTransferMaySucceedLater(t *testing.T) {
	b := newBench(t, emulation.Options{})
	request := payout("T1", "000").with("amount", "500", "shop_currency", "980", "payee_currency", "980", "amount_type", `"writeoff_amount"`)
	b.call(transfer, request.with("shop_payment_id", `"T0"`, "amount", "600"))
	b.wants("above the balance", b.call(transfer, request), failed(9, "insufficient balance"))
	b.wants("status", b.call(transferStatus, about("T1")), failed(7, "Transfer (shop_payment_id=T1) wasn't found"))
	b.call(create, linked("B1", "013").with("shop_amount", "200"))
	if got := says(t, b.call(transfer, request)); got != "done" {
		t.Errorf("once the balance covers it: %s", got)
	}
	b.wants("and again, with the balance spent", b.call(transfer, request), failed(9, "insufficient balance"))
	b.wants("and again, of less", b.call(transfer, request.with("amount", "5")), failed(6, "operation is not unique"))
}

// The second spelling of the documents, of everything.
func TestTheVariant(t *testing.T) {
	b := newBench(t, emulation.Options{})
	other := func(data string) string { return `{"data":` + data + `,"error":0,"message":"Ok","result":true}` }
	b.wants("bill", b.call(create, linked("B1", "019")), other(`{"created":"`+created+`","id":"1914","lifetime":"43200","payer_account":"31557414019","payer_currency":"980",`+
		`"payer_price":"23.15","shop_amount":"23.15","shop_currency":"980","shop_id":"5","shop_order_id":"B1","url":"`+page+`"}`))
	b.wants("second version", b.call(createV2, free("B2").with("email", `"pay.019@example.com"`, "amount", "1.5")), other(`{"created":"`+created+`","id":"1915",`+
		`"lifetime":"90","payer_account":"pay.019@example.com","payer_currency":"840","payer_price":"1.50","shop_amount":"1.50","shop_currency":"840","shop_id":"5",`+
		`"shop_order_id":"B2","shop_refund":"1.39","url":"`+page+`"}`))
	b.wants("status", b.call(billStatus, about("B1")), other(`{"client_price":"23.15","created":"2025-03-01 12:00:00","description":"Test Bill","is_unique":true,`+
		`"payment_id":"1914","payway":"qostiq_uah","processed":null,"ps_currency":"980","ps_data":{"ps_payer_account":"31557414019"},"shop_amount":"23.15",`+
		`"shop_currency":"980","shop_id":"5","shop_order_id":"B1","shop_refund":"21.53","status":"1"}`))
	b.wants("transfer", b.call(transfer, payout("T1", "019")), other(`{"balance":"489.27","id":"1916","payee_account":"31557414019","payee_amount":"10.00",`+
		`"payee_currency":"978","shop":"5","shop_currency":"840","write_off_amount":"10.73"}`))
	b.wants("its status", b.call(transferStatus, about("T1")), other(`{"id":"1916","payee_currency":"978","receive_amount":"10.00","shop_currency":"840",`+
		`"shop_payment_id":"T1","write_off_amount":"10.73"}`))
	b.wants("again", b.call(transfer, payout("T1", "019")), `{"data":null,"error":6,"message":"operation is not unique","result":false}`)
}

// balances are the balances, as available and hold.
func (b *bench) balances() string {
	b.Helper()
	var told struct {
		Data struct {
			Balances []struct{ Currency, Available, Hold, Frozen jsonText }
		}
	}
	b.call(balance, asking()).JSON(b.T, &told)
	var text []string
	for _, c := range told.Data.Balances {
		text = append(text, string(c.Currency+" "+c.Available+" "+c.Hold+" "+c.Frozen))
	}
	return strings.Join(text, ", ")
}

// jsonText is a value as it is spelled.
type jsonText string

func (j *jsonText) UnmarshalJSON(text []byte) error { *j = jsonText(text); return nil }

func TestBalances(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.wants("to begin with", b.call(balance, asking()), done(`{"balances":[{"currency":980,"available":1000,"hold":0,"frozen":0},{"currency":840,"available":500,"hold":0,"frozen":0},`+
		`{"currency":978,"available":300,"hold":0,"frozen":0},{"currency":398,"available":100000,"hold":0,"frozen":0}],"shop_id":5}`))
	for i, step := range []struct {
		does             func()
		hryvnias, dollar string
	}{
		{func() { b.call(create, linked("B1", "000")) }, "980 1000 0 0", "840 500 0 0"},
		{func() { b.Clock.Advance(delay) }, "980 1021.53 0 0", "840 500 0 0"},
		{func() { b.call(create, linked("B2", "013").with("payer_currency", "840")) }, "980 1043.06 0 0", "840 500 0 0"},
		{func() { b.call(create, linked("B3", "001")); b.Clock.Advance(delay) }, "980 1043.06 0 0", "840 500 0 0"},
		{func() { b.call(transfer, payout("T1", "000")) }, "980 1043.06 0 0", "840 489.27 0 0"},
		{func() { b.call(transfer, payout("T2", "014")) }, "980 1043.06 0 0", "840 478.54 10.73 0"},
		{func() { b.Clock.Advance(delay) }, "980 1043.06 0 0", "840 478.54 0 0"},
		{func() { b.call(transfer, payout("T3", "025")) }, "980 1043.06 0 0", "840 478.54 0 0"},
		{func() { b.call(transfer, payout("T4", "005")) }, "980 1043.06 0 0", "840 478.54 0 0"},
		{func() { b.call(transfer, payout("T5", "006")) }, "980 1043.06 0 0", "840 467.81 0 0"},
		{func() { b.call(transfer, payout("T6", "004")) }, "980 1043.06 0 0", "840 457.08 10.73 0"},
	} {
		step.does()
		if got, want := b.balances(), step.hryvnias+", "+step.dollar+", 978 300 0 0, 398 100000 0 0"; got != want {
			t.Errorf("after step %d: %s, want %s", i, got, want)
		}
	}
}

func TestTransfersAtTheSameTimeShareTheBalance(t *testing.T) {
	b := newBench(t, emulation.Options{})
	var wg sync.WaitGroup
	answers := make(chan emulationtest.Answer, 10)
	for i := range 10 {
		wg.Go(func() {
			answers <- b.call(transfer, payout("T"+string(rune('0'+i)), "000").with("amount", "200", "amount_type", `"writeoff_amount"`))
		})
	}
	wg.Wait()
	close(answers)
	count := map[string]int{}
	for got := range answers {
		count[says(t, got)]++
	}
	if count["done"] != 2 || count["error 9"] != 8 {
		t.Errorf("answered %v, want two of 200 out of 500", count)
	}
}
