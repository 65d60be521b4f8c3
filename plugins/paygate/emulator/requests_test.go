package emulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/paygate/emulator"
)

func TestConfigIsWhatTheEmulatorAccepts(t *testing.T) {
	b := newBench(t, emulation.Options{})
	config := b.Emulator.Config()
	if len(config) != 1 {
		t.Errorf("%d settings, want 1: %v", len(config), config)
	}
	got := b.Post(checkBalance, `{"auth_token":"`+config["PAYGATE_AUTH_TOKEN"]+`"}`)
	b.Wants("check-balance", got, http.StatusOK, `{"status":0,"flooz":1000000,"tmoney":250000}`)
	if got := b.Emulator.Provider(); got != "paygate" {
		t.Errorf("the provider is %q", got)
	}
}

func TestPaths(t *testing.T) {
	b := newBench(t, emulation.Options{})
	page := "?" + url.Values{"token": {token}, "amount": {"100"}, "identifier": {"T1"}}.Encode()
	tests := []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, "/api/v1/check-balance", http.StatusOK},
		{http.MethodPost, "/v1/check-balance", http.StatusNotFound},
		{http.MethodPost, "/v1/pay", http.StatusNotFound},
		{http.MethodPost, "/api/v2/pay", http.StatusNotFound},
		{http.MethodPost, "/api/v1/refund", http.StatusNotFound},
		{http.MethodPost, "/api/v2/check-balance", http.StatusNotFound},
		{http.MethodGet, "/api/v1/pay", http.StatusMethodNotAllowed},
		{http.MethodGet, "/api/v2/status", http.StatusMethodNotAllowed},
		{http.MethodPut, "/api/v1/disburse", http.StatusMethodNotAllowed},
		{http.MethodGet, "/v1/page" + page, http.StatusOK},
		{http.MethodGet, "/api/v1/page" + page, http.StatusNotFound},
		{http.MethodGet, "/api/api/v1/page" + page, http.StatusNotFound},
		{http.MethodPost, "/_emulator/transactions", http.StatusMethodNotAllowed},
		{http.MethodPost, "/", http.StatusNotFound},
	}
	for _, tt := range tests {
		if got := b.Send(tt.method, tt.path, `{"auth_token":"`+token+`"}`, emulationtest.Header("Content-Type", asJSON)); got.Status != tt.want {
			t.Errorf("%s %s: %s, want %d", tt.method, tt.path, got, tt.want)
		}
	}
}

// Every call takes a form as well as JSON, and means the same by it.
func TestForms(t *testing.T) {
	b := newBench(t, emulation.Options{})
	form := func(path string, pairs ...string) emulationtest.Answer {
		v := url.Values{"auth_token": {token}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return b.PostForm(path, v, emulationtest.Header("Content-Type", asForm+"; charset=UTF-8"))
	}
	b.Wants("pay", form(pay, "phone_number", "96000000", "amount", "5000", "identifier", "T1", "network", "FLOOZ", "description", "Été & co"),
		http.StatusOK, `{"tx_reference":4671135,"status":0}`)
	b.Wants("disburse", form(disburse, "phone_number", "22890000000", "amount", "700", "reason", "Refund", "network", "TMONEY", "reference", "T2"),
		http.StatusOK, `{"tx_reference":4671136,"status":200}`)
	b.Wants("status", form(statusV2, "identifier", "T1"), http.StatusOK, b.Post(statusV2, aboutIdentifier("T1")).Body)
	b.Wants("check-balance", form(checkBalance), http.StatusOK, `{"status":0,"flooz":1000000,"tmoney":249300}`)
	b.Wants("a wrong token", form(pay, "auth_token", "wrong"), http.StatusOK, `{"status":2}`)
	b.Wants("a bad amount", form(pay, "phone_number", "96000000", "amount", "5000.0", "identifier", "T3", "network", "FLOOZ"), http.StatusOK, `{"status":4}`)
	if tx := b.Line("T1"); tx.MSISDN != "22896000000" || tx.Amount != "5000" || tx.Network != "FLOOZ" {
		t.Errorf("the books hold %+v", tx)
	}
}

func TestBodiesThatAreNotWhatIsDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	object := `the body must be one JSON object`
	tests := map[string]struct {
		kind, body, says string
	}{
		"a form sent as JSON": {asJSON, "auth_token=" + token, object},
		"JSON sent as a form": {asForm, `{"auth_token":"%zz"}`, "the form cannot be read"},
		"an array":            {asJSON, `[{"auth_token":"` + token + `"}]`, object},
		"nothing":             {asJSON, ``, object},
		"null alone":          {asJSON, `null`, object},
		"two documents":       {asJSON, togocel.payment("000", "T1") + togocel.payment("000", "T1"), object},
		"half a document":     {asJSON, `{"auth_token":"` + token, object},
		"an object within":    {asJSON, `{"auth_token":{}}`, "auth_token must be a string or a number"},
		"a list within":       {asJSON, `{"auth_token":"` + token + `","metadata":[1]}`, "metadata must be a string or a number"},
		"a boolean":           {asJSON, `{"auth_token":true}`, "auth_token must be a string or a number"},
		"too much":            {asJSON, `{"description":"` + strings.Repeat("a", 70000) + `"}`, "too large"},
		"XML":                 {"application/xml", `<pay/>`, "send application/json or"},
		"multipart":           {"multipart/form-data; boundary=x", `--x--`, "send application/json or"},
		"a strange type":      {"nonsense;;", `{}`, "send application/json or"},
	}
	for name, tt := range tests {
		for path, want := range map[string]string{
			pay: `{"status":4}`, disburse: `{"status":400}`,
			statusV1:     `{"error_code":400,"error_message":"Paramètres invalides."}`,
			statusV2:     `{"error_code":400,"error_message":"Paramètres invalides."}`,
			checkBalance: `{"error_code":400,"error_message":"Paramètres invalides."}`,
		} {
			got := b.Post(path, tt.body, emulationtest.Header("Content-Type", tt.kind))
			b.Wants(name+" at "+path, got, http.StatusOK, want)
			if !strings.Contains(reason(got), tt.says) {
				t.Errorf("%s at %s: the reason is %q, want %q", name, path, reason(got), tt.says)
			}
		}
	}
	b.Wants("no type", b.Send(http.MethodPost, checkBalance, `{"auth_token":"`+token+`"}`), http.StatusOK, `{"status":0,"flooz":1000000,"tmoney":250000}`)
	b.Untouched()
}

func TestParametersThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		old, new string // what is changed in a body that is in order
		says     string
	}{
		"7 digits":              {`"96000000"`, `"9600000"`, "phone_number"},
		"9 digits":              {`"96000000"`, `"960000000"`, "phone_number"},
		"a plus":                {`"96000000"`, `"+22896000000"`, "phone_number"},
		"two zeros":             {`"96000000"`, `"0022896000000"`, "phone_number"},
		"another country":       {`"96000000"`, `"22996000000"`, "phone_number"},
		"a landline":            {`"96000000"`, `"22000000"`, "phone_number"},
		"spaces":                {`"96000000"`, `"96 00 00"`, "phone_number"},
		"letters":               {`"96000000"`, `"9600000a"`, "phone_number"},
		"a number as phone":     {`"96000000"`, `96000000`, "phone_number must be a JSON string"},
		"no phone":              {`"96000000"`, `""`, "phone_number is missing"},
		"a string as amount":    {`"amount":5000`, `"amount":"5000"`, "amount must be a JSON number"},
		"no amount":             {`"amount":5000`, `"amount":null`, "amount must be a whole number"},
		"zero":                  {`"amount":5000`, `"amount":0`, "amount must be a whole number"},
		"negative":              {`"amount":5000`, `"amount":-5`, "amount must be a whole number"},
		"decimals":              {`"amount":5000`, `"amount":50.5`, "amount must be a whole number"},
		"decimals of nothing":   {`"amount":5000`, `"amount":5000.0`, "amount must be a whole number"},
		"an exponent":           {`"amount":5000`, `"amount":5e3`, "amount must be a whole number"},
		"more money than is":    {`"amount":5000`, `"amount":1000000000000`, "amount must be a whole number"},
		"the page's network":    {`"FLOOZ"`, `"MOOV"`, `network must be FLOOZ or TMONEY, not "MOOV"`},
		"the page's other one":  {`"FLOOZ"`, `"TOGOCEL"`, "network must be FLOOZ or TMONEY"},
		"the answer's network":  {`"FLOOZ"`, `"T-Money"`, "network must be FLOOZ or TMONEY"},
		"small letters":         {`"FLOOZ"`, `"flooz"`, "network must be FLOOZ or TMONEY"},
		"no network":            {`"FLOOZ"`, `null`, "network must be FLOOZ or TMONEY"},
		"spaces in the id":      {`"T1"`, `"T 1"`, "must have 1 to 50"},
		"a long id":             {`"T1"`, `"` + strings.Repeat("a", 51) + `"`, "must have 1 to 50"},
		"a number as id":        {`"T1"`, `1042`, "must be a JSON string"},
		"a line break in an id": {`"T1"`, `"T1\n"`, "must have 1 to 50"},
	}
	b := newBench(t, emulation.Options{})
	for name, tt := range tests {
		for path, body := range map[string]string{pay: moov.payment("000", "T1"), disburse: moov.payout("000", "T1")} {
			changed := strings.Replace(body, tt.old, tt.new, 1)
			if changed == body {
				t.Fatalf("%s: %s is not in %s", name, tt.old, body)
			}
			want := map[string]string{pay: `{"status":4}`, disburse: `{"status":400}`}[path]
			got := b.Post(path, changed)
			b.Wants(name+" at "+path, got, http.StatusOK, want)
			if !strings.Contains(reason(got), tt.says) {
				t.Errorf("%s at %s: the reason is %q, want %q", name, path, reason(got), tt.says)
			}
		}
	}
	invalid := `{"error_code":400,"error_message":"Paramètres invalides."}`
	b.Wants("pay without an identifier", b.Post(pay, moov.payment("000", "")), http.StatusOK, `{"status":4}`)
	b.Wants("disburse without a reason", b.Post(disburse, strings.Replace(moov.payout("000", "T1"), `"reason":"Refund",`, "", 1)), http.StatusOK, `{"status":400}`)
	b.Wants("v2 without an identifier", b.Post(statusV2, aboutReference("4671135")), http.StatusOK, invalid)
	b.Wants("v2 of a number", b.Post(statusV2, strings.Replace(aboutIdentifier("1"), `"1"`, "1", 1)), http.StatusOK, invalid)
	b.Wants("v1 without a reference", b.Post(statusV1, aboutIdentifier("T1")), http.StatusOK, invalid)
	b.Untouched()
}

