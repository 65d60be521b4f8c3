package paygate

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// client calls the API with one merchant's token.
type client struct {
	config Config
	base   string
	http   *transport.Client
}

func (c *client) configure(_ context.Context, target capabilities.Target, config Config) error {
	h, err := transport.New(transport.Options{Provider: "paygate", BaseURL: target.BaseURL})
	if err != nil {
		return err
	}
	c.config, c.base, c.http = config, target.BaseURL, h
	return nil
}

// Response is PayGate's own answer, with the HTTP status it came with. What
// its status means depends on the request.
type Response struct {
	HTTPStatus       int       `json:"http_status"`
	Status           wire.Text `json:"status,omitempty"`
	ErrorCode        wire.Text `json:"error_code,omitempty"`
	ErrorMessage     wire.Text `json:"error_message,omitempty"`
	TxReference      wire.Text `json:"tx_reference,omitempty"`
	Identifier       wire.Text `json:"identifier,omitempty"`
	PaymentReference wire.Text `json:"payment_reference,omitempty"`
	PaymentMethod    wire.Text `json:"payment_method,omitempty"`
	Amount           wire.Text `json:"amount,omitempty"`
	DateTime         wire.Text `json:"datetime,omitempty"`
	flooz, tmoney    wire.Text
	unreadable       string // why the body is no answer, empty if it is one
}

// post sends a body. What every answer has in common is judged here: server
// errors, bodies that are no answer, errors, a status that is missing. A
// missing status must never read as 0, which means paid.
func (c *client) post(ctx context.Context, path string, body any) (Response, error) {
	h, err := c.http.PostJSON(ctx, path, body)
	if err != nil {
		return Response{}, err
	}
	a := read(h)
	return a, judge(ctx, a)
}

func read(h *transport.Response) Response {
	a := Response{HTTPStatus: h.Status}
	err := wire.Read(h.Body, map[string]*wire.Text{
		"status": &a.Status, "error_code": &a.ErrorCode, "error_message": &a.ErrorMessage,
		"tx_reference": &a.TxReference, "identifier": &a.Identifier, "payment_reference": &a.PaymentReference,
		"payment_method": &a.PaymentMethod, "amount": &a.Amount, "datetime": &a.DateTime,
		"flooz": &a.flooz, "tmoney": &a.tmoney,
	})
	if err != nil {
		return Response{HTTPStatus: h.Status, unreadable: "its body is not the documented JSON"}
	}
	return a
}

// judge returns the refusal that an answer means whatever was asked, or nil.
func judge(ctx context.Context, a Response) error {
	var refusal *capabilities.Refusal
	switch {
	case a.unreadable != "" && (a.HTTPStatus == http.StatusUnauthorized || a.HTTPStatus == http.StatusForbidden):
		refusal = denied(fmt.Sprintf("paygate answered HTTP %d", a.HTTPStatus))
	case a.HTTPStatus >= http.StatusInternalServerError, a.unreadable != "":
		refusal = transport.NoAnswer(ctx, "paygate", a.HTTPStatus, a.unreadable)
	case a.ErrorCode != "":
		refusal = failed(ctx, a)
	case a.Status == "":
		refusal = capabilities.NotKnown(ctx, fmt.Sprintf("paygate answered HTTP %d without a status", a.HTTPStatus))
	default:
		return nil
	}
	return refusal.WithResponse(a)
}

// failed judges an answer with an error code, which look like HTTP's.
func failed(ctx context.Context, a Response) *capabilities.Refusal {
	code, err := strconv.Atoi(string(a.ErrorCode))
	switch {
	case err != nil || code < http.StatusBadRequest || code >= http.StatusInternalServerError:
		return capabilities.NotKnown(ctx, fmt.Sprintf("paygate answered with the error %s", a.ErrorCode))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return denied(fmt.Sprintf("paygate answered with the error %s", a.ErrorCode))
	}
	return capabilities.Rejected(fmt.Sprintf("paygate answered with the error %s", a.ErrorCode), "correct the request; money did not move")
}

func denied(message string) *capabilities.Refusal {
	return capabilities.Misconfiguration(
		message+": the token is wrong, or the address of this machine is not whitelisted",
		"check PAYGATE_AUTH_TOKEN, and have this machine's public IP whitelisted in the PayGate dashboard")
}

func wrongToken() *capabilities.Refusal {
	return capabilities.Misconfiguration("paygate does not know the merchant token", "check PAYGATE_AUTH_TOKEN; it is in the PayGate dashboard")
}
