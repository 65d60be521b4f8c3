package qostiq

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// client calls the API for one shop.
type client struct {
	config   Config
	emulated bool
	http     *transport.Client
	now      func() time.Time
}

func (c *client) configure(_ context.Context, target capabilities.Target, config Config) error {
	if err := config.check(); err != nil {
		return err
	}
	h, err := transport.New(transport.Options{Provider: "qostiq", BaseURL: target.BaseURL})
	if err != nil {
		return err
	}
	c.config, c.http, c.emulated = config, h, target.Environment == capabilities.Emulator
	return nil
}

// request is the body of a call.
type request map[string]value

// value is one parameter. Its text is both signed and sent, so that no encoder
// can spell it in another way in between.
type value struct {
	text   string
	number bool // sent without quotes
}

func text(s string) value { return value{text: s} }

func integer(digits string) value { return value{text: digits, number: true} }

// MarshalJSON implements json.Marshaler.
func (v value) MarshalJSON() ([]byte, error) {
	if v.number {
		return []byte(v.text), nil
	}
	return json.Marshal(v.text)
}

// set adds a parameter that need not be there.
func (r request) set(name, s string) {
	if s != "" {
		r[name] = text(s)
	}
}

// moment is the time as the calls of the first version want it.
func (c *client) moment() value { return text(c.now().UTC().Format("2006-01-02 15:04:05.000000")) }

// Response is Qostiq's own answer, with the HTTP status it came with. That is
// 200 for errors too.
type Response struct {
	HTTPStatus int       `json:"http_status"`
	ErrorCode  wire.Text `json:"error_code,omitempty"` // which one text calls error
	Message    wire.Text `json:"message,omitempty"`
	Result     wire.Text `json:"result,omitempty"` // true or false
	Data       Data      `json:"data,omitzero"`
	unreadable string    // why it is no answer, empty if it is one
}

// Data is what answers are about: bills, quotes or transfers. Numbers and texts
// change places from sample to sample.
type Data struct {
	ID            wire.Text `json:"id,omitempty"`
	PaymentID     wire.Text `json:"payment_id,omitempty"`
	ShopOrderID   wire.Text `json:"shop_order_id,omitempty"`
	ShopPaymentID wire.Text `json:"shop_payment_id,omitempty"`
	Status        wire.Text `json:"status,omitempty"`
	IsUnique      wire.Text `json:"is_unique,omitempty"` // true or false

	ShopAmount    wire.Text `json:"shop_amount,omitempty"`
	ShopCurrency  wire.Text `json:"shop_currency,omitempty"`
	ShopRefund    wire.Text `json:"shop_refund,omitempty"`
	PayerPrice    wire.Text `json:"payer_price,omitempty"`
	PayerCurrency wire.Text `json:"payer_currency,omitempty"`
	ClientPrice   wire.Text `json:"client_price,omitempty"`
	PSCurrency    wire.Text `json:"ps_currency,omitempty"`
	Payway        wire.Text `json:"payway,omitempty"`
	URL           wire.Text `json:"url,omitempty"`
	Lifetime      wire.Text `json:"lifetime,omitempty"`
	Created       wire.Text `json:"created,omitempty"`
	Processed     wire.Text `json:"processed,omitempty"`

	PayeeAmount    wire.Text `json:"payee_amount,omitempty"`
	ReceiveAmount  wire.Text `json:"receive_amount,omitempty"` // what the status of a transfer calls payee_amount
	PayeeCurrency  wire.Text `json:"payee_currency,omitempty"`
	WriteOffAmount wire.Text `json:"write_off_amount,omitempty"`
	Balance        wire.Text `json:"balance,omitempty"`
	Label          wire.Text `json:"label,omitempty"` // this and the next two from account_info_config
	Example        wire.Text `json:"example,omitempty"`
	Regex          wire.Text `json:"regex,omitempty"`
}

// post signs and sends a request. What every answer has in common is judged
// here: server errors, bodies that are no answer, errors.
func (c *client) post(ctx context.Context, path string, r request) (Response, error) {
	r["shop_id"] = integer(c.config.ShopID)
	if err := r.sign(path, c.config.SecretKey); err != nil {
		return Response{}, err
	}
	h, err := c.http.PostJSON(ctx, path, r)
	if err != nil {
		return Response{}, err
	}
	a := read(h)
	return a, judge(ctx, a)
}

