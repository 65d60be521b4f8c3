package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/mobipay/emulator"
)

const (
	delay = emulationtest.Delay

	publicID   = "mobipay-emulator-public-id"
	merchantID = "mobipay-emulator-merchant-id"
	secretKey  = "mobipay-emulator-secret-key"

	c2b    = "payment_c2b"
	b2c    = "payment_b2c"
	status = "status"
)

var start = emulationtest.Start()

// wire is one network as the documents describe it.
type wire struct {
	network  string
	id       int
	prefix   string // of a customer_id that the test's ending completes
	currency string
	country  string
	c2bExtra string // a JSON object; empty: none is needed
	b2cExtra string
}

const (
	fullName = `{"customer_name":"Afi Mensah"}`
	contact  = `{"customer_name":"Afi Mensah","customer_email":"afi@shop.example"}`
	egyptian = `{"customer_name":"Afi Mensah","return_url":"https://shop.example/thanks?order=1&lang=fr"}`
	shopURL  = "https://shop.example/thanks?order=1&lang=fr"
)

var (
	mtnBenin      = wire{"mtn_bj", 9210, "2290196000", "XOF", "BJ", "", ""}
	orangeBurkina = wire{"orange_bf", 9209, "22670000", "XOF", "BF", `{"otp":"5647"}`, ""}
	orangeIvory   = wire{"orange_ci", 9197, "2250705145", "XOF", "CI", "", fullName}
	airtelMalawi  = wire{"airtel_mw", 2087, "265990000", "MWK", "MW", "", fullName}
	bankNigeria   = wire{"bank_ng", 2311, "0123456", "NGN", "NG", "", `{"customer_name":"Name Lastname","customer_email":"Name@domen.com","bank_code":"000001"}`}
	cardNigeria   = wire{"card_ng", 707, "2348030000", "NGN", "NG", "", "none"}
	vodafoneEgypt = wire{"vodafone_eg", 2313, "201000000", "EGP", "EG", egyptian, ""}
	mtnRwanda     = wire{"mtn_rw", 2352, "250780000", "RWF", "RW", contact, fullName}
	simulator     = wire{"simulator", 14, "0900000", "KES", "KE", "", ""}
)

// payment is a request that is in order, but for its signature.
func (w wire) payment(ending, order string) string { return w.request(ending, order, w.c2bExtra) }

func (w wire) payout(ending, order string) string { return w.request(ending, order, w.b2cExtra) }

func (w wire) request(ending, order, extra string) string {
	return w.requestFor("5000.00", ending, order, extra)
}

func (w wire) requestFor(amount, ending, order, extra string) string {
	if extra != "" {
		extra = `,"extra":` + extra
	}
	return fmt.Sprintf(`{"merchant_id":%q,"customer_id":"%s%s","order_id":%q,"amount":%q,"currency":%q,"country":%q,"provider_id":%d%s}`,
		merchantID, w.prefix, ending, order, amount, w.currency, w.country, w.id, extra)
}

// about is a request for the status of an order.
func about(order string) string {
	return fmt.Sprintf(`{"merchant_id":%q,"order_id":%q}`, merchantID, order)
}

// confirming is the same with a one-time code for the payment of that customer.
func confirming(order, customer, otp string) string {
	return fmt.Sprintf(`{"merchant_id":%q,"order_id":%q,"customer_id":%q,"extra":{"otp":%q}}`, merchantID, order, customer, otp)
}

// signed is the body with its signature at the end.
func signed(t testing.TB, body string) string {
	t.Helper()
	signature, err := emulator.Sign([]byte(body), secretKey)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return strings.TrimSuffix(body, "}") + `,"signature":"` + signature + `"}`
}

// bench is MobiPay with what its merchant and its customer do.
type bench struct{ *emulationtest.Bench }

func newBench(t *testing.T, o emulation.Options) *bench {
	t.Helper()
	return &bench{emulationtest.New(t, emulator.New, o)}
}

// call signs a body and sends it.
func (b *bench) call(name, body string) emulationtest.Answer {
	b.Helper()
	return b.Post("/"+publicID+"/"+name, signed(b.T, body))
}

// result is as answers and callbacks have it.
type result struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// fields is the body of an answer.
type fields struct {
	OrderID         string         `json:"order_id"`
	TransactionID   string         `json:"transaction_id"`
	TransactionRef  string         `json:"transaction_ref"`
	Status          *int           `json:"status"`
	Result          *result        `json:"result"`
	ProviderResult  *result        `json:"provider_result"`
	ServiceID       any            `json:"service_id"`
	ServiceVersion  any            `json:"service_version"`
	ServiceDateTime string         `json:"service_date_time"`
	Extra           map[string]any `json:"extra"`
	ConfirmType     any            `json:"confirm_type"`
}

func read(t *testing.T, a emulationtest.Answer) fields {
	t.Helper()
	var f fields
	a.JSON(t, &f)
	if a.Status != 200 || f.Status == nil || f.Result == nil || f.ProviderResult == nil {
		t.Fatalf("not an answer of MobiPay's: %s", a)
	}
	return f
}

// saying is the status of an answer, and result.code after a slash unless it is 0.
func saying(t *testing.T, a emulationtest.Answer) string {
	t.Helper()
	f := read(t, a)
	if f.Result.Code == 0 {
		return fmt.Sprint(*f.Status)
	}
	return fmt.Sprintf("%d/%d", *f.Status, f.Result.Code)
}

// status asks how an order stands and gives what it says.
func (b *bench) status(order string) string {
	b.Helper()
	return saying(b.T, b.call(status, about(order)))
}

// reason is why the emulator has refused, in words.
func reason(a emulationtest.Answer) string { return a.Header.Get("X-Emulator-Reason") }

// answer is the body of an answer as the documents print it. What is not there is empty.
type answer struct {
	order, id, ref, status, result, provider, at, extra, confirm string
}

const version = `"1.03/1.14|1.0/1.26|1.0/1.0|1.01/1.01|1.01/1.01||1.01/1.27"`

func (a answer) String() string { return a.by("1", version) }

func (a answer) by(service, version string) string {
	if a.extra != "" {
		a.extra = `,"extra":` + a.extra
	}
	if a.confirm != "" {
		a.confirm = `,"confirm_type":` + a.confirm
	}
	return `{"order_id":"` + a.order + `","transaction_id":"` + a.id + `","transaction_ref":"` + a.ref + `","status":` + a.status +
		`,"result":` + a.result + `,"provider_result":` + a.provider + `,"service_id":` + service + `,"service_version":` + version +
		`,"service_date_time":"2025-03-01 12:00:` + a.at + `"` + a.extra + a.confirm + `}`
}

const (
	okay        = `{"code":0,"message":"OK"}`
	underWay    = `{"code":-8888,"message":"Good"}`
	meaningless = `{"code":-8888,"message":""}`
	unknown     = "-1/90404"
)
