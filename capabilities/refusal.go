package capabilities

import (
	"encoding/json"
	"fmt"
)

// RefusalKind says why there is no outcome, and so what may be done next.
type RefusalKind string

// The kinds of refusal. Refused and Held are the host's own; a provider
// answers with the others.
const (
	Invalid          RefusalKind = "invalid"           // the input is wrong; nothing was sent
	Refused          RefusalKind = "refused"           // a guard said no; nothing was sent
	Held             RefusalKind = "held"              // a human has to act; nothing was sent
	Misconfigured    RefusalKind = "misconfigured"     // the operator has to set something; nothing moved
	ProviderRejected RefusalKind = "provider_rejected" // the provider said no, finally; nothing moved
	Unavailable      RefusalKind = "unavailable"       // nothing that moves money was sent: safe to retry
	UnknownOutcome   RefusalKind = "unknown_outcome"   // it may have happened: ask for the status, do not retry
)

// RefusalKinds lists every kind.
func RefusalKinds() []RefusalKind {
	return []RefusalKind{Invalid, Refused, Held, Misconfigured, ProviderRejected, Unavailable, UnknownOutcome}
}

// Refusal is the error of every call that has no outcome. Its texts reach the
// agent, so they never hold a secret.
type Refusal struct {
	Kind    RefusalKind `json:"kind"`
	Guard   string      `json:"guard,omitempty"` // the guard that refused
	Message string      `json:"message"`         // what happened, and to what
	Fix     string      `json:"fix"`             // the way out
	// Problems lists what is wrong with an input, field by field.
	Problems []Problem `json:"problems,omitempty"`
	// AfterSeconds says when the same question may be asked again.
	AfterSeconds int `json:"after_seconds,omitempty"`
	// Response is the provider's own answer, where there was one.
	Response json.RawMessage `json:"provider_response,omitempty"`
}

// Problem is one thing that is wrong with an input.
type Problem struct {
	Field  string `json:"field"`
	Found  string `json:"found"`
	Wanted string `json:"wanted"`
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: found %s, wanted %s", p.Field, p.Found, p.Wanted)
}

func (r *Refusal) Error() string {
	if r.Fix == "" {
		return fmt.Sprintf("%s: %s", r.Kind, r.Message)
	}
	return fmt.Sprintf("%s: %s; %s", r.Kind, r.Message, r.Fix)
}

// WithResponse adds the provider's own answer to the refusal, as v marshals.
func (r *Refusal) WithResponse(v any) *Refusal {
	if b, err := json.Marshal(v); err == nil {
		r.Response = b
	}
	return r
}

// InvalidField refuses an input because of one field.
func InvalidField(field, found, wanted string) *Refusal {
	return InvalidInput(Problem{Field: field, Found: found, Wanted: wanted})
}

// InvalidInput refuses an input; at least one problem is given.
func InvalidInput(problems ...Problem) *Refusal {
	r := &Refusal{Kind: Invalid, Problems: problems, Fix: "correct the input and call again; nothing was sent"}
	for i, p := range problems {
		if i > 0 {
			r.Message += "; "
		}
		r.Message += p.String()
	}
	return r
}

// Rejected is the provider's final no: no money moved and none will.
func Rejected(message, fix string) *Refusal {
	return &Refusal{Kind: ProviderRejected, Message: message, Fix: fix}
}

// Misconfiguration says that the operator has to set or change something.
func Misconfiguration(message, fix string) *Refusal {
	return &Refusal{Kind: Misconfigured, Message: message, Fix: fix}
}

// NotSent says that nothing reached the provider.
func NotSent(message string) *Refusal {
	return &Refusal{Kind: Unavailable, Message: message, Fix: "nothing was sent: the same call may be made again"}
}

// NothingChanged says that a question was asked and not answered. Nothing
// moved, and it may be asked again.
func NothingChanged(message string) *Refusal {
	return &Refusal{Kind: Unavailable, Message: message, Fix: "nothing was changed: ask again"}
}

// MayHaveHappened says that a request was sent and its outcome is not known.
func MayHaveHappened(message string) *Refusal {
	return &Refusal{Kind: UnknownOutcome, Message: message,
		Fix: "do not send it again: ask for the status of this reference until it is final"}
}
