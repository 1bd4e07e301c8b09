package db_test

import (
	"encoding/json"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/resources"
)

var writeCases = map[string]func(*testing.T, *bench){
	"a replacement raises the version and lastModified, and keeps created": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		b.apply(t, create(u))
		next := later(u, func(x *resources.Index) { x.DisplayName, x.NameFolded = "Ann", "ann" })
		wantEqual(t, "applied", b.apply(t, replace(next, 1)), []resources.Applied{{Version: 2, Changed: true}})
		got := b.read(t, u)
		wantJSON(t, got.Body, next.Body)
		if got.Version != 2 || !got.Created.Equal(start) || !got.LastModified.Equal(next.LastModified) || got.Index.DisplayName != "Ann" {
			t.Errorf("got %+v", got)
		}
	},
	"what is so already changes nothing (RFC 7644 §3.5.2.1)": func(t *testing.T, b *bench) {
		people := b.people(t, 2)
		u, g := people[0], b.group(t, "Sales", people...)
		b.clearMarks(t)
		before := len(b.entries(t))
		same := later(u, func(*resources.Index) {})
		same.Body = json.RawMessage(same.Body)
		withID := replace(same, 1)
		withID.SetExternalID = true
		applied := b.apply(t, withID, membership(g, resources.MemberChange{Add: users(people...)}),
			membership(g, resources.MemberChange{Remove: []string{id(), "no\x00pe"}}),
			membership(g, resources.MemberChange{Clear: true, Add: users(people...)}))
		wantEqual(t, "applied", applied, []resources.Applied{{Version: 1}, {Version: 1}, {Version: 1}, {Version: 1}})
		if got := b.read(t, u); !got.LastModified.Equal(start) {
			t.Errorf("lastModified moved to %v", got.LastModified)
		}
		wantEqual(t, "marks", b.marks(t), map[string]int64{})
		wantEqual(t, "entries", len(b.entries(t)), before)
	},
	"a version that does not match changes nothing": func(t *testing.T, b *bench) {
		people := b.people(t, 1)
		u, g := people[0], b.group(t, "Sales")
		b.apply(t, replace(later(u, func(x *resources.Index) { x.DisplayName = "2" }), 1))
		next := later(u, func(x *resources.Index) { x.DisplayName = "3" })
		stale := membership(g, resources.MemberChange{Add: users(u)})
		stale.Expected = 9
		gone := remove(u)
		gone.Expected = 1
		unchanged := membership(g, resources.MemberChange{})
		unchanged.Expected = 9
		for _, ch := range []resources.Change{replace(next, 1), stale, gone, unchanged} {
			_, err := b.Apply(t.Context(), b.c, ch)
			wantError(t, err, resources.ErrVersion, "")
		}
		wantEqual(t, "displayName", b.read(t, u).Index.DisplayName, "2")
		wantEqual(t, "members", len(b.memberIDs(t, g)), 0)
	},
	"changes of what does not exist are ErrNotFound": func(t *testing.T, b *bench) {
		u, g := newUser("ghost@firm.example"), newGroup("Ghosts")
		only := replace(u, 0)
		only.SetBody, only.SetExternalID = false, true
		only.Resource.ExternalID = "x"
		for name, ch := range map[string]resources.Change{
			"replace": replace(newUser("g2@firm.example"), 0), "remove": remove(u), "members": membership(g, resources.MemberChange{}),
			"add": membership(g, resources.MemberChange{Add: users(b.people(t, 1)...)}), "externalId": only,
		} {
			_, err := b.Apply(t.Context(), b.c, ch)
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			wantError(t, err, resources.ErrNotFound, "")
		}
		wantEqual(t, "stray externalIds", db.Count(t, b.DB, `select count(*) from external_ids where company_id = ? and resource_id = ?`,
			b.c.Company, u.ID), 0)
	},
	"a userName is unique in the company, whatever its letter case": func(t *testing.T, b *bench) {
		b.apply(t, create(newUser("Ann@firm.example")), create(newUser("bob@firm.example")))
		_, err := b.Apply(t.Context(), b.c, create(newUser("aNN@firm.example")))
		wantError(t, err, resources.ErrUniqueness, "userName")
		bob, err := b.GetByUserName(t.Context(), b.c, "bob@firm.example")
		if err != nil {
			t.Fatal(err)
		}
		bob.Index.UserName, bob.Index.UserNameFolded = "ANN@firm.example", "ann@firm.example"
		_, err = b.Apply(t.Context(), b.c, replace(withBody(bob), 0))
		wantError(t, err, resources.ErrUniqueness, "userName")
	},
	"a second resource with one id is ErrUniqueness": func(t *testing.T, b *bench) {
		u, twin := newUser("a@firm.example"), newUser("b@firm.example")
		twin.ID = u.ID
		b.apply(t, create(u))
		_, err := b.Apply(t.Context(), b.c, create(twin))
		wantError(t, err, resources.ErrUniqueness, "id")
	},
	"a Group's name is unique when asked, and only then": func(t *testing.T, b *bench) {
		b.group(t, "Sales")
		twin := b.group(t, "SALES") // allowed without UniqueName
		ch := create(newGroup("sales"))
		ch.UniqueName = true
		_, err := b.Apply(t.Context(), b.c, ch)
		wantError(t, err, resources.ErrUniqueness, "displayName")
		keep := replace(later(twin, func(x *resources.Index) { x.Active = false }), 0) // keeps its name: not judged again
		keep.UniqueName = true
		b.apply(t, keep)
		keep.Expected, keep.Resource.Index.Active = 2, true
		b.apply(t, keep)
		u := newUser("u@firm.example") // a User may be called like a Group
		u.Index.DisplayName, u.Index.NameFolded = "Free", "free"
		ch = create(newGroup("Free"))
		ch.UniqueName = true
		b.apply(t, create(withBody(u)), ch)
		free := ch.Resource
		for _, members := range []*resources.MemberChange{nil, {Clear: true, Add: users(u)}, {Add: users(u)}} {
			rename := replace(later(free, func(x *resources.Index) { x.DisplayName, x.NameFolded = "Sales", "sales" }), 1)
			rename.UniqueName, rename.Members = true, members
			_, err = b.Apply(t.Context(), b.c, rename)
			wantError(t, err, resources.ErrUniqueness, "displayName")
			wantEqual(t, "version", b.read(t, free).Version, int64(1))
		}
	},
	"changes are applied all or none": func(t *testing.T, b *bench) {
		u := newUser("first@firm.example")
		before := len(b.entries(t))
		_, err := b.Apply(t.Context(), b.c, create(u), replace(newUser("missing@firm.example"), 0))
		wantError(t, err, resources.ErrNotFound, "")
		_, err = b.Get(t.Context(), b.c, u.Type, u.ID, resources.With{})
		wantError(t, err, resources.ErrNotFound, "")
		wantEqual(t, "marks", b.marks(t), map[string]int64{})
		wantEqual(t, "entries", len(b.entries(t)), before)
		wantEqual(t, "e-mails", db.Count(t, b.DB, `select count(*) from emails where company_id = ?`, b.c.Company), 0)
	},
	"changes of one object in one Apply follow each other": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		applied := b.apply(t, create(u), replace(later(u, func(x *resources.Index) { x.DisplayName = "2" }), 1),
			replace(later(u, func(x *resources.Index) { x.DisplayName = "3" }), 2), remove(u), create(u))
		wantEqual(t, "applied", applied, []resources.Applied{{Version: 1, Changed: true}, {Version: 2, Changed: true},
			{Version: 3, Changed: true}, {Version: 3, Changed: true}, {Version: 1, Changed: true}})
	},
	"e-mails follow the body": func(t *testing.T, b *bench) {
		u := withEmails(newUser("a@firm.example"), "a@firm.example", "A.Second@firm.example")
		b.apply(t, create(u))
		addresses := func() (got []string) {
			t.Helper()
			return db.Strings(t, b.DB, `select folded from emails where company_id = ? order by position`, b.c.Company)
		}
		wantEqual(t, "created", addresses(), []string{"a@firm.example", "a.second@firm.example"})
		b.apply(t, replace(withEmails(later(u, func(*resources.Index) {}), "third@firm.example"), 0))
		wantEqual(t, "replaced", addresses(), []string{"third@firm.example"})
		b.apply(t, remove(u))
		wantEqual(t, "removed", len(addresses()), 0)
	},
	"a person's sessions end when the User becomes inactive, is held or removed": func(t *testing.T, b *bench) {
		people := b.people(t, 4)
		sessions := func(u *resources.Resource) int {
			return db.Count(t, b.DB, `select count(*) from sessions where company_id = ? and user_id = ?`, b.c.Company, u.ID)
		}
		for _, p := range people {
			db.Write(t, b.DB, `insert into sessions (id_hash, company_id, admin_id, user_id, created, seen, expires, user_agent, address)
				values (?, ?, '', ?, 0, 0, 0, '', '')`, []byte(p.ID), b.c.Company, p.ID)
		}
		inactive := replace(later(people[0], func(x *resources.Index) { x.Active = false }), 0)
		inactive.Action = audit.ActionDeactivate
		b.apply(t, inactive, replace(later(people[1], func(x *resources.Index) { x.Hold = "outside-domain" }), 0), remove(people[2]),
			replace(later(people[3], func(x *resources.Index) { x.DisplayName = "still here" }), 0))
		for i, want := range []int{0, 0, 0, 1} {
			wantEqual(t, people[i].Index.UserName, sessions(people[i]), want)
		}
	},
}