func TestBothLengthsOfNumbers(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for i, phone := range []string{"96000000", "22896000000", "70000000", "22870000000"} {
		body := strings.Replace(moov.payment("000", fmt.Sprintf("T%d", i)), "96000000", phone, 1)
		if says := saying(t, b.Post(pay, body)); says != "0" {
			t.Errorf("%s: %s", phone, says)
		}
		if tx := b.Line(fmt.Sprintf("T%d", i)); tx.MSISDN != "228"+phone[len(phone)-8:] {
			t.Errorf("%s is booked as %s", phone, tx.MSISDN)
		}
	}
}

// Whatever is sent, it is answered, and what is booked is in order.
func FuzzBody(f *testing.F) {
	f.Add(moov.payment("000", "T1"), false)
	f.Add(togocel.payout("006", "T1"), false)
	f.Add(aboutIdentifier("T1"), false)
	f.Add(aboutReference("4671135"), false)
	f.Add("auth_token="+token+"&phone_number=96000000&amount=100&identifier=T1&network=FLOOZ&reason=x", true)
	f.Add(`{"auth_token":"`+token+`","amount":1e3,"phone_number":null,"network":["FLOOZ"]}`, false)
	f.Add("auth_token=%zz;&amount=١", true)
	f.Fuzz(func(t *testing.T, body string, form bool) {
		e := emulator.New(emulation.Options{Clock: emulation.NewManualClock(start)})
		for _, path := range paths {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			if form {
				r.Header.Set("Content-Type", asForm)
			}
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code >= http.StatusInternalServerError && len(e.Books().Transactions()) == 0 {
				t.Errorf("%q at %s: %d %s", body, path, w.Code, w.Body)
			}
		}
		orderly(t, body, e)
	})
}

// Whatever the page is asked for, and whatever its form says.
func FuzzPage(f *testing.F) {
	f.Add("token=" + token + "&amount=100&identifier=T1&url=https%3A%2F%2Fshop.example%2F&network=MOOV&phone=96000000&action=pay")
	f.Add("token=" + token + "&amount=100&identifier=T1&action=abandon&url=javascript:alert(1)")
	f.Add("token=" + token + "&amount=%00&identifier=<script>&description=<b>")
	f.Fuzz(func(t *testing.T, query string) {
		e := emulator.New(emulation.Options{Clock: emulation.NewManualClock(start)})
		for _, r := range []*http.Request{
			{Method: http.MethodGet, URL: &url.URL{Path: "/v1/page", RawQuery: query}},
			httptest.NewRequest(http.MethodPost, "/v1/page", strings.NewReader(query)),
			{Method: http.MethodGet, URL: &url.URL{Path: "/v1/page/payment", RawQuery: query}},
		} {
			if r.Header == nil {
				r.Header = http.Header{}
			}
			r.Header.Set("Content-Type", asForm)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code >= http.StatusInternalServerError && len(e.Books().Transactions()) == 0 {
				t.Errorf("%q at %s: %d %s", query, r.URL.Path, w.Code, w.Body)
			}
			if strings.Contains(strings.ToLower(w.Body.String()), "<script") {
				t.Errorf("%q at %s writes a script: %s", query, r.URL.Path, w.Body)
			}
		}
		orderly(t, query, e)
	})
}

func orderly(t *testing.T, request string, e *emulator.Emulator) {
	t.Helper()
	for _, tx := range e.Books().Transactions() {
		abandoned := tx.Ending == emulation.Abandoned && tx.State == emulation.Failed
		msisdn := len(tx.MSISDN) == 11 && strings.HasPrefix(tx.MSISDN, "228") && (tx.Network == "FLOOZ" || tx.Network == "TMONEY")
		if !msisdn && !abandoned || tx.Amount == "" || strings.Trim(tx.Amount, "0123456789") != "" || len(tx.Reference) > 50 {
			t.Errorf("%q was booked as %+v", request, tx)
		}
	}
}
