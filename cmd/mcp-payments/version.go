package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// release is set by the linker in release builds.
var release string

// versionInfo says what this program is.
type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Contract int    `json:"contract"` // of host and providers
}

func version() versionInfo {
	v := versionInfo{Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Contract: capabilities.ContractVersion}
	b, ok := debug.ReadBuildInfo()
	if ok && v.Version == "" {
		v.Version = b.Main.Version
	}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "devel"
	}
	if ok {
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	return v
}

func versionCommand(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := version()
			if asJSON {
				return printJSON(a.out, v)
			}
			_, err := fmt.Fprintf(a.out, "mcp-payments %s (%s, %s, provider contract %d)\n", v.Version, v.Go, v.Platform, v.Contract)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
