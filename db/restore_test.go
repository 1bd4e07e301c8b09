package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/backup"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// places are where a database can be restored to, by name.
var places = map[string]func(t *testing.T) db.Config{
	"sqlite": func(t *testing.T) db.Config { return db.Config{Data: t.TempDir()} },
	"postgres": func(t *testing.T) db.Config {
		return db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t), Connections: 8}
	},
}

// backUp writes a backup of the database as it is now.
func backUp(t *testing.T, d *db.DB) (file []byte, counted []backup.Counted) {
	t.Helper()
	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b bytes.Buffer
	counted, err = backup.Write(t.Context(), &b, nil, s.Manifest, s)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), counted
}

func restore(t *testing.T, c db.Config, file []byte, replace bool) (db.Restored, error) {
	t.Helper()
	r, err := backup.Open(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return db.Restore(t.Context(), c, r, replace)
}

// TestABackupIsRestoredIntoEitherDatabase: every row of every table, whichever tables the schema has; sequences go on after
// the highest number that was given out; and the result is a database like any other.
func TestABackupIsRestoredIntoEitherDatabase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		db.FillEveryTable(t, d, 5)
		file, _ := backUp(t, d)
		for kind, place := range places {
			t.Run("into "+kind, func(t *testing.T) {
				c := place(t)
				restored, err := restore(t, c, file, false)
				if err != nil {
					t.Fatal(err)
				}
				there := dbtest.Open(t, c)
				if diff := cmp.Diff(db.Counted(t, d), db.Counted(t, there)); diff != "" {
					t.Errorf("-backed up +restored:\n%s", diff)
				}
				if len(restored.Tables) < 30 || restored.Tables[0].Rows != 5 {
					t.Errorf("%d tables restored: %v", len(restored.Tables), restored.Tables)
				}
				b := newBench(t, there)
				b.apply(t, create(newUser("after@firm.example")))
				if first := db.Count(t, there, `select min(seq) from audit_entries where company_id = ?`, b.c.Company); first != 5001 {
					t.Errorf("the first entry afterwards is at %d, want 5001", first)
				}
			})
		}
	})
}

// TestBothDatabasesDescribeOneSchema: tables, columns, what they hold, keys and references, read from SQLite and from Postgres.
func TestBothDatabasesDescribeOneSchema(t *testing.T) {
	t.Parallel()
	said := map[string]map[string]string{}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		said[d.Kind()] = db.Described(t, d)
	})
	if len(said) == 2 {
		if diff := cmp.Diff(said["sqlite"], said["postgres"]); diff != "" {
			t.Errorf("-sqlite +postgres:\n%s", diff)
		}
		if got := said["sqlite"]["resources"]; !strings.Contains(got, "{body json}") || !strings.Contains(got, "company company_id") {
			t.Errorf("resources is described as %s", got)
		}
	}
}

// TestABackupUnderLoadIsOneMoment: four writers make, change and remove Users, who join Groups and leave them, while the
// backup is made. What is restored is, of each writer, all up to some change and nothing after; each version with its entry in
// the record, each User with a mark and an address; and exactly the entries that the database had up to the backup's position.
func TestABackupUnderLoadIsOneMoment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		made, mu := 0, sync.Mutex{}
		more := sync.NewCond(&mu)
		for w := range 4 {
			g := b.group(t, fmt.Sprintf("w%d", w))
			writers.Go(func() {
				var left *resources.Resource
				for n, came := 0, []*resources.Resource{}; ctx.Err() == nil; n++ {
					u := newUser(fmt.Sprintf("w%d.%06d@firm.example", w, n))
					changes := []resources.Change{create(u), membership(g, resources.MemberChange{Add: users(u)}),
						replace(later(u, func(x *resources.Index) { x.DisplayName = "Renamed" }), 1)}
					if came = append(came, u); n >= 2 {
						left = came[n-2]
						changes = append(changes, membership(g, resources.MemberChange{Remove: []string{left.ID}}))
					}
					if n%3 == 2 {
						changes = append(changes, remove(left))
					}
					var err error
					for _, ch := range changes { // each by itself
						if err == nil {
							_, err = b.Apply(ctx, b.c, ch)
						}
					}
					if err != nil && ctx.Err() == nil {
						t.Error(err)
						stop()
					}
					mu.Lock()
					made++
					mu.Unlock()
					more.Broadcast()
				}
			})
		}
		await := func(n int) { // until so many more are made
			mu.Lock()
			defer mu.Unlock()
			for end := made + n; made < end && ctx.Err() == nil; {
				more.Wait()
			}
		}
		await(40)
		s, err := d.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		await(40) // the writers are not held up, and what they write now is not in it
		var file bytes.Buffer
		if _, err := backup.Write(t.Context(), &file, nil, s.Manifest, s); err != nil {
			t.Fatal(err)
		}
		stop()
		writers.Wait()
		r, err := backup.Open(bytes.NewReader(file.Bytes()), nil)
		if err != nil {
			t.Fatal(err)
		}
		c := db.Config{Data: t.TempDir()}
		if _, err := db.Restore(t.Context(), c, r, false); err != nil {
			t.Fatal(err)
		}
		wantOneMoment(t, d, dbtest.Open(t, c), b.c.Company, r.Manifest.Position)
	})
}

