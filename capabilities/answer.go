package capabilities

import "encoding/json"

// Answer is the envelope of every tool, as the host fills it. On success it
// tells an outcome, on refusal the reason and the way out. A tool's output
// schema is this type and the capability's own output in one closed object.
type Answer struct {
	Provider    string   `json:"provider"`
	Capability  string   `json:"capability"`
	Environment string   `json:"environment"`
	Reference   string   `json:"reference,omitempty"`
	State       State    `json:"state,omitempty" jsonschema:"enum=pending,enum=succeeded,enum=failed,enum=expired,enum=cancelled,enum=unknown"`
	Final       *bool    `json:"final,omitempty"`
	Amount      Amount   `json:"amount,omitempty"`
	Currency    Currency `json:"currency,omitempty"`
	Network     string   `json:"network,omitempty"`
	Notes       []string `json:"notes,omitempty"`

	Kind     RefusalKind `json:"kind,omitempty"`
	Guard    string      `json:"guard,omitempty"`
	Message  string      `json:"message,omitempty"`
	Fix      string      `json:"fix,omitempty"`
	Problems []Problem   `json:"problems,omitempty"`

	Approval *Approval       `json:"approval,omitempty"`
	Next     *Next           `json:"next,omitempty"`
	Response json.RawMessage `json:"provider_response,omitempty"`
	Gotchas  []Note          `json:"gotchas,omitempty"`
}

// Reserved lists the fields of an answer that are the host's: no provider may
// set them.
func Reserved() []string {
	return []string{"provider", "capability", "environment", "final", "kind", "guard", "message", "fix", "problems", "approval", "next", "gotchas"}
}

// Approval says where a human decides on a call that is held.
type Approval struct {
	ID        string `json:"id"`
	ExpiresAt string `json:"expires_at"` // RFC 3339
}
