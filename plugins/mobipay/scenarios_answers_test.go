package mobipay_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// answer is a body of the documented form about the order R-1.
func answer(status, code, more string) string {
	return `{"order_id":"R-1","transaction_id":"","transaction_ref":"","status":` + status + `,"result":{"code":` + code + `,"message":"x"},` +
		`"provider_result":{"code":-8888,"message":"Good"},"service_id":1,"service_version":"1.03/1.14||1.01/1.27","service_date_time":"2023-05-15 10:00:00.000000"` + more + `}`
}

// Every answer as it is documented or was seen, and what is neither.
func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	const pay, out, ask, confirm = "initiate_payment", "disburse", "check_payment_status", "confirm_payment"
	unknown := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}
	no := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed}
	pending, paid := want{State: capabilities.Pending}, want{State: capabilities.Succeeded}
	settings := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "MOBIPAY_MERCHANT_ID"}
	page := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "MOBIPAY_BASE_URL|MOBIPAY_PUBLIC_ID|MOBIPAY_SECRET_KEY"}
	misconfigured := want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_MERCHANT_ID"}
	unavailable := want{Kind: capabilities.Unavailable, Message: "ask again"}
	tells := func(note string) want { return want{State: capabilities.Unknown, Note: note} }
	for _, tt := range []struct {
		name, capability string
		status           int
		body             string
		want             want
	}{
		{"initiated", pay, 200, answer("0", "0", ""), pending},
		{"in progress", pay, 200, answer("1", "0", `,"confirm_type":0`), pending},
		{"success", pay, 200, answer("2", "0", ""), paid},
		{"failed", pay, 200, answer("3", "0", ""), want{State: capabilities.Failed}},
		{"cancelled", pay, 200, answer("4", "0", ""), want{State: capabilities.Cancelled}},
		{"undefined", pay, 200, answer("-1", "0", ""), unknown},
		{"status 5", pay, 200, answer("5", "0", ""), unknown},
		{"status 6", out, 200, answer("6", "0", ""), unknown},
		{"status 7", out, 200, answer("7", "0", ""), unknown},
		{"status 99", pay, 200, answer("99", "0", ""), unknown},
		{"texts for numbers", pay, 200, answer(`"1"`, `"0"`, `,"confirm_type":"0"`), pending},
		{"number incorrect", pay, 200, answer("-1", "10401", ""), no},
		{"number incorrect, failed", out, 200, answer("3", "10401", ""), no},
		{"invalid PIN", pay, 200, answer("-1", "1", ""), no},
		{"PIN blank", pay, 200, answer("-1", "2", ""), no},
		{"PIN length", pay, 200, answer("-1", "3", ""), no},
		{"PIN length, failed", pay, 200, answer("3", "3", ""), no},
		{"PIN length, cancelled", out, 200, answer("4", "3", ""), no},
		{"invalid PIN, initiated", pay, 200, answer("0", "1", ""), unknown},
		{"PIN blank, initiated", pay, 200, answer("0", "2", ""), unknown},
		{"number incorrect, initiated", out, 200, answer("0", "10401", ""), unknown},
		{"authentication", pay, 200, answer("-1", "10201", ""), misconfigured},
		{"merchant id", out, 200, answer("-1", "10105", ""), misconfigured},
		{"authentication without a status", out, 200, `{"order_id":"R-1","result":{"code":10201}}`, misconfigured},
		{"authentication, initiated", pay, 200, answer("0", "10201", ""), settings},
		{"authentication, failed", out, 200, answer("3", "10201", ""), settings},
		{"merchant id, cancelled", out, 200, answer("4", "10105", ""), settings},
		{"merchant id, status 5", pay, 200, answer("5", "10105", ""), settings},
		{"sending error", out, 200, answer("-1", "10301", ""), unknown},
		{"sending error, failed", out, 200, answer("3", "10301", ""), no},
		{"13104", pay, 200, answer("-1", "13104", ""), unknown},
		{"13104, cancelled", pay, 200, answer("4", "13104", ""), no},
		{"a code of nobody", pay, 200, answer("0", "777", ""), unknown},
		{"refused, and in progress", pay, 200, answer("1", "10401", ""), unknown},
		{"refused, and paid", out, 200, answer("2", "10201", ""), unknown},
		{"refused, and status 5", out, 200, answer("5", "10401", ""), unknown},
		{"refused without a status", pay, 200, `{"order_id":"R-1","result":{"code":10401,"message":"x"}}`, no},
		{"no result", pay, 200, `{"order_id":"R-1","status":2}`, unknown},
		{"no status", pay, 200, `{"order_id":"R-1","result":{"code":0}}`, unknown},
		{"no object", pay, 200, `[]`, unknown},
		{"a page", pay, 200, `<html><body>Signature is not valid</body></html>`, page},
		{"a key twice", pay, 200, strings.Replace(answer("3", "0", ""), "{", `{"status":2,`, 1), unknown},
		{"another order", pay, 200, strings.Replace(answer("2", "0", ""), "R-1", "R-2", 1), unknown},
		{"no order", pay, 200, strings.Replace(answer("2", "0", ""), `"order_id":"R-1",`, "", 1), unknown},
		{"an empty order", out, 200, strings.Replace(answer("3", "10401", ""), `"R-1"`, `""`, 1), unknown},
		{"a null order", pay, 200, strings.Replace(answer("2", "0", ""), `"R-1"`, `null`, 1), unknown},
		{"the operator's code", pay, 200, strings.Replace(answer("2", "0", ""), "-8888", "10401", 1), paid},
		{"HTTP 500", pay, 500, answer("3", "10401", ""), unknown},
		{"HTTP 404", pay, 404, `Not Found`, page},
		{"HTTP 404 in JSON", out, 404, `{"message":"Not Found"}`, page},
		{"HTTP 403", pay, 403, `<html>`, page},
		{"HTTP 401", out, 401, `<html>`, page},
		{"HTTP 405", out, 405, `<html>`, page},
		{"HTTP 415", pay, 415, ``, page},
		{"HTTP 400", pay, 400, `{}`, page},
		{"HTTP 400, a page", out, 400, `<html>`, page},
		{"HTTP 500, a page", out, 500, `<html>`, page},
		{"HTTP 302", pay, 302, ``, unknown},
		{"HTTP 400, and paid", pay, 400, answer("2", "0", ""), unknown},
		{"a confirmation", out, 200, answer("1", "0", `,"confirm_type":3`), pending},
		{"a confirmation, as text", out, 200, answer("2", "0", `,"confirm_type":"3"`), pending},
		{"a confirmation that failed", out, 200, answer("3", "0", `,"confirm_type":3`), want{State: capabilities.Failed}},

		{"paid", ask, 200, answer("2", "0", ""), paid},
		{"in progress", ask, 200, answer("1", "0", ""), pending},
		{"failed", ask, 200, answer("3", "0", ""), want{State: capabilities.Failed}},
		{"failed, refused", ask, 200, answer("3", "10401", ""), want{State: capabilities.Failed, Note: "10401"}},
		{"cancelled, refused", ask, 200, answer("4", "1", ""), want{State: capabilities.Cancelled, Note: "code 1"}},
		{"cancelled, and nobody knows why", ask, 200, answer("4", "777", ""), tells("refuses the question (code 777)")},
		{"failed, and not passed on", ask, 200, answer("3", "10301", ""), tells("refuses the question (code 10301)")},
		{"failed, authentication", ask, 200, answer("3", "10201", ""), tells("refuses the question (code 10201)")},
		{"HTTP 404", ask, 404, `<html>`, want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_PUBLIC_ID"}},
		{"HTTP 403", ask, 403, `<html>`, want{Kind: capabilities.Misconfigured, Message: "this machine"}},
		{"HTTP 400", ask, 400, `{}`, want{Kind: capabilities.ProviderRejected, Message: "MOBIPAY_BASE_URL"}},
		{"no order", ask, 200, strings.Replace(answer("2", "0", ""), `"order_id":"R-1",`, "", 1), unavailable},
		{"an empty order", ask, 200, strings.Replace(answer("3", "0", ""), `"R-1"`, `""`, 1), unavailable},
		{"a null order", ask, 200, strings.Replace(answer("2", "0", ""), `"R-1"`, `null`, 1), unavailable},
		{"status 5", ask, 200, answer("5", "0", ""), tells("status 5, which tells nothing")},
		{"undefined", ask, 200, answer("-1", "0", ""), tells("status -1, which tells nothing")},
		{"not found", ask, 200, strings.Replace(answer("-1", "90404", ""), `"message":"x"`, `"message":"PARENT OPERATION NOT FOUND"`, 1), tells("does not know this order")},
		{"refused, and paid", ask, 200, answer("2", "10401", ""), tells("contradicts itself")},
		{"refused, and in progress", ask, 200, answer("1", "777", ""), tells("contradicts itself")},
		{"authentication", ask, 200, answer("-1", "10201", ""), misconfigured},
		{"refused without a status", ask, 200, `{"result":{"code":777}}`, unavailable},
		{"a page", ask, 200, `<html>`, want{Kind: capabilities.Unavailable, Message: "MOBIPAY_SECRET_KEY"}},
		{"another order", ask, 200, strings.Replace(answer("2", "0", ""), "R-1", "R-2", 1), unavailable},
		{"HTTP 502", ask, 502, answer("2", "0", ""), unavailable},
		{"an empty extra", ask, 200, answer("1", "0", `,"extra":[]`), pending},
		{"a link that is no address", ask, 200, answer("1", "0", `,"extra":{"customer_redirect":"javascript:alert(1)"}`), want{State: capabilities.Pending, Note: "no https address"}},
		{"an amount to transfer", ask, 200, answer("2", "0", `,"extra":{"transfer_amount":1}`), paid},

		{"the code is right", confirm, 200, answer("1", "0", ""), pending},
		{"paid with the code", confirm, 200, answer("2", "0", ""), paid},
		{"the code is wrong", confirm, 200, answer("0", "1", ""), want{Kind: capabilities.ProviderRejected, Message: "new code"}},
		{"the code is wrong, in progress", confirm, 200, answer("1", "1", ""), want{Kind: capabilities.ProviderRejected, Message: "new code"}},
		{"the code is wrong, and paid", confirm, 200, answer("2", "1", ""), unknown},
		{"the payment has failed", confirm, 200, answer("3", "10401", ""), want{State: capabilities.Failed, Note: "10401"}},
		{"failed, and nobody knows why", confirm, 200, answer("3", "777", ""), unknown},
		{"HTTP 404", confirm, 404, `<html>`, page},
		{"a code of nobody", confirm, 200, answer("-1", "777", ""), unknown},
		{"a page", confirm, 200, `<html>`, unknown},
	} {
		t.Run(tt.capability+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			b, stub := newStubBench(t)
			in := map[string]hosttest.Input{
				pay: benin.order(emulation.Paid, "R-1"), out: benin.order(emulation.Paid, "R-1"), ask: {"reference": "R-1"},
				confirm: {"reference": "R-1", "otp": "7374", "msisdn": ivory.prefix + "000"},
			}[tt.capability]
			sent := 1
			if tt.capability == confirm {
				stub.Says(http.StatusOK, answer("0", "0", ""))
				b.Wants(b.collect(ivory, emulation.Paid, "R-1"), pending)
				sent = 2
			}
			stub.Says(tt.status, tt.body)
			a := b.Call(tt.capability, in)
			b.Wants(a, tt.want)
			if n := len(stub.Requests()); n != sent {
				t.Errorf("%d requests, want %d", n, sent)
			}
			if strings.Contains(a.Text(), "correct horse") {
				t.Errorf("the secret is in:\n%s", a.Text())
			}
		})
	}
}

