package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Profiles are told before an app is added; those of a folder are more of them.
func TestProfileCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	folder := t.TempDir()
	text := `{"name": "cadence", "title": "Cadence CRM", "warnings": [{"en": "Ask first.", "fr": "Demandez d'abord."}]}`
	if err := os.WriteFile(filepath.Join(folder, "cadence.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := i.command("profile", "list", "--profiles", folder); !strings.Contains(said, "cadence\tCadence CRM") || !strings.Contains(said, "asana\tAsana\tEnterprise") {
		t.Errorf("profile list says %q", said)
	}
	if said := i.command("profile", "show", "cadence", "--profiles", folder); !strings.Contains(said, "Ask first.") {
		t.Errorf("profile show says %q", said)
	}
	if said := i.command("profile", "show", "slack", "--json"); !strings.Contains(said, `"longest": 21`) {
		t.Errorf("profile show --json says %q", said)
	}
}
