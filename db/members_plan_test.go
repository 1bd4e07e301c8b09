package db_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/resources"
)

// Who is added to a Group or taken out of it is found by the Group and by who it is, also where the database believes that
// Groups are small: a change of one member of a large Group must not read the Group. So it is with each statement that such
// changes prepare.
func TestMembersAreMovedByBothKeys(t *testing.T) {
	t.Parallel()
	forEachCrowd(t, func(t *testing.T, w *world) {
		b := &bench{w.DB, w.caller}
		g, people := b.group(t, "Staff"), b.people(t, 6)
		known := db.Prepared(t, w.DB)
		ids := func(some []*resources.Resource) (list []string) {
			for _, u := range some {
				list = append(list, u.ID)
			}
			return list
		}
		for _, m := range []resources.MemberChange{
			{Add: users(people[0])}, {Add: users(people[1:4]...)}, {Add: users(people[0], people[5])}, // one is there
			{Remove: ids(people[:1])}, {Remove: ids(people[1:3])}, {Add: users(people[0]), Remove: ids(people[3:4])},
			{Add: users(people[1:3]...), Remove: []string{people[0].ID, people[5].ID}},
		} {
			b.apply(t, membership(g, m))
		}
		if w.Postgres() {
			l := inLine(t, w.DB, b, g, resources.MemberChange{Add: users(people[3])})
			l.join(t, t.Context(), b.c, resources.MemberChange{Add: users(people[4])})
			l.join(t, t.Context(), b.c, resources.MemberChange{Remove: ids(people[1:2])})
			for _, a := range l.end() {
				if a.err != nil {
					t.Error(a.err)
				}
			}
		}
		deletes, inserts := 0, 0
		for _, text := range db.Prepared(t, w.DB) {
			if slices.Contains(known, text) || !regexp.MustCompile(`\bmembers\b`).MatchString(text) {
				continue
			}
			deletes += strings.Count(text, "delete from members")
			inserts += strings.Count(text, "insert into members")
			plan := db.PlanOf(t, w.DB, text)
			if n := byBothKeys(t, plan); n < strings.Count(text, "delete from members") {
				t.Errorf("members are looked for %d times in the plan of %s\n%s", n, text, plan)
			}
		}
		if deletes < 2 || inserts < 2 {
			t.Errorf("%d statements that take members out were seen, and %d that add some: the test tells nothing", deletes, inserts)
		}
	})
}

// byBothKeys fails where a plan looks at members but by company, Group and member, and tells how often it does look.
func byBothKeys(t *testing.T, plan string) (scans int) {
	t.Helper()
	table := regexp.MustCompile(`(?:Scan.* on|SCAN|SEARCH) members(_pkey|_member)?\b`)
	condition := regexp.MustCompile(`(USING|Index Cond).*(group_id ?=.*member_id ?=|member_id ?=.*group_id ?=)`)
	for step := range strings.SplitSeq(strings.ReplaceAll(plan, "\nSEARCH", "\n->SEARCH"), "->") {
		if table.MatchString(step) {
			scans++
			if !condition.MatchString(step) {
				t.Errorf("members are not looked for by Group and member in\n%s", plan)
			}
		}
	}
	return scans
}
