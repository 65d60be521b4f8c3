package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

func TestConfigIsWhatTheEmulatorAccepts(t *testing.T) {
	b := newBench(t, emulation.Options{})
	config := b.Emulator.Config()
	if len(config) != 4 {
		t.Errorf("%d settings, want 4: %v", len(config), config)
	}
	body := `{"merchant_id":"` + config["MOBIPAY_MERCHANT_ID"] + `","order_id":"T1"}`
	signature, err := emulator.Sign([]byte(body), config["MOBIPAY_SECRET_KEY"])
	if err != nil {
		t.Fatal(err)
	}
	got := b.Post("/"+config["MOBIPAY_PUBLIC_ID"]+"/status", strings.TrimSuffix(body, "}")+`,"signature":"`+signature+`"}`)
	if says := saying(t, got); says != unknown {
		t.Errorf("status: %s", got)
	}
	if got := b.Emulator.Provider(); got != "mobipay" {
		t.Errorf("the provider is %q", got)
	}
}

func TestPaths(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, "/" + publicID + "/payment_c2b", http.StatusOK},
		{http.MethodPost, "/" + publicID + "/payment_b2c", http.StatusOK},
		{http.MethodPost, "/" + publicID + "/status", http.StatusOK},
		{http.MethodGet, "/" + publicID + "/status", http.StatusMethodNotAllowed},
		{http.MethodPut, "/" + publicID + "/payment_b2c", http.StatusMethodNotAllowed},
		{http.MethodPost, "/" + publicID + "/refund", http.StatusNotFound},
		{http.MethodPost, "/" + publicID, http.StatusNotFound},
		{http.MethodPost, "/status", http.StatusNotFound},
		{http.MethodPost, "/api/" + publicID + "/status", http.StatusNotFound},
		{http.MethodPost, "/_emulator/transactions", http.StatusMethodNotAllowed},
		{http.MethodPut, "/page/payment/732007046722", http.StatusMethodNotAllowed},
		{http.MethodPost, "/", http.StatusNotFound},
	} {
		if got := b.Send(tt.method, tt.path, signed(t, about("T1"))); got.Status != tt.want {
			t.Errorf("%s %s: %s, want %d", tt.method, tt.path, got, tt.want)
		}
	}
}

// Every part of the credentials has a refusal of its own, whatever the call.
func TestCredentials(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, call := range []string{c2b, b2c, status} {
		path, body := "/"+publicID+"/"+call, mtnBenin.payment("000", "T1")
		wrong := answer{order: "T1", status: "-1", provider: meaningless, at: "00.000000", result: `{"code":10201,"message":"MERCHANT AUTHENTICATION ERROR"}`}
		got := b.Post("/another/"+call, signed(t, body))
		b.Wants(call+", public id", got, http.StatusOK, wrong.String())
		b.Wants(call+", public id, unsigned", b.Post("/another/"+call, body), http.StatusOK, wrong.String())
		if !strings.Contains(reason(got), "MOBIPAY_PUBLIC_ID") {
			t.Errorf("the reason is %q", reason(got))
		}
		wrong.result = `{"code":10105,"message":"WRONG MERCHANT_ID"}`
		for name, merchant := range map[string]string{"another": `"merchant"`, "none": `null`, "a number": `1`, "empty": `""`} {
			got := b.Post(path, signed(t, strings.Replace(body, `"`+merchantID+`"`, merchant, 1)))
			b.Wants(call+", merchant id, "+name, got, http.StatusOK, wrong.String())
			if !strings.Contains(reason(got), "MOBIPAY_MERCHANT_ID") {
				t.Errorf("the reason is %q", reason(got))
			}
		}
	}
	b.Untouched()
}

