package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The definition in docs/resource-types.md is added as it stands there, shown, listed and removed; what comes with the
// program is added by name. Mistakes name the place.
func TestTypeCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Typed", "--domain", "typed.example", "--assume-verified")
	page, err := os.ReadFile("../../docs/resource-types.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(page), "```json\n")[1:]
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	printer, _, _ := strings.Cut(examples[0], "```")
	badge, _, _ := strings.Cut(examples[2], "```")
	path := file("printer.json", printer)
	if out := i.command("type", "add", path, "--company", "Typed"); out != "type Printer /Printers, served within a second" {
		t.Errorf("type add: %q", out)
	}
	if out := i.command("type", "add", path, "--company", "Typed"); !strings.HasSuffix(out, "unchanged") {
		t.Errorf("type add again: %q", out)
	}
	i.command("type", "add", file("badge.json", badge), "--company", "Typed")
	i.command("type", "add", "device", "--company", "Typed")
	i.command("type", "add", "agent", "--company", "Typed")
	if _, err := i.try("type", "add", "agent-abbey", "--company", "Typed"); err == nil || !strings.Contains(err.Error(), "--replace") {
		t.Errorf("two definitions of one type: %v", err)
	}
	i.command("type", "add", "agent-abbey", "--replace", "--company", "Typed")
	shown := i.command("type", "show", "Printer", "--company", "Typed")
	if out := i.command("type", "add", file("again.json", shown), "--company", "Typed"); !strings.HasSuffix(out, "unchanged") {
		t.Errorf("what type show printed is another definition: %q", out)
	}
	var list []struct {
		Name, Endpoint string
		Own            bool
		Extensions     []string
	}
	if err := json.Unmarshal([]byte(i.command("type", "list", "--company", "Typed", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	for _, rt := range list {
		own[rt.Name] = rt.Own
		if rt.Name == "User" && len(rt.Extensions) != 3 {
			t.Errorf("User has the extensions %v", rt.Extensions)
		}
	}
	if !own["Printer"] || !own["Device"] || own["User"] || own["Group"] {
		t.Errorf("type list: %v", own)
	}
	i.command("type", "remove", "Printer", "--company", "Typed")
	for _, c := range []struct{ args, says string }{
		{"type remove Printer --company Typed", "no resource type"},
		{"type show Printer --company Typed", "not found"},
		{"type add " + filepath.Join(dir, "nothing.json") + " --company Typed", "nothing.json"},
		{"type add devise --company Typed", "which has agent-abbey, agent, agentic"},
		{"type add " + file("bad.json", strings.Replace(printer, `"integer"`, `"int"`, 1)) + " --company Typed", "schemas[0].attributes[2].type"},
	} {
		if _, err := i.try(strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", c.args, err, c.says)
		}
	}
}
