package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
)

// survive performs the call. A bug that it runs into is its own end, not the
// host's: other calls may be moving money.
func (c *call) survive(ctx, caller context.Context) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			c.answer.clear()
			err = c.lost(fmt.Errorf("a bug ended this call: %v", bug))
			c.settle(ctx, err)
		}
	}()
	return c.perform(ctx, caller)
}

// lost is what an error means that does not say itself: it depends on whether
// leave to send was given.
func (c *call) lost(err error) error {
	if c.progress.sent.Load() {
		return capabilities.MayHaveHappened(err.Error())
	}
	return capabilities.NotSent(err.Error())
}

// perform invokes the provider and records what came of it. caller ends when
// whoever asked goes away.
func (c *call) perform(ctx, caller context.Context) error {
	out, err := c.invoke(ctx, caller)
	switch {
	case err == nil && c.tool.capability.Kind == capabilities.Webhook:
		return c.judge(ctx, out)
	case err == nil:
		err = c.accept(ctx, out)
	}
	if err != nil {
		err = c.either(err)
		c.settle(ctx, err)
	}
	return err
}

// either is what a refusal means of what was sent before: nothing final,
// because the first request may have arrived.
func (c *call) either(err error) error {
	var r *capabilities.Refusal
	if !c.again() || !c.progress.sent.Load() || !errors.As(err, &r) || r.Kind == capabilities.UnknownOutcome {
		return err
	}
	lost := capabilities.MayHaveHappened(r.Message + "; but it was sent before, and that request may have arrived")
	lost.Response = r.Response
	return lost
}

