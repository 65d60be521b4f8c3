package mcpserver_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// The directory tells which tools fit, and asks no provider.
func TestDirectory(t *testing.T) {
	c := connect(t, nothing)
	for _, tt := range []struct{ arguments, want string }{
		{`{}`, "acme_collect acme_pay_out acme_read acme_build acme_mystery"},
		{`{"country":"tg","effect":"collects"}`, "acme_collect"},
		{`{"country":"FR"}`, ""},
	} {
		c.send(1, "tools/call", `{"name":"list_capabilities","arguments":`+tt.arguments+`}`)
		var result struct {
			IsError bool `json:"isError"`
			Content []struct {
				Text string `json:"text"`
			} `json:"content"`
			Structured struct {
				Capabilities []struct {
					Tool string `json:"tool"`
				} `json:"capabilities"`
			} `json:"structuredContent"`
		}
		if err := json.Unmarshal(c.receive().Result, &result); err != nil {
			t.Fatal(err)
		}
		var tools []string
		for _, o := range result.Structured.Capabilities {
			tools = append(tools, o.Tool)
		}
		if got := strings.Join(tools, " "); got != tt.want || result.IsError {
			t.Errorf("%s: %q, want %q", tt.arguments, got, tt.want)
		}
		if len(result.Content) != 1 || result.Content[0].Text == "" {
			t.Errorf("%s: no words: %+v", tt.arguments, result.Content)
		}
	}
	c.send(2, "tools/call", `{"name":"list_capabilities","arguments":{"land":"TG"}}`)
	if r := string(c.receive().Result); !strings.Contains(r, `"isError":true`) || !strings.Contains(r, "land") {
		t.Errorf("a field that there is not: %s", r)
	}
}
