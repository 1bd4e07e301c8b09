package db_test

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// What identity providers ask before each write must not read a company's whole directory, whatever the values are: on
// both databases an index leads to the answer.
func TestFindLooksUpByIndex(t *testing.T) {
	t.Parallel()
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	forEachCrowd(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ typ, filter, index string }{
			{resources.TypeUser, `userName eq "x"`, "resources_user_name"},
			{resources.TypeUser, `userName eq "x" and active eq true`, "resources_user_name"},
			{resources.TypeUser, `active eq true and userName eq "x"`, "resources_user_name"},
			{resources.TypeUser, `userName eq "x" and not (title co "y")`, "resources_user_name"},
			{resources.TypeUser, `id eq "x"`, "resources_pkey"},
			{resources.TypeUser, `meta.location eq "https://proprio.example/scim/v2/Users/x"`, "resources_pkey"},
			{resources.TypeUser, `externalId eq "x"`, "external_ids_value"},
			{resources.TypeUser, `externalId eq "x" and userName sw "y"`, "external_ids_value"},
			{resources.TypeUser, `emails eq "x"`, "emails_folded"},
			{resources.TypeUser, `emails.value eq "x"`, "emails_folded"},
			{resources.TypeUser, `emails[value eq "x"]`, "emails_folded"},
			{resources.TypeUser, `emails[type eq "work"].value eq "x"`, "emails_folded"},
			{resources.TypeUser, `emails[type eq "work" and value eq "x"]`, "emails_folded"},
			{resources.TypeUser, `displayName eq "x"`, "resources_name"},
			{resources.TypeUser, `groups.value eq "x"`, "members_pkey"},
			{resources.TypeUser, `groups[value eq "x"]`, "members_pkey"},
			{resources.TypeUser, enterprise + `:manager eq "x"`, "resources_manager"},
			{resources.TypeUser, enterprise + `:manager.value eq "x" and active eq true`, "resources_manager"},
			{resources.TypeUser, `userName eq "x" or userName eq "y"`, "resources_user_name"},
			{resources.TypeUser, `userName eq "x" or id eq "y"`, "resources_user_name"},
			{resources.TypeUser, `userName eq "x" or emails eq "x"`, "emails_folded"},
			{resources.TypeUser, `externalId eq "x" or userName eq "x" or emails.value eq "x"`, "external_ids_value"},
			{resources.TypeGroup, `displayName eq "x"`, "resources_name"},
			{resources.TypeGroup, `displayName eq "x" and externalId eq "y"`, "resources_name"},
			{resources.TypeGroup, `members eq "x"`, "members_"},
			{resources.TypeGroup, `members[value eq "x"]`, "members_"},
			{resources.TypeGroup, `id eq "g" and members eq "u"`, "resources_pkey"},
			{resources.TypeGroup, `id eq "g" and members[value eq "u"]`, "resources_pkey"},
		} {
			q := resources.Query{Type: c.typ, Where: w.bind(t, c.typ, c.filter), StartIndex: 1, Count: 100}
			plan := db.Plan(t, w.DB, w.caller, q)
			if readsAll(plan) || strings.Contains(plan, "resources_order") || !strings.Contains(plan, indexName(c.index, w.Postgres())) {
				t.Errorf("%s: not by %s:\n%s", c.filter, c.index, plan)
			}
		}
	})
}

// A look-up finds one resource, most often: no database need put it in order.
func TestLookUpsSortNothing(t *testing.T) {
	t.Parallel()
	forEachCrowd(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ typ, filter string }{
			{resources.TypeUser, `userName eq "x"`}, {resources.TypeUser, `externalId eq "x"`}, {resources.TypeUser, `id eq "x"`},
			{resources.TypeUser, `emails.value eq "x"`}, {resources.TypeUser, `emails[type eq "work"].value eq "x"`},
			{resources.TypeUser, `active eq true and externalId eq "x"`}, {resources.TypeGroup, `displayName eq "x"`},
			{resources.TypeGroup, `externalId eq "x"`},
		} {
			q := resources.Query{Type: c.typ, Where: w.bind(t, c.typ, c.filter), StartIndex: 1, Count: 100}
			if plan := db.Plan(t, w.DB, w.caller, q); readsAll(plan) || sorts(plan) {
				t.Errorf("%s:\n%s", c.filter, plan)
			}
		}
	})
}

