// Package ledger is the durable record of every transaction: what was asked
// for, what may have been sent, and what came of it. It also keeps what only a
// human decided, so that using an approval and claiming a reference are one
// step.
//
// Amounts are integer minor units. No row holds a number, a name, a secret or
// a request: parties and inputs are keyed hashes.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Key identifies a transaction.
type Key struct {
	Provider    string `json:"provider"`
	Environment string `json:"environment"`
	Reference   string `json:"reference"`
}

// The states that only the ledger knows, before a provider has said anything.
const (
	// Claimed means that the reference is taken and nothing was sent.
	Claimed capabilities.State = "claimed"
	// Sent means that a request may have left and was not answered yet.
	Sent capabilities.State = "sent"
	// Absent means that the request left, and that the provider is sure that it
	// was never created. Exactly the same may be sent again under its reference,
	// and nothing else: the first request may still arrive.
	Absent capabilities.State = "absent"
	// NotSent means that the call ended with nothing sent: the reference may be
	// claimed again.
	NotSent capabilities.State = "not_sent"
)

// Transaction is what is known of one reference.
type Transaction struct {
	Key
	Capability string
	Effect     capabilities.Effect
	// Digest is the keyed hash of the canonical input.
	Digest string
	// Money is zero where it is not known.
	Money   capabilities.Money
	Network string
	// Party is the keyed hash of the payee, or of the payer of a collection.
	Party string
	// Account is the keyed hash of the merchant's account that it was begun with.
	Account string
	State   capabilities.State
	// Refusal says why the state is failed, if the provider refused at once.
	Refusal *capabilities.Refusal
	// Owner is the process that claimed it.
	Owner   string
	Claimed time.Time
	Updated time.Time
}

// Open reports whether the outcome is still to come.
func (t Transaction) Open() bool { return !t.State.Final() && t.State != NotSent }

// Event is one thing that happened to a transaction.
type Event struct {
	At     time.Time          `json:"at"`
	State  capabilities.State `json:"state"`
	Detail string             `json:"detail,omitempty"`
}

// Question is how often a reference was asked for.
type Question struct {
	Asks  int
	First time.Time
	// Wait is how long it is until the next question may be asked. Above zero,
	// the question was not counted.
	Wait time.Duration
}

// Filter chooses transactions. Its zero fields choose all.
type Filter struct {
	Provider    string
	Environment string
	Reference   string
	State       capabilities.State
	Since       time.Time
	// Open chooses those whose outcome is still to come.
	Open bool
	// Limit is the most that are returned, the newest first; 0 is no limit.
	Limit int
}

// Spending chooses what a limit adds up: what was or may still be paid since
// a time. No Party is everybody.
type Spending struct {
	Provider    string
	Environment string
	Effect      capabilities.Effect
	Currency    capabilities.Currency
	Party       string
	Since       time.Time
}

// View reads the ledger. The one that Claim hands out does so within the
// claim: nothing can change between what it says and the claim.
type View interface {
	// Find returns the transaction of a key.
	Find(ctx context.Context, k Key) (t Transaction, found bool, err error)
	// Spent adds up amounts, in minor units. What failed or was not sent does
	// not count.
	Spent(ctx context.Context, s Spending) (int64, error)
	// Similar finds a transaction of the same capability, party and amount
	// under another reference, the newest one: of any since a time, and of
	// payouts whose outcome is open whenever they began.
	Similar(ctx context.Context, t Transaction, since time.Time) (Transaction, bool, error)
	// Vain counts the collections from a party that were begun since a time and
	// did not succeed, or not yet.
	Vain(ctx context.Context, t Transaction, since time.Time) (int, error)
	// Approval returns the newest approval of a digest in a state that has not
	// expired.
	Approval(ctx context.Context, digest string, state ApprovalState, now time.Time) (Approval, bool, error)
	// Acknowledged reports whether a notice was acknowledged in this version.
	Acknowledged(ctx context.Context, notice, version string) (bool, error)
}

// Claim is a wish to begin a transaction.
type Claim struct {
	Transaction
	// Approval is the id of the approval that the claim uses up, if it needs one,
	// and ApprovalDigest what it has to be for.
	Approval       string
	ApprovalDigest string
	// Anew begins a transaction again that ended without success.
	Anew bool
	// Detail is what the first event says.
	Detail string
}

// Errors of a claim.
var (
	// ErrTaken means that the reference is not free.
	ErrTaken = errors.New("ledger: the reference is taken")
	// ErrApproval means that the approval was decided or used before, has
	// expired, or never was.
	ErrApproval = errors.New("ledger: the approval was decided or used before, has expired, or never was")
)

