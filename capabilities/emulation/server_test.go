package emulation_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

func TestStartListensToThisMachineOnly(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:0":      "use 127.0.0.1:0",
		":8080":          "use 127.0.0.1:8080",
		"[::]:0":         "can be reached from other machines",
		"192.168.1.7:0":  "can be reached from other machines",
		"example.com:80": "can be reached from other machines",
		"127.0.0.1":      "use 127.0.0.1:port",
		"":               "use 127.0.0.1:port",
	} {
		server, err := emulation.Start(newAcme(emulation.Options{}), addr)
		if err == nil {
			_ = server.Close()
			t.Errorf("Start(%q) listens at %s", addr, server.BaseURL())
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Start(%q): %v, want %q", addr, err, want)
		}
	}
}

func TestStartAndClose(t *testing.T) {
	server, err := emulation.Start(newAcme(emulation.Options{}), "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(server.BaseURL(), "http://127.0.0.1:") {
		t.Errorf("the base URL is %s", server.BaseURL())
	}
	_, err = emulation.Start(newAcme(emulation.Options{}), strings.TrimPrefix(server.BaseURL(), "http://"))
	if err == nil || !strings.Contains(err.Error(), "port 0 for any") {
		t.Errorf("a second emulator at the same port: %v", err)
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if _, err := http.Get(server.BaseURL()); err == nil {
		t.Error("a closed server answers")
	}
}

func TestAllows(t *testing.T) {
	office := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	tests := []struct {
		allowed []netip.Prefix
		peer    string
		want    bool
	}{
		{nil, "198.51.100.1:1", true},
		{nil, "@", true},
		{[]netip.Prefix{}, "127.0.0.1:1", false},
		{office, "203.0.113.9:1", true},
		{office, "[::ffff:203.0.113.9]:1", true},
		{office, "[2001:db8::1]:1", true},
		{office, "198.51.100.1:1", false},
		{office, "@", false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = tt.peer
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		if got := emulation.NewTill(emulation.Options{AllowIPs: tt.allowed}, emulation.Rules{}).Allows(r); got != tt.want {
			t.Errorf("%v allows %s: %v, want %v", tt.allowed, tt.peer, got, tt.want)
		}
	}
}

// A server that cannot cut connections says so, rather than answering as if nothing were wrong.
func TestCutNeedsAServerThatCan(t *testing.T) {
	for name, spoil := range map[string]func(http.ResponseWriter){
		"cut":       emulation.Cut,
		"no answer": emulation.Answer{}.Send,
		"truncate":  func(w http.ResponseWriter) { emulation.Truncate(w, emulation.Answer{}) },
	} {
		w := httptest.NewRecorder()
		spoil(w)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "emulation.Start") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestAnAnswerCanLeadElsewhere(t *testing.T) {
	w := httptest.NewRecorder()
	emulation.Answer{
		Status:  http.StatusSeeOther,
		Header:  http.Header{"Location": {"/elsewhere"}, "Content-Type": {"text/nonsense"}},
		Content: emulation.Text("gone"),
	}.Send(w)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/elsewhere" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestContents(t *testing.T) {
	if c := emulation.JSON(func() {}); !strings.Contains(string(c.Body), "mend its type") {
		t.Errorf("what is no JSON becomes %s", c.Body)
	}
	if c := emulation.HTML("<p>"); c.Type != "text/html; charset=utf-8" || string(c.Body) != "<p>" {
		t.Errorf("a page becomes %s %s", c.Type, c.Body)
	}
}
