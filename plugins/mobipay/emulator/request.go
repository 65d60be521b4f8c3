package emulator

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

var (
	orderIDs   = regexp.MustCompile(`^[A-Za-z0-9_\-:.]{1,128}$`)
	amounts    = regexp.MustCompile(`^(?:0|[1-9]\d{0,11})\.\d{2}$`)
	currencies = regexp.MustCompile(`^[A-Z]{3}$`)
	countries  = regexp.MustCompile(`^[A-Z]{2}$`)
)

// How long a transaction waits for somebody.
const (
	customerPatience = 15 * time.Minute
	forEver          = time.Duration(1<<63 - 1)
)

// wrongOTP is the only one-time code of 4 digits that is wrong.
const wrongOTP = "0000"

// order is what a request for money says that the books have no column for.
type order struct {
	flow      flow
	provider  int64 // its id
	callback  string
	returnURL string
}

func orderOf(tx emulation.Transaction) order {
	o, _ := tx.Extra.(order)
	return o
}

// waits is for how long a transaction waits before it goes on. What is refused at once does not.
func waits(tx emulation.Transaction) time.Duration {
	if tx.RefusedAtOnce() {
		return 0
	}
	switch orderOf(tx).flow {
	case onPage, codeLater:
		return customerPatience
	case simulated, unconfirmed:
		return forEver
	default:
		return 0
	}
}

// orderID is the order_id of any request.
func orderID(q object) (string, *refusal) {
	id := q.text("order_id")
	if !orderIDs.MatchString(id) {
		return "", refusing(codeParameters, "order_id must be a string of 1 to 128 letters, digits, _, -, : or .")
	}
	return id, nil
}

// readOrder is the transaction that is asked for.
func readOrder(op emulation.Operation, q object) (emulation.Transaction, *refusal) {
	f := &form{object: q}
	provider, c := f.channel(op)
	if f.refused != nil {
		return emulation.Transaction{}, f.refused
	}
	customer, extra := f.customer(c), f.extra(c, op)
	tx := emulation.Transaction{
		Reference: q.text("order_id"), Operation: op, Network: c.network,
		MSISDN: customer, Amount: f.amount(c, op), Currency: f.currency(c),
		Extra: order{
			flow: f.flow(c, op, customer, extra), provider: provider,
			callback: f.web(q, "callback_url"), returnURL: f.web(extra, "return_url"),
		},
	}
	return tx, f.refused
}

// form reads the parameters of a request for money. It goes on after a mistake, and remembers the first.
type form struct {
	object
	refused *refusal
}

// mistake says what is wrong with a parameter.
func (f *form) mistake(reason string, args ...any) {
	f.wrong(codeParameters, reason, args...)
}

func (f *form) wrong(code int, reason string, args ...any) {
	if f.refused == nil {
		f.refused = refusing(code, fmt.Sprintf(reason, args...))
	}
}

// channel is the provider_id that the request goes by.
func (f *form) channel(op emulation.Operation) (int64, *channel) {
	number, _ := f.get("provider_id").(json.Number)
	id, err := strconv.ParseInt(number.String(), 10, 64)
	c, known := channelOf(id)
	switch {
	case err != nil:
		f.mistake("provider_id must be a JSON number")
	case !known:
		f.mistake("provider_id %d is not in the documents", id)
	case op == emulation.Disburse && c.b2c == nil:
		f.mistake("provider_id %d makes no payouts", id)
	}
	return id, c
}

// customer is the number that pays or is paid.
func (f *form) customer(c *channel) string {
	id := f.text("customer_id")
	if !c.in.has(id) {
		f.wrong(codeMSISDN, "customer_id must be a string that matches %s for %s", c.in.number, c.network)
	}
	return id
}

// amount is an amount within the limits, as it is spelled.
func (f *form) amount(c *channel, op emulation.Operation) string {
	amount := f.text("amount")
	cents, err := strconv.ParseInt(strings.Replace(amount, ".", "", 1), 10, 64)
	least, most := c.in.limits.of(op)
	switch {
	case !amounts.MatchString(amount) || err != nil || cents == 0:
		f.mistake("amount must be a string above zero with two decimals, such as 100.00")
	case c.in.multiple != 0 && cents%(100*c.in.multiple) != 0:
		f.mistake("amount must be a multiple of %d", c.in.multiple)
	case cents < 100*least || most != 0 && cents > 100*most:
		f.wrong(codeLimits, "amount must be from %d to %d (0: no limit) %s", least, most, c.in.currency)
	}
	return amount
}

// currency is the country's. The country itself may be left out.
func (f *form) currency(c *channel) string {
	currency := f.text("currency")
	if c.in.currency != "" && currency != c.in.currency || !currencies.MatchString(currency) {
		f.mistake("currency must be %s for %s", c.in.currency, c.network)
	}
	country := f.text("country")
	if f.get("country") != nil && (c.in.code != "" && country != c.in.code || !countries.MatchString(country)) {
		f.mistake("country must be %s for %s", c.in.code, c.network)
	}
	return currency
}

// flow is what the operation asks of people.
func (f *form) flow(c *channel, op emulation.Operation, customer string, extra object) flow {
	switch {
	case c.asks == simulated:
		return simulated
	case op == emulation.Disburse && strings.HasSuffix(customer, toConfirm):
		return unconfirmed
	case op == emulation.Disburse:
		return push
	case c.asks == codeFirst, c.asks == codeLater && extra.get("otp") != nil:
		if code := checkOTP(extra); code != codeOK {
			f.wrong(code, "extra.otp must be a string of 4 digits, and 0000 is wrong")
		}
		return push
	default:
		return c.asks
	}
}

// extra is what the network needs, and may be nothing.
func (f *form) extra(c *channel, op emulation.Operation) object {
	extra, ok := f.get("extra").(object)
	if !ok && f.get("extra") != nil {
		f.mistake("extra must be a JSON object")
	}
	for _, name := range c.needs(op) {
		if extra.text(name) == "" {
			f.mistake("extra.%s must be a string for %s, and not empty", name, c.network)
		}
	}
	if email := extra.text("customer_email"); email != "" && !strings.Contains(email, "@") {
		f.mistake("extra.customer_email must be an address")
	}
	return extra
}

// web is an address that may be left out.
func (f *form) web(of object, name string) string {
	address := of.text(name)
	if of.get(name) != nil && !emulation.IsWeb(address) {
		f.mistake("%s must be an absolute http or https address", name)
	}
	return address
}

// checkOTP is the result.code of a one-time code.
func checkOTP(extra object) int {
	otp := extra.text("otp")
	switch {
	case otp == "":
		return codeBlankPIN
	case len(otp) != len(wrongOTP):
		return codePINLength
	case otp == wrongOTP || strings.Trim(otp, "0123456789") != "":
		return codeInvalidPIN
	default:
		return codeOK
	}
}
