package qosic_test

import (
	"net/netip"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
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
		named := want{kind: capabilities.Misconfigured, code: "-2", message: o.setting}
		t.Run(o.network+"/payment", func(t *testing.T) {
			b, w := all.in(t), named
			w.gotchas = "initiate_payment.5 initiate_payment.17"
			a := b.call("initiate_payment", o.order(emulation.Paid, o.ref("CLIENT")))
			b.wants(a, w)
			if responseOf(a).HTTPStatus != 404 {
				t.Errorf("HTTP %d, want 404", responseOf(a).HTTPStatus)
			}
		})
		t.Run(o.network+"/status", func(t *testing.T) {
			b, w := all.in(t), named
			w.gotchas = "check_payment_status.8"
			a := b.ask(o.ref("CLIENT"), o.network)
			b.wants(a, w)
			if responseOf(a).HTTPStatus != 200 {
				t.Errorf("HTTP %d, want 200", responseOf(a).HTTPStatus)
			}
		})
		if o.payouts {
			t.Run(o.network+"/deposit", func(t *testing.T) {
				b := all.in(t)
				b.wants(b.disburse(o, emulation.Paid, o.ref("PAYOUT")), want{
					kind: capabilities.ProviderRejected, state: capabilities.Failed, code: "-2",
					message: "not authorised|client id", gotchas: "disburse.6 disburse.11",
				})
			})
		}
	}
	t.Run("refund", func(t *testing.T) {
		b := all.in(t)
		b.wants(b.call("refund", input{"original_reference": "CLIENT-01"}),
			want{kind: capabilities.Misconfigured, code: "-2", message: mtnBenin.setting, gotchas: "refund.5"})
	})
	all.untouched()
}

// A client id of Togo does not open Benin, nor the other way round.
func TestClientIDsAreMixedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{}, func(settings map[string]string) {
		settings[togocel.setting], settings[moovTogo.setting] = settings[moovTogo.setting], settings[togocel.setting]
	})
	b.wants(b.collect(togocel, emulation.Paid, "MIXED-01"), want{kind: capabilities.Misconfigured, message: togocel.setting})
	b.wants(b.collect(moovTogo, emulation.Paid, "MIXED-02"), want{kind: capabilities.Misconfigured, message: moovTogo.setting})
	b.wants(b.collect(mtnBenin, emulation.Paid, "MIXED-03"), want{state: capabilities.Pending})
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
					a := b.call(capability, in)
					b.wants(a, want{kind: capabilities.Misconfigured, message: "QOSIC_USERNAME and QOSIC_PASSWORD"})
					if responseOf(a).HTTPStatus != 401 {
						t.Errorf("HTTP %d, want 401", responseOf(a).HTTPStatus)
					}
				})
			}
		}
		all.untouched()
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
				w := want{kind: capabilities.Misconfigured, message: "whitelisted|IP Whitelist", gotchas: notices[capability]}
				if capability == "check_payment_status" {
					w = want{state: capabilities.Unknown, code: "-1"}
				}
				b.wants(b.call(capability, in), w)
			})
		}
	}
	all.untouched()
}

// everything is a valid call of each capability that asks Qosic on a network.
func everything(o operator) map[string]input {
	calls := map[string]input{
		"initiate_payment":     o.order(emulation.PaidAtOnce, o.ref("COLLECT")),
		"check_payment_status": {"reference": o.ref("STATUS"), "network": o.network},
	}
	if o.payouts {
		calls["disburse"] = o.order(emulation.Paid, o.ref("DEPOSIT"))
	}
	if o.network == mtnBenin.network {
		calls["refund"] = input{"original_reference": o.ref("REFUND")}
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
				a := b.call(capability, in)
				b.wants(a, want{kind: capabilities.Misconfigured, message: o.setting + " is not set|dashboard"})
				if a.Response != nil {
					t.Errorf("Qosic answered: %s", a.Response)
				}
			})
		}
	}
	all.untouched()
}

func TestUsernameOrPasswordIsNotSet(t *testing.T) {
	t.Parallel()
	stub := newStub(t)
	m, err := qosic.Provider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range []string{"QOSIC_USERNAME", "QOSIC_PASSWORD"} {
		t.Run(missing, func(t *testing.T) {
			environment := credentials()
			environment["QOSIC_BASE_URL"] = stub.url
			delete(environment, missing)
			settings := host.Resolve(m, func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
			b := &bench{T: t, clock: emulation.NewManualClock(start)}
			b.host, b.desk = newHost(t, settings, b.clock.Now)
			for capability, in := range everything(mtnBenin) {
				b.wants(b.call(capability, in), want{kind: capabilities.Misconfigured, message: missing + "|dashboard"})
			}
			if n := stub.arrived(); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}
