package qosic_test

import (
	"net/netip"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/plugins/qosic"
)

// Rows "wrong clientid": HTTP 404 on a payment and a refund, HTTP 200 on a
// status, and on a deposit "Not authorized".
func TestWrongClientID(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{}, func(settings map[string]string) {
		for _, o := range operators {
			settings[o.setting] = "SOMEBODYELSE"
		}
	})
	for _, o := range operators {
		named := want{Kind: capabilities.Misconfigured, Response: "responsecode=-2", Message: o.setting}
		t.Run(o.network+"/payment", func(t *testing.T) {
			b, w := all.in(t), named
			w.Gotchas = "initiate_payment.5 initiate_payment.17"
			w.Response += " http_status=404"
			b.Wants(b.Call("initiate_payment", o.order(emulation.Paid, o.ref("CLIENT"))), w)
		})
		t.Run(o.network+"/status", func(t *testing.T) {
			b, w := all.in(t), named
			w.Gotchas = "check_payment_status.8"
			w.Response += " http_status=200"
			b.Wants(b.ask(o.ref("CLIENT"), o.network), w)
		})
		if o.payouts {
			t.Run(o.network+"/deposit", func(t *testing.T) {
				b := all.in(t)
				b.Wants(b.disburse(o, emulation.Paid, o.ref("PAYOUT")), want{
					Kind: capabilities.ProviderRejected, State: capabilities.Failed, Response: "responsecode=-2",
					Message: "not authorised|client id", Gotchas: "disburse.6 disburse.11",
				})
			})
		}
	}
	t.Run("refund", func(t *testing.T) {
		b := all.in(t)
		b.Wants(b.Call("refund", hosttest.Input{"original_reference": "CLIENT-01"}),
			want{Kind: capabilities.Misconfigured, Response: "responsecode=-2", Message: mtnBenin.setting, Gotchas: "refund.5"})
	})
	all.Untouched()
}

// A client id of Togo does not open Benin, nor the other way round.
func TestClientIDsAreMixedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{}, func(settings map[string]string) {
		settings[togocel.setting], settings[moovTogo.setting] = settings[moovTogo.setting], settings[togocel.setting]
	})
	b.Wants(b.collect(togocel, emulation.Paid, "MIXED-01"), want{Kind: capabilities.Misconfigured, Message: togocel.setting})
	b.Wants(b.collect(moovTogo, emulation.Paid, "MIXED-02"), want{Kind: capabilities.Misconfigured, Message: moovTogo.setting})
	b.Wants(b.collect(mtnBenin, emulation.Paid, "MIXED-03"), want{State: capabilities.Pending})
}

// Row "wrong username or password".
func TestWrongUsernameOrPassword(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"QOSIC_USERNAME", "QOSIC_PASSWORD"} {
		all := newBench(t, emulation.Options{}, func(settings map[string]string) { settings[setting] = "wrong" })
		for _, o := range operators {
			for capability, in := range everything(o) {
				t.Run(setting+"/"+o.network+"/"+capability, func(t *testing.T) {
					b := all.in(t)
					b.Wants(b.Call(capability, in), want{Kind: capabilities.Misconfigured, Response: "http_status=401", Message: "QOSIC_USERNAME and QOSIC_PASSWORD"})
				})
			}
		}
		all.Untouched()
	}
}

// Row "disburse from an IP not whitelisted": the same 401, so the answer names
// the whitelist too. Questions are answered to everybody.
func TestAddressIsNotWhitelisted(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{AllowIPs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	notices := map[string]string{
		"initiate_payment": "initiate_payment.8 initiate_payment.21",
		"disburse":         "disburse.3 disburse.12",
	}
	for _, o := range operators {
		for capability, in := range everything(o) {
			t.Run(o.network+"/"+capability, func(t *testing.T) {
				b := all.in(t)
				w := want{Kind: capabilities.Misconfigured, Message: "whitelisted|IP Whitelist", Gotchas: notices[capability]}
				if capability == "check_payment_status" {
					w = want{State: capabilities.Unknown, Response: "responsecode=-1"}
				}
				b.Wants(b.Call(capability, in), w)
			})
		}
	}
	all.Untouched()
}

// everything is a valid call of each capability that asks Qosic on a network.
func everything(o operator) map[string]hosttest.Input {
	calls := map[string]hosttest.Input{
		"initiate_payment":     o.order(emulation.PaidAtOnce, o.ref("COLLECT")),
		"check_payment_status": {"reference": o.ref("STATUS"), "network": o.network},
	}
	if o.payouts {
		calls["disburse"] = o.order(emulation.Paid, o.ref("DEPOSIT"))
	}
	if o.network == mtnBenin.network {
		calls["refund"] = hosttest.Input{"original_reference": o.ref("REFUND")}
	}
	return calls
}

// A merchant sets the client ids of the networks that it sells on. The others
// are named when they are needed, and nothing is sent.
func TestClientIDIsNotSet(t *testing.T) {
	t.Parallel()
	all := newBench(t, emulation.Options{}, func(settings map[string]string) {
		for _, o := range operators {
			delete(settings, o.setting)
		}
	})
	for _, o := range operators {
		for capability, in := range everything(o) {
			t.Run(o.network+"/"+capability, func(t *testing.T) {
				b := all.in(t)
				a := b.Call(capability, in)
				b.Wants(a, want{Kind: capabilities.Misconfigured, Message: o.setting + " is not set|dashboard"})
				if a.Response != nil {
					t.Errorf("Qosic answered: %s", a.Response)
				}
			})
		}
	}
	all.Untouched()
}

func TestUsernameOrPasswordIsNotSet(t *testing.T) {
	t.Parallel()
	stub := hosttest.NewStub(t)
	m, err := qosic.Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range []string{"QOSIC_USERNAME", "QOSIC_PASSWORD"} {
		t.Run(missing, func(t *testing.T) {
			environment := credentials()
			environment["QOSIC_BASE_URL"] = stub.URL
			delete(environment, missing)
			settings := host.Resolve(m, func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
			b := bench{provider.At(t, settings, emulation.NewManualClock(emulationtest.Start()))}
			for capability, in := range everything(mtnBenin) {
				b.Wants(b.Call(capability, in), want{Kind: capabilities.Misconfigured, Message: missing + "|dashboard"})
			}
			if n := len(stub.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}
