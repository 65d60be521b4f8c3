package capabilities

import "encoding/json"

// Outcome is what every answer about one transaction holds. A handler's
// output type embeds it and adds the provider's own answer as a field
// provider_response.
type Outcome struct {
	Reference string   `json:"reference,omitempty"`
	State     State    `json:"state,omitempty" jsonschema:"enum=pending,enum=succeeded,enum=failed,enum=expired,enum=cancelled,enum=unknown"`
	Amount    Amount   `json:"amount,omitempty"`
	Currency  Currency `json:"currency,omitempty"`
	Network   string   `json:"network,omitempty"`
	// Notes says in plain words what the caller should know of this answer.
	Notes []string `json:"notes,omitempty"`
	// Action is what a person has to do next, and where. The host puts it into
	// the answer's next.
	Action string `json:"action,omitempty" jsonschema:"-"`
	// Sums are what the provider says that moved, where it tells more than one
	// amount and not which of them was asked for: what a transfer writes off and
	// what arrives. The host compares them with the record.
	Sums []Sum `json:"sums,omitempty" jsonschema:"-"`
	// Doubt is set on a failed state that the provider also reports for a
	// transaction it does not know yet. The host reads and removes it: only the
	// host knows how long ago the transaction began and how often it was asked.
	Doubt bool `json:"doubt,omitempty" jsonschema:"-"`
	// Absent is set on a failed state that stands for more than a failure: the
	// provider is sure that the transaction was never created. The host reads and
	// removes it.
	Absent bool `json:"absent,omitempty" jsonschema:"-"`
}

// Fact is something that a human should see of a call before approving it.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Leaves is set where it tells what the call costs the merchant in another
	// currency than the input's: limits hold that too.
	Leaves *Sum `json:"leaves,omitempty"`
}

// Sum is an amount with its currency.
type Sum struct {
	Amount   Amount   `json:"amount"`
	Currency Currency `json:"currency"`
}

// Is reports whether it is that much money.
func (s Sum) Is(m Money) bool {
	own, err := ParseMoney(s.Amount, s.Currency)
	return err == nil && own.Minor() == m.Minor() && own.Currency() == m.Currency()
}

// Next is what to do after an answer.
type Next struct {
	Tool         string            `json:"tool,omitempty"`
	Arguments    map[string]string `json:"arguments,omitempty"`
	AfterSeconds int               `json:"after_seconds,omitempty"`
	// Action is what a person has to do, and where.
	Action string `json:"action,omitempty"`
}

// Note is a gotcha as it rides on an answer.
type Note struct {
	ID           string `json:"id"`
	Text         string `json:"text"`
	MustTellUser bool   `json:"must_tell_user,omitempty"`
}

// WebhookClaim is what a webhook says, before anybody believes it. Handlers
// of kind Webhook return it; the host asks the status itself and judges.
type WebhookClaim struct {
	Reference string `json:"reference"`
	State     State  `json:"state"`
	Amount    string `json:"amount,omitempty"`
	Network   string `json:"network,omitempty"`
	// Authentic says that the provider's signature was checked and holds. It is
	// false where the provider does not sign.
	Authentic bool `json:"authentic"`
}

// WebhookVerdict is the host's answer to a webhook.
type WebhookVerdict struct {
	Reference string `json:"reference,omitempty"`
	State     State  `json:"state,omitempty" jsonschema:"enum=pending,enum=succeeded,enum=failed,enum=expired,enum=cancelled,enum=unknown"`
	Network   string `json:"network,omitempty"`
	// Fulfil is true only if the provider itself says that the payment
	// succeeded, and once for each payment on record.
	Fulfil bool   `json:"fulfil"`
	Reason string `json:"reason,omitempty"`
	// ToldAt is when it was told to fulfil, if not for the first time now (RFC
	// 3339).
	ToldAt string `json:"told_at,omitempty"`
	// TrustedAmount is the amount on record for the reference, never the
	// webhook's. Absent when none is on record.
	TrustedAmount Amount          `json:"trusted_amount,omitempty"`
	Currency      Currency        `json:"currency,omitempty"`
	Claim         *ClaimSummary   `json:"claim,omitempty"`
	Response      json.RawMessage `json:"provider_response,omitempty"`
}

// ClaimSummary is what the webhook claimed.
type ClaimSummary struct {
	State     State  `json:"state"`
	Amount    string `json:"amount,omitempty"`
	Authentic bool   `json:"authentic"`
}

// Balance is one account of the merchant at the provider.
type Balance struct {
	Network   string   `json:"network,omitempty"`
	Available Amount   `json:"available"`
	Currency  Currency `json:"currency"`
}
