package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/host"
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
	return h.Call(ctx, host.Request{Provider: provider, Capability: capability, Input: json.RawMessage(raw)}), nil
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
