package mobipay_test

import (
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

// verify judges a webhook some time after whatever was asked before.
func (b bench) verify(body string) *host.Answer {
	b.Helper()
	b.Clock.Advance(delay)
	return b.Call("verify_webhook", hosttest.Input{"body": body})
}

// signed is a webhook with the fields, signed as the emulator's merchant's
// are.
func (b bench) signed(fields string) string {
	b.Helper()
	signature, err := emulator.Sign([]byte("{"+fields+"}"), b.Emulator.Config()["MOBIPAY_SECRET_KEY"])
	if err != nil {
		b.Fatal(err)
	}
	return "{" + fields + `,"signature":"` + signature + `"}`
}

// claim are the documented fields of a webhook that says paid.
func (b bench) claim(reference, amount string) string {
	return `"merchant_id":"` + b.Emulator.Config()["MOBIPAY_MERCHANT_ID"] + `","operation_type":17,"customer_id":"2290196000000","amount":` + amount +
		`,"order_id":"` + reference + `","transaction_id":"1234567","transaction_ref":"QR555RQ","status":2,"provider_id":9210,"destination_id":"","result":{"code":0,"message":"OK"}`
}

// listening is a bench whose webhooks come to the inbox.
func listening(t *testing.T) (bench, *emulationtest.Inbox) {
	t.Helper()
	inbox := emulationtest.NewInbox(t)
	return newBench(t, emulation.Options{}, func(settings map[string]string) { settings["MOBIPAY_CALLBACK_URL"] = inbox.URL }), inbox
}

// The webhook that MobiPay sends to the operator's address, received and
// judged: the signature holds, and the status says the same.
func TestWebhookOfAPaidPayment(t *testing.T) {
	t.Parallel()
	b, inbox := listening(t)
	b.collect(benin, emulation.Paid, "HOOK")
	b.Clock.Advance(delay)
	body := inbox.Next()
	a := b.verify(body)
	b.Wants(a, want{State: capabilities.Succeeded, Response: "status=2"})
	if v := b.VerdictOf(a); !v.Fulfil || v.Trusted != "5000" || !v.Claim.Authentic || v.Claim.State != capabilities.Succeeded || v.Claim.Amount != "5000" {
		t.Errorf("verdict %+v, want to fulfil 5000 on an authentic claim", v)
	}
	// Replayed it is as authentic as before, and fulfils nothing more.
	a = b.verify(body)
	b.Wants(a, want{State: capabilities.Succeeded})
	if v := b.VerdictOf(a); v.Fulfil || !v.Claim.Authentic || !strings.Contains(v.Reason, "do not fulfil again") {
		t.Errorf("verdict %+v, want not to fulfil again", v)
	}
	b.Moved("HOOK", emulation.Collect, 1, 1)
}

// The other documented set of fields has no status, so it claims none.
func TestWebhookOfTheOpenAPIDocument(t *testing.T) {
	t.Parallel()
	b, inbox := listening(t)
	b.collect(benin, emulation.Variant, "HOOK-API")
	b.Clock.Advance(delay)
	a := b.verify(inbox.Next())
	b.Wants(a, want{State: capabilities.Succeeded})
	if v := b.VerdictOf(a); !v.Fulfil || v.Claim.State != capabilities.Unknown || v.Claim.Amount != "" || v.Trusted != "5000" {
		t.Errorf("verdict %+v, want to fulfil 5000", v)
	}
}

// A webhook of somebody who does not have the secret is refused unread.
func TestWebhookThatIsForged(t *testing.T) {
	t.Parallel()
	b, inbox := listening(t)
	b.collect(benin, emulation.WebhookForged, "HOOK-FORGED")
	b.Clock.Advance(delay)
	for range 2 {
		body := inbox.Next()
		if a := b.verify(body); strings.Contains(body, `"status":2`) {
			b.Wants(a, want{Kind: capabilities.Invalid, Problem: "body", Message: "does not hold|do not fulfil"})
		} else if v := b.VerdictOf(a); v.Fulfil {
			t.Errorf("verdict %+v of a failed payment", v)
		}
	}
}

// What is not word for word what MobiPay signed for this merchant is refused.
func TestWebhooksThatAreNotTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.PaidAtOnce, "HOOK")
	good := b.signed(b.claim("HOOK", "5000"))
	b.Wants(b.verify(good), want{State: capabilities.Succeeded})
	merchant := `"merchant_id":"` + b.Emulator.Config()["MOBIPAY_MERCHANT_ID"] + `",`
	for name, tt := range map[string]struct{ body, says string }{
		"fields in another order":     {reordered(good, merchant), "does not hold"},
		"another amount":              {strings.Replace(good, `"amount":5000`, `"amount":500000`, 1), "does not hold"},
		"another reference":           {strings.Replace(good, `"HOOK"`, `"HOOK-2"`, 1), "does not hold"},
		"another state":               {strings.Replace(good, `"status":2`, `"status":3`, 1), "does not hold"},
		"another result":              {strings.Replace(good, `"code":0`, `"code":1`, 1), "does not hold"},
		"half of it":                  {good[:len(good)/2], "JSON"},
		"half of the signature":       {good[:len(good)-64] + `"}`, "does not hold"},
		"no signature":                {"{" + b.claim("HOOK", "5000") + "}", "no signature"},
		"an empty signature":          {"{" + b.claim("HOOK", "5000") + `,"signature":""}`, "no signature"},
		"a second signature":          {strings.Replace(good, "{", `{"signature":"x",`, 1), "twice"},
		"a second order_id":           {strings.Replace(good, "{", `{"order_id":"HOOK-2",`, 1), "twice"},
		"another merchant's":          {b.signed(strings.Replace(b.claim("HOOK", "5000"), merchant, `"merchant_id":"another",`, 1)), "another merchant_id"},
		"no order_id":                 {b.signed(merchant + `"status":2`), "no order_id"},
		"an order_id of another kind": {b.signed(merchant + `"order_id":{"a":"HOOK"},"status":2`), "neither a string nor a number"},
		"a form":                      {`order_id=HOOK&status=2`, "JSON"},
		"a list":                      {`[` + good + `]`, "no JSON object"},
		"nothing":                     {``, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			b.Wants(b.verify(tt.body), want{Kind: capabilities.Invalid, Problem: "body", Message: tt.says + "|do not fulfil"})
		})
	}
}

