// Package paygate is the provider PayGate Global: mobile money in Togo. What it
// knows of the API comes from the merchants' documentation and recorded
// answers; the traps are catalogued in gotchas/paygate.yaml.
package paygate

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Config is what the operator sets, from the PayGate dashboard.
type Config struct {
	Token string `env:"PAYGATE_AUTH_TOKEN" required:"true" secret:"true" hint:"the merchant token in the PayGate dashboard"`
}

// Provider returns the provider, ready to serve. PayGate has no sandbox.
func Provider() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug:       "paygate",
		Name:       "PayGate",
		Summary:    "Mobile money in Togo (Togocel's T-Money, Moov's Flooz)",
		Version:    "1.0.0",
		Countries:  []string{"TG"},
		Currencies: []capabilities.Currency{xof},
		Networks:   networks(),
		Environments: []capabilities.Environment{
			{Name: capabilities.Production, BaseURL: "https://paygateglobal.com"},
		},
		Gotchas: gotchas.For("paygate"),
	})
	c := &client{}
	capabilities.Configure(p, c.configure)
	capabilities.Add(p, capabilities.Spec{
		Name:    "initiate_payment",
		Title:   "PayGate: collect a payment",
		Summary: "Ask a customer in Togo to pay by mobile money: they confirm on their phone, then follow the status.",
		Kind:    capabilities.Collect,
		Effect:  capabilities.Collects,
		Status:  "check_payment_status",
	}, c.initiatePayment)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_payment_status",
		Title:   "PayGate: check a payment's status",
		Summary: "Read the state of a payment or payout by its reference, or by PayGate's own tx_reference.",
		Kind:    capabilities.CheckStatus,
		Effect:  capabilities.Reads,
		Status:  "check_payment_status",
		Polling: &capabilities.Polling{
			MinInterval: 2, Backoff: []int{5, 5, 10, 20}, GiveUpAfter: 300,
			DoubtAsks: 5, DoubtFor: 120,
		},
	}, c.checkPaymentStatus)
	capabilities.Add(p, capabilities.Spec{
		Name:    "create_payment_page",
		Title:   "PayGate: make a payment page",
		Summary: "Build the link to a page on which the customer chooses the operator and pays. Nothing is sent.",
		Kind:    capabilities.PaymentPage,
		Effect:  capabilities.NoEffect,
		Status:  "check_payment_status",
	}, c.createPaymentPage)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_balance",
		Title:   "PayGate: check the balances",
		Summary: "Read the merchant's two balances in XOF: one for Moov (Flooz), one for Togocel (T-Money).",
		Kind:    capabilities.CheckBalance,
		Effect:  capabilities.Reads,
	}, c.checkBalance)
	capabilities.Add(p, capabilities.Spec{
		Name:     "disburse",
		Title:    "PayGate: pay out",
		Summary:  "Send money from the network's balance to a mobile-money number. Accepted is not yet paid: follow the status.",
		Kind:     capabilities.Disburse,
		Effect:   capabilities.PaysOut,
		Status:   "check_payment_status",
		PreCheck: "check_balance",
	}, c.disburse)
	capabilities.AddWebhook(p, capabilities.Spec{
		Name:    "verify_webhook",
		Title:   "PayGate: judge a webhook",
		Summary: "Judge a received webhook: asks PayGate itself, says whether to fulfil, why, and which amount to trust.",
		Kind:    capabilities.Webhook,
		Effect:  capabilities.NoEffect,
		Status:  "check_payment_status",
	}, c.verifyWebhook)
	return p
}
