package capabilities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcp-payments/mcp-payments/capabilities/internal/pb"
)

// maxMessage bounds one message in either direction, in bytes.
const maxMessage = 4 << 20

func register(s *grpc.Server, c Connection) {
	pb.RegisterProviderServer(s, &server{provider: c})
}

func connect(c *grpc.ClientConn) Connection {
	return &client{rpc: pb.NewProviderClient(c)}
}

// server speaks for a provider, in the provider's process.
type server struct {
	pb.UnimplementedProviderServer
	provider Connection
}

func (s *server) Describe(ctx context.Context, _ *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	m, err := s.provider.Manifest(ctx)
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	b, err := json.Marshal(m)
	return &pb.DescribeResponse{Manifest: b}, err
}

func (s *server) Configure(ctx context.Context, r *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	target := Target{Environment: r.GetEnvironment(), BaseURL: r.GetBaseUrl()}
	if err := s.provider.Configure(ctx, target, r.GetValues()); err != nil {
		return &pb.ConfigureResponse{Refusal: marshalRefusal(err)}, nil
	}
	return &pb.ConfigureResponse{}, nil
}

func (s *server) Invoke(stream grpc.BidiStreamingServer[pb.InvokeRequest, pb.InvokeResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	asked := first.GetCall()
	call := Call{Capability: asked.GetCapability(), Input: asked.GetInput(), Preview: asked.GetPreview()}
	if asked.GetAsk() {
		call.BeforeSend = func(_ context.Context, s Sending) error { return askLeave(stream, s) }
	}
	out, err := s.provider.Invoke(stream.Context(), call)
	if err != nil {
		return stream.Send(&pb.InvokeResponse{Step: &pb.InvokeResponse_Refusal{Refusal: marshalRefusal(err)}})
	}
	return stream.Send(&pb.InvokeResponse{Step: &pb.InvokeResponse_Output{Output: out}})
}

func askLeave(stream grpc.BidiStreamingServer[pb.InvokeRequest, pb.InvokeResponse], s Sending) error {
	ask := &pb.InvokeResponse{Step: &pb.InvokeResponse_Sending{Sending: &pb.Sending{Network: s.Network}}}
	if err := stream.Send(ask); err != nil {
		return NotSent("the host is gone")
	}
	answer, err := stream.Recv()
	if err != nil {
		return NotSent("the host is gone")
	}
	if leave := answer.GetLeave(); !leave.GetGranted() {
		return NotSent("the host gave no leave to send: " + leave.GetReason())
	}
	return nil
}

// marshalRefusal never loses what is known: an error that is no Refusal may
// have happened after sending.
func marshalRefusal(err error) []byte {
	var r *Refusal
	if !errors.As(err, &r) {
		r = MayHaveHappened(err.Error())
	}
	b, err := json.Marshal(r)
	if err != nil {
		b, _ = json.Marshal(&Refusal{Kind: r.Kind, Message: r.Message, Fix: r.Fix})
	}
	return b
}

// client speaks for the host, in the host's process.
type client struct {
	rpc pb.ProviderClient
}

// bounded keeps a provider from filling the host's memory.
func bounded() grpc.CallOption { return grpc.MaxCallRecvMsgSize(maxMessage) }

var _ Connection = (*client)(nil)

func (c *client) Manifest(ctx context.Context) (*Manifest, error) {
	r, err := c.rpc.Describe(ctx, &pb.DescribeRequest{}, bounded())
	if err != nil {
		return nil, fmt.Errorf("the provider does not describe itself: %w", err)
	}
	var version struct {
		Slug     string `json:"slug"`
		Contract int    `json:"contract"`
	}
	if err := json.Unmarshal(r.GetManifest(), &version); err != nil {
		return nil, fmt.Errorf("the provider's manifest cannot be read: %w", err)
	}
	if version.Contract != ContractVersion {
		return nil, &VersionError{Provider: version.Slug, Provides: version.Contract}
	}
	var m Manifest
	if err := json.Unmarshal(r.GetManifest(), &m); err != nil {
		return nil, fmt.Errorf("the manifest of %s cannot be read: %w", version.Slug, err)
	}
	return &m, nil
}

func (c *client) Configure(ctx context.Context, target Target, values map[string]string) error {
	r, err := c.rpc.Configure(ctx, &pb.ConfigureRequest{Environment: target.Environment, BaseUrl: target.BaseURL, Values: values}, bounded())
	if err != nil {
		return fmt.Errorf("the provider cannot be configured: %w", err)
	}
	if len(r.GetRefusal()) > 0 {
		return unmarshalRefusal(r.GetRefusal())
	}
	return nil
}

func (c *client) Invoke(ctx context.Context, call Call) (json.RawMessage, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // frees the stream, which is not read to its end
	stream, err := c.rpc.Invoke(ctx, bounded())
	if err != nil {
		return nil, err
	}
	request := &pb.Call{Capability: call.Capability, Input: call.Input, Ask: call.BeforeSend != nil, Preview: call.Preview}
	if err := stream.Send(&pb.InvokeRequest{Step: &pb.InvokeRequest_Call{Call: request}}); err != nil {
		return nil, err
	}
	var given *pb.InvokeRequest // a provider that asks again gets the same answer
	for {
		r, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		switch step := r.GetStep().(type) {
		case *pb.InvokeResponse_Output:
			return step.Output, nil
		case *pb.InvokeResponse_Refusal:
			return nil, unmarshalRefusal(step.Refusal)
		case *pb.InvokeResponse_Sending:
			if given == nil {
				given = leave(ctx, call, Sending{Network: step.Sending.GetNetwork()})
			}
			if err := stream.Send(given); err != nil {
				return nil, err
			}
		}
	}
}

func leave(ctx context.Context, call Call, s Sending) *pb.InvokeRequest {
	l := &pb.Leave{Granted: true}
	if call.BeforeSend != nil {
		if err := call.BeforeSend(ctx, s); err != nil {
			l = &pb.Leave{Reason: err.Error()}
		}
	}
	return &pb.InvokeRequest{Step: &pb.InvokeRequest_Leave{Leave: l}}
}

func unmarshalRefusal(b []byte) error {
	var r Refusal
	if err := json.Unmarshal(b, &r); err != nil || r.Kind == "" {
		return MayHaveHappened("the provider refused in words that cannot be read")
	}
	return &r
}
