package capabilities

import (
	"context"
	"sync"
)

type sendingKey struct{}

// sending is what a request that is about to leave needs to know of its call.
type sending struct {
	effect Effect
	before func(context.Context) error
	once   sync.Once
	err    error
}

func withSending(ctx context.Context, effect Effect, before func(context.Context) error) context.Context {
	return context.WithValue(ctx, sendingKey{}, &sending{effect: effect, before: before})
}

// BeforeSend asks the host for leave to send a request that may move money,
// and tells it so that it can write it down first. Package transport calls it;
// a provider that sends by other means has to, just before. Whoever gets an
// error must not send.
func BeforeSend(ctx context.Context) error {
	s, ok := ctx.Value(sendingKey{}).(*sending)
	if !ok || s.before == nil || !s.effect.MovesMoney() {
		return nil
	}
	s.once.Do(func() { s.err = s.before(ctx) })
	return s.err
}

// MovesMoney reports whether the call that ctx belongs to may move money.
// Outside a call it says that it may.
func MovesMoney(ctx context.Context) bool {
	s, ok := ctx.Value(sendingKey{}).(*sending)
	return !ok || s.effect.MovesMoney()
}
