package emulation

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// What an Options left at zero stands for.
const (
	// DefaultSettleAfter is how long a payment stays pending.
	DefaultSettleAfter = 5 * time.Second
	// DefaultSlowAnswer is how long the slow number keeps its caller waiting.
	DefaultSlowAnswer = 30 * time.Second
)

// Options are the knobs that every emulator has. The zero value works.
type Options struct {
	// Clock moves the emulator. Nil is the real clock.
	Clock Clock
	// SettleAfter is how long a payment stays pending: 0 means DefaultSettleAfter, and
	// anything negative means that payments settle as soon as they are taken.
	SettleAfter time.Duration
	// SlowAnswer is how long a number ending in Slow keeps its caller waiting: 0 means DefaultSlowAnswer.
	SlowAnswer time.Duration
	// WebhookURL is where webhooks go: https, or plain http to this machine. Empty is where the request
	// wants it, or nowhere.
	WebhookURL string
	// AllowIPs says who may move money. Nil is everyone; empty but not nil is nobody.
	AllowIPs []netip.Prefix
	// Log hears what the emulator does. Nil discards it.
	Log *slog.Logger
}

// Emulator is the local imitation of one provider's HTTP API.
type Emulator interface {
	http.Handler
	// Provider is the provider's slug, such as "qosic".
	Provider() string
	// Config is the configuration whose credentials the emulator accepts, by environment
	// variable and without the base URL.
	Config() map[string]string
	// Numbers documents the test numbers.
	Numbers() []Number
	// Close stops the timers and waits for the webhook deliveries under way.
	Close() error
}

// resolved is o with every default filled in; a SettleAfter of 0 now means at once.
func (o Options) resolved() Options {
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SlowAnswer == 0 {
		o.SlowAnswer = DefaultSlowAnswer
	}
	if o.SettleAfter == 0 {
		o.SettleAfter = DefaultSettleAfter
	}
	o.SettleAfter = max(o.SettleAfter, 0)
	return o
}
