package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/host"
	"github.com/mcp-payments/mcp-payments/plugins"
)

// emulatorLine is one emulator as programs read it.
type emulatorLine struct {
	Provider string            `json:"provider"`
	BaseURL  string            `json:"base_url"`
	Config   map[string]string `json:"config"` // what it accepts, by environment variable
}

type emulateFlags struct {
	options emulation.Options
	listen  string
	allow   []string
	asJSON  bool
}

func emulateCommand(a *app) *cobra.Command {
	var f emulateFlags
	c := &cobra.Command{
		Use:   "emulate [PROVIDER...]",
		Short: "Run local imitations of the providers' APIs",
		Long: `Run local imitations of the providers' APIs, for tests and development. They listen
on this machine only, keep books (GET /_emulator/transactions), deliver webhooks, and
let the last three digits of a number choose what happens.`,
		RunE: func(c *cobra.Command, args []string) error { return a.emulate(c.Context(), f, args) },
	}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "address of the first emulator; each further one takes the next port")
	c.Flags().DurationVar(&f.options.SettleAfter, "settle-after", 5*time.Second, "how long payments stay pending")
	c.Flags().DurationVar(&f.options.SlowAnswer, "slow-answer", 30*time.Second, "how long the slow test number keeps its caller waiting")
	c.Flags().StringVar(&f.options.WebhookURL, "webhook-url", "", "where webhooks go: https, or http to this machine")
	c.Flags().StringSliceVar(&f.allow, "allow-ip", nil, "the only addresses (or prefixes) that may call; default all")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one line of JSON per emulator")
	return c
}

func (a *app) emulate(ctx context.Context, f emulateFlags, names []string) error {
	wanted, err := builtIns(names)
	if err != nil {
		return err
	}
	for _, s := range f.allow {
		p, err := prefix(s)
		if err != nil {
			return err
		}
		f.options.AllowIPs = append(f.options.AllowIPs, p)
	}
	var servers running
	for i, b := range wanted {
		e := b.Emulator(f.options)
		addr, err := nth(f.listen, i)
		if err != nil {
			return errors.Join(err, servers.stopEmulators())
		}
		s, err := emulation.Start(e, addr)
		if err != nil {
			return errors.Join(err, servers.stopEmulators())
		}
		servers.emulators = append(servers.emulators, s)
		if err := a.announce(f, e, s.BaseURL()); err != nil {
			return errors.Join(err, servers.stopEmulators())
		}
	}
	<-ctx.Done()
	return servers.stopEmulators()
}

func builtIns(names []string) ([]plugins.BuiltIn, error) {
	all := plugins.All()
	if len(names) == 0 {
		return all, nil
	}
	var wanted []plugins.BuiltIn
	for _, name := range names {
		i := slices.IndexFunc(all, func(b plugins.BuiltIn) bool { return b.Slug == name })
		if i < 0 {
			return nil, usageError{fmt.Errorf("there is no emulator of %q", name)}
		}
		wanted = append(wanted, all[i])
	}
	return wanted, nil
}

func prefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, nil
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, usageError{fmt.Errorf("--allow-ip %s is neither an address nor a prefix", s)}
	}
	return netip.PrefixFrom(ip, ip.BitLen()), nil
}

// nth returns the address of the nth emulator, counted from 0.
func nth(listen string, n int) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", usageError{fmt.Errorf("--listen %s is not an address with a port: %w", listen, err)}
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", usageError{fmt.Errorf("--listen %s: the port is not a number", listen)}
	}
	if p == 0 {
		return listen, nil
	}
	return net.JoinHostPort(host, strconv.FormatUint(p+uint64(n), 10)), nil
}

func (a *app) announce(f emulateFlags, e emulation.Emulator, base string) error {
	if f.asJSON {
		return printJSON(a.out, emulatorLine{Provider: e.Provider(), BaseURL: base, Config: e.Config()})
	}
	fmt.Fprintf(a.out, "%s listens on %s\n\n", bold(e.Provider()), green(base))
	fmt.Fprintf(a.out, "  export %s=%s\n", host.Variable(e.Provider(), "BASE_URL"), base)
	config := e.Config()
	for _, name := range slices.Sorted(maps.Keys(config)) {
		fmt.Fprintf(a.out, "  export %s=%s\n", name, config[name])
	}
	fmt.Fprintln(a.out, "\nThe last three digits of a number choose what happens:")
	var rows [][]string
	for _, n := range e.Numbers() {
		rows = append(rows, []string{"  …" + n.Ending, n.Effect})
	}
	if err := printTable(a.out, []string{"  ENDING", "WHAT HAPPENS"}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.out)
	return err
}
