package qostiq

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// BillInput asks for a fixed amount. There are no bills in KZT.
type BillInput struct {
	Reference     capabilities.Reference `json:"reference" jsonschema:"maxLength=64" jsonschema_description:"your unique id of this bill (shop_order_id)"`
	Amount        capabilities.Amount    `json:"amount" jsonschema:"pattern=^[0-9]{1\\,9}([.][0-9]{1\\,2})?$" jsonschema_description:"major units, such as 23.15"`
	Currency      capabilities.Currency  `json:"currency" jsonschema:"enum=UAH,enum=USD,enum=EUR" jsonschema_description:"what the shop gets"`
	PayerCurrency string                 `json:"payer_currency,omitempty" jsonschema:"enum=UAH,enum=USD,enum=EUR" jsonschema_description:"what the payer pays in; currency when left out"`
	PayerAccount  string                 `json:"payer_account,omitempty" jsonschema:"maxLength=254,pattern=^([0-9]+|[^@: ]+@[^@: ]+)$" jsonschema_extras:"x-role=payer" jsonschema_description:"the payer's wallet or its e-mail"`
	Description   string                 `json:"description,omitempty" jsonschema:"maxLength=200"`
	ReturnURL     string                 `json:"return_url,omitempty" jsonschema:"pattern=^https?://[^ ]+$,maxLength=500" jsonschema_description:"where the payer goes afterwards; arriving there proves nothing"`
	Lifetime      int                    `json:"lifetime_minutes,omitempty" jsonschema:"minimum=1,maximum=43200" jsonschema_description:"43200 when left out"`
}

// BillV2Input asks for a fixed amount, or for one that the payer chooses.
type BillV2Input struct {
	Reference    capabilities.Reference `json:"reference" jsonschema:"maxLength=64" jsonschema_description:"your unique id of this bill (shop_order_id)"`
	Amount       capabilities.Amount    `json:"amount,omitempty" jsonschema:"pattern=^[0-9]{1\\,9}([.][0-9]{1\\,2})?$" jsonschema_description:"major units; the payer's choice when left out"`
	Currency     capabilities.Currency  `json:"currency" jsonschema:"enum=UAH,enum=USD,enum=EUR"`
	PayerAccount string                 `json:"payer_account,omitempty" jsonschema:"format=email,maxLength=254" jsonschema_extras:"x-role=payer" jsonschema_description:"the e-mail of the payer's wallet"`
	Description  string                 `json:"description,omitempty" jsonschema:"maxLength=200"`
	ReturnURL    string                 `json:"return_url,omitempty" jsonschema:"pattern=^https?://[^ ]+$,maxLength=500" jsonschema_description:"where the payer goes afterwards; arriving there proves nothing"`
	Lifetime     int                    `json:"lifetime_minutes,omitempty" jsonschema:"minimum=1,maximum=43200" jsonschema_description:"90 when left out"`
	Lang         string                 `json:"lang,omitempty" jsonschema:"enum=en,enum=pl,enum=ru,enum=uk" jsonschema_description:"of the page"`
}

// StatusInput asks for the state of a bill.
type StatusInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=64" jsonschema_description:"the reference (shop_order_id) it was made with"`
}

// BillOutput is the answer to a new bill.
type BillOutput struct {
	capabilities.Outcome
	// BillURL is the page on which the bill is paid.
	BillURL  string    `json:"bill_url,omitempty"`
	Response *Response `json:"provider_response,omitempty"`
}

// StatusOutput is the answer about a bill.
type StatusOutput struct {
	capabilities.Outcome
	// PaymentID is Qostiq's own id, for its support.
	PaymentID string `json:"payment_id,omitempty"`
	// ClientPrice is what the payer pays, fee or conversion included.
	ClientPrice string `json:"client_price,omitempty"`
	// Credited is what reached the shop's balance of a paid bill, in its currency.
	Credited capabilities.Amount `json:"credited,omitempty"`
	Response *Response           `json:"provider_response,omitempty"`
}

// The lifetimes of bills that name none, in minutes (provider documentation).
// They are sent, because the documents contradict each other about the second.
const (
	lifetimeBill   = 43200
	lifetimeBillV2 = 90
)

// bill is a new bill, whichever version it is of.
type bill struct {
	reference capabilities.Reference
	currency  capabilities.Currency
	payer     capabilities.Currency // empty where it is not asked for
	asked     capabilities.Money    // not known if the payer chooses it
	linked    bool                  // to the payer's wallet
}

