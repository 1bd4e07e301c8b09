package ownership_test

import (
	"errors"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
	"proprio/resources/filter"
)

func parsePath(t *testing.T, text string) filter.Path {
	t.Helper()
	p, err := filter.ParsePath(text)
	if err != nil {
		t.Fatalf("path %q: %v", text, err)
	}
	return p
}

// ways are all the ways in which an address can get into the directory.
var ways = map[string]func(t *testing.T, w *world, id, address string) (*resources.Result, error){
	"POST, userName": func(t *testing.T, w *world, _, address string) (*resources.Result, error) {
		return w.directory.Create(t.Context(), w.caller, resources.TypeUser, resources.Input{"userName": address})
	},
	"POST, e-mail": func(t *testing.T, w *world, _, address string) (*resources.Result, error) {
		return w.directory.Create(t.Context(), w.caller, resources.TypeUser, resources.Input{
			"userName": newID(), "emails": []any{map[string]any{"value": address, "type": "work"}}})
	},
	"PUT, userName": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return w.directory.Replace(t.Context(), w.caller, resources.TypeUser, id, resources.Precondition{}, resources.Input{"userName": address})
	},
	"PUT, e-mail": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return w.directory.Replace(t.Context(), w.caller, resources.TypeUser, id, resources.Precondition{}, resources.Input{
			"userName": newID(), "emails": []any{map[string]any{"value": address, "type": "home", "primary": true}}})
	},
	"PATCH replace userName": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return modify(t, w, id, resources.OpReplace, "userName", address)
	},
	"PATCH add userName": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return modify(t, w, id, resources.OpAdd, "userName", address)
	},
	"PATCH replace of one e-mail's value": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return modify(t, w, id, resources.OpReplace, `emails[type eq "work"].value`, address)
	},
	"PATCH add of an e-mail": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return modify(t, w, id, resources.OpAdd, "emails", []any{map[string]any{"value": address, "type": "work"}})
	},
	"PATCH replace of all e-mails": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		return modify(t, w, id, resources.OpReplace, "emails", []any{map[string]any{"value": address}})
	},
	"PATCH of the type of a private e-mail": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		_, err := modify(t, w, id, resources.OpAdd, "emails", []any{map[string]any{"value": address, "type": "home"}})
		if err != nil {
			t.Fatalf("add a private e-mail %q: %v", address, err)
		}
		return modify(t, w, id, resources.OpReplace, `emails[type eq "home"].type`, "work")
	},
	"PATCH that makes a private e-mail primary": func(t *testing.T, w *world, id, address string) (*resources.Result, error) {
		_, err := modify(t, w, id, resources.OpAdd, "emails", []any{map[string]any{"value": address, "type": "home"}})
		if err != nil {
			t.Fatalf("add a private e-mail %q: %v", address, err)
		}
		return modify(t, w, id, resources.OpReplace, `emails[type eq "home"].primary`, true)
	},
	"import row": func(t *testing.T, w *world, _, address string) (*resources.Result, error) { // every value a string, as from CSV
		c := w.caller
		c.Connection, c.Actor = "", operator
		return w.directory.Create(t.Context(), c, resources.TypeUser, resources.Input{
			"userName": newID(), "active": "true", "displayName": "Row", "emails": []any{map[string]any{"value": address, "type": "work", "primary": "true"}}})
	},
}

func modify(t *testing.T, w *world, id string, op resources.Op, path string, value any) (*resources.Result, error) {
	t.Helper()
	return w.directory.Modify(t.Context(), w.caller, resources.TypeUser, id, resources.Precondition{},
		[]resources.Operation{{Op: op, Path: parsePath(t, path), Value: value}})
}

// Issue and design.md, domain policy: whatever the way in, an outside address is refused, or held, and the refused write
// leaves nothing behind.
func TestDirectory_domainPolicyOnEveryWay(t *testing.T) {
	t.Parallel()
	outside := []string{"user@evil-company.fr", "user@company.fr.evil.com", "a@company.fr@evil.com", "a@evil.com@company.fr",
		"user@sub.company.fr", "user@GMAIL.com", "user@cоmpany.fr"}
	inside := []string{"User@Company.FR", "user2@company.fr.", "user3@SOCIÉTÉ.fr", "user4@xn--socit-esab.fr"}
	for _, mode := range []ownership.OutsideMode{ownership.OutsideReject, ownership.OutsideHold} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d, mode, "company.fr", "société.fr")
				for name, way := range ways {
					for _, address := range outside {
						tryOutside(t, w, mode, name, way, address)
					}
					for _, address := range inside {
						r, err := way(t, w, w.user(t, newID()+"@company.fr"), "x"+newID()+address)
						if err != nil || r.Resource.Index.Hold != "" {
							t.Errorf("%s of %q: %v, want it in force", name, address, err)
						}
					}
				}
			})
		})
	}
}

