package qosic_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/hosttest"
)

// stub is an API that answers what a test tells it to, word for word.
type stub struct{ *hosttest.Stub }

// transref stands in an answer for the transref that was asked about.
const transref = "TRANSREF"

// newStubBench is a bench where a stub speaks for Qosic.
func newStubBench(t *testing.T) (bench, stub) {
	t.Helper()
	s := hosttest.NewStub(t)
	clock := emulation.NewManualClock(hosttest.Start())
	return bench{provider.At(t, host.Emulated(s.URL, credentials()), clock)}, stub{s}
}

// credentials are settings that no emulator knows.
func credentials() map[string]string {
	c := map[string]string{"QOSIC_USERNAME": "merchant", "QOSIC_PASSWORD": "correct horse"}
	for _, o := range operators {
		c[o.setting] = clientID(o)
	}
	return c
}

func clientID(o operator) string { return "client of " + o.network }

// is tells whether a field of a request is exactly that JSON string.
func is(r hosttest.Request, field, value string) bool {
	return string(r.Body[field]) == strconv.Quote(value)
}

// says lets the stub answer every request with these words. TRANSREF in them
// is the transref of the request.
func (s stub) says(status int, body string) {
	s.Does(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			TransRef string `json:"transref"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(body, transref, asked.TransRef))
	})
}

// saysCode lets the stub answer with a code in the documented body.
func (s stub) saysCode(status int, code, message string) {
	s.says(status, `{"responsecode":"`+code+`","responsemsg":"`+message+`","transref":"`+transref+`","serviceref":null,"comment":null}`)
}

// cuts lets the stub take every request and close the connection.
func (s stub) cuts() {
	s.Does(func(w http.ResponseWriter, _ *http.Request) { emulation.Cut(w) })
}

// truncates lets the stub send half of an answer.
func (s stub) truncates(status int, body string) {
	s.Does(func(w http.ResponseWriter, _ *http.Request) {
		emulation.Truncate(w, emulation.Answer{Status: status, Content: emulation.Content{Type: "application/json", Body: []byte(body)}})
	})
}
