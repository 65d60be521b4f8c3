// Package browsertest puts a customer before an emulator's page, in a browser: somebody who sees a
// screen as narrow as a telephone's, or hears it read out, and has a mouse or a keyboard. Only tests
// import it.
//
//	browser := browsertest.Start(t)
//	shop := browsertest.NewShop(t)
//	c := browser.Visit(t, b.URL+"/pay?url="+url.QueryEscape(shop.URL+"/thanks"))
//	c.Accessible()
//	c.Tree("heading Pay by mobile money", "textbox Your phone number")
//	c.Click("Your phone number")
//	c.Press("90000000" + kb.Enter)
//	b.Clock.Advance(emulationtest.Delay)
//	c.IsBack(shop, "/thanks")
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a browser may do nothing before a test gives up on it.
const patience = time.Minute

var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Browser is the Chromium of this machine, in which every customer gets a tab.
type Browser struct{ ctx context.Context }

// Start starts the browser until the test ends. Where none is installed it skips the test, or fails it
// if BROWSER_REQUIRED is set.
func Start(t *testing.T) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path(t)), chromedp.WSURLReadTimeout(patience))
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
	return &Browser{browser}
}

func path(t *testing.T) string {
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

// Visit opens a page in a tab of its own.
func (b *Browser) Visit(t *testing.T, address string) *Customer {
	t.Helper()
	tab, leave := chromedp.NewContext(b.ctx)
	t.Cleanup(leave)
	limited, cancel := context.WithTimeout(tab, patience)
	t.Cleanup(cancel)
	c := &Customer{t: t, tab: limited}
	c.do(chromedp.EmulateViewport(360, 640), chromedp.Navigate(address))
	return c
}
