package emulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/paygate/emulator"
)

const (
	delay = emulationtest.Delay
	token = "paygate-emulator-token"

	asJSON = emulationtest.AsJSON
	asForm = emulationtest.AsForm
)

var start = emulationtest.Start()

// The paths of the API.
const (
	pay          = "/api/v1/pay"
	statusV1     = "/api/v1/status"
	statusV2     = "/api/v2/status"
	checkBalance = "/api/v1/check-balance"
	disburse     = "/api/v1/disburse"
)

var paths = []string{pay, statusV1, statusV2, checkBalance, disburse}

// wire is one network as the documents describe it.
type wire struct {
	network string
	page    string
	method  string
	prefix  string // of a local number that the test's ending completes
}

var (
	moov    = wire{"FLOOZ", "MOOV", "FLOOZ", "96000"}
	togocel = wire{"TMONEY", "TOGOCEL", "T-Money", "90000"}
	wires   = []wire{moov, togocel}
)

func (n wire) payment(ending, identifier string) string {
	return fmt.Sprintf(`{"auth_token":"%s","phone_number":"%s%s","amount":5000,"identifier":"%s","network":"%s","description":"Shoes"}`,
		token, n.prefix, ending, identifier, n.network)
}

func (n wire) payout(ending, reference string) string { return n.payoutOf(5000, ending, reference) }

func (n wire) payoutOf(amount int, ending, reference string) string {
	return fmt.Sprintf(`{"auth_token":"%s","phone_number":"%s%s","amount":%d,"reason":"Refund","network":"%s","reference":"%s"}`,
		token, n.prefix, ending, amount, n.network, reference)
}

func aboutIdentifier(identifier string) string {
	return fmt.Sprintf(`{"auth_token":"%s","identifier":"%s"}`, token, identifier)
}

// aboutReference takes a reference as it is written in JSON.
func aboutReference(reference string) string {
	return fmt.Sprintf(`{"auth_token":"%s","tx_reference":%s}`, token, reference)
}

// bench is PayGate with what its merchant and its customer do.
type bench struct{ *emulationtest.Bench }

func newBench(t *testing.T, o emulation.Options) *bench {
	t.Helper()
	return &bench{emulationtest.New(t, emulator.New, o)}
}

// fields is the body of an API's answer, told apart. What is not there is nil.
type fields struct {
	Status       *int    `json:"status"`
	ErrorCode    *int    `json:"error_code"`
	ErrorMessage *string `json:"error_message"`
}

// saying is the status of an answer, or error_code after "error ".
func saying(t *testing.T, a emulationtest.Answer) string {
	t.Helper()
	var f fields
	a.JSON(t, &f)
	switch {
	case f.ErrorCode != nil && f.Status == nil && f.ErrorMessage != nil:
		return fmt.Sprintf("error %d", *f.ErrorCode)
	case f.ErrorCode == nil && f.Status != nil:
		return fmt.Sprint(*f.Status)
	default:
		t.Fatalf("neither a status nor an error: %s", a.Body)
		return ""
	}
}

// reason is why the emulator has refused, in words.
func reason(a emulationtest.Answer) string { return a.Header.Get("X-Emulator-Reason") }

// status asks for the status by identifier and gives what it says.
func (b *bench) status(identifier string) string {
	b.Helper()
	return saying(b.T, b.Post(statusV2, aboutIdentifier(identifier)))
}

// balances are the two balances as check-balance writes them.
func (b *bench) balances() string {
	b.Helper()
	got := b.Post(checkBalance, `{"auth_token":"`+token+`"}`)
	if got.Status != http.StatusOK {
		b.Fatalf("the balances: %s", got)
	}
	return got.Body
}

// open gets a page.
func (b *bench) open(query url.Values) emulationtest.Answer {
	b.Helper()
	return b.Get("/v1/page?" + query.Encode())
}

// submit sends the page's form.
func (b *bench) submit(form url.Values) emulationtest.Answer {
	b.Helper()
	return b.PostForm("/v1/page", form)
}
