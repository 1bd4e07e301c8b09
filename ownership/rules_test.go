package ownership_test

import (
	"errors"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

// Each replica remembers a company's rules. Nobody comes in by rules that another replica has changed since, nobody is
// refused by them, and Users who are there are asked about by those in place.
func TestPolicy_rulesChangedByAnotherReplica(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "a.fr", "b.fr")
		other := *w.directory
		other.Policy = &ownership.Policy{Companies: d, Now: w.clock.now}
		create := func(name string) (string, error) {
			r, err := other.Create(t.Context(), w.caller, resources.TypeUser, resources.Input{"userName": name})
			if err != nil {
				return "", err
			}
			return r.Resource.ID, nil
		}
		bob, err := create("bob@b.fr")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.registrar.RemoveDomain(t.Context(), operator, w.caller.Company, "b.fr"); err != nil {
			t.Fatal(err)
		}
		if _, err := create("eve@b.fr"); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("create in a domain that is gone: %v, want ErrInvalidValue", err)
		}
		_, err = other.Replace(t.Context(), w.caller, resources.TypeUser, bob, resources.Precondition{}, resources.Input{"userName": "bo@b.fr"})
		if !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("replace in a domain that is gone: %v, want ErrInvalidValue", err)
		}
		w.add(t, "c.fr")
		carl, err := create("carl@c.fr")
		if err != nil {
			t.Errorf("create in a new domain: %v", err)
		}
		if err := d.RemoveDomain(t.Context(), operator, w.caller.Company, "c.fr"); err != nil { // without the consequences
			t.Fatal(err)
		}
		if _, err := other.Reconsider(t.Context(), w.caller); err != nil {
			t.Fatal(err)
		}
		stored, err := d.Get(t.Context(), w.caller, resources.TypeUser, carl, resources.With{})
		if err != nil || stored.Index.Hold == "" {
			t.Errorf("carl is in force in a domain that is gone: %+v, %v", stored, err)
		}
	})
}