func (c *client) createBill(ctx context.Context, in BillInput) (BillOutput, error) {
	asked, err := capabilities.ParseMoney(in.Amount, in.Currency)
	if err != nil {
		return BillOutput{}, wrongAmount(err)
	}
	if in.PayerCurrency == "" {
		in.PayerCurrency = string(in.Currency)
	}
	r := request{
		"shop_order_id": text(string(in.Reference)), "shop_amount": text(string(asked.Amount())),
		"shop_currency": numeric(in.Currency), "payer_currency": numeric(capabilities.Currency(in.PayerCurrency)),
	}
	r.set("payer_account", in.PayerAccount)
	c.complete(r, in.Description, in.ReturnURL, in.Lifetime, lifetimeBill)
	return c.create(ctx, pathBill, r, bill{in.Reference, in.Currency, capabilities.Currency(in.PayerCurrency), asked, in.PayerAccount != ""})
}

func (c *client) createBillV2(ctx context.Context, in BillV2Input) (BillOutput, error) {
	r := request{
		"shop_order_id": text(string(in.Reference)), "currency": numeric(in.Currency),
		"now": integer(strconv.FormatInt(c.now().Unix(), 10)),
	}
	var asked capabilities.Money
	if in.Amount != "" {
		var err error
		if asked, err = capabilities.ParseMoney(in.Amount, in.Currency); err != nil {
			return BillOutput{}, wrongAmount(err)
		}
	}
	r.set("amount", string(asked.Amount()))
	r.set("email", in.PayerAccount)
	r.set("lang", in.Lang)
	c.complete(r, in.Description, in.ReturnURL, in.Lifetime, lifetimeBillV2)
	return c.create(ctx, pathBillV2, r, bill{in.Reference, in.Currency, "", asked, in.PayerAccount != ""})
}

func wrongAmount(err error) error {
	return capabilities.InvalidField("amount", err.Error(), "an amount in major units of its currency, such as 23.15")
}

// complete adds what both versions take and neither signs.
func (c *client) complete(r request, description, returnURL string, lifetime, otherwise int) {
	if lifetime == 0 {
		lifetime = otherwise
	}
	r.set("description", description)
	r.set("success_url", returnURL)
	r.set("failed_url", returnURL)
	r.set("callback_url", c.config.CallbackURL)
	r.set("callback_rejected_url", c.config.RejectedURL)
	r.set("lifetime", strconv.Itoa(lifetime))
}

func (c *client) create(ctx context.Context, path string, r request, b bill) (BillOutput, error) {
	a, err := c.post(ctx, path, r)
	if err != nil {
		return BillOutput{}, err
	}
	if refusal := b.differs(ctx, a.Data); refusal != nil {
		return BillOutput{}, a.explaining(refusal)
	}
	return b.begun(a, c.shows(a.Data.URL)), nil
}

