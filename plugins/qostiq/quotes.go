package qostiq

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Terms are what a transfer is about, but for its payee.
type Terms struct {
	Amount          capabilities.Amount   `json:"amount" jsonschema:"pattern=^[0-9]{1\\,9}([.][0-9]{1\\,2})?$" jsonschema_description:"major units, such as 10.00"`
	Currency        capabilities.Currency `json:"currency" jsonschema:"enum=UAH,enum=USD,enum=EUR,enum=KZT" jsonschema_description:"of the amount"`
	AmountType      string                `json:"amount_type,omitempty" jsonschema:"enum=receive_amount,enum=writeoff_amount" jsonschema_description:"whose amount: the payee's (default) or the shop's"`
	CounterCurrency string                `json:"counter_currency,omitempty" jsonschema:"enum=UAH,enum=USD,enum=EUR,enum=KZT" jsonschema_description:"of the other side; currency when left out"`
}

// The types of an amount. The answers' field is write_off_amount.
const (
	receiveAmount  = "receive_amount"
	writeoffAmount = "writeoff_amount"
)

// QuoteInput asks what a transfer comes to.
type QuoteInput struct {
	Terms
	PayeeAccount string `json:"payee_account,omitempty" jsonschema:"maxLength=254" jsonschema_description:"checked for its form only"`
}

// QuoteOutput is what a transfer would come to now. It binds nobody.
type QuoteOutput struct {
	WritesOff *capabilities.Sum `json:"writes_off,omitempty"`
	Receives  *capabilities.Sum `json:"receives,omitempty"`
	// Fee is told within one currency, Rate between two; a rate holds the fee.
	Fee  string `json:"fee,omitempty"`
	Rate string `json:"rate,omitempty"`
	// PayeeHint says what a payee's account looks like.
	PayeeHint string    `json:"payee_hint,omitempty"`
	Response  *Response `json:"provider_response,omitempty"`
}

func sumOf(m capabilities.Money) *capabilities.Sum {
	return &capabilities.Sum{Amount: m.Amount(), Currency: m.Currency()}
}

// counter is the currency of the other side.
func (t Terms) counter() capabilities.Currency {
	if t.CounterCurrency == "" {
		return t.Currency
	}
	return capabilities.Currency(t.CounterCurrency)
}

// request is the part that quotes and transfers have in common.
func (t Terms) request() (request, error) {
	m, err := capabilities.ParseMoney(t.Amount, t.Currency)
	if err != nil {
		return nil, wrongAmount(err)
	}
	r := request{
		"amount": text(string(m.Amount())), "amount_type": text(receiveAmount),
		"payee_currency": numeric(t.Currency), "shop_currency": numeric(t.counter()),
	}
	if t.AmountType == writeoffAmount {
		r["amount_type"] = text(writeoffAmount)
		r["payee_currency"], r["shop_currency"] = r["shop_currency"], r["payee_currency"]
	}
	return r, nil
}

// quote is what a transfer comes to.
type quote struct{ writesOff, receives capabilities.Money }

// moved reads what a transfer comes to, or came to. Its status has another
// name for what the payee receives.
func moved(d Data) (quote, error) {
	receives := d.PayeeAmount
	if receives == "" {
		receives = d.ReceiveAmount
	}
	var q quote
	var err error
	if q.receives, err = sum(receives, d.PayeeCurrency); err != nil {
		return quote{}, fmt.Errorf("what the payee receives: %w", err)
	}
	if q.writesOff, err = sum(d.WriteOffAmount, d.ShopCurrency); err != nil {
		return quote{}, fmt.Errorf("what is written off: %w", err)
	}
	if same := q.writesOff.Currency() == q.receives.Currency(); same && q.writesOff.Minor() < q.receives.Minor() {
		return quote{}, fmt.Errorf("%s is written off, and the payee receives %s", q.writesOff, q.receives)
	}
	return q, nil
}

// compare reports how an answer differs from what was asked for.
func (t Terms) compare(q quote) error {
	own, other := q.receives, q.writesOff
	if t.AmountType == writeoffAmount {
		own, other = other, own
	}
	asked, err := capabilities.ParseMoney(t.Amount, t.Currency)
	switch {
	case err != nil:
		return err
	case own.Minor() != asked.Minor() || own.Currency() != asked.Currency():
		return fmt.Errorf("%s was asked for, and Qostiq says %s", asked, own)
	case other.Currency() != t.counter():
		return fmt.Errorf("the other side was to be in %s, and Qostiq says %s", t.counter(), other)
	}
	return nil
}

