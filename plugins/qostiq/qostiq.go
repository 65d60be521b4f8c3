// Package qostiq is the provider Qostiq: a wallet in hryvnias, dollars, euros
// and tenge. What it knows of the API comes from the provider's documentation,
// and from what is published of Piastrix, which is the same platform; the traps
// are catalogued in gotchas/qostiq.yaml.
package qostiq

import (
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
)

// Config is what the operator sets, from the shop's settings at Qostiq.
type Config struct {
	ShopID      string `env:"QOSTIQ_SHOP_ID" required:"true" hint:"the number of your shop at Qostiq"`
	SecretKey   string `env:"QOSTIQ_SECRET_KEY" required:"true" secret:"true" hint:"the secret key in the shop's settings; it signs"`
	CallbackURL string `env:"QOSTIQ_CALLBACK_URL" hint:"where your server hears of paid bills (https); a URL in the shop's settings beats it"`
	RejectedURL string `env:"QOSTIQ_CALLBACK_REJECTED_URL" hint:"where your server hears of bills that were not paid (https); a URL in the shop's settings beats it"`
}

// Provider returns the provider, ready to serve. Qostiq has no sandbox, and its
// documents name no countries.
func Provider() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug:       "qostiq",
		Name:       "Qostiq",
		Summary:    "Bills and transfers of the Qostiq wallet in UAH, USD, EUR and KZT",
		Version:    "1.0.0",
		Countries:  []string{},
		Currencies: []capabilities.Currency{"UAH", "USD", "EUR", "KZT"},
		Environments: []capabilities.Environment{
			{Name: capabilities.Production, BaseURL: "https://core.qostiq.com"},
		},
		Gotchas: gotchas.For("qostiq"),
	})
	c := &client{now: time.Now}
	capabilities.Configure(p, c.configure)
	capabilities.Add(p, capabilities.Spec{
		Name:    "create_bill",
		Title:   "Qostiq: make a bill",
		Summary: "Make a bill of a fixed amount: send the payer to its page, then follow the status.",
		Kind:    capabilities.Collect,
		Effect:  capabilities.Collects,
		Status:  "check_payment_status",
	}, c.createBill)
	capabilities.Add(p, capabilities.Spec{
		Name:    "create_bill_v2",
		Title:   "Qostiq: make a bill of a fixed or free amount",
		Summary: "Make a short-lived bill in one currency: send the payer to its page, then follow the status.",
		Kind:    capabilities.Collect,
		Effect:  capabilities.Collects,
		Status:  "check_payment_status",
	}, c.createBillV2)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_payment_status",
		Title:   "Qostiq: check a bill's status",
		Summary: "Read the state of a bill by its reference.",
		Kind:    capabilities.CheckStatus,
		Effect:  capabilities.Reads,
		Status:  "check_payment_status",
		// The pace is documented; a bill of the second version lives for 90 minutes.
		Polling: &capabilities.Polling{
			MinInterval: 10, Backoff: []int{10, 20, 30, 60}, GiveUpAfter: 5400,
			DoubtAsks: 5, DoubtFor: 120,
		},
	}, c.checkPaymentStatus)
	capabilities.Add(p, capabilities.Spec{
		Name:    "quote_transfer",
		Title:   "Qostiq: quote a transfer",
		Summary: "Tell what a transfer would write off and what would arrive, and check the payee's account. Nothing moves.",
		Kind:    capabilities.Quote,
		Effect:  capabilities.Reads,
	}, c.quoteTransfer)
	capabilities.AddPreviewed(p, capabilities.Spec{
		Name:    "disburse",
		Title:   "Qostiq: pay out",
		Summary: "Transfer money from the shop's balance to a Qostiq wallet. It is quoted first.",
		Kind:    capabilities.Disburse,
		Effect:  capabilities.PaysOut,
		Status:  "check_transfer_status",
		Resend:  true,
	}, c.previewTransfer, c.disburse)
	capabilities.Add(p, capabilities.Spec{
		Name:    "check_transfer_status",
		Title:   "Qostiq: check a transfer's status",
		Summary: "Tell by its reference whether a transfer was made: one that is found was paid.",
		Kind:    capabilities.CheckStatus,
		Effect:  capabilities.Reads,
		Status:  "check_transfer_status",
		// Only the pace of bills is documented. The doubt outlasts a request, so that
		// none that is late is overtaken by a second one.
		Polling: &capabilities.Polling{
			MinInterval: 10, Backoff: []int{10, 20, 30, 60}, GiveUpAfter: 600,
			DoubtAsks: 2, DoubtFor: 60,
		},
	}, c.checkTransferStatus)
	capabilities.AddWebhook(p, capabilities.Spec{
		Name:    "verify_webhook",
		Title:   "Qostiq: judge a webhook",
		Summary: "Judge a callback: checks its signature, asks Qostiq itself, says whether to fulfil and which amount to trust.",
		Kind:    capabilities.Webhook,
		Effect:  capabilities.NoEffect,
		Status:  "check_payment_status",
	}, c.verifyWebhook)
	return p
}
