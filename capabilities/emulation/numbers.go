package emulation

// Ending is the last three digits of a phone number. It chooses what happens to a request, and
// means the same for every provider.
type Ending string

// The endings. Every other number is paid after the settle delay, as Paid is.
const (
	Paid          Ending = "000"
	Refused       Ending = "001"
	LowBalance    Ending = "002"
	WrongNetwork  Ending = "003"
	NeverAnswered Ending = "004"
	ErrorNotTaken Ending = "005"
	ErrorTaken    Ending = "006"
	CutNotTaken   Ending = "007"
	CutTaken      Ending = "008"
	Truncated     Ending = "009"
	NoAccount     Ending = "010"
	HTMLPage      Ending = "011"
	Slow          Ending = "012"
	PaidAtOnce    Ending = "013"
	KnownLate     Ending = "014"
	NetworkDown   Ending = "015"
	OverLimit     Ending = "016"
	InternalError Ending = "017"
	Invalid       Ending = "018"
	Variant       Ending = "019"
	NoWebhook     Ending = "020"
	WebhookTwice  Ending = "021"
	WebhookLate   Ending = "022"
	WebhookForged Ending = "023"
	StatusErrors  Ending = "024"
	PayoutFails   Ending = "025"
)

// Abandoned is the ending of a payer who leaves the provider's own page instead of paying. No number
// has it.
const Abandoned Ending = "abandoned"

// Number documents one test number ending and what happens to it.
type Number struct {
	// Ending is the last three digits.
	Ending string
	// Name is a word or two for tables.
	Name string
	// Effect is a sentence for people.
	Effect string
}

var numbers = [...]Number{
	{string(Paid), "paid", "Paid after the settle delay, as is every number that is not listed."},
	{string(Refused), "refused", "The customer refuses: fails after the settle delay."},
	{string(LowBalance), "low balance", "The payer's balance is too low: a collection fails after the settle delay, a payout is refused at once."},
	{string(WrongNetwork), "wrong network", "The number belongs to another network: refused at once."},
	{string(NeverAnswered), "never answered", "The customer never answers: pending for ever."},
	{string(ErrorNotTaken), "error, not taken", "HTTP 500, and the request was not taken."},
	{string(ErrorTaken), "error, taken", "HTTP 500, although the request was taken and will be paid."},
	{string(CutNotTaken), "cut, not taken", "The connection is cut before the request is taken."},
	{string(CutTaken), "cut, taken", "The connection is cut after the request was taken; it will be paid."},
	{string(Truncated), "truncated", "Half of the answer, after the request was taken; it will be paid."},
	{string(NoAccount), "no account", "There is no mobile-money account on that number: refused at once."},
	{string(HTMLPage), "HTML page", "An HTML page instead of an answer, after the request was taken; it will be paid."},
	{string(Slow), "slow", "The request is taken, and its answer is slow to come; it will be paid."},
	{string(PaidAtOnce), "paid at once", "Paid at once, as in the providers' sandboxes."},
	{string(KnownLate), "known late", "Unknown to the status call for the first half of the settle delay, then pending, then paid."},
	{string(NetworkDown), "network down", "The operator's network is in trouble: refused at once."},
	{string(OverLimit), "over the limit", "A payout exceeds the receiver's limit and is refused at once; a collection is paid."},
	{string(InternalError), "internal error", "The provider's code for an internal error: refused at once."},
	{string(Invalid), "invalid", "The provider finds the request invalid: refused at once."},
	{string(Variant), "variant", "Paid, with every answer in the other spelling that the provider's sources know."},
	{string(NoWebhook), "no webhook", "Paid, and the webhook is never sent."},
	{string(WebhookTwice), "webhook twice", "Paid, and the webhook is sent twice."},
	{string(WebhookLate), "webhook late", "Paid, and the webhook is sent ten settle delays after the request."},
	{string(WebhookForged), "webhook forged", "Fails, but half-way to it a forged webhook claims success with 100 times the amount."},
	{string(StatusErrors), "status errors", "Paid, and the first two status calls answer HTTP 500."},
	{string(PayoutFails), "payout fails", "A payout is accepted, then fails at the operator; a collection is paid."},
}

// EndingOf is the ending of a phone number: Paid for a number that has none of the listed ones.
func EndingOf(msisdn string) Ending {
	tail := msisdn[max(0, len(msisdn)-3):]
	for _, n := range numbers {
		if n.Ending == tail {
			return Ending(tail)
		}
	}
	return Paid
}

// Numbers is the table of test numbers, with a provider's own words for some of the effects.
func Numbers(effects map[Ending]string) []Number {
	table := make([]Number, 0, len(numbers))
	for _, n := range numbers {
		if effect, ok := effects[Ending(n.Ending)]; ok {
			n.Effect = effect
		}
		table = append(table, n)
	}
	return table
}

// RefusedAtOnce tells whether the provider turns the operation down in its first answer.
func (e Ending) RefusedAtOnce(op Operation) bool {
	switch e {
	case WrongNetwork, NoAccount, NetworkDown, InternalError, Invalid:
		return op != Refund
	case LowBalance, OverLimit:
		return op == Disburse
	default:
		return false
	}
}

// RefusedAtOnce tells whether the provider has turned the transaction down in its first answer.
func (t Transaction) RefusedAtOnce() bool { return t.Ending.RefusedAtOnce(t.Operation) }

// notTaken tells whether the request fails before the provider has taken it.
func (e Ending) notTaken() bool {
	return e == ErrorNotTaken || e == CutNotTaken
}

// outcome is what the operation comes to in the end: Pending means that it never ends.
func (e Ending) outcome(op Operation) State {
	switch {
	case op == Refund:
		return Succeeded
	case e == NeverAnswered:
		return Pending
	case e.RefusedAtOnce(op), e == Abandoned, e == Refused, e == LowBalance, e == WebhookForged:
		return Failed
	case e == PayoutFails && op == Disburse:
		return Failed
	default:
		return Succeeded
	}
}

// settlesAtOnce tells whether the outcome is there as soon as the request is taken.
func (e Ending) settlesAtOnce(op Operation) bool {
	return op == Refund || e == PaidAtOnce || e == Abandoned || e.RefusedAtOnce(op)
}
