package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// The look-ups that identity providers send before each write must not read a company's whole directory.
func TestFindLooksUpByIndex_SQLite(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	w := newWorld(d)
	for _, c := range []struct{ typ, filter, index string }{
		{resources.TypeUser, `userName eq "x"`, "SEARCH r USING INDEX resources_user_name"},
		{resources.TypeUser, `id eq "x"`, "SEARCH r USING INDEX sqlite_autoindex_resources_1 (company_id=? AND id=?)"},
		{resources.TypeUser, `externalId eq "x"`, "SEARCH x USING COVERING INDEX external_ids_value"},
		{resources.TypeUser, `emails eq "x"`, "SEARCH e USING COVERING INDEX emails_folded"},
		{resources.TypeUser, `emails[type eq "work"].value eq "x"`, "SEARCH e USING INDEX emails_folded"},
		{resources.TypeUser, `groups.value eq "x"`, "SEARCH e USING"},
		{resources.TypeUser, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "x"`, "SEARCH x USING INDEX resources_manager (company_id=? AND manager=?)"},
		{resources.TypeGroup, `displayName eq "x"`, "SEARCH r USING INDEX resources_name"},
		{resources.TypeGroup, `members eq "x"`, "SEARCH e USING"},
		{resources.TypeGroup, `id eq "g" and members eq "u"`, "SEARCH r USING INDEX sqlite_autoindex_resources_1 (company_id=? AND id=?)"},
	} {
		t.Run(c.filter, func(t *testing.T) {
			t.Parallel()
			plan := db.Plan(t, d, w.caller, c.typ, w.bind(t, c.typ, c.filter))
			t.Log(plan)
			if !strings.Contains(plan, c.index) || strings.Contains(plan, "resources_order") || strings.Contains(plan, "SCAN") {
				t.Errorf("no %s in:\n%s", c.index, plan)
			}
		})
	}
}

func TestFindLooksUpByIndex_Postgres(t *testing.T) {
	t.Parallel()
	w := newWorld(dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)}))
	w.crowd(t)
	for _, c := range []struct{ typ, filter string }{
		{resources.TypeUser, `userName eq "user 7"`},
		{resources.TypeUser, `id eq "7"`},
		{resources.TypeUser, `externalId eq "7"`},
		{resources.TypeUser, `emails eq "user 7"`},
		{resources.TypeUser, `emails[type eq "work"].value eq "user 7"`},
		{resources.TypeUser, `groups.value eq "8"`},
		{resources.TypeUser, `manager eq "7"`},
		{resources.TypeGroup, `displayName eq "user 8"`},
		{resources.TypeGroup, `members eq "7"`},
		{resources.TypeGroup, `id eq "8" and members eq "7"`},
	} {
		plan := db.Plan(t, w.DB, w.caller, c.typ, w.bind(t, c.typ, c.filter))
		if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "resources_order") {
			t.Errorf("%s reads more than it must:\n%s", c.filter, plan)
		}
	}
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
			name_folded, active, hold) select ?, n::text, case when n % 4 = 0 then 'Group' else 'User' end, 1, n, n, '{}',
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
