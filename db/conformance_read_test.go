package db_test

import (
	"fmt"
	"testing"

	"proprio/resources"
)

var readCases = map[string]func(*testing.T, *bench){
	"Get returns what was created": func(t *testing.T, b *bench) {
		u := newUser("Zoé.Martin@firm.example")
		u.ExternalID = "e-1"
		b.apply(t, create(u))
		got := b.read(t, u)
		wantJSON(t, got.Body, u.Body)
		got.Body, got.Index.Emails = u.Body, u.Index.Emails
		want := *u
		want.Version, want.Created, want.MemberCount = 1, start, -1
		wantEqual(t, "resource", got, &want)
	},
	"GetByUserName finds by the folded name only": func(t *testing.T, b *bench) {
		u := newUser("Marc@firm.example")
		b.apply(t, create(u))
		got, err := b.GetByUserName(t.Context(), b.c, "marc@firm.example")
		if err != nil || got.ID != u.ID {
			t.Fatalf("got %v, %v; want %s", got, err, u.ID)
		}
		_, err = b.GetByUserName(t.Context(), b.c, "Marc@firm.example")
		wantError(t, err, resources.ErrNotFound, "")
		_, err = b.GetByUserName(t.Context(), b.c, "")
		wantError(t, err, resources.ErrNotFound, "")
	},
	"an id that is malformed, unknown or of the other type is ErrNotFound": func(t *testing.T, b *bench) {
		g := b.group(t, "Sales")
		for _, bad := range []string{"", "1", "%", "' or 1=1 --", "a\x00b", "\xff\xfe", long(100_000), g.ID} {
			_, err := b.Get(t.Context(), b.c, resources.TypeUser, bad, resources.With{Groups: true})
			wantError(t, err, resources.ErrNotFound, "")
			if bad == g.ID {
				continue
			}
			_, err = b.Members(t.Context(), b.c, bad, "", 0)
			wantError(t, err, resources.ErrNotFound, "")
		}
		_, err := b.Get(t.Context(), b.c, "Robot", g.ID, resources.With{})
		wantError(t, err, resources.ErrNotFound, "")
		types, err := b.Types(t.Context(), b.c, []string{"a\x00b", "x", "\xff"})
		if err != nil || len(types) != 0 {
			t.Errorf("Types of malformed ids: %v, %v", types, err)
		}
	},
	"Types tells Users from Groups and leaves unknown ids out": func(t *testing.T, b *bench) {
		p, g := b.people(t, 1)[0], b.group(t, "Sales")
		got, err := b.Types(t.Context(), b.c, []string{p.ID, g.ID, id()})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "types", got, map[string]string{p.ID: "User", g.ID: "Group"})
	},
	"Find pages in the order of creation, and every page has the whole total": func(t *testing.T, b *bench) {
		people := b.people(t, 7)
		b.group(t, "Sales") // of the other type: never in the result
		for _, c := range []struct{ start, count, first, n int }{
			{1, 3, 0, 3}, {4, 3, 3, 3}, {7, 3, 6, 1}, {8, 3, 0, 0}, {100, 3, 0, 0}, {0, 2, 0, 2}, {-5, 2, 0, 2}, {1, 0, 0, 0},
			{1, 7, 0, 7}, {1, 100, 0, 7},
		} {
			page, err := b.Find(t.Context(), b.c, resources.Query{Type: resources.TypeUser, StartIndex: c.start, Count: c.count})
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, r := range page.Resources {
				got = append(got, r.ID)
			}
			for _, p := range people[c.first : c.first+c.n] {
				want = append(want, p.ID)
			}
			wantEqual(t, fmt.Sprintf("startIndex %d count %d", c.start, c.count), got, want)
			if page.Total != 7 {
				t.Errorf("startIndex %d count %d: total %d, want 7", c.start, c.count, page.Total)
			}
		}
	},
	"Find brings Groups of Users, and members of Groups, only when asked": func(t *testing.T, b *bench) {
		people := b.people(t, 2)
		g1 := b.group(t, "One", people...)
		g2 := b.group(t, "Two", people[0])
		for _, with := range []resources.With{{}, {Groups: true, Members: true}} {
			found, err := b.Find(t.Context(), b.c, resources.Query{Type: resources.TypeUser, StartIndex: 1, Count: 10, With: with})
			if err != nil {
				t.Fatal(err)
			}
			var want []resources.Ref
			if with.Groups {
				want = []resources.Ref{{Type: "Group", ID: g1.ID, Display: "One"}, {Type: "Group", ID: g2.ID, Display: "Two"}}
			}
			wantEqual(t, "groups", found.Resources[0].Groups, want)
			groups, err := b.Find(t.Context(), b.c, resources.Query{Type: resources.TypeGroup, StartIndex: 1, Count: 10, With: with})
			if err != nil {
				t.Fatal(err)
			}
			count := -1
			var members []resources.Member
			if with.Members {
				count, members = 1, []resources.Member{{ID: people[0].ID, Type: "User", Display: people[0].Index.DisplayName}}
			}
			wantEqual(t, "members", groups.Resources[1].Members, members)
			wantEqual(t, "member count", groups.Resources[1].MemberCount, count)
		}
	},
	"Members pages by id": func(t *testing.T, b *bench) {
		people := b.people(t, 5)
		g := b.group(t, "Sales", people...)
		var got []string
		for after := ""; ; {
			page, err := b.Members(t.Context(), b.c, g.ID, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				got = append(got, m.ID)
				after = m.ID
			}
			if len(page) < 2 {
				break
			}
		}
		wantEqual(t, "members", got, b.memberIDs(t, g))
		if len(got) != 5 {
			t.Errorf("%d members, want 5", len(got))
		}
		empty, err := b.Members(t.Context(), b.c, b.group(t, "Empty").ID, "", 0)
		if err != nil || len(empty) != 0 {
			t.Errorf("members of an empty Group: %v, %v", empty, err)
		}
	},
	"a member without displayName shows its userName": func(t *testing.T, b *bench) {
		u := newUser("noname@firm.example")
		u.Index.DisplayName, u.Index.NameFolded = "", ""
		b.apply(t, create(withBody(u)))
		g := b.group(t, "Sales", u)
		wantEqual(t, "display", b.read(t, g).Members[0].Display, "noname@firm.example")
	},
	"externalId belongs to the connection that wrote it": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		u.ExternalID = "mine"
		b.apply(t, create(u))
		other := b.c
		other.Connection = id()
		got, err := b.Get(t.Context(), other, u.Type, u.ID, resources.With{})
		if err != nil || got.ExternalID != "" {
			t.Fatalf("another connection reads externalId %q, %v", got.ExternalID, err)
		}
		theirs := *u
		theirs.ExternalID = "theirs"
		ch := replace(&theirs, 0)
		ch.SetExternalID = true
		applied, err := b.Apply(t.Context(), other, ch)
		if err != nil || !applied[0].Changed || applied[0].Version != 2 {
			t.Fatalf("Apply: %v, %v", applied, err)
		}
		wantEqual(t, "externalId", b.read(t, u).ExternalID, "mine")
		forget := *u
		forget.ExternalID = ""
		ch = replace(&forget, 0)
		ch.SetExternalID = true
		wantEqual(t, "forgetting", b.apply(t, ch), []resources.Applied{{Version: 3, Changed: true}})
		wantEqual(t, "forgetting again", b.apply(t, ch), []resources.Applied{{Version: 3}})
		wantEqual(t, "externalId", b.read(t, u).ExternalID, "")
	},
}
