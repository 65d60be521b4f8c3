package mobipay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// client calls the API with one merchant's credentials.
type client struct {
	config      Config
	target      capabilities.Target
	providerIDs map[string]int // by network, those that the operator has set
	http        *transport.Client
}

func (c *client) configure(_ context.Context, target capabilities.Target, config Config) error {
	if err := config.check(target); err != nil {
		return err
	}
	ids, err := parseProviderIDs(config.ProviderIDs)
	if err != nil {
		return err
	}
	h, err := transport.New(transport.Options{Provider: "mobipay", BaseURL: target.BaseURL})
	if err != nil {
		return err
	}
	c.config, c.target, c.providerIDs, c.http = config, target, ids, h
	return nil
}

// request is the body of every call. Its order is the one that is signed.
type request struct {
	MerchantID  string                `json:"merchant_id"`
	CustomerID  string                `json:"customer_id,omitempty"`
	OrderID     string                `json:"order_id"`
	Amount      string                `json:"amount,omitempty"`
	Currency    capabilities.Currency `json:"currency,omitempty"`
	Country     string                `json:"country,omitempty"`
	CallbackURL string                `json:"callback_url,omitempty"`
	ProviderID  int                   `json:"provider_id,omitempty"`
	Extra       extras                `json:"extra,omitempty"`
	Signature   string                `json:"signature,omitempty"`
}

// Result is how a request went, at MobiPay or at the operator behind it.
type Result struct {
	Code    wire.Text `json:"code,omitempty"`
	Message wire.Text `json:"message,omitempty"`
}

// Response is MobiPay's own answer, with the HTTP status it came with.
type Response struct {
	HTTPStatus     int       `json:"http_status"`
	OrderID        wire.Text `json:"order_id,omitempty"`
	TransactionID  wire.Text `json:"transaction_id,omitempty"`
	TransactionRef wire.Text `json:"transaction_ref,omitempty"`
	Status         wire.Text `json:"status,omitempty"`
	Result         Result    `json:"result,omitzero"`
	// ProviderResult is the operator's own. Its code -8888 means nothing, so
	// nothing is decided by it.
	ProviderResult  Result               `json:"provider_result,omitzero"`
	ServiceID       wire.Text            `json:"service_id,omitempty"`
	ServiceVersion  wire.Text            `json:"service_version,omitempty"`
	ServiceDateTime wire.Text            `json:"service_date_time,omitempty"`
	ConfirmType     wire.Text            `json:"confirm_type,omitempty"`
	Extra           map[string]wire.Text `json:"extra,omitempty"`
	unreadable      string               // why the body is no answer, empty if it is one
	unsafeLink      bool                 // it had a link for the customer that nobody should follow
}

// post signs and sends a request. What every answer has in common is judged
// here: server errors, bodies that are no answer, credentials, answers about
// something else.
func (c *client) post(ctx context.Context, call string, r request) (Response, error) {
	r.MerchantID = c.config.MerchantID
	unsigned, err := json.Marshal(r)
	if err == nil {
		r.Signature, err = sign(unsigned, c.config.SecretKey)
	}
	if err != nil {
		return Response{}, capabilities.NotSent("mobipay: the request cannot be signed: " + err.Error())
	}
	h, err := c.http.PostJSON(ctx, "/"+c.config.PublicID+"/"+call, r)
	if err != nil {
		return Response{}, err
	}
	a := read(h)
	c.blankLink(&a)
	return a, judge(ctx, r.OrderID, a)
}

const notJSON = "its body is not the documented JSON"

