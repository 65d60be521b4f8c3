package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// code is an error_code of the platform.
type code int

const (
	okay          code = 0
	noPayway      code = 1 // and an invalid sign, of the first version of bills
	tooSmall      code = 4
	tooLarge      code = 5
	notUnique     code = 6
	notFound      code = 7
	processing    code = 8
	lowBalance    code = 9
	badParameter  code = 10 // and an invalid sign, elsewhere
	noShop        code = 11
	sleepingShop  code = 12
	noAccount     code = 13
	accountStatus code = 14
	deniedIP      code = 15
	noExchange    code = 16
	wrongStatus   code = 100
	otherError    code = 2000
)

var messages = map[code]string{
	okay:          "Ok",
	noPayway:      "payway not found",
	tooSmall:      "amount is too small",
	tooLarge:      "amount is too large",
	notUnique:     "operation is not unique",
	notFound:      "operation not found",
	processing:    "operation is processing",
	lowBalance:    "insufficient balance",
	badParameter:  "incorrect request parameter",
	noShop:        "shop not found",
	sleepingShop:  "shop is not active",
	noAccount:     "account not found",
	accountStatus: "incorrect account status",
	deniedIP:      "request IP is denied",
	noExchange:    "invalid currency exchange",
	wrongStatus:   "incorrect operation status",
	otherError:    "other error",
}

// firstID is the identifier of the documents' example, from which the emulator goes on.
const firstID = 1914

// problem is an error of the API.
type problem struct {
	code    code
	message string // empty: the code's own
	reason  string // in the emulator's own words
}

func (p problem) Error() string { return p.reason }

// envelope is what every answer comes in.
type envelope struct {
	Data      any    `json:"data"`
	ErrorCode *code  `json:"error_code,omitempty"`
	Error     *code  `json:"error,omitempty"` // as one text of the documents calls it
	Message   string `json:"message"`
	Result    bool   `json:"result"`
}

// spelling is how answers are spelled: as the documents mostly do, or the other way.
type spelling bool

const (
	usually spelling = false
	variant spelling = true
)

func spellingOf(tx emulation.Transaction) spelling {
	return spelling(tx.Ending == emulation.Variant)
}

// answer is the whole answer. Its HTTP status is 200 whatever it says.
func (s spelling) answer(c code, message string, data any) emulation.Answer {
	body := envelope{Data: data, ErrorCode: &c, Message: message, Result: c == okay}
	if s == variant {
		body.ErrorCode, body.Error = nil, &c
	}
	return emulation.Answer{Status: http.StatusOK, Content: emulation.JSON(body)}
}

func (s spelling) ok(data any) emulation.Answer { return s.answer(okay, messages[okay], data) }

func (s spelling) refuse(p problem) emulation.Answer {
	if p.message == "" {
		p.message = messages[p.code]
	}
	a := s.answer(p.code, p.message, nil)
	a.Header = http.Header{"X-Emulator-Reason": {p.reason}}
	return a
}

// number is a number: a string in the variant.
func (s spelling) number(digits string) json.RawMessage {
	if s == variant {
		return quoted(digits)
	}
	return raw(digits)
}

func (s spelling) integer(n int) json.RawMessage { return s.number(strconv.Itoa(n)) }

// price is an amount of a bill: null as long as there is none.
func (s spelling) price(c cents) json.RawMessage {
	if c == 0 {
		return raw("")
	}
	return s.number(s.digits(c))
}

// digits are those of an amount of a bill: none as long as there is none.
func (s spelling) digits(c cents) string {
	switch {
	case c == 0:
		return ""
	case s == variant:
		return c.String()
	default:
		return c.float()
	}
}

// money is an amount of a transfer or a balance.
func (s spelling) money(c cents) json.RawMessage {
	if s == variant {
		return quoted(c.String())
	}
	return raw(c.short())
}

// raw is a number as it is spelled: null if there is none.
func raw(text string) json.RawMessage {
	if text == "" {
		text = "null"
	}
	return json.RawMessage(text)
}

func quoted(text string) json.RawMessage { return emulation.JSON(text).Body }

func serverError() emulation.Answer {
	a := usually.answer(otherError, messages[otherError], nil)
	a.Status = http.StatusInternalServerError
	return a
}

// refusals are what Qostiq says to what the numbers have refused at once.
var refusals = map[emulation.Ending]code{
	emulation.LowBalance:    lowBalance,
	emulation.WrongNetwork:  accountStatus,
	emulation.NoAccount:     noAccount,
	emulation.NetworkDown:   noPayway,
	emulation.OverLimit:     tooLarge,
	emulation.InternalError: otherError,
	emulation.Invalid:       badParameter,
}

