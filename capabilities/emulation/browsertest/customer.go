package browsertest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// Customer sits before a page. Its methods fail the test by themselves.
type Customer struct {
	t   *testing.T
	tab context.Context
}

func (c *Customer) do(steps ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	if err := chromedp.Do(c.tab, steps...); err != nil {
		c.t.Fatal(err)
	}
}

// Press types: text, and keys that have no letter, which are those of the package kb.
func (c *Customer) Press(keys string) {
	c.t.Helper()
	c.do(chromedp.KeyEvent(keys))
}

// Click hits the button or the label with that text.
func (c *Customer) Click(text string) {
	c.t.Helper()
	c.do(chromedp.Click(chromedp.Search(`//*[self::button or self::label][normalize-space()="` + text + `"]`)))
}

// Ask evaluates an expression in the page. A page that is about to make way for another cannot
// answer, so the next one is asked.
func (c *Customer) Ask(expression string, v any) {
	c.t.Helper()
	for {
		got, err := chromedp.Run(c.tab, chromedp.Evaluate[[]byte](`document.readyState === "complete" ? (`+expression+`) : null`))
		if err == nil && string(got) != "null" {
			if err := json.Unmarshal(got, v); err != nil {
				c.t.Fatalf("%s: %v in %s", expression, err, got)
			}
			return
		}
		c.pause(expression, err)
	}
}

// Waits waits until the page is as the expression says.
func (c *Customer) Waits(expression string) {
	c.t.Helper()
	for {
		var is bool
		if c.Ask(expression, &is); is {
			return
		}
		c.pause(expression, nil)
	}
}

func (c *Customer) pause(expression string, err error) {
	c.t.Helper()
	select {
	case <-c.tab.Done():
		c.t.Fatalf("waited in vain for %s: %v", expression, err)
	case <-time.After(10 * time.Millisecond):
	}
}

// IsBack waits until the page has led back to that path of the shop. The shop may not be told where
// the customer was: the addresses of pages are the customer's secrets, or even the merchant's.
func (c *Customer) IsBack(shop *Shop, path string) {
	c.t.Helper()
	c.Waits(`location.href === ` + quoted(shop.URL+path))
	if referer := <-shop.referers; referer != "" {
		c.t.Errorf("the shop is told where the customer was: %s", referer)
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

// Accessible holds the page to what everybody needs.
func (c *Customer) Accessible() {
	c.t.Helper()
	var wrong []string
	if c.Ask(wrongs, &wrong); len(wrong) != 0 {
		var where string
		c.Ask("location.href", &where)
		c.t.Errorf("%s:\n%s", where, strings.Join(wrong, "\n"))
	}
}

// Tree holds the page to be told by a screen reader with these words: role, name, and after a colon
// the description if there is one.
func (c *Customer) Tree(wants ...string) {
	c.t.Helper()
	tree, err := chromedp.Call(c.tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		c.t.Fatal(err)
	}
	var told []string
	for _, node := range tree.Nodes {
		if !node.Ignored {
			told = append(told, spoken(node))
		}
	}
	for _, want := range wants {
		if !slices.Contains(told, want) {
			c.t.Errorf("a screen reader does not say %q, but\n%s", want, strings.Join(told, "\n"))
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
