// Command publish writes the JSON Schemas of every built-in provider into the
// folder schemas. It runs by 'go generate ./plugins'.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mcp-payments/mcp-payments/plugins"
	"github.com/mcp-payments/mcp-payments/schemas"
)

func main() {
	if err := publish(filepath.Join("..", "schemas")); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

func publish(dir string) error {
	for _, b := range plugins.All() {
		m, err := b.Provider().Reflect()
		if err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(dir, b.Slug)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, b.Slug), 0o755); err != nil {
			return err
		}
		for _, c := range m.Capabilities {
			if err := write(filepath.Join(dir, schemas.File(b.Slug, c.Name, "input")), c.Input); err != nil {
				return err
			}
			if err := write(filepath.Join(dir, schemas.File(b.Slug, c.Name, "output")), c.Output); err != nil {
				return err
			}
		}
	}
	return nil
}

func write(path string, schema json.RawMessage) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, schema, "", "  "); err != nil {
		return err
	}
	pretty.WriteByte('\n')
	return os.WriteFile(path, pretty.Bytes(), 0o644)
}