func tryOutside(t *testing.T, w *world, mode ownership.OutsideMode, name string,
	way func(*testing.T, *world, string, string) (*resources.Result, error), address string,
) {
	t.Helper()
	id := w.user(t, newID()+"@company.fr")
	total := func() int {
		page, err := w.db.Find(t.Context(), w.caller, resources.Query{Type: resources.TypeUser})
		if err != nil {
			t.Fatal(err)
		}
		return page.Total
	}
	before := total()
	// A local part of its own keeps userNames apart.
	address = "x" + newID() + address
	r, err := way(t, w, id, address)
	if mode == ownership.OutsideHold {
		if err != nil || !strings.HasPrefix(r.Resource.Index.Hold, "address outside the company's domains: ") ||
			!strings.Contains(string(r.Resource.Body), `"hold"`) || !r.Resource.Index.Active {
			t.Errorf("%s of %q: %v, want it held", name, address, err)
		}
		return
	}
	var domain *resources.Error
	if !errors.Is(err, resources.ErrInvalidValue) || !errors.As(err, &domain) || domain.Path == "" {
		t.Errorf("%s of %q: %v, want ErrInvalidValue with a path", name, address, err)
		return
	}
	stored, err := w.db.Get(t.Context(), w.caller, resources.TypeUser, id, resources.With{})
	if err != nil || stored.Index.Hold != "" || strings.Contains(stored.Index.UserName, address) || total() != before {
		t.Errorf("%s of %q was refused, but left something behind: %+v, %v", name, address, stored, err)
	}
}

// Users follow the company's domains: held when one goes, released when it comes back, in both modes.
func TestDirectory_reconsideredWithDomains(t *testing.T) {
	t.Parallel()
	for _, mode := range []ownership.OutsideMode{ownership.OutsideReject, ownership.OutsideHold} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			w := newWorld(t, d, mode, "a.fr", "b.fr")
			anna, bob := w.user(t, "anna@a.fr"), w.user(t, "bob@b.fr")
			check := func(when string, held bool) {
				t.Helper()
				for id, want := range map[string]bool{anna: false, bob: held} {
					u, err := d.Get(t.Context(), w.caller, resources.TypeUser, id, resources.With{})
					if err != nil || (u.Index.Hold != "") != want || !u.Index.Active {
						t.Errorf("%s, %s: %+v, %v; want held %v", mode, when, u.Index, err, want)
					}
				}
			}
			check("at first", false)
			if err := w.registrar.RemoveDomain(t.Context(), operator, w.app.Company, "b.fr"); err != nil {
				t.Fatal(err)
			}
			check("the domain is gone", true)
			// A leaver must be written as one even now: refusing it would keep the account open.
			if _, err := modify(t, w, bob, resources.OpReplace, "active", false); err != nil {
				t.Errorf("%s: deactivate a held User: %v", mode, err)
			}
			if _, err := modify(t, w, bob, resources.OpReplace, "active", true); mode == ownership.OutsideHold && err != nil {
				t.Errorf("%s: activate a held User: %v", mode, err)
			}
			w.add(t, "b.fr")
			if _, err := modify(t, w, bob, resources.OpReplace, "active", true); err != nil {
				t.Error(err)
			}
			check("the domain is back", false)
		})
	}
}

// The ownership rules reach a client with the attribute's path, through Directory.
func TestDirectory_kinds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "a.fr")
		sponsor := w.user(t, "anna@a.fr")
		create := func(ext map[string]any) error {
			_, err := w.directory.Create(t.Context(), w.caller, resources.TypeUser, resources.Input{
				"userName": newID() + "@a.fr", "schemas": []any{resources.SchemaUser, resources.SchemaOwnership}, resources.SchemaOwnership: ext})
			return err
		}
		err := create(map[string]any{"kind": "contractor", "endDate": "2027-01-31T00:00:00Z"})
		var domain *resources.Error
		if !errors.As(err, &domain) || !errors.Is(err, resources.ErrInvalidValue) || domain.Path != resources.SchemaOwnership+":sponsor" {
			t.Errorf("contractor without sponsor: %v", err)
		}
		if err := create(map[string]any{"kind": "contractor", "endDate": "2027-01-31T00:00:00Z", "sponsor": map[string]any{"value": sponsor}}); err != nil {
			t.Errorf("contractor in order: %v", err)
		}
	})
}
