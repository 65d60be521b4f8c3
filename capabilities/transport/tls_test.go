package transport_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/transport"
)

// secure is a server with a certificate that nobody vouches for, as sandboxes
// have.
type secure struct {
	*httptest.Server
	requests atomic.Int32
}

func newSecure(t *testing.T, config *tls.Config) *secure {
	t.Helper()
	s := &secure{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.requests.Add(1) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *secure) fingerprint() string {
	sum := sha256.Sum256(s.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

// colons is a fingerprint as browsers and openssl show it.
func colons(fingerprint string) string {
	var b strings.Builder
	for i := 0; i < len(fingerprint); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(fingerprint[i : i+2]))
	}
	return b.String()
}

// Without a pin the operator is told what to compare and what to set; with
// the right one it works; with another it does not.
func TestCertificates(t *testing.T) {
	s := newSecure(t, nil)
	tests := []struct {
		name, variable, pin string
		answered            bool
		says, fix           string
	}{
		{name: "no pin", variable: "ACME_TLS_SHA256", says: "nobody vouches", fix: "ACME_TLS_SHA256=" + s.fingerprint()},
		{name: "no pin, and no setting for one", says: "nobody vouches"},
		{name: "the pin", variable: "ACME_TLS_SHA256", pin: s.fingerprint(), answered: true},
		{name: "the pin as openssl shows it", variable: "ACME_TLS_SHA256", pin: colons(s.fingerprint()), answered: true},
		{name: "another pin", variable: "ACME_TLS_SHA256", pin: strings.Repeat("ab", 32), says: s.fingerprint(), fix: "ACME_TLS_SHA256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := s.requests.Load()
			c := newClient(t, transport.Options{BaseURL: s.URL, PinVariable: tt.variable, Pin: tt.pin})
			_, err := call(t.Context(), c, capabilities.PaysOut, nil)
			if tt.answered {
				if err != nil || s.requests.Load() != before+1 {
					t.Errorf("%v", err)
				}
				return
			}
			r := refused(t, err)
			if r.Kind != capabilities.Misconfigured || !strings.Contains(r.Message, tt.says) || !strings.Contains(r.Fix, tt.fix) {
				t.Errorf("%+v", r)
			}
			if tt.variable == "" && strings.Contains(r.Fix, "=") {
				t.Errorf("a setting is recommended that there is not: %s", r.Fix)
			}
			if s.requests.Load() != before {
				t.Error("the request was sent")
			}
		})
	}
}

// A pinned certificate that is presented under another address is still the
// pinned one; one for another address that is not pinned is not accepted.
func TestCertificateOfAnotherAddress(t *testing.T) {
	s := newSecure(t, nil)
	elsewhere := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	pinned := newClient(t, transport.Options{BaseURL: elsewhere, Pin: s.fingerprint()})
	if _, err := call(t.Context(), pinned, capabilities.PaysOut, nil); err != nil {
		t.Error(err)
	}
	_, err := call(t.Context(), newClient(t, transport.Options{BaseURL: elsewhere}), capabilities.PaysOut, nil)
	if r := refused(t, err); r.Kind != capabilities.Misconfigured {
		t.Errorf("%+v", r)
	}
}

func TestOldTLS(t *testing.T) {
	s := newSecure(t, &tls.Config{MaxVersion: tls.VersionTLS11})
	c := newClient(t, transport.Options{BaseURL: s.URL, Pin: s.fingerprint()})
	_, err := call(t.Context(), c, capabilities.PaysOut, nil)
	if r := refused(t, err); r.Kind != capabilities.Unavailable || s.requests.Load() != 0 {
		t.Errorf("%+v", r)
	}
}

func TestPinThatIsNone(t *testing.T) {
	for _, pin := range []string{"x", "abcd", strings.Repeat("a", 63), strings.Repeat("g", 64), strings.Repeat("ab", 33)} {
		_, err := transport.New(transport.Options{Provider: "acme", BaseURL: "https://api.acme.example", PinVariable: "ACME_TLS_SHA256", Pin: pin})
		if r := refused(t, err); r.Kind != capabilities.Misconfigured || !strings.Contains(r.Message, "ACME_TLS_SHA256") {
			t.Errorf("%s: %+v", pin, r)
		}
	}
}
