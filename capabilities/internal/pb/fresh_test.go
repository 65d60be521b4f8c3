package pb_test

import (
	"slices"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mcp-payments/mcp-payments/capabilities/internal/pb"
)

const renew = "run 'go generate ./capabilities/internal/pb' and commit"

func compiled(t *testing.T) protoreflect.FileDescriptor {
	t.Helper()
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := c.Compile(t.Context(), "provider.proto")
	if err != nil {
		t.Fatal(err)
	}
	return files[0]
}

// The generated messages are those of provider.proto. If they were not, a
// provider built from that file could not talk to this host.
func TestMessagesAreFresh(t *testing.T) {
	want := protodesc.ToFileDescriptorProto(compiled(t))
	got := protodesc.ToFileDescriptorProto(pb.File_provider_proto)
	if !proto.Equal(got, want) {
		t.Errorf("provider.pb.go is not what provider.proto says: %s\ngenerated: %s\ncompiled:  %s", renew, prototext.Format(got), prototext.Format(want))
	}
}

// And so are the calls.
func TestServiceIsFresh(t *testing.T) {
	services := compiled(t).Services()
	if services.Len() != 1 || string(services.Get(0).FullName()) != pb.Provider_ServiceDesc.ServiceName {
		t.Fatalf("the service is %s: %s", pb.Provider_ServiceDesc.ServiceName, renew)
	}
	type call struct {
		name           string
		client, server bool // streams
	}
	var want, got []call
	for i, methods := 0, services.Get(0).Methods(); i < methods.Len(); i++ {
		m := methods.Get(i)
		want = append(want, call{string(m.Name()), m.IsStreamingClient(), m.IsStreamingServer()})
	}
	for _, m := range pb.Provider_ServiceDesc.Methods {
		got = append(got, call{name: m.MethodName})
	}
	for _, s := range pb.Provider_ServiceDesc.Streams {
		got = append(got, call{s.StreamName, s.ClientStreams, s.ServerStreams})
	}
	if !slices.Equal(got, want) {
		t.Errorf("provider_grpc.pb.go has the calls %v, provider.proto %v: %s", got, want, renew)
	}
}
