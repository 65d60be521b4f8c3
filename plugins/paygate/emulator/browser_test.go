package emulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// patience is how long a browser may do nothing before a test gives up on it.
const patience = time.Minute

var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Customers pay, and leave, in a browser and not with a form of the test's own making.
func TestThePageInABrowser(t *testing.T) {
	browser := startBrowser(t)

	t.Run("paid with the mouse, after two mistakes", func(t *testing.T) {
		c := visit(t, browser)
		c.accessible()
		c.tree("heading Pay by mobile money", "group Your operator", "radio Moov Money (Flooz)", "radio Mixx by Yas (T-Money)",
			"textbox Your phone number", "button Pay", "button Abandon")

		c.click("Pay")
		c.waits(`document.activeElement.name === "network"`) // the browser itself shows what is missing
		c.click("Moov Money (Flooz)")
		c.click("Your phone number")
		c.press("123")
		c.click("Pay")
		c.waits(`document.title === "Error: Pay 5000 FCFA"`)
		c.accessible()
		c.tree("textbox Your phone number: Enter 8 digits beginning with 7 or 9, such as 90 00 00 00 without the spaces.")
		c.Untouched()

		c.click("Your phone number")
		c.press(kb.End + strings.Repeat(kb.Backspace, len("123")) + moov.prefix + "000")
		c.click("Pay")
		c.isPaid(moov)
	})

	t.Run("paid with the keyboard", func(t *testing.T) {
		c := visit(t, browser)
		c.press(kb.Tab)
		c.waits(`document.activeElement.value === "MOOV"`)
		c.press(kb.ArrowDown)
		c.waits(`document.querySelector(":checked")?.value === "TOGOCEL"`)
		c.press(kb.Tab)
		c.waits(`document.activeElement.id === "phone"`)
		c.press(togocel.prefix + "000" + kb.Enter)
		c.isPaid(togocel)
	})

	t.Run("abandoned", func(t *testing.T) {
		c := visit(t, browser)
		c.click("Abandon")
		c.isBackAtTheShop()
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

// startBrowser starts the Chromium of this machine, in which every customer gets a tab.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browserPath(t)), chromedp.WSURLReadTimeout(patience))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which root cannot have
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(release)
	browser, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	t.Cleanup(func() { // asked to, it takes its files with it
		limited, cancel := context.WithTimeout(browser, patience)
		defer cancel()
		if err := chromedp.Cancel(limited); err != nil {
			t.Logf("closing the browser: %v", err)
		}
	})
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	return browser
}

func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := "no browser: none of " + strings.Join(browsers, ", ") + " is installed"
	if os.Getenv("BROWSER_REQUIRED") != "" {
		t.Fatal(missing + ", and BROWSER_REQUIRED is set")
	}
	t.Skip(missing)
	return ""
}

// customer is sent by a shop to the page, and sits before it in a tab as narrow as a telephone.
type customer struct {
	*bench
	tab      context.Context
	shop     string
	referers chan string // of those who came back to the shop
}

func visit(t *testing.T, browser context.Context) *customer {
	t.Helper()
	c := &customer{bench: newBench(t, emulation.Options{}), referers: make(chan string, 10)}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/thanks" { // a browser asks for an icon too
			http.NotFound(w, r)
			return
		}
		c.referers <- r.Referer()
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!DOCTYPE html><title>Shop</title>"))
	}))
	t.Cleanup(shop.Close)
	c.shop = shop.URL + "/thanks?order=1&lang=fr"

	tab, leave := chromedp.NewContext(browser)
	t.Cleanup(leave)
	limited, cancel := context.WithTimeout(tab, patience)
	t.Cleanup(cancel)
	c.tab = limited

	query := asked()
	query.Set("url", c.shop)
	c.do(chromedp.EmulateViewport(360, 640), chromedp.Navigate(c.URL+"/v1/page?"+query.Encode()))
	return c
}

func (c *customer) do(steps ...chromedp.Action[chromedp.Void]) {
	c.Helper()
	if err := chromedp.Do(c.tab, steps...); err != nil {
		c.Fatal(err)
	}
}

// press types: text, and keys that have no letter.
func (c *customer) press(keys string) {
	c.Helper()
	c.do(chromedp.KeyEvent(keys))
}

// click hits the button or the label with that text.
func (c *customer) click(text string) {
	c.Helper()
	c.do(chromedp.Click(chromedp.Search(`//*[self::button or self::label][normalize-space()="` + text + `"]`)))
}

