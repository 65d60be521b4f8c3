package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

func TestCredentials(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for name, authorise := range map[string]emulationtest.With{
		"none":           emulationtest.Header("Authorization", ""),
		"wrong password": emulationtest.Basic("USR01", "secret"),
		"wrong user":     emulationtest.Basic("USR02", "YG739G5XFVPYYV4ADJVW"),
		"client id":      emulationtest.Basic("MTNTEST", ""),
		"bearer":         emulationtest.Header("Authorization", "Bearer YG739G5XFVPYYV4ADJVW"),
	} {
		for _, n := range wires {
			for _, path := range []string{n.payment, n.deposit, n.status, "/user/refund"} {
				if path == "" {
					continue
				}
				got := b.Send(http.MethodPost, "/QosicBridge"+path, n.order("000", "T1"), authorise)
				b.Wants(name+" at "+path, got, http.StatusUnauthorized, "HTTP Status 401: Bad credentials")
				if !strings.HasPrefix(got.Type(), "text/plain") {
					t.Errorf("%s at %s: %s, want text", name, path, got.Type())
				}
			}
		}
	}
}

func TestConfigIsWhatTheEmulatorAccepts(t *testing.T) {
	b := newBench(t, emulation.Options{})
	config := b.Emulator.Config()
	if len(config) != 7 {
		t.Errorf("%d settings, want 7: %v", len(config), config)
	}
	for setting, n := range map[string]wire{
		"QOSIC_CLIENT_ID_TOGOCEL":       togocel,
		"QOSIC_CLIENT_ID_MOOV":          moovTogo,
		"QOSIC_CLIENT_ID_MTN_BENIN":     mtnBenin,
		"QOSIC_CLIENT_ID_MOOV_BENIN":    moovBenin,
		"QOSIC_CLIENT_ID_CELTIIS_BENIN": wires[4],
	} {
		got := b.Send(http.MethodPost, "/QosicBridge"+n.status, `{"transref":"T1","clientid":"`+config[setting]+`"}`,
			emulationtest.Basic(config["QOSIC_USERNAME"], config["QOSIC_PASSWORD"]))
		if code := read(t, got).Code; code != "-1" {
			t.Errorf("%s=%q at %s: %s", setting, config[setting], n.status, got)
		}
	}
	if got := b.Emulator.Provider(); got != "qosic" {
		t.Errorf("the provider is %q", got)
	}
}

func TestPaths(t *testing.T) {
	b := newBench(t, emulation.Options{})
	tests := []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, "/QosicBridge/tm/v1/gettransactionstatus", http.StatusOK},
		{http.MethodPost, "/tm/v1/gettransactionstatus", http.StatusNotFound},
		{http.MethodGet, "/QosicBridge/tm/v1/gettransactionstatus", http.StatusMethodNotAllowed},
		{http.MethodPut, "/QosicBridge/tm/v1/requestpayment", http.StatusMethodNotAllowed},
		{http.MethodGet, "/QosicBridge/user/requestpayment", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/QosicBridge/user/refund", http.StatusMethodNotAllowed},
		{http.MethodPost, "/_emulator/transactions", http.StatusMethodNotAllowed},
		{http.MethodPost, "/QosicBridge/sb/v1/deposit", http.StatusNotFound},
		{http.MethodPost, "/QosicBridge/sb/v1/refund", http.StatusNotFound},
		{http.MethodPost, "/QosicBridge/tm/v1/refund", http.StatusNotFound},
		{http.MethodPost, "/QosicBridge/tg/v1/refund", http.StatusNotFound},
		{http.MethodPost, "/QosicBridge/user/refundmv", http.StatusNotFound},
		{http.MethodPost, "/QosicBridge/user/getavailableamountowithdraw", http.StatusNotFound},
		{http.MethodPost, "/QosicBridge/", http.StatusNotFound},
		{http.MethodPost, "/", http.StatusNotFound},
	}
	for _, tt := range tests {
		if got := b.Send(tt.method, tt.path, togocel.about("T1"), user); got.Status != tt.want {
			t.Errorf("%s %s: %s, want %d", tt.method, tt.path, got, tt.want)
		}
	}
}

func TestBodiesThatAreNotWhatIsDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	tests := map[string]struct {
		body string
		says string
	}{
		"a number as amount":    {`{"msisdn":"22890000000","amount":5000,"transref":"T1","clientid":"TOGOCELTEST"}`, "amount must be a JSON string"},
		"a number as transref":  {`{"msisdn":"22890000000","amount":"5000","transref":1,"clientid":"TOGOCELTEST"}`, "transref must be a JSON string"},
		"null":                  {`{"msisdn":"22890000000","amount":"5000","transref":"T1","clientid":"TOGOCELTEST","firstname":null}`, "firstname must be a JSON string"},
		"an object":             {`{"msisdn":"22890000000","amount":{"value":"5000"},"transref":"T1","clientid":"TOGOCELTEST"}`, "amount must be a JSON string"},
		"a form":                {`msisdn=22890000000&amount=5000&transref=T1&clientid=TOGOCELTEST`, "one JSON object"},
		"an array":              {`[{"transref":"T1"}]`, "one JSON object"},
		"nothing":               {``, "one JSON object"},
		"null alone":            {`null`, "one JSON object"},
		"two documents":         {togocel.order("000", "T1") + togocel.order("000", "T1"), "one JSON object"},
		"half a document":       {`{"msisdn":"22890000000","amount":"5`, "one JSON object"},
		"more than anyone uses": {`{"firstname":"` + strings.Repeat("a", 70000) + `"}`, "too large"},
	}
	for name, tt := range tests {
		for _, path := range []string{togocel.payment, togocel.deposit, togocel.status, "/user/refund"} {
			got := b.post(path, tt.body)
			if got.Status != http.StatusBadRequest || !strings.HasPrefix(got.Body, `{"title":"Bad Request","status":400,"detail":"`) || !strings.Contains(got.Body, tt.says) {
				t.Errorf("%s at %s: %s, want 400 that says %q", name, path, got, tt.says)
			}
		}
	}
	got := b.Post("/QosicBridge"+togocel.payment, togocel.order("000", "T1"), user, emulationtest.Header("Content-Type", emulationtest.AsForm))
	if got.Status != http.StatusUnsupportedMediaType {
		t.Errorf("JSON sent as a form: %s", got)
	}
	b.Untouched()
}

func TestValuesThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		msisdn, amount, transref string
		code                     string
	}{
		"10 digits":            {"2289000000", "5000", "T1", "500"},
		"12 digits":            {"229019600000", "5000", "T1", "500"},
		"14 digits":            {"22901960000000", "5000", "T1", "500"},
		"a plus":               {"+2289000000", "5000", "T1", "500"},
		"no number":            {"", "5000", "T1", "500"},
		"another country":      {"22996000000", "5000", "T1", "515"},
		"no amount":            {"22890000000", "", "T1", "849"},
		"zero":                 {"22890000000", "0", "T1", "849"},
		"leading zero":         {"22890000000", "05000", "T1", "849"},
		"negative":             {"22890000000", "-5", "T1", "849"},
		"decimals":             {"22890000000", "50.5", "T1", "849"},
		"words":                {"22890000000", "cent", "T1", "849"},
		"more money than is":   {"22890000000", "1000000000000", "T1", "849"},
		"no transref":          {"22890000000", "5000", "", "849"},
		"a number with spaces": {"228 90 00 00", "5000", "T1", "500"},
	}
	b := newBench(t, emulation.Options{})
	for name, tt := range tests {
		body := `{"msisdn":"` + tt.msisdn + `","amount":"` + tt.amount + `","transref":"` + tt.transref + `","clientid":"TOGOCELTEST"}`
		for _, path := range []string{togocel.payment, togocel.deposit} {
			got := b.post(path, body)
			if f := read(t, got); got.Status != http.StatusOK || f.Code != tt.code || f.Comment == nil || f.Transref != tt.transref {
				t.Errorf("%s at %s: %s, want %s with a comment", name, path, got, tt.code)
			}
		}
	}
	b.Untouched()
}

// Benin's numbers have 13 digits since 2024, and 11 before; names are optional.
func TestBothLengthsOfNumbers(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for transref, msisdn := range map[string]string{"T1": "22996000000", "T2": "2290196000000"} {
		got := b.post(mtnBenin.payment, `{"msisdn":"`+msisdn+`","amount":"100","transref":"`+transref+`","clientid":"MTNTEST","firstname":"Afi","lastname":""}`)
		if got.Status != http.StatusAccepted {
			t.Errorf("%s: %s", msisdn, got)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(togocel.order("000", "T1"))
	f.Add(`{"amount":5000}`)
	f.Add(`{"clientid":"TOGOCELTEST","transref":"\u0000","msisdn":"22890000006","amount":"1"}`)
	f.Fuzz(func(t *testing.T, body string) {
		e := emulator.New(emulation.Options{Clock: emulation.NewManualClock(start)}) // not served: no machine has that many ports
		r := httptest.NewRequest(http.MethodPost, "/QosicBridge"+togocel.deposit, strings.NewReader(body))
		r.Header.Set("Content-Type", emulationtest.AsJSON)
		user(r)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		for _, tx := range e.Books().Transactions() {
			if len(tx.MSISDN) != 11 && len(tx.MSISDN) != 13 || strings.Trim(tx.Amount, "0123456789") != "" || tx.Reference == "" {
				t.Errorf("%q was booked as %+v", body, tx)
			}
		}
		if w.Code >= http.StatusInternalServerError && len(e.Books().Transactions()) == 0 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