// What a person is told to do, where only the answer can say it or the answer
// does not.
func TestWhatToDoNext(t *testing.T) {
	t.Parallel()
	card := operator{network: "card_ng", prefix: "2348030000", amount: "100", currency: "NGN"}
	for name, tt := range map[string]struct {
		of   operator
		more string
		says string
	}{
		"a link at once":            {benin, `,"extra":{"customer_redirect":"https://pay.example/1?a=b"}`, "send the customer to https://pay.example/1?a=b"},
		"no account to transfer to": {nigeria, ``, "MobiPay named no account"},
		"the amount in other words": {nigeria, `,"extra":{"account_number":"4","transfer_amount":"100.50"}`, "the customer transfers 100.50 NGN to account 4"},
		"another amount":            {nigeria, `,"extra":{"account_number":"4","transfer_amount":10050}`, "ask your manager at MobiPay how much is to be transferred"},
		"no amount at all":          {nigeria, `,"extra":{"account_number":"4","transfer_amount":"a lot"}`, "ask your manager at MobiPay how much is to be transferred"},
		"an account without a bank": {nigeria, `,"extra":{"account_number":4000000000}`, "the customer transfers the amount to account 4000000000"},
		"a page that nobody tells":  {card, ``, "most likely on a page, MobiPay's documents do not describe"},
		"a confirmation":            {benin, `,"confirm_type":7`, "a confirmation of type 7"},
		"a code and a confirmation": {ivory, `,"confirm_type":7`, "mobipay_confirm_payment"},
		"nothing":                   {benin, `,"confirm_type":"0"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := credentials()
			settings["MOBIPAY_PROVIDER_IDS"] = "orange_ci=9197,bank_ng=2311,card_ng=707"
			stubbed, s := provider.Stubbed(t, settings)
			b := bench{stubbed}
			s.Says(http.StatusOK, answer("1", "0", tt.more))
			a := b.collect(tt.of, emulation.Paid, "R-1")
			b.Wants(a, want{State: capabilities.Pending})
			b.says(a, tt.says)
		})
	}
}

// What the customer is asked to transfer is compared with what was asked for.
// Later answers cannot be, so an action of theirs names no amount.
func TestTransferOfAnotherAmount(t *testing.T) {
	t.Parallel()
	settings := credentials()
	settings["MOBIPAY_PROVIDER_IDS"] = "bank_ng=2311"
	stubbed, s := provider.Stubbed(t, settings)
	b := bench{stubbed}
	s.Says(http.StatusOK, answer("1", "0", `,"extra":{"transfer_amount":10050,"account_number":"4000000000"}`))
	a := b.collect(nigeria, emulation.Paid, "R-1")
	b.Wants(a, want{State: capabilities.Pending, Note: "100.50 NGN were asked for, and MobiPay wants a transfer of 10050"})
	if strings.Contains(a.Next.Action, "10050") {
		t.Errorf("what to do is %q", a.Next.Action)
	}
	a = b.ask("R-1")
	b.Wants(a, want{State: capabilities.Pending})
	b.says(a, "the customer transfers the amount to account 4000000000")
	if strings.Contains(a.Next.Action, "10050") {
		t.Errorf("what to do is %q", a.Next.Action)
	}
}

// What is still to be done is told by later answers too, although they do not
// say what they are about. So no payout is taken for a payment.
func TestWhatToDoLater(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		of     operator
		status string
		says   string
	}{
		"a code":                 {ivory, "0", "if it is a payment and its code was not passed on yet"},
		"a code, in progress":    {ivory, "1", "mobipay_confirm_payment"},
		"a link":                 {rwanda, "0", "a later answer brings the link"},
		"a link that was opened": {rwanda, "1", ""},
		"nothing":                {benin, "0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, stub := newStubBench(t)
			stub.Says(http.StatusOK, `<html>`)
			b.Wants(b.collect(tt.of, emulation.Paid, "R-1"), want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown})
			stub.Says(http.StatusOK, answer(tt.status, "0", ""))
			a := b.ask("R-1")
			b.Wants(a, want{State: capabilities.Pending})
			b.says(a, tt.says)
			if len(stub.Last(t).Body) != 3 { // merchant_id, order_id and signature
				t.Errorf("asked with %s", stub.Last(t).Body)
			}
		})
	}
}

// A wrong code leaves the payment as it is on record: it can be tried again.
func TestRefusedCodeSettlesNothing(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Says(http.StatusOK, answer("0", "0", ""))
	b.collect(ivory, emulation.Paid, "R-1")
	stub.Says(http.StatusOK, answer("3", "1", ""))
	b.Wants(b.confirm(ivory, emulation.Paid, "R-1", "0000"), want{Kind: capabilities.ProviderRejected})
	if all := b.OnRecord(); len(all) != 1 || all[0].State != capabilities.Pending {
		t.Errorf("on record is %+v", all)
	}
	stub.Says(http.StatusOK, answer("1", "0", ""))
	b.Wants(b.confirm(ivory, emulation.Paid, "R-1", "7374"), want{State: capabilities.Pending})
}

// What the operator's answer adds is kept as MobiPay names it.
func TestAnswerIsKept(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Says(http.StatusOK, answer("1", "0", `,"extra":{"note":"hello","n":1.50,"list":[1],"none":null},"confirm_type":0`))
	a := b.collect(benin, emulation.Paid, "R-1")
	var told struct {
		Result, ProviderResult map[string]string
		Extra                  map[string]string `json:"extra"`
		Operator               map[string]string `json:"provider_result"`
	}
	if err := json.Unmarshal(a.Response, &told); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(told.Extra, map[string]string{"note": "hello", "n": "1.50"}) || told.Operator["code"] != "-8888" || told.Result["message"] != "x" {
		t.Errorf("the answer is %s", a.Response)
	}
}

// The shapes of requests, as the gateway's published documents give them:
// required fields, types, the alphabet of order_id.
var (
	required = map[string][]string{
		"payment_c2b": {"merchant_id", "customer_id", "order_id", "amount", "currency", "provider_id", "signature"},
		"payment_b2c": {"merchant_id", "customer_id", "order_id", "amount", "currency", "provider_id", "signature"},
		"status":      {"merchant_id", "order_id", "signature"},
	}
	optional = map[string][]string{
		"payment_c2b": {"country", "callback_url", "extra"},
		"payment_b2c": {"country", "callback_url", "extra"},
		"status":      {"customer_id", "extra"},
	}
	shapes = map[string]*regexp.Regexp{
		"merchant_id":  regexp.MustCompile(`^"[^"]+"$`),
		"customer_id":  regexp.MustCompile(`^"[0-9A-Za-z]+"$`),
		"order_id":     regexp.MustCompile(`^"[A-Za-z0-9_\-:.]{1,128}"$`),
		"amount":       regexp.MustCompile(`^"[0-9]+\.[0-9]{2}"$`),
		"currency":     regexp.MustCompile(`^"[A-Z]{3}"$`),
		"country":      regexp.MustCompile(`^"[A-Z]{2}"$`),
		"provider_id":  regexp.MustCompile(`^[1-9][0-9]*$`),
		"callback_url": regexp.MustCompile(`^"https://[^"]+"$`),
		"extra":        regexp.MustCompile(`^\{("[a-z_]+":"([^"\\]|\\.)+",?)+\}$`),
		"signature":    regexp.MustCompile(`^"[0-9a-f]{128}"$`),
	}
)