// ask evaluates an expression in the page. A page that is about to make way for another cannot
// answer, so the next one is asked.
func (c *customer) ask(expression string, v any) {
	c.Helper()
	for {
		got, err := chromedp.Run(c.tab, chromedp.Evaluate[[]byte](`document.readyState === "complete" ? (`+expression+`) : null`))
		if err == nil && string(got) != "null" {
			if err := json.Unmarshal(got, v); err != nil {
				c.Fatalf("%s: %v in %s", expression, err, got)
			}
			return
		}
		c.pause(expression, err)
	}
}

// waits waits until the page is as the expression says.
func (c *customer) waits(expression string) {
	c.Helper()
	for {
		var is bool
		if c.ask(expression, &is); is {
			return
		}
		c.pause(expression, nil)
	}
}

func (c *customer) pause(expression string, err error) {
	c.Helper()
	select {
	case <-c.tab.Done():
		c.Fatalf("waited in vain for %s: %v", expression, err)
	case <-time.After(10 * time.Millisecond):
	}
}

// isPaid is what comes once the form is sent: the page waits with the customer, and by itself goes
// back to the shop once the payment is confirmed.
func (c *customer) isPaid(n wire) {
	c.Helper()
	c.waits(`location.pathname === "/v1/page/payment"`)
	c.accessible()
	c.waits(`document.querySelector("main").innerText.includes("5000 FCFA was sent to 228` + n.prefix[:4] + `XXXX")`)
	if says := c.status("T1"); says != "2" {
		c.Errorf("the status of what is to be confirmed is %s", says)
	}
	if len(c.referers) != 0 {
		c.Error("back at the shop before it is paid")
	}

	c.Clock.Advance(delay)
	c.isBackAtTheShop()
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

// isBackAtTheShop also holds the page to tell the shop nothing of its address, which has the token.
func (c *customer) isBackAtTheShop() {
	c.Helper()
	c.waits(`location.href === ` + quoted(c.shop))
	if referer := <-c.referers; referer != "" {
		c.Errorf("the shop is told where the customer was: %s", referer)
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// wrongs lists what keeps people from using a page.
const wrongs = `(() => {
	const wrong = [], need = (holds, what) => holds || wrong.push(what);
	const all = (selector) => [...document.querySelectorAll(selector)];
	need(document.compatMode === "CSS1Compat", "quirks mode");
	need(document.title.trim(), "no title");
	need(document.documentElement.lang === "en", "no language");
	need(all("main").length === 1 && all("main h1").length === 1, "not one main part with one heading");
	need(document.documentElement.scrollWidth <= innerWidth, "wider than the screen");
	for (const e of all("input:not([type=hidden]), select, textarea"))
		need([...e.labels].some(l => l.textContent.trim()), "no label: " + e.outerHTML);
	for (const e of all("input[type=radio]"))
		need(e.closest("fieldset")?.querySelector("legend")?.textContent.trim(), "no legend: " + e.outerHTML);
	for (const e of all("button, a"))
		need(e.textContent.trim(), "no text: " + e.outerHTML);
	for (const e of all("[aria-describedby]"))
		need(document.getElementById(e.getAttribute("aria-describedby")), "described by nothing: " + e.outerHTML);
	for (const e of all("[id]"))
		need(all("#" + e.id).length === 1, "not the only " + e.id);
	return wrong;
})()`

// accessible holds the page to what everybody needs.
func (c *customer) accessible() {
	c.Helper()
	var wrong []string
	if c.ask(wrongs, &wrong); len(wrong) != 0 {
		var where string
		c.ask("location.href", &where)
		c.Errorf("%s:\n%s", where, strings.Join(wrong, "\n"))
	}
}

// tree holds the page to be told by a screen reader with these words: role, name, description.
func (c *customer) tree(wants ...string) {
	c.Helper()
	tree, err := chromedp.Call(c.tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		c.Fatal(err)
	}
	var told []string
	for _, node := range tree.Nodes {
		if !node.Ignored {
			told = append(told, spoken(node))
		}
	}
	for _, want := range wants {
		if !slices.Contains(told, want) {
			c.Errorf("a screen reader does not say %q, but\n%s", want, strings.Join(told, "\n"))
		}
	}
}

func spoken(node *accessibility.Node) string {
	said := plain(node.Role) + " " + plain(node.Name)
	if description := plain(node.Description); description != "" {
		said += ": " + description
	}
	return said
}

func plain(v *accessibility.Value) string {
	var text string
	if v != nil {
		_ = json.Unmarshal(v.Value, &text) // what is no text is not said
	}
	return text
}
