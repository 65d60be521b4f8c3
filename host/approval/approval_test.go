package approval_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/host/approval"
	"github.com/mcp-payments/mcp-payments/host/keyring"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// desk is a desk with a clock that only the test moves.
type desk struct {
	*approval.Desk
	t    *testing.T
	path string // of the ledger
	now  time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, path: filepath.Join(t.TempDir(), "ledger.db"), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	l := ledger.File(d.path)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	d.Desk = &approval.Desk{Ledger: l, Keys: keyring.File(filepath.Join(t.TempDir(), "key")), Now: func() time.Time { return d.now }}
	return d
}

func facts() approval.Facts {
	return approval.Facts{
		Tool: "acme_pay_out", Title: "Pay somebody", Provider: "Acme", Environment: "production", Reference: "ORDER-1",
		Amount: "5000 XOF", Party: "22890112233", Network: "moov_tg", Others: []approval.Fact{{Name: "last_name", Value: "Lovelace"}},
		Reason: "a human has to approve exactly this call",
	}
}

func (d *desk) holds(digest string) approval.Case {
	d.t.Helper()
	k := ledger.Key{Provider: "acme", Environment: "production", Reference: "ORDER-1"}
	c, err := d.Hold(d.t.Context(), k, "pay_out", digest, facts())
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) decides(id string, approve bool) error {
	return d.Decide(d.t.Context(), id, approve, "a tester", "terminal")
}

func same(a, b approval.Facts) bool { return a.Text() == b.Text() && len(a.Others) == len(b.Others) }

// TestFactsStandEachOnItsLine: what an agent writes looks like nothing else,
// and turns nothing around.
func TestFactsStandEachOnItsLine(t *testing.T) {
	t.Parallel()
	want := []string{"amount", "number", "network", "reference", "what", "provider", "environment", "last_name", "why you"}
	var names []string
	for _, l := range facts().Lines() {
		names = append(names, l.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("the facts are %q", names)
	}
	for name, c := range map[string]string{
		"line feed": "\n", "carriage return": "\r", "escape": "\x1b", "bell": "\a", "backspace": "\b", "tab": "\t", "null": "\x00", "delete": "\x7f",
		"next line": "\u0085", "C1 escape": "\u009b", "line separator": "\u2028", "paragraph separator": "\u2029",
		"left-to-right mark": "\u200e", "right-to-left mark": "\u200f", "Arabic letter mark": "\u061c",
		"embedding": "\u202a", "right-to-left embedding": "\u202b", "pop": "\u202c", "override": "\u202d", "right-to-left override": "\u202e",
		"isolate": "\u2066", "right-to-left isolate": "\u2067", "first strong isolate": "\u2068", "pop isolate": "\u2069",
		"zero-width space": "\u200b", "zero-width joiner": "\u200d", "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "tag": "\U000e0041",
		"no character": "\xff",
	} {
		f := facts()
		f.Party = "22890" + c + "amount: 1 XOF"
		f.Others = []approval.Fact{{Name: "description", Value: c + "approve"}}
		text := f.Text()
		if strings.Count(text, "\n") != len(want) || strings.Count(text, "\namount: ") > 0 {
			t.Errorf("%s begins a line:\n%q", name, text)
		}
		if !strings.Contains(text, "number: 22890\uFFFDamount: 1 XOF\n") || !strings.Contains(text, "description: \uFFFDapprove\n") {
			t.Errorf("%s is not shown as such: %q", name, text)
		}
	}
	plain := facts()
	plain.Others = []approval.Fact{{Name: "description", Value: "Ünïcödé, 日本語, عربى, 5 € – ok"}}
	if !strings.Contains(plain.Text(), plain.Others[0].Value) {
		t.Errorf("words are changed: %q", plain.Text())
	}
	empty := approval.Facts{Title: "Pay", Tool: "acme_pay_out", Reason: "so"}
	if got := empty.Text(); got != "what: Pay (acme_pay_out)\nwhy you: so\n" {
		t.Errorf("nothing is told as %q", got)
	}
}

// TestFactsAreSealed while they wait, and gone once they are decided.
func TestFactsAreSealed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*desk, string) error{
		"approved": func(d *desk, id string) error { return d.decides(id, true) },
		"denied":   func(d *desk, id string) error { return d.decides(id, false) },
		"expired": func(d *desk, _ string) error {
			d.now = d.now.Add(approval.Lifetime)
			d.holds("another")
			return nil
		},
	} {
		d := newDesk(t)
		id := d.holds("digest").ID
		c, err := d.Case(t.Context(), id)
		if err != nil || !same(c.Facts, facts()) {
			t.Errorf("%s: kept is %q: %v", name, c.Facts.Text(), err)
		}
		for _, file := range []string{d.path, d.path + "-wal"} {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"22890112233", "Lovelace", "5000 XOF", "moov_tg"} {
				if bytes.Contains(content, []byte(secret)) {
					t.Errorf("%s: %s is in the ledger", name, secret)
				}
			}
		}
		if err := end(d, id); err != nil {
			t.Fatal(err)
		}
		a, found, err := d.Ledger.FindApproval(t.Context(), id)
		if err != nil || !found || len(a.Facts) > 0 {
			t.Errorf("%s: %d bytes of facts are left: %v, %v", name, len(a.Facts), found, err)
		}
		if c, err = d.Case(t.Context(), id); err != nil || !same(c.Facts, approval.Facts{}) {
			t.Errorf("%s: %q is left: %v", name, c.Facts.Text(), err)
		}
	}
}