// shows reports whether the page of a bill is one to send people to: plain
// characters, so that it reads as it leads, and of https. Only the emulator's
// are on this machine.
func (c *client) shows(page wire.Text) bool {
	plain := strings.IndexFunc(string(page), func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	u, err := url.Parse(string(page))
	return plain && err == nil && capabilities.IsSafeURL(string(page)) && (c.emulated || !capabilities.IsLoopback(u))
}

// differs reports why a new bill is not the one that was asked for. Its amount
// is not signed in the second version, so it may have been changed on the way.
func (b bill) differs(ctx context.Context, d Data) *capabilities.Refusal {
	switch {
	case d.ID == "":
		return capabilities.NotKnown(ctx, "qostiq answered that all is well, but without the id of a bill")
	case string(d.ShopOrderID) != string(b.reference):
		return capabilities.NotKnown(ctx, "qostiq answered for another shop_order_id")
	case currencyOf(d.ShopCurrency) != b.currency:
		return capabilities.NotKnown(ctx, "qostiq answered for another currency")
	case !b.priced(d):
		return another("amount", b.price(), fmt.Sprintf("shop_amount is %q", d.ShopAmount))
	case b.payer != "" && currencyOf(d.PayerCurrency) == "":
		return capabilities.NotKnown(ctx, "qostiq answered without a payer_currency that can be read")
	case b.payer != "" && currencyOf(d.PayerCurrency) != b.payer:
		return another("currency of the payer", string(b.payer), fmt.Sprintf("payer_currency is %q", d.PayerCurrency))
	}
	return nil
}

// priced reports whether a bill has the amount that was asked for, or none if
// the payer chooses it.
func (b bill) priced(d Data) bool {
	if !b.asked.Known() {
		return d.ShopAmount == ""
	}
	got, err := sum(d.ShopAmount, d.ShopCurrency)
	return err == nil && got.Minor() == b.asked.Minor()
}

// price is what was asked for, in words.
func (b bill) price() string {
	if !b.asked.Known() {
		return "an amount of the payer's choice"
	}
	return b.asked.String()
}

// another is what a bill means that was made, and not as it was asked for.
func another(what, asked, got string) *capabilities.Refusal {
	return capabilities.Rejected(
		fmt.Sprintf("qostiq made a bill of another %s: %s was asked for, and %s. It exists all the same", what, asked, got),
		"give nobody the url of this bill, and have nobody pay it who finds it in a wallet; find out what changed it, and take a new reference")
}

// begun is a bill that is as it was asked for, with its page if that is one to
// show. It is not paid yet.
func (b bill) begun(a Response, shown bool) BillOutput {
	out := BillOutput{Response: &a, BillURL: string(a.Data.URL), Outcome: capabilities.Outcome{
		Reference: string(b.reference), State: capabilities.Pending, Amount: b.asked.Amount(), Currency: b.asked.Currency(),
	}}
	switch {
	case !shown:
		out.BillURL, a.Data.URL = "", ""
		out.Notes = append(out.Notes, "Qostiq's answer has no https address of the bill's page in plain characters, so none is passed on: ask Qostiq")
	case b.linked:
		out.Action = "the payer finds the bill among the unpaid ones in the wallet; or send the payer to " + out.BillURL
	default:
		out.Action = "send the payer to " + out.BillURL
	}
	return out
}

func (c *client) checkPaymentStatus(ctx context.Context, in StatusInput) (StatusOutput, error) {
	a, err := c.post(ctx, pathBillStatus, request{"now": c.moment(), "shop_order_id": text(string(in.Reference))})
	if a.says(codeNotFound) {
		return StatusOutput{Response: &a, Outcome: capabilities.Outcome{
			Reference: string(in.Reference), State: capabilities.Failed, Doubt: true,
			Notes: []string{"Qostiq knows no bill of this reference; a transfer is asked for with qostiq_check_transfer_status"},
		}}, nil
	}
	if err != nil {
		return StatusOutput{}, err
	}
	if d := a.Data; d.Status == "" || string(d.ShopOrderID) != string(in.Reference) {
		return StatusOutput{}, capabilities.NothingChanged("qostiq answered without the status of this shop_order_id").WithResponse(a)
	}
	return told(in.Reference, a)
}

// told reads the state of a bill. The one of a bill that shares its reference
// with others is nobody's in particular.
func told(reference capabilities.Reference, a Response) (StatusOutput, error) {
	out := StatusOutput{Response: &a, PaymentID: string(a.Data.PaymentID), ClientPrice: string(a.Data.ClientPrice), Outcome: capabilities.Outcome{
		Reference: string(reference), State: stateOf(a.Data.Status),
	}}
	if !alone(a.Data.IsUnique) {
		out.State = capabilities.Unknown
		out.Notes = append(out.Notes, fmt.Sprintf("several bills of the shop have this reference, and the answer is about the last one alone (status %s, payment_id %s): look all of them up in the Qostiq account before you deliver or cancel", a.Data.Status, a.Data.PaymentID))
		return out, nil
	}
	if out.State == capabilities.Unknown {
		out.Notes = append(out.Notes, fmt.Sprintf("Qostiq answered with the undocumented status %q: ask Qostiq what it means before doing anything with this bill", a.Data.Status))
	}
	if err := out.price(a); err != nil {
		return StatusOutput{}, err
	}
	return out, nil
}

// alone reports whether there is one bill of its reference. It is said of those
// that are not.
func alone(unique wire.Text) bool { return unique == "" || unique == "true" }

// price tells what a bill comes to; of one that is not paid yet that may not be
// known. A paid one whose amount cannot be read is not passed off as one of the
// amount on record.
func (out *StatusOutput) price(a Response) error {
	paid := out.State == capabilities.Succeeded
	switch m, err := sum(a.Data.ShopAmount, a.Data.ShopCurrency); {
	case err == nil:
		out.Amount, out.Currency = m.Amount(), m.Currency()
	case paid:
		return capabilities.NothingChanged("qostiq says that the bill is paid, and its amount cannot be read: " + err.Error()).WithResponse(a)
	}
	if m, err := sum(a.Data.ShopRefund, a.Data.ShopCurrency); paid && err == nil {
		out.Credited = m.Amount()
	}
	return nil
}
