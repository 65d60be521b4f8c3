package qosic

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// client calls the API with one merchant's credentials.
type client struct {
	config Config
	http   *transport.Client
}

func (c *client) configure(_ context.Context, target capabilities.Target, config Config) error {
	h, err := transport.New(transport.Options{
		Provider:    "qosic",
		BaseURL:     target.BaseURL,
		Pin:         config.Pin,
		PinVariable: "QOSIC_TLS_SHA256",
		Prepare:     func(r *http.Request) { r.SetBasicAuth(config.Username, config.Password) },
	})
	if err != nil {
		return err
	}
	c.config, c.http = config, h
	return nil
}

// Response is Qosic's own answer, with the HTTP status it came with.
type Response struct {
	HTTPStatus   int       `json:"http_status"`
	ResponseCode wire.Text `json:"responsecode,omitempty"`
	ResponseMsg  wire.Text `json:"responsemsg,omitempty"`
	TransRef     wire.Text `json:"transref,omitempty"`
	ServiceRef   wire.Text `json:"serviceref,omitempty"`
	Comment      wire.Text `json:"comment,omitempty"`
	unreadable   string    // why the body is no answer, empty if it is one
}

// request is the body of payments and deposits; status and refund send
// only its last two fields. Every value is a JSON string.
type request struct {
	MSISDN    string `json:"msisdn,omitempty"`
	Amount    string `json:"amount,omitempty"`
	FirstName string `json:"firstname,omitempty"`
	LastName  string `json:"lastname,omitempty"`
	TransRef  string `json:"transref"`
	ClientID  string `json:"clientid"`
}

// post sends a body on a route. What every call has in common is judged here:
// credentials, client ids, server errors, bodies that are no answer.
func (c *client) post(ctx context.Context, r route, path string, body request) (Response, error) {
	body.ClientID = r.clientID(c.config)
	if body.ClientID == "" {
		return Response{}, capabilities.Misconfiguration(
			fmt.Sprintf("qosic: %s is not set, so nothing can be done on %s", r.setting, r.network.Name),
			fmt.Sprintf("set %s; it is in the dashboard under Settings, API Keys & Callback URL", r.setting))
	}
	h, err := c.http.PostJSON(capabilities.OnNetwork(ctx, r.network.ID), path, body)
	if err != nil {
		return Response{}, err
	}
	a := read(h)
	if a.TransRef != "" && string(a.TransRef) != body.TransRef {
		a.unreadable = fmt.Sprintf("it answers for another transref, %q", a.TransRef)
	}
	return a, c.judge(ctx, r, a)
}

func read(h *transport.Response) Response {
	a := Response{HTTPStatus: h.Status}
	err := wire.Read(h.Body, map[string]*wire.Text{
		"responsecode": &a.ResponseCode, "responsemsg": &a.ResponseMsg, "transref": &a.TransRef,
		"serviceref": &a.ServiceRef, "comment": &a.Comment,
	})
	if err != nil {
		return Response{HTTPStatus: h.Status, unreadable: "its body is not the documented JSON"}
	}
	return a
}

// judge returns the refusal that an answer means whatever was asked, or nil.
func (c *client) judge(ctx context.Context, r route, a Response) error {
	var refusal *capabilities.Refusal
	switch {
	case a.HTTPStatus == http.StatusUnauthorized || a.ResponseCode == codeUnauthorised:
		refusal = capabilities.Misconfiguration(
			"qosic answered 401: the username or password is wrong, or the address of this machine is not whitelisted",
			"check QOSIC_USERNAME and QOSIC_PASSWORD, and add this machine's public IP in the dashboard under IP Whitelist")
	case a.HTTPStatus == http.StatusExpectationFailed:
		refusal = noAccount()
	case a.HTTPStatus >= http.StatusInternalServerError, a.unreadable != "":
		refusal = transport.NoAnswer(ctx, "qosic", a.HTTPStatus, a.unreadable)
	case a.ResponseCode == codeInvalidClient && !strings.EqualFold(string(a.ResponseMsg), notAuthorised):
		refusal = capabilities.Misconfiguration(
			fmt.Sprintf("qosic does not know the client id of %s", r.network.Name),
			fmt.Sprintf("check %s: every operator has a client id of its own, and sandbox and production differ", r.setting))
	default:
		return nil
	}
	return refusal.WithResponse(a)
}

func noAccount() *capabilities.Refusal {
	return capabilities.Rejected("there is no mobile-money account on that number", "check the number with its owner")
}
