package plugin_test

import (
	"strings"
	"testing"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	key, pass := "sesame", `sesame "open"/1+2`
	b := benchWith(t, trusted(t, "acme"), map[string]string{"ACME_KEY": key, "ACME_PASS": pass})
	if a := b.call("tell", "ORDER-1"); a.Refused() {
		t.Fatalf("refused:\n%s", a.Text())
	}
	within(t, "the provider has logged", func() bool { return strings.Contains(b.log.String(), "that was all") })
	b.refused(b.call("panic", "ORDER-2"), capabilities.Unavailable)
	within(t, "the panic is logged", func() bool { return strings.Contains(b.log.String(), "panic: ") })

	log := b.log.String()
	for _, part := range []string{key, "open", "1+2", "1%2B2"} {
		if strings.Contains(log, part) {
			t.Errorf("the log holds %q", part)
		}
	}
	// Eight spellings, two of them with quotes of their own, two as JSON, and the panic.
	if n := strings.Count(log, "<[redacted]>") + strings.Count(log, `<"[redacted]">`); n != 11 {
		t.Errorf("%d secrets are redacted, want 11", n)
	}
}
