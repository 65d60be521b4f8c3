package emulator

import "github.com/mcp-payments/mcp-payments/capabilities/emulation"

// Numbers are the last three digits of the msisdn and what they choose, in Qosic's own codes.
func (e *Emulator) Numbers() []emulation.Number {
	return emulation.Numbers(map[emulation.Ending]string{
		emulation.Paid:          `Paid: "01", and after the settle delay "00", as is every number that is not listed. Moov Benin waits and answers "0".`,
		emulation.Refused:       `The customer refuses: after the settle delay "02" in Togo, "-1" in Benin.`,
		emulation.LowBalance:    `The payer's balance is too low: 529, after the settle delay for a payment and at once for a deposit.`,
		emulation.WrongNetwork:  `The number belongs to another network: 515 at once.`,
		emulation.NeverAnswered: `The customer never answers: "01" for ever. Moov Benin keeps its caller for 80 seconds first.`,
		emulation.ErrorNotTaken: `HTTP 500, and the request was not taken: the status call does not know the transref.`,
		emulation.NoAccount:     `There is no mobile-money account on that number: HTTP 417 at once.`,
		emulation.PaidAtOnce:    `Paid at once, as in the sandbox: "00" in the first answer ("0" at Moov Benin).`,
		emulation.KnownLate:     `The status call answers "-1" for the first half of the settle delay, then "01", then "00".`,
		emulation.NetworkDown:   `The operator's network is in trouble: 527 at once.`,
		emulation.OverLimit:     `A deposit exceeds the receiver's limit: 580 at once. A payment is paid.`,
		emulation.InternalError: `Internal error: 682 at once.`,
		emulation.Invalid:       `Validation failed: 849 at once.`,
		emulation.Variant:       `Paid, the other way round: HTTP 200 for 202 and 202 for 200, "0" for "00" and "00" for "0", and no serviceref.`,
		emulation.PayoutFails:   `A deposit is accepted, and after the settle delay the operator fails it: "02" in Togo, "-1" in Benin. A payment is paid.`,
	})
}
