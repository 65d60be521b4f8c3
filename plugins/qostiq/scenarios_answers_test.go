package qostiq_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

// done and failed are the envelope of every answer.
func done(data string) string {
	return `{"data":` + data + `,"error_code":0,"message":"Ok","result":true}`
}

func failed(code, message string) string {
	return `{"data":null,"error_code":` + code + `,"message":"` + message + `","result":false}`
}

// The data of the documents' samples, about a reference R-1.
const (
	aBill        = `{"created":"Wed, 06 Dec 2017 14:30:44 GMT","id":25,"lifetime":"43200","payer_account":null,"payer_currency":980,"payer_price":23.15,"shop_amount":23.15,"shop_currency":980,"shop_id":3,"shop_order_id":"R-1","shop_refund":23.15,"url":"https://wallet.qostiq.com/en/bill/pay/WtvoXPzcphd"}`
	otherBill    = `{"created":"Wed, 06 Dec 2017 14:35:43 GMT","id":26,"lifetime":43200,"payer_account":null,"payer_currency":980,"payer_price":23.15,"shop_amount":23.15,"shop_currency":980,"shop_id":3,"shop_order_id":"R-1","url":"https://wallet.qostiq.com/en/bill/pay/kdrNIrMtuhb"}`
	freeBill     = `{"created":"Fri, 23 Jun 2023 11:44:50 GMT","id":1914,"lifetime":"90","payer_account":null,"payer_currency":980,"payer_price":null,"shop_amount":null,"shop_currency":980,"shop_id":6,"shop_order_id":"R-1","shop_refund":null,"url":"https://wallet.qostiq.com/en/bill/pay/ba534fbd7bad42e09c47ce70c06b4886"}`
	aStatus      = `{"client_price":1.16,"created":"2020-10-20 14:01:28","description":"","is_unique":true,"payment_id":852095,"payway":"qostiq_usd","processed":"2020-10-20 14:01:33","ps_currency":980,"ps_data":{"ps_payer_account":"201538122124"},"shop_amount":23.15,"shop_currency":980,"shop_id":1092,"shop_order_id":"R-1","shop_refund":1.1,"status":2}`
	sharedStatus = `{"client_price":1.0,"created":"2021-06-09 13:47:05","description":"","is_unique":false,"payment_id":19732961,"payway":"qostiq_usd","processed":null,"ps_currency":980,"ps_data":{"ps_payer_account":"201538122124"},"shop_amount":1.0,"shop_currency":980,"shop_id":1092,"shop_order_id":"R-1","shop_refund":0.93,"status":4}`
	aQuote       = `{"account_info_config":{"payee_account":{"comment":{"en":"Enter Wallet Number or Email","ru":"Введите номер кошелька или email"},"example":"31557414711","label":{"en":"Wallet Number or Email","ru":"Номер кошелька или email"},"regex":"^3[\\d]{10}$|^([a-zA-Z0-9_-]+\\.)*[a-zA-Z0-9_-]+@[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*\\.[a-zA-Z]{2,6}$"}},"info":{},"payee_amount":10,"payee_currency":"980","shop_currency":"980","write_off_amount":10.1}`
	aTransfer    = `{"balance":0.9,"id":3,"payee_account":201497141132,"payee_amount":10,"payee_currency":980,"shop":112,"shop_currency":980,"write_off_amount":10}`
	aFound       = `{"id":3,"payee_currency":980,"receive_amount":1,"shop_currency":980,"shop_payment_id":"R-1","write_off_amount":1}`
)

// with is a sample in which something is another.
func with(sample, old, other string) string {
	changed := strings.Replace(sample, old, other, 1)
	if changed == sample {
		panic(old + " is not in " + sample)
	}
	return changed
}

