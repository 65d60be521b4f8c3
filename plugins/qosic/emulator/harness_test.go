package emulator_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation/emulationtest"
	"github.com/mcp-payments/mcp-payments/plugins/qosic/emulator"
)

const delay = emulationtest.Delay

var start = emulationtest.Start()

// wire is one network as the documents describe it.
type wire struct {
	name     string
	client   string
	prefix   string // of an msisdn that the test's ending completes
	payment  string
	deposit  string // empty: in no document
	status   string
	failure  string // responsecode of a refused customer
	accepted string // the answer to a first payment, after its transref
}

const (
	togoAccepts  = `"serviceref":null,"comment":null}`
	beninAccepts = `"serviceref":"7427291567","comment":null}`
)

var wires = []wire{
	{"togocel_tg", "TOGOCELTEST", "22890000", "/tm/v1/requestpayment", "/tm/v1/deposit", "/tm/v1/gettransactionstatus", "02", togoAccepts},
	{"moov_tg", "MOOVTGTEST", "22896000", "/tg/v1/requestpayment", "/tg/v1/deposit", "/tg/v1/gettransactionstatus", "02", togoAccepts},
	{"mtn_bj", "MTNTEST", "2290196000", "/user/requestpayment", "/user/deposit", "/user/gettransactionstatus", "-1", beninAccepts},
	{"moov_bj", "MOOVTEST", "22995000", "/user/requestpaymentmv", "/user/depositmv", "/user/gettransactionstatus", "-1", ""},
	{"celtiis_bj", "CELTIISTEST", "2290140000", "/sb/v1/requestpayment", "", "/sb/v1/gettransactionstatus", "-1", beninAccepts},
}

var togocel, moovTogo, mtnBenin, moovBenin = wires[0], wires[1], wires[2], wires[3]

func (n wire) inTogo() bool { return n.failure == "02" }

func (n wire) order(ending, transref string) string {
	return fmt.Sprintf(`{"msisdn":"%s%s","amount":"5000","transref":"%s","clientid":"%s"}`, n.prefix, ending, transref, n.client)
}

func (n wire) about(transref string) string {
	return fmt.Sprintf(`{"transref":"%s","clientid":"%s"}`, transref, n.client)
}

// user are the credentials that the documents publish.
var user = emulationtest.Basic("USR01", "YG739G5XFVPYYV4ADJVW")

// bench is Qosic with what its merchant does.
type bench struct{ *emulationtest.Bench }

func newBench(t *testing.T, o emulation.Options) *bench {
	t.Helper()
	return &bench{emulationtest.New(t, emulator.New, o)}
}

// fields is the body of an answer, told apart.
type fields struct {
	Code       string          `json:"responsecode"`
	Message    string          `json:"responsemsg"`
	Transref   string          `json:"transref"`
	Serviceref json.RawMessage `json:"serviceref"`
	Comment    *string         `json:"comment"`
}

func read(t *testing.T, a emulationtest.Answer) fields {
	t.Helper()
	var f fields
	a.JSON(t, &f)
	return f
}

// post sends a body to a path under /QosicBridge with the documents' user.
func (b *bench) post(path, body string) emulationtest.Answer {
	b.Helper()
	return b.Post("/QosicBridge"+path, body, user)
}

// pay asks for money, moving the clock for a network whose answer waits for the customer.
func (b *bench) pay(n wire, ending, transref string) emulationtest.Answer {
	b.Helper()
	if n.name != moovBenin.name {
		return b.post(n.payment, n.order(ending, transref))
	}
	got := b.payInBackground(n, ending, transref)
	for {
		select {
		case a := <-got:
			return a
		case <-time.After(time.Millisecond):
			if b.Clock.Timers() > 0 {
				b.Clock.Advance(delay)
			}
		}
	}
}

func (b *bench) payInBackground(n wire, ending, transref string) <-chan emulationtest.Answer {
	return emulationtest.InBackground(func() emulationtest.Answer { return b.post(n.payment, n.order(ending, transref)) })
}

// code asks for the status and gives its responsecode.
func (b *bench) code(n wire, transref string) string {
	b.Helper()
	return read(b.T, b.post(n.status, n.about(transref))).Code
}
