package emulator

import (
	"net/url"
	"strconv"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// stranger is what somebody signs with who does not know the shop's secret.
const stranger = "a secret that is not the shop's"

// webhook is what Qostiq posts of a bill that is final. What is empty is not signed.
func webhook(tx emulation.Transaction) emulation.Content {
	b, is := tx.Extra.(bill)
	if !is {
		return emulation.Content{}
	}
	values := b.callbackValues(tx)
	var signed []string
	form := url.Values{}
	for name, value := range values {
		form.Set(name, value)
		if value != "" {
			signed = append(signed, name)
		}
	}
	form.Set("sign", Sign(values, signed, secretFor(tx)))
	return emulation.Form(form)
}

// secretFor is the shop's secret. Whoever says that a bill was paid which is not going to be has another.
func secretFor(tx emulation.Transaction) string {
	if tx.Ending == emulation.WebhookForged && tx.State == emulation.Succeeded {
		return stranger
	}
	return secretKey
}

// webhookURL is where the bill's request wants that told.
func webhookURL(tx emulation.Transaction) string {
	b, _ := tx.Extra.(bill)
	if tx.State == emulation.Succeeded {
		return b.callback
	}
	return b.rejected
}

// callbackValues are what a callback says, but for its signature. The forged one claims what is not.
func (b bill) callbackValues(tx emulation.Transaction) map[string]string {
	s, p := spellingOf(tx), b.prices(tx)
	values := map[string]string{
		"status":        "rejected",
		"shop_id":       shopID,
		"shop_order_id": tx.Reference,
		"description":   b.description,
		"shop_amount":   s.digits(p.shop),
		"shop_refund":   s.digits(p.refund),
		"shop_currency": b.shop.code,
		"payment_id":    strconv.Itoa(identifier(tx)),
		"client_price":  s.digits(p.payer),
		"ps_currency":   b.payer.code,
		"payway":        b.payway(),
		"ps_data":       string(emulation.JSON(psData{tx.MSISDN}).Body),
		"created":       moment(tx.Created),
		"processed":     "",
		"addons":        "",
	}
	if tx.State == emulation.Succeeded {
		values["status"] = "success"
	}
	if at := processed(tx); at != nil {
		values["processed"] = *at
	}
	if s == variant {
		values["addons"] = "{}"
	}
	return values
}
