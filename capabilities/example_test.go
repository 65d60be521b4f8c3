package capabilities_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// Settings are what the operator of Globex sets.
type Settings struct {
	Key string `env:"GLOBEX_KEY" secret:"true" required:"true" hint:"in the dashboard under API keys"`
}

// Payout is the input of disburse.
type Payout struct {
	Reference capabilities.Reference `json:"reference" jsonschema_description:"your unique id of this payout (order_id)"`
	Amount    capabilities.Amount    `json:"amount"`
	Currency  capabilities.Currency  `json:"currency" jsonschema:"enum=XOF"`
	Payee     capabilities.MSISDN    `json:"msisdn" jsonschema_extras:"x-role=payee"`
}

// Receipt is its output: what every answer holds, and Globex's own words.
type Receipt struct {
	capabilities.Outcome
	Response *Accepted `json:"provider_response,omitempty"`
}

// Accepted is what Globex answers.
type Accepted struct {
	OrderID string `json:"order_id"`
}

type globex struct{ settings Settings }

func (g *globex) configure(_ context.Context, _ capabilities.Target, s Settings) error {
	g.settings = s
	return nil
}

func (g *globex) disburse(ctx context.Context, in Payout) (Receipt, error) {
	m, err := capabilities.ParseMoney(in.Amount, in.Currency)
	if err != nil {
		return Receipt{}, capabilities.InvalidField("amount", err.Error(), "a whole amount of XOF")
	}
	if err := capabilities.BeforeSend(ctx); err != nil { // package transport does this
		return Receipt{}, err
	}
	// Here the request would leave.
	return Receipt{
		Outcome: capabilities.Outcome{
			Reference: string(in.Reference), State: capabilities.Pending, Amount: m.Amount(), Currency: m.Currency(),
		},
		Response: &Accepted{OrderID: string(in.Reference)},
	}, nil
}

func newGlobex() *capabilities.Provider {
	p := capabilities.NewProvider(capabilities.Info{
		Slug:         "globex",
		Name:         "Globex",
		Summary:      "Pays out to mobile money in Togo",
		Countries:    []string{"TG"},
		Currencies:   []capabilities.Currency{"XOF"},
		Environments: []capabilities.Environment{{Name: capabilities.Production, BaseURL: "https://api.globex.example"}},
	})
	g := &globex{}
	capabilities.Configure(p, g.configure)
	capabilities.Add(p, capabilities.Spec{
		Name:    "disburse",
		Title:   "Globex: pay out",
		Summary: "Send money to a mobile-money number.",
		Kind:    capabilities.Disburse,
		Effect:  capabilities.PaysOut,
	}, g.disburse)
	return p
}

// A provider is tested where it is written: in process, through the very
// interface that a host calls. Its main function would be
//
//	func main() { capabilities.Serve(newGlobex()) }
func ExampleProvider() {
	ctx := context.Background()
	p := newGlobex()
	m, err := p.Manifest(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("wrong with the manifest:", m.Check())

	target := capabilities.Target{Environment: capabilities.Emulator, BaseURL: "http://127.0.0.1:8080"}
	if err := p.Configure(ctx, target, map[string]string{"GLOBEX_KEY": "test"}); err != nil {
		fmt.Println(err)
		return
	}
	pay := func(amount string) {
		out, err := p.Invoke(ctx, capabilities.Call{
			Capability: "disburse",
			Input:      json.RawMessage(`{"reference": "ORDER-1042", "amount": "` + amount + `", "currency": "XOF", "msisdn": "22890112233"}`),
			BeforeSend: func(context.Context, capabilities.Sending) error {
				fmt.Println("about to leave:", amount)
				return nil
			},
		})
		fmt.Println(string(out), err)
	}
	pay("5000")
	pay("12.50")
	// Output:
	// wrong with the manifest: <nil>
	// about to leave: 5000
	// {"reference":"ORDER-1042","state":"pending","amount":"5000","currency":"XOF","provider_response":{"order_id":"ORDER-1042"}} <nil>
	//  invalid: amount: found "12.50" is finer than XOF allows: at most 0 decimals, wanted a whole amount of XOF; correct the input and call again; nothing was sent
}
