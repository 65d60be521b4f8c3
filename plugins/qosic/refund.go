package qosic

import (
	"context"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// RefundInput gives a whole payment back to its payer.
type RefundInput struct {
	Original capabilities.OriginalReference `json:"original_reference" jsonschema:"minLength=7,maxLength=16" jsonschema_description:"the reference (transref) of the payment to give back"`
	MSISDN   capabilities.MSISDN            `json:"msisdn,omitempty" jsonschema_description:"the payer's number; used only to check that it is MTN Benin's"`
}

func (c *client) refund(ctx context.Context, in RefundInput) (Output, error) {
	r, err := routeOf("mtn_bj")
	if err != nil {
		return Output{}, err
	}
	if in.MSISDN != "" {
		of, _, err := choose("", in.MSISDN)
		if err != nil {
			return Output{}, err
		}
		if of.network.ID != r.network.ID {
			return Output{}, capabilities.InvalidField("msisdn", "a number of "+of.network.Name, "a number of MTN Benin: Qosic refunds on no other network")
		}
	}
	a, err := c.post(ctx, r, r.refund, request{TransRef: string(in.Original)})
	if err != nil {
		return Output{}, err
	}
	if a.ResponseCode == codeNotKnown {
		return Output{}, capabilities.Rejected("qosic knows no payment that could be given back under this reference",
			"check original_reference; it must be a paid MTN Benin payment").WithResponse(a)
	}
	return begun(capabilities.Outcome{Network: r.network.ID}, a)
}