// Every answer as it is documented, word for word, and what else may come.
func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	pending := want{State: capabilities.Pending}
	unknown := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}
	no := want{Kind: capabilities.ProviderRejected, State: capabilities.Failed}
	unsigned := want{Kind: capabilities.Misconfigured, Message: "QOSTIQ_SECRET_KEY", Gotchas: "create_bill.6 create_bill.10"}
	ask := want{Kind: capabilities.Unavailable}
	all, stub := newStubBench(t)
	for _, tt := range []struct {
		name, capability string
		status           int
		body             string
		want             want
	}{
		{"as documented", "create_bill", 200, done(aBill), pending},
		{"as documented, the other", "create_bill", 200, done(otherBill), pending},
		{"without a page", "create_bill", 200, done(with(aBill, "https://wallet.qostiq.com", "")), want{State: capabilities.Pending, Note: "none is passed on"}},
		{"a page elsewhere", "create_bill", 200, done(with(aBill, "https://wallet", "http://wallet")), want{State: capabilities.Pending, Note: "none is passed on"}},
		{"error for error_code", "create_bill", 200, with(done(aBill), "error_code", "error"), pending},
		{"both, alike", "create_bill", 200, with(done(aBill), `"error_code":0`, `"error_code":0,"error":"0"`), pending},
		{"both, not alike", "create_bill", 200, with(done(aBill), `"error_code":0`, `"error_code":0,"error":6`), unknown},
		{"neither", "create_bill", 200, with(done(aBill), `"error_code":0,`, ``), unknown},
		{"no result", "create_bill", 200, with(done(aBill), `,"result":true`, ``), unknown},
		{"null result", "create_bill", 200, with(done(aBill), `"result":true`, `"result":null`), unknown},
		{"result contradicts", "create_bill", 200, with(done(aBill), `"result":true`, `"result":false`), unknown},
		{"error contradicts", "create_bill", 200, with(failed("10", "wrong"), `"result":false`, `"result":true`), unknown},
		{"no data", "create_bill", 200, done(`null`), unknown},
		{"no id", "create_bill", 200, done(with(aBill, `"id":25,`, ``)), unknown},
		{"another order", "create_bill", 200, done(with(aBill, "R-1", "R-2")), unknown},
		{"another currency", "create_bill", 200, done(with(aBill, `"shop_currency":980`, `"shop_currency":840`)), unknown},
		{"no currency", "create_bill", 200, done(with(aBill, `"shop_currency":980`, `"shop_currency":7`)), unknown},
		{"another amount", "create_bill", 200, done(with(aBill, `"shop_amount":23.15`, `"shop_amount":23.16`)), no},
		{"another payer's currency", "create_bill", 200, done(with(aBill, `"payer_currency":980`, `"payer_currency":840`)), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Message: "another currency of the payer: UAH was asked for|give nobody the url"}},
		{"no payer's currency", "create_bill", 200, done(with(aBill, `"payer_currency":980,`, ``)), want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "without a payer_currency"}},
		{"nobody's currency", "create_bill", 200, done(with(aBill, `"payer_currency":980`, `"payer_currency":7`)), unknown},
		{"a page in other letters", "create_bill", 200, done(with(aBill, "https://wallet.qostiq", "https://wаllet.qostiq")), want{State: capabilities.Pending, Note: "none is passed on"}},
		{"a page with a space", "create_bill", 200, done(with(aBill, "/en/bill", "/en/ bill")), want{State: capabilities.Pending, Note: "none is passed on"}},
		{"a page of two lines", "create_bill", 200, done(with(aBill, "/en/bill", "/en/\\nbill")), want{State: capabilities.Pending, Note: "none is passed on"}},
		{"invalid sign", "create_bill", 200, failed("1", "invalid sign"), unsigned},
		{"no payway", "create_bill", 200, failed("1", "payway not found"), no},
		{"error 7", "create_bill", 200, failed("7", "operation not found"), unknown},
		{"error 8", "create_bill", 200, failed("8", "operation is processing"), unknown},
		{"error 100", "create_bill", 200, failed("100", "incorrect operation status"), unknown},
		{"nobody's error", "create_bill", 200, failed("77", "?"), unknown},
		{"an error in words", "create_bill", 200, failed(`"oops"`, "?"), unknown},
		{"HTTP 500", "create_bill", 500, failed("4", "amount is too small"), unknown},
		{"HTTP 404, and well", "create_bill", 404, done(aBill), unknown},
		{"HTTP 400 with an error", "create_bill", 400, failed("4", "amount is too small"), no},
		{"HTTP 403", "create_bill", 403, `<html>`, want{Kind: capabilities.Misconfigured, Message: "public IP address"}},
		{"HTTP 404", "create_bill", 404, `<html>`, no},
		{"a key twice", "create_bill", 200, with(done(aBill), `"error_code":0`, `"error_code":0,"error_code":0`), unknown},
		{"no object", "create_bill", 200, `"Ok"`, unknown},

		{"free, as documented", "create_bill_v2", 200, done(freeBill), pending},
		{"free, the other", "create_bill_v2", 200, done(with(freeBill, `"90"`, `90`)), pending},
		{"free, and of an amount", "create_bill_v2", 200, done(with(freeBill, `"shop_amount":null`, `"shop_amount":0.01`)), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Message: "an amount of the payer's choice was asked for|give nobody the url", Gotchas: "create_bill_v2.1"}},
		{"free, and of nothing", "create_bill_v2", 200, done(with(freeBill, `"shop_amount":null`, `"shop_amount":0`)), no},
		{"invalid sign of v2", "create_bill_v2", 200, failed("10", "invalid sign"), want{Kind: capabilities.Misconfigured, Message: "QOSTIQ_SECRET_KEY", Gotchas: "create_bill_v2.7"}},
		{"another parameter", "create_bill_v2", 200, failed("10", "incorrect request parameter"), no},
		{"a shop that sleeps", "create_bill_v2", 200, failed("12", "shop is not active"), want{Kind: capabilities.Misconfigured, Message: "activated"}},

		{"paid", "check_payment_status", 200, done(aStatus), want{State: capabilities.Succeeded}},
		{"paid, in texts", "check_payment_status", 200, done(with(with(aStatus, `23.15`, `"23.150"`), `"status":2`, `"status":"2"`)), want{State: capabilities.Succeeded}},
		{"without is_unique", "check_payment_status", 200, done(with(aStatus, `"is_unique":true,`, ``)), want{State: capabilities.Succeeded}},
		{"waiting", "check_payment_status", 200, done(with(aStatus, `"status":2`, `"status":1`)), pending},
		{"cancelled", "check_payment_status", 200, done(with(aStatus, `"status":2`, `"status":3`)), want{State: capabilities.Cancelled}},
		{"shared", "check_payment_status", 200, done(sharedStatus), want{State: capabilities.Unknown, Note: "payment_id 19732961", Gotchas: "check_payment_status.3"}},
		{"shared and paid", "check_payment_status", 200, done(with(sharedStatus, `"status":4`, `"status":2`)), want{State: capabilities.Unknown, Note: "status 2"}},
		{"shared, in text", "check_payment_status", 200, done(with(aStatus, `"is_unique":true`, `"is_unique":"false"`)), want{State: capabilities.Unknown, Note: "several bills"}},
		{"unique in another type", "check_payment_status", 200, done(with(aStatus, `"is_unique":true`, `"is_unique":1`)), want{State: capabilities.Unknown}},
		{"undocumented status", "check_payment_status", 200, done(with(aStatus, `"status":2`, `"status":5`)), want{State: capabilities.Unknown, Note: "undocumented status"}},
		{"status missing", "check_payment_status", 200, done(with(aStatus, `,"status":2`, ``)), ask},
		{"another bill", "check_payment_status", 200, done(with(aStatus, "R-1", "R-2")), ask},
		{"no data of it", "check_payment_status", 200, done(`null`), ask},
		{"an amount that is none", "check_payment_status", 200, done(with(aStatus, `23.15`, `"23,15"`)), want{Kind: capabilities.Unavailable, Message: "its amount cannot be read"}},
		{"a finer amount", "check_payment_status", 200, done(with(aStatus, `23.15`, `23.155`)), want{Kind: capabilities.Unavailable, Message: "its amount cannot be read"}},
		{"no amount yet", "check_payment_status", 200, done(with(with(aStatus, `23.15`, `null`), `"status":2`, `"status":1`)), pending},
		{"unknown bill", "check_payment_status", 200, failed("7", "Bill (shop_order_id=R-1) wasn't found"), want{State: capabilities.Unknown, Note: "knows no bill", Gotchas: "check_payment_status.6"}},
		{"unknown bill, HTTP 500", "check_payment_status", 500, failed("7", "Bill (shop_order_id=R-1) wasn't found"), ask},
		{"processing", "check_payment_status", 200, failed("8", "operation is processing"), ask},

		{"a quote, in texts", "quote_transfer", 200, done(aQuote), want{}},
		{"of another amount", "quote_transfer", 200, done(with(aQuote, `"payee_amount":10`, `"payee_amount":9`)), want{Kind: capabilities.Unavailable, Message: "10.00 UAH was asked for"}},
		{"in another currency", "quote_transfer", 200, done(with(aQuote, `"shop_currency":"980"`, `"shop_currency":"840"`)), want{Kind: capabilities.Unavailable, Message: "was to be in UAH"}},
		{"less is written off", "quote_transfer", 200, done(with(aQuote, `"write_off_amount":10.1`, `"write_off_amount":9.99`)), ask},
		{"no write-off", "quote_transfer", 200, done(with(aQuote, `"write_off_amount":10.1`, `"write_off_amount":null`)), want{Kind: capabilities.Unavailable, Message: "what is written off"}},
		{"no exchange", "quote_transfer", 200, failed("16", "invalid currency exchange"), want{Kind: capabilities.ProviderRejected, Message: "error 16"}},
		{"quote of nobody", "quote_transfer", 200, failed("2000", "other error"), ask},

		{"found", "check_transfer_status", 200, done(aFound), want{State: capabilities.Succeeded}},
		{"found, nothing told", "check_transfer_status", 200, done(with(aFound, `"receive_amount":1,`, ``)), want{State: capabilities.Unknown, Note: "cannot be read"}},
		{"found, nothing readable", "check_transfer_status", 200, done(with(aFound, `"write_off_amount":1`, `"write_off_amount":"1,00"`)), want{State: capabilities.Unknown, Note: "Look it up in the Qostiq account"}},
		{"another transfer", "check_transfer_status", 200, done(with(aFound, "R-1", "R-2")), ask},
		{"no id of it", "check_transfer_status", 200, done(with(aFound, `"id":3,`, ``)), ask},
		{"not found", "check_transfer_status", 200, failed("7", "Transfer (shop_payment_id=test) wasn't found"), want{State: capabilities.Unknown, Note: "was not created"}},
		{"not found, HTTP 500", "check_transfer_status", 500, failed("7", "Transfer (shop_payment_id=test) wasn't found"), ask},
		{"not found, and well", "check_transfer_status", 200, with(failed("7", "?"), `"result":false`, `"result":true`), ask},
		{"processing it", "check_transfer_status", 200, failed("8", "operation is processing"), pending},
		{"denied", "check_transfer_status", 200, failed("15", "request IP is denied"), want{Kind: capabilities.Misconfigured}},
		{"an HTML page", "check_transfer_status", 200, `<html>`, ask},
	} {
		t.Run(tt.name+"/"+tt.capability, func(t *testing.T) {
			b, before := all.in(t), len(stub.Requests())
			reference := fmt.Sprintf("R-1-%d", before)
			stub.Says(tt.status, strings.ReplaceAll(tt.body, "R-1", reference))
			in := map[string]hosttest.Input{
				"create_bill": bill(emulation.Paid, reference), "create_bill_v2": {"reference": reference, "currency": "UAH"},
				"quote_transfer": {"amount": "10", "currency": "UAH"}, "check_payment_status": {"reference": reference}, "check_transfer_status": {"reference": reference},
			}[tt.capability]
			a := b.Call(tt.capability, in)
			b.Wants(a, tt.want)
			if n := len(stub.Requests()) - before; n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
			if tt.want != pending && strings.HasPrefix(tt.capability, "create") && strings.Contains(a.Text(), "/bill/pay/") {
				t.Errorf("the url is there:\n%s", a.Text())
			}
		})
	}
}

