package qostiq

import (
	"context"
	"fmt"
	"strings"

	"github.com/govalues/money"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// The error codes that are looked at one by one. The list is the platform's
// (Piastrix); recordings confirm 4, 6, 7, 10, 11 and 15.
const (
	codeOK         wire.Text = "0"
	codeNoPayway   wire.Text = "1" // and a wrong signature, of the first version of bills
	codeNotUnique  wire.Text = "6"
	codeNotFound   wire.Text = "7"
	codeProcessing wire.Text = "8"
	codeParameter  wire.Text = "10" // and a wrong signature, elsewhere
	codeDenied     wire.Text = "15"
)

// invalidSign is the message of a wrong signature, whose codes mean something
// else besides. It is the one message that is looked at.
const invalidSign = "invalid sign"

// meaning is an error code in words, with what to do.
type meaning struct{ what, fix string }

// rejections are the codes by which Qostiq refuses a request for good.
func rejections() map[wire.Text]meaning {
	return map[wire.Text]meaning{
		codeNoPayway:  {"there is no such way to pay", "check the currencies; Qostiq may have to enable them for the shop"},
		"4":           {"the amount is too small", "ask for a larger amount; Qostiq does not publish its limits"},
		"5":           {"the amount is too large", "ask for a smaller amount; Qostiq does not publish its limits"},
		codeNotUnique: {"there is a bill with this shop_order_id already", "ask for its status; if this is another bill, make it anew"},
		"9":           {"the shop's balance does not cover it", "fill the balance in the currency that is written off"},
		codeParameter: {"a parameter is wrong", "read its message in provider_response, and correct the value"},
		"13":          {"there is no such account", "check the account with its owner"},
		"14":          {"the account's status forbids it", "ask the account's owner to clear that up with Qostiq, or use another account"},
		"16":          {"these two currencies are not exchanged", "use one currency on both sides"},
	}
}

// refused judges an answer with an error code. One that nobody listed, or that
// does not say whether anything was done, leaves that open.
func refused(ctx context.Context, a Response) *capabilities.Refusal {
	signed := strings.EqualFold(strings.TrimSpace(string(a.Message)), invalidSign)
	switch code := a.ErrorCode; {
	case signed && (code == codeNoPayway || code == codeParameter):
		return capabilities.Misconfiguration(fmt.Sprintf("qostiq does not accept the signature (error %s)", code),
			"check QOSTIQ_SHOP_ID and QOSTIQ_SECRET_KEY: they belong together")
	case code == "11":
		return capabilities.Misconfiguration("qostiq knows no such shop (error 11)", "check QOSTIQ_SHOP_ID")
	case code == "12":
		return capabilities.Misconfiguration("the shop is not active (error 12)", "have the shop activated in the Qostiq account")
	case code == codeDenied:
		return denied("qostiq answered with the error 15")
	}
	if m, ok := rejections()[a.ErrorCode]; ok {
		if capabilities.MovesMoney(ctx) {
			m.fix += ", and take a new reference"
		}
		return capabilities.Rejected(fmt.Sprintf("qostiq: %s (error %s)", m.what, a.ErrorCode), m.fix)
	}
	return capabilities.NotKnown(ctx, fmt.Sprintf("qostiq answered with the error %s, which does not tell what was done", a.ErrorCode))
}

func denied(message string) *capabilities.Refusal {
	return capabilities.Misconfiguration(message+": it does not let this machine's address in",
		"have this machine's public IP address allowed in the shop's settings at Qostiq")
}

// stateOf reads the status of a bill (provider documentation). One that nobody
// documented is unknown, never failed; a missing one never gets here.
func stateOf(status wire.Text) capabilities.State {
	switch status {
	case "1":
		return capabilities.Pending
	case "2":
		return capabilities.Succeeded
	case "3":
		return capabilities.Cancelled
	case "4":
		return capabilities.Expired
	}
	return capabilities.Unknown
}

// numeric is a currency as Qostiq spells it: by its number in ISO 4217.
func numeric(c capabilities.Currency) value {
	of, err := money.ParseCurr(string(c))
	if err != nil {
		return value{} // no schema allows it, and no request goes out without it
	}
	return integer(of.Num())
}

// currencyOf reads a currency's number; one that there is not is empty.
func currencyOf(number wire.Text) capabilities.Currency {
	of, err := money.ParseCurr(string(number))
	if err != nil {
		return ""
	}
	return capabilities.Currency(of.Code())
}

// sum reads an amount of an answer.
func sum(amount, currency wire.Text) (capabilities.Money, error) {
	return capabilities.ParseMoney(capabilities.Amount(amount), currencyOf(currency))
}

// digits reports whether there is nothing but digits.
func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
