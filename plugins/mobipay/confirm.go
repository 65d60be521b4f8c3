package mobipay

import (
	"context"
	"fmt"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// ConfirmInput passes the customer's code on.
type ConfirmInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=128" jsonschema_description:"as it was started (order_id)"`
	OTP       string                 `json:"otp" jsonschema:"pattern=^[0-9]{4\\,8}$" jsonschema_extras:"x-role=secret" jsonschema_description:"the code that the customer got"`
	MSISDN    capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payer" jsonschema_description:"payer's number with country code"`
}

// confirming are the networks on which a payment can wait for a code.
func confirming() []string {
	return networksWith(func(n network) bool { return n.Collect != nil && n.Collect.Flow == flowConfirm })
}

// payer spells the number of somebody who may have to tell a code.
func payer(number capabilities.MSISDN) (string, error) {
	var wrong error
	var names []string
	for _, id := range confirming() {
		n, _ := named(id)
		canonical, _, err := capabilities.ParseMSISDN(string(number), n.Country)
		if err == nil {
			return n.Number.spell(canonical), nil
		}
		wrong, names = err, append(names, n.Name)
	}
	return "", capabilities.InvalidField("msisdn", wrong.Error(), "the payer's number; a payment is confirmed on "+strings.Join(names, ", ")+" alone")
}

// confirmPayment sends the code with a status question: that is how MobiPay
// takes it (provider documentation, Ivory Coast).
func (c *client) confirmPayment(ctx context.Context, in ConfirmInput) (Output, error) {
	customer, err := payer(in.MSISDN)
	if err != nil {
		return Output{}, err
	}
	a, err := c.post(ctx, "status", request{CustomerID: customer, OrderID: string(in.Reference), Extra: given(extra{"otp", in.OTP})})
	if err != nil {
		return Output{}, err
	}
	state, err := confirmed(a)
	if err != nil {
		return Output{}, err
	}
	out := answered(in.Reference, state, a)
	if m, _ := meaningOf(a.Result.Code); a.Result.Code != codeOK {
		out.Notes = append(out.Notes, m.what)
	}
	return out, nil
}

// confirmed reads the answer to a code. A code that is refused leaves the
// payment as it was, so what its status says then does not matter, unless that
// is success. A refusal that does not blame the request is no word about the
// payment, even if a final status comes with it.
func confirmed(a Response) (capabilities.State, error) {
	final := a.Status == statusFailed || a.Status == statusCancelled
	m, blames := meaningOf(a.Result.Code)
	switch {
	case a.Result.Code == codeOK:
		return begun(a)
	case aboutPIN(a.Result.Code) && a.Status != statusSuccess:
		return "", capabilities.Rejected(m.what, m.fix).WithResponse(a)
	case final && blames:
		return stateOf(a.Status), nil
	case final:
		return "", capabilities.MayHaveHappened(fmt.Sprintf("%s, so the status %s that comes with it is not believed", m.what, a.Status)).WithResponse(a)
	}
	return "", refused(a)
}