func refusedBy(tx emulation.Transaction) problem {
	reason := "the account asked for this refusal: " + string(tx.Ending)
	if t, is := tx.Extra.(transfer); is && tx.Ending == emulation.LowBalance {
		reason = "the " + t.shop.name + " balance does not cover this transfer, or the account says so"
	}
	return problem{code: refusals[tx.Ending], reason: reason}
}

// prices are the amounts of a bill. Without one yet, they are 0.
type prices struct{ shop, refund, payer cents }

// prices are what a bill comes to. The amount of a free one is not told before it is paid.
func (b bill) prices(tx emulation.Transaction) prices {
	if b.free && tx.State != emulation.Succeeded {
		return prices{}
	}
	shop := amount(tx)
	rate, _ := b.shop.rate(b.payer) // bills are in currencies that have one
	return prices{shop: shop, refund: refund(shop), payer: shop.times(rate)}
}

// createdBill is the answer to a new bill. The documents have a refund in one answer of the first
// version and none in the other.
func createdBill(tx emulation.Transaction, b bill, pages string) emulation.Answer {
	s, p := spellingOf(tx), b.prices(tx)
	refund := s.price(p.refund)
	if s == variant && b.version == 1 {
		refund = nil
	}
	return s.ok(struct {
		Created       string          `json:"created"`
		ID            json.RawMessage `json:"id"`
		Lifetime      json.RawMessage `json:"lifetime"`
		PayerAccount  json.RawMessage `json:"payer_account"`
		PayerCurrency json.RawMessage `json:"payer_currency"`
		PayerPrice    json.RawMessage `json:"payer_price"`
		ShopAmount    json.RawMessage `json:"shop_amount"`
		ShopCurrency  json.RawMessage `json:"shop_currency"`
		ShopID        json.RawMessage `json:"shop_id"`
		ShopOrderID   json.RawMessage `json:"shop_order_id"`
		ShopRefund    json.RawMessage `json:"shop_refund,omitempty"`
		URL           string          `json:"url"`
	}{
		tx.Created.UTC().Format(http.TimeFormat), s.integer(identifier(tx)), s.integer(b.lifetime),
		b.account.echo(), s.number(b.payer.code), s.price(p.payer), s.price(p.shop), s.number(b.shop.code),
		s.number(shopID), b.order.echo(), refund, pages + b.path(),
	})
}

// billStatus is what has become of a bill.
func billStatus(tx emulation.Transaction, b bill, alone bool) emulation.Answer {
	s, p := spellingOf(tx), b.prices(tx)
	return s.ok(struct {
		ClientPrice  json.RawMessage `json:"client_price"`
		Created      string          `json:"created"`
		Description  string          `json:"description"`
		IsUnique     bool            `json:"is_unique"`
		PaymentID    json.RawMessage `json:"payment_id"`
		Payway       string          `json:"payway"`
		Processed    *string         `json:"processed"`
		PSCurrency   json.RawMessage `json:"ps_currency"`
		PSData       psData          `json:"ps_data"`
		ShopAmount   json.RawMessage `json:"shop_amount"`
		ShopCurrency json.RawMessage `json:"shop_currency"`
		ShopID       json.RawMessage `json:"shop_id"`
		ShopOrderID  string          `json:"shop_order_id"`
		ShopRefund   json.RawMessage `json:"shop_refund"`
		Status       json.RawMessage `json:"status"`
	}{
		s.price(p.payer), moment(tx.Created), b.description, alone, s.integer(identifier(tx)), b.payway(),
		processed(tx), s.number(b.payer.code), psData{tx.MSISDN}, s.price(p.shop), s.number(b.shop.code),
		s.number(shopID), tx.Reference, s.price(p.refund), s.integer(status(tx)),
	})
}

// psData is what the payment system says of a bill.
type psData struct {
	PayerAccount string `json:"ps_payer_account,omitempty"`
}

// What status says in the answer of bill/shop_order_status.
const (
	waiting   = 1
	paid      = 2
	cancelled = 3
	expired   = 4
)

func status(tx emulation.Transaction) int {
	switch tx.State {
	case emulation.Succeeded:
		return paid
	case emulation.Failed:
		return cancelled
	case emulation.Expired:
		return expired
	default:
		return waiting
	}
}

// processed is when the payer decided: nothing of a bill that waits or has expired.
func processed(tx emulation.Transaction) *string {
	if tx.Settled.IsZero() || tx.State == emulation.Expired {
		return nil
	}
	at := moment(tx.Settled)
	return &at
}

func identifier(tx emulation.Transaction) int { return firstID - 1 + tx.ID }

// moment is a date as the status calls and callbacks write it.
func moment(at time.Time) string { return at.UTC().Format(time.DateTime) }

// payway is how the bill is paid: by a wallet in that currency.
func (b bill) payway() string { return "qostiq_" + strings.ToLower(b.payer.name) }
