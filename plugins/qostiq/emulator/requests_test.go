package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

const incorrect = "incorrect request parameter"

func TestConfigIsWhatTheEmulatorAccepts(t *testing.T) {
	b := newBench(t, emulation.Options{})
	config := b.Emulator.Config()
	if len(config) != 2 {
		t.Errorf("%d settings, want 2: %v", len(config), config)
	}
	request := asking().with("shop_id", quote(config["QOSTIQ_SHOP_ID"])).sign(balance, config["QOSTIQ_SECRET_KEY"])
	if got := says(t, b.Post(balance, request.String())); got != "done" {
		t.Errorf("with the configuration of the emulator: %s", got)
	}
	if got := b.Emulator.Provider(); got != "qostiq" {
		t.Errorf("the provider is %q", got)
	}
}

func TestPaths(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for path, request := range requests() {
		if got := b.call(path, request); got.Status != http.StatusOK || got.Type() != "application/json" {
			t.Errorf("%s: %s %s", path, got.Type(), got)
		}
		if got := b.Get(path); got.Status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %s", path, got)
		}
		if got := b.call("/api"+path, request); got.Status != http.StatusNotFound {
			t.Errorf("/api%s: %s", path, got)
		}
	}
}

func TestBodiesThatAreNotWhatIsDocumented(t *testing.T) {
	b := newBench(t, emulation.Options{})
	const object = "the body must be one JSON object"
	for name, tt := range map[string]struct{ kind, body, says string }{
		"a form":          {emulationtest.AsForm, "shop_id=5", "send application/json"},
		"no type":         {"", bill("B1").sign(create, secret).String(), "send application/json"},
		"a strange type":  {"nonsense;;", "{}", "send application/json"},
		"an array":        {emulationtest.AsJSON, "[]", object},
		"nothing":         {emulationtest.AsJSON, "", object},
		"null alone":      {emulationtest.AsJSON, "null", object},
		"two documents":   {emulationtest.AsJSON, "{}{}", object},
		"half a document": {emulationtest.AsJSON, `{"shop_id":`, object},
		"too much":        {emulationtest.AsJSON, `{"description":"` + strings.Repeat("a", 70000) + `"}`, "too large"},
		"an empty object": {emulationtest.AsJSON, "{}", "is missing"},
	} {
		for path := range signed {
			got := b.Send(http.MethodPost, path, tt.body, emulationtest.Header("Content-Type", tt.kind))
			b.wants(name+" at "+path, got, failed(10, incorrect))
			if reason := got.Header.Get("X-Emulator-Reason"); !strings.Contains(reason, tt.says) {
				t.Errorf("%s at %s: the reason is %q, want %q", name, path, reason, tt.says)
			}
		}
	}
	with := emulationtest.Header("Content-Type", "application/json; charset=utf-8")
	if got := says(t, b.Post(balance, asking().sign(balance, secret).String(), with)); got != "done" {
		t.Errorf("with a charset: %s", got)
	}
}

func TestMandatoryParameters(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for path, request := range requests() {
		for _, name := range signed[path] {
			for _, value := range []string{"", "null", `""`, "{}", "[]", "true"} {
				got := b.call(path, request.with(name, value))
				b.wants(fmt.Sprintf("%s, %s is %q", path, name, value), got, failed(10, incorrect))
				if reason := got.Header.Get("X-Emulator-Reason"); !strings.HasPrefix(reason, name) {
					t.Errorf("%s, %s is %q: the reason is %q", path, name, value, reason)
				}
			}
		}
	}
	b.Untouched()
}

// Which shop it is comes before its signature, and that before everything else.
func TestShops(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for path, request := range requests() {
		for _, id := range []string{"6", `"1"`, "5.0", `"five"`, "112"} {
			b.wants(path+" of "+id, b.call(path, request.with("shop_id", id)), failed(11, "shop not found"))
		}
		b.wants(path+" of another", b.Post(path, request.with("shop_id", "6", "sign", `"0"`).String()), failed(11, "shop not found"))
		b.wants(path+" of shop 12", b.call(path, request.with("shop_id", "12")), failed(12, "shop is not active"))
		b.wants(path+" of shop 12, unsigned", b.Post(path, request.with("shop_id", "12").String()), invalidSign(path))
		capitals := request.sign(path, secret)
		b.wants(path+" in capitals", b.Post(path, capitals.with("sign", strings.ToUpper(capitals["sign"])).String()), invalidSign(path))
	}
	b.Untouched()
}

