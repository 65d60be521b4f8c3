package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/browsertest"
)

// Customers pay, and leave, in a browser and not with a form of the test's own making.
func TestThePageInABrowser(t *testing.T) {
	browser := browsertest.Start(t)

	t.Run("paid with the mouse, after two mistakes", func(t *testing.T) {
		c := visit(t, browser)
		c.Accessible()
		c.Tree("heading Pay by mobile money", "group Your operator", "radio Moov Money (Flooz)", "radio Mixx by Yas (T-Money)",
			"textbox Your phone number", "button Pay", "button Abandon")

		c.Click("Pay")
		c.Waits(`document.activeElement.name === "network"`) // the browser itself shows what is missing
		c.Click("Moov Money (Flooz)")
		c.Click("Your phone number")
		c.Press("123")
		c.Click("Pay")
		c.Waits(`document.title === "Error: Pay 5000 FCFA"`)
		c.Accessible()
		c.Tree("textbox Your phone number: Enter 8 digits beginning with 7 or 9, such as 90 00 00 00 without the spaces.")
		c.Untouched()

		c.Click("Your phone number")
		c.Press(kb.End + strings.Repeat(kb.Backspace, len("123")) + moov.prefix + "000")
		c.Click("Pay")
		c.isPaid(moov)
	})

	t.Run("paid with the keyboard", func(t *testing.T) {
		c := visit(t, browser)
		c.Press(kb.Tab)
		c.Waits(`document.activeElement.value === "MOOV"`)
		c.Press(kb.ArrowDown)
		c.Waits(`document.querySelector(":checked")?.value === "TOGOCEL"`)
		c.Press(kb.Tab)
		c.Waits(`document.activeElement.id === "phone"`)
		c.Press(togocel.prefix + "000" + kb.Enter)
		c.isPaid(togocel)
	})

	t.Run("abandoned", func(t *testing.T) {
		c := visit(t, browser)
		c.Click("Abandon")
		c.IsBack(c.shop, thanksPath)
		c.Clock.Advance(time.Hour)
		if says := c.status("T1"); says != "6" {
			t.Errorf("the status is %s, want 6", says)
		}
		want := emulation.Transaction{
			Reference: "T1", Operation: emulation.Collect, Amount: "5000", Currency: "XOF",
			State: emulation.Failed, Requests: 1, Created: start, Settled: start,
		}
		if tx := c.Line("T1"); tx != want {
			t.Errorf("the books hold\n%+v, want\n%+v", tx, want)
		}
	})
}

// customer is sent by a shop to the page.
type customer struct {
	*bench
	*browsertest.Customer
	shop *browsertest.Shop
}

// thanksPath is where the shop wants its customers back.
const thanksPath = "/thanks?order=1&lang=fr"

func visit(t *testing.T, browser *browsertest.Browser) *customer {
	t.Helper()
	b, shop := newBench(t, emulation.Options{}), browsertest.NewShop(t)
	query := asked()
	query.Set("url", shop.URL+thanksPath)
	return &customer{b, browser.Visit(t, b.URL+"/v1/page?"+query.Encode()), shop}
}

// isPaid is what comes once the form is sent: the page waits with the customer, and by itself goes
// back to the shop once the payment is confirmed.
func (c *customer) isPaid(n wire) {
	c.Helper()
	c.Waits(`location.pathname === "/v1/page/payment"`)
	c.Accessible()
	c.Waits(`document.querySelector("main").innerText.includes("5000 FCFA was sent to 228` + n.prefix[:4] + `XXXX")`)
	if says := c.status("T1"); says != "2" {
		c.Errorf("the status of what is to be confirmed is %s", says)
	}
	if c.shop.Visitors() != 0 {
		c.Error("back at the shop before it is paid")
	}

	c.Clock.Advance(delay)
	c.IsBack(c.shop, thanksPath)
	if says := c.status("T1"); says != "0" {
		c.Errorf("the status of what is paid is %s", says)
	}
	want := emulation.Transaction{
		Reference: "T1", Operation: emulation.Collect, Network: n.network, MSISDN: "228" + n.prefix + "000", Amount: "5000", Currency: "XOF",
		State: emulation.Succeeded, Requests: 1, Paid: 1, Created: start, Settled: start.Add(delay),
	}
	if tx := c.Line("T1"); tx != want {
		c.Errorf("the books hold\n%+v, want\n%+v", tx, want)
	}
}
