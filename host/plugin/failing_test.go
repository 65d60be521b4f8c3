package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// rubbish prints what is no handshake, and a lot of it.
func rubbish() {
	fmt.Println("hello\x1b[31m " + strings.Repeat("world ", 5000))
	time.Sleep(time.Hour)
}

// mute never begins to serve, and leaves a mark that it was started.
func mute() {
	mark()
	time.Sleep(time.Hour)
}

// mark leaves the process id beside the program.
func mark() {
	_ = os.WriteFile(os.Args[0]+".new", []byte(strconv.Itoa(os.Getpid())), 0o600)
	_ = os.Rename(os.Args[0]+".new", os.Args[0]+".started")
}

// leftMark waits for the mark and returns the process id.
func leftMark(t *testing.T, path string) (pid int) {
	t.Helper()
	within(t, filepath.Base(path)+" is started", func() bool {
		b, err := os.ReadFile(path + ".started")
		if err == nil {
			pid, err = strconv.Atoi(string(b))
		}
		return err == nil
	})
	return pid
}

// foreign serves a provider of another version of the contract: it describes
// itself, and knows nothing else of this one.
func foreign(version int) {
	manifest := fmt.Appendf(nil, `{"contract":%d,"slug":"acme","capabilities":"in a form that only its version knows"}`, version)
	describe := func(_ any, stream grpc.ServerStream) error {
		if err := stream.RecvMsg(&emptypb.Empty{}); err != nil {
			return err
		}
		return stream.SendMsg(wrapperspb.Bytes(manifest)) // as DescribeResponse on the wire
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: capabilities.Handshake(),
		Plugins:         goplugin.PluginSet{capabilities.PluginName: silent{}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.UnknownServiceHandler(describe))...)
		},
	})
}

// silent registers no service.
type silent struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (silent) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }

func (silent) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not here")
}

func TestProviderThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		role  string
		kind  capabilities.RefusalKind
		words []string
	}{
		{"exits", capabilities.Unavailable, []string{"the provider process exits cannot be started"}},
		{"rubbish", capabilities.Unavailable, []string{"the provider process rubbish cannot be started", "hello", "built for this machine?"}},
		{"absent", capabilities.Unavailable, []string{"the provider process absent cannot be started", "mcp-payments-provider-absent"}},
		{"older", capabilities.Misconfigured, []string{"speaks version 0", "this mcp-payments speaks version 1", "rebuild the provider"}},
		{"newer", capabilities.Misconfigured, []string{"speaks version 2", "this mcp-payments speaks version 1", "update mcp-payments"}},
	} {
		t.Run(tc.role, func(t *testing.T) {
			t.Parallel()
			source := trusted(t, tc.role)
			if tc.role == "absent" {
				if err := os.Remove(source.Path); err != nil {
					t.Fatal(err)
				}
			}
			b := benchWith(t, source, nil)
			for _, capability := range []string{"ask", "pay"} { // the second call finds what the first one left
				a := b.call(capability, "ORDER-1")
				b.refused(a, tc.kind, tc.words...)
				if len(a.Message) > 1000 || strings.ContainsAny(a.Message, "\n\x1b") {
					t.Errorf("not one line that a person reads: %q", a.Message)
				}
			}
			if b.process.PID() != 0 {
				t.Error("a process is left")
			}
		})
	}
}

// Who describes a provider without calling it, in order to trust it, is told
// the same.
func TestManifestOfAnotherVersion(t *testing.T) {
	t.Parallel()
	l, _ := newLauncher(t)
	_, err := plugin.New(l, trusted(t, "newer"), plugin.Settings{}).Manifest(t.Context())
	var refusal *capabilities.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "update mcp-payments") {
		t.Errorf("got %v, want who has to be updated", err)
	}
}

func TestProviderThatRefusesItsSettings(t *testing.T) {
	t.Parallel()
	b := benchWith(t, trusted(t, "acme"), map[string]string{"ACME_KEY": "wrong"})
	b.refused(b.call("ask", "ORDER-1"), capabilities.Misconfigured, "ACME_KEY is no key of Acme", "set ACME_KEY")
}

// A provider that never begins to serve takes the time of its own callers
// alone, and of those no more than they have.
func TestProviderThatNeverServes(t *testing.T) {
	t.Parallel()
	l, _ := newLauncher(t)
	source := trusted(t, "mute")
	stuck := plugin.New(l, source, plugin.Settings{})
	t.Cleanup(func() { stuck.Close(expired()) })
	ctx, leave := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- stuck.Check(ctx) }()
	leftMark(t, source.Path)

	other := plugin.New(l, trusted(t, "acme"), plugin.Settings{})
	t.Cleanup(func() { other.Close(expired()) })
	m, err := other.Manifest(t.Context())
	if err != nil || m.Slug != "acme" {
		t.Fatalf("another provider: %v", err)
	}
	select {
	case err := <-waiting:
		t.Fatalf("the stuck one did not hold up its caller: %v", err)
	default:
	}
	leave()
	if err := ends(t, "its caller gives up", waiting); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestManifestComesWhole(t *testing.T) {
	t.Parallel()
	l, _ := newLauncher(t)
	p := plugin.New(l, trusted(t, "acme"), plugin.Settings{})
	got, err := p.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, err := acmeProvider().Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, got), asJSON(t, want); got != want {
		t.Errorf("the process says\n%s\nwant\n%s", got, want)
	}
	if p.PID() != 0 {
		t.Error("describing leaves a process behind")
	}
}
