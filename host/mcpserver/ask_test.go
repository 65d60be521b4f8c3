package mcpserver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/ledger"
	"github.com/mcp-payments/mcp-payments/host/mcpserver"
)

// question makes a payout and returns what the user is asked, and how to
// answer it: the same test then serves both eras.
func (a *agent) question(args arguments) (elicitation, func(answer any) message) {
	a.t.Helper()
	m := a.call(args)
	if a.era == legacy {
		if m.Method != "elicitation/create" {
			a.t.Fatalf("it is not asked: %s", m.raw)
		}
		return m.Params, func(answer any) message {
			a.t.Helper()
			a.responds(m.ID, answer)
			return a.receive()
		}
	}
	if m.Result.Type != "input_required" || len(m.Result.Requests) != 1 || m.Result.Requests["approval"].Method != "elicitation/create" {
		a.t.Fatalf("it is not asked: %s", m.raw)
	}
	return m.Result.Requests["approval"].Params, func(answer any) message {
		a.t.Helper()
		return a.call(args, answering(m.Result.State, answer))
	}
}

// eras runs a test with an agent of each era whose client can ask its user.
func eras(t *testing.T, test func(*testing.T, *office, *agent)) {
	t.Helper()
	for _, era := range []string{modern, legacy} {
		t.Run(era, func(t *testing.T) {
			o := newOffice(t)
			test(t, o, o.hire(era, form))
		})
	}
}

// TestAHumanIsAskedWithEverything: who approves has seen what is paid, to
// whom, by whom and where.
func TestAHumanIsAskedWithEverything(t *testing.T) {
	eras(t, func(t *testing.T, o *office, a *agent) {
		asked, answer := a.question(pays("ORDER-1").but("description", "shoes\namount: 5 XOF"))
		for _, fact := range []string{
			"amount: 5000 XOF\n", "number: 22890112233\n", "network: north\n", "reference: ORDER-1\n",
			"what: Pay somebody (bank_pay_out)\n", "provider: The Bank\n", "environment: sandbox\n",
			"description: shoes\uFFFDamount: 5 XOF\n", // what the agent writes begins no line
		} {
			if !strings.Contains(asked.Message, "\n"+fact) {
				t.Errorf("%q is not in the question:\n%s", fact, asked.Message)
			}
		}
		if strings.Count(asked.Message, "\namount: ") != 1 {
			t.Errorf("two lines name an amount:\n%s", asked.Message)
		}
		if schema := string(asked.Schema); !strings.Contains(schema, `"decision"`) || !strings.Contains(schema, `"required":["decision"]`) || strings.Contains(schema, `"default"`) {
			t.Errorf("the form is %s", schema)
		}
		o.paid()
		answer(approves()).is(t, "")
		o.paid("ORDER-1")
	})
}

// TestApproved: the payout is sent once, and who approved it is on record.
func TestApproved(t *testing.T) {
	eras(t, func(t *testing.T, o *office, a *agent) {
		_, answer := a.question(pays("ORDER-1"))
		m := answer(approves())
		m.is(t, "")
		if s := m.Result.Structured; s.State != capabilities.Succeeded || s.Reference != "ORDER-1" {
			t.Errorf("it is %s of %s", s.State, s.Reference)
		}
		used := o.cases(ledger.Used)
		if len(used) != 1 || used[0].By != "editor 1.2" || used[0].Channel != "elicitation" || !used[0].Approve || used[0].Reference != "ORDER-1" || used[0].Used.IsZero() {
			t.Errorf("the approval on record is %+v", used)
		}
		a.call(pays("ORDER-1")).is(t, "") // what is on record
		o.paid("ORDER-1")
		if waiting := o.cases(ledger.Waiting); len(waiting) != 0 {
			t.Errorf("a human is asked again: %+v", waiting)
		}
	})
}

