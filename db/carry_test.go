package db_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// filled is a SQLite folder with five rows in every table, of the companies c-1 to c-5.
func filled(t *testing.T) db.Config {
	t.Helper()
	c := db.Config{Data: t.TempDir()}
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	db.FillEveryTable(t, d, 5)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// beside is a Postgres database whose servers have the keyset of a data folder.
func beside(t *testing.T, source db.Config) db.Config {
	t.Helper()
	return db.Config{Data: source.Data, URL: dbtest.PostgresURL(t), Connections: 8}
}

// TestCompaniesAreCarriedOver: all of them into an empty database, every row of every table that is theirs; the numbers of the
// record go on, and the companies can be used.
func TestCompaniesAreCarriedOver(t *testing.T) {
	t.Parallel()
	from := filled(t)
	into := beside(t, from)
	done, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(done.Source, done.Target); diff != "" || len(done.Source) < 30 || len(done.Companies) != 5 || done.Resumed != 0 {
		t.Errorf("%v, %d resumed; -source +target:\n%s", done.Companies, done.Resumed, diff)
	}
	ofCompanies := map[string]bool{}
	for _, c := range done.Source {
		ofCompanies[c.Table] = c.Rows == 5
	}
	source, target := dbtest.Open(t, from), dbtest.Open(t, into)
	have := db.Counted(t, target)
	for i, want := range db.Counted(t, source) {
		if ofCompanies[want.Table] && have[i] != want {
			t.Errorf("the target has %v, want %v", have[i], want)
		}
	}
	if !ofCompanies["resources"] || !ofCompanies["audit_entries"] || !ofCompanies["companies"] {
		t.Errorf("carried over: %v", ofCompanies)
	}
	b := newBench(t, target)
	b.apply(t, create(newUser("after@firm.example")))
	if first := db.Count(t, target, `select min(seq) from audit_entries where company_id = ?`, b.c.Company); first != 5001 {
		t.Errorf("the first entry afterwards is at %d, want 5001", first)
	}
	if _, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{}); err == nil || !strings.Contains(err.Error(), `company id "c-1"`) {
		t.Errorf("carried over a second time: %v", err)
	}
}

// TestOneCompanyJoinsOthers: it comes alone, into a database that has its own companies and its own record, whose numbers
// stay; and the order of what comes is kept.
func TestOneCompanyJoinsOthers(t *testing.T) {
	t.Parallel()
	from := db.Config{Data: t.TempDir()}
	source := dbtest.Open(t, from)
	mine, other := newBench(t, source), newBench(t, source)
	for n := range 20 {
		mine.apply(t, create(newUser(fmt.Sprintf("u%d@firm.example", n))))
		other.apply(t, create(newUser(fmt.Sprintf("u%d@other.example", n))))
	}
	entries := mine.entries(t)
	into := beside(t, from)
	target := dbtest.Open(t, into)
	there := newBench(t, target)
	there.apply(t, create(newUser("theirs@there.example")))
	before := db.Strings(t, target, `select cast(seq as text) || object_id from audit_entries where company_id = ? order by seq`, there.c.Company)

	company := db.Strings(t, source, `select name from companies where id = ?`, mine.c.Company)[0]
	done, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{Company: company})
	if err != nil || !slices.Equal(done.Companies, []string{company}) {
		t.Fatalf("%v, %v", done.Companies, err)
	}
	carried := bench{target, mine.c}
	var was, is []string
	for i, e := range carried.entries(t) {
		was, is = append(was, entries[i].ObjectID), append(is, e.ObjectID)
	}
	if diff := cmp.Diff(was, is); diff != "" || len(is) != len(entries) {
		t.Errorf("record: %d entries, want %d:\n%s", len(is), len(entries), diff)
	}
	if after := db.Strings(t, target, `select cast(seq as text) || object_id from audit_entries where company_id = ? order by seq`,
		there.c.Company); !slices.Equal(after, before) {
		t.Errorf("the record of who was there: %v, was %v", after, before)
	}
	if n := db.Count(t, target, `select count(*) from resources where company_id = ?`, other.c.Company); n != 0 {
		t.Errorf("%d resources of another company came along", n)
	}
	carried.apply(t, create(newUser("new@firm.example")))
	if page := carried.find(t, resources.Query{Type: resources.TypeUser, StartIndex: 1, Count: 50}); page.Total != 21 {
		t.Errorf("%d Users, want 21", page.Total)
	}
}