func read(h *transport.Response) Response {
	a := Response{HTTPStatus: h.Status}
	err := wire.Read(h.Body, map[string]*wire.Text{
		"order_id": &a.OrderID, "transaction_id": &a.TransactionID, "transaction_ref": &a.TransactionRef, "status": &a.Status,
		"result.code": &a.Result.Code, "result.message": &a.Result.Message,
		"provider_result.code": &a.ProviderResult.Code, "provider_result.message": &a.ProviderResult.Message,
		"service_id": &a.ServiceID, "service_version": &a.ServiceVersion, "service_date_time": &a.ServiceDateTime,
		"confirm_type": &a.ConfirmType,
	})
	switch {
	case err != nil:
		return Response{HTTPStatus: h.Status, unreadable: notJSON}
	case a.Result.Code == "":
		a.unreadable = "without a result"
	case a.Status == "" && a.Result.Code == codeOK:
		a.unreadable = "without a status"
	}
	a.Extra = texts(h.Body)
	return a
}

// texts reads the object extra of a body that was read before. What is no text
// or number in it is passed over: only some of its fields are documented.
func texts(body []byte) map[string]wire.Text {
	var outer, inner map[string]json.RawMessage
	_ = json.Unmarshal(body, &outer)           // it was read before
	_ = json.Unmarshal(outer["extra"], &inner) // an empty one comes as a list
	extra := map[string]wire.Text{}
	for name, raw := range inner {
		var t wire.Text
		if t.UnmarshalJSON(raw) == nil && t != "" {
			extra[name] = t
		}
	}
	return extra
}

// judge returns the refusal that an answer means whatever was asked, or nil.
func judge(ctx context.Context, order string, a Response) error {
	var refusal *capabilities.Refusal
	switch {
	case a.HTTPStatus >= http.StatusInternalServerError, a.unreadable != "":
		refusal = noAnswer(ctx, a)
	case a.OrderID == "":
		refusal = capabilities.NotKnown(ctx, "mobipay's answer names no order_id, so it may be about anything")
	case string(a.OrderID) != order:
		refusal = capabilities.NotKnown(ctx, "mobipay answered for another order_id")
	case a.HTTPStatus >= http.StatusMultipleChoices && a.Result.Code == codeOK:
		refusal = capabilities.NotKnown(ctx, fmt.Sprintf("mobipay answered HTTP %d, and that all is well", a.HTTPStatus))
	case aboutMerchant(a.Result.Code) && (a.Status == "" || a.Status == statusUndefined):
		refusal = capabilities.Misconfiguration(fmt.Sprintf("mobipay does not know the merchant (code %s)", a.Result.Code), checkMerchant)
	default:
		return nil
	}
	return refusal.WithResponse(a)
}

// noAnswer judges an answer that is none of MobiPay's own. What went wrong with
// a question is told by its HTTP status. A request for money may have been
// carried out whatever that is: nothing says that it is MobiPay who answers so.
func noAnswer(ctx context.Context, a Response) *capabilities.Refusal {
	if capabilities.MovesMoney(ctx) {
		return lost(a)
	}
	switch a.HTTPStatus {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return capabilities.Misconfiguration(
			fmt.Sprintf("mobipay answered HTTP %d: it does not know the merchant's address, or does not let this machine in", a.HTTPStatus),
			"check MOBIPAY_BASE_URL and MOBIPAY_PUBLIC_ID, and ask your manager at MobiPay whether this machine's address must be known there")
	}
	refusal := transport.NoAnswer(ctx, "mobipay", a.HTTPStatus, a.unreadable)
	if a.unreadable == notJSON && a.HTTPStatus < http.StatusBadRequest {
		refusal.Fix += "; a wrong signature is answered like this too: check MOBIPAY_SECRET_KEY"
	}
	return refusal
}

// lost is a request for money whose answer cannot be read.
func lost(a Response) *capabilities.Refusal {
	message := fmt.Sprintf("mobipay answered HTTP %d", a.HTTPStatus)
	if a.unreadable == "" {
		return capabilities.MayHaveHappened(message)
	}
	refusal := capabilities.MayHaveHappened(message + ", but " + a.unreadable)
	refusal.Fix += "; a wrong address, public id or secret key is answered like this too: check MOBIPAY_BASE_URL, MOBIPAY_PUBLIC_ID and MOBIPAY_SECRET_KEY"
	return refusal
}
