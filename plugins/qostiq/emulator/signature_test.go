package emulator_test

import (
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq/emulator"
)

// The signatures that Qostiq and Piastrix publish.
func TestPublishedSignatures(t *testing.T) {
	short := []string{"shop_order_id", "shop_id", "currency", "amount"}
	long := append([]string{"payway"}, short...)
	for _, tt := range []struct {
		keys   []string
		values map[string]string
		want   string
	}{
		{long, map[string]string{"amount": "12.34", "currency": "980", "payway": "card_uah", "shop_id": "5", "shop_order_id": "4126"},
			"4c2608a8638c0650d54dd4809bd69ab50d1a1cd55f2e13366b68d43caee34104"},
		{short, map[string]string{"amount": "10.00", "currency": "980", "shop_id": "1", "shop_order_id": "101", "description": "Test"},
			"7354edb970dae3b496572252d7d7578fc8e0f1061b2e69a9eda1b39f3cdadc69"},
		{long, map[string]string{"amount": "12.34", "currency": "643", "payway": "perfectmoney_usd", "shop_id": "5", "shop_order_id": "4126"},
			"07a596eb1dbcb83d5a7b2f1c9572d455af7e71b9ea5c32e3c3892f099ae67ac2"},
		{short, map[string]string{"amount": "10.00", "currency": "643", "shop_id": "5", "shop_order_id": "101"},
			"e4580435a252d61ef91b71cb23ed7bee4d77de94ced36411526d2ce3b66ada8f"},
	} {
		if got := emulator.Sign(tt.values, tt.keys, secret); got != tt.want {
			t.Errorf("%v is signed with %s, want %s", tt.values, got, tt.want)
		}
	}
}

// A value is signed as it is spelled, whether it is a number or a string: 1.0 is not 1.
func TestSpellings(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for _, amount := range []string{"23.15", `"23.15"`, "10", "10.0", "10.00", `"10.00"`} {
		if got := says(t, b.call(create, bill("B1").with("shop_amount", amount))); got != "done" {
			t.Errorf("%s: %s", amount, got)
		}
		signed := bill("B1").with("shop_amount", "10").sign(create, secret)
		want := "error 1"
		if amount == "10" {
			want = "done"
		}
		if got := says(t, b.Post(create, signed.with("shop_amount", amount).String())); got != want {
			t.Errorf("%s, signed as 10: %s, want %s", amount, got, want)
		}
	}
}

// The mandatory parameters are signed and nothing else: whoever is in between may change the rest.
func TestWhatIsSigned(t *testing.T) {
	b := newBench(t, emulation.Options{})
	for path, request := range requests() {
		request = request.sign(path, secret)
		for _, name := range signed[path] {
			if name == "shop_id" {
				continue
			}
			value := map[string]string{"amount_type": `"writeoff_amount"`, "now": `"2021-05-01 16:56:25.1"`, "payee_currency": "840",
				"shop_currency": "978", "payer_currency": "840", "currency": "978", "payee_account": `"31557414001"`}[name]
			if value == "" {
				value = `"12"`
			}
			got := b.Post(path, request.with(name, value).String())
			if got := says(t, got); got != badSign(path) {
				t.Errorf("%s, with another %s: %s", path, name, got)
			}
		}
		for name, wrong := range map[string]string{
			"none": "", "empty": `""`, "null": "null", "a number": "1", "another key's": request.sign(path, "SecretKey02")["sign"],
		} {
			b.wants(path+", sign: "+name, b.Post(path, request.with("sign", wrong).String()), invalidSign(path))
		}
	}
	if got := says(t, b.Post(createV2, free("B2").with("amount", "1").sign(createV2, secret).with("amount", "2").String())); got != "done" {
		t.Errorf("the amount of the second version is signed: %s", got)
	}
}

// requests are one of each call that is in order.
func requests() map[string]body {
	return map[string]body{
		create: bill("B1"), createV2: free("B1"), billStatus: about("B1"), balance: asking(),
		try: calculation(), transfer: payout("T1", "000"), transferStatus: about("T1"),
	}
}

func badSign(path string) string {
	if path == create {
		return "error 1"
	}
	return "error 10"
}

func invalidSign(path string) string {
	if path == create {
		return failed(1, "invalid sign")
	}
	return failed(10, "invalid sign")
}