// TestDenied: a no is a no, and nobody is asked again.
func TestDenied(t *testing.T) {
	eras(t, func(t *testing.T, o *office, a *agent) {
		for reference, no := range map[string]map[string]any{
			"DENY": denies(), "DECLINE": says("decline", nil), "DECLINE-AND-APPROVE": says("decline", approves()["content"]),
		} {
			_, answer := a.question(pays(reference))
			answer(no).is(t, capabilities.Refused)
			for range 3 {
				m := a.call(pays(reference)) // the first that comes is the answer, no question
				m.is(t, capabilities.Refused)
				if !strings.Contains(m.Result.Structured.Message, "a human said no") {
					t.Errorf("%s: it says %s", reference, m.Result.Structured.Message)
				}
			}
		}
		denied := o.cases(ledger.Denied)
		for _, c := range denied {
			if c.By != "editor 1.2" || c.Channel != "elicitation" || c.Approve {
				t.Errorf("on record is %+v", c)
			}
		}
		if len(denied) != 3 || len(o.cases(ledger.Waiting)) > 0 {
			t.Errorf("%d were denied", len(denied))
		}
		o.paid()
	})
}

// TestAnAnswerThatDecidesNothing leaves the payout held, where a terminal can
// still approve it.
func TestAnAnswerThatDecidesNothing(t *testing.T) {
	content := func(v any) map[string]any { return says("accept", v) }
	answers := map[string]any{
		"cancel":                   says("cancel", nil),
		"cancel with approve":      says("cancel", approves()["content"]),
		"no action":                map[string]any{"content": approves()["content"]},
		"another action":           says("approve", approves()["content"]),
		"an action in capitals":    says("ACCEPT", approves()["content"]),
		"accept without content":   content(nil),
		"accept with nothing":      content(map[string]any{}),
		"accept with a word":       content("approve"),
		"accept with a list":       content([]string{"approve"}),
		"accept with a boolean":    content(true),
		"the decision is true":     content(map[string]any{"decision": true}),
		"the decision is a number": content(map[string]any{"decision": 1}),
		"the decision is a list":   content(map[string]any{"decision": []string{"approve"}}),
		"the decision is null":     content(map[string]any{"decision": nil}),
		"the decision is nested":   content(map[string]any{"decision": map[string]any{"decision": "approve"}}),
		"the decision is nearly":   content(map[string]any{"decision": "approved"}),
		"the decision in capitals": content(map[string]any{"decision": "APPROVE"}),
		"the decision with space":  content(map[string]any{"decision": " approve"}),
		"another field":            content(map[string]any{"approve": true, "Decision": "approve"}),
	}
	eras(t, func(t *testing.T, o *office, a *agent) {
		var want []string
		for name, said := range answers {
			t.Run(name, func(t *testing.T) {
				reference := fmt.Sprintf("ORDER-%d", 100+len(want))
				p := pays(reference).but("msisdn", fmt.Sprintf("22890112%d", 100+len(want)))
				_, answer := a.question(p)
				id := o.waiting().ID
				answer(said).heldAt(t, id)
				o.paid(want...)
				o.decides(id, true)
				a.call(p).is(t, "")
				want = append(want, reference)
				o.paid(want...)
			})
		}
	})
}

// TestOnlyWhoCanAskIsAsked: without a form there is nobody to ask, and the
// answer says where a human decides.
func TestOnlyWhoCanAskIsAsked(t *testing.T) {
	o := newOffice(t)
	for _, era := range []string{modern, legacy} {
		for declares, asked := range map[string]bool{
			`{}`:                                   false,
			`{"elicitation":null}`:                 false,
			`{"elicitation":{"url":{}}}`:           false,
			`{"sampling":{},"roots":{}}`:           false,
			`{"elicitation":{}}`:                   true,
			form:                                   true,
			`{"elicitation":{"form":{},"url":{}}}`: true,
		} {
			m := o.hire(era, declares).call(pays("ORDER-1"))
			if got := m.Method == "elicitation/create" || m.Result.Type == "input_required"; got != asked {
				t.Errorf("%s, %s: asked %v, want %v: %s", era, declares, got, asked, m.raw)
			}
			if !asked {
				m.heldAt(t, o.waiting().ID)
			}
		}
	}
	o.paid()
}

