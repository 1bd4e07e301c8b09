package db_test

import (
	"errors"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// A post is unique in a company and in no other; who holds none is in nobody's way.
func TestApply_post(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, other := newBench(t, d), newBench(t, d)
		apply := func(b *bench, action audit.Action, r *resources.Resource) error {
			_, err := d.Apply(t.Context(), b.c, resources.Change{Action: action, Resource: r, SetBody: true})
			return err
		}
		user := func(name, post string) *resources.Resource {
			r := newUser(name)
			r.Index.PostFolded = post
			return r
		}
		marie, anna := user("marie@a.fr", "accueil@a.fr"), user("anna@a.fr", "")
		for _, err := range []error{
			apply(b, audit.ActionCreate, marie), apply(b, audit.ActionCreate, anna), apply(b, audit.ActionCreate, user("bob@a.fr", "")),
			apply(other, audit.ActionCreate, user("marie@a.fr", "accueil@a.fr")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		second := user("sophie@a.fr", "accueil@a.fr")
		if err := apply(b, audit.ActionCreate, second); !resources.IsPostTaken(err) {
			t.Errorf("created: %v, want the post's error", err)
		}
		anna.Index.PostFolded, anna.Index.DisplayName = "accueil@a.fr", "Anna"
		if err := apply(b, audit.ActionModify, anna); !resources.IsPostTaken(err) {
			t.Errorf("changed: %v, want the post's error", err)
		}
		marie.Index.PostFolded, marie.Index.Active = "", false
		for _, err := range []error{apply(b, audit.ActionDeactivate, marie), apply(b, audit.ActionModify, anna)} {
			if err != nil {
				t.Error(err)
			}
		}
		err := apply(b, audit.ActionCreate, user("x@a.fr", strings.Repeat("x", 3000)+"@a.fr"))
		if !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), resources.PathPost) {
			t.Errorf("a post that no index can hold: %v, want ErrInvalidValue that names it", err)
		}
	})
}