// What is not signed right gets a page that no client can read.
func TestSignatures(t *testing.T) {
	b := newBench(t, emulation.Options{})
	body := mtnBenin.payment("000", "T1")
	right := signed(t, body)
	signature := right[len(right)-130 : len(right)-2]
	for name, sent := range map[string]string{
		"none":              body,
		"empty":             strings.Replace(right, signature, "", 1),
		"in capitals":       strings.Replace(right, signature, strings.ToUpper(signature), 1),
		"null":              strings.Replace(right, `"`+signature+`"`, "null", 1),
		"an object":         strings.Replace(right, `"`+signature+`"`, `{"a":"`+signature+`"}`, 1),
		"of another amount": strings.Replace(right, "5000.00", "5000.01", 1),
		"of another order":  strings.Replace(right, `"currency":"XOF","country":"BJ"`, `"country":"BJ","currency":"XOF"`, 1),
		"of less":           strings.Replace(right, `,"signature"`, `,"more":"1","signature"`, 1),
		"of another secret": strings.Replace(right, signature, otherSignature(t, body), 1),
		"nothing":           ``,
		"null alone":        `null`,
		"an array":          `[` + right + `]`,
		"two documents":     right + right,
		"half a document":   right[:100],
		"a form":            "merchant_id=" + merchantID,
		"17 levels":         signedDeep(right),
		"a megabyte":        `{"merchant_id":"` + strings.Repeat("a", 70000) + `"}`,
	} {
		for _, call := range []string{c2b, b2c, status} {
			got := b.Post("/"+publicID+"/"+call, sent)
			if got.Spoiled("") != "html" || reason(got) == "" {
				t.Errorf("%s at %s: %s (%s), want a page", name, call, got, reason(got))
			}
		}
	}
	for _, kind := range []string{emulationtest.AsForm, "text/plain", "json"} {
		if got := b.Post("/"+publicID+"/"+c2b, right, emulationtest.Header("Content-Type", kind)); got.Spoiled("") != "html" {
			t.Errorf("sent as %s: %s", kind, got)
		}
	}
	b.Untouched()
	for _, kind := range []string{"", "application/json; charset=utf-8"} {
		if says := saying(t, b.Post("/"+publicID+"/"+c2b, right, emulationtest.Header("Content-Type", kind))); says != "1" {
			t.Errorf("sent as %q: %s", kind, says)
		}
	}
	front := `{"signature":"` + signature + `",` + strings.TrimPrefix(body, "{")
	if says := saying(t, b.Post("/"+publicID+"/"+c2b, front)); says != "1" {
		t.Errorf("with the signature in front: %s", says)
	}
}