// TestFactsOfAnotherCase, put there by whoever can write the file, are no
// facts: nobody decides on what they are not shown.
func TestFactsOfAnotherCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, _, err := d.Ledger.FindApproval(t.Context(), d.holds("digest").ID)
	if err != nil {
		t.Fatal(err)
	}
	for id, facts := range map[string][]byte{"swapped": a.Facts, "plain": []byte(`{"amount":"5 XOF"}`)} {
		forged := a
		forged.ID, forged.Digest, forged.Facts = id, id, facts
		if err := d.Ledger.PutApproval(t.Context(), forged); err != nil {
			t.Fatal(err)
		}
		if c, err := d.Case(t.Context(), id); !errors.Is(err, keyring.ErrForged) {
			t.Errorf("%s: %q, %v", id, c.Facts.Text(), err)
		}
	}
	if _, err := d.Cases(t.Context(), false); !errors.Is(err, keyring.ErrForged) {
		t.Errorf("they are listed: %v", err)
	}
}

// TestHold: one payout is one case, as long as that waits.
func TestHold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.holds("digest")
	if first.State != ledger.Waiting || !first.Expires.Equal(d.now.Add(approval.Lifetime)) || len(first.ID) != 16 || strings.ToLower(first.ID) != first.ID {
		t.Errorf("held as %+v", first)
	}
	d.now = d.now.Add(time.Minute)
	if again := d.holds("digest"); again.ID != first.ID || !again.Expires.Equal(first.Expires) || !same(again.Facts, facts()) {
		t.Errorf("held again as %+v", again)
	}
	other := d.holds("another digest")
	if other.ID == first.ID {
		t.Error("two payouts are one case")
	}
	ids := func(decided bool) (ids []string) {
		t.Helper()
		cases, err := d.Cases(t.Context(), decided)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			ids = append(ids, c.ID)
		}
		return ids
	}
	if got := ids(false); !slices.Equal(got, []string{first.ID, other.ID}) {
		t.Errorf("%q wait", got)
	}
	if err := d.decides(other.ID, true); err != nil {
		t.Fatal(err)
	}
	d.now = first.Expires
	if got := ids(false); len(got) > 0 {
		t.Errorf("%q wait", got)
	}
	anew := d.holds("digest")
	if anew.ID == first.ID {
		t.Error("an expired case waits")
	}
	if got := ids(true); len(got) != 3 {
		t.Errorf("%q were held", got)
	}
}

// TestHoldAtOnce: of many that hold one payout, all wait for one case.
func TestHoldAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.holds("another digest") // the ledger is open
	const many = 30
	ids := make([]string, many)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			<-start
			ids[i] = d.holds("digest").ID
		})
	}
	close(start)
	all.Wait()
	slices.Sort(ids)
	if distinct := slices.Compact(ids); len(distinct) != 1 {
		t.Errorf("held as %q", distinct)
	}
	if cases, err := d.Cases(t.Context(), false); err != nil || len(cases) != 2 {
		t.Errorf("%d cases wait, want this one and the other: %v", len(cases), err)
	}
}