// documented checks a request against the published shapes, and its path.
func documented(t *testing.T, r hosttest.Request) {
	t.Helper()
	call, ok := strings.CutPrefix(r.Path, "/f54ec96649be11ebb3780242ac130002/")
	if _, known := required[call]; !ok || !known {
		t.Errorf("the path is %s", r.Path)
	}
	for _, name := range required[call] {
		if r.Body[name] == nil {
			t.Errorf("%s lacks %s", call, name)
		}
	}
	for name, value := range r.Body {
		if !slices.Contains(slices.Concat(required[call], optional[call]), name) || !shapes[name].Match(value) {
			t.Errorf("%s has %s: %s", call, name, value)
		}
	}
}

// What is sent is what is documented, for every kind of call, and signed in the
// order in which it is sent.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Says(http.StatusOK, answer("1", "0", ""))
	sent := func(call string, body map[string]string) {
		t.Helper()
		r := stub.Last(t)
		documented(t, r)
		if r.Path != "/f54ec96649be11ebb3780242ac130002/"+call {
			t.Errorf("the path is %s, want %s", r.Path, call)
		}
		body["merchant_id"] = `"a-merchant"`
		for name, value := range body {
			if string(r.Body[name]) != value {
				t.Errorf("%s: %s is %s, want %s", call, name, r.Body[name], value)
			}
		}
		if len(r.Body) != len(body)+1 { // and the signature
			t.Errorf("%s has the fields %v, want %v", call, slices.Sorted(maps.Keys(r.Body)), slices.Sorted(maps.Keys(body)))
		}
	}
	callback := `"https://shop.example/mobipay?a=1\u0026b=\u003c2\u003e"`
	b.collect(benin, emulation.Paid, "R-1")
	sent("payment_c2b", map[string]string{"customer_id": `"2290196000000"`, "order_id": `"R-1"`, "amount": `"5000.00"`, "currency": `"XOF"`, "country": `"BJ"`, "provider_id": `9210`, "callback_url": callback})
	b.Call("check_payment_status", hosttest.Input{"reference": "R-1"})
	sent("status", map[string]string{"order_id": `"R-1"`})
	b.Call("initiate_payment", hosttest.Input{"reference": "R-2", "amount": "100", "network": "orange_cd", "msisdn": "+243812345678"})
	sent("payment_c2b", map[string]string{"customer_id": `"0812345678"`, "order_id": `"R-2"`, "amount": `"100.00"`, "currency": `"CDF"`, "country": `"CD"`, "provider_id": `2197`, "callback_url": callback})
	b.Call("disburse", hosttest.Input{"reference": "R-3", "amount": "10.5", "network": "airtel_zm", "msisdn": "260971234567"})
	if n := len(stub.Requests()); n != 3 {
		t.Errorf("%d requests: a payout without a provider id was sent", n)
	}
	b.Call("disburse", hosttest.Input{"reference": "R-4", "amount": "9000.5", "network": "bank_tz", "account": "0150ABC", "bank": "CORUTZTZ", "customer_name": `Afi "A" Mensah`})
	sent("payment_b2c", map[string]string{
		"customer_id": `"0150ABC"`, "order_id": `"R-4"`, "amount": `"9000.50"`, "currency": `"TZS"`, "country": `"TZ"`, "provider_id": `2405`, "callback_url": callback,
		"extra": `{"customer_name":"Afi \"A\" Mensah","bic":"CORUTZTZ"}`,
	})
	b.Call("initiate_payment", nowhere.order(emulation.Paid, "R-5"))
	sent("payment_c2b", map[string]string{"customer_id": `"2290196000000"`, "order_id": `"R-5"`, "amount": `"5000.00"`, "currency": `"XOF"`, "provider_id": `14`, "callback_url": callback})
}

