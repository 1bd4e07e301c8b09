package ownership

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/resources"
)

// The directory of these tests, by folded address.
var directory = Holders{
	"anna@company.fr":  {{ID: "anna", Active: true}},
	"anna.d@gmail.com": {{ID: "anna", Active: true}}, // Anna's private address, as her record tells it
	"bob@company.fr":   {{ID: "bob"}},                // inactive
	"bob@gmail.com":    {{ID: "bob"}},
	"held@company.fr":  {{ID: "held", Active: true, Held: true}},
	"team@company.fr":  {{ID: "anna", Active: true}, {ID: "chloe", Active: true}},
	"chloe@company.fr": {{ID: "chloe", Active: true}},
}

func account(userName string, change ...func(*ObservedAccount)) ObservedAccount {
	a := ObservedAccount{RemoteID: "id:" + userName, UserName: userName, Active: true, Roles: []string{"user"}}
	if IsAddress(userName) {
		a.Logins = []string{userName}
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func admin(a *ObservedAccount)  { a.Administrator, a.Roles = true, []string{"super_admin"} }
func closed(a *ObservedAccount) { a.Active = false }

func emails(list ...string) func(*ObservedAccount) {
	return func(a *ObservedAccount) { a.Emails, a.Logins = list, append(a.Logins, list...) }
}

func private(list ...string) func(*ObservedAccount) {
	return func(a *ObservedAccount) { a.Emails = list }
}

// The verdict and every reason, per account (ownership.md section 1).
func TestJudge(t *testing.T) {
	t.Parallel()
	type rs = []Reason
	for _, tt := range []struct {
		name    string
		account ObservedAccount
		verdict Verdict
		user    string
		reasons rs
	}{
		{"in order", account("anna@company.fr"), Green, "anna", nil},
		{"letter case and trailing dot aside", account("Anna@Company.FR."), Green, "anna", nil},
		{"found by e-mail", account("anna", emails("anna@company.fr")), Green, "anna", nil},
		{"private address beside", account("anna@company.fr", private("anna.d@gmail.com")), Green, "anna", nil},
		{"administrator", account("anna@company.fr", admin), Green, "anna", rs{ReasonAdministrator}},
		{"outside, unknown", account("x@partner.com"), Red, "", rs{ReasonOutsideDomain, ReasonUnknownPerson}},
		{"consumer, unknown", account("x@orange.fr"), Red, "", rs{ReasonOutsideDomain, ReasonConsumerDomain, ReasonUnknownPerson}},
		{"consumer, of somebody known", account("anna.d@gmail.com"), Red, "anna", rs{ReasonOutsideDomain, ReasonConsumerDomain}},
		{"look-alike domain", account("anna@evil-company.fr"), Red, "", rs{ReasonOutsideDomain, ReasonUnknownPerson}},
		{"two @", account("x@evil.com@company.fr"), Red, "", rs{ReasonOutsideDomain, ReasonUnknownPerson}},
		{"company login, reset through a private address", account("anna@company.fr", emails("anna.d@gmail.com")), Red, "anna",
			rs{ReasonOutsideDomain, ReasonConsumerDomain}},
		{"opens by a private address only", account("anna", private("anna.d@gmail.com")), Red, "anna", rs{ReasonOutsideDomain, ReasonConsumerDomain}},
		{"no address", account("anna"), Amber, "", rs{ReasonNoAddress, ReasonUnknownPerson}},
		{"unknown in a company domain", account("info@company.fr"), Amber, "", rs{ReasonUnknownPerson}},
		{"several Users", account("team@company.fr"), Amber, "", rs{ReasonAmbiguous}},
		{"login decides before e-mails", account("anna@company.fr", emails("chloe@company.fr")), Green, "anna", nil},
		{"e-mails of two Users", account("shared", emails("anna@company.fr", "chloe@company.fr")), Amber, "", rs{ReasonAmbiguous}},
		{"leaver, open", account("bob@company.fr"), Red, "bob", rs{ReasonPersonInactive}},
		{"leaver, closed", account("bob@company.fr", closed), Green, "bob", rs{ReasonAccountClosed}},
		{"closed, outside", account("x@gmail.com", closed), Amber, "", rs{ReasonOutsideDomain, ReasonConsumerDomain, ReasonUnknownPerson, ReasonAccountClosed}},
		{"closed administrator is no only admin", account("info@company.fr", closed, admin), Green, "",
			rs{ReasonUnknownPerson, ReasonAdministrator, ReasonAccountClosed}},
		{"held", account("held@company.fr"), Amber, "held", rs{ReasonPersonHeld}},
	} {
		other := account("chloe@company.fr", admin) // so that nobody is the only administrator, except in the next test
		accounts := []ObservedAccount{tt.account, other}
		judge(accounts, directory, []string{"company.fr"})
		got := accounts[0]
		if tt.name == "administrator" && accounts[1].Has(ReasonOnlyAdmin) {
			t.Error("two administrators, and one is told to be the only one")
		}
		if got.Verdict != tt.verdict || got.User != tt.user || !slices.Equal(got.Reasons, tt.reasons) {
			t.Errorf("%s: %s, user %q, %v; want %s, %q, %v", tt.name, got.Verdict, got.User, got.Reasons, tt.verdict, tt.user, tt.reasons)
		}
	}
}

func TestJudge_onlyAdministrator(t *testing.T) {
	t.Parallel()
	accounts := []ObservedAccount{account("anna@company.fr", admin), account("chloe@company.fr"), account("bob@company.fr", admin, closed)}
	judge(accounts, directory, []string{"company.fr"})
	if a := accounts[0]; a.Verdict != Amber || !slices.Equal(a.Reasons, []Reason{ReasonAdministrator, ReasonOnlyAdmin}) {
		t.Errorf("only administrator: %s %v", a.Verdict, a.Reasons)
	}
}

// Without a verified domain nothing is the company's.
func TestJudge_noDomain(t *testing.T) {
	t.Parallel()
	accounts := []ObservedAccount{account("anna@company.fr")}
	judge(accounts, directory, nil)
	if accounts[0].Verdict != Red {
		t.Errorf("verdict %s", accounts[0].Verdict)
	}
}

// What was concluded before does not outlive its reasons.
func TestJudge_again(t *testing.T) {
	t.Parallel()
	accounts := []ObservedAccount{account("bob@company.fr")}
	judge(accounts, directory, []string{"company.fr"})
	judge(accounts, Holders{"bob@company.fr": {{ID: "bob", Active: true}}}, []string{"company.fr"})
	if a := accounts[0]; a.Verdict != Green || len(a.Reasons) != 0 {
		t.Errorf("%s %v", a.Verdict, a.Reasons)
	}
}

// Which addresses open an account: the login, and e-mails that are not private.
func TestObserve(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	read := []RemoteAccount{
		{RemoteID: "2", UserName: "anna@a.fr", Roles: []string{"r"}, Administrator: true, Active: true, DisplayName: "Anna", Emails: []resources.Email{
			{Value: "anna@a.fr", Type: "work"}, {Value: "a@gmail.com", Type: "home"}, {Value: "b@b.fr"}, {Value: "c@c.fr", Type: "other", Primary: true}}},
		{RemoteID: "1", UserName: "bob"},
	}
	want := []ObservedAccount{
		{Company: "c", App: "crm", RemoteID: "1", UserName: "bob", ReadAt: at},
		{Company: "c", App: "crm", RemoteID: "2", UserName: "anna@a.fr", DisplayName: "Anna", Active: true, Administrator: true, Roles: []string{"r"},
			Emails: []string{"anna@a.fr", "a@gmail.com", "b@b.fr", "c@c.fr"}, Logins: []string{"anna@a.fr", "b@b.fr", "c@c.fr"}, ReadAt: at},
	}
	got, err := observe(crm, read, at)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := observe(crm, append(read, RemoteAccount{RemoteID: "1"}), at); !errors.Is(err, ErrIncomplete) {
		t.Errorf("an id twice: %v, %v; want ErrIncomplete", got, err)
	}
}