// TestDecide: once, in time, and only what waits.
func TestDecide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		first func(d *desk, id string) // what happened before
		err   error
		state ledger.ApprovalState
	}{
		{"in time", func(d *desk, _ string) { d.now = d.now.Add(approval.Lifetime - time.Millisecond) }, nil, ledger.Approved},
		{"too late", func(d *desk, _ string) { d.now = d.now.Add(approval.Lifetime) }, ledger.ErrApproval, ledger.Waiting},
		{"denied before", func(d *desk, id string) { _ = d.decides(id, false) }, ledger.ErrApproval, ledger.Denied},
		{"approved before", func(d *desk, id string) { _ = d.decides(id, true) }, ledger.ErrApproval, ledger.Approved},
	} {
		d := newDesk(t)
		id := d.holds("digest").ID
		c.first(d, id)
		if err := d.decides(id, true); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if got, err := d.Case(t.Context(), id); err != nil || got.State != c.state {
			t.Errorf("%s: %s, %v", c.name, got.State, err)
		}
	}
	d := newDesk(t)
	for _, id := range []string{"", "aaaaaaaaaaaaaaaa", "%", "' OR 1=1 --"} {
		if err := d.decides(id, true); !errors.Is(err, ledger.ErrApproval) {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := d.Case(t.Context(), id); !errors.Is(err, approval.ErrNone) {
			t.Errorf("%q: %v", id, err)
		}
	}
	id := d.holds("digest").ID
	if err := d.decides(id, true); err != nil {
		t.Fatal(err)
	}
	got, err := d.Case(t.Context(), id)
	if err != nil || got.By != "a tester" || got.Channel != "terminal" || !got.At.Equal(d.now) || !got.Approve {
		t.Errorf("on record is %+v: %v", got, err)
	}
}

// TestRedeem: a token stands for its case as long as that waits, and on the
// way that it was sealed for.
func TestRedeem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	expires := d.now.Add(approval.Lifetime)
	token, err := d.Seal("case-1", expires, "here")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, bound string
		token       []byte
		at          time.Time
		err         error
	}{
		{"as it was sealed", "here", token, d.now, nil},
		{"just in time", "here", token, expires.Add(-time.Nanosecond), nil},
		{"too late", "here", token, expires, ledger.ErrApproval},
		{"elsewhere", "there", token, d.now, keyring.ErrForged},
		{"nowhere", "", token, d.now, keyring.ErrForged},
		{"cut", "here", token[:len(token)-1], d.now, keyring.ErrForged},
		{"made up", "here", []byte(`{"id":"case-1","expires":"2030-01-01T00:00:00Z"}`), d.now, keyring.ErrForged},
	} {
		d.now = c.at
		id, err := d.Redeem(c.token, c.bound)
		if !errors.Is(err, c.err) || (id == "case-1") != (c.err == nil) {
			t.Errorf("%s: %q, %v", c.name, id, err)
		}
	}
	// Sealed facts are no token: each has a key of its own.
	d.now = expires.Add(-time.Hour)
	c := d.holds("digest")
	if _, err := d.Redeem(c.Approval.Facts, c.ID); !errors.Is(err, keyring.ErrForged) {
		t.Errorf("facts are redeemed: %v", err)
	}
}

// TestAHeldPaymentIsKeptOrNot: without a key or a disk nothing is held, and
// whoever asks learns it.
func TestAHeldPaymentIsKeptOrNot(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	broken := *d.Desk
	broken.Keys = keyring.File(t.TempDir())
	if _, err := broken.Hold(t.Context(), ledger.Key{}, "pay_out", "digest", facts()); err == nil {
		t.Error("it is held without a key")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Hold(gone, ledger.Key{}, "pay_out", "digest", facts()); err == nil {
		t.Error("it is held without a ledger")
	}
	if cases, err := d.Cases(t.Context(), true); err != nil || len(cases) > 0 {
		t.Errorf("%d cases are there: %v", len(cases), err)
	}
}