// A transfer is judged after its quote: an id is the end of it, whatever else
// the answer says.
func TestAnswersToTransfers(t *testing.T) {
	t.Parallel()
	unknown := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}
	odd := want{State: capabilities.Succeeded, Note: "not as it was asked for"}
	all, stub := newStubBench(t)
	for name, tt := range map[string]struct {
		body string
		want want
	}{
		"as documented":       {done(aTransfer), want{State: capabilities.Succeeded}},
		"another amount":      {done(with(aTransfer, `"payee_amount":10`, `"payee_amount":1`)), odd},
		"another currency":    {done(with(aTransfer, `"payee_currency":980`, `"payee_currency":840`)), odd},
		"written off in euro": {done(with(aTransfer, `"shop_currency":980`, `"shop_currency":978`)), odd},
		"neither amount":      {done(with(with(aTransfer, `"payee_amount":10`, `"payee_amount":9`), `"write_off_amount":10`, `"write_off_amount":9.09`)), want{State: capabilities.Unknown, Note: "10.00 UAH is on record"}},
		"nothing told":        {done(`{"id":3}`), odd},
		"no id":               {done(with(aTransfer, `"id":3,`, ``)), want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "without the id of a transfer"}},
		"no data":             {done(`null`), unknown},
		"not unique":          {failed("6", "operation is not unique"), want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "whose answer was lost", Gotchas: "disburse.4"}},
		"not found":           {failed("7", "operation not found"), unknown},
		"invalid sign":        {failed("10", "invalid sign"), want{Kind: capabilities.Misconfigured, Message: "QOSTIQ_SECRET_KEY"}},
		"a shop that sleeps":  {failed("12", "shop is not active"), want{Kind: capabilities.Misconfigured}},
		"balance":             {failed("9", "insufficient balance"), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Gotchas: "disburse.6 disburse.7"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := all.in(t)
			stub.Does(quoting(aQuote, tt.body))
			b.Wants(b.Call("disburse", transfer(emulation.Paid, fmt.Sprintf("R-%d", len(stub.Requests())))), tt.want)
			if last := stub.Last(t); last.Path != "/transfer/create" {
				t.Errorf("the last request is %+v", last)
			}
		})
	}
}

