package paygate

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// The same numbers mean different things in different answers, so each kind of
// status has a type of its own (merchants' documentation).

// registration is the status of a request for a payment: not of the payment.
type registration wire.Text

// The registrations.
const (
	registered    registration = "0"
	badToken      registration = "2"
	badParameters registration = "4"
	duplicate     registration = "6"
)

// outcome is the status of a payment or payout.
type outcome wire.Text

// The outcomes.
const (
	paid      outcome = "0"
	pending   outcome = "2"
	expired   outcome = "4"
	cancelled outcome = "6"
)

// acceptance is the status of a request for a payout. Every other integer is a
// refusal.
type acceptance wire.Text

const accepted acceptance = "200"

// notFound is the error code of a transaction that PayGate does not know.
const notFound wire.Text = "403"

// stateOf reads an outcome. One that nobody documented is unknown, never
// failed; a missing one never gets here.
func stateOf(o outcome) capabilities.State {
	switch o {
	case paid:
		return capabilities.Succeeded
	case pending:
		return capabilities.Pending
	case expired:
		return capabilities.Expired
	case cancelled:
		return capabilities.Cancelled
	}
	return capabilities.Unknown
}
