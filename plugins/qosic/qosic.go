// Package qosic is the provider Qosic (QOSPAY): mobile money in Togo and
// Benin. What it knows of the API comes from the provider's documentation, the
// Python SDK's guide and recorded answers; the traps are catalogued in
// gotchas/qosic.yaml.
package qosic

import (
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Config is what the operator sets, from the Qosic dashboard.
type Config struct {
	Username        string `env:"QOSIC_USERNAME" required:"true" secret:"true" hint:"the API username in the Qosic dashboard"`
	Password        string `env:"QOSIC_PASSWORD" required:"true" secret:"true" hint:"the API password in the Qosic dashboard"`
	ClientTogocel   string `env:"QOSIC_CLIENT_ID_TOGOCEL" secret:"true" hint:"Togocel's client id: dashboard, Settings, API Keys & Callback URL"`
	ClientMoov      string `env:"QOSIC_CLIENT_ID_MOOV" secret:"true" hint:"Moov Togo's client id: dashboard, Settings, API Keys & Callback URL"`
	ClientMTNBenin  string `env:"QOSIC_CLIENT_ID_MTN_BENIN" secret:"true" hint:"MTN Benin's client id: dashboard, Settings, API Keys & Callback URL"`
	ClientMoovBenin string `env:"QOSIC_CLIENT_ID_MOOV_BENIN" secret:"true" hint:"Moov Benin's client id: dashboard, Settings, API Keys & Callback URL"`
	ClientCeltiis   string `env:"QOSIC_CLIENT_ID_CELTIIS_BENIN" secret:"true" hint:"Celtiis Benin's client id: dashboard, Settings, API Keys & Callback URL"`
	Pin             string `env:"QOSIC_TLS_SHA256" hint:"SHA-256 of the server's certificate in hex; the sandbox needs it, its certificate is self-signed"`
}

// moovBeninAnswer is how long a payment on Moov Benin may take to answer,
// which it does only when the customer has decided (Python SDK: 80 s).
const moovBeninAnswer = 80 * time.Second

// Provider returns the provider, ready to serve.
func Provider() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug:       "qosic",
		Name:       "Qosic",
		Summary:    "Mobile money in Togo (Togocel, Moov) and Benin (MTN, Moov, Celtiis)",
		Version:    "1.0.0",
		Countries:  []string{"TG", "BJ"},
		Currencies: []capabilities.Currency{xof},
		Networks:   networks(),
		Environments: []capabilities.Environment{
			{Name: capabilities.Sandbox, BaseURL: "https://staging.qosic.net:9010"},
			{Name: capabilities.Production, BaseURL: "https://api.qosic.net"},
		},
		Gotchas: gotchas.For("qosic"),
	})
	c := &client{}
	capabilities.Configure(p, c.configure)
	capabilities.Add(p, capabilities.Spec{
		Name:    "initiate_payment",
		Title:   "Qosic: collect a payment",
		Summary: "Ask a customer in Togo or Benin to pay by mobile money: they confirm on their phone, then follow the status.",
		Kind:    capabilities.Collect,
		Effect:  capabilities.Collects,
		Status:  "check_payment_status",
		Timeout: moovBeninAnswer + 10*time.Second,
	}, c.initiatePayment)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_payment_status",
		Title:   "Qosic: check a payment's status",
		Summary: "Read the state of a payment or payout by its reference.",
		Kind:    capabilities.CheckStatus,
		Effect:  capabilities.Reads,
		Status:  "check_payment_status",
		Polling: &capabilities.Polling{
			MinInterval: 1, Backoff: []int{3, 5, 10, 20}, GiveUpAfter: 180,
			DoubtAsks: 3, DoubtFor: 30,
		},
	}, c.checkPaymentStatus)
	capabilities.Add(p, capabilities.Spec{
		Name:     "disburse",
		Title:    "Qosic: pay out",
		Summary:  "Send money from the merchant's Qosic wallet to a mobile-money number. Accepted is not yet paid: follow the status.",
		Kind:     capabilities.Disburse,
		Effect:   capabilities.PaysOut,
		Networks: networksWith(func(r route) string { return r.deposit }),
		Status:   "check_payment_status",
		Timeout:  moovBeninAnswer + 10*time.Second,
	}, c.disburse)
	capabilities.Add(p, capabilities.Spec{
		Name:     "refund",
		Title:    "Qosic: refund a payment",
		Summary:  "Give a whole MTN Benin payment back to its payer.",
		Kind:     capabilities.Refund,
		Effect:   capabilities.PaysOut,
		Networks: networksWith(func(r route) string { return r.refund }),
	}, c.refund)
	capabilities.AddWebhook(p, capabilities.Spec{
		Name:    "verify_webhook",
		Title:   "Qosic: judge a webhook",
		Summary: "Judge a received webhook: asks Qosic itself, says whether to fulfil, why, and which amount to trust.",
		Kind:    capabilities.Webhook,
		Effect:  capabilities.NoEffect,
		Status:  "check_payment_status",
	}, c.verifyWebhook)
	return p
}
