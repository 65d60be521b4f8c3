package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/host/plugin"
	"github.com/mcp-payments/mcp-payments/plugins"
)

// catalogued is a provider that can be listed without starting it.
type catalogued struct {
	manifest *capabilities.Manifest
	builtIn  *plugins.BuiltIn // nil for an external provider
	source   plugin.Source
}

// catalogue returns every provider: the built-in ones, then the trusted
// external ones.
func catalogue() ([]catalogued, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the program cannot find itself: %w", err)
	}
	var all []catalogued
	for _, b := range plugins.All() {
		m, err := b.Provider().Manifest(context.Background())
		if err != nil {
			return nil, err
		}
		all = append(all, catalogued{manifest: m, builtIn: &b, source: plugin.Source{
			Provider: b.Slug, Path: self, Args: []string{pluginName, b.Slug},
		}})
	}
	return external(all)
}

func external(all []catalogued) ([]catalogued, error) {
	trust, err := openTrust()
	if err != nil {
		return nil, err
	}
	for _, t := range trust.Trusted {
		if err := t.Manifest.Check(); err != nil {
			return nil, fmt.Errorf("the trusted provider %s: %w; run 'mcp-payments providers trust %s' again", t.Provider, err, t.Provider)
		}
		if slices.ContainsFunc(all, func(c catalogued) bool { return c.manifest.Slug == t.Manifest.Slug }) {
			return nil, fmt.Errorf("the trusted provider %s has the name of a built-in one; run 'mcp-payments providers untrust %s'", t.Provider, t.Provider)
		}
		all = append(all, catalogued{manifest: t.Manifest, source: plugin.Source{Provider: t.Provider, Path: t.Path, SHA256: t.SHA256}})
	}
	return all, nil
}

// chosen keeps the named providers; no name keeps all.
func chosen(all []catalogued, names []string) ([]catalogued, error) {
	if len(names) == 0 {
		return all, nil
	}
	var kept []catalogued
	for _, name := range names {
		i := slices.IndexFunc(all, func(c catalogued) bool { return c.manifest.Slug == name })
		if i < 0 {
			return nil, usageError{fmt.Errorf("there is no provider %q; choose from %s", name, strings.Join(slugs(all), ", "))}
		}
		kept = append(kept, all[i])
	}
	return kept, nil
}

func slugs(all []catalogued) []string {
	var s []string
	for _, c := range all {
		s = append(s, c.manifest.Slug)
	}
	return s
}

// hostFlags are the flags of the commands that run a host.
type hostFlags struct {
	providers []string
	readOnly  bool
	emulate   bool
	emulators emulation.Options
	ledger    string        // the file; empty is the user's own
	patience  time.Duration // 0 is the host's own
	yes       bool          // approve what is held, on an emulator
}

// running is a host with the emulators that it may have of its own.
type running struct {
	*host.Host
	records   records
	emulators []*emulation.Server
}

// start puts a host together. It starts emulators if they are asked for, and
// no provider.
func (a *app) start(f hostFlags) (_ *running, err error) {
	all, err := catalogue()
	if err != nil {
		return nil, err
	}
	all, err = chosen(all, f.providers)
	if err != nil {
		return nil, err
	}
	launcher, err := plugin.NewLauncher(a.logs)
	if err != nil {
		return nil, err
	}
	r := &running{records: recordsAt(f.ledger)}
	if f.emulate && f.ledger == "" {
		if r.records, err = passing(); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.stopEmulators(), r.records.close())
		}
	}()
	o := host.Options{
		ReadOnly: f.readOnly, Patience: f.patience, Principal: whoami(), Policy: pinnedPolicy(policyPath()),
		Ledger: r.records.ledger, Keys: r.records.keys, Audit: r.records.audit, Elsewhere: r.records.elsewhere,
	}
	for _, c := range all {
		settings := host.Resolve(c.manifest, os.LookupEnv)
		if f.emulate {
			if settings, err = r.emulate(c, f.emulators); err != nil {
				return nil, err
			}
		}
		o.Providers = append(o.Providers, host.Provider{
			Manifest: c.manifest,
			Settings: settings,
			Process:  plugin.New(launcher, c.source, plugin.Settings{Target: settings.Target, Values: settings.Values, Secrets: settings.Secrets}),
		})
	}
	r.Host, err = host.New(o)
	return r, err
}

// emulate starts a provider's emulator and returns the settings that lead to
// it. A provider without one keeps away from the real world all the same.
func (r *running) emulate(c catalogued, o emulation.Options) (host.Settings, error) {
	if c.builtIn == nil {
		return host.Settings{Problem: capabilities.Misconfiguration(
			c.manifest.Slug+" has no emulator here", "start without --emulate, or choose other providers with --providers")}, nil
	}
	e := c.builtIn.Emulator(o)
	s, err := emulation.Start(e, "127.0.0.1:0")
	if err != nil {
		return host.Settings{}, err
	}
	r.emulators = append(r.emulators, s)
	return host.Emulated(s.BaseURL(), e.Config()), nil
}

func (r *running) stopEmulators() error {
	var errs []error
	for _, s := range r.emulators {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

func openTrust() (*plugin.Trust, error) {
	return plugin.OpenTrust(filepath.Join(home(), "trusted-providers.json"))
}
