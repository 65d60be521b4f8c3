package emulationtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The media types of what is sent.
const (
	AsJSON = "application/json"
	AsForm = "application/x-www-form-urlencoded"
)

// Answer is what came back of a request.
type Answer struct {
	Status int // 0: no answer at all
	Header http.Header
	Body   string // as much of it as came
	Err    error  // why there is no answer, or not all of it
}

// String shows the answer in the words of a failed test.
func (a Answer) String() string {
	if a.Err != nil {
		return fmt.Sprintf("%d %s (%v)", a.Status, a.Body, a.Err)
	}
	return fmt.Sprintf("%d %s", a.Status, a.Body)
}

// Type is the media type.
func (a Answer) Type() string { return a.Header.Get("Content-Type") }

// Location is where a redirect leads.
func (a Answer) Location() string { return a.Header.Get("Location") }

// JSON reads the whole body into v, or ends the test.
func (a Answer) JSON(t testing.TB, v any) {
	t.Helper()
	if a.Err != nil {
		t.Fatalf("no whole answer: %s", a)
	}
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
}

// Spoiled tells how a number has spoiled the answer: "cut", "truncated", "html", or "500" if it is
// the provider's server error, which has that body. Empty: not at all.
func (a Answer) Spoiled(serverError string) string {
	switch {
	case a.Status == 0:
		return "cut"
	case a.Err != nil:
		return "truncated"
	case a.Status == http.StatusInternalServerError && a.Body == serverError:
		return "500"
	case a.Status == http.StatusOK && strings.HasPrefix(a.Type(), "text/html"):
		return "html"
	default:
		return ""
	}
}

// With is what else a request says.
type With func(*http.Request)

// Header sets a header. An empty value leaves it out.
func Header(name, value string) With {
	return func(r *http.Request) {
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
}

// Basic sets the credentials of HTTP's basic scheme.
func Basic(user, password string) With {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

// Post sends a JSON body.
func (b *Bench) Post(path, body string, with ...With) Answer {
	b.Helper()
	return b.Send(http.MethodPost, path, body, append([]With{Header("Content-Type", AsJSON)}, with...)...)
}

// PostForm sends a filled-in form.
func (b *Bench) PostForm(path string, form url.Values, with ...With) Answer {
	b.Helper()
	return b.Send(http.MethodPost, path, form.Encode(), append([]With{Header("Content-Type", AsForm)}, with...)...)
}

// Get asks for a path, which may have a query.
func (b *Bench) Get(path string, with ...With) Answer {
	b.Helper()
	return b.Send(http.MethodGet, path, "", with...)
}

// client gives each request a connection of its own: on one that was used before, net/http repeats
// what was cut off, and the emulator would count two. Where a redirect leads is part of the answer.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send sends just this, once. It may be called from any goroutine.
func (b *Bench) Send(method, path, body string, with ...With) Answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.URL+path, strings.NewReader(body))
	if err != nil {
		b.Errorf("%s %s cannot be sent: %v", method, path, err)
		return Answer{Err: err}
	}
	for _, w := range with {
		w(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{Err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text), Err: err}
}

// InBackground sends a request whose answer waits on the clock.
func InBackground(send func() Answer) <-chan Answer {
	got := make(chan Answer, 1)
	go func() { got <- send() }()
	return got
}
