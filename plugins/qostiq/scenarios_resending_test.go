package qostiq_test

// What left and got no answer, and is not known to Qostiq, is sent again: the
// same, once the time of the first request is over, and with a new approval.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/plugins/qostiq"
)

// doubt is how long Qostiq is not believed that it knows no transfer.
const doubt = time.Minute

// absent follows the answer to a transfer until Qostiq is believed that it
// does not know it.
func (b bench) absent(a *host.Answer) *host.Answer {
	b.Helper()
	b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown})
	reference := a.Reference
	b.Wants(b.Follow(a), want{State: capabilities.Pending, Response: "error_code=7", Note: "unless its request is still on its way"})
	b.Clock.Advance(doubt)
	a = b.asked(reference)
	b.Wants(a, want{State: capabilities.Unknown, Response: "error_code=7", Gotchas: "check_transfer_status.2"})
	if a.Next == nil || a.Next.Tool != "qostiq_disburse" || !strings.Contains(a.Next.Action, "exactly the same call again, with the same reference") {
		b.Errorf("next is %+v", a.Next)
	}
	return a
}

// cutting lets the stub cut the first request for a transfer, and pass the rest
// on. It returns a copy of what it kept back.
func cutting(b bench, stub *hosttest.Stub) (held func() []byte) {
	var body []byte
	stub.Does(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/transfer/create" && body == nil {
			body, _ = io.ReadAll(r.Body)
			emulation.Cut(w)
			return
		}
		b.Emulator.ServeHTTP(w, r)
	})
	return func() []byte { return body }
}

// arrives lets a request reach the emulator that was on its way for long.
func (b bench) arrives(body []byte) string {
	r := httptest.NewRequest(http.MethodPost, "/transfer/create", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.Emulator.ServeHTTP(w, r)
	return w.Body.String()
}

// events are what the ledger tells of a reference.
func (b bench) events(reference string) string {
	b.Helper()
	all, err := b.Desk.Ledger.Events(b.Context(), ledger.Key{Provider: "qostiq", Environment: capabilities.Emulator, Reference: reference})
	if err != nil {
		b.Fatal(err)
	}
	var s []string
	for _, e := range all {
		detail := e.Detail
		if e.State == ledger.Claimed {
			detail = ""
		}
		s = append(s, strings.TrimSpace(fmt.Sprintf("%s %s", e.State, detail)))
	}
	return strings.Join(s, "; ")
}

// A lost answer to what never arrived: Qostiq does not know the transfer, so
// the same one is sent again, with a new approval, and is paid once.
func TestTransferThatWasNotCreatedIsSentAgain(t *testing.T) {
	t.Parallel()
	b, stub := newProxyBench(t)
	cutting(b, stub)
	b.absent(b.disburse(emulation.Paid, "AGAIN"))
	b.Untouched()
	a := b.Ask(t.Context(), "disburse", transfer(emulation.Paid, "AGAIN"))
	b.Wants(a, want{Kind: capabilities.Held, Guard: "approval"})
	if !strings.Contains(a.Question.Facts.Reason, "it was sent before") {
		t.Errorf("the human is told %q", a.Question.Facts.Reason)
	}
	b.Wants(b.disburse(emulation.Paid, "AGAIN"), want{State: capabilities.Succeeded})
	b.Wants(b.disburse(emulation.Paid, "AGAIN"), want{State: capabilities.Succeeded, Note: "nothing was sent"})
	b.Moved("AGAIN", emulation.Disburse, 1, 1)
	const story = "claimed; sent; unknown unknown_outcome; pending; absent the provider says that it was never created, and takes the same again; claimed; sent; succeeded"
	if got := b.events("AGAIN"); got != story {
		t.Errorf("the ledger tells\n%s\nwant\n%s", got, story)
	}
}

// Nothing else takes the reference of what may still arrive.
func TestAnotherTransferIsNotSentInstead(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.absent(b.disburse(emulation.CutNotTaken, "OTHER"))
	same := transfer(emulation.CutNotTaken, "OTHER")
	for _, other := range []hosttest.Input{
		same.With("amount", "11"), same.With("payee_account", wallet(emulation.Paid)), same.With("currency", "USD"),
		same.With("amount_type", "writeoff_amount"), same.With("counter_currency", "USD"),
	} {
		b.Wants(b.Call("disburse", other), want{Kind: capabilities.Refused, Guard: "reference", Message: "only exactly that call"})
	}
	b.Moved("OTHER", emulation.Disburse, 1, 0)
}

// The first request arrives after all, before or after the second: it is paid
// once, because both have the same shop_payment_id.
func TestFirstRequestArrivesLate(t *testing.T) {
	t.Parallel()
	t.Run("after the second", func(t *testing.T) {
		t.Parallel()
		b, stub := newProxyBench(t)
		held := cutting(b, stub)
		b.absent(b.disburse(emulation.Paid, "LATE"))
		b.Wants(b.disburse(emulation.Paid, "LATE"), want{State: capabilities.Succeeded})
		if told := b.arrives(held()); !strings.Contains(told, `"error_code":6`) {
			t.Errorf("it is told %s", told)
		}
		b.Moved("LATE", emulation.Disburse, 2, 1)
	})
	t.Run("before it", func(t *testing.T) {
		t.Parallel()
		b, stub := newProxyBench(t)
		held := cutting(b, stub)
		b.absent(b.disburse(emulation.Paid, "LATE"))
		b.arrives(held())
		a := b.disburse(emulation.Paid, "LATE")
		b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "error_code=6", Message: "it may be this very one", Gotchas: "disburse.4 disburse.5"})
		b.Wants(b.Follow(a), want{State: capabilities.Succeeded})
		b.Moved("LATE", emulation.Disburse, 2, 1)
	})
}