// TestAnEventStreamGoesOnAtItsEntry: where the entries of the record get other numbers, so does the place of a stream in it.
func TestAnEventStreamGoesOnAtItsEntry(t *testing.T) {
	t.Parallel()
	from := filled(t)
	into := beside(t, from)
	target := dbtest.Open(t, into)
	newBench(t, target).people(t, 3)
	if _, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{Company: "v-2\t\\N\n'é𝄞\""}); err != nil {
		t.Fatal(err)
	}
	places := `select cast(position as text) from streams where company_id = 'c-2' union all
		select cast(seq as text) from audit_entries where company_id = 'c-2'`
	if got := db.Strings(t, target, places); len(got) != 2 || got[0] != got[1] || got[0] == "2" {
		t.Errorf("the stream and the entry that it had come to are at %v", got)
	}
}

// TestAMigrationGoesOnWhereItWasBroken: what had arrived is not sent again, nothing is there twice, and nothing is in force before
// all is there.
func TestAMigrationGoesOnWhereItWasBroken(t *testing.T) {
	t.Parallel()
	from := filled(t)
	into := beside(t, from)
	tables := 0
	for try := 1; ; try++ {
		ctx, cancel := context.WithCancel(t.Context())
		had := 0
		done, err := db.CarryOver(ctx, from, into, db.CarryOptions{Progress: func(string, int64) {
			if had++; had > tables {
				tables, had = had+7, -1000
				cancel()
			}
		}})
		cancel()
		d := dbtest.Open(t, into)
		n := db.Count(t, d, `select count(*) from companies`)
		if err == nil {
			if n != 5 || done.Resumed == 0 || !cmp.Equal(done.Source, done.Target) {
				t.Errorf("%d companies, %d rows resumed", n, done.Resumed)
			}
			if try < 3 {
				t.Errorf("done at try %d: nothing was broken off", try)
			}
			if left := db.Count(t, d, `select count(*) from pg_namespace where nspname = current_schema() || '_arriving'`); left != 0 {
				t.Error("the stage is still there")
			}
			return
		}
		if n != 0 || ctx.Err() == nil || try > 12 {
			t.Fatalf("try %d: %v, and %d companies are in force", try, err, n)
		}
	}
}

// TestAMigrationOfAChangedSourceIsNoticed: somebody changed, between two tries, what had arrived.
func TestAMigrationOfAChangedSourceIsNoticed(t *testing.T) {
	t.Parallel()
	from := filled(t)
	into := beside(t, from)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := db.CarryOver(ctx, from, into, db.CarryOptions{Progress: func(table string, _ int64) {
		if table == "resources" {
			cancel()
		}
	}})
	if err == nil {
		t.Fatal("it was not broken off")
	}
	source := dbtest.Open(t, from)
	db.Write(t, source, `update resources set display_name = 'changed' where company_id = 'c-1'`)
	_, err = db.CarryOver(t.Context(), from, into, db.CarryOptions{})
	if err == nil || !strings.Contains(err.Error(), "resources (5 rows") || !strings.Contains(err.Error(), "--restart") {
		t.Fatalf("the change was not noticed: %v", err)
	}
	if n := db.Count(t, dbtest.Open(t, into), `select count(*) from companies`); n != 0 {
		t.Errorf("%d companies are in force", n)
	}
	if _, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{Company: "v-1\t\\N\n'é𝄞\""}); err == nil || !strings.Contains(err.Error(), "another migration") {
		t.Errorf("another choice of companies: %v", err)
	}
	done, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{Restart: true})
	if err != nil || !cmp.Equal(done.Source, done.Target) || done.Resumed != 0 {
		t.Errorf("begun again: %v, %d resumed", err, done.Resumed)
	}
}

