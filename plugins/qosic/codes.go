package qosic

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// The response codes, always strings (provider documentation; those from 515
// on are documented for MTN and are final wherever they appear).
const (
	codeSuccess       wire.Text = "00"
	codeSuccessShort  wire.Text = "0" // Moov Benin, and deposits in Benin
	codePending       wire.Text = "01"
	codeNotKnown      wire.Text = "-1" // failed, or not known yet
	codeInvalidClient wire.Text = "-2"
	codeUnauthorised  wire.Text = "401"
)

// notAuthorised is the message with which a deposit's "-2" means something
// else than a wrong client id. It is the one message that is looked at, and
// only to choose between two refusals.
const notAuthorised = "Not authorized"

// meaning is a code in words, with what to do.
type meaning struct{ what, fix string }

// failures returns the codes that are final.
func failures() map[wire.Text]meaning {
	again := "money did not move; start a new payment with a new reference"
	return map[wire.Text]meaning{
		codeInvalidClient: {"the operation is not authorised for this account", "ask Qosic to enable it, and check the client id"},
		"02":              {"the payment failed or the customer refused it", again},
		"100":             {"the operation could not be completed", again},
		"500":             {"the number must have 11 or 13 digits", "correct msisdn"},
		"515":             {"the number belongs to another network", "pass the network that the number is really on"},
		"527":             {"the operator's network had a problem", again},
		"529":             {"the payer's balance is too low", "the customer has to top up; then start a new payment with a new reference"},
		"580":             {"the receiver's limit would be exceeded", "pay a smaller amount, or another number"},
		"682":             {"internal error at the operator", again},
		"849":             {"validation failed: a value is wrong, or the reference was used before", "check the values and take a new reference"},
	}
}

// stateOf reads the response code of a status, payment or deposit. A code that
// nobody documented is unknown, never failed.
func stateOf(code wire.Text) (state capabilities.State, doubt bool) {
	switch code {
	case codeSuccess, codeSuccessShort:
		return capabilities.Succeeded, false
	case codePending:
		return capabilities.Pending, false
	case codeNotKnown:
		return capabilities.Failed, true
	}
	if _, final := failures()[code]; final {
		return capabilities.Failed, false
	}
	return capabilities.Unknown, false
}
