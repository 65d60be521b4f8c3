// Package capabilities is the contract between the host and the providers,
// and the SDK with which a provider is written.
//
// A provider author describes the provider with an Info, adds one typed
// handler for each capability with Add, and serves the whole with Serve:
//
//	p := capabilities.NewProvider(capabilities.Info{Slug: "acme", …})
//	capabilities.Configure(p, client.configure)
//	capabilities.Add(p, capabilities.Spec{Name: "disburse", …}, client.disburse)
//	capabilities.Serve(p)
//
// JSON Schemas are reflected from the handlers' types, the process speaks
// gRPC to the host, and neither is visible to the author. A Provider is a
// Connection too, so it can be tested in process.
package capabilities

// Effect says what a capability does to money.
type Effect string

// The effects. A host treats any other value as PaysOut.
const (
	Reads    Effect = "reads"    // nothing moves
	Collects Effect = "collects" // money comes in, and the payer confirms
	PaysOut  Effect = "pays_out" // money leaves
	NoEffect Effect = "none"     // builds a URL, reads a webhook
)

// Effects lists every effect.
func Effects() []Effect { return []Effect{Reads, Collects, PaysOut, NoEffect} }

// MovesMoney reports whether the effect moves money, in either direction. An
// unknown effect does.
func (e Effect) MovesMoney() bool { return e != Reads && e != NoEffect }

// Kind says which operation a capability is, in words that are the same for
// every provider.
type Kind string

// The kinds.
const (
	Collect      Kind = "collect"
	Disburse     Kind = "disburse"
	Refund       Kind = "refund"
	CheckStatus  Kind = "check_status"
	CheckBalance Kind = "check_balance"
	PaymentPage  Kind = "payment_page"
	Webhook      Kind = "webhook"
	Confirm      Kind = "confirm"
	Quote        Kind = "quote"
	Lookup       Kind = "lookup"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Collect, Disburse, Refund, CheckStatus, CheckBalance, PaymentPage, Webhook, Confirm, Quote, Lookup}
}

// State is what is known of a transaction.
type State string

// The states. Unknown means that money may have moved: ask, never send again.
const (
	Pending   State = "pending"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Expired   State = "expired"
	Cancelled State = "cancelled"
	Unknown   State = "unknown"
)

// Final reports whether the state can no longer change.
func (s State) Final() bool {
	switch s {
	case Succeeded, Failed, Expired, Cancelled:
		return true
	}
	return false
}

// Role says what a field of an input means to the host's guards, which read
// any provider's input by it (the x-role keyword of the field's schema).
type Role string

// The roles.
const (
	RoleReference         Role = "reference"          // the merchant's id of this payment
	RoleOriginalReference Role = "original_reference" // the merchant's id of the payment that is given back
	RoleProviderReference Role = "provider_reference" // the provider's own id of it
	RoleAmount            Role = "amount"
	RoleCurrency          Role = "currency"
	RolePayer             Role = "payer"
	RolePayee             Role = "payee"
	RoleAccount           Role = "account" // the payee's account, where it is no mobile number
	RoleBank              Role = "bank"    // the bank that keeps the account
	RoleNetwork           Role = "network"
	RoleCallbackURL       Role = "callback_url"
	RoleSecret            Role = "secret" // a customer's code: shown to nobody
)

// The environments. Emulator is a local imitation, Sandbox the provider's own.
const (
	Emulator   = "emulator"
	Sandbox    = "sandbox"
	Production = "production"
)