// A genuine webhook is taken whatever kind its other fields are of. What it
// claims comes from those that are strings and numbers.
func TestWebhooksInOtherSpellings(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.PaidAtOnce, "HOOK")
	b.ask("HOOK")
	own := `"merchant_id":"` + b.Emulator.Config()["MOBIPAY_MERCHANT_ID"] + `","order_id":"HOOK","status":2,`
	for name, tt := range map[string]struct {
		fields string
		state  capabilities.State
		amount string
	}{
		"no transaction_ref":          {`"amount":5000,"transaction_ref":null,"result":{"code":0}`, capabilities.Succeeded, "5000"},
		"a false transaction_ref":     {`"amount":5000,"transaction_ref":false,"result":{"code":0}`, capabilities.Succeeded, "5000"},
		"a list as destination":       {`"amount":5000,"destination_id":[],"service_id":{"a":1},"result":{"code":0}`, capabilities.Succeeded, "5000"},
		"a list as message":           {`"amount":5000,"result":{"code":0,"message":["OK"]}`, capabilities.Succeeded, "5000"},
		"a list as code":              {`"amount":5000,"result":{"code":[0]}`, capabilities.Unknown, "5000"},
		"a result that is true":       {`"amount":5000,"result":true`, capabilities.Unknown, "5000"},
		"an amount that is an object": {`"amount":{"value":5000},"result":{"code":0}`, capabilities.Succeeded, ""},
		"an amount that is true":      {`"amount":true,"result":{"code":0}`, capabilities.Succeeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			a := b.verify(b.signed(own + tt.fields))
			b.Wants(a, want{State: capabilities.Succeeded})
			if v := b.VerdictOf(a); !v.Claim.Authentic || v.Claim.State != tt.state || v.Claim.Amount != tt.amount {
				t.Errorf("it claims %+v, want %s of %q", v.Claim, tt.state, tt.amount)
			}
		})
	}
}

// reordered is a webhook whose first field has moved to the end.
func reordered(body, first string) string {
	rest := "{" + strings.TrimPrefix(body, "{"+first)
	return strings.TrimSuffix(rest, "}") + "," + strings.TrimSuffix(first, ",") + "}"
}

// A signature holds of what is claimed, and what is claimed may be untrue by
// now, or be cut out of a genuine webhook: nothing stands between the fields
// that are signed. So the status decides, and the amount is the recorded one.
func TestWebhooksThatAreSignedAndWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.collect(benin, emulation.NeverAnswered, "HOOK-OPEN")
	b.collect(benin, emulation.Refused, "HOOK-NO")
	b.collect(benin, emulation.Paid, "HOOK-YES")
	b.disburse(benin, emulation.Paid, "HOOK-OUT")
	b.Clock.Advance(delay)
	cut := strings.Replace(b.signed(b.claim("HOOK-NO", "5000")), `"status":2,"provider_id":9210`, `"status":"2provider_id9210"`, 1)
	for name, tt := range map[string]struct {
		body  string
		state capabilities.State
		want  hosttest.Verdict
	}{
		"a pending payment":         {b.signed(b.claim("HOOK-OPEN", "5000")), capabilities.Pending, hosttest.Verdict{Trusted: "5000"}},
		"a refused payment":         {b.signed(b.claim("HOOK-NO", "5000")), capabilities.Cancelled, hosttest.Verdict{Trusted: "5000"}},
		"the same text, cut anew":   {cut, capabilities.Cancelled, hosttest.Verdict{Trusted: "5000"}},
		"100 times the amount":      {b.signed(b.claim("HOOK-YES", "500000")), capabilities.Succeeded, hosttest.Verdict{Fulfil: true, Trusted: "5000"}},
		"a payout":                  {b.signed(b.claim("HOOK-OUT", "5000")), capabilities.Succeeded, hosttest.Verdict{Trusted: "5000"}},
		"nobody's payment":          {b.signed(b.claim("HOOK-NEVER", "5000")), capabilities.Unknown, hosttest.Verdict{}},
		"paid, and refused as well": {b.signed(`"order_id":"HOOK-NO","status":2,"result":{"code":10201}`), capabilities.Cancelled, hosttest.Verdict{Trusted: "5000", Claim: capabilities.ClaimSummary{State: capabilities.Unknown}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)
			a := b.verify(tt.body)
			b.Wants(a, want{State: tt.state})
			if v := b.VerdictOf(a); v.Fulfil != tt.want.Fulfil || v.Trusted != tt.want.Trusted || v.Reason == "" || !v.Claim.Authentic {
				t.Errorf("verdict %+v, want %+v with a reason", v, tt.want)
			} else if claimed := tt.want.Claim.State; claimed != "" && v.Claim.State != claimed {
				t.Errorf("it claims %s, want %s", v.Claim.State, claimed)
			}
		})
	}
}
