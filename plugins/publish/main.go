// Command publish writes what is embedded of every built-in provider: its JSON
// Schemas into the folder schemas, its catalogue of gotchas, as JSON, into
// gotchas/published, its tools into the README, and
// its emulator's test numbers into docs. It runs by 'go generate ./plugins'.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/gotchas"
	"github.com/mcp-payments/mcp-payments/plugins"
	"github.com/mcp-payments/mcp-payments/schemas"
)

func main() {
	if err := publish(".."); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

func publish(root string) error {
	var all []*capabilities.Manifest
	for _, b := range plugins.All() {
		m, err := b.Provider().Reflect()
		if err != nil {
			return err
		}
		if err := publishSchemas(filepath.Join(root, "schemas"), m); err != nil {
			return err
		}
		if err := publishGotchas(filepath.Join(root, "gotchas"), m); err != nil {
			return err
		}
		all = append(all, m)
	}
	if err := publishNumbers(filepath.Join(root, "docs", "test-numbers.md"), plugins.All()); err != nil {
		return err
	}
	return publishReadme(filepath.Join(root, "README.md"), all)
}

func publishSchemas(dir string, m *capabilities.Manifest) error {
	if err := os.RemoveAll(filepath.Join(dir, m.Slug)); err != nil {
		return err
	}
	for _, c := range m.Capabilities {
		if err := write(filepath.Join(dir, schemas.File(m.Slug, c.Name, "input")), c.Input); err != nil {
			return err
		}
		if err := write(filepath.Join(dir, schemas.File(m.Slug, c.Name, "output")), c.Output); err != nil {
			return err
		}
	}
	return nil
}

func publishGotchas(dir string, m *capabilities.Manifest) error {
	source, err := os.ReadFile(filepath.Join(dir, m.Slug+".yaml"))
	if err != nil {
		return err
	}
	c, err := gotchas.Parse(source)
	if err != nil {
		return err
	}
	var names []string
	for _, capability := range m.Capabilities {
		names = append(names, capability.Name)
	}
	if err := c.Check(names); err != nil {
		return err
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, "published", m.Slug+".json"), b)
}

// write writes a JSON document, one value on a line.
func write(path string, document json.RawMessage) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, document, "", "  "); err != nil {
		return err
	}
	pretty.WriteByte('\n')
	return os.WriteFile(path, pretty.Bytes(), 0o644)
}
