// Package transport sends a provider's requests over HTTP, and always knows
// whether a request may have reached the provider. That is the difference
// between "call again" and "never send it again", so no provider decides it
// for itself.
package transport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

const (
	dialTimeout = 10 * time.Second
	// maxBody bounds an answer, in bytes. No documented answer comes near.
	maxBody = 1 << 20
)

// Options describe where and how to send.
type Options struct {
	// Provider is the slug that messages begin with.
	Provider string
	// BaseURL is the address that the paths of requests are appended to.
	BaseURL string
	// PinVariable names the setting that holds Pin, for messages.
	PinVariable string
	// Pin is the SHA-256 of the server's certificate in hex. Given, exactly
	// that certificate is trusted and no other; empty, the system's roots are.
	Pin string
	// Prepare completes every request, with credentials for example.
	Prepare func(*http.Request)
}

// Client sends requests to one provider. It follows no redirects, uses no
// proxy, and repeats nothing.
type Client struct {
	options Options
	http    *http.Client
}

// Response is an answer, read to its end.
type Response struct {
	Status int
	Body   []byte
}

// New makes a client. The error is a *capabilities.Refusal.
func New(o Options) (*Client, error) {
	if err := capabilities.CheckBaseURL(o.BaseURL); err != nil {
		return nil, capabilities.Misconfiguration(o.Provider+": "+err.Error(), "correct the base URL")
	}
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	config, err := tlsConfig(o)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:               nil,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		TLSClientConfig:     config,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     30 * time.Second,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{options: o, http: &http.Client{Transport: t, CheckRedirect: stay}}, nil
}

func tlsConfig(o Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.Pin == "" {
		return config, nil
	}
	pin, err := hex.DecodeString(strings.ReplaceAll(o.Pin, ":", ""))
	if err != nil || len(pin) != sha256.Size {
		return nil, capabilities.Misconfiguration(
			fmt.Sprintf("%s: %s is not a SHA-256 in hex", o.Provider, o.PinVariable),
			"set it to the 64 hex digits of the server's certificate, or remove it")
	}
	// The pin replaces the chain: a self-signed certificate has none.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if sum := sha256.Sum256(s.PeerCertificates[0].Raw); !bytes.Equal(sum[:], pin) {
			return &pinError{presented: hex.EncodeToString(sum[:])}
		}
		return nil
	}
	return config, nil
}

type pinError struct{ presented string }

func (e *pinError) Error() string {
	return "the server's certificate is not the pinned one; it presented SHA-256 " + e.presented
}

// PostJSON sends v as JSON. An error is a *capabilities.Refusal: Unavailable
// or Misconfigured if nothing was sent or nothing could move, UnknownOutcome
// if the request may have reached the provider.
func (c *Client) PostJSON(ctx context.Context, path string, v any) (*Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, capabilities.NotSent(fmt.Sprintf("%s: the request cannot be written: %v", c.options.Provider, err))
	}
	if err := capabilities.BeforeSend(ctx); err != nil {
		return nil, err
	}
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	r, err := http.NewRequestWithContext(traced, http.MethodPost, c.options.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, capabilities.Misconfiguration(fmt.Sprintf("%s: %v", c.options.Provider, rootCause(err)), "correct the base URL")
	}
	r.GetBody = nil // or net/http might send it again, if Prepare adds an idempotency key
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if c.options.Prepare != nil {
		c.options.Prepare(r)
	}
	return c.do(r, &connected)
}

func (c *Client) do(r *http.Request, connected *atomic.Bool) (*Response, error) {
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.failed(r.Context(), err, connected.Load())
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	if err != nil {
		return nil, c.failed(r.Context(), fmt.Errorf("the answer broke off: %w", err), true)
	}
	return &Response{Status: answer.StatusCode, Body: body}, nil
}

// failed says what a failed request means. sent is whether it may have left.
func (c *Client) failed(ctx context.Context, err error, sent bool) error {
	if r := c.certificate(err); r != nil {
		return r
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no answer in time")
	}
	message := fmt.Sprintf("%s at %s: %v", c.options.Provider, c.options.BaseURL, rootCause(err))
	if !sent {
		return capabilities.NotSent(message)
	}
	return capabilities.NotKnown(ctx, message)
}

// rootCause drops the URL that package net/http puts before the cause: a query
// may carry a credential.
func rootCause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// certificate explains a server certificate that was not accepted. Nothing was
// sent then.
func (c *Client) certificate(err error) error {
	var pinned *pinError
	if errors.As(err, &pinned) {
		return capabilities.Misconfiguration(c.options.Provider+": "+pinned.Error(),
			fmt.Sprintf("if the provider changed its certificate, check the new one and set %s to it", c.options.PinVariable))
	}
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) || len(unverified.UnverifiedCertificates) == 0 {
		return nil
	}
	sum := sha256.Sum256(unverified.UnverifiedCertificates[0].Raw)
	r := capabilities.Misconfiguration(
		fmt.Sprintf("%s: nobody vouches for the certificate of %s: %s", c.options.Provider, c.options.BaseURL, reason(unverified.Err)),
		"use an address whose certificate is valid")
	if c.options.PinVariable != "" {
		r.Fix = fmt.Sprintf("check the certificate with the provider; if it is theirs, set %s=%s", c.options.PinVariable, hex.EncodeToString(sum[:]))
	}
	return r
}

func reason(err error) string {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return "it is self-signed or its authority is not known here"
	}
	return err.Error()
}
