package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/approval"
)

func callCommand(a *app) *cobra.Command {
	var f hostFlags
	var form struct{ asJSON, asText bool }
	c := &cobra.Command{
		Use:   "call TOOL JSON",
		Short: "Call one tool and print its answer",
		Long: `Call one tool and print its answer, the same that an agent gets. JSON may be - to
read it from standard input. The exit code is 0 only if the call was not refused.`,
		Example: `  mcp-payments call --emulate qosic_initiate_payment '{"reference":"ORDER-1042","amount":"5000","msisdn":"22890112000"}'`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			answer, err := a.call(c.Context(), f, args[0], args[1])
			if err != nil {
				return err
			}
			switch {
			case form.asText:
				_, err = fmt.Fprintln(a.out, answer.Text())
			case form.asJSON:
				err = printJSON(a.out, answer)
			default:
				err = printIndented(a.out, answer)
			}
			if err != nil {
				return err
			}
			return outcome(answer)
		},
	}
	addHostFlags(c, &f)
	c.Flags().BoolVar(&f.readOnly, "read-only", false, "refuse what moves money")
	c.Flags().BoolVar(&f.yes, "yes", false, "approve the payment; taken on an emulator only")
	c.Flags().BoolVar(&form.asJSON, "json", false, "print the answer on one line")
	c.Flags().BoolVar(&form.asText, "text", false, "print the answer in words")
	return c
}

func (a *app) call(ctx context.Context, f hostFlags, tool, input string) (*host.Answer, error) {
	raw := []byte(input)
	if input == "-" {
		var err error
		if raw, err = io.ReadAll(a.in); err != nil {
			return nil, fmt.Errorf("the input cannot be read: %w", err)
		}
	}
	h, err := a.start(f)
	if err != nil {
		return nil, err
	}
	defer h.close()
	provider, capability, ok := h.Find(tool)
	if !ok {
		return nil, usageError{fmt.Errorf("there is no tool %q; 'mcp-payments capabilities' lists them", tool)}
	}
	request := host.Request{Provider: provider, Capability: capability, Input: json.RawMessage(raw), Caller: host.Caller{Client: "mcp-payments", Version: version().Version, Transport: "cli"}}
	answer := h.Call(ctx, request)
	if answer.Question == nil {
		return answer, nil
	}
	approved, err := a.approve(ctx, h, answer, f.yes)
	if err != nil || !approved {
		if f.emulate && f.ledger == "" {
			answer.Fix = "run it in a terminal, or add --yes: on the emulator that approves it"
		}
		return answer, err
	}
	return h.Call(ctx, request), nil
}

// approve has whoever sits at the terminal decide on a held call. Where nobody
// does, it stays held.
func (a *app) approve(ctx context.Context, h *running, held *host.Answer, yes bool) (bool, error) {
	desk := &approval.Desk{Ledger: h.records.ledger, Keys: h.records.keys, Now: time.Now}
	channel := "terminal"
	if yes {
		if held.Environment != capabilities.Emulator {
			return false, errYes
		}
		channel = "--yes"
	} else if err := confirm(held.Question.Case); err != nil {
		return false, nil // nobody is there, or did not want it: it stays held
	}
	return true, desk.Decide(ctx, held.Question.ID, true, whoami(), channel)
}

// outcome is the exit code of an answer.
func outcome(a *host.Answer) error {
	switch {
	case !a.Refused():
		return nil
	case a.Kind == capabilities.UnknownOutcome:
		return exit(exitUnknown)
	}
	return exit(exitRefused)
}
