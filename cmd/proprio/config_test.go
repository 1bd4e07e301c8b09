package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestSettingsPrecedence: flags win over the environment, the environment over the file, the file over the defaults.
func TestSettingsPrecedence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("proprio.conf", "# a comment\nlisten = 127.0.0.1:1\nlog-level = debug\npublic-url = \"https://file.example\"\n")
	secret := write("dsn", "postgres://secret\n")
	environment := map[string]string{
		"PROPRIO_CONFIG": file, "PROPRIO_LOG_LEVEL": "warn", "PROPRIO_PUBLIC_URL": "https://environment.example",
		"PROPRIO_DATABASE_FILE": secret, "PROPRIO_PRIVATE_APPS": "crm.internal,10.0.0.5:8443",
	}
	got, err := settings(environment, "--public-url", "https://flag.example")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Data: "data", Database: "postgres://secret", Listen: "127.0.0.1:1", PublicURL: "https://flag.example",
		LogFormat: "text", LogLevel: "warn", TracesShare: 0.1, Connections: 16, PrivateApps: privateApps{"crm.internal", "10.0.0.5:8443"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("settings %+v, want %+v", got, want)
	}
}

// TestSettingsMistakes: each is named with its source, all at once.
func TestSettingsMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "proprio.conf")
	for _, c := range []struct{ text, says string }{
		{"listen 127.0.0.1:1", "line 1"},
		{"lisen = 127.0.0.1:1", `"lisen"`},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := settings(map[string]string{"PROPRIO_CONFIG": file}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want it to name %s", c.text, err, c.says)
		}
	}
	if _, err := settings(map[string]string{"PROPRIO_CONFIG": filepath.Join(dir, "none")}); err == nil {
		t.Error("a configuration file that is not there must be a mistake")
	}
	if _, err := settings(map[string]string{"PROPRIO_DATABASE_FILE": filepath.Join(dir, "none")}); err == nil ||
		!strings.Contains(err.Error(), "PROPRIO_DATABASE_FILE") {
		t.Errorf("a secret's file that is not there: %v, want the variable named", err)
	}
}

// TestEveryCommandShowsAnExample: one that names the command itself.
func TestEveryCommandShowsAnExample(t *testing.T) {
	t.Parallel()
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			look(sub)
		}
		if !cmd.HasSubCommands() && !strings.HasPrefix(cmd.Example, "  "+cmd.CommandPath()) {
			t.Errorf("%s --help shows the example %q", cmd.CommandPath(), cmd.Example)
		}
	}
	look((&program{}).rootCmd())
}

// settings are what a command would run with.
func settings(environment map[string]string, args ...string) (Config, error) {
	p := &program{getenv: func(name string) string { return environment[name] }, stderr: new(bytes.Buffer)}
	cmd := &cobra.Command{Use: "serve", RunE: func(cmd *cobra.Command, _ []string) error { return fill(cmd, p.getenv) }}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	p.cfg.flags(cmd.Flags())
	p.cfg.serveFlags(cmd.Flags())
	cmd.SetArgs(args)
	err := cmd.Execute()
	return p.cfg, err
}
