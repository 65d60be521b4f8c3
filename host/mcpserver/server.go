// Package mcpserver shows a host's capabilities as MCP tools. It is the only
// part of the host that knows the MCP library.
package mcpserver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcp-payments/mcp-payments/host"
)

// workers is how many calls run at once. A payment may take as long as its
// customer needs, and others must not wait for it.
const workers = 50

// Server serves a host's tools.
type Server struct {
	mcp  *server.MCPServer
	host *host.Host
	// principal stands for this server's one connection: an answer to a question
	// that was asked on another one is none.
	principal string
	askFor    time.Duration
}

// New returns a server of the host's tools. version is the program's.
func New(h *host.Host, version string) (*Server, error) {
	s := &Server{host: h, principal: rand.Text(), askFor: askTimeout, mcp: server.NewMCPServer("mcp-payments", version,
		server.WithTitle("mcp-payments"),
		server.WithDescription("Safe hands on African mobile-money and wallet payments"),
		server.WithInstructions(instructions),
		server.WithToolCapabilities(false),
		server.WithRecovery(),
	)}
	for _, t := range h.Tools() {
		shown, err := tool(t)
		if err != nil {
			return nil, fmt.Errorf("mcpserver: %s: %w", t.Name, err)
		}
		s.mcp.AddTool(shown, s.handler(t))
	}
	s.mcp.AddTool(directory(), s.lookUp)
	return s, nil
}

// handler calls one tool. Everything that can go wrong with a call is a
// result: an error here would reach the client as its bare text.
func (s *Server) handler(t host.Tool) server.ToolHandlerFunc {
	return func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		request := host.Request{
			Provider:   t.Manifest.Slug,
			Capability: t.Capability.Name,
			Input:      arguments(r),
			Caller:     caller(ctx),
		}
		answered := s.decided(ctx, r, request)
		answer := s.host.Call(ctx, request)
		if answer.Question != nil && !answered && declaresElicitation(ctx) {
			return s.ask(ctx, request, answer)
		}
		return result(answer), nil
	}
}

func result(a *host.Answer) *mcp.CallToolResult {
	r := mcp.NewToolResultStructured(a, a.Text())
	r.IsError = a.Refused()
	return r
}

// arguments returns the arguments as the client spelled them.
func arguments(r mcp.CallToolRequest) json.RawMessage {
	if len(r.Params.RawArguments) > 0 && string(r.Params.RawArguments) != "null" {
		return r.Params.RawArguments
	}
	return nil
}

// Serve speaks MCP over two streams until in ends or ctx does. Calls that
// move money are answered, or at least ended, before it returns.
func (s *Server) Serve(ctx context.Context, in io.Reader, out, logs io.Writer) error {
	stdio := server.NewStdioServer(s.mcp)
	for _, option := range []server.StdioOption{
		server.WithErrorLogger(log.New(logs, "mcp-payments: ", 0)),
		server.WithWorkerPoolSize(workers),
	} {
		option(stdio)
	}
	err := stdio.Listen(ctx, in, out)
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
