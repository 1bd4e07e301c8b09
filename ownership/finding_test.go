package ownership

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var crm = AppRef{Company: "c", ID: "crm", Name: "CRM"}

// summary is a finding as "kind severity object".
func summary(fs []Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%s %s %s", f.Kind, f.Severity, f.ObjectName))
	}
	slices.Sort(out)
	return out
}

func TestFindings(t *testing.T) {
	t.Parallel()
	annaAdmin, chloeAdmin := account("anna@company.fr", admin), account("chloe@company.fr", admin)
	assistant := account("marie.assistante@gmail.com", admin)
	for _, tt := range []struct {
		name     string
		accounts []ObservedAccount
		want     []string
	}{
		{"in order", []ObservedAccount{annaAdmin, chloeAdmin}, nil},
		{"C06: the only administrator is outside and unknown", []ObservedAccount{assistant, account("anna@company.fr")},
			[]string{"lost-app critical marie.assistante@gmail.com"}},
		{"C06: the only administrator is outside and has left", []ObservedAccount{account("bob@gmail.com", admin), account("anna@company.fr")},
			[]string{"lost-app critical bob@gmail.com"}},
		{"two administrators, both strangers", []ObservedAccount{assistant, account("x@yahoo.fr", admin)},
			[]string{"lost-app critical marie.assistante@gmail.com", "lost-app critical x@yahoo.fr"}},
		{"the company has got in: no longer lost, the stranger still to go", []ObservedAccount{assistant, annaAdmin},
			[]string{"few-admins medium CRM", "outside-account high marie.assistante@gmail.com"}},
		{"only administrator outside, but somebody known", []ObservedAccount{account("anna.d@gmail.com", admin)},
			[]string{"few-admins high CRM", "outside-account high anna.d@gmail.com"}},
		{"a closed stranger opens nothing", []ObservedAccount{annaAdmin, chloeAdmin, account("x@gmail.com", admin, closed)}, nil},
		{"C02", []ObservedAccount{annaAdmin, chloeAdmin, account("x@partner.com")}, []string{"outside-account high x@partner.com"}},
		{"C10", []ObservedAccount{annaAdmin, chloeAdmin, account("bob@company.fr")}, []string{"leaver-account high bob@company.fr"}},
		{"C05", []ObservedAccount{annaAdmin, chloeAdmin, account("bob@company.fr", admin)}, []string{"leaver-account critical bob@company.fr"}},
		{"C17", []ObservedAccount{annaAdmin, chloeAdmin, account("info@company.fr"), account("team@company.fr"), account("nobody")},
			[]string{"orphan-account medium info@company.fr", "orphan-account medium nobody", "orphan-account medium team@company.fr"}},
		{"C17, administrator", []ObservedAccount{annaAdmin, chloeAdmin, account("info@company.fr", admin)}, []string{"orphan-account high info@company.fr"}},
		{"C04, one", []ObservedAccount{annaAdmin, account("chloe@company.fr")}, []string{"few-admins medium CRM"}},
		{"C04, none", []ObservedAccount{account("chloe@company.fr")}, []string{"few-admins high CRM"}},
		{"C04, a held person does not count", []ObservedAccount{annaAdmin, account("held@company.fr", admin)}, []string{"few-admins medium CRM"}},
		{"the app tells no roles", []ObservedAccount{account("chloe@company.fr", func(a *ObservedAccount) { a.Roles = nil })}, nil},
		{"nothing read", nil, nil},
	} {
		judge(tt.accounts, directory, []string{"company.fr"})
		if diff := cmp.Diff(tt.want, summary(findings(crm, tt.accounts, tellsRoles(tt.accounts)))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// The recovery procedure, in the order in which no step can lock the company out (ownership.md section 1).
func TestFindings_recovery(t *testing.T) {
	t.Parallel()
	accounts := []ObservedAccount{account("marie.assistante@gmail.com", admin), account("anna@company.fr")}
	judge(accounts, directory, []string{"company.fr"})
	want := []string{CureAddAdministrator, CureConfirmAdministrator, CureMoveOwnership, CureRotateSecrets, CureDowngrade, CureRemoveAccount}
	if got := findings(crm, accounts, true)[0].Cure; !slices.Equal(got, want) {
		t.Errorf("cure %v, want %v", got, want)
	}
	accounts[1] = account("anna@company.fr", admin)
	judge(accounts, directory, []string{"company.fr"})
	if got := findings(crm, accounts, true)[0].Cure; !slices.Equal(got, want[1:]) {
		t.Errorf("cure once the company is in: %v, want %v", got, want[1:])
	}
}

// Every finding names a cure, and every step is one that the console knows.
func TestFindings_everyCureIsListed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	note := func(fs []Finding) {
		for _, f := range fs {
			if len(f.Cure) == 0 {
				t.Errorf("%s names no cure", f.Kind)
			}
			for _, step := range f.Cure {
				used[step] = true
			}
		}
	}
	for _, login := range []string{"anna@company.fr", "bob@company.fr", "bob@gmail.com", "anna.d@gmail.com", "x@y.com", "info@company.fr", "held@company.fr", "n"} {
		for _, change := range []func(*ObservedAccount){admin, closed, func(*ObservedAccount) {}} {
			for _, second := range []ObservedAccount{account("chloe@company.fr", admin), account("chloe@company.fr")} {
				accounts := []ObservedAccount{account(login, change), second}
				judge(accounts, directory, []string{"company.fr"})
				note(findings(crm, accounts, true))
			}
		}
	}
	note(heldFindings("c", []HeldUser{{ID: "u", Name: "n"}}))
	used[CureDoTask] = true // of late tasks, which package push/manual finds
	note([]Finding{LateTask("c", "t", "n", "", High)})
	for _, step := range CureSteps() {
		if !used[step] {
			t.Errorf("no finding uses %s", step)
		}
		delete(used, step)
	}
	for step := range used {
		t.Errorf("%s is not listed", step)
	}
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	n := 0
	newID := func() string { n++; return fmt.Sprint("new", n) }
	finding := func(object string, s Severity) Finding {
		return Finding{Company: "c", App: "crm", Kind: FindingOrphanAccount, ObjectType: "account", ObjectID: object, ObjectName: object,
			Severity: s, Cure: []string{CureIdentifyHolder}}
	}
	opened := reconcile(nil, []Finding{finding("a", Medium), finding("b", Medium)}, at, newID)
	if len(opened) != 2 || opened[0].ID != "new1" || !opened[0].Opened.Equal(at) || !opened[0].Due.Equal(at.Add(30*day)) {
		t.Fatalf("opened: %+v", opened)
	}
	if rows := reconcile(opened, []Finding{finding("b", Medium), finding("a", Medium)}, at.Add(day), newID); len(rows) != 0 {
		t.Errorf("nothing changed, and yet: %+v", rows)
	}
	rows := reconcile(opened, []Finding{finding("a", High)}, at.Add(2*day), newID)
	if len(rows) != 2 {
		t.Fatalf("rows: %+v", rows)
	}
	if a := rows[0]; a.ID != "new1" || !a.Opened.Equal(at) || a.Severity != High || !a.Due.Equal(at.Add(7*day)) || !a.Closed.IsZero() {
		t.Errorf("graver: %+v", a)
	}
	if b := rows[1]; b.ID != "new2" || !b.Opened.Equal(at) || !b.Closed.Equal(at.Add(2*day)) {
		t.Errorf("closed: %+v", b)
	}
	given := owned("camille@company.fr", []Finding{finding("a", Medium), finding("b", Medium)})
	rows = reconcile(opened, given, at.Add(day), newID)
	if len(rows) != 2 || rows[0].ID != "new1" || rows[0].Owner != "camille@company.fr" || !rows[0].Due.Equal(at.Add(30*day)) {
		t.Errorf("given to somebody else: %+v", rows)
	}
	if rows := reconcile(nil, []Finding{finding("b", Medium)}, at.Add(3*day), newID); rows[0].ID != "new3" {
		t.Errorf("a finding that comes back is a new one: %+v", rows)
	}
}