// quote asks what a transfer would come to. A quote of something else is none.
func (c *client) quote(ctx context.Context, t Terms) (quote, Response, error) {
	r, err := t.request()
	if err != nil {
		return quote{}, Response{}, err
	}
	a, err := c.post(ctx, pathQuote, r)
	if err != nil {
		return quote{}, Response{}, err
	}
	q, err := moved(a.Data)
	if err == nil {
		err = t.compare(q)
	}
	if err != nil {
		return quote{}, Response{}, capabilities.NothingChanged("qostiq answered with a quote that cannot be used: " + err.Error()).WithResponse(a)
	}
	return q, a, nil
}

func (c *client) quoteTransfer(ctx context.Context, in QuoteInput) (QuoteOutput, error) {
	q, a, err := c.quote(ctx, in.Terms)
	if err != nil {
		return QuoteOutput{}, err
	}
	if in.PayeeAccount != "" {
		if err := matches(in.PayeeAccount, a); err != nil {
			return QuoteOutput{}, err
		}
	}
	return QuoteOutput{
		WritesOff: sumOf(q.writesOff), Receives: sumOf(q.receives), Fee: q.fee(), Rate: q.rate(),
		PayeeHint: payeeHint(a), Response: &a,
	}, nil
}

// facts are what a human should see of a transfer before it is approved.
func (q quote) facts() []capabilities.Fact {
	f := []capabilities.Fact{{Name: "writes off", Value: q.writesOff.String(), Leaves: sumOf(q.writesOff)}, {Name: "payee receives", Value: q.receives.String()}}
	if q.fee() != "" {
		return append(f, capabilities.Fact{Name: "fee", Value: q.fee()})
	}
	return append(f, capabilities.Fact{Name: "rate", Value: q.rate() + ", fee included"})
}

// fee is what Qostiq keeps of a transfer within one currency.
func (q quote) fee() string {
	if q.writesOff.Currency() != q.receives.Currency() {
		return ""
	}
	fee, err := capabilities.MoneyOfMinor(q.writesOff.Minor()-q.receives.Minor(), q.writesOff.Currency())
	if err != nil {
		return "none" // moved refuses one below nothing
	}
	return fee.String()
}

// rateDecimals are enough to tell tenge apart in dollars.
const rateDecimals = 6

// rate is what the shop pays for one unit that arrives in another currency.
func (q quote) rate() string {
	if q.writesOff.Currency() == q.receives.Currency() {
		return ""
	}
	paid, _ := new(big.Rat).SetString(string(q.writesOff.Amount()))
	arrives, _ := new(big.Rat).SetString(string(q.receives.Amount())) // money is more than zero
	rate := strings.TrimSuffix(strings.TrimRight(paid.Quo(paid, arrives).FloatString(rateDecimals), "0"), ".")
	return fmt.Sprintf("%s %s for 1 %s", rate, q.writesOff.Currency(), q.receives.Currency())
}

// maxExpression bounds the expression for accounts, in bytes. The one that is
// documented has 106.
const maxExpression = 1000

// matches holds an account to the expression that came with a quote. Without
// one that can be used nothing is known to be right, so nothing passes.
func matches(account string, a Response) error {
	expression, err := expressionFor(string(a.Data.Regex))
	if err != nil {
		r := capabilities.NothingChanged("qostiq: the payee's account cannot be checked: " + err.Error()).WithResponse(a)
		r.Fix = "nothing was sent; ask again, and if it stays ask Qostiq what the accounts of payees look like now"
		return r
	}
	if !expression.MatchString(account) {
		return capabilities.InvalidField("payee_account", "an account that does not match Qostiq's own expression", payeeHint(a))
	}
	return nil
}

// payeeHint is what a quote says in words of accounts.
func payeeHint(a Response) string {
	hint := string(a.Data.Label)
	if hint == "" {
		hint = "a wallet's number or its e-mail"
	}
	if a.Data.Example != "" {
		hint += ", such as " + string(a.Data.Example)
	}
	return hint
}

// expressionFor compiles an expression that has to match a whole account. It
// takes time in proportion to the account, whatever it is.
func expressionFor(source string) (*regexp.Regexp, error) {
	switch {
	case source == "":
		return nil, errors.New("the quote has no expression for accounts")
	case len(source) > maxExpression:
		return nil, fmt.Errorf("the expression for accounts is longer than %d bytes", maxExpression)
	}
	if _, err := regexp.Compile(source); err != nil { // or it could leave the group
		return nil, err
	}
	return regexp.Compile("^(?:" + source + ")$")
}