// The first request arrives late and takes the money: that the second is
// refused for the balance does not mean that nothing was paid.
func TestFirstRequestEmptiesTheBalance(t *testing.T) {
	t.Parallel()
	b, stub := newProxyBench(t)
	held := cutting(b, stub)
	all := transfer(emulation.Paid, "ALL").With("amount", "990")
	b.absent(b.Call("disburse", all))
	b.arrives(held())
	a := b.Call("disburse", all)
	b.Wants(a, want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown, Response: "error_code=9", Message: "that request may have arrived", Gotchas: "disburse.6"})
	b.Wants(b.Follow(a), want{State: capabilities.Succeeded})
	b.Moved("ALL", emulation.Disburse, 2, 1)
}

// For as long as a request may be on its way, 30 seconds, it is not believed
// that Qostiq does not know it, however often that is asked.
func TestTransferIsAskedForOnItsWay(t *testing.T) {
	t.Parallel()
	b, stub := newProxyBench(t)
	stub.Does(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/transfer/create" {
			for _, wait := range []time.Duration{0, pace} { // with those of asked, all of it
				b.Clock.Advance(wait)
				b.Wants(b.asked("SLOW"), want{State: capabilities.Pending, Response: "error_code=7", Note: "still on its way"})
			}
		}
		b.Emulator.ServeHTTP(w, r)
	})
	b.Wants(b.disburse(emulation.Paid, "SLOW"), want{State: capabilities.Succeeded})
	b.Moved("SLOW", emulation.Disburse, 1, 1)
	if got := b.events("SLOW"); got != "claimed; sent; succeeded" {
		t.Errorf("the ledger tells %s", got)
	}
}

// inside is the provider in the process of the tests.
type inside struct{ *capabilities.Provider }

func (inside) Close(context.Context) {}

// ofShop is a bench on the same ledger and the same clock whose settings name
// another shop.
func (b bench) ofShop(id string) bench {
	b.Helper()
	values := b.Emulator.Config()
	values["QOSTIQ_SHOP_ID"] = id
	p := qostiq.Provider()
	m, err := p.Manifest(b.Context())
	s := hosttest.NewStub(b.T)
	s.Says(http.StatusOK, failed("7", "Transfer wasn't found"))
	at := host.Emulated(s.URL, values)
	if err == nil {
		err = p.Configure(b.Context(), at.Target, values)
	}
	if err != nil {
		b.Fatal(err)
	}
	h, err := host.New(host.Options{
		Providers: []host.Provider{{Manifest: m, Settings: at, Process: inside{p}}},
		Ledger:    b.Desk.Ledger, Keys: b.Desk.Keys, Patience: time.Hour, Now: b.Clock.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	other := *b.Bench
	other.Host = h
	return bench{&other}
}

// That another shop has no such transfer says nothing of this one's.
func TestAnotherShopKnowsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, emulation.Options{})
	b.Wants(b.disburse(emulation.CutTaken, "MINE"), want{Kind: capabilities.UnknownOutcome, State: capabilities.Unknown})
	other := b.ofShop("6")
	for range 3 {
		a := other.asked("MINE")
		b.Wants(a, want{State: capabilities.Unknown, Response: "error_code=7", Note: "begun with another account"})
		if a.Next != nil && a.Next.Tool == "qostiq_disburse" {
			t.Errorf("next is %+v", a.Next)
		}
		b.Clock.Advance(doubt)
	}
	if got := b.events("MINE"); got != "claimed; sent; unknown unknown_outcome" {
		t.Errorf("the ledger tells %s", got)
	}
	b.Wants(b.asked("MINE"), want{State: capabilities.Succeeded})
}
