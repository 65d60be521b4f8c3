package emulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

const (
	delay  = emulationtest.Delay
	secret = "SecretKey01"
)

// The paths of the API.
const (
	create         = "/bill/create"
	createV2       = "/bill/create/v2"
	billStatus     = "/bill/shop_order_status"
	try            = "/transfer/try"
	transfer       = "/transfer/create"
	transferStatus = "/transfer/shop_payment_status"
	balance        = "/shop_balance"
)

// signed is what each call signs.
var signed = map[string][]string{
	create:         {"payer_currency", "shop_amount", "shop_currency", "shop_id", "shop_order_id"},
	createV2:       {"currency", "now", "shop_id", "shop_order_id"},
	billStatus:     {"now", "shop_id", "shop_order_id"},
	try:            {"amount", "amount_type", "payee_currency", "shop_currency", "shop_id"},
	transfer:       {"amount", "amount_type", "payee_account", "payee_currency", "shop_currency", "shop_id", "shop_payment_id"},
	transferStatus: {"now", "shop_id", "shop_payment_id"},
	balance:        {"now", "shop_id"},
}

// body is that of a request: its values as JSON writes them.
type body map[string]string

// with is the body with other values. An empty one leaves it out.
func (b body) with(pairs ...string) body {
	b = maps.Clone(b)
	for i := 0; i < len(pairs); i += 2 {
		if b[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(b, pairs[i])
		}
	}
	return b
}

// sign is the body with its signature.
func (b body) sign(path, secret string) body {
	values := map[string]string{}
	for name, value := range b {
		if text := ""; json.Unmarshal([]byte(value), &text) == nil {
			value = text
		}
		values[name] = value
	}
	return b.with("sign", quote(emulator.Sign(values, signed[path], secret)))
}

func (b body) String() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		pairs = append(pairs, quote(name)+":"+b[name])
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func quote(s string) string { return `"` + s + `"` }

// bill is that of the documents' first example.
func bill(order string) body {
	return body{
		"description": `"Test Bill"`, "payer_currency": "980", "shop_amount": `"23.15"`, "shop_currency": "980",
		"shop_id": `"5"`, "shop_order_id": quote(order),
	}
}

// linked is a bill of the user whose wallet ends so.
func linked(order, ending string) body {
	return bill(order).with("payer_account", quote("31557414"+ending))
}

// free is a bill of the second version, whose payer chooses the amount.
func free(order string) body {
	return body{"currency": "840", "shop_id": "5", "now": "1687520474", "shop_order_id": quote(order)}
}

// payout is a transfer of 10 euros, paid in dollars.
func payout(id, ending string) body {
	return body{
		"amount": "10", "amount_type": `"receive_amount"`, "payee_account": quote("31557414" + ending),
		"payee_currency": "978", "shop_currency": "840", "shop_id": "5", "shop_payment_id": quote(id),
	}
}

// calculation is a transfer without its payee.
func calculation() body { return payout("", "000").with("payee_account", "", "shop_payment_id", "") }

// about asks for a bill or a transfer, whichever the path is for.
func about(id string) body {
	return asking().with("shop_order_id", quote(id), "shop_payment_id", quote(id))
}

func asking() body { return body{"now": `"2021-05-01 16:56:25.009469"`, "shop_id": "5"} }

type bench struct{ *emulationtest.Bench }

func newBench(t *testing.T, o emulation.Options) *bench {
	t.Helper()
	return &bench{emulationtest.New(t, emulator.New, o)}
}

// call sends a request as the shop does.
func (b *bench) call(path string, request body) emulationtest.Answer {
	b.Helper()
	return b.Post(path, request.sign(path, secret).String())
}

// says is the error_code of an answer, and its data's status if that has one.
func says(t *testing.T, got emulationtest.Answer) string {
	t.Helper()
	var told struct {
		Data *struct {
			Status json.Number `json:"status"`
		} `json:"data"`
		ErrorCode *int   `json:"error_code"`
		Error     *int   `json:"error"`
		Message   string `json:"message"`
		Result    bool   `json:"result"`
	}
	got.JSON(t, &told)
	if told.ErrorCode == nil {
		told.ErrorCode = told.Error
	}
	switch {
	case told.ErrorCode == nil, told.Result != (*told.ErrorCode == 0), told.Result != (told.Data != nil), told.Message == "":
		t.Fatalf("contradicts itself: %s", got)
		return ""
	case told.Data == nil:
		return fmt.Sprint("error ", *told.ErrorCode)
	case told.Data.Status == "":
		return "done"
	default:
		return told.Data.Status.String()
	}
}

// status asks for a bill and gives what it says.
func (b *bench) status(order string) string {
	b.Helper()
	return says(b.T, b.call(billStatus, about(order)))
}

var token = regexp.MustCompile(`http://127\.0\.0\.1:\d+(/[a-z]{2}/bill/pay/)([0-9A-Za-z]{11,})`)

// wants compares an answer with the documented one, but for where the page is.
func (b *bench) wants(what string, got emulationtest.Answer, body string) {
	b.Helper()
	got.Body = token.ReplaceAllString(got.Body, "https://wallet.qostiq.com${1}TOKEN")
	b.Wants(what, got, 200, body)
}

// done is an answer's envelope around that data.
func done(data string) string {
	return `{"data":` + data + `,"error_code":0,"message":"Ok","result":true}`
}

func failed(code int, message string) string {
	return fmt.Sprintf(`{"data":null,"error_code":%d,"message":%q,"result":false}`, code, message)
}

// open creates a bill and gives the path of its page.
func (b *bench) open(path string, request body) string {
	b.Helper()
	got := b.call(path, request)
	found := token.FindStringSubmatch(got.Body)
	if found == nil {
		b.Fatalf("no page: %s", got)
	}
	return found[1] + found[2]
}