func otherSignature(t *testing.T, body string) string {
	t.Helper()
	signature, err := emulator.Sign([]byte(body), "another")
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func signedDeep(body string) string {
	return strings.TrimSuffix(body, "}") + `,"extra":` + nested(16) + `}`
}

// Parameters that are not as documented are refused, and take nothing.
func TestParametersThatAreRefused(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for name, tt := range map[string]struct{ old, new, says string }{
		"provider_id as text":     {`:9210`, `:"9210"`, "provider_id must be a JSON number"},
		"half a provider_id":      {`:9210`, `:9210.5`, "provider_id must be a JSON number"},
		"no provider_id":          {`:9210`, `:null`, "provider_id must be a JSON number"},
		"an unknown provider_id":  {`:9210`, `:5026`, "5026 is not in the documents"},
		"a number as amount":      {`"5000.00"`, `5000.00`, "amount must be a string"},
		"no decimals":             {`"5000.00"`, `"5000"`, "with two decimals"},
		"one decimal":             {`"5000.00"`, `"5000.0"`, "with two decimals"},
		"three decimals":          {`"5000.00"`, `"5000.000"`, "with two decimals"},
		"a comma":                 {`"5000.00"`, `"5000,00"`, "with two decimals"},
		"nothing to pay":          {`"5000.00"`, `"0.00"`, "above zero"},
		"less than nothing":       {`"5000.00"`, `"-5000.00"`, "above zero"},
		"a plus":                  {`"5000.00"`, `"+5000.00"`, "above zero"},
		"a leading zero":          {`"5000.00"`, `"05000.00"`, "with two decimals"},
		"more money than is":      {`"5000.00"`, `"1000000000000.00"`, "above zero"},
		"no amount":               {`"5000.00"`, `null`, "amount must be a string"},
		"another currency":        {`"XOF"`, `"XAF"`, "currency must be XOF"},
		"small letters":           {`"XOF"`, `"xof"`, "currency must be XOF"},
		"no currency":             {`"XOF"`, `null`, "currency must be XOF"},
		"another country":         {`"BJ"`, `"TG"`, "country must be BJ"},
		"an empty country":        {`"BJ"`, `""`, "country must be BJ"},
		"a country as number":     {`"BJ"`, `229`, "country must be BJ"},
		"a strange order_id":      {`"T1"`, `"T 1"`, "order_id must be"},
		"a slash in the order_id": {`"T1"`, `"T/1"`, "order_id must be"},
		"a line break":            {`"T1"`, `"T1\n"`, "order_id must be"},
		"a number as order_id":    {`"T1"`, `1042`, "order_id must be"},
		"a long order_id":         {`"T1"`, `"` + strings.Repeat("a", 129) + `"`, "order_id must be"},
		"an empty order_id":       {`"T1"`, `""`, "order_id must be"},
		"extra as text":           {`}`, `,"extra":"otp"}`, "extra must be a JSON object"},
		"a relative callback_url": {`}`, `,"callback_url":"/hook"}`, "callback_url must be"},
		"a callback_url to files": {`}`, `,"callback_url":"file:///etc/passwd"}`, "callback_url must be"},
		"no callback_url":         {`}`, `,"callback_url":""}`, "callback_url must be"},
	} {
		body := strings.Replace(mtnBenin.payment("000", "T1"), tt.old, tt.new, 1)
		for _, call := range []string{c2b, b2c} {
			got := b.call(call, body)
			if says := saying(t, got); says != "3/90400" || !strings.Contains(reason(got), tt.says) {
				t.Errorf("%s at %s: %s (%s), want 3/90400 and %q", name, call, got, reason(got), tt.says)
			}
		}
	}
	for _, order := range []string{`"T 1"`, `1`, `null`, `""`} {
		got := b.call(status, strings.Replace(about("T1"), `"T1"`, order, 1))
		if says := saying(t, got); says != "-1/90400" {
			t.Errorf("status of %s: %s", order, got)
		}
	}
	b.Untouched()
}

// A refusal has the shape of every answer.
func TestARefusal(t *testing.T) {
	b := newBench(t, emulation.Options{})
	a := answer{order: "T1", status: "3", result: `{"code":90400,"message":"WRONG PARAMETERS"}`, provider: meaningless, at: "00.000000"}
	b.Wants("currency", b.call(c2b, strings.Replace(mtnBenin.payment("000", "T1"), "XOF", "EUR", 1)), http.StatusOK, a.String())
	a.status, a.result = "-1", `{"code":10401,"message":"MSISDN INCORRECT"}`
	b.Wants("customer_id", b.call(b2c, strings.Replace(mtnBenin.payment("000", "T1"), `"2290`, `"2280`, 1)), http.StatusOK, a.String())
}

// What is mended may be sent again under the same order_id.
func TestARefusedOrderIDIsFree(t *testing.T) {
	b := newBench(t, emulation.Options{})
	b.call(c2b, mtnBenin.requestFor("1.00", "000", "T1", ""))
	if says := b.status("T1"); says != unknown {
		t.Errorf("status: %s", says)
	}
	if says := saying(t, b.call(c2b, mtnBenin.payment("000", "T1"))); says != "1" {
		t.Errorf("mended: %s", says)
	}
}

// What the documents call optional may be left out, and what they do not know may be there.
func TestWhatIsTaken(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for order, change := range map[string][2]string{
		"without-country":                 {`,"country":"BJ"`, ``},
		"with.a:callback_url":             {`}`, `,"callback_url":"https://shop.example/hook"}`},
		"with_more":                       {`}`, `,"destination":{"deep":[1,true,null,1.50]},"extra":{}}`},
		strings.Repeat("aZ09_-:.", 128/8): {``, ``},
	} {
		body := strings.Replace(mtnBenin.payment("000", order), change[0], change[1], 1)
		if got := b.call(c2b, body); saying(t, got) != "1" {
			t.Errorf("%s: %s (%s)", order, got, reason(got))
		}
	}
}

// MobiPay documents no whitelist.
func TestAllowIPsMeansNothing(t *testing.T) {
	b := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	if says := saying(t, b.call(b2c, mtnBenin.payout("000", "T1"))); says != "1" {
		t.Errorf("a payout: %s", says)
	}
}

// Without a clock of its own, the emulator tells the time of the world.
func TestTheTimeOfTheWorld(t *testing.T) {
	e := emulator.New(emulation.Options{})
	defer e.Close()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/another/status", strings.NewReader(`{}`)))
	if !regexp.MustCompile(`"service_date_time":"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"`).MatchString(w.Body.String()) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Whatever is sent, it is answered, and what is booked is in order.
func FuzzBody(f *testing.F) {
	f.Add(mtnBenin.payment("000", "T1"))
	f.Add(mtnRwanda.payout("006", "T1"))
	f.Add(orangeBurkina.payment("019", "T1"))
	f.Add(confirming("T1", "2250705145655", "1234"))
	f.Add(`{"merchant_id":"` + merchantID + `","amount":1e3,"customer_id":null,"provider_id":14,"extra":[{}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		e := emulator.New(emulation.Options{Clock: emulation.NewManualClock(start)})
		defer e.Close()
		if signature, err := emulator.Sign([]byte(body), secretKey); err == nil {
			body = strings.TrimSuffix(strings.TrimSpace(body), "}") + `,"signature":"` + signature + `"}`
		}
		for _, call := range []string{c2b, b2c, status} {
			w := httptest.NewRecorder()
			e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/"+publicID+"/"+call, strings.NewReader(body)))
			if w.Code >= http.StatusInternalServerError && len(e.Books().Transactions()) == 0 {
				t.Errorf("%q at %s: %d %s", body, call, w.Code, w.Body)
			}
		}
		for _, tx := range e.Books().Transactions() {
			if strings.Trim(tx.MSISDN, "0123456789") != "" || !regexp.MustCompile(`^\d+\.\d\d$`).MatchString(tx.Amount) || len(tx.Currency) != 3 || len(tx.Reference) > 128 {
				t.Errorf("%q was booked as %+v", body, tx)
			}
		}
	})
}
