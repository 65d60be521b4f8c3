package qostiq

import (
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// check reports what is wrong with the settings as such.
func (c Config) check() error {
	if !digits(c.ShopID) || c.ShopID[0] == '0' { // it is sent as a number of JSON
		return capabilities.Misconfiguration("qostiq: QOSTIQ_SHOP_ID is no number, or begins with a zero",
			"set it to the number of your shop at Qostiq, such as 112")
	}
	for _, of := range []struct{ variable, address string }{
		{"QOSTIQ_CALLBACK_URL", c.CallbackURL}, {"QOSTIQ_CALLBACK_REJECTED_URL", c.RejectedURL},
	} {
		if of.address != "" && !capabilities.IsSafeURL(of.address) {
			return capabilities.Misconfiguration(fmt.Sprintf("qostiq: %s is not an https address", of.variable),
				"set it to where your server takes Qostiq's callbacks, such as https://shop.example/qostiq, or remove it")
		}
	}
	return nil
}
