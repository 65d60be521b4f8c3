package qostiq

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// The signatures that Qostiq publishes, and Piastrix, which is the same
// platform.
func TestPublishedSignatures(t *testing.T) {
	t.Parallel()
	const secret = "SecretKey01"
	for want, values := range map[string]map[string]string{
		"4c2608a8638c0650d54dd4809bd69ab50d1a1cd55f2e13366b68d43caee34104": {"amount": "12.34", "currency": "980", "payway": "card_uah", "shop_id": "5", "shop_order_id": "4126"},
		"7354edb970dae3b496572252d7d7578fc8e0f1061b2e69a9eda1b39f3cdadc69": {"amount": "10.00", "currency": "980", "shop_id": "1", "shop_order_id": "101"},
		"07a596eb1dbcb83d5a7b2f1c9572d455af7e71b9ea5c32e3c3892f099ae67ac2": {"amount": "12.34", "currency": "643", "payway": "perfectmoney_usd", "shop_id": "5", "shop_order_id": "4126"},
		"e4580435a252d61ef91b71cb23ed7bee4d77de94ced36411526d2ce3b66ada8f": {"amount": "10.00", "currency": "643", "shop_id": "5", "shop_order_id": "101"},
	} {
		if got := sign(values, secret); got != want {
			t.Errorf("%v is signed with %s, want %s", values, got, want)
		}
		callback := maps.Clone(values)
		callback["sign"], callback["description"] = want, ""
		if !authentic(callback, secret) {
			t.Errorf("%v is said not to be authentic", callback)
		}
	}
}

// A request signs what is mandatory and nothing else, and does not go out
// without it.
func TestWhatIsSigned(t *testing.T) {
	t.Parallel()
	for _, path := range []string{pathBill, pathBillV2, pathBillStatus, pathQuote, pathTransfer, pathTransferStatus} {
		full := func() request {
			r := request{"description": text("Tea"), "lifetime": text("90"), "email": text("a@example.com"), "lang": text("uk"), "callback_url": text("https://shop.example")}
			for _, key := range mandatory(path) {
				r[key] = text(key)
			}
			return r
		}
		r, bare := full(), full()
		maps.DeleteFunc(bare, func(key string, _ value) bool { return !slices.Contains(mandatory(path), key) })
		if err := errors.Join(r.sign(path, "s"), bare.sign(path, "s")); err != nil || r["sign"] != bare["sign"] {
			t.Errorf("%s signs more than it must have (%v)", path, err)
		}
		for _, key := range mandatory(path) {
			other, lacking := full(), full()
			other[key] = text("another")
			delete(lacking, key)
			var refusal *capabilities.Refusal
			if err := lacking.sign(path, "s"); !errors.As(err, &refusal) || refusal.Kind != capabilities.Unavailable {
				t.Errorf("%s goes out without %s: %v", path, key, err)
			}
			if err := other.sign(path, "s"); err != nil || other["sign"] == r["sign"] {
				t.Errorf("%s does not sign %s (%v)", path, key, err)
			}
		}
	}
	if slices.Contains(mandatory(pathBillV2), "amount") {
		t.Error("the amount of the second version is signed, which Qostiq does not")
	}
}

// The time is that of a 24-hour clock, in UTC.
func TestMoment(t *testing.T) {
	t.Parallel()
	c := &client{now: func() time.Time {
		return time.Date(2021, time.May, 1, 18, 56, 25, 9469000, time.FixedZone("Kyiv", 2*60*60))
	}}
	if got := c.moment(); got != text("2021-05-01 16:56:25.009469") {
		t.Errorf("now is %+v", got)
	}
}
