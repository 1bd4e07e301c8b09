package db_test

import (
	"slices"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/resources"
)

var memberCases = map[string]func(*testing.T, *bench){
	"members come and go by name, and the Group's version tells": func(t *testing.T, b *bench) {
		p := b.people(t, 4)
		g := b.group(t, "Sales", p[0], p[1])
		for i, step := range []struct {
			change resources.MemberChange
			want   []*resources.Resource
		}{
			{resources.MemberChange{Add: users(p[2], p[1])}, []*resources.Resource{p[0], p[1], p[2]}},
			{resources.MemberChange{Remove: []string{p[0].ID, p[3].ID}}, []*resources.Resource{p[1], p[2]}},
			{resources.MemberChange{Remove: []string{p[1].ID}, Add: users(p[3])}, []*resources.Resource{p[2], p[3]}},
			{resources.MemberChange{Clear: true, Add: users(p[3], p[0])}, []*resources.Resource{p[0], p[3]}},
			{resources.MemberChange{Clear: true}, nil},
		} {
			wantEqual(t, "applied", b.apply(t, membership(g, step.change)), []resources.Applied{{Version: int64(i + 2), Changed: true}})
			var want []string
			for _, r := range step.want {
				want = append(want, r.ID)
			}
			wantEqual(t, "members", b.memberIDs(t, g), want)
		}
	},
	"body and members changed together spend one version": func(t *testing.T, b *bench) {
		p := b.people(t, 1)
		g := b.group(t, "Sales")
		ch := replace(later(g, func(x *resources.Index) { x.DisplayName = "Ventes" }), 1)
		ch.Members = &resources.MemberChange{Add: users(p...)}
		wantEqual(t, "applied", b.apply(t, ch), []resources.Applied{{Version: 2, Changed: true}})
	},
	"a member that does not exist, or is another company's, is refused": func(t *testing.T, b *bench) {
		g := b.group(t, "Sales")
		foreign := newBench(t, b.DB).people(t, 1)
		for _, m := range []resources.Member{{ID: id(), Type: "User"}, {ID: foreign[0].ID, Type: "User"}, {ID: "a\x00", Type: "User"}} {
			_, err := b.Apply(t.Context(), b.c, membership(g, resources.MemberChange{Add: []resources.Member{m}}))
			wantError(t, err, resources.ErrInvalidValue, "members")
		}
		wantEqual(t, "version", b.read(t, g).Version, int64(1))
	},
	"who is named is told with the Group's roll, those of the company alone": func(t *testing.T, b *bench) {
		p := b.people(t, 3)
		g, inner := b.group(t, "Sales", p[0], p[1]), b.group(t, "Inner")
		foreign := newBench(t, b.DB)
		ids := []string{p[0].ID, p[2].ID, inner.ID, foreign.people(t, 1)[0].ID, id(), "a\x00b"}
		want := map[string]resources.Named{
			p[0].ID:  {Type: "User", UserName: p[0].Index.UserName, DisplayName: p[0].Index.DisplayName, Member: true},
			p[2].ID:  {Type: "User", UserName: p[2].Index.UserName, DisplayName: p[2].Index.DisplayName},
			inner.ID: {Type: "Group", DisplayName: "Inner"},
		}
		roll, err := b.Roll(t.Context(), b.c, g.ID, ids)
		wantError(t, err, nil, "")
		wantEqual(t, "roll", roll, resources.Roll{Version: 1, Count: 2, Named: want})
		named, err := b.Named(t.Context(), b.c, ids)
		wantError(t, err, nil, "")
		want[p[0].ID] = resources.Named{Type: "User", UserName: p[0].Index.UserName, DisplayName: p[0].Index.DisplayName}
		wantEqual(t, "named", named, want)
		roll, err = b.Roll(t.Context(), foreign.c, g.ID, nil)
		wantError(t, err, nil, "")
		wantEqual(t, "another company's", roll, resources.Roll{Named: map[string]resources.Named{}})
	},
	"a Group may hold a Group": func(t *testing.T, b *bench) {
		inner := b.group(t, "Inner")
		outer := b.group(t, "Outer", inner)
		wantEqual(t, "member", b.read(t, outer).Members, []resources.Member{{ID: inner.ID, Type: "Group", Display: "Inner"}})
	},
	"a page ends before its Groups bring too many members": func(t *testing.T, b *bench) {
		p := b.people(t, 5)
		for _, name := range []string{"A", "B", "C", "D"} {
			b.group(t, name, p[:3]...)
		}
		b.group(t, "E", p...)
		pages := func(with resources.With) (sizes []int) {
			with.Members = true
			for start := 1; ; {
				page, err := b.Find(t.Context(), b.c, resources.Query{Type: resources.TypeGroup, StartIndex: start, Count: 10, With: with})
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range page.Resources {
					if g.MemberCount < 3 || with.MemberLimit == 0 && g.MemberCount != len(g.Members) {
						t.Errorf("%s: %d members of %d", g.Index.DisplayName, len(g.Members), g.MemberCount)
					}
				}
				if page.Total != 5 {
					t.Errorf("total %d", page.Total)
				}
				if sizes = append(sizes, len(page.Resources)); len(page.Resources) == 0 {
					return sizes
				}
				start += len(page.Resources)
			}
		}
		wantEqual(t, "no limit", pages(resources.With{}), []int{5, 0})
		wantEqual(t, "seven", pages(resources.With{PageMembers: 7}), []int{2, 2, 1, 0})
		wantEqual(t, "two", pages(resources.With{PageMembers: 2}), []int{1, 1, 1, 1, 1, 0})
		wantEqual(t, "those that come without members do not count", pages(resources.With{PageMembers: 6, MemberLimit: 4}), []int{2, 3, 0})
	},
	"a thousand members go in and out in one change": func(t *testing.T, b *bench) {
		p := b.people(t, 1000)
		g := b.group(t, "Everyone", p...)
		wantEqual(t, "members", b.read(t, g).MemberCount, 1000)
		b.apply(t, membership(g, resources.MemberChange{Clear: true, Add: users(p[:10]...)}))
		wantEqual(t, "members", b.read(t, g).MemberCount, 10)
	},
}

