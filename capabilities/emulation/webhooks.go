package emulation

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

const webhookTimeout = 10 * time.Second

// Webhook is one message to the merchant's callback URL.
type Webhook struct {
	// Reference is the transaction it is about.
	Reference string
	// URL is where the request wanted it.
	URL string
	// Forged marks what the provider never sent; the receiver is not told.
	Forged bool
	Content
}

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	Reference string    `json:"reference"`
	URL       string    `json:"url"`
	Forged    bool      `json:"forged"`
	Sent      time.Time `json:"sent"`
	// Status is the HTTP status of the receiver's answer, 0 if there was none.
	Status int `json:"status"`
	// Error is why there was no answer.
	Error string `json:"error,omitempty"`
}

// Webhooks posts webhooks, each of them once, as providers do that document no retry. It follows
// no redirect. A Till owns it. It is safe for concurrent use.
type Webhooks struct {
	url    string
	clock  Clock
	log    *slog.Logger
	client *http.Client
	agenda *agenda

	mu         sync.Mutex
	deliveries []Delivery
}

// newWebhooks posts to o.WebhookURL on o.Clock.
func newWebhooks(o Options) *Webhooks {
	return &Webhooks{
		url:    o.WebhookURL,
		clock:  o.Clock,
		log:    o.Log,
		agenda: newAgenda(o.Clock),
		client: &http.Client{
			Timeout:       webhookTimeout,
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Send posts the webhook once that much time has passed, to the URL of the options or else its own.
// Without a URL or without content it does nothing.
func (s *Webhooks) Send(after time.Duration, hook Webhook) {
	if s.url != "" {
		hook.URL = s.url
	}
	if hook.URL == "" || hook.Type == "" {
		return
	}
	s.agenda.after(after, func() { s.deliver(hook) })
}

// Deliveries is every attempt so far, in order.
func (s *Webhooks) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, s.deliveries...)
}

// close drops the webhooks that are not yet due and waits for those under way.
func (s *Webhooks) close() {
	s.agenda.close()
	s.client.CloseIdleConnections()
}

func (s *Webhooks) deliver(hook Webhook) {
	d := Delivery{Reference: hook.Reference, URL: hook.URL, Forged: hook.Forged, Sent: s.clock.Now()}
	status, err := s.post(hook.URL, hook.Content)
	if err != nil {
		d.Error = err.Error()
		s.log.Warn("webhook not delivered", "reference", hook.Reference, "reason", err)
	} else {
		d.Status = status
		s.log.Info("webhook delivered", "reference", hook.Reference, "forged", hook.Forged, "status", status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = append(s.deliveries, d)
}

func (s *Webhooks) post(to string, c Content) (int, error) {
	if err := deliverable(to); err != nil {
		return 0, err
	}
	resp, err := s.client.Post(to, c.Type, bytes.NewReader(c.Body))
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	return resp.StatusCode, nil
}

// deliverable tells why a webhook cannot go to that URL.
func deliverable(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("emulation: the webhook URL cannot be read: %w", err)
	case u.Host != "" && u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("emulation: no webhook goes to %q: providers silently ignore callback URLs that are not https; "+
			"use an https URL, or plain http to this machine (http://127.0.0.1:port/path)", raw)
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
