package mobipay

import (
	"net/url"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// redirectField is the field of extra with the page on which the customer
// confirms.
const redirectField = "customer_redirect"

// safeLink reports whether an address may be handed on, to MobiPay or to a
// customer: https, or this machine where the emulator runs on it. What a person
// could take for more words than an address is none.
func safeLink(link string, target capabilities.Target) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	u, err := url.Parse(link)
	if err != nil || !capabilities.IsSafeURL(link) || strings.ContainsFunc(link, odd) {
		return false
	}
	return !capabilities.IsLoopback(u) || target.Environment == capabilities.Emulator
}

// blankLink takes a link out of an answer that no customer should be sent to.
// Whoever reads the answer as MobiPay gave it must not find it there either.
func (c *client) blankLink(a *Response) {
	if link, given := a.Extra[redirectField]; given && !safeLink(string(link), c.target) {
		a.Extra[redirectField], a.unsafeLink = "", true
	}
}
