package emulator

import "github.com/mcp-payments/mcp-payments/capabilities/emulation"

// Numbers are the last three digits of the phone number and what they choose, in PayGate's own
// statuses: those of the status calls, unless it is said that pay or disburse answers.
func (e *Emulator) Numbers() []emulation.Number {
	return emulation.Numbers(map[emulation.Ending]string{
		emulation.Paid:          `Paid: pay answers 0 and disburse 200, then the status is 2, and 0 after the settle delay, as for every number that is not listed.`,
		emulation.Refused:       `The customer refuses: 6 after the settle delay.`,
		emulation.LowBalance:    `The payer's balance is too low: 6 after the settle delay. For a payout the merchant's is: disburse answers 402, as for any amount above the balance.`,
		emulation.WrongNetwork:  `The number belongs to another network: pay answers 4, disburse 400.`,
		emulation.NeverAnswered: `The customer never answers: 2, and 4 (expired) after ten settle delays. A payout stays at 2 for ever.`,
		emulation.ErrorNotTaken: `HTTP 500, and the request was not taken: the status calls do not know it (error_code 403).`,
		emulation.NoAccount:     `There is no mobile-money account on that number: pay answers 4, disburse 404.`,
		emulation.PaidAtOnce:    `Paid at once: pay answers 0 and disburse 200, and the status is 0 already.`,
		emulation.KnownLate:     `The status calls answer error_code 403 for the first half of the settle delay, then 2, then 0.`,
		emulation.NetworkDown:   `The operator's network is in trouble: pay answers error_code 503 without a status, disburse 503.`,
		emulation.OverLimit:     `A payout exceeds the receiver's limit: disburse answers 422. A payment is paid.`,
		emulation.InternalError: `An internal error: pay answers error_code 500 without a status, disburse 500.`,
		emulation.Invalid:       `PayGate finds the request invalid: pay answers 4, disburse 400.`,
		emulation.Variant:       `Paid, with tx_reference as a string, and without amount and phone_number in the status answer.`,
		emulation.WebhookForged: `Cancelled (6), but half-way to it a forged webhook tells of a payment of 100 times the amount.`,
		emulation.PayoutFails:   `A payout is accepted with 200, and after the settle delay it is 6. A payment is paid.`,
	})
}
