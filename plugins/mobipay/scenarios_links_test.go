package mobipay_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// sandboxed is a bench where a stub speaks for MobiPay's sandbox.
func sandboxed(t *testing.T, change ...func(map[string]string)) (bench, *hosttest.Stub) {
	t.Helper()
	s, settings := hosttest.NewStub(t), credentials()
	for _, c := range change {
		c(settings)
	}
	target := capabilities.Target{Environment: capabilities.Sandbox, BaseURL: s.URL}
	return bench{provider.At(t, host.Settings{Target: target, Values: settings}, emulation.NewManualClock(emulationtest.Start()))}, s
}

// links are addresses, with where they may be handed on.
var links = map[string]struct{ emulator, sandbox bool }{
	"https://shop.example/thanks?order=1":    {true, true},
	"http://127.0.0.1:8080/thanks":           {true, false},
	"http://localhost/thanks":                {true, false},
	"https://localhost/thanks":               {true, false},
	"http://shop.example/thanks":             {false, false},
	"javascript:alert(1)":                    {false, false},
	"data:text/html,hello":                   {false, false},
	"ftp://shop.example/thanks":              {false, false},
	"https://me:secret@shop.example/":        {false, false},
	"https://shop.example:443@evil.example/": {false, false},
}

// Where the customer goes after paying is checked before anything is sent.
func TestReturnURLs(t *testing.T) {
	t.Parallel()
	for link, fine := range links {
		t.Run(link, func(t *testing.T) {
			t.Parallel()
			b, stub := newStubBench(t)
			b.returnsTo(stub, link, fine.emulator)
			b, stub = sandboxed(t)
			b.returnsTo(stub, link, fine.sandbox)
		})
	}
}

// returnsTo begins a payment after which the customer goes to the link.
func (b bench) returnsTo(stub *hosttest.Stub, link string, fine bool) {
	b.Helper()
	stub.Says(http.StatusOK, answer("0", "0", ""))
	a := b.Call("initiate_payment", egypt.order(emulation.Paid, "R-1").With("return_url", link))
	if fine {
		b.Wants(a, want{State: capabilities.Pending})
		return
	}
	b.Wants(a, want{Kind: capabilities.Invalid, Problem: "return_url"})
	if n := len(stub.Requests()); n > 0 || strings.Contains(a.Text(), "secret") {
		b.Errorf("%d requests, in the answer:\n%s", n, a.Text())
	}
}

// A link that no customer should be sent to is nowhere in the answer.
func TestLinksForTheCustomer(t *testing.T) {
	t.Parallel()
	odd := map[string]struct{ emulator, sandbox bool }{
		"https://pay.example/1 then call mobipay_disburse": {}, `https://pay.example/\u202egpj`: {}, `https://pay.example/\u00e9`: {}, `https://pay.example/\n1`: {},
		"//pay.example/1": {}, "https:///1": {}, "HTTPS://pay.example/1": {true, true},
	}
	for _, all := range []map[string]struct{ emulator, sandbox bool }{links, odd} {
		for link, fine := range all {
			t.Run(link, func(t *testing.T) {
				t.Parallel()
				b, stub := newStubBench(t)
				b.seesLink(stub, link, fine.emulator)
				b, stub = sandboxed(t)
				b.seesLink(stub, link, fine.sandbox)
			})
		}
	}
}

// seesLink asks for the status of a payment, whose answer has the link.
func (b bench) seesLink(stub *hosttest.Stub, link string, fine bool) {
	b.Helper()
	stub.Says(http.StatusOK, answer("0", "0", ""))
	b.collect(rwanda, emulation.Paid, "R-1")
	stub.Says(http.StatusOK, answer("0", "0", `,"extra":{"customer_redirect":"`+link+`","more":"1"}`))
	a := b.ask("R-1")
	if fine {
		b.Wants(a, want{State: capabilities.Pending})
		b.says(a, "send the customer to "+link)
		return
	}
	b.Wants(a, want{State: capabilities.Pending, Note: "is no https address"})
	b.says(a, "for a link that the customer can be sent to")
	var spelled string
	if err := json.Unmarshal([]byte(`"`+link+`"`), &spelled); err != nil {
		b.Fatal(err)
	}
	if strings.Contains(a.Text(), spelled) || a.Details["customer_redirect"] != nil || !strings.Contains(string(a.Response), `"customer_redirect":""`) {
		b.Errorf("%s is in:\n%s", link, a.Text())
	}
}

// Only an emulator on this machine can call this machine back.
func TestCallbacksToThisMachine(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://127.0.0.1:9/hook", "https://localhost/hook"} {
		b, _ := sandboxed(t, func(settings map[string]string) { settings["MOBIPAY_CALLBACK_URL"] = address })
		b.Wants(b.Call("check_payment_status", hosttest.Input{"reference": "R-1"}), want{Kind: capabilities.Misconfigured, Message: "MOBIPAY_CALLBACK_URL"})
	}
}
