package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An app without an interface, from its first task to the export that confirms it, on the command line.
func TestTaskCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	const company = "Atelier Brémond"
	i.command("company", "create", company, "--domain", "atelier.fr", "--assume-verified")
	people := filepath.Join(t.TempDir(), "people.csv")
	noError(t, os.WriteFile(people, []byte("userName,name.givenName,name.familyName,active\nanna@atelier.fr,Anna,Martin,true\nben@atelier.fr,Ben,Petit,true\n"), 0o600))
	i.command("import", people, "--company", company)
	if said, err := i.try("app", "add", "Cadence", "--company", company); err == nil || !strings.Contains(err.Error(), "--url") {
		t.Errorf("an app with an interface and no address: %v, %s", err, said)
	}
	if said, err := i.try("app", "add", "Factures", "--company", company, "--profile", "jefacture", "--token-file", people); err == nil || !strings.Contains(err.Error(), "no interface") {
		t.Errorf("a token for an app without interface: %v, %s", err, said)
	}
	i.command("app", "add", "Factures", "--company", company, "--profile", "jefacture", "--responsible", "karim@atelier.fr")
	i.serve()
	var tasks []object
	eventually(t, func() bool { tasks = i.list("task", "list", "--company", company); return len(tasks) == 2 })
	first := tasks[0]
	if first["action"] != "create" || first["state"] != "open" || first["responsible"] != "karim@atelier.fr" || first["app"] != "Factures" {
		t.Errorf("task %v", first)
	}
	id := first["id"].(string)
	if said := i.command("task", "show", id, "--company", company, "--french"); !strings.Contains(said, "Gérer l'espace de travail › Utilisateurs") ||
		!strings.Contains(said, "Invitez la personne") {
		t.Errorf("task show says %s", said)
	}
	if said, err := i.try("task", "done", id, "--company", company); err == nil || !strings.Contains(err.Error(), "--proof") {
		t.Errorf("done without proof: %v, %s", err, said)
	}
	if said, err := i.try("task", "list", "--company", company, "--state", "asleep"); err == nil || !strings.Contains(err.Error(), "asleep") {
		t.Errorf("an unknown state: %v, %s", err, said)
	}
	i.command("task", "done", id, "--company", company, "--proof", "invited, see the screenshot", "--reference", "invitation.png", "--by", "karim@atelier.fr")
	i.command("task", "refuse", tasks[1]["id"].(string), "--company", company, "--reason", "no seat left")

	list := filepath.Join(t.TempDir(), "export.csv")
	noError(t, os.WriteFile(list, []byte("E-mail;Statut\n"+first["objectName"].(string)+";Actif\n"), 0o600))
	at := time.Now().Add(10 * time.Second).Format(time.RFC3339)
	if said := i.command("app", "confirm", "Factures", "--csv", list, "--exported", at); !strings.Contains(said, "1 confirmed") {
		t.Errorf("app confirm says %s", said)
	}
	if said, err := i.try("app", "confirm", "Factures", "--csv", list, "--exported", "yesterday"); err == nil || !strings.Contains(err.Error(), "--exported") {
		t.Errorf("a time that is none: %v, %s", err, said)
	}
	confirmed := i.list("task", "list", "--company", company, "--state", "confirmed")
	if len(confirmed) != 1 || confirmed[0]["reference"] != "invitation.png" || confirmed[0]["closedBy"] != "karim@atelier.fr" {
		t.Errorf("confirmed tasks %v", confirmed)
	}
	eventually(t, func() bool {
		said := i.command("app", "status", "Factures", "--json")
		return strings.Contains(said, `"confirmed": 1`) && strings.Contains(said, `"failed": 1`)
	})
}

// eventually waits until something is so that another process brings about.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within a minute")
		}
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