// A page costs what it holds, at the beginning of a list as at its end: no document is read that it does not show, nothing
// is sorted, and of a deep one no more is passed than lies between two milestones.
func TestFindReadsPagesByIndex(t *testing.T) {
	t.Parallel()
	forEachCrowd(t, func(t *testing.T, w *world) {
		user := w.registry.Type(resources.TypeUser)
		if err := db.KeepMilestones(t.Context(), w.DB, w.caller.Company, user.Name); err != nil {
			t.Fatal(err)
		}
		by := func(name string) *resources.Attribute {
			a, err := user.SortBy(name)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		from := &resources.Walk{From: &resources.Position{Created: time.UnixMicro(3000), ID: "x", Key: "user 3"}}
		for name, q := range map[string]resources.Query{
			"first page":                         {StartIndex: 1},
			"second page":                        {StartIndex: 101},
			"in the middle":                      {StartIndex: 3001},
			"last page":                          {StartIndex: 5901},
			"last page, descending":              {StartIndex: 5901, Descending: true},
			"by cursor":                          {Walk: from},
			"by userName":                        {StartIndex: 1, SortBy: by("userName")},
			"by userName and cursor, descending": {Walk: from, SortBy: by("userName"), Descending: true},
			"by meta.created":                    {StartIndex: 1, SortBy: by("meta.created")},
			"who is active":                      {StartIndex: 1, Where: w.bind(t, user.Name, "active eq true")},
		} {
			q.Type, q.Count = user.Name, 100
			plan := db.Plan(t, w.DB, w.caller, q)
			if readsAll(plan) || sorts(plan) {
				t.Errorf("%s:\n%s", name, plan)
			}
			if !w.Postgres() || q.Where != nil {
				continue
			}
			const most = 300 // of 6,000
			plan = db.Analyzed(t, w.DB, w.caller, q)
			if n := passed(t, plan); n < 100 || n > most {
				t.Errorf("%s: %d rows are passed in resources' own indexes; want the 100 of the page, and %d at most\n%s", name, n, most, plan)
			}
		}
	})
}

// passed is the most rows that a scan of resources in their order, or by name, looks at in an analyzed plan.
func passed(t *testing.T, plan string) (most int) {
	t.Helper()
	found := regexp.MustCompile(`using resources_(?:order|user_name)\b.*actual rows=(\d+)(?:\.\d+)? loops=(\d+)`)
	for _, m := range found.FindAllStringSubmatch(plan, -1) {
		rows, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		loops, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, rows*loops)
	}
	return most
}

// readsAll says whether a plan looks at a whole table, or at a whole list other than page by page.
func readsAll(plan string) bool {
	for line := range strings.Lines(plan) {
		whole := regexp.MustCompile(`SCAN (r|t|x|e|m|resources)\b|Seq Scan on (resources|emails|members|external_ids)`)
		if whole.MatchString(line) {
			return true
		}
	}
	return false
}

// sorts says whether a plan sorts resources that it has found.
func sorts(plan string) bool {
	return strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE")
}

// indexName is the name of an index, of which that of a primary key is not ours.
func indexName(name string, postgres bool) string {
	switch {
	case postgres:
		return name
	case name == "resources_pkey":
		return "sqlite_autoindex_resources_1"
	case name == "members_pkey": // of a table without rowid
		return "USING PRIMARY KEY (company_id=? AND group_id=?"
	}
	return name
}

// forEachCrowd runs a test in a directory of thousands on each database.
func forEachCrowd(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		if d.Postgres() { // SQLite is told what to expect
			w.crowd(t)
		}
		f(t, w)
	})
}

// crowd fills the tables with some thousand rows and lets Postgres count them.
func (w *world) crowd(t *testing.T) {
	t.Helper()
	c := w.caller.Company
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`insert into resources (company_id, id, type, version, created, modified, body, user_name, user_name_folded, display_name,
			name_folded, active, hold) select ?, n::text, case when n % 4 = 0 then 'Group' else 'User' end, 1, n, n, jsonb_build_object('title', repeat('x', 600)),
			'', case when n % 4 = 0 then null else 'user ' || n end, '', 'user ' || n, true, '' from generate_series(1, 8000) n`, []any{c}},
		{`insert into emails (company_id, user_id, position, value, folded, type, is_primary)
			select ?, n::text, 0, '', 'user ' || n, 'work', true from generate_series(1, 8000) n`, []any{c}},
		{`insert into external_ids (company_id, connection_id, type, resource_id, external_id)
			select ?, ?, 'User', n::text, n::text from generate_series(1, 8000) n`, []any{c, w.caller.Connection}},
		{`insert into members (company_id, group_id, member_id, member_type)
			select ?, (4 * (n % 2000 + 1))::text, n::text, 'User' from generate_series(1, 8000) n`, []any{c}},
		{`analyze resources, emails, external_ids, members`, nil},
	} {
		err := db.InTx(t.Context(), w.DB, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := db.Exec(ctx, w.DB, tx, q.sql, q.args...)
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", q.sql, err)
		}
	}
}
