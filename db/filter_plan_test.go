package db_test

import (
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// The look-ups that identity providers send before each write must not read a company's whole directory.
func TestFindLooksUpByIndex(t *testing.T) {
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