// wantOneMoment compares a restored database with the one it came from, which has gone on.
func wantOneMoment(t *testing.T, live, restored *db.DB, company string, position int64) {
	t.Helper()
	const created = `select object_name from audit_entries where company_id = ? and action = 'create' and object_type = 'User' order by object_name`
	names, next := db.Strings(t, restored, created, company), map[string]int{}
	for _, name := range names {
		writer, _, _ := strings.Cut(name, ".")
		if want := fmt.Sprintf("%s.%06d@firm.example", writer, next[writer]); name != want {
			t.Fatalf("%s was made, but not %s", name, want)
		}
		next[writer]++
	}
	if now := len(db.Strings(t, live, created, company)); len(names) < 40 || len(names) > now-40 {
		t.Errorf("%d Users restored of %d that were made till now", len(names), now)
	}
	for what, query := range map[string]string{
		"resources whose versions are not all told": `select count(*) from resources r where r.company_id = ? and r.version <> (select count(distinct version)
			from audit_entries e where e.company_id = r.company_id and e.object_id = r.id and e.version > 0)`,
		"resources that were made, not removed, and are not there": `select count(*) from audit_entries e where e.company_id = ? and e.action = 'create'
			and e.object_type in ('User', 'Group')
			and not exists (select 1 from resources r where r.company_id = e.company_id and r.id = e.object_id) and not exists
			(select 1 from audit_entries g where g.company_id = e.company_id and g.object_id = e.object_id and g.action = 'remove')`,
		"resources that are there though they were removed": `select count(*) from audit_entries e where e.company_id = ? and e.action = 'remove'
			and exists (select 1 from resources r where r.company_id = e.company_id and r.id = e.object_id)`,
		"Users without an address": `select count(*) from resources r where r.company_id = ? and r.type = 'User'
			and not exists (select 1 from emails e where e.company_id = r.company_id and e.user_id = r.id)`,
		"resources without a mark": `select count(*) from resources r where r.company_id = ?
			and not exists (select 1 from dirty e where e.company_id = r.company_id and e.object_id = r.id)`,
	} {
		if n := db.Count(t, restored, query, company); n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
	if db.Count(t, restored, `select count(*) from audit_entries where company_id = ? and action = 'remove'`, company) == 0 {
		t.Error("nobody was removed before the backup: the test tells nothing")
	}
	wantMembers(t, restored, company)
	wantRecord(t, live, restored, company, position)
}

// wantMembers fails unless each Group has the members that its version says: one joins after the other, and leaves when the
// second after it has joined.
func wantMembers(t *testing.T, restored *db.DB, company string) {
	t.Helper()
	for w := range 4 {
		writer := fmt.Sprintf("w%d", w)
		version := db.Count(t, restored, `select version from resources where company_id = ? and display_name = ?`, company, writer)
		joined := min(version-1, 2) + max(0, version-2)/2
		left := max(0, version-1-joined)
		var want []string
		for n := left; n < joined; n++ {
			want = append(want, fmt.Sprintf("%s.%06d@firm.example", writer, n))
		}
		got := db.Strings(t, restored, `select u.user_name from members m join resources g on g.company_id = m.company_id and g.id = m.group_id
			join resources u on u.company_id = m.company_id and u.id = m.member_id where m.company_id = ? and g.display_name = ? order by u.user_name`, company, writer)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members of %s at version %d: -want +restored:\n%s", writer, version, diff)
		}
	}
}