// MostConfirmations is how many confirmations one transaction gets: enough for
// a mistyped code, too few to guess one.
const MostConfirmations = 5

// ErrConfirmations means that a transaction had MostConfirmations.
var ErrConfirmations = fmt.Errorf("ledger: %d confirmations were sent already", MostConfirmations)

// Confirmations counts the confirmations among a transaction's events.
func Confirmations(all []Event) int {
	return len(slices.DeleteFunc(slices.Clone(all), func(e Event) bool { return e.Detail != confirming }))
}

// Ledger is the record. It is safe for concurrent use, also by several
// processes. Every write that concerns money is durable when it returns.
type Ledger interface {
	View
	// Claim takes a reference, in one step with what judge says of the ledger
	// at that moment and with using up the approval. judge may complete the
	// claim. The error is judge's, ErrTaken, ErrApproval, or one of the storage:
	// then nothing was taken.
	Claim(ctx context.Context, c *Claim, judge func(View) error) error
	// Sending records that a request is about to leave on a network.
	Sending(ctx context.Context, k Key, network string, at time.Time) error
	// Confirming records that a confirmation of an open transaction is about to
	// leave. ErrConfirmations says that enough were sent.
	Confirming(ctx context.Context, k Key, at time.Time) error
	// Fulfil records that somebody is told to fulfil a transaction, and returns
	// when that was told before; then nothing is recorded. The zero time is never.
	Fulfil(ctx context.Context, k Key, at time.Time) (before time.Time, err error)
	// Settle records an outcome. A final state stays what it is, unless money has
	// moved after all: success replaces every other one. A provider that
	// contradicts a final state leaves an event. Only the process that claimed a
	// transaction can say that it was not sent.
	Settle(ctx context.Context, k Key, s Settlement) error
	// Ask counts a question, unless one was counted less than interval before.
	Ask(ctx context.Context, k Key, now time.Time, interval time.Duration) (Question, error)
	// Asked returns the questions counted so far.
	Asked(ctx context.Context, k Key) (Question, error)
	// List returns transactions, the newest first.
	List(ctx context.Context, f Filter) ([]Transaction, error)
	// Events returns what happened to a transaction, the oldest first.
	Events(ctx context.Context, k Key) ([]Event, error)
	// Recover settles what processes left that are no more: what they had
	// claimed was not sent, what they had sent is unknown. It returns how many.
	Recover(ctx context.Context, at time.Time) (int, error)

	// PutApproval adds an approval that waits for a human, unless one with the
	// same digest waits already.
	PutApproval(ctx context.Context, a Approval) error
	// FindApproval returns an approval by its id.
	FindApproval(ctx context.Context, id string) (Approval, bool, error)
	// Approvals returns those that wait for a human at a time, the oldest first;
	// with decided, all of them.
	Approvals(ctx context.Context, now time.Time, decided bool) ([]Approval, error)
	// Decide records what a human said, once and before it expires; otherwise
	// the error is ErrApproval.
	Decide(ctx context.Context, id string, d Decision) error
	// Acknowledge records that a human has taken note.
	Acknowledge(ctx context.Context, a Acknowledgement) error
	// Acknowledgements returns all of them.
	Acknowledgements(ctx context.Context) ([]Acknowledgement, error)

	Close() error
}

// Settlement is what became of a transaction.
type Settlement struct {
	State   capabilities.State
	Network string // empty leaves what is on record
	Refusal *capabilities.Refusal
	Detail  string
	At      time.Time
	// Claimed is set on what a question brought: when what was asked for had
	// begun. Of what was begun anew meanwhile, or is on its way, the answer says
	// nothing, unless money has moved.
	Claimed time.Time
}

// ApprovalState is where an approval stands.
type ApprovalState string

// The states of an approval. An approved one is used at most once.
const (
	Waiting  ApprovalState = "waiting"
	Approved ApprovalState = "approved"
	Denied   ApprovalState = "denied"
	Used     ApprovalState = "used"
)

// Approval is a payment that a human decides on.
type Approval struct {
	ID string
	Key
	Capability string
	// Digest binds it to one input, one environment, one policy and one doubt.
	Digest string
	// Facts is what the human is shown, sealed.
	Facts   []byte
	State   ApprovalState
	Asked   time.Time
	Expires time.Time
	Decision
	Used time.Time
}

// Decision is what a human said.
type Decision struct {
	Approve bool
	By      string // who
	Channel string // where: terminal, elicitation
	At      time.Time
}

// Acknowledgement says that a human has taken note of a notice.
type Acknowledgement struct {
	Notice  string
	Version string // of its text
	By      string
	Channel string
	At      time.Time
}
