package ownership_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

const post = "assistante@dupont.fr"

func withPost(userName, address string) resources.Input {
	return resources.Input{"schemas": []any{resources.SchemaUser, resources.SchemaOwnership}, "userName": userName,
		resources.SchemaOwnership: map[string]any{"post": address}}
}

// holder creates a User that holds a post.
func (w *world) holder(t *testing.T, userName, address string) string {
	t.Helper()
	r, err := w.directory.Create(t.Context(), w.caller, resources.TypeUser, withPost(userName, address))
	if err != nil {
		t.Fatalf("create %s: %v", userName, err)
	}
	return r.Resource.ID
}

// hold is why a User is on hold.
func (w *world) hold(t *testing.T, id string) string {
	t.Helper()
	r, err := w.db.Get(t.Context(), w.caller, resources.TypeUser, id, resources.With{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Index.Hold
}

// design.md, "Words": a post is an address of the company.
func TestPolicy_postIsACompanyAddress(t *testing.T) {
	t.Parallel()
	for address, in := range map[string]bool{
		"assistante@company.fr": true, "Assistante@Company.FR": true, "assistante@evil.com": false, "assistante@gmail.com": false,
		"a@evil.com@company.fr": false, "assistante": false, "company.fr": false, "@company.fr": false,
	} {
		doc := resources.Document(withPost("jdoe", address))
		_, err := policy(ownership.OutsideReject, "company.fr").Judge(t.Context(), "c", doc, 0)
		var fault *resources.Error
		if in != (err == nil) || !in && (!errors.As(err, &fault) || !errors.Is(err, resources.ErrInvalidValue) || fault.Path != resources.PathPost) {
			t.Errorf("reject: post %q: %v; want accepted %v, else an error that names the post", address, err, in)
		}
		judged, err := policy(ownership.OutsideHold, "company.fr").Judge(t.Context(), "c", doc, 0)
		if strings.Contains(address, "@") == (err != nil) || err == nil && (judged.Hold == "") != in {
			t.Errorf("hold: post %q: held %q, %v", address, judged.Hold, err)
		}
	}
}

// A post is held by one User at a time, whatever the way on which a second one comes, and the refusal changes nothing.
func TestDirectory_onePostOneHolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		marie := w.holder(t, "marie@dupont.fr", post)
		anna := w.user(t, "anna@dupont.fr")
		whole := map[string]any{"post": "ASSISTANTE@Dupont.fr."}
		for name, try := range map[string]func() error{
			"POST": func() error {
				_, err := w.directory.Create(t.Context(), w.caller, resources.TypeUser, withPost("bob@dupont.fr", "Assistante@dupont.fr"))
				return err
			},
			"PUT": func() error {
				_, err := w.directory.Replace(t.Context(), w.caller, resources.TypeUser, anna, resources.Precondition{}, withPost("anna@dupont.fr", post))
				return err
			},
			"PATCH": func() error { _, err := modify(t, w, anna, resources.OpAdd, resources.PathPost, post); return err },
			"PATCH, whole schema": func() error {
				_, err := modify(t, w, anna, resources.OpReplace, resources.SchemaOwnership, whole)
				return err
			},
		} {
			var fault *resources.Error
			err := try()
			if !errors.Is(err, resources.ErrUniqueness) || !errors.As(err, &fault) || fault.Path != resources.PathPost ||
				strings.Contains(fault.Detail, "marie") || strings.Contains(fault.Detail, marie) {
				t.Errorf("%s: %v, want ErrUniqueness of the post that tells nobody's name", name, err)
			}
		}
		if _, err := d.GetByUserName(t.Context(), w.caller, "bob@dupont.fr"); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("a refused User is there: %v", err)
		}
		w.change(t, marie, resources.PathPost, post) // one's own post is no other's
		w.change(t, marie, "title", "Assistante")
		again := withPost("marie@dupont.fr", post)
		_, err := w.directory.Create(t.Context(), w.caller, resources.TypeUser, again)
		var fault *resources.Error
		if !errors.As(err, &fault) || fault.Path != "userName" {
			t.Errorf("a POST that is sent again: %v, want the userName as the reason, by which clients find their User", err)
		}
	})
}

// Who leaves gives the post up: a successor takes it, and the leaver does not get it back by being activated.
func TestDirectory_aPostPassesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for how, leave := range map[string]func(w *world, id string){
			"deactivated": func(w *world, id string) { w.change(t, id, "active", false) },
			"cleared": func(w *world, id string) {
				if _, err := modify(t, w, id, resources.OpRemove, resources.PathPost, nil); err != nil {
					t.Error(err)
				}
			},
			"removed": func(w *world, id string) {
				if err := w.directory.Remove(t.Context(), w.caller, resources.TypeUser, id, resources.Precondition{}); err != nil {
					t.Error(err)
				}
			},
		} {
			w := newWorld(t, d, ownership.OutsideReject)
			domain := how + ".fr"
			w.add(t, domain)
			first := w.holder(t, "first@"+domain, "accueil@"+domain)
			leave(w, first)
			second := w.holder(t, "second@"+domain, "accueil@"+domain)
			if how != "deactivated" {
				continue
			}
			if _, err := modify(t, w, first, resources.OpReplace, "active", true); !resources.IsPostTaken(err) {
				t.Errorf("activated while another holds the post: %v, want ErrUniqueness of the post", err)
			}
			w.change(t, first, "title", "ancienne assistante") // the leaver can be changed all the same
			w.change(t, second, "active", false)
			w.change(t, first, "active", true)
		}
	})
}

// A User on hold holds no post. When the domain is verified and another User holds it by then, the User stays on hold
// and says so, whatever else is changed; and comes into force once the post is free.
func TestDirectory_aPostOfAUserOnHold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideHold, "dupont.fr")
		held := w.holder(t, "marie@later.fr", post)
		second := w.holder(t, "sophie@dupont.fr", post)
		w.add(t, "later.fr")
		for _, step := range []string{"the domain is verified", "asked again"} {
			if got := w.hold(t, held); got != resources.HoldPostTaken {
				t.Errorf("%s: on hold because of %q, want %q", step, got, resources.HoldPostTaken)
			}
			if _, err := w.directory.Reconsider(t.Context(), w.caller); err != nil {
				t.Fatal(err)
			}
		}
		w.change(t, held, "title", "Assistante")
		if got := w.hold(t, held); got != resources.HoldPostTaken {
			t.Errorf("after a change of something else: on hold because of %q", got)
		}
		w.change(t, second, "active", false)
		w.change(t, held, "title", "Assistante de direction")
		if got := w.hold(t, held); got != "" {
			t.Errorf("the post is free, and yet on hold because of %q", got)
		}
	})
}

// Of many who claim a post at the same moment, one gets it.
func TestDirectory_oneOfManyGetsAPost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		var got atomic.Int32
		var claims sync.WaitGroup
		for range 8 {
			id := w.user(t, newID()+"@dupont.fr")
			claims.Go(func() {
				switch _, err := modify(t, w, id, resources.OpAdd, resources.PathPost, post); {
				case err == nil:
					got.Add(1)
				case !resources.IsPostTaken(err):
					t.Error(err)
				}
			})
		}
		claims.Wait()
		if got.Load() != 1 {
			t.Errorf("%d hold the post, want one", got.Load())
		}
	})
}