// A code goes with a question, together with the payer's number.
func TestDocumentedConfirmation(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.Says(http.StatusOK, answer("0", "0", ""))
	b.collect(ivory, emulation.Paid, "R-1")
	b.confirm(ivory, emulation.Paid, "R-1", "7374")
	r := stub.Last(t)
	documented(t, r)
	if !strings.HasSuffix(r.Path, "/status") || string(r.Body["customer_id"]) != `"2250705145000"` || string(r.Body["extra"]) != `{"otp":"7374"}` {
		t.Errorf("%s with %s", r.Path, r.Body)
	}
}

// The signature is over the body as it is sent, whatever is in it.
func TestRequestsAreSigned(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	bodies := make(chan string, 3)
	stub.Does(func(w http.ResponseWriter, r *http.Request) {
		var raw json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
			t.Error(err)
		}
		bodies <- string(raw)
		_, _ = w.Write([]byte(answer("1", "0", "")))
	})
	b.collect(benin, emulation.Paid, "R-1")
	b.Call("disburse", ivory.order(emulation.Paid, "R-2").With("customer_name", `Élodie "<&>" Ó`))
	b.Call("check_payment_status", hosttest.Input{"reference": "R-1"})
	for range 3 {
		body := <-bodies
		signature, err := emulator.Sign([]byte(body), credentials()["MOBIPAY_SECRET_KEY"])
		if err != nil || !strings.HasSuffix(body, `,"signature":"`+signature+`"}`) {
			t.Errorf("%s is signed otherwise (%v)", body, err)
		}
	}
}
