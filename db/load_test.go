package db_test

import (
	"fmt"
	"testing"

	"proprio/db"
	"proprio/resources"
)

// newcomers are Users of every kind that a load may hold, the same each time but for their ids.
func newcomers(n int) []resources.Change {
	var changes []resources.Change
	for i := range n {
		name := fmt.Sprintf("u%d@corp.fr", i)
		r := newUser(name)
		switch i % 4 {
		case 0:
			r = withEmails(r, name, "é"+name)
			r.ExternalID = fmt.Sprint("x", i)
		case 1:
			r.Index.Active = false
		case 2:
			r.Index.Hold, r.Created = "why", start.AddDate(-1, 0, 0)
		case 3:
			r.Index.PostFolded = fmt.Sprintf("post%d@corp.fr", i)
		}
		changes = append(changes, create(withBody(r)))
	}
	return changes
}

// rowsOf is what the tables hold of a company, without what differs between two companies.
func (b *bench) rowsOf(t *testing.T) []string {
	t.Helper()
	one := func(query string) []string { return db.Strings(t, b.DB, query, b.c.Company) }
	text := func(columns ...string) string {
		expr := `''`
		for _, c := range columns {
			expr += ` || '|' || coalesce(cast(` + c + ` as text), 'null')`
		}
		return expr
	}
	all := one(`select ` + text("type", "version", "created", "modified", "body", "user_name", "user_name_folded", "display_name",
		"name_folded", "active", "hold", "post_folded", "manager") + ` as row from resources where company_id = ? order by row`)
	all = append(all, one(`select `+text("r.user_name", "e.position", "e.value", "e.folded", "e.type", "e.is_primary")+`
		as row from emails e join resources r on r.company_id = e.company_id and r.id = e.user_id where e.company_id = ? order by row`)...)
	all = append(all, one(`select `+text("r.user_name", "x.type", "x.external_id")+`
		as row from external_ids x join resources r on r.company_id = x.company_id and r.id = x.resource_id where x.company_id = ? order by row`)...)
	all = append(all, one(`select `+text("at", "actor_kind", "actor_name", "action", "object_type", "object_name", "changed", "version", "in_force")+`
		as row from audit_entries where company_id = ? and object_type = 'User' order by row`)...)
	return append(all, fmt.Sprint(len(b.marks(t)), " marks"))
}

// What is loaded is what is written one by one.
func TestLoadWritesWhatCreateWrites(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		boss := newUser("boss")
		b.apply(t, create(boss))
		other := newBench(t, b.DB)
		other.apply(t, create(newUser("boss")))
		for _, change := range newcomers(70) { // more than one statement holds on SQLite
			other.apply(t, change)
		}
		for _, a := range b.apply(t, newcomers(70)...) {
			wantEqual(t, "applied", a, resources.Applied{Version: 1, Changed: true})
		}
		wantEqual(t, "rows", b.rowsOf(t), other.rowsOf(t))
	})
}

// A load that cannot be written whole is not written, and says what stood in its way.
func TestLoadIsAllOrNothing(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		there := newUser("there")
		there.Index.PostFolded = "held@corp.fr"
		b.apply(t, create(there))
		before := b.rowsOf(t)
		load := func(change func(last *resources.Change)) error {
			changes := newcomers(40)
			change(&changes[39])
			_, err := b.Apply(t.Context(), b.c, changes...)
			return err
		}
		wantError(t, load(func(c *resources.Change) { *c = create(newUser("THERE")) }), resources.ErrUniqueness, "userName")
		wantError(t, load(func(c *resources.Change) { *c = create(newUser("u7@corp.fr")) }), resources.ErrUniqueness, "userName")
		wantError(t, load(func(c *resources.Change) { c.Resource.ID = there.ID }), resources.ErrUniqueness, "id")
		wantError(t, load(func(c *resources.Change) { c.Refers = []string{there.ID, id()} }), resources.ErrInvalidValue, "")
		wantError(t, load(func(c *resources.Change) { c.Rules = 7 }), resources.ErrBusy, "rules")
		wantError(t, load(func(c *resources.Change) { c.Definition = 7 }), resources.ErrBusy, "")
		post := load(func(c *resources.Change) { c.Resource.Index.PostFolded = "held@corp.fr" })
		if !resources.IsPostTaken(post) {
			t.Errorf("a post that is held: %v", post)
		}
		wantEqual(t, "rows", b.rowsOf(t), before)
	})
}

func TestByName(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		anne, group := newUser("Anne"), newGroup("Anne")
		b.apply(t, create(anne))
		b.apply(t, create(group))
		newBench(t, b.DB).apply(t, create(newUser("bob")))
		for typ, want := range map[string]map[string]string{
			resources.TypeUser:  {"anne": anne.ID},
			resources.TypeGroup: {"anne": group.ID},
		} {
			got, err := b.ByName(t.Context(), b.c, typ, []string{"anne", "bob", "", "nul\x00"})
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, typ, got, want)
		}
	})
}