func TestParametersThatAreRefused(t *testing.T) {
	b := newBench(t, emulation.Options{})
	long := quote(strings.Repeat("a", 256))
	for _, tt := range []struct {
		path   string
		name   string
		values []string
		want   string
	}{
		{create, "shop_amount", []string{"1.001", "1e2", "-1", `"1,00"`, `".5"`, `"1."`, `" 1"`, `"1 000"`, "1000000000000000", `"one"`}, "error 10"},
		{create, "shop_amount", []string{"0", "0.00", "0.99", `"0.99"`}, "error 4"},
		{create, "shop_amount", []string{"1000000.01", "999999999999"}, "error 5"},
		{create, "shop_amount", []string{"1", "1000000"}, "done"},
		{create, "shop_currency", []string{"398", "643", `"UAH"`, "980.0"}, "error 10"},
		{create, "payer_currency", []string{"398", "643", `"UAH"`}, "error 10"},
		{create, "shop_order_id", []string{"1.5", "-1", long}, "error 10"},
		{create, "payer_account", []string{"true", "{}"}, "error 10"},
		{create, "payer_account", []string{`"payer"`, "31557414", `"4155741400"`, `"a@b"`, "3155741471.1"}, "error 13"},
		{create, "payer_account", []string{`"201494711279"`, "201494711279", "31557414711", `"support@qostiq.com"`, "null"}, "done"},
		{create, "lifetime", []string{"0", "-1", "1.5", `"one"`, `"99999999999999999999"`, "true"}, "error 10"},
		{create, "description", []string{"1", "{}"}, "error 10"},
		{create, "success_url", []string{`"/thanks"`, `"javascript:alert(1)"`, `"app://done"`, `"http://%zz"`, "1"}, "error 10"},
		{create, "failed_url", []string{`"/failed"`}, "error 10"},
		{create, "callback_url", []string{`"shop.example"`}, "error 10"},
		{create, "callback_rejected_url", []string{`"ftp://shop.example"`}, "error 10"},
		{createV2, "amount", []string{"1.001", "{}", `"free"`}, "error 10"},
		{createV2, "amount", []string{"0.5"}, "error 4"},
		{createV2, "amount", []string{"1000001"}, "error 5"},
		{createV2, "currency", []string{"398", "999"}, "error 10"},
		{createV2, "now", []string{`"2021-05-01 16:56:25.009469"`, `"1687520474"`, "1687520474000", "1687520474.5", "-1"}, "error 10"},
		{createV2, "email", []string{`"payer"`}, "error 13"},
		{createV2, "lang", []string{`"fr"`, "1"}, "error 10"},
		{billStatus, "now", []string{"1687520474", `"2021-05-01 16:56:25"`, `"2021-05-01T16:56:25.009469Z"`, `"2021-13-01 16:56:25.009469"`, `"2021-05-01 04:56:25.009469 PM"`, `"2021-05-01 16:56:25.0094690"`}, "error 10"},
		{transferStatus, "now", []string{"1687520474"}, "error 10"},
		{transferStatus, "now", []string{`"2018-06-15 09:58:01.01"`}, "error 7"},
		{transferStatus, "shop_payment_id", []string{"1.5", long}, "error 10"},
		{billStatus, "shop_order_id", []string{"1.5", long}, "error 10"},
		{balance, "now", []string{"1687520474"}, "error 10"},
		{try, "amount", []string{"0.99"}, "error 4"},
		{try, "amount", []string{"1000001"}, "error 5"},
		{try, "amount_type", []string{`"payee_amount"`, "1"}, "error 10"},
		{try, "payee_currency", []string{"643"}, "error 10"},
		{try, "payee_currency", []string{"398", "980", "840"}, "done"},
		{transfer, "payee_account", []string{"201497141132", `"201497141132"`, `"payee"`, "3155741400", `"a@b"`}, "error 13"},
		{transfer, "amount", []string{"1.234"}, "error 10"},
		{transfer, "amount", []string{"600"}, "error 9"},
		{transfer, "shop_payment_id", []string{"1.5", long}, "error 10"},
	} {
		for _, value := range tt.values {
			if got := says(t, b.call(tt.path, requests()[tt.path].with(tt.name, value))); got != tt.want {
				t.Errorf("%s, %s is %s: %s, want %s", tt.path, tt.name, value, got, tt.want)
			}
		}
	}
}