// TestAMigrationIsRefused: where it could only end badly, before anything is carried over.
func TestAMigrationIsRefused(t *testing.T) {
	t.Parallel()
	from := filled(t)
	for name, c := range map[string]struct {
		prepare func(t *testing.T, into *db.Config)
		says    string
	}{
		"a name": {func(t *testing.T, into *db.Config) {
			d := dbtest.Open(t, *into)
			newBench(t, d)
			db.Write(t, d, `update companies set name = ?`, "v-3\t\\N\n'é𝄞\"")
		}, "company name"},
		"a domain": {func(t *testing.T, into *db.Config) {
			db.Write(t, dbtest.Open(t, *into), `insert into domains (company_id, name, proof, verified) values ('x', ?, '', 1)`, "v-2\t\\N\n'é𝄞\"")
		}, "verified domain"},
		"another keyset": {func(t *testing.T, into *db.Config) {
			var err error
			if into.Keyset, err = db.NewKeyset(); err != nil {
				t.Fatal(err)
			}
		}, "keyset"},
		"no such company": {func(*testing.T, *db.Config) {}, `no company "nobody"`},
	} {
		t.Run(name, func(t *testing.T) {
			into := beside(t, from)
			c.prepare(t, &into)
			o := db.CarryOptions{}
			if name == "no such company" {
				o.Company = "nobody"
			}
			_, err := db.CarryOver(t.Context(), from, into, o)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want it to name %q", err, c.says)
			}
		})
	}
}

// TestCampaignMigration carries over a company of 100,000 Users and 2,000 Groups (of which a few in a plain run), and compares.
func TestCampaignMigration(t *testing.T) {
	t.Parallel()
	people, groups, each := 1000, 20, 10
	if os.Getenv("PROPRIO_CAMPAIGN") == "full" {
		people, groups, each = 100_000, 2_000, 50
	}
	from := db.Config{Data: t.TempDir()}
	source := dbtest.Open(t, from)
	b := newBench(t, source)
	b.grow(t, people, groups, each)
	done, err := db.CarryOver(t.Context(), from, beside(t, from), db.CarryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for i, c := range done.Target {
		rows[c.Table] = c.Rows
		if c != done.Source[i] {
			t.Errorf("%v, the source has %v", c, done.Source[i])
		}
	}
	if rows["resources"] != int64(people+groups) || rows["members"] != int64(groups*each) || rows["emails"] != int64(people) {
		t.Errorf("carried over: %v", rows)
	}
}

// grow gives the company many Users, and Groups of them.
func (b *bench) grow(t *testing.T, people, groups, each int) {
	t.Helper()
	const batch = 1000
	var all []*resources.Resource
	for len(all) < people {
		var changes []resources.Change
		for n := len(all); n < people && len(changes) < batch; n++ {
			u := newUser(fmt.Sprintf("person.%06d@firm.example", n))
			all, changes = append(all, u), append(changes, create(u))
		}
		if _, err := b.Apply(t.Context(), b.c, changes...); err != nil {
			t.Fatal(err)
		}
	}
	var changes []resources.Change
	for n := range groups {
		g := newGroup(fmt.Sprintf("Group %d", n))
		var members []*resources.Resource
		for k := range each {
			members = append(members, all[(n*each+k*7)%people])
		}
		changes = append(changes, resources.Change{Action: audit.ActionCreate, Resource: g, SetBody: true,
			Members: &resources.MemberChange{Add: users(members...)}})
		if len(changes) == 100 || n == groups-1 {
			if _, err := b.Apply(t.Context(), b.c, changes...); err != nil {
				t.Fatal(err)
			}
			changes = nil
		}
	}
}