// invoke calls the provider. What its process does not survive to tell, it
// tells from whether leave to send was given.
func (c *call) invoke(ctx, caller context.Context) (json.RawMessage, error) {
	timeout := c.tool.capability.Timeout
	if timeout <= 0 {
		timeout = capabilities.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	inner := capabilities.Call{Capability: c.tool.capability.Name, Input: c.input}
	if c.moves() {
		inner.BeforeSend = func(ctx context.Context, s capabilities.Sending) error { return c.leave(ctx, caller, s) }
	}
	out, err := c.tool.provider.Process.Invoke(ctx, inner)
	var r *capabilities.Refusal
	if err == nil || errors.As(err, &r) {
		return out, err
	}
	return nil, c.lost(err)
}

// leave records that a request is about to leave, and only then lets it.
func (c *call) leave(ctx, caller context.Context, s capabilities.Sending) error {
	if caller.Err() != nil && !c.progress.answered.Load() {
		return errors.New("the caller has gone")
	}
	record := func(ctx context.Context) error { return c.host.ledger.Sending(ctx, c.key(), s.Network, c.host.now()) }
	if c.confirms() {
		record = func(ctx context.Context) error { return c.host.ledger.Confirming(ctx, c.key(), c.host.now()) }
	}
	if err := record(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("it could not be recorded first: %w", err)
	}
	c.progress.sent.Store(true)
	return nil
}

// accept takes an outcome: it settles what only the host can know, checks the
// answer against its schema and records it. What is of no use is not recorded:
// a final state would stay.
func (c *call) accept(ctx context.Context, out json.RawMessage) error {
	if err := c.answer.take(out); err != nil {
		return c.unreadable(err)
	}
	a := c.answer
	var err error
	if c.inferred != "" {
		a.Notes = append([]string{c.inferred}, a.Notes...)
	}
	if err := c.elsewhere(ctx); err != nil {
		return err
	}
	if a.doubt {
		if err := c.weigh(ctx); err != nil {
			return err
		}
	}
	if a.Reference == "" {
		a.Reference = c.shown()
	} else if c.reference() == "" && c.tool.capability.Kind == capabilities.CheckStatus {
		c.fields[capabilities.RoleReference] = a.Reference // asked by the provider's own id
	}
	c.recall()
	if t, known, err := c.recorded(context.Background()); err == nil && known && t.State.Final() && a.State != "" && a.State != t.State && c.tells(ctx) {
		a.Notes = append(a.Notes, fmt.Sprintf("on record it is %s since %s, and the provider says %s now: have the provider clear that up", t.State, t.Updated.Format(time.RFC3339), a.State))
	}
	if c.again() && a.State.Final() && a.State != capabilities.Succeeded {
		a.State = capabilities.Unknown // the first request may have arrived
	}
	if a.State != "" {
		final := a.State.Final()
		a.Final = &final
	}
	tells := a.State != "" && c.tells(ctx)
	s := ledger.Settlement{State: a.State, Network: a.Network, At: c.host.now()}
	if asked, found, _ := c.find(ctx); found && !c.moves() {
		s.Claimed = asked.Claimed
	}
	if a.absent && tells && a.State == capabilities.Failed { // or it is in doubt
		if s, tells, err = c.resendable(ctx, s); err != nil {
			return err
		}
	}
	c.advise()
	if err := c.check(); err != nil {
		return err
	}
	if tells {
		c.record(ctx, s)
	}
	return nil
}

// resendable is what the record gets of a transaction that was never created:
// it may be sent again where the manifest says so. What is still on its way is
// not known yet.
func (c *call) resendable(ctx context.Context, s ledger.Settlement) (ledger.Settlement, bool, error) {
	a, m := c.answer, c.tool.provider.Manifest
	t, _, err := c.find(ctx)
	if err != nil {
		return s, false, err
	}
	began, ok := m.Capability(t.Capability)
	if !ok || !began.Resend || t.State.Final() { // a rejection, say: there is nothing to send again
		return s, true, nil
	}
	if _, err := c.host.ledger.Recover(ctx, c.host.now()); err != nil { // what a crash left is on its way no more
		return s, false, err
	}
	now, _, err := c.host.ledger.Find(ctx, t.Key)
	if err != nil {
		return s, false, err
	}
	final := false
	a.State, a.Final = capabilities.Unknown, &final
	if t.State == ledger.Sent || now.State == ledger.Claimed || now.State == ledger.Sent || !now.Claimed.Equal(t.Claimed) {
		a.Notes = append(a.Notes, "the provider does not know it, and it is still on its way from here: ask again")
		return s, false, nil
	}
	a.Next = &capabilities.Next{Tool: ToolName(m.Slug, began.Name)}
	a.does("it was never created: make exactly the same call again, with the same reference")
	s.State, s.Claimed = ledger.Absent, t.Claimed
	s.Detail = "the provider says that it was never created, and takes the same again"
	return s, true, nil
}

// elsewhere disbelieves a provider that does not know a transaction, if it was
// begun with another account than that which was asked with now.
func (c *call) elsewhere(ctx context.Context) error {
	a := c.answer
	if !a.doubt && !a.absent {
		return nil
	}
	t, known, err := c.recorded(ctx)
	if err != nil || !known || t.Account == "" {
		return err
	}
	account, err := c.account()
	if err != nil || account == t.Account {
		return err
	}
	a.State, a.doubt, a.absent = capabilities.Unknown, false, false
	a.Notes = append(a.Notes, "it was begun with another account or address than this server is set to, so that the provider does not know it here says nothing")
	return nil
}

// tells reports whether the outcome is that of the transaction on record: the
// call began it, or is the question that its capability names.
func (c *call) tells(ctx context.Context) bool {
	if c.moves() {
		return true
	}
	t, found, err := c.find(ctx)
	if err != nil || !found || t.State == ledger.Claimed { // which its own call will tell of
		return false
	}
	began, ok := c.tool.provider.Manifest.Capability(t.Capability)
	return ok && began.Status == c.tool.capability.Name
}

// recall adds the amount on record to an answer that has none, and says so if
// the provider's is another one. Of sums, one has to be the recorded.
func (c *call) recall() {
	a := c.answer
	t, found, err := c.recorded(context.Background())
	if err != nil || !found || !t.Money.Known() {
		return
	}
	said := a.sums
	if a.Amount != "" {
		said = []capabilities.Sum{{Amount: a.Amount, Currency: a.Currency}}
	}
	if len(said) == 0 || slices.ContainsFunc(said, func(s capabilities.Sum) bool { return s.Is(t.Money) }) {
		a.Amount, a.Currency = t.Money.Amount(), t.Money.Currency()
		return
	}
	a.differs = true
	if t.Effect != capabilities.Collects && a.State == capabilities.Succeeded {
		a.State = capabilities.Unknown // another payout was made under this reference; whether this one was, nobody knows
	}
	a.Notes = append(a.Notes, fmt.Sprintf("the provider says %s, and %s is on record: do not fulfil before that is cleared up", spelled(said), t.Money))
}

// spelled lists sums for people.
func spelled(all []capabilities.Sum) string {
	var s []string
	for _, one := range all {
		s = append(s, fmt.Sprintf("%s %s", one.Amount, one.Currency))
	}
	return strings.Join(s, " and ")
}

func (c *call) check() error {
	b, err := json.Marshal(c.answer)
	if err != nil {
		return c.unreadable(err)
	}
	if problems := c.schema.out.Validate(b); len(problems) > 0 {
		return c.unreadable(fmt.Errorf("%s", capabilities.Problem(problems[0])))
	}
	return nil
}

// unreadable says that the provider's process answered, and that the answer is
// of no use.
func (c *call) unreadable(err error) error {
	c.answer.clear()
	message := fmt.Sprintf("the provider process %s answered what its schema does not allow: %v", c.tool.provider.Manifest.Slug, err)
	if c.moves() {
		return capabilities.MayHaveHappened(message)
	}
	return capabilities.NotSent(message)
}

// weigh decides what a failure in doubt is: the provider says the same of a
// transaction that it does not know yet.
func (c *call) weigh(ctx context.Context) error {
	t, known, err := c.recorded(ctx)
	if err != nil {
		return err
	}
	q, err := c.asked(ctx)
	if err != nil {
		return err
	}
	if !known {
		c.answer.State = capabilities.Unknown
		c.answer.Notes = append(c.answer.Notes, "the provider says failed or not known; this payment was not started here, so which of the two cannot be told")
		return nil
	}
	polling := c.polling()
	if polling == nil {
		c.answer.State = capabilities.Unknown
		return nil
	}
	if q.Asks >= polling.DoubtAsks && c.host.now().Sub(t.Claimed) >= time.Duration(polling.DoubtFor)*time.Second {
		return nil // asked often and long enough: it failed
	}
	c.answer.State = capabilities.Pending
	c.answer.Notes = append(c.answer.Notes, "the provider says failed or not known yet; shortly after the start it is the latter more often: ask again before declaring failure")
	return nil
}

// polling is the pace of the capability that reads this transaction's state.
func (c *call) polling() *capabilities.Polling {
	if s, ok := c.tool.provider.Manifest.Capability(c.tool.capability.Status); ok {
		return s.Polling
	}
	return nil
}
