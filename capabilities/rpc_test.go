package capabilities_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/internal/pb"
)

// wire is a provider as a host has it: at the far end of gRPC over a socket,
// in the form in which go-plugin is given both ends.
type wire struct {
	capabilities.Connection
	host     *grpc.ClientConn
	provider *grpc.Server
}

func overRPC(t *testing.T, served capabilities.Connection) *wire {
	t.Helper()
	return dial(t, func(s *grpc.Server) {
		p := capabilities.Served(served)[capabilities.PluginName].(plugin.GRPCPlugin)
		if err := p.GRPCServer(nil, s); err != nil {
			t.Error(err)
		}
	})
}

func dial(t *testing.T, register func(*grpc.Server)) *wire {
	t.Helper()
	c, s := plugin.TestGRPCConn(t, register)
	t.Cleanup(func() {
		_ = c.Close()
		s.Stop()
	})
	raw, err := capabilities.Plugins()[capabilities.PluginName].(plugin.GRPCPlugin).GRPCClient(t.Context(), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return &wire{Connection: raw.(capabilities.Connection), host: c, provider: s}
}

func TestManifestOverRPC(t *testing.T) {
	want := soundManifest(t)
	far := overRPC(t, stand{manifest: want})
	got, err := far.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A mistake of the author's is told by the provider's process, in its words.
func TestManifestErrorOverRPC(t *testing.T) {
	far := overRPC(t, capabilities.NewProvider(acmeInfo()))
	if _, err := far.Manifest(t.Context()); err == nil || !strings.Contains(err.Error(), "has no Configure") {
		t.Errorf("%v", err)
	}
}

func TestConfigureOverRPC(t *testing.T) {
	a := newAcme(capabilities.Collects)
	far := overRPC(t, a)
	target := capabilities.Target{Environment: capabilities.Production, BaseURL: "https://api.acme.example"}
	if err := far.Configure(t.Context(), target, map[string]string{"ACME_KEY": "secret"}); err != nil {
		t.Fatal(err)
	}
	if a.target != target || a.settings.Key != "secret" {
		t.Errorf("configured with %+v, %+v", a.target, a.settings)
	}
	err := far.Configure(t.Context(), capabilities.Target{BaseURL: "http://api.acme.example"}, nil)
	if r := asRefusal(t, err); r.Kind != capabilities.Misconfigured {
		t.Errorf("%+v", r)
	}
}

// What a host gets from a process is what it would get in its own.
func TestInvokeOverRPC(t *testing.T) {
	a := newAcme(capabilities.Collects)
	a.handle = func(_ context.Context, in acmeInput) (acmeOutput, error) {
		return acmeOutput{
			Outcome:  capabilities.Outcome{Reference: string(in.Reference), State: capabilities.Failed, Doubt: true, Notes: []string{"<é>"}},
			Response: json.RawMessage(`{"serviceref":null,"n":9007199254740993}`),
		}, nil
	}
	far := overRPC(t, a)
	near, err := a.Invoke(t.Context(), pay(anOrder))
	if err != nil {
		t.Fatal(err)
	}
	out, err := far.Invoke(t.Context(), pay(anOrder))
	if err != nil || string(out) != string(near) {
		t.Errorf("got %s, %v; in process %s", out, err, near)
	}
}

// A preview that arrived as a call would send what nobody has approved.
func TestPreviewOverRPC(t *testing.T) {
	p := capabilities.NewProvider(capabilities.Info{Slug: "acme"})
	capabilities.AddPreviewed(p, capabilities.Spec{Name: "pay", Effect: capabilities.PaysOut},
		func(context.Context, acmeInput) ([]capabilities.Fact, error) {
			return []capabilities.Fact{{Name: "fee", Value: "1", Leaves: &capabilities.Sum{Amount: "1", Currency: "XOF"}}}, nil
		},
		func(context.Context, acmeInput) (acmeOutput, error) {
			t.Error("it was called")
			return acmeOutput{}, nil
		})
	call := pay(anOrder)
	call.Preview = true
	out, err := overRPC(t, p).Invoke(t.Context(), call)
	if err != nil || string(out) != `[{"name":"fee","value":"1","leaves":{"amount":"1","currency":"XOF"}}]` {
		t.Errorf("got %s, %v", out, err)
	}
}

// No part of a refusal is lost on the way.
func TestRefusalOverRPC(t *testing.T) {
	want := &capabilities.Refusal{
		Kind: capabilities.ProviderRejected, Guard: "g", Message: "m", Fix: "f",
		Problems:     []capabilities.Problem{{Field: "a", Found: "b", Wanted: "c"}, {Field: "d", Found: "e", Wanted: "f"}},
		AfterSeconds: 7, Response: json.RawMessage(`{"code":"02"}`),
	}
	for v, i := reflect.ValueOf(*want), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is not tried", v.Type().Field(i).Name)
		}
	}
	a := newAcme(capabilities.PaysOut)
	a.handle = func(context.Context, acmeInput) (acmeOutput, error) { return acmeOutput{}, want }
	far := overRPC(t, a)
	out, err := far.Invoke(t.Context(), pay(anOrder))
	if r := asRefusal(t, err); !reflect.DeepEqual(r, want) || out != nil {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
}

// A refusal that cannot be written as it is keeps what matters: what may be
// done next.
func TestRefusalWithUnwritableResponse(t *testing.T) {
	a := newAcme(capabilities.PaysOut)
	a.handle = func(context.Context, acmeInput) (acmeOutput, error) {
		r := capabilities.NotSent("the line is down")
		r.Response = json.RawMessage(`{`)
		return acmeOutput{}, r
	}
	far := overRPC(t, a)
	_, err := far.Invoke(t.Context(), pay(anOrder))
	if r := asRefusal(t, err); r.Kind != capabilities.Unavailable || r.Message != "the line is down" || r.Fix == "" {
		t.Errorf("%+v", r)
	}
}

func TestLeaveOverRPC(t *testing.T) {
	tests := []struct {
		name   string
		effect capabilities.Effect
		answer error
		asked  int32
		left   bool
	}{
		{"granted to a collection", capabilities.Collects, nil, 1, true},
		{"granted to a payout", capabilities.PaysOut, nil, 1, true},
		{"refused", capabilities.PaysOut, errors.New("the caller has gone"), 1, false},
		{"not needed for a question", capabilities.Reads, errors.New("the caller has gone"), 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, leave := newAcme(tt.effect), &counter{answer: tt.answer}
			var left bool
			a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
				ctx = capabilities.OnNetwork(ctx, "moov_tg")
				for range 2 {
					if err := capabilities.BeforeSend(ctx); err != nil {
						return acmeOutput{}, err
					}
				}
				left = true
				return acmeOutput{}, nil
			}
			far := overRPC(t, a)
			call := pay(anOrder)
			call.BeforeSend = leave.ask
			_, err := far.Invoke(t.Context(), call)
			if left != tt.left || leave.asked.Load() != tt.asked {
				t.Errorf("left: %t, asked %d times", left, leave.asked.Load())
			}
			if tt.asked > 0 && leave.sending.Network != "moov_tg" {
				t.Errorf("the host heard of the network %q", leave.sending.Network)
			}
			if tt.left {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if r := asRefusal(t, err); r.Kind != capabilities.Unavailable || !strings.Contains(r.Message, tt.answer.Error()) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A host that wants no word before sending gets none.
func TestNoBeforeSendOverRPC(t *testing.T) {
	a := newAcme(capabilities.PaysOut)
	a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
		return acmeOutput{}, capabilities.BeforeSend(ctx)
	}
	far := overRPC(t, a)
	if _, err := far.Invoke(t.Context(), pay(anOrder)); err != nil {
		t.Error(err)
	}
}

// A host that dies while it is asked has written nothing down: the request
// stays.
func TestHostGone(t *testing.T) {
	a := newAcme(capabilities.PaysOut)
	told := make(chan error, 1)
	a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
		err := capabilities.BeforeSend(ctx)
		told <- err
		return acmeOutput{}, err
	}
	far := overRPC(t, a)
	call := pay(anOrder)
	call.BeforeSend = func(context.Context, capabilities.Sending) error { return far.host.Close() }
	if out, err := far.Invoke(t.Context(), call); err == nil {
		t.Errorf("the dead host got %s", out)
	}
	select {
	case err := <-told:
		if r := asRefusal(t, err); r.Kind != capabilities.Unavailable {
			t.Errorf("%+v", r)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the provider waits for a host that is gone")
	}
}

// A process that dies in mid-call has refused nothing: what its end means is
// for the host to judge, which knows whether leave was given.
func TestProcessGone(t *testing.T) {
	a := newAcme(capabilities.PaysOut)
	far := overRPC(t, a)
	a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
		go far.provider.Stop()
		<-ctx.Done()
		return acmeOutput{}, ctx.Err()
	}
	out, err := far.Invoke(t.Context(), pay(anOrder))
	var r *capabilities.Refusal
	if err == nil || errors.As(err, &r) {
		t.Errorf("%s, %v", out, err)
	}
}

func TestDeadlineOverRPC(t *testing.T) {
	a := newAcme(capabilities.PaysOut)
	a.handle = func(ctx context.Context, _ acmeInput) (acmeOutput, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the handler does not know how long it has")
		}
		<-ctx.Done()
		return acmeOutput{}, ctx.Err()
	}
	far := overRPC(t, a)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	out, err := far.Invoke(ctx, pay(anOrder))
	// Whichever end notices first: it is never a success, and never said to be
	// safe to repeat.
	var r *capabilities.Refusal
	if err == nil || errors.As(err, &r) && r.Kind != capabilities.UnknownOutcome {
		t.Errorf("%s, %v", out, err)
	}
}

// stand is a Connection that answers what it was given.
type stand struct {
	manifest *capabilities.Manifest
	out      json.RawMessage
	err      error
}

func (s stand) Manifest(context.Context) (*capabilities.Manifest, error) { return s.manifest, nil }

func (s stand) Configure(context.Context, capabilities.Target, map[string]string) error { return s.err }

func (s stand) Invoke(context.Context, capabilities.Call) (json.RawMessage, error) {
	return s.out, s.err
}

// An error that does not say what is known is taken for the worst.
func TestPlainErrorOverRPC(t *testing.T) {
	far := overRPC(t, stand{err: errors.New("index out of range")})
	_, err := far.Invoke(t.Context(), pay(anOrder))
	if r := asRefusal(t, err); r.Kind != capabilities.UnknownOutcome {
		t.Errorf("%+v", r)
	}
	if err := far.Configure(t.Context(), capabilities.Target{}, nil); err == nil {
		t.Error("the settings were taken")
	}
}

func TestVersionsOverRPC(t *testing.T) {
	for provides, says := range map[int]string{
		capabilities.ContractVersion + 1: "update mcp-payments",
		capabilities.ContractVersion - 1: "rebuild the provider",
	} {
		m := soundManifest(t)
		m.Contract = provides
		far := overRPC(t, stand{manifest: m})
		_, err := far.Manifest(t.Context())
		var v *capabilities.VersionError
		if !errors.As(err, &v) {
			t.Fatalf("version %d: %v", provides, err)
		}
		if v.Provider != "acme" || v.Provides != provides || !strings.Contains(v.Error(), says) {
			t.Errorf("version %d: %v", provides, v)
		}
	}
}

// rogue is a process that was not written with this package.
type rogue struct {
	pb.UnimplementedProviderServer
	manifest string
	steps    []*pb.InvokeResponse
	leave    []*pb.Leave // what the host answered
}

func (r *rogue) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	return &pb.DescribeResponse{Manifest: []byte(r.manifest)}, nil
}

