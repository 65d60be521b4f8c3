package capabilities

import (
	"context"
	"errors"
	"sync"
)

type sendingKey struct{}

// sending is what a request that is about to leave needs to know of its call.
type sending struct {
	effect Effect
	before func(context.Context, Sending) error
	once   sync.Once
	err    error
}

func withSending(ctx context.Context, effect Effect, before func(context.Context, Sending) error) context.Context {
	return context.WithValue(ctx, sendingKey{}, &sending{effect: effect, before: before})
}

// BeforeSend asks the host for leave to send a request that may move money,
// and tells it so that it can write it down first. Package transport calls it;
// a provider that sends by other means has to, just before. Whoever gets an
// error, which is a *Refusal, must not send.
func BeforeSend(ctx context.Context) error {
	s, ok := ctx.Value(sendingKey{}).(*sending)
	if !ok || s.before == nil || !s.effect.MovesMoney() {
		return nil
	}
	s.once.Do(func() { s.err = withheld(s.before(ctx, sendingOn(ctx))) })
	return s.err
}

type networkKey struct{}

// OnNetwork says which network the request takes that is sent with the context
// it returns. A host that knows it can ask for the payment's state later, even
// if no answer ever came.
func OnNetwork(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, networkKey{}, id)
}

func sendingOn(ctx context.Context) Sending {
	id, _ := ctx.Value(networkKey{}).(string)
	return Sending{Network: id}
}

// withheld is the refusal that a host's no means.
func withheld(err error) error {
	var r *Refusal
	if err == nil || errors.As(err, &r) {
		return err
	}
	return NotSent("the host gave no leave to send: " + err.Error())
}

// MovesMoney reports whether the call that ctx belongs to may move money.
// Outside a call it says that it may.
func MovesMoney(ctx context.Context) bool {
	s, ok := ctx.Value(sendingKey{}).(*sending)
	return !ok || s.effect.MovesMoney()
}

// NotKnown says that something was sent and its answer tells nothing: for a
// question that is a failed question, for money it is an unknown outcome.
func NotKnown(ctx context.Context, message string) *Refusal {
	if MovesMoney(ctx) {
		return MayHaveHappened(message)
	}
	return NothingChanged(message)
}
