package emulator

import (
	"crypto/rand"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

// network is what the books call the one network that there is.
const network = "qostiq"

// Minutes for which a bill can be paid, where its request does not say otherwise.
const (
	lifetimeV1      = 43200
	lifetimeV2      = 90
	longestLifetime = 43200
)

// usual is what a user who pays a bill of free amount unasked pays.
const usual cents = 10_00

// payeePattern is the regular expression of transfer/try. The wallets of the documents' own samples do
// not match it.
const payeePattern = `^3[\d]{10}$|^([a-zA-Z0-9_-]+\.)*[a-zA-Z0-9_-]+@[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*\.[a-zA-Z]{2,6}$`

var (
	payees = regexp.MustCompile(payeePattern)
	// payers are those, and the wallets of the samples.
	payers = regexp.MustCompile(`^2[\d]{11}$|` + payeePattern)
)

// bill is what is kept of one beside its line in the books.
type bill struct {
	version     int
	token       string // in its page's address
	lang        string
	order       field // its identifier
	account     field // who is to pay it, if that was said
	shop, payer currency
	free        bool // the payer chooses the amount
	lifetime    int  // minutes
	description string

	success, failed    string // where its page leads to
	callback, rejected string // where its callback goes
}

// transfer is what is kept of one beside its line in the books.
type transfer struct {
	quote
	id, account field
}

// quote is what a transfer comes to.
type quote struct {
	shop, payee       currency
	writeOff, receive cents
}

// bill is what bill/create asks for.
func (r *reader) bill() emulation.Transaction {
	b := r.begin("payer_account", lifetimeV1)
	b.version = 1
	b.shop, b.payer = r.billCurrency("shop_currency"), r.billCurrency("payer_currency")
	return b.open(r.amount("shop_amount").String())
}

// billV2 is what bill/create/v2 asks for.
func (r *reader) billV2() emulation.Transaction {
	r.unix()
	b := r.begin("email", lifetimeV2)
	b.version = 2
	b.lang = r.oneOf("lang", languages...)
	b.shop = r.billCurrency("currency")
	b.payer = b.shop
	if b.free = r.fields["amount"].kind == absent; !b.free {
		return b.open(r.amount("amount").String())
	}
	if b.account.text != "" {
		return b.open(usual.String())
	}
	return b.open("")
}

// begin is what both versions of a bill have.
func (r *reader) begin(account string, lifetime int) bill {
	return bill{
		token: rand.Text(), lang: languages[0], order: r.identifier("shop_order_id"), account: r.account(account, payers),
		lifetime: r.lifetime(lifetime), description: r.option("description"),
		success: r.link("success_url"), failed: r.link("failed_url"),
		callback: r.link("callback_url"), rejected: r.link("callback_rejected_url"),
	}
}

// open is the line that the books begin with it.
func (b bill) open(amount string) emulation.Transaction {
	return emulation.Transaction{
		Reference: b.order.text, Operation: emulation.Collect, Network: network, MSISDN: b.account.text,
		Amount: amount, Currency: b.shop.name, Ending: endingOf(b.account.text), Extra: b,
	}
}

// transfer is what transfer/create asks for.
func (r *reader) transfer() emulation.Transaction {
	t := transfer{quote: r.quote(), id: r.identifier("shop_payment_id"), account: r.account("payee_account", payees)}
	return emulation.Transaction{
		Reference: t.id.text, Operation: emulation.Disburse, Network: network, MSISDN: t.account.text,
		Amount: t.receive.String(), Currency: t.payee.name, Ending: endingOf(t.account.text), Extra: t,
	}
}

// quote is what both calls that calculate a transfer ask for. The mandatory amount_type is there.
func (r *reader) quote() quote {
	q := quote{shop: r.currency("shop_currency"), payee: r.currency("payee_currency")}
	amount, kind := r.amount("amount"), r.oneOf("amount_type", "receive_amount", "writeoff_amount")
	if r.err != nil {
		return q
	}
	rate, exchanged := q.payee.rate(q.shop)
	if !exchanged {
		r.fail(problem{code: noExchange, reason: "there is no rate between " + q.shop.name + " and " + q.payee.name})
		return q
	}
	cost := new(big.Rat).Mul(rate, new(big.Rat).Add(big.NewRat(1, 1), transferAdds))
	if kind == "receive_amount" {
		q.receive, q.writeOff = amount, amount.times(cost)
	} else {
		q.receive, q.writeOff = amount.times(cost.Inv(cost)), amount
	}
	if q.receive == 0 || q.writeOff == 0 {
		r.fail(problem{code: tooSmall, reason: "nothing is left of the amount in the other currency"})
	}
	return q
}

// waits is how long a bill waits for somebody to open its page. One that is linked to a user does not,
// unless that user never looks.
func waits(tx emulation.Transaction) time.Duration {
	b, is := tx.Extra.(bill)
	if !is || b.account.text != "" && tx.Ending != emulation.NeverAnswered {
		return 0
	}
	return time.Duration(b.lifetime) * time.Minute
}

// atOnce tells whether a transaction ends before it is answered: a transfer does, but for the one that
// is being processed for a while.
func atOnce(tx emulation.Transaction) bool {
	return tx.Operation == emulation.Disburse && tx.Ending != emulation.KnownLate
}

// endingOf is what the digits at the end of a wallet's number choose, or those before the @.
func endingOf(account string) emulation.Ending {
	local, _, _ := strings.Cut(account, "@")
	return emulation.EndingOf(local)
}

// amount is what the transaction is about: 0 while that is not known.
func amount(tx emulation.Transaction) cents {
	c, _ := parseCents(tx.Amount)
	return c
}

// isUnique tells whether the shop wants no second bill of that identifier.
func isUnique(order string) bool { return strings.HasPrefix(order, "unique-") }
