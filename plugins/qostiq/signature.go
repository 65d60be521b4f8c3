package qostiq

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// A signature is over values alone, with ":" between them: it does not prove
// which value belongs to which key. So no caller's text with a ":" in it gets
// into a value that is signed, and what a callback says has to be asked for.

// signKey is the key of the signature, which no signature covers.
const signKey = "sign"

// The paths of the calls.
const (
	pathBill           = "/bill/create"
	pathBillV2         = "/bill/create/v2"
	pathBillStatus     = "/bill/shop_order_status"
	pathQuote          = "/transfer/try"
	pathTransfer       = "/transfer/create"
	pathTransferStatus = "/transfer/shop_payment_status"
)

// mandatory are the keys that a call must have, and the ones that it signs
// (provider documentation). The amount of a bill of the second version is not
// among them.
func mandatory(path string) []string {
	return map[string][]string{
		pathBill:           {"shop_amount", "shop_currency", "shop_id", "shop_order_id", "payer_currency"},
		pathBillV2:         {"currency", "now", "shop_id", "shop_order_id"},
		pathBillStatus:     {"now", "shop_id", "shop_order_id"},
		pathQuote:          {"amount", "amount_type", "payee_currency", "shop_currency", "shop_id"},
		pathTransfer:       {"amount", "amount_type", "payee_account", "payee_currency", "shop_currency", "shop_id", "shop_payment_id"},
		pathTransferStatus: {"now", "shop_payment_id", "shop_id"},
	}[path]
}

// sign returns the signature of these values: sorted by key, joined with ":",
// the secret right behind the last; of that SHA-256 in lower-case hex.
func sign(values map[string]string, secret string) string {
	var sorted []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		sorted = append(sorted, values[key])
	}
	sum := sha256.Sum256([]byte(strings.Join(sorted, ":") + secret))
	return hex.EncodeToString(sum[:])
}

// sign puts the signature into a request.
func (r request) sign(path, secret string) error {
	signed := map[string]string{}
	for _, key := range mandatory(path) {
		if r[key].text == "" {
			return capabilities.NotSent(fmt.Sprintf("qostiq: the request for %s lacks %s", path, key))
		}
		signed[key] = r[key].text
	}
	r[signKey] = text(sign(signed, secret))
	return nil
}

// authentic reports whether a callback holds the signature that it should. All
// of its values are signed but those that are empty. The comparison takes as
// long for every wrong signature.
func authentic(values map[string]string, secret string) bool {
	signed := maps.Clone(values)
	maps.DeleteFunc(signed, func(key, value string) bool { return key == signKey || value == "" })
	return hmac.Equal([]byte(sign(signed, secret)), []byte(values[signKey]))
}