// TestAClientThatHangs: some clients say that they can ask, and never answer.
// The payout stays held, and what they say later counts for nothing.
func TestAClientThatHangs(t *testing.T) {
	o := newOffice(t)
	s, err := mcpserver.New(o.Host, "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	s.AskFor(time.Millisecond)
	a := serve(t, s, legacy, form)
	asked := a.call(pays("ORDER-1"))
	if asked.Method != "elicitation/create" {
		t.Fatalf("it is not asked: %s", asked.raw)
	}
	id := o.waiting().ID
	a.receive().heldAt(t, id)
	a.responds(asked.ID, approves())
	a.send("tools/list", map[string]any{}) // its answer comes after the server has read the other one
	a.receive()
	o.paid()
	if o.waiting().ID != id {
		t.Errorf("%s waits, not %s", o.waiting().ID, id)
	}
	o.decides(id, true)
	a.call(pays("ORDER-1")).is(t, "")
	o.paid("ORDER-1")
}

// TestAClientThatFails to ask, or goes away while it asks, leaves the payout
// held.
func TestAClientThatFails(t *testing.T) {
	o := newOffice(t)
	a := o.hire(legacy, form)
	asked := a.call(pays("ORDER-1"))
	a.write(map[string]any{"jsonrpc": "2.0", "id": asked.ID, "error": map[string]any{"code": -32603, "message": "no window"}})
	a.receive().heldAt(t, o.waiting().ID)

	call := a.send("tools/call", parameters(pays("ORDER-1")))
	if m := a.receive(); m.Method != "elicitation/create" {
		t.Fatalf("it is not asked: %s", m.raw)
	}
	a.write(map[string]any{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": map[string]any{"requestId": call}})
	a.receive().heldAt(t, o.waiting().ID)
	o.paid()
}

// TestEachQuestionHasItsOwnAnswer: of two that a client asks at once, only the
// approved one is sent.
func TestEachQuestionHasItsOwnAnswer(t *testing.T) {
	o := newOffice(t)
	a := o.hire(legacy, form)
	calls := map[int]string{}
	for _, reference := range []string{"ORDER-1", "ORDER-2"} {
		// Two people, or the second would look like a repeat.
		to := map[string]string{"ORDER-1": "22890112233", "ORDER-2": "22890112244"}[reference]
		calls[a.send("tools/call", parameters(pays(reference).but("msisdn", to)))] = reference
	}
	var second int
	for range calls {
		m := a.receive()
		if strings.Contains(m.Params.Message, "reference: ORDER-2\n") {
			second = m.ID
		}
	}
	a.responds(second, approves())
	m := a.receive()
	m.is(t, "")
	if calls[m.ID] != "ORDER-2" {
		t.Errorf("%s is answered", calls[m.ID])
	}
	o.paid("ORDER-2")
	if w := o.waiting(); w.Reference != "ORDER-1" {
		t.Errorf("%s waits", w.Reference)
	}
}

// TestTheStateTellsTheClientNothing: what travels through it is sealed.
func TestTheStateTellsTheClientNothing(t *testing.T) {
	o := newOffice(t)
	a := o.hire(modern, form)
	states := []string{a.token(pays("ORDER-1")), a.token(pays("ORDER-1"))}
	if states[0] == states[1] {
		t.Error("two questions have one state")
	}
	id := o.waiting().ID // both are about one case
	for _, s := range states {
		for _, secret := range []string{id, "ORDER", "22890112233", "5000"} {
			if strings.Contains(string(decoded(t, s)), secret) {
				t.Errorf("%s can be read in the state", secret)
			}
		}
	}
}
