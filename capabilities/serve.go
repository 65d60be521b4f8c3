package capabilities

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Handshake is what a host and a provider process recognise each other by. It
// is no security measure: it keeps people from starting a provider by hand.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  1, // of the handshake; versions of the contract are compared by Manifest
		MagicCookieKey:   "MCP_PAYMENTS_PROVIDER",
		MagicCookieValue: "5a1e6f0b",
	}
}

// PluginName is the one name under which a process serves its provider.
const PluginName = "provider"

// Plugins is the plugin set of a host: it dispenses a Connection under
// PluginName.
func Plugins() plugin.PluginSet { return pluginSet(nil) }

func pluginSet(served Connection) plugin.PluginSet {
	return plugin.PluginSet{PluginName: &grpcPlugin{served: served}}
}

// Serve serves a provider to the host that started this process, until the
// host stops it or goes away. It does not return.
func Serve(p *Provider) {
	hello := Handshake()
	if os.Getenv(hello.MagicCookieKey) == hello.MagicCookieValue {
		go exitWithHost(os.Stdin)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: hello,
		Plugins:         pluginSet(p),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(maxMessage))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: os.Stderr, JSONFormat: true}),
	})
	os.Exit(0)
}

// exitWithHost ends the process when its standard input ends. A host holds the
// other end for as long as it lives, so a killed one leaves no provider behind
// on any system.
func exitWithHost(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin)
	os.Exit(0)
}

// grpcPlugin ties a Connection to go-plugin, on either side.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	served Connection
}

func (g *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	if g.served == nil {
		return errors.New("capabilities: nothing to serve")
	}
	register(s, g.served)
	return nil
}

func (g *grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return connect(c), nil
}