// An account that cannot be checked is not paid.
func TestExpressionsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	regex := regexp.MustCompile(`"regex":"[^"]*"`)
	said := func(expression string) string { return regex.ReplaceAllLiteralString(aQuote, expression) }
	unchecked := want{Kind: capabilities.Unavailable, Guard: "preview", Message: "the payee's account cannot be checked"}
	invalid := want{Kind: capabilities.Invalid, Guard: "preview", Problem: "payee_account"}
	all, stub := newStubBench(t)
	for name, tt := range map[string]struct {
		quote string
		want  want
	}{
		"none":             {said(`"regex":null`), unchecked},
		"another place":    {with(aQuote, `"regex"`, `"pattern"`), unchecked},
		"not to be read":   {said(`"regex":"^3[\\d{10}$"`), unchecked},
		"of another kind":  {said(`"regex":"^(?=3)[0-9]+$"`), unchecked},
		"out of its group": {said(`"regex":"x)|(3.*"`), unchecked},
		"too long":         {said(`"regex":"` + strings.Repeat("3?", 501) + `"`), unchecked},
		"a part of it":     {said(`"regex":"^3155"`), invalid},
		"somewhere in it":  {said(`"regex":"57414"`), invalid},
		"all of it":        {said(`"regex":"[0-9]{11}"`), want{Kind: capabilities.Held}},
	} {
		t.Run(name, func(t *testing.T) {
			b := all.in(t)
			stub.Says(200, done(tt.quote))
			b.Wants(b.Ask(t.Context(), "disburse", transfer(emulation.Paid, "R-1")), tt.want)
		})
	}
}

