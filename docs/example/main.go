// Command mcp-payments-provider-tontine is an example of a provider that
// somebody else writes: Tontine, a wallet company in Togo that does not exist.
// It follows "Adding a provider" in CONTRIBUTING.md, and reads from top to
// bottom: what there is (main.go), how it is done (client.go), and webhooks
// (webhook.go). The traps are in gotchas.yaml, Tontine itself is imitated in the
// folder emulator, and main_test.go goes through all that Tontine can answer.
//
// # Tontine's API
//
// JSON by POST, at https://api.tontine.example, with the merchant's key in each
// request: Authorization: Bearer KEY. Amounts are whole XOF.
//
//	/v1/collect  {"order": "A-1", "amount": 5000, "phone": "+22890112000"}
//	/v1/payout   the same
//	             202 {"order": "A-1", "state": "waiting"}
//	/v1/status   {"order": "A-1"}
//	             200 {"order": "A-1", "state": "paid", "amount": 5000}
//	             404 {"error": "no_such_order"}, also of one taken less than a minute ago
//	/v1/balance  {}
//	             200 {"balance": 250000}, the float that payouts leave
//
// A state is waiting, paid, refused or timeout. An order id serves once. What
// is not carried out is answered with 401 {"error": "bad_key"}, or with 422 and
// bad_request, order_used, no_wallet, low_balance or over_limit.
//
// What became of an order is posted to the merchant's callback URL:
//
//	{"order": "A-1", "state": "paid", "amount": 5000, "signature": "5f0c…"}
//
// The signature is the HMAC-SHA256, in hex, of order, state and amount with a
// line feed between them, made with the merchant's webhook secret.
package main

import (
	_ "embed"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

func main() { capabilities.Serve(Provider()) }

//go:embed gotchas.yaml
var traps []byte

// Config is what the operator sets. The process gets these variables and no
// others.
type Config struct {
	Key    string `env:"TONTINE_KEY" required:"true" secret:"true" hint:"the API key in Tontine's dashboard"`
	Secret string `env:"TONTINE_WEBHOOK_SECRET" required:"true" secret:"true" hint:"the webhook secret in Tontine's dashboard"`
}

// Provider returns the provider, ready to serve.
func Provider() *capabilities.Provider {
	catalogue, err := gotchas.Parse(traps)
	if err != nil {
		panic(err) // the file is part of the program
	}
	p := capabilities.NewProvider(capabilities.Info{
		Slug:       "tontine",
		Name:       "Tontine",
		Summary:    "A wallet in Togo that does not exist: an example",
		Version:    "1.0.0",
		Countries:  []string{"TG"},
		Currencies: []capabilities.Currency{xof},
		Environments: []capabilities.Environment{
			{Name: capabilities.Sandbox, BaseURL: "https://sandbox.tontine.example"},
			{Name: capabilities.Production, BaseURL: "https://api.tontine.example"},
		},
		Gotchas: catalogue,
	})
	c := &client{}
	capabilities.Configure(p, c.configure)
	capabilities.Add(p, capabilities.Spec{
		Name:    "initiate_payment",
		Title:   "Tontine: collect a payment",
		Summary: "Ask a customer to pay: they confirm in Tontine's app, then follow the status.",
		Kind:    capabilities.Collect,
		Effect:  capabilities.Collects,
		Status:  "check_payment_status",
	}, c.initiatePayment)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_payment_status",
		Title:   "Tontine: check a payment's status",
		Summary: "Read the state of a payment or payout by its reference.",
		Kind:    capabilities.CheckStatus,
		Effect:  capabilities.Reads,
		Status:  "check_payment_status",
		Polling: &capabilities.Polling{
			MinInterval: 1, Backoff: []int{2, 5, 10, 20}, GiveUpAfter: 300,
			DoubtAsks: 3, DoubtFor: 60, // what no_such_order takes to be believed
		},
	}, c.checkPaymentStatus)
	capabilities.Add(p, capabilities.Spec{
		Name:     "disburse",
		Title:    "Tontine: pay out",
		Summary:  "Send money from the merchant's float to a wallet. Accepted is not yet paid: follow the status.",
		Kind:     capabilities.Disburse,
		Effect:   capabilities.PaysOut,
		Status:   "check_payment_status",
		PreCheck: "check_balance",
	}, c.disburse)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_balance",
		Title:   "Tontine: check the balance",
		Summary: "Read what is left of the float that payouts leave, in XOF.",
		Kind:    capabilities.CheckBalance,
		Effect:  capabilities.Reads,
	}, c.checkBalance)
	capabilities.AddWebhook(p, capabilities.Spec{
		Name:    "verify_webhook",
		Title:   "Tontine: judge a webhook",
		Summary: "Judge a received webhook by its signature and by asking Tontine: whether to fulfil, and which amount to trust.",
		Kind:    capabilities.Webhook,
		Effect:  capabilities.NoEffect,
		Status:  "check_payment_status",
	}, c.verifyWebhook)
	return p
}
