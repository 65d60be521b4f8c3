package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/plugin"
)

// finding is one thing that doctor looked at.
type finding struct {
	Subject string `json:"subject"`
	Status  string `json:"status"` // ok, note or problem
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

const (
	statusOK      = "ok"
	statusNote    = "note"
	statusProblem = "problem"
	dialTimeout   = 5 * time.Second
)

func doctorCommand(a *app) *cobra.Command {
	var asJSON, offline bool
	var path string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the ledger, the policy, the configuration and the providers",
		Long: `Check the ledger and the policy, then each provider's configuration; start its process, and
see whether its address can be reached (a connection only, no request). The exit code is 1 if
there is a problem.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			findings, err := a.examine(c.Context(), path, offline)
			if err != nil {
				return err
			}
			if err := a.report(findings, asJSON); err != nil {
				return err
			}
			for _, f := range findings {
				if f.Status == statusProblem {
					return exit(exitFailed)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&offline, "offline", false, "connect to nobody")
	c.Flags().StringVar(&path, "ledger", "", "the ledger file")
	return c
}

func (a *app) examine(ctx context.Context, path string, offline bool) ([]finding, error) {
	v := version()
	findings := []finding{{"mcp-payments", statusOK, fmt.Sprintf("%s, %s, %s", v.Version, v.Go, v.Platform), ""}}
	findings = append(findings, checkRecords(ctx, path)...)
	findings = append(findings, checkPolicy()...)
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	launcher, err := plugin.NewLauncher(a.logs)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		s := host.Resolve(c.manifest, os.LookupEnv)
		if s.Problem != nil {
			findings = append(findings, finding{c.manifest.Slug, notConfigured(c.manifest.Slug, s), s.Problem.Message, s.Problem.Fix})
			continue
		}
		findings = append(findings, finding{c.manifest.Slug, statusOK, fmt.Sprintf("configured for %s at %s", s.Target.Environment, s.Target.BaseURL), ""})
		findings = append(findings, checkProcess(ctx, launcher, c, s))
		if !offline {
			findings = append(findings, reach(ctx, c.manifest.Slug, s.Target.BaseURL))
		}
	}
	return externals(findings)
}

// notConfigured is a note where nothing is set at all: nobody uses every
// provider.
func notConfigured(provider string, s host.Settings) string {
	set := slices.Collect(maps.Values(s.Values))
	for _, name := range []string{"BASE_URL", "ENVIRONMENT"} {
		set = append(set, os.Getenv(host.Variable(provider, name)))
	}
	if strings.Join(set, "") == "" {
		return statusNote
	}
	return statusProblem
}

func checkProcess(ctx context.Context, l *plugin.Launcher, c catalogued, s host.Settings) finding {
	subject := c.manifest.Slug
	p := plugin.New(l, c.source, plugin.Settings{Target: s.Target, Values: s.Values, Secrets: s.Secrets})
	began := time.Now()
	err := p.Check(ctx)
	took := time.Since(began).Round(time.Millisecond)
	p.Close(ctx)
	if err != nil {
		return finding{subject, statusProblem, err.Error(), "reinstall mcp-payments, or the provider"}
	}
	return finding{subject, statusOK, fmt.Sprintf("its process starts and takes its settings (%s)", took), ""}
}

func reach(ctx context.Context, subject, base string) finding {
	u, err := url.Parse(base)
	if err != nil {
		return finding{subject, statusProblem, err.Error(), "correct the base URL"}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return finding{subject, statusProblem, fmt.Sprintf("%s cannot be reached: %v", u.Host, err), "check the network and the base URL"}
	}
	_ = conn.Close()
	return finding{subject, statusOK, u.Host + " can be reached", ""}
}

func externals(findings []finding) ([]finding, error) {
	rows, err := providerRows()
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		fix := "run 'mcp-payments providers trust " + r.Provider + "' if you put it there"
		switch r.Trust {
		case "changed":
			findings = append(findings, finding{r.Provider, statusProblem, r.Path + " is not the file that was trusted; it will not be started", fix})
		case "untrusted":
			findings = append(findings, finding{r.Provider, statusNote, r.Path + " is not trusted; it will not be started", fix})
		}
	}
	return findings, nil
}

func (a *app) report(findings []finding, asJSON bool) error {
	if asJSON {
		return printJSON(a.out, findings)
	}
	mark := map[string]string{statusOK: green("ok     "), statusNote: yellow("note   "), statusProblem: red("problem")}
	for _, f := range findings {
		if _, err := fmt.Fprintf(a.out, "%s  %s: %s\n", mark[f.Status], f.Subject, f.Message); err != nil {
			return err
		}
		if f.Fix != "" {
			if _, err := fmt.Fprintf(a.out, "         %s\n", faint("fix: "+f.Fix)); err != nil {
				return err
			}
		}
	}
	return nil
}