func read(h *transport.Response) Response {
	a := Response{HTTPStatus: h.Status}
	var other wire.Text
	d, account := &a.Data, "data.account_info_config.payee_account."
	err := wire.Read(h.Body, map[string]*wire.Text{
		"error_code": &a.ErrorCode, "error": &other, "message": &a.Message,
		"data.id": &d.ID, "data.payment_id": &d.PaymentID, "data.shop_order_id": &d.ShopOrderID,
		"data.shop_payment_id": &d.ShopPaymentID, "data.status": &d.Status,
		"data.shop_amount": &d.ShopAmount, "data.shop_currency": &d.ShopCurrency, "data.shop_refund": &d.ShopRefund,
		"data.payer_price": &d.PayerPrice, "data.payer_currency": &d.PayerCurrency, "data.client_price": &d.ClientPrice,
		"data.ps_currency": &d.PSCurrency, "data.payway": &d.Payway, "data.url": &d.URL, "data.lifetime": &d.Lifetime,
		"data.created": &d.Created, "data.processed": &d.Processed,
		"data.payee_amount": &d.PayeeAmount, "data.receive_amount": &d.ReceiveAmount, "data.payee_currency": &d.PayeeCurrency,
		"data.write_off_amount": &d.WriteOffAmount, "data.balance": &d.Balance,
		account + "label.en": &d.Label, account + "example": &d.Example, account + "regex": &d.Regex,
	})
	if err != nil {
		return Response{HTTPStatus: h.Status, unreadable: "its body is not the documented JSON"}
	}
	contradicts := other != "" && a.ErrorCode != "" && other != a.ErrorCode
	if a.ErrorCode == "" {
		a.ErrorCode = other
	}
	a.Result, d.IsUnique = booleans(h.Body)
	a.unreadable = a.flaw(contradicts)
	return a
}

// booleans reads the two booleans of a body that was read before, as they are
// spelled.
func booleans(body []byte) (result, unique wire.Text) {
	var outer, data map[string]json.RawMessage
	_ = json.Unmarshal(body, &outer)         // it was read before
	_ = json.Unmarshal(outer["data"], &data) // that of an error is null
	spelled := func(raw json.RawMessage) wire.Text {
		if string(raw) == "null" {
			return ""
		}
		return wire.Text(strings.Trim(string(raw), `"`))
	}
	return spelled(outer["result"]), spelled(data["is_unique"])
}

// flaw says what an answer lacks, or how it contradicts itself.
func (a Response) flaw(contradicts bool) string {
	switch {
	case contradicts:
		return "its error and its error_code contradict each other"
	case a.ErrorCode == "":
		return "without an error_code"
	case a.Result != "true" && a.Result != "false":
		return "without a result"
	case (a.ErrorCode == codeOK) != (a.Result == "true"):
		return "its error_code and its result contradict each other"
	}
	return ""
}

// says reports whether the answer is this error, and nothing else.
func (a Response) says(code wire.Text) bool {
	return a.unreadable == "" && a.ErrorCode == code && a.HTTPStatus < http.StatusInternalServerError
}

// judge returns the refusal that an answer means whatever was asked, or nil.
func judge(ctx context.Context, a Response) error {
	var refusal *capabilities.Refusal
	switch {
	case a.unreadable != "" && (a.HTTPStatus == http.StatusUnauthorized || a.HTTPStatus == http.StatusForbidden):
		refusal = denied(fmt.Sprintf("qostiq answered HTTP %d", a.HTTPStatus))
	case a.HTTPStatus >= http.StatusInternalServerError, a.unreadable != "":
		refusal = transport.NoAnswer(ctx, "qostiq", a.HTTPStatus, a.unreadable)
	case a.ErrorCode != codeOK:
		refusal = refused(ctx, a)
	case a.HTTPStatus >= http.StatusMultipleChoices:
		refusal = capabilities.NotKnown(ctx, fmt.Sprintf("qostiq answered HTTP %d, and that all is well", a.HTTPStatus))
	default:
		return nil
	}
	return a.explaining(refusal)
}

// explaining adds the answer to what it means. Nobody is shown the page of a
// bill that is not known to be the one that was asked for.
func (a Response) explaining(r *capabilities.Refusal) error {
	a.Data.URL = ""
	return r.WithResponse(a)
}