// wantRecord fails unless the record is that of the database it came from, up to the position.
func wantRecord(t *testing.T, live, restored *db.DB, company string, position int64) {
	t.Helper()
	entries := `select cast(seq as text) || ' ' || object_id || ' ' || action from audit_entries where company_id = ? and seq <= ? order by seq`
	got, want := db.Strings(t, restored, entries, company, 1<<60), db.Strings(t, live, entries, company, position)
	if live.Postgres() { // one that took its place earlier may have been committed later
		want = intersection(want, got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record: -up to the position +restored:\n%s", diff)
	}
}

func intersection(list, with []string) (both []string) {
	in := map[string]bool{}
	for _, s := range with {
		in[s] = true
	}
	for _, s := range list {
		if in[s] {
			both = append(both, s)
		}
	}
	return both
}

// TestARestoreThatFailsChangesNothing: neither where nothing was, nor where something is.
func TestARestoreThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	source := dbtest.Open(t, db.Config{Data: t.TempDir()})
	db.FillEveryTable(t, source, 3)
	file, _ := backUp(t, source)
	damaged := bytes.Clone(file)
	damaged[len(damaged)*3/4] ^= 4
	for kind, place := range places {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := place(t)
			if _, err := restore(t, c, damaged, false); !errors.Is(err, backup.ErrDamaged) {
				t.Fatalf("a damaged backup: %v", err)
			}
			if _, err := os.Stat(filepath.Join(c.Data, "proprio.db")); err == nil {
				t.Error("a damaged backup left a database file")
			}
			if _, err := restore(t, c, file, false); err != nil { // the place is as empty as it was
				t.Fatal(err)
			}
			d, err := db.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Append(t.Context(), audit.Entry{Company: "c-1", Action: audit.ActionCreate}); err != nil {
				t.Fatal(err)
			}
			before := db.Counted(t, d)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := restore(t, c, file, false); err == nil || !strings.Contains(err.Error(), "--force") {
				t.Errorf("a database that is there: %v", err)
			}
			if _, err := restore(t, c, damaged, true); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("a damaged backup over a database: %v", err)
			}
			d = dbtest.Open(t, c)
			if diff := cmp.Diff(before, db.Counted(t, d)); diff != "" {
				t.Errorf("the database that was there: -before +after:\n%s", diff)
			}
		})
	}
}

// TestReplacedIsSetAside: what --force replaces is kept, and can be read.
func TestReplacedIsSetAside(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		d, err := db.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		db.FillEveryTable(t, d, 3)
		file, counted := backUp(t, d)
		newBench(t, d)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		restored, err := restore(t, c, file, true)
		if err != nil || restored.SetAside == "" {
			t.Fatalf("%v, set aside: %q", err, restored.SetAside)
		}
		there := dbtest.Open(t, c)
		if n := db.Count(t, there, `select count(*) from companies`); int64(n) != counted[0].Rows {
			t.Errorf("%d companies, want %d", n, counted[0].Rows)
		}
		if there.Postgres() {
			if n := db.Count(t, there, `select count(*) from `+restored.SetAside+`.companies`); n != 4 {
				t.Errorf("%d companies were set aside, want 4", n)
			}
			db.Write(t, there, `drop schema `+restored.SetAside+` cascade`)
		} else if _, err := os.Stat(restored.SetAside); err != nil {
			t.Error(err)
		}
	})
}

// TestABackupOfANewerSchemaIsRefused, rather than read in part.
func TestABackupOfANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Manifest.Schema = 99999
	var b bytes.Buffer
	if _, err := backup.Write(t.Context(), &b, nil, s.Manifest, s); err != nil {
		t.Fatal(err)
	}
	if _, err := restore(t, db.Config{Data: t.TempDir()}, b.Bytes(), false); !errors.Is(err, backup.ErrNewer) {
		t.Errorf("%v, want ErrNewer", err)
	}
}
