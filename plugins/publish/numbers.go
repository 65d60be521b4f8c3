package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
	"github.com/mcp-payments/mcp-payments/plugins"
)

const numbersIntro = `# Test numbers

<!-- written by 'go generate ./plugins' -->

On the emulators, the last three digits of a number, a wallet or an account choose what happens. What is not listed is paid after the settle delay
(` + "`--settle-after`" + `). Each provider's table has its own words, and codes, for what the first table says in general.

| ending | every provider |
| --- | --- |
`

// publishNumbers writes the page of the emulators' test numbers: what they do
// everywhere, and what each provider says of it otherwise.
func publishNumbers(path string, all []plugins.BuiltIn) error {
	var b strings.Builder
	b.WriteString(numbersIntro)
	general := map[string]string{}
	for _, n := range emulation.Numbers(nil) {
		general[n.Ending] = n.Effect
		row(&b, n)
	}
	for _, p := range all {
		m, err := p.Provider().Reflect()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n| ending | %s |\n| --- | --- |\n", m.Name)
		for _, n := range p.Emulator(emulation.Options{}).Numbers() {
			if n.Effect != general[n.Ending] {
				row(&b, n)
			}
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func row(b *strings.Builder, n emulation.Number) {
	fmt.Fprintf(b, "| `…%s` | %s |\n", n.Ending, n.Effect)
}
