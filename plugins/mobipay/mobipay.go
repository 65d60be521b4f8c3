// Package mobipay is the provider MobiPay: a white-label gateway to mobile
// money and banks in nineteen countries. What it knows of the API comes from the
// provider's documentation and from applications; the traps are catalogued in
// gotchas/mobipay.yaml, and what each network takes is the table networks.json.
package mobipay

import (
	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Config is what the operator sets, from what MobiPay's manager sends.
type Config struct {
	PublicID    string `env:"MOBIPAY_PUBLIC_ID" required:"true" hint:"the public id that came with the credentials; it is part of every address"`
	MerchantID  string `env:"MOBIPAY_MERCHANT_ID" required:"true" hint:"the merchant id that came with the credentials"`
	SecretKey   string `env:"MOBIPAY_SECRET_KEY" required:"true" secret:"true" hint:"the secret key that came with the credentials; it signs"`
	ProviderIDs string `env:"MOBIPAY_PROVIDER_IDS" hint:"the provider id that your account has for a network, where MobiPay has several: mtn_ci=2303,orange_ci=2304; check with your manager"`
	CallbackURL string `env:"MOBIPAY_CALLBACK_URL" hint:"where your server takes MobiPay's callbacks (https); none are sent without it"`
}

// Provider returns the provider, ready to serve. Where the API runs differs
// from brand to brand, so the operator gives the address.
func Provider() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug:       "mobipay",
		Name:       "MobiPay",
		Summary:    "Mobile money and bank transfers in nineteen African countries",
		Version:    "1.0.0",
		Countries:  countries(),
		Currencies: currencies(),
		Networks:   networks(),
		Environments: []capabilities.Environment{
			{Name: capabilities.Sandbox},
			{Name: capabilities.Production},
		},
		Gotchas: gotchas.For("mobipay"),
	})
	c := &client{}
	capabilities.Configure(p, c.configure)
	capabilities.AddPreviewed(p, capabilities.Spec{
		Name:       "initiate_payment",
		Title:      "MobiPay: collect a payment",
		Summary:    "Ask a customer to pay. What they do then differs by network: follow the status.",
		Kind:       capabilities.Collect,
		Effect:     capabilities.Collects,
		Networks:   offering(collect),
		Status:     "check_payment_status",
		Idempotent: true,
	}, c.previewPayment, c.initiatePayment)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_payment_status",
		Title:   "MobiPay: check a payment's status",
		Summary: "Read the state of a payment or payout by its reference.",
		Kind:    capabilities.CheckStatus,
		Effect:  capabilities.Reads,
		Status:  "check_payment_status",
		// A callback comes within two or three minutes; no pace is documented.
		Polling: &capabilities.Polling{MinInterval: 2, Backoff: []int{5, 10, 20, 30}, GiveUpAfter: 600},
	}, c.checkPaymentStatus)
	capabilities.Add(p, capabilities.Spec{
		Name:     "confirm_payment",
		Title:    "MobiPay: confirm a payment",
		Summary:  "Pass on the customer's code for a payment that waits for it (Orange Ivory Coast).",
		Kind:     capabilities.Confirm,
		Effect:   capabilities.Collects,
		Networks: confirming(),
		Status:   "check_payment_status",
	}, c.confirmPayment)
	capabilities.AddPreviewed(p, capabilities.Spec{
		Name:       "disburse",
		Title:      "MobiPay: pay out",
		Summary:    "Send money to a mobile number or bank account. Accepted is not yet paid: follow the status.",
		Kind:       capabilities.Disburse,
		Effect:     capabilities.PaysOut,
		Networks:   offering(disburse),
		Status:     "check_payment_status",
		Idempotent: true,
	}, c.previewPayout, c.disburse)
	capabilities.Add(p, capabilities.Spec{
		Name:    "list_networks",
		Title:   "MobiPay: list the networks",
		Summary: "Tell what each network takes: limits, required fields, numbers, flow. Nothing is sent.",
		Kind:    capabilities.Lookup,
		Effect:  capabilities.NoEffect,
	}, c.listNetworks)
	capabilities.AddWebhook(p, capabilities.Spec{
		Name:    "verify_webhook",
		Title:   "MobiPay: judge a webhook",
		Summary: "Judge a callback by its signature and by asking MobiPay: whether to fulfil, and which amount to trust.",
		Kind:    capabilities.Webhook,
		Effect:  capabilities.NoEffect,
		Status:  "check_payment_status",
	}, c.verifyWebhook)
	return p
}
