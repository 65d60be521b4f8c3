package mobipay

import (
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// The statuses of an operation (provider documentation). The OpenAPI document
// lists 5, 6 and 7 too and says nothing of them.
const (
	statusUndefined  wire.Text = "-1"
	statusInitiated  wire.Text = "0"
	statusInProgress wire.Text = "1"
	statusSuccess    wire.Text = "2"
	statusFailed     wire.Text = "3"
	statusCancelled  wire.Text = "4"
)

// stateOf reads a status. One that nobody explained is unknown, never failed.
func stateOf(status wire.Text) capabilities.State {
	switch status {
	case statusInitiated, statusInProgress:
		return capabilities.Pending
	case statusSuccess:
		return capabilities.Succeeded
	case statusFailed:
		return capabilities.Failed
	case statusCancelled:
		return capabilities.Cancelled
	}
	return capabilities.Unknown
}

// The codes of a result: how the request went, as its status is how the
// operation did. 0 to 3 and 10201 are the provider's documentation, the others
// were seen by applications.
const (
	codeOK             wire.Text = "0"
	codePINInvalid     wire.Text = "1"
	codePINBlank       wire.Text = "2"
	codePINLength      wire.Text = "3"
	codeMerchant       wire.Text = "10105"
	codeAuthentication wire.Text = "10201"
	codeNotSent        wire.Text = "10301"
	codeMSISDN         wire.Text = "10401"
)

// meaning is a code in words, with what to do.
type meaning struct{ what, fix string }

// meaningOf returns a code in words. known is false of one that does not blame
// the request, so that nobody can say from it that nothing happened.
func meaningOf(code wire.Text) (m meaning, known bool) {
	again := "ask the customer for a new code; where it goes with the payment, start a new one with a new reference"
	m, known = map[wire.Text]meaning{
		codePINInvalid: {"the customer's code or PIN is wrong", again},
		codePINBlank:   {"the customer's code or PIN is missing", again},
		codePINLength:  {"the customer's code or PIN has the wrong length", again},
		codeMSISDN:     {"the number is wrong for this network", "correct the number or the network, and take a new reference"},
	}[code]
	if !known {
		m = meaning{"MobiPay refuses it", "read its message in provider_response; start a new payment with a new reference once it is cleared up"}
	}
	if code == codeNotSent {
		m.what = "MobiPay could not pass it on"
	}
	m.what = fmt.Sprintf("mobipay: %s (code %s)", m.what, code)
	return m, known
}

// checkMerchant is what to do about credentials that MobiPay does not know.
const checkMerchant = "check MOBIPAY_MERCHANT_ID, MOBIPAY_SECRET_KEY and MOBIPAY_PUBLIC_ID: they belong together, and to one MOBIPAY_BASE_URL"

// aboutMerchant reports whether a code blames the credentials.
func aboutMerchant(code wire.Text) bool {
	return code == codeAuthentication || code == codeMerchant
}

// aboutPIN reports whether a code is about what the customer typed.
func aboutPIN(code wire.Text) bool {
	return code == codePINInvalid || code == codePINBlank || code == codePINLength
}
