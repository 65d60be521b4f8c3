package transport_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
)

// What was refused as a request was not carried out; nothing else says so.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]capabilities.Refusal{
		200: {Kind: capabilities.UnknownOutcome, Message: "acme answered HTTP 200, but its body is a page"},
		302: {Kind: capabilities.UnknownOutcome, Message: "acme answered HTTP 302, but its body is a page"},
		400: {Kind: capabilities.ProviderRejected, Message: "acme answered HTTP 400: the request was not carried out"},
		401: {Kind: capabilities.ProviderRejected, Message: "acme answered HTTP 401: the request was not carried out"},
		403: {Kind: capabilities.ProviderRejected, Message: "acme answered HTTP 403: the request was not carried out"},
		404: {Kind: capabilities.ProviderRejected, Message: "acme answered HTTP 404: the request was not carried out"},
		405: {Kind: capabilities.ProviderRejected, Message: "acme answered HTTP 405: the request was not carried out"},
		408: {Kind: capabilities.UnknownOutcome, Message: "acme answered HTTP 408, but its body is a page"},
		415: {Kind: capabilities.ProviderRejected, Message: "acme answered HTTP 415: the request was not carried out"},
		429: {Kind: capabilities.UnknownOutcome, Message: "acme answered HTTP 429, but its body is a page"},
		500: {Kind: capabilities.UnknownOutcome, Message: "acme answered HTTP 500"},
		504: {Kind: capabilities.UnknownOutcome, Message: "acme answered HTTP 504"},
	} {
		got := transport.NoAnswer(t.Context(), "acme", status, "its body is a page")
		if got.Kind != want.Kind || got.Message != want.Message {
			t.Errorf("HTTP %d: %v", status, got)
		}
		if want.Kind == capabilities.ProviderRejected && got.Fix != "check ACME_BASE_URL and ACME_ENVIRONMENT" {
			t.Errorf("HTTP %d: the way out is %q", status, got.Fix)
		}
	}
}
