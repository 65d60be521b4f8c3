package browsertest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Shop is where a customer comes from, and where a page leads back to.
type Shop struct {
	URL string // without a slash at the end; every path is one of the shop's

	referers chan string // of those who came back
}

// NewShop is open until the test ends.
func NewShop(t *testing.T) *Shop {
	t.Helper()
	s := &Shop{referers: make(chan string, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" { // a browser asks for an icon too
			http.NotFound(w, r)
			return
		}
		s.referers <- r.Referer()
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html><title>Shop</title>"))
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Visitors is how many have come back that IsBack was not asked about.
func (s *Shop) Visitors() int { return len(s.referers) }
