package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/browsertest"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
)

// Payers pay, and cancel, in a browser and not with a form of the test's own making.
func TestThePageInABrowser(t *testing.T) {
	browser := browsertest.Start(t)

	t.Run("paid with the mouse, after two mistakes", func(t *testing.T) {
		p := visit(t, browser, create, bill("B1"))
		p.Accessible()
		p.Tree("heading Pay with your wallet", "textbox Wallet number or e-mail", "button Pay", "button Cancel")

		p.Click("Pay")
		p.Waits(`document.activeElement.name === "wallet"`) // the browser itself shows what is missing
		p.Click("Wallet number or e-mail")
		p.Press("315")
		p.Click("Pay")
		p.Waits(`document.title === "Error: Pay a bill of 23.15 UAH"`)
		p.Accessible()
		p.Tree("textbox Wallet number or e-mail: Enter a wallet's number, such as 31557414711, or an e-mail address.")

		p.Click("Wallet number or e-mail")
		p.Press(kb.End + strings.Repeat(kb.Backspace, len("315")) + "31557414000")
		p.Click("Pay")
		p.isPaid("31557414000", "23.15", "UAH")
	})

	t.Run("an amount of the payer's, with the keyboard", func(t *testing.T) {
		p := visit(t, browser, createV2, free("B1"))
		p.Accessible()
		p.Tree("textbox Amount in USD", "textbox Wallet number or e-mail")
		p.Press(kb.Tab)
		p.Waits(`document.activeElement.id === "amount"`)
		p.Press("0.5" + kb.Tab)
		p.Waits(`document.activeElement.id === "wallet"`)
		p.Press("pay.000@example.com" + kb.Enter)
		p.Waits(`document.title === "Error: Pay a bill"`)
		p.Tree("textbox Amount in USD: Enter an amount from 1.00 to 1000000.00, such as 12.50.")
		p.Press(kb.Tab)
		p.Waits(`document.activeElement.id === "amount"`)
		p.Press(kb.End + strings.Repeat(kb.Backspace, len("0.5")) + "12.5" + kb.Enter)
		p.isPaid("pay.000@example.com", "12.50", "USD")
	})

	t.Run("cancelled", func(t *testing.T) {
		p := visit(t, browser, create, bill("B1"))
		p.Click("Cancel")
		p.IsBack(p.shop, "/sorry")
		p.Clock.Advance(time.Hour)
		if got := p.status("B1"); got != "3" {
			t.Errorf("the status is %s, want 3", got)
		}
		if tx := p.Line("B1"); tx.State != emulation.Failed || tx.Paid != 0 {
			t.Errorf("the books hold %+v", tx)
		}
	})
}

// payer is sent by a shop to the page of a bill.
type payer struct {
	*bench
	*browsertest.Customer
	shop *browsertest.Shop
}

func visit(t *testing.T, browser *browsertest.Browser, path string, request body) *payer {
	t.Helper()
	b, shop := newBench(t, emulation.Options{}), browsertest.NewShop(t)
	page := b.open(path, request.with("success_url", quote(shop.URL+"/thanks"), "failed_url", quote(shop.URL+"/sorry")))
	return &payer{b, browser.Visit(t, b.URL+page), shop}
}

// isPaid is what comes once the form is sent: the page waits with the payer, and by itself goes back to
// the shop once the bill is paid.
func (p *payer) isPaid(wallet, amount, currency string) {
	p.Helper()
	p.Waits(`document.querySelector("main").innerText.includes("` + wallet + `")`)
	p.Accessible()
	if got := p.status("B1"); got != "1" {
		p.Errorf("the status of what is being paid is %s", got)
	}
	if p.shop.Visitors() != 0 {
		p.Error("back at the shop before it is paid")
	}

	p.Clock.Advance(delay)
	p.IsBack(p.shop, "/thanks")
	if got := p.status("B1"); got != "2" {
		p.Errorf("the status of what is paid is %s", got)
	}
	want := emulation.Transaction{
		Reference: "B1", Operation: emulation.Collect, Network: "qostiq", MSISDN: wallet, Amount: amount, Currency: currency,
		State: emulation.Succeeded, Requests: 1, Paid: 1, Created: emulationtest.Start(), Settled: emulationtest.Start().Add(delay),
	}
	if tx := p.Line("B1"); tx != want {
		p.Errorf("the books hold\n%+v, want\n%+v", tx, want)
	}
}