var removeCases = map[string]func(*testing.T, *bench){
	"a User that goes leaves its Groups, which tell by version and mark": func(t *testing.T, b *bench) {
		p := b.people(t, 2)
		in1, in2, out := b.group(t, "In", p...), b.group(t, "In too", p[0]), b.group(t, "Out", p[1])
		b.clearMarks(t)
		applied := b.apply(t, remove(p[0]))
		wantEqual(t, "changed", applied[0].Changed, true)
		wantEqual(t, "members", b.memberIDs(t, in1), []string{p[1].ID})
		for g, want := range map[*resources.Resource]int64{in1: 2, in2: 2, out: 1} {
			wantEqual(t, "version of "+g.Index.DisplayName, b.read(t, g).Version, want)
		}
		wantMarks(t, b, "Group "+in1.ID, "Group "+in2.ID, "User "+p[0].ID)
		_, err := b.Get(t.Context(), b.c, p[0].Type, p[0].ID, resources.With{})
		wantError(t, err, resources.ErrNotFound, "")
		_, err = b.Apply(t.Context(), b.c, remove(p[0]))
		wantError(t, err, resources.ErrNotFound, "")
	},
	"a Group that goes leaves nothing behind and marks its members": func(t *testing.T, b *bench) {
		p := b.people(t, 2)
		g := newGroup("Sales")
		g.ExternalID = "g-1"
		ch := create(g)
		ch.Members = &resources.MemberChange{Add: users(p...)}
		b.apply(t, ch)
		outer := b.group(t, "Outer", g)
		b.clearMarks(t)
		b.apply(t, remove(g))
		wantEqual(t, "groups of a member", len(b.read(t, p[0]).Groups), 0)
		wantEqual(t, "version of the outer Group", b.read(t, outer).Version, int64(2))
		wantMarks(t, b, "Group "+g.ID, "Group "+outer.ID, "User "+p[0].ID, "User "+p[1].ID)
		for _, table := range []string{"members where group_id", "members where member_id", "external_ids where resource_id"} {
			wantEqual(t, table, db.Count(t, b.DB, `select count(*) from `+table+` = ?`, g.ID), 0)
		}
	},
	"a userName is free again once its User is gone": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		b.apply(t, create(u), remove(u), create(newUser("A@firm.example")))
	},
}

var noteCases = map[string]func(*testing.T, *bench){
	"each change is recorded once, with who, what and when": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		ch := replace(later(u, func(x *resources.Index) { x.Active = false }), 0)
		ch.Action, ch.Audit = audit.ActionDeactivate, audit.Entry{Changed: []string{"active"}, Reason: "left"}
		b.c.Txn = "request"
		b.apply(t, create(u), ch)
		b.apply(t, remove(u))
		entry := func(action audit.Action) audit.Entry {
			return audit.Entry{Company: b.c.Company, At: start, Actor: b.c.Actor, Action: action, ObjectType: "User", ObjectID: u.ID,
				ObjectName: "a@firm.example", Changed: []string{}, Version: 2, Txn: "request"}
		}
		want := []audit.Entry{entry(audit.ActionRemove), entry(audit.ActionDeactivate), entry(audit.ActionCreate)}
		want[1].At, want[1].Changed, want[1].Reason = ch.Resource.LastModified, []string{"active"}, "left"
		want[2].Version, want[2].InForce = 1, true
		got := b.entries(t)
		for i := range got {
			if i > 0 && got[i].Seq >= got[i-1].Seq {
				t.Errorf("entries are not newest first: %d after %d", got[i].Seq, got[i-1].Seq)
			}
		}
		for i := range got {
			got[i].Seq = 0
		}
		wantEqual(t, "entries", got, want)
	},
	"a membership change marks the Group and those who came or went": func(t *testing.T, b *bench) {
		p := b.people(t, 4)
		g := b.group(t, "Sales", p[0], p[1])
		b.clearMarks(t)
		b.apply(t, membership(g, resources.MemberChange{Add: users(p[1], p[2]), Remove: []string{p[0].ID, p[3].ID}}))
		wantMarks(t, b, "Group "+g.ID, "User "+p[0].ID, "User "+p[2].ID)
	},
	"every further mark raises seq, also after a planner took it": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		b.apply(t, create(u))
		last := b.marks(t)["User "+u.ID]
		for i, name := range []string{"1", "2", "3", "4"} {
			if i == 2 {
				b.clearMarks(t)
			}
			b.apply(t, replace(later(u, func(x *resources.Index) { x.DisplayName = name }), 0))
			seq := b.marks(t)["User "+u.ID]
			if seq <= last {
				t.Errorf("seq %d after %d", seq, last)
			}
			last = seq
		}
	},
}

func wantMarks(t *testing.T, b *bench, want ...string) {
	t.Helper()
	got := []string{}
	for key := range b.marks(t) {
		got = append(got, key)
	}
	slices.Sort(got)
	slices.Sort(want)
	wantEqual(t, "marks", got, want)
}
