package qostiq

import (
	"context"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// DisburseInput pays a wallet.
type DisburseInput struct {
	Reference    capabilities.Reference `json:"reference" jsonschema:"maxLength=64" jsonschema_description:"your unique id of this transfer (shop_payment_id)"`
	PayeeAccount string                 `json:"payee_account" jsonschema:"maxLength=254,pattern=^([0-9]+|[^@: ]+@[^@: ]+)$" jsonschema_extras:"x-role=payee" jsonschema_description:"the payee's wallet or its e-mail"`
	Terms
	Description string `json:"description,omitempty" jsonschema:"maxLength=200"`
}

// TransferStatusInput asks what became of a transfer.
type TransferStatusInput struct {
	Reference capabilities.Reference `json:"reference" jsonschema:"maxLength=64" jsonschema_description:"the reference (shop_payment_id) it was sent with"`
}

// TransferOutput is the answer about a transfer.
type TransferOutput struct {
	capabilities.Outcome
	// TransferID is Qostiq's own id: there is one once the transfer is done.
	TransferID string            `json:"transfer_id,omitempty"`
	WritesOff  *capabilities.Sum `json:"writes_off,omitempty"`
	Receives   *capabilities.Sum `json:"receives,omitempty"`
	Response   *Response         `json:"provider_response,omitempty"`
}

// previewTransfer is what Qostiq says of a transfer before a human is asked
// about it: there is no way back afterwards.
func (c *client) previewTransfer(ctx context.Context, in DisburseInput) ([]capabilities.Fact, error) {
	q, a, err := c.quote(ctx, in.Terms)
	if err != nil {
		return nil, err
	}
	if err := matches(in.PayeeAccount, a); err != nil {
		return nil, err
	}
	return q.facts(), nil
}

func (c *client) disburse(ctx context.Context, in DisburseInput) (TransferOutput, error) {
	r, err := in.request()
	if err != nil {
		return TransferOutput{}, err
	}
	r["payee_account"], r["shop_payment_id"] = text(in.PayeeAccount), text(string(in.Reference))
	r.set("description", in.Description)
	a, err := c.post(ctx, pathTransfer, r)
	switch {
	case a.says(codeNotUnique):
		return TransferOutput{}, capabilities.MayHaveHappened("qostiq has a transfer of this shop_payment_id already (error 6), and it may be this very one, whose answer was lost").WithResponse(a)
	case err != nil:
		return TransferOutput{}, err
	case a.Data.ID == "":
		return TransferOutput{}, capabilities.MayHaveHappened("qostiq answered that all is well, but without the id of a transfer").WithResponse(a)
	}
	return in.paid(a), nil
}

// paid is a transfer that was made: an id is the end of it. What it moved is
// held against what was asked; the money is gone either way.
func (in DisburseInput) paid(a Response) TransferOutput {
	out := TransferOutput{TransferID: string(a.Data.ID), Response: &a, Outcome: capabilities.Outcome{
		Reference: string(in.Reference), State: capabilities.Succeeded,
	}}
	q, err := moved(a.Data)
	if err == nil {
		out.comesTo(q)
		err = in.compare(q)
	}
	if err != nil {
		out.Notes = append(out.Notes, fmt.Sprintf("the transfer was made, and not as it was asked for: %v. Look it up in the Qostiq account before anything else is paid", err))
	}
	return out
}

func (c *client) checkTransferStatus(ctx context.Context, in TransferStatusInput) (TransferOutput, error) {
	a, err := c.post(ctx, pathTransferStatus, request{"now": c.moment(), "shop_payment_id": text(string(in.Reference))})
	out := TransferOutput{Response: &a, Outcome: capabilities.Outcome{Reference: string(in.Reference)}}
	switch {
	case a.says(codeNotFound):
		out.State, out.Absent, out.Doubt = capabilities.Failed, true, true
		out.Notes = []string{"Qostiq knows no transfer of this reference: it was not created, unless its request is still on its way; a bill is asked for with qostiq_check_payment_status"}
		return out, nil
	case a.says(codeProcessing):
		out.State = capabilities.Pending
		return out, nil
	case err != nil:
		return TransferOutput{}, err
	}
	d := a.Data
	if d.ID == "" || d.ShopPaymentID != "" && string(d.ShopPaymentID) != string(in.Reference) {
		return TransferOutput{}, capabilities.NothingChanged("qostiq answered without the id of a transfer of this shop_payment_id").WithResponse(a)
	}
	out.found(d)
	return out, nil
}

// found is a transfer that Qostiq knows. Without its amounts nobody can tell
// whether it is the one that was asked for.
func (out *TransferOutput) found(d Data) {
	out.State, out.TransferID = capabilities.Succeeded, string(d.ID)
	q, err := moved(d)
	if err != nil {
		out.State = capabilities.Unknown
		out.Notes = []string{fmt.Sprintf("a transfer of this reference was made, and what it moved cannot be read: %v. Look it up in the Qostiq account before anything else is paid", err)}
		return
	}
	out.comesTo(q)
}

// comesTo tells what a transfer moved. The host holds both sides against the
// record, which has whichever of them was asked for.
func (out *TransferOutput) comesTo(q quote) {
	out.WritesOff, out.Receives = sumOf(q.writesOff), sumOf(q.receives)
	out.Sums = []capabilities.Sum{*out.WritesOff, *out.Receives}
}
