package emulator

import "github.com/mcp-payments/mcp-payments/capabilities/emulation"

// toConfirm are the last digits of a customer_id whose payouts ask for a confirmation. The kit has no
// such ending.
const toConfirm = "030"

// Numbers are the last three digits of customer_id and what they choose, in MobiPay's own statuses.
func (e *Emulator) Numbers() []emulation.Number {
	return append(emulation.Numbers(map[emulation.Ending]string{
		emulation.Paid:          `Paid: the answer has status 1, and after the settle delay it is 2, as for every number that is not listed. A payment that waits for its customer has 0 until the customer acts. As a one-time code any four digits will do but 0000.`,
		emulation.Refused:       `The customer refuses: 4 after the settle delay. A payout fails: 3.`,
		emulation.LowBalance:    `The payer's balance is too low: 3 after the settle delay. For a payout the merchant's is: refused at once with status 3 and result 90403.`,
		emulation.WrongNetwork:  `The number belongs to another network: refused at once with status -1 and result 10401; then 3.`,
		emulation.NeverAnswered: `The customer never answers: 1 for ever. A payout too.`,
		emulation.ErrorNotTaken: `HTTP 500, and the request was not taken: status does not know it (-1, result 90404).`,
		emulation.NoAccount:     `There is no mobile-money account on that number: refused at once with status -1 and result 10401; then 3.`,
		emulation.HTMLPage:      `An HTML page instead of an answer, after the request was taken, much like that of a wrong signature; it will be paid.`,
		emulation.PaidAtOnce:    `Paid at once: the answer has status 2. After a page or a one-time code: as soon as the customer has acted.`,
		emulation.KnownLate:     `Status does not know it for the first half of the settle delay (-1, result 90404), then 1, then 2.`,
		emulation.NetworkDown:   `The operator's network is in trouble: refused at once with status -1 and result 10301; then 3.`,
		emulation.OverLimit:     `A payout exceeds the receiver's limit: refused at once with status 3 and result 90402. A payment is paid.`,
		emulation.InternalError: `An internal error: refused at once with status -1 and result 13104; then 3.`,
		emulation.Invalid:       `MobiPay finds the request invalid: refused at once with status 3 and result 90400.`,
		emulation.Variant:       `Paid, with every answer and the callback in the other spelling that the documents know; status says 5 instead of 1.`,
		emulation.WebhookForged: `Fails (3), but half-way to it a forged callback claims success (2) with 100 times the amount, signed with a wrong secret.`,
		emulation.PayoutFails:   `A payout is accepted with status 1, and after the settle delay it is 3. A payment is paid.`,
	}), emulation.Number{
		Ending: toConfirm,
		Name:   "confirmation",
		Effect: `A payout asks for a confirmation: status 0 and confirm_type 1, for ever. A payment is paid.`,
	})
}