func TestNoRateBetweenEurosAndTenges(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, pair := range [][2]string{{"978", "398"}, {"398", "978"}} {
		for path, request := range map[string]body{try: calculation(), transfer: payout("T1", "000")} {
			got := b.call(path, request.with("shop_currency", pair[0], "payee_currency", pair[1]))
			b.wants(path, got, failed(16, "invalid currency exchange"))
		}
	}
	for _, c := range []string{"978", "398"} {
		if got := says(t, b.call(try, calculation().with("shop_currency", c, "payee_currency", c))); got != "done" {
			t.Errorf("within %s: %s", c, got)
		}
	}
	b.Untouched()
}

// Other addresses move no money and see no balance, whatever they sign. They may ask for money.
func TestWhitelist(t *testing.T) {
	b := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	for path, request := range requests() {
		got := b.call(path, request)
		if slices.Contains([]string{create, createV2, billStatus}, path) {
			if says := says(t, got); says == "error 15" {
				t.Errorf("%s: %s", path, says)
			}
			continue
		}
		b.wants(path, got, failed(15, "request IP is denied"))
		b.wants(path+", unreadable", b.Post(path, "{"), failed(15, "request IP is denied"))
	}
	open := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if got := says(t, open.call(transfer, payout("T1", "000"))); got != "done" {
		t.Errorf("from a whitelisted address: %s", got)
	}
}

// Whatever is sent, signed or not, it is answered, and what is booked is in order.
func FuzzBody(f *testing.F) {
	for _, request := range requests() {
		f.Add(request.String())
	}
	f.Add(`{"shop_id":5,"shop_order_id":1e3,"shop_amount":"1.0","shop_currency":null,"payer_account":["x"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		e := emulator.New(emulation.Options{Clock: emulation.NewManualClock(emulationtest.Start())})
		for path := range signed {
			for _, request := range []string{text, resigned(path, text)} {
				w := serve(e, path, emulationtest.AsJSON, request)
				if w.Code >= http.StatusInternalServerError && len(e.Books().Transactions()) == 0 {
					t.Errorf("%q at %s: %d %s", request, path, w.Code, w.Body)
				}
			}
		}
		orderly(t, text, e)
	})
}

// resigned is a request with a signature that is right.
func resigned(path, text string) string {
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil {
		return text
	}
	request := body{}
	for name, value := range raw {
		request[name] = string(value)
	}
	return request.sign(path, secret).String()
}

// Whatever the form of a bill's page says.
func FuzzPage(f *testing.F) {
	f.Add("wallet=31557414000&action=pay", "")
	f.Add("wallet=pay.001%40example.com&action=pay&amount=12.5", "")
	f.Add("action=cancel&wallet=%zz", "en")
	f.Add("wallet=<script>&amount=<b>", "<script>")
	f.Fuzz(func(t *testing.T, form, description string) {
		e := emulator.New(emulation.Options{Clock: emulation.NewManualClock(emulationtest.Start())})
		told, _ := json.Marshal(description)
		for path, request := range map[string]body{create: bill("B1"), createV2: free("B2")} {
			created := serve(e, path, emulationtest.AsJSON, request.with("description", string(told)).sign(path, secret).String())
			page := token.FindStringSubmatch(strings.ReplaceAll(created.Body.String(), "example.com", "127.0.0.1:1"))
			if page == nil {
				t.Fatalf("no page: %s", created.Body)
			}
			w := serve(e, page[1]+page[2], emulationtest.AsForm, form)
			if w.Code >= http.StatusInternalServerError || strings.Contains(strings.ToLower(w.Body.String()), "<script") {
				t.Errorf("%q: %d %s", form, w.Code, w.Body)
			}
		}
		orderly(t, form, e)
	})
}

func serve(e *emulator.Emulator, path, kind, text string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(text))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

var (
	amounts = regexp.MustCompile(`^([1-9]\d{0,9}\.\d\d)?$`)
	wallets = regexp.MustCompile(`^([23]\d{10,11}|[^@ ]+@[^@ ]+)?$`)
)

func orderly(t *testing.T, request string, e *emulator.Emulator) {
	t.Helper()
	for _, tx := range e.Books().Transactions() {
		small := tx.Operation == emulation.Disburse && strings.HasPrefix(tx.Amount, "0.") // what is left after conversion
		if !small && !amounts.MatchString(tx.Amount) || !wallets.MatchString(tx.MSISDN) || len(tx.Reference) > 255 || len(tx.Currency) != 3 {
			t.Errorf("%q was booked as %+v", request, tx)
		}
	}
}