func (r *rogue) Invoke(s grpc.BidiStreamingServer[pb.InvokeRequest, pb.InvokeResponse]) error {
	if _, err := s.Recv(); err != nil {
		return err
	}
	for _, step := range r.steps {
		if err := s.Send(step); err != nil {
			return err
		}
		if step.GetSending() != nil {
			answer, err := s.Recv()
			if err != nil {
				return err
			}
			r.leave = append(r.leave, answer.GetLeave())
		}
	}
	return nil
}

func (r *rogue) connect(t *testing.T) capabilities.Connection {
	t.Helper()
	return dial(t, func(s *grpc.Server) { pb.RegisterProviderServer(s, r) })
}

// The manifest of a later contract may look like anything: its version is
// read before the rest.
func TestManifestOfALaterContract(t *testing.T) {
	far := (&rogue{manifest: `{"slug":"acme","contract":2,"capabilities":{"pay":{}},"countries":"TG"}`}).connect(t)
	_, err := far.Manifest(t.Context())
	var v *capabilities.VersionError
	if !errors.As(err, &v) || v.Provider != "acme" || v.Provides != 2 {
		t.Errorf("%v", err)
	}
}

func TestManifestThatCannotBeRead(t *testing.T) {
	for _, manifest := range []string{``, `{`, `[]`, `{"slug":7}`, `{"slug":"acme","contract":1,"capabilities":{}}`} {
		far := (&rogue{manifest: manifest}).connect(t)
		if m, err := far.Manifest(t.Context()); err == nil {
			t.Errorf("%q was read as %+v", manifest, m)
		}
	}
}

