package mcpserver

import (
	"context"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcp-payments/mcp-payments/host"
)

// askTimeout is how long a client of an older protocol may take to ask its
// user, while it waits for its call. Some say that they can and then hang:
// the call stays held, and can be approved from a terminal.
const askTimeout = 60 * time.Second

// questionID names the one question that a call can lead to.
const questionID = "approval"

// ask has the client ask its user about a held call. A client of the newest
// protocol gets the question as the result and makes the call again with the
// answer. Others are asked while they wait.
func (s *Server) ask(ctx context.Context, r host.Request, held *host.Answer) (*mcp.CallToolResult, error) {
	token, err := s.host.Seal(held.Question, s.principal)
	if err != nil {
		return result(held), nil // it can still be approved from a terminal
	}
	params := question(held)
	if server.IsModernRequest(ctx) {
		return server.NewInputRequestBuilder(token).Elicit(questionID, params).ToolResult(), nil
	}
	asking, cancel := context.WithTimeout(ctx, s.askFor)
	defer cancel()
	said, err := s.mcp.RequestElicitation(asking, mcp.ElicitationRequest{
		Request: mcp.Request{Method: string(mcp.MethodElicitationCreate)}, Params: params,
	})
	if err != nil || !s.decide(ctx, r, token, said) {
		return result(held), nil
	}
	return result(s.host.Call(ctx, r)), nil
}

// decided takes the answer to a question that travels with a call made again.
// It reports whether the call came with one, good or not: then nobody is asked
// once more.
func (s *Server) decided(ctx context.Context, r mcp.CallToolRequest, request host.Request) bool {
	if len(r.Params.InputResponses) == 0 && r.Params.RequestState == "" {
		return false
	}
	if said := server.ElicitationResponse(r.Params.InputResponses, questionID); said != nil && declaresElicitation(ctx) {
		s.decide(ctx, request, r.Params.RequestState, said)
	}
	return true
}

// decide records what the user said. It reports whether anything was recorded.
// An answer that fits no open question counts for nothing.
func (s *Server) decide(ctx context.Context, r host.Request, token string, said *mcp.ElicitationResult) bool {
	approve, ok := verdict(said)
	if !ok {
		return false
	}
	return s.host.Decide(ctx, r, token, s.principal, approve, r.Caller.Client+" "+r.Caller.Version) == nil
}

// The two answers.
const (
	approveWord = "approve"
	denyWord    = "deny"
)

// verdict reads the user's answer. Closing the question is none.
func verdict(said *mcp.ElicitationResult) (approve, ok bool) {
	switch said.Action {
	case mcp.ElicitationResponseActionDecline:
		return false, true
	case mcp.ElicitationResponseActionAccept:
	default:
		return false, false
	}
	content, _ := said.Content.(map[string]any)
	switch content["decision"] {
	case approveWord:
		return true, true
	case denyWord:
		return false, true
	}
	return false, false
}

// question is what the user is shown: the whole payment.
func question(held *host.Answer) mcp.ElicitationParams {
	return mcp.ElicitationParams{
		Message: "mcp-payments asks for your approval of this payment, and of nothing else:\n\n" + held.Question.Facts.Text() +
			"\nThe agent that asks for it cannot approve it. Approve only what you expect.",
		RequestedSchema: map[string]any{
			"type": "object",
			"properties": map[string]any{
				"decision": map[string]any{
					"type": "string", "title": "Decision", "description": "approve sends the money; deny does not",
					"enum": []string{denyWord, approveWord},
				},
			},
			"required": []string{"decision"},
		},
	}
}

// declaresElicitation reports whether the client says that it can ask its user.
func declaresElicitation(ctx context.Context) bool {
	var e *mcp.ElicitationCapability
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		if info.ClientCapabilities != nil {
			e = info.ClientCapabilities.Elicitation
		}
	} else if s, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		e = s.GetClientCapabilities().Elicitation
	}
	return e != nil && (e.Form != nil || e.URL == nil) // an empty one means forms
}

// caller is who asks, as far as the client says.
func caller(ctx context.Context) host.Caller {
	c := host.Caller{Transport: "stdio"}
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.ClientInfo != nil {
		c.Client, c.Version = info.ClientInfo.Name, info.ClientInfo.Version
	} else if s, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo); ok {
		i := s.GetClientInfo()
		c.Client, c.Version = i.Name, i.Version
	}
	return c
}
