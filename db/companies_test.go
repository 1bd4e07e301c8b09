package db_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

var operator = audit.Actor{Kind: audit.ActorCommand, Name: "operator"}

func TestCompanies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		want := ownership.Company{ID: id(), Name: "Dupont & Fils", OutsideDomain: ownership.OutsideHold, Created: start}
		got, err := d.CreateCompany(t.Context(), operator, want)
		if err != nil || got != want {
			t.Fatalf("create: %+v, %v", got, err)
		}
		again, err := d.CreateCompany(t.Context(), operator, ownership.Company{ID: id(), Name: "DUPONT & fils", OutsideDomain: ownership.OutsideReject})
		if err != nil || again != want {
			t.Errorf("create again in other letter case: %+v, %v; want the first, unchanged", again, err)
		}
		if got, err := d.CompanyByName(t.Context(), "dupont & FILS"); err != nil || got != want {
			t.Errorf("by name: %+v, %v", got, err)
		}
		if got, err := d.Company(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("by id: %+v, %v", got, err)
		}
		for _, wrong := range []string{"", "x", id()} {
			if _, err := d.Company(t.Context(), wrong); !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("company %q: %v, want ErrNotFound", wrong, err)
			}
			if err := d.SetOutsideDomain(t.Context(), operator, wrong, ownership.OutsideHold); !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("mode of company %q: %v, want ErrNotFound", wrong, err)
			}
			if err := d.PutDomain(t.Context(), operator, ownership.Domain{Company: wrong, Name: "a.fr"}); !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("domain of company %q: %v, want ErrNotFound", wrong, err)
			}
		}
		if _, err := d.CompanyByName(t.Context(), "nobody"); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("by unknown name: %v, want ErrNotFound", err)
		}
		if got, err := d.SoleCompany(t.Context()); err != nil || got != want {
			t.Errorf("the only one: %+v, %v", got, err)
		}
		if err := d.SetOutsideDomain(t.Context(), operator, want.ID, ownership.OutsideReject); err != nil {
			t.Fatal(err)
		}
		all, err := d.Companies(t.Context())
		if err != nil || len(all) != 1 || all[0].OutsideDomain != ownership.OutsideReject {
			t.Errorf("all: %+v, %v", all, err)
		}
	})
}

// A domain leads to the one company that has verified it, and the only company is no longer that when there are two.
func TestCompanyOfDomain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.SoleCompany(t.Context()); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("the only company of none: %v, want ErrNotFound", err)
		}
		var companies []ownership.Company
		for _, name := range []string{"One", "Other"} {
			c, err := d.CreateCompany(t.Context(), operator, ownership.Company{ID: id(), Name: name, OutsideDomain: ownership.OutsideReject, Created: start})
			if err != nil {
				t.Fatal(err)
			}
			companies = append(companies, c)
		}
		if _, err := d.SoleCompany(t.Context()); !errors.Is(err, resources.ErrTooMany) {
			t.Errorf("the only company of two: %v, want ErrTooMany", err)
		}
		for _, o := range []ownership.Domain{
			{Company: companies[0].ID, Name: "one.fr", Verified: start}, {Company: companies[1].ID, Name: "one.fr"},
			{Company: companies[1].ID, Name: "claimed.fr"},
		} {
			if err := d.PutDomain(t.Context(), operator, o); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := d.CompanyOfDomain(t.Context(), "one.fr"); err != nil || got != companies[0] {
			t.Errorf("one.fr: %+v, %v; want the company that verified it, not the one that claims it", got, err)
		}
		for _, name := range []string{"claimed.fr", "www.one.fr", "fr", "", "' or 1=1 --", "%"} {
			if got, err := d.CompanyOfDomain(t.Context(), name); !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("%q: %+v, %v; want ErrNotFound", name, got, err)
			}
		}
	})
}

// Several who create one company at once get the same one.
func TestCompanies_createdAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ids := make([]string, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				c, err := d.CreateCompany(t.Context(), operator, ownership.Company{ID: id(), Name: "Dupont"})
				if err != nil {
					t.Error(err)
				}
				ids[i] = c.ID
			})
		}
		wg.Wait()
		for _, other := range ids {
			if other != ids[0] {
				t.Fatalf("several companies: %v", ids)
			}
		}
	})
}

func TestDomains(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := newBench(t, d).c.Company, newBench(t, d).c.Company
		pending := ownership.Domain{Company: a, Name: "a.fr", Proof: "p"}
		verified := ownership.Domain{Company: a, Name: "b.fr", Proof: "q", Verified: start, Missing: start}
		for _, o := range []ownership.Domain{verified, pending} {
			if err := d.PutDomain(t.Context(), operator, o); err != nil {
				t.Fatal(err)
			}
		}
		got, err := d.Domains(t.Context(), a)
		if diff := cmp.Diff([]ownership.Domain{pending, verified}, got); diff != "" || err != nil {
			t.Errorf("domains: %v\n%s", err, diff)
		}

		// A verified domain belongs to one company; a claim without proof hinders nobody.
		rival := ownership.Domain{Company: b, Name: "b.fr"}
		if err := d.PutDomain(t.Context(), operator, rival); err != nil {
			t.Errorf("an unproved claim: %v", err)
		}
		rival.Verified = start
		if err := d.PutDomain(t.Context(), operator, rival); !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("a domain that is another company's: %v, want ErrUniqueness", err)
		}
		if err := d.RemoveDomain(t.Context(), operator, b, "a.fr"); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("remove another company's domain: %v, want ErrNotFound", err)
		}
		if err := d.RemoveDomain(t.Context(), operator, a, "b.fr"); err != nil {
			t.Fatal(err)
		}
		if err := d.PutDomain(t.Context(), operator, rival); err != nil {
			t.Errorf("once it is free: %v", err)
		}
		entries, err := d.Entries(t.Context(), a, audit.Query{ObjectType: "domain", ObjectID: "b.fr", Limit: 10})
		if err != nil || len(entries) != 2 || entries[0].Action != audit.ActionRemove || entries[1].Action != audit.ActionActivate {
			t.Errorf("audit entries: %+v, %v", entries, err)
		}
	})
}

// A change of the rules marks the company until somebody has drawn the consequences of that very change.
func TestPolicyMarks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		company := newBench(t, d).c.Company
		marked := func() int64 {
			t.Helper()
			marks, err := d.PolicyChanges(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return marks[company]
		}
		put := func(o ownership.Domain) {
			t.Helper()
			o.Company, o.Name = company, "a.fr"
			if err := d.PutDomain(t.Context(), operator, o); err != nil {
				t.Fatal(err)
			}
		}
		put(ownership.Domain{Proof: "p"})
		if marked() != 0 {
			t.Error("a domain that waits for its proof changes nothing, but marks")
		}
		put(ownership.Domain{Proof: "p", Verified: start})
		first := marked()
		put(ownership.Domain{Proof: "p", Verified: start, Missing: start})
		if first == 0 || marked() != first {
			t.Errorf("marks after verifying: %d, after a note: %d", first, marked())
		}
		if err := d.RemoveDomain(t.Context(), operator, company, "a.fr"); err != nil {
			t.Fatal(err)
		}
		second := marked()
		if err := d.SettlePolicy(t.Context(), company, first); err != nil {
			t.Fatal(err)
		}
		if second == first || marked() != second {
			t.Error("settling an earlier change took away the mark of a later one")
		}
		if err := d.SettlePolicy(t.Context(), company, second); err != nil || marked() != 0 {
			t.Errorf("settled, but still marked: %v", err)
		}
	})
}
