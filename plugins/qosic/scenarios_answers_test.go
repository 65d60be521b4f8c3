package qosic_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// Every answer as it is documented, word for word, from a stub: where sources
// disagree, both variants.

// answerTests are the rows of the table of answers.
var answerTests = []struct {
	name       string
	capability string
	status     int
	body       string
	want       want
	serviceref string
}{
	{"accepted", "initiate_payment", 202, `{"responsecode":"01","responsemsg":"PENDING","transref":"TRANSREF","serviceref":"7427291567","comment":null}`, want{State: capabilities.Pending, Response: "responsecode=01", After: 3}, "7427291567"},
	{"accepted, null serviceref", "initiate_payment", 202, `{"responsecode":"01","responsemsg":"PENDING","transref":"TRANSREF","serviceref":null,"comment":null}`, want{State: capabilities.Pending, Response: "responsecode=01"}, ""},
	{"accepted, no serviceref", "initiate_payment", 202, `{"responsecode":"01","responsemsg":"demande en cours","transref":"TRANSREF"}`, want{State: capabilities.Pending, Response: "responsecode=01"}, ""},
	{"accepted, HTTP 200", "initiate_payment", 200, `{"responsecode":"01","responsemsg":"PENDING","transref":"TRANSREF","serviceref":"0"}`, want{State: capabilities.Pending, Response: "responsecode=01"}, "0"},
	{"a failure's message with success's code", "initiate_payment", 202, `{"responsecode":"00","responsemsg":"FAILED","transref":"TRANSREF"}`, want{State: capabilities.Succeeded, Response: "responsecode=00"}, ""},
	{"Moov Benin's success", "initiate_payment", 200, `{"responsecode":"0","responsemsg":"SUCCESS","transref":"TRANSREF","serviceref":"1"}`, want{State: capabilities.Succeeded, Response: "responsecode=0"}, "1"},
	{"-1 right after initiation", "initiate_payment", 200, `{"responsecode":"-1","responsemsg":"FAILED","transref":"TRANSREF","serviceref":"0"}`, want{State: capabilities.Pending, Response: "responsecode=-1", After: 3}, "0"},
	{"number without account", "initiate_payment", 417, `Expectation Failed`, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Message: "no mobile-money account"}, ""},
	{"wrong client id", "initiate_payment", 404, `{"responsecode":"-2","responsemsg":"Invalid Client Id","transref":"TRANSREF","comment":null}`, want{Kind: capabilities.Misconfigured, Response: "responsecode=-2", Message: "client id"}, ""},
	{"wrong credentials", "initiate_payment", 401, `HTTP Status 401: Bad credentials`, want{Kind: capabilities.Misconfigured, Message: "QOSIC_PASSWORD|IP Whitelist"}, ""},
	{"server error", "initiate_payment", 500, `{"title":"Internal Server Error","status":500,"detail":"message"}`, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "HTTP 500"}, ""},
	{"gateway's error", "initiate_payment", 502, `<html>Bad Gateway</html>`, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "HTTP 502"}, ""},
	{"not found", "initiate_payment", 404, `<html>Not Found</html>`, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Message: "HTTP 404|QOSIC_BASE_URL"}, ""},
	{"undocumented code", "initiate_payment", 200, `{"responsecode":"777","responsemsg":"SUCCESSFUL","transref":"TRANSREF"}`, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "responsecode=777", Message: "777"}, ""},
	{"no code", "initiate_payment", 200, `{"responsemsg":"SUCCESSFUL","transref":"TRANSREF"}`, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}, ""},
	{"code as a number", "initiate_payment", 200, `{"responsecode":0,"transref":"TRANSREF"}`, want{State: capabilities.Succeeded, Response: "responsecode=0"}, ""},
	{"another transref", "initiate_payment", 200, `{"responsecode":"00","transref":"SOMEBODYELSE"}`, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Message: "another transref"}, ""},

	{"deposit accepted in Togo", "disburse", 200, `{"responsecode":"00","responsemsg":"Succesfull","transref":"TRANSREF"}`, want{State: capabilities.Pending, Response: "responsecode=00", Gotchas: "disburse.1"}, ""},
	{"deposit accepted in Benin", "disburse", 202, `{"responsecode":"0","responsemsg":"SUCCESS","transref":"TRANSREF","serviceref":"5"}`, want{State: capabilities.Pending, Response: "responsecode=0", Gotchas: "disburse.10"}, "5"},
	{"deposit not authorised", "disburse", 200, `{"responsecode":"-2","responsemsg":"Not authorized","transref":"TRANSREF"}`, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=-2"}, ""},
	{"deposit over the receiver's limit", "disburse", 200, `{"responsecode":"580","responsemsg":"","transref":"TRANSREF"}`, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=580"}, ""},
	{"deposit from an address not whitelisted", "disburse", 401, `HTTP Status 401: Bad credentials`, want{Kind: capabilities.Misconfigured, Message: "IP Whitelist", Gotchas: "disburse.3"}, ""},

	{"refund done, HTTP 200", "refund", 200, `{"responsecode":"00","responsemsg":"OPERATION SUCCESSFUL","transref":"TRANSREF"}`, want{State: capabilities.Succeeded, Response: "responsecode=00"}, ""},
	{"refund done, HTTP 202", "refund", 202, `{"responsecode":"00","responsemsg":"OPERATION SUCCESSFUL","transref":"TRANSREF"}`, want{State: capabilities.Succeeded, Response: "responsecode=00"}, ""},
	{"refund with a wrong client id", "refund", 404, `{"responsecode":"-2","responsemsg":"Invalid Client Id","transref":"TRANSREF","comment":null}`, want{Kind: capabilities.Misconfigured, Response: "responsecode=-2"}, ""},
	{"refund of an unknown payment", "refund", 200, `{"responsecode":"-1","responsemsg":"FAILED","transref":"TRANSREF"}`, want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=-1"}, ""},
	{"refund with an unknown outcome", "refund", 500, `{"title":"Internal Server Error","status":500,"detail":"message"}`, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}, ""},

	{"paid", "check_payment_status", 200, `{"responsecode":"00","responsemsg":"SUCCESSFUL","transref":"TRANSREF","serviceref":"7427291567","comment":"TRANSACTION APPROVED AND PROCESSED SUCCESSFULLY"}`, want{State: capabilities.Succeeded, Response: "responsecode=00"}, "7427291567"},
	{"paid, in short", "check_payment_status", 202, `{"responsecode":"0","responsemsg":"SUCCESS","transref":"TRANSREF"}`, want{State: capabilities.Succeeded, Response: "responsecode=0"}, ""},
	{"pending", "check_payment_status", 200, `{"responsecode":"01","responsemsg":"PENDING","transref":"TRANSREF"}`, want{State: capabilities.Pending, Response: "responsecode=01"}, ""},
	{"unknown transref", "check_payment_status", 200, `{"responsecode":"-1","responsemsg":"FAILED","transref":"TRANSREF","serviceref":"0","comment":null}`, want{State: capabilities.Unknown, Response: "responsecode=-1", Gotchas: "check_payment_status.3"}, "0"},
	{"failed in Togo", "check_payment_status", 200, `{"responsecode":"02","responsemsg":"FAILED","transref":"TRANSREF"}`, want{State: capabilities.Failed, Response: "responsecode=02"}, ""},
	{"wrong client id on a status", "check_payment_status", 200, `{"responsecode":"-2","responsemsg":"INVALID CLIENT ID","transref":"TRANSREF","comment":"CLIENT ID DOES NOT EXIST"}`, want{Kind: capabilities.Misconfigured, Response: "responsecode=-2"}, ""},
	{"server error on a status", "check_payment_status", 503, `{"title":"Internal Server Error","status":503,"detail":"message"}`, want{Kind: capabilities.Unavailable, Message: "ask again"}, ""},
	{"undocumented code on a status", "check_payment_status", 200, `{"responsecode":"777","responsemsg":"SUCCESSFUL","transref":"TRANSREF"}`, want{State: capabilities.Unknown, Response: "responsecode=777", Note: "undocumented code"}, ""},
	{"another transref's status", "check_payment_status", 200, `{"responsecode":"00","transref":"SOMEBODYELSE"}`, want{Kind: capabilities.Unavailable, Message: "another transref"}, ""},
}

func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range answerTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, stub := newStubBench(t)
			stub.says(tt.status, tt.body)
			a := b.Call(tt.capability, everything(mtnBenin)[tt.capability])
			b.Wants(a, tt.want)
			if r := hosttest.Response(a); r["http_status"] != strconv.Itoa(tt.status) || r["serviceref"] != tt.serviceref {
				t.Errorf("HTTP %s with serviceref %q, want %d with %q", r["http_status"], r["serviceref"], tt.status, tt.serviceref)
			}
			if n := len(stub.Requests()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// finalCodes are failures wherever they appear, in the words of nobody: the
// code alone decides.
func TestFinalCodes(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	for _, code := range []string{"02", "100", "500", "515", "527", "529", "580", "682", "849"} {
		for _, capability := range []string{"initiate_payment", "disburse"} {
			stub.saysCode(200, code, "SUCCESSFUL")
			in := mtnBenin.order(emulation.Paid, "FINAL-"+code+capability[:1])
			b.Wants(b.Call(capability, in), want{Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=" + code})
		}
		b.Wants(b.ask("STATUS-"+code, "mtn_bj"), want{State: capabilities.Failed, Response: "responsecode=" + code})
	}
}

// What is sent is what is documented: the path of the network, Basic
// credentials, the network's own client id, and JSON strings throughout.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	paths := map[string]map[string]string{
		"initiate_payment": {
			"togocel_tg": "/QosicBridge/tm/v1/requestpayment", "moov_tg": "/QosicBridge/tg/v1/requestpayment",
			"mtn_bj": "/QosicBridge/user/requestpayment", "moov_bj": "/QosicBridge/user/requestpaymentmv", "celtiis_bj": "/QosicBridge/sb/v1/requestpayment",
		},
		"disburse": {
			"togocel_tg": "/QosicBridge/tm/v1/deposit", "moov_tg": "/QosicBridge/tg/v1/deposit",
			"mtn_bj": "/QosicBridge/user/deposit", "moov_bj": "/QosicBridge/user/depositmv",
		},
		"check_payment_status": {
			"togocel_tg": "/QosicBridge/tm/v1/gettransactionstatus", "moov_tg": "/QosicBridge/tg/v1/gettransactionstatus",
			"mtn_bj": "/QosicBridge/user/gettransactionstatus", "moov_bj": "/QosicBridge/user/gettransactionstatus", "celtiis_bj": "/QosicBridge/sb/v1/gettransactionstatus",
		},
		"refund": {"mtn_bj": "/QosicBridge/user/refund"},
	}
	fields := map[string][]string{
		"initiate_payment":     {"amount", "clientid", "firstname", "lastname", "msisdn", "transref"},
		"disburse":             {"amount", "clientid", "msisdn", "transref"},
		"check_payment_status": {"clientid", "transref"},
		"refund":               {"clientid", "transref"},
	}
	b, stub := newStubBench(t)
	stub.saysCode(202, "01", "PENDING")
	for _, o := range operators {
		for capability, in := range everything(o) {
			if capability == "initiate_payment" {
				in = in.With("customer_first_name", "Ama").With("customer_last_name", "Kossi")
			}
			b.Clock.Advance(delay)
			b.Call(capability, in)
			got := stub.Last(t)
			if want := paths[capability][o.network]; got.Path != want {
				t.Errorf("%s on %s went to %s, want %s", capability, o.network, got.Path, want)
			}
			if got.Username != "merchant" || got.Password != "correct horse" || !is(got, "clientid", clientID(o)) {
				t.Errorf("%s on %s: credentials %q %q %s", capability, o.network, got.Username, got.Password, got.Body["clientid"])
			}
			if names := slices.Sorted(maps.Keys(got.Body)); !slices.Equal(names, fields[capability]) {
				t.Errorf("%s sent the fields %v, want %v", capability, names, fields[capability])
			}
			for name, raw := range got.Body {
				var s string
				if json.Unmarshal(raw, &s) != nil {
					t.Errorf("%s sent %s as %s, want a string", capability, name, raw)
				}
			}
		}
	}
}

// The number goes out in the one spelling that is documented.
func TestNumbersAsTheyAreSent(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	stub.saysCode(202, "01", "PENDING")
	for i, tt := range []struct{ given, sent, network string }{
		{"+22890112000", "22890112000", "togocel_tg"},
		{"22896112000", "22896112000", "moov_tg"},
		{"22996112000", "2290196112000", "mtn_bj"}, // Benin's old eight digits
		{"+2290195112000", "2290195112000", "moov_bj"},
		{"2290140112000", "2290140112000", "celtiis_bj"},
	} {
		a := b.Call("initiate_payment", hosttest.Input{"reference": "NUMBER-0" + string(rune('0'+i)), "amount": "100", "msisdn": tt.given})
		b.Wants(a, want{State: capabilities.Pending, Note: "inferred"})
		if !is(stub.Last(t), "msisdn", tt.sent) || a.Network != tt.network {
			t.Errorf("%s went out as %s on %s, want %s on %s", tt.given, stub.Last(t).Body["msisdn"], a.Network, tt.sent, tt.network)
		}
	}
}

// What the schema or the numbering plan rules out is refused unsent.
func TestWrongInputsAreNotSent(t *testing.T) {
	t.Parallel()
	b, stub := newStubBench(t)
	good := mtnBenin.order(emulation.Paid, "WRONG-0001")
	for name, tt := range map[string]struct {
		in    hosttest.Input
		field string
	}{
		"network of another country": {good.With("network", "moov_tg"), "network"},
		"wire name of a network":     {good.With("network", "MTN"), "network"},
		"number of another country":  {good.With("msisdn", "33612345678"), "msisdn"},
		"number that is too short":   {good.With("msisdn", "2290196000"), "msisdn"},
		"prefix of nobody":           {good.With("msisdn", "2290110112000").Without("network"), "network"},
		"decimals":                   {good.With("amount", "12.50"), "amount"},
		"no amount":                  {good.Without("amount"), "amount"},
		"nothing to pay":             {good.With("amount", "0"), "amount"},
		"short reference":            {good.With("reference", "SHORT"), "reference"},
		"long reference":             {good.With("reference", "SEVENTEEN-LETTERS"), "reference"},
		"another currency":           {good.With("currency", "EUR"), "currency"},
		"field that does not exist":  {good.With("clientid", "MINE"), "clientid"},
		"host":                       {good.With("base_url", "https://evil.example"), "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			b.in(t).Wants(b.in(t).Call("initiate_payment", tt.in), want{Kind: capabilities.Invalid, Problem: tt.field})
		})
	}
	if n := len(stub.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// A connection that is cut, or an answer that breaks off, leaves money unknown
// and a question unanswered.
func TestConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(stub){
		"cut":       stub.cuts,
		"truncated": func(s stub) { s.truncates(http.StatusOK, `{"responsecode":"00","responsemsg":"SUCCESSFUL"}`) },
	} {
		b, stub := newStubBench(t)
		breaks(stub)
		for capability, in := range everything(mtnBenin) {
			t.Run(name+"/"+capability, func(t *testing.T) {
				w := want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown}
				if capability == "check_payment_status" {
					w = want{Kind: capabilities.Unavailable}
				}
				before := len(stub.Requests())
				b.in(t).Wants(b.in(t).Call(capability, in), w)
				if n := len(stub.Requests()) - before; n != 1 {
					t.Errorf("%d requests, want 1", n)
				}
			})
		}
	}
}
