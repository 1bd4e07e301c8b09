package main_test

import (
	"strings"
	"testing"
)

// TestRemovedCommands: nothing to bring back is said so; what is not there is a mistake with a hint.
func TestRemovedCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Back", "--domain", "back.example", "--assume-verified")
	if said := i.command("removed", "list", "--company", "Back", "--json"); strings.TrimSpace(said) != "[]" {
		t.Errorf("it says %q", said)
	}
	if _, err := i.try("removed", "restore", "nobody", "--company", "Back"); err == nil || !strings.Contains(err.Error(), "proprio removed list") {
		t.Errorf("%v", err)
	}
}