// A provider that refuses in words that nobody can read may have sent.
func TestRefusalThatCannotBeRead(t *testing.T) {
	for _, refusal := range []string{``, `{`, `"no"`, `{}`, `{"message":"all is well"}`} {
		step := &pb.InvokeResponse{Step: &pb.InvokeResponse_Refusal{Refusal: []byte(refusal)}}
		far := (&rogue{steps: []*pb.InvokeResponse{step}}).connect(t)
		_, err := far.Invoke(t.Context(), pay(anOrder))
		if r := asRefusal(t, err); r.Kind != capabilities.UnknownOutcome {
			t.Errorf("%q: %+v", refusal, r)
		}
	}
}

// One that ends without an answer has not refused.
func TestNoAnswer(t *testing.T) {
	far := (&rogue{}).connect(t)
	out, err := far.Invoke(t.Context(), pay(anOrder))
	var r *capabilities.Refusal
	if err == nil || errors.As(err, &r) {
		t.Errorf("%s, %v", out, err)
	}
}

// One that asks for leave again, perhaps for another network, does not move
// the host to another answer.
func TestLeaveIsGivenOnce(t *testing.T) {
	ask := func(network string) *pb.InvokeResponse {
		return &pb.InvokeResponse{Step: &pb.InvokeResponse_Sending{Sending: &pb.Sending{Network: network}}}
	}
	done := &pb.InvokeResponse{Step: &pb.InvokeResponse_Output{Output: []byte(`{}`)}}
	for _, answer := range []error{nil, errors.New("no")} {
		r, host := &rogue{steps: []*pb.InvokeResponse{ask("moov_tg"), ask("mtn_bj"), done}}, &counter{answer: answer}
		far := r.connect(t)
		call := pay(anOrder)
		call.BeforeSend = host.ask
		if _, err := far.Invoke(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		if host.asked.Load() != 1 || host.sending.Network != "moov_tg" {
			t.Errorf("the host was asked %d times, at last for %s", host.asked.Load(), host.sending.Network)
		}
		if len(r.leave) != 2 || r.leave[0].GetGranted() != (answer == nil) || r.leave[1].GetGranted() != (answer == nil) {
			t.Errorf("leave %v", r.leave)
		}
	}
}

func TestNothingIsServed(t *testing.T) {
	if err := capabilities.Plugins()[capabilities.PluginName].(plugin.GRPCPlugin).GRPCServer(nil, grpc.NewServer()); err == nil {
		t.Error("a host's plugin set serves")
	}
}