// now is how the time is written in each version.
var (
	nowV1 = regexp.MustCompile(`^"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):\d\d:\d\d\.\d{6}"$`)
	nowV2 = regexp.MustCompile(`^[1-9]\d{9}$`)
)

// What is sent is what is documented: paths, names, numbers, types, and each
// version's words. What is signed is the text that is sent.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	configured := settings()
	configured["QOSTIQ_CALLBACK_URL"], configured["QOSTIQ_CALLBACK_REJECTED_URL"] = "https://shop.example/paid", "https://shop.example/not"
	stubbed, s := provider.Stubbed(t, configured)
	b := bench{stubbed}
	s.Does(quoting(aQuote, done(aTransfer)))
	sent := func(path string, signed []string, body map[string]string) {
		t.Helper()
		last := s.Last(t)
		got, values := map[string]string{}, map[string]string{}
		for name, raw := range last.Body {
			got[name], values[name] = string(raw), strings.Trim(string(raw), `"`)
		}
		if sign := fmt.Sprintf("%q", emulator.Sign(values, signed, "SecretKey01")); got["sign"] != sign {
			t.Errorf("%s is signed with %s, want %s", path, got["sign"], sign)
		}
		if now, has := got["now"]; has && nowV1.MatchString(now) != (path != "/bill/create/v2") || has && nowV2.MatchString(now) != (path == "/bill/create/v2") {
			t.Errorf("%s says that it is %s", path, now)
		}
		delete(got, "sign")
		delete(got, "now")
		if last.Path != path || !maps.Equal(got, body) {
			t.Errorf("%s with %v, want %s with %v", last.Path, got, path, body)
		}
	}
	b.Call("create_bill", bill(emulation.Paid, "R-1").With("amount", "10").With("payer_currency", "USD").With("description", "Tea").With("return_url", "https://shop.example/thanks"))
	sent("/bill/create", []string{"payer_currency", "shop_amount", "shop_currency", "shop_id", "shop_order_id"}, map[string]string{
		"shop_id": `5`, "shop_order_id": `"R-1"`, "shop_amount": `"10.00"`, "shop_currency": `980`, "payer_currency": `840`, "payer_account": `"31557414000"`, "description": `"Tea"`,
		"success_url": `"https://shop.example/thanks"`, "failed_url": `"https://shop.example/thanks"`, "lifetime": `"43200"`,
		"callback_url": `"https://shop.example/paid"`, "callback_rejected_url": `"https://shop.example/not"`,
	})
	b.raw("create_bill_v2", `{"reference":"R-2","amount":"1.5","currency":"EUR","payer_account":"a@example.com","lifetime_minutes":10,"lang":"pl"}`)
	sent("/bill/create/v2", []string{"currency", "now", "shop_id", "shop_order_id"}, map[string]string{
		"shop_id": `5`, "shop_order_id": `"R-2"`, "amount": `"1.50"`, "currency": `978`, "email": `"a@example.com"`, "lifetime": `"10"`, "lang": `"pl"`,
		"callback_url": `"https://shop.example/paid"`, "callback_rejected_url": `"https://shop.example/not"`,
	})
	b.Call("create_bill_v2", hosttest.Input{"reference": "R-3", "currency": "USD"})
	sent("/bill/create/v2", []string{"currency", "now", "shop_id", "shop_order_id"}, map[string]string{
		"shop_id": `5`, "shop_order_id": `"R-3"`, "currency": `840`, "lifetime": `"90"`,
		"callback_url": `"https://shop.example/paid"`, "callback_rejected_url": `"https://shop.example/not"`,
	})
	b.Call("check_payment_status", hosttest.Input{"reference": "R-1"})
	sent("/bill/shop_order_status", []string{"now", "shop_id", "shop_order_id"}, map[string]string{"shop_id": `5`, "shop_order_id": `"R-1"`})
	b.Call("quote_transfer", hosttest.Input{"amount": "10", "currency": "USD", "counter_currency": "KZT", "amount_type": "writeoff_amount"})
	sent("/transfer/try", []string{"amount", "amount_type", "payee_currency", "shop_currency", "shop_id"}, map[string]string{
		"shop_id": `5`, "amount": `"10.00"`, "amount_type": `"writeoff_amount"`, "shop_currency": `840`, "payee_currency": `398`,
	})
	b.Call("disburse", transfer(emulation.Paid, "R-4").With("description", "Salary"))
	sent("/transfer/create", []string{"amount", "amount_type", "payee_account", "payee_currency", "shop_currency", "shop_id", "shop_payment_id"}, map[string]string{
		"shop_id": `5`, "shop_payment_id": `"R-4"`, "amount": `"10.00"`, "amount_type": `"receive_amount"`, "shop_currency": `980`, "payee_currency": `980`,
		"payee_account": `"31557414000"`, "description": `"Salary"`,
	})
	b.Call("check_transfer_status", hosttest.Input{"reference": "R-4"})
	sent("/transfer/shop_payment_status", []string{"now", "shop_id", "shop_payment_id"}, map[string]string{"shop_id": `5`, "shop_payment_id": `"R-4"`})
	if all := s.Requests(); all[len(all)-3].Path != "/transfer/try" {
		t.Errorf("the transfer was not quoted before it: %+v", all)
	}
}
