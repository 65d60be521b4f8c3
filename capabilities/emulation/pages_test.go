package emulation_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

func TestPages(t *testing.T) {
	t.Parallel()
	pages := emulation.NewPages("Acme", fstest.MapFS{
		"pages/pay.html": {Data: []byte(`{{template "head"}}</head>{{.Name}} at {{company}}{{template "numbers" .Numbers}}{{template "foot"}}`)},
	})
	type pay struct {
		Name    string
		Numbers []emulation.Number
	}
	for name, tt := range map[string]struct {
		got    emulation.Answer
		status int
		has    []string
	}{
		"its own page":          {pages.Show(http.StatusOK, "pay.html", pay{"<Afi>", emulation.Numbers(nil)}), http.StatusOK, []string{"<!DOCTYPE html>", "&lt;Afi&gt; at Acme", `<th scope="row">025</th>`, "An imitation of Acme"}},
		"a message":             {pages.Say(http.StatusNotFound, "No <such> payment.", ""), http.StatusNotFound, []string{"<title>Acme</title>", `<p role="status">No &lt;such&gt; payment.</p>`}},
		"one that leads":        {pages.Say(http.StatusOK, "Paid.", "https://shop.example/?a=1&b=2"), http.StatusOK, []string{`<a href="https://shop.example/?a=1&amp;b=2">`}},
		"an address of JS":      {pages.Say(http.StatusOK, "Paid.", "javascript:alert(1)"), http.StatusOK, []string{`<a href="#ZgotmplZ">`}},
		"one that there is not": {pages.Show(http.StatusOK, "refund.html", nil), http.StatusInternalServerError, []string{"refund.html"}},
	} {
		if tt.got.Status != tt.status {
			t.Errorf("%s: HTTP %d, want %d", name, tt.got.Status, tt.status)
		}
		for _, part := range tt.has {
			if !strings.Contains(string(tt.got.Body), part) {
				t.Errorf("%s: %q is not in\n%s", name, part, tt.got.Body)
			}
		}
		if tt.status < http.StatusInternalServerError && (tt.got.Header.Get("Cache-Control") != "no-store" || tt.got.Header.Get("Referrer-Policy") != "no-referrer") {
			t.Errorf("%s: anybody may keep it: %v", name, tt.got.Header)
		}
	}
	if plain := pages.Say(http.StatusOK, "Paid.", ""); strings.Contains(string(plain.Body), "<a ") {
		t.Errorf("it leads nowhere:\n%s", plain.Body)
	}
}

func TestSeeOther(t *testing.T) {
	t.Parallel()
	got := emulation.SeeOther("/paid")
	if got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/paid" || got.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%+v", got)
	}
}

func TestIsWeb(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://shop.example/thanks?order=1": true, "http://shop.example": true,
		"javascript:alert(1)": false, "ftp://shop.example": false, "//shop.example": false, "/thanks": false, "https://": false, "http://[::1": false, "": false,
	} {
		if emulation.IsWeb(address) != want {
			t.Errorf("%q: %t, want %t", address, !want, want)
		}
	}
}
