package emulator

import "github.com/mcp-payments/mcp-payments/capabilities/emulation"

// Numbers are the digits at the end of the account and what they choose, in Qostiq's own codes. A bill
// whose account is only entered on its page was created long before: there the digits that spoil the
// first answer just pay.
func (e *Emulator) Numbers() []emulation.Number {
	return emulation.Numbers(map[emulation.Ending]string{
		emulation.Paid:          `Paid: a bill has status 1, and 2 after the settle delay; a transfer answers with its id at once, as for every account that is not listed.`,
		emulation.Refused:       `The payer cancels: status 3 after the settle delay. A transfer fails: error 100, at first and of the status call.`,
		emulation.LowBalance:    `The payer's balance is too low: status 3 after the settle delay. For a transfer the shop's is: error 9, as for any amount above the balance.`,
		emulation.WrongNetwork:  `The account is blocked: refused at once with error 14.`,
		emulation.NeverAnswered: `The payer never looks at the bill: 1, and 4 (expired) after its lifetime. A transfer is being processed for ever: error 8.`,
		emulation.ErrorNotTaken: `HTTP 500, and the request was not taken: the status calls answer error 7.`,
		emulation.CutNotTaken:   `The connection is cut before the request is taken: the status calls answer error 7.`,
		emulation.NoAccount:     `There is no such account: refused at once with error 13.`,
		emulation.PaidAtOnce:    `Paid at once: a bill has status 2 already.`,
		emulation.KnownLate:     `A bill is unknown to the status call (error 7) for the first half of the settle delay, then 1, then 2. A transfer is being processed: error 8, at first and of the status call, and it is done after the settle delay.`,
		emulation.NetworkDown:   `The payway is down: refused at once with error 1.`,
		emulation.OverLimit:     `A transfer exceeds the payee's limit: error 5. A bill is paid.`,
		emulation.InternalError: `An internal error: refused at once with error 2000.`,
		emulation.Invalid:       `Qostiq finds the request invalid: refused at once with error 10.`,
		emulation.Variant:       `Paid, with strings for numbers, and "error" for "error_code"; no shop_refund of a new bill; "addons" of {} in the callback.`,
		emulation.NoWebhook:     `Paid, and the callback is never sent.`,
		emulation.WebhookTwice:  `Paid, and the callback is sent twice.`,
		emulation.WebhookLate:   `Paid, and the callback is sent ten settle delays after the payment began.`,
		emulation.WebhookForged: `Cancelled (3), but half-way to it a callback with a wrong sign claims 100 times the amount. A transfer fails with error 100.`,
		emulation.PayoutFails:   `A transfer fails: error 100, at first and of the status call. A bill is paid.`,
	})
}
