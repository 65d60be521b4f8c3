package emulation

import (
	"context"
	"errors"
	"iter"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// ErrClosed is what a wait ends with when the emulator is closed meanwhile.
var ErrClosed = errors.New("emulation: the emulator is closed")

const (
	statusErrors = 2   // how many status calls fail for StatusErrors
	patience     = 10  // after how many settle delays an unanswered payment expires, where it does
	lateness     = 10  // how many settle delays WebhookLate takes
	inflation    = 100 // by how much WebhookForged exaggerates the amount
)

var page = Answer{Status: http.StatusOK, Content: HTML("<!DOCTYPE html>\n<html><head><title>Service</title></head>" +
	"<body><h1>The service is temporarily unavailable</h1></body></html>\n")}

// Rules are what a Till must know of its provider.
type Rules struct {
	// Unique names a transaction as the provider tells them apart: two of the same name are one and
	// the same to it, and the second is not taken. The empty name is like no other. Nil: the reference.
	Unique func(Transaction) string
	// Judge is asked, before a request is taken, how it will end. It sees what the books hold and must
	// not call them: a provider that keeps balances refuses here what they do not cover. Nil: the
	// request's own Ending stands.
	Judge func(tx Transaction, held iter.Seq[Transaction]) Ending
	// Expires tells whether a payment that the customer never answers expires, after ten settle
	// delays. If not, it is pending for ever.
	Expires bool
	// Waits tells for how long a transaction waits for the customer to do something elsewhere, such as
	// to open a page; after that it expires. Resume lets it go on. 0, or nil: it does not wait.
	Waits func(Transaction) time.Duration
	// AtOnce tells whether a transaction comes to its end as soon as it is taken, without the settle
	// delay. Nil: as its ending says.
	AtOnce func(Transaction) bool
	// WebhookURL is where the request wants its webhook. Options.WebhookURL, if given, beats it. Nil: the
	// provider's requests do not say.
	WebhookURL func(Transaction) string
	// Webhook writes what the provider announces of a final transaction: the zero Content is nothing.
	// Nil: it announces nothing.
	Webhook func(Transaction) Content
	// ServerError is the provider's HTTP 500.
	ServerError Answer
}

// Till takes requests for money as the number's Ending chooses, keeps books on them, settles them in
// time and announces collections and payouts by webhook. It is safe for concurrent use, once its paths
// are laid out. An emulator embeds it, and adds the provider's own.
//
// Besides the provider's paths it serves GET /_emulator/transactions, what the books hold, and
// GET /_emulator/webhooks, what was delivered. Both answer with a JSON array and ask for no credentials.
type Till struct {
	options  Options
	mux      *http.ServeMux
	rules    Rules
	books    *Books
	webhooks *Webhooks
	agenda   *agenda
}

// NewTill is a till with empty books.
func NewTill(o Options, r Rules) *Till {
	o = o.resolved()
	t := &Till{
		options:  o,
		mux:      http.NewServeMux(),
		rules:    r,
		books:    newBooks(o.Clock, r),
		webhooks: newWebhooks(o),
		agenda:   newAgenda(o.Clock),
	}
	t.HandleFunc("GET /_emulator/transactions", func(w http.ResponseWriter, _ *http.Request) {
		Answer{Status: http.StatusOK, Content: JSON(t.books.Transactions())}.Send(w)
	})
	t.HandleFunc("GET /_emulator/webhooks", func(w http.ResponseWriter, _ *http.Request) {
		Answer{Status: http.StatusOK, Content: JSON(t.webhooks.Deliveries())}.Send(w)
	})
	return t
}

// HandleFunc lays out a path, as that of an http.ServeMux does.
func (t *Till) HandleFunc(pattern string, serve http.HandlerFunc) { t.mux.HandleFunc(pattern, serve) }

// ServeHTTP answers as the provider does.
func (t *Till) ServeHTTP(w http.ResponseWriter, r *http.Request) { t.mux.ServeHTTP(w, r) }

// Now is the time on the emulator's clock.
func (t *Till) Now() time.Time { return t.options.Clock.Now() }

// Allows tells whether the request comes from an address in Options.AllowIPs. Only the connection itself
// is asked: a header such as X-Forwarded-For proves nothing.
func (t *Till) Allows(r *http.Request) bool {
	if t.options.AllowIPs == nil {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr := peer.Addr().Unmap().WithZone("")
	for _, prefix := range t.options.AllowIPs {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// Books are the till's books.
func (t *Till) Books() *Books { return t.books }

// Webhooks is what sends the till's webhooks.
func (t *Till) Webhooks() *Webhooks { return t.webhooks }

// ServeRequest answers a request for money that the provider finds in order. It takes the request,
// unless its number says otherwise, and sends what answer makes of it, spoiled if its number says so.
// answer is told whether the transaction is new; what it says of one that is not is never spoiled.
func (t *Till) ServeRequest(w http.ResponseWriter, r *http.Request, tx Transaction, answer func(tx Transaction, fresh bool) Answer) {
	if tx.Ending == "" {
		tx.Ending = EndingOf(tx.MSISDN)
	}
	if tx.Ending.notTaken() {
		t.books.turnAway(tx)
		t.note("request not taken", tx)
		t.spoil(w, r, tx.Ending, func() Answer { return Answer{} })
		return
	}
	tx, fresh := t.take(tx)
	if !fresh {
		answer(tx, false).Send(w)
		return
	}
	t.spoil(w, r, tx.Ending, func() Answer { return answer(tx, true) })
}

// ServeStatus answers a status call about the wanted transaction under that reference. answer is
// told whether there is one; if there is not, tx has nothing but the reference.
func (t *Till) ServeStatus(w http.ResponseWriter, reference string, wanted func(Transaction) bool, answer func(tx Transaction, known bool) Answer) {
	tx, known := t.books.Find(reference, wanted)
	if !known || t.hides(tx) {
		answer(Transaction{Reference: reference}, false).Send(w)
		return
	}
	if tx.Ending == StatusErrors && t.books.ask(tx.ID) <= statusErrors {
		t.rules.ServerError.Send(w)
		return
	}
	answer(tx, true).Send(w)
}

// Await waits until the transaction is final, but no longer than that much time, and gives it as it
// then stands. It fails when the caller has gone or the till is closed; the transaction goes on.
func (t *Till) Await(ctx context.Context, tx Transaction, most time.Duration) (Transaction, error) {
	if err := t.pause(ctx, t.books.final(tx.ID), most); err != nil {
		return tx, err
	}
	return t.books.get(tx.ID), nil
}

// Close stops the timers and waits for the webhook deliveries under way. Callers that wait for an
// answer are cut off.
func (t *Till) Close() error {
	t.agenda.close()
	t.webhooks.close()
	return nil
}

// take books the transaction and sees to its end.
func (t *Till) take(tx Transaction) (Transaction, bool) {
	tx, fresh := t.books.open(tx)
	if !fresh {
		t.note("request repeated", tx)
		return tx, false
	}
	t.note("request taken", tx)
	if tx.Waiting {
		t.agenda.after(t.books.waits(tx), func() { t.expire(tx) })
		return tx, true
	}
	return t.proceed(tx), true
}

// Resume lets a transaction that waits for its customer go on: as its Ending says, or else its MSISDN.
// It gives false if the transaction does not wait, or not any more, and how it stands.
func (t *Till) Resume(tx Transaction) (Transaction, bool) {
	if tx.Ending == "" {
		tx.Ending = EndingOf(tx.MSISDN)
	}
	tx, did := t.books.resume(tx)
	if !did {
		return tx, false
	}
	t.note("transaction resumed", tx)
	return t.proceed(tx), true
}

// expire ends a transaction whose customer never came.
func (t *Till) expire(tx Transaction) {
	if tx = t.books.get(tx.ID); tx.Waiting {
		t.settle(tx, Expired)
	}
}

// proceed sees to the end of a transaction that waits for nobody.
func (t *Till) proceed(tx Transaction) Transaction {
	if tx.Ending == WebhookForged && tx.Operation != Refund {
		t.forge(tx)
	}
	outcome, after := t.end(tx)
	switch {
	case outcome == Pending:
	case after == 0:
		tx = t.settle(tx, outcome)
	default:
		t.agenda.after(after, func() { t.settle(tx, outcome) })
	}
	return tx
}

// end is what a transaction comes to, and after how long.
func (t *Till) end(tx Transaction) (State, time.Duration) {
	outcome := tx.Ending.outcome(tx.Operation)
	switch {
	case outcome == Pending && t.rules.Expires && tx.Operation == Collect:
		return Expired, patience * t.options.SettleAfter
	case tx.Ending.settlesAtOnce(tx.Operation), t.rules.AtOnce != nil && t.rules.AtOnce(tx):
		return outcome, 0
	default:
		return outcome, t.options.SettleAfter
	}
}

func (t *Till) settle(tx Transaction, outcome State) Transaction {
	tx, settled := t.books.settle(tx.ID, outcome)
	if settled {
		t.note("transaction "+string(outcome), tx)
		t.announce(tx)
	}
	return tx
}

// announce sends the webhooks of a final transaction. What was refused at once needs none.
func (t *Till) announce(tx Transaction) {
	if tx.Operation == Refund || tx.RefusedAtOnce() {
		return
	}
	hook := t.webhook(tx)
	switch tx.Ending {
	case NoWebhook:
	case WebhookTwice:
		t.webhooks.Send(0, hook)
		t.webhooks.Send(0, hook)
	case WebhookLate:
		t.webhooks.Send((lateness-1)*t.options.SettleAfter, hook)
	default:
		t.webhooks.Send(0, hook)
	}
}

// forge sends the webhook that somebody who knows the URL could send.
func (t *Till) forge(tx Transaction) {
	tx.State, tx.Amount = Succeeded, inflate(tx.Amount)
	hook := t.webhook(tx)
	hook.Forged = true
	t.webhooks.Send(t.options.SettleAfter/2, hook)
}

// webhook is what the provider announces of a transaction: without content, nothing.
func (t *Till) webhook(tx Transaction) Webhook {
	hook := Webhook{Reference: tx.Reference}
	if t.rules.Webhook != nil {
		hook.Content = t.rules.Webhook(tx)
	}
	if t.rules.WebhookURL != nil {
		hook.URL = t.rules.WebhookURL(tx)
	}
	return hook
}

// spoil sends an answer as the ending wants it, and only has it written if any of it is sent.
func (t *Till) spoil(w http.ResponseWriter, r *http.Request, e Ending, answer func() Answer) {
	switch e {
	case ErrorNotTaken, ErrorTaken:
		t.rules.ServerError.Send(w)
	case CutNotTaken, CutTaken:
		Cut(w)
	case Truncated:
		Truncate(w, answer())
	case HTMLPage:
		page.Send(w)
	case Slow:
		t.sendLate(w, r, answer())
	default:
		answer().Send(w)
	}
}

func (t *Till) sendLate(w http.ResponseWriter, r *http.Request, a Answer) {
	if err := t.pause(r.Context(), nil, t.options.SlowAnswer); err != nil {
		a = Answer{}
	}
	a.Send(w)
}

// hides tells whether the status call does not know the transaction yet.
func (t *Till) hides(tx Transaction) bool {
	return tx.Ending == KnownLate && t.options.Clock.Now().Before(tx.Created.Add(t.options.SettleAfter/2))
}

// pause waits until something has happened, but no longer than that much time.
func (t *Till) pause(ctx context.Context, happened <-chan struct{}, most time.Duration) error {
	over := make(chan struct{})
	stop := t.options.Clock.AfterFunc(most, func() { close(over) })
	defer stop()
	select {
	case <-happened:
		return nil
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.agenda.closed:
		return ErrClosed
	}
}

func (t *Till) note(what string, tx Transaction) {
	t.options.Log.Info(what, "operation", tx.Operation, "reference", tx.Reference, "network", tx.Network, "ending", tx.Ending)
}

// inflate multiplies a decimal amount, keeping its number of decimals; what is no amount stays as it is.
func inflate(amount string) string {
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		return amount
	}
	_, decimals, _ := strings.Cut(amount, ".")
	return r.Mul(r, big.NewRat(inflation, 1)).FloatString(len(decimals))
}
