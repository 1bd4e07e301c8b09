package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
)

// TestEachCheckOfDoctorFindsItsFault: what is too little, too much or of another time is found, and what is not is well.
func TestEachCheckOfDoctorFindsItsFault(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, where db.Config) {
		t.Parallel()
		well := newPatient(t, where)
		run := func(statements ...string) { runBeside(t, where.URL, well.data, statements...) }
		future := audit.Entry{Company: "c-1", Action: audit.ActionCreate, At: time.Now().Add(time.Hour)}
		for _, c := range []struct {
			check, database string // of which; empty: both
			state, says     string
			ill             func(x *patient)
		}{
			{"clock", "", "ok", "as the database's", func(*patient) {}},
			{"clock", "", "warn", "clock and the database's are", func(x *patient) { x.now = func() time.Time { return time.Now().Add(-10 * time.Second) } }},
			{"clock", "", "fail", "2001", func(x *patient) { x.now = func() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) } }},
			{"clock", "", "warn", "the newest entry of the record is of " + future.At.UTC().Format(time.RFC3339), func(x *patient) {
				if err := x.d.Append(t.Context(), future); err != nil {
					t.Fatal(err)
				}
			}},
			{"wal", "sqlite", "ok", "iB", func(*patient) {}},
			{"wal", "sqlite", "warn", "the write-ahead log has", func(x *patient) { x.bounds.largeWAL = 0 }},
			{"wal", "postgres", "warn", "max_wal_size is 1.0 GiB", func(x *patient) { x.bounds.walTimes = 0 }},
			{"wal", "postgres", "warn", "the replication slot doctor_holds holds", func(x *patient) {
				run(`select pg_create_physical_replication_slot('doctor_holds', true)`)
				t.Cleanup(func() { run(`select pg_drop_replication_slot('doctor_holds')`) })
				x.bounds.heldWAL = -1
			}},
			{"pool", "postgres", "ok", "connections are taken", func(x *patient) { x.bounds.connectionUse = 1 }},
			{"pool", "postgres", "warn", "connections are taken", func(x *patient) { x.bounds.connectionUse = 0 }},
			{"dead rows", "postgres", "ok", "few", func(*patient) {}},
			{"dead rows", "postgres", "warn", "duties (100 dead rows", func(x *patient) {
				x.bounds.deadRows = 50
				run(`alter table duties set (autovacuum_enabled = off)`,
					`insert into duties (name, owner, lease_until, due, started, finished, outcome) select 'd' || n, '', 0, 0, 0, 0, ''
						from generate_series(1, 100) n`, `delete from duties where name like 'd%'`)
				for x.look(t, "dead rows").State == "ok" && t.Context().Err() == nil { // Postgres counts a moment later
					time.Sleep(5 * time.Millisecond)
				}
			}},
			{"totals", "", "ok", "as counted", func(*patient) {}},
			{"credentials", "", "ok", "none of an app ends soon", func(x *patient) {
				company, err := x.d.CreateCompany(t.Context(), audit.Actor{}, ownership.Company{ID: "c-9", Name: "Doctor", OutsideDomain: ownership.OutsideHold})
				if err == nil {
					_, err = x.d.CreateApp(t.Context(), audit.Actor{}, push.App{Company: company.ID, Name: "crm", Profile: "generic",
						Settings: push.Settings{Credential: push.Credential{Expires: "2030-01-31"}}}, []byte("token"))
				}
				if err != nil {
					t.Fatal(err)
				}
			}},
			{"credentials", "", "warn", "crm: the credential expires in 21 days", func(x *patient) {
				x.now = func() time.Time { return time.Date(2030, 1, 10, 0, 0, 0, 0, time.UTC) }
			}},
			{"credentials", "", "fail", "crm: the credential has expired", func(x *patient) {
				x.now = func() time.Time { return time.Date(2030, 2, 1, 0, 0, 0, 0, time.UTC) }
			}},
			{"private apps", "", "ok", "0 named by --private-apps, 0 allowed", func(*patient) {}},
			{"private apps", "", "ok", "0 named by --private-apps, 1 allowed on the command line", func(x *patient) {
				_, err := x.d.CreateApp(t.Context(), audit.Actor{}, push.App{Company: "c-9", Name: "intranet", Profile: "generic", URL: "http://10.0.0.5/scim", AllowPrivate: true}, []byte("token"))
				if err != nil {
					t.Fatal(err)
				}
			}},
			{"private apps", "", "warn", "several companies: intranet of Doctor at http://10.0.0.5/scim", func(x *patient) {
				company, err := x.d.CreateCompany(t.Context(), audit.Actor{}, ownership.Company{ID: "c-10", Name: "Neighbour", OutsideDomain: ownership.OutsideHold})
				if err == nil {
					_, err = x.d.CreateApp(t.Context(), audit.Actor{}, push.App{Company: company.ID, Name: "crm", Profile: "generic"}, []byte("token"))
				}
				if err != nil {
					t.Fatal(err)
				}
			}},
			{"private apps", "", "ok", "1 named by --private-apps", func(x *patient) { x.private = privateApps{"10.0.0.5"} }},
			{"totals", "", "warn", "of the Users of company c-1", func(x *patient) {
				run(`insert into milestones (company_id, type, created, id, passed) values ('c-1', 'User', 1, 'x', 7)`)
			}},
		} {
			if c.database != "" && c.database != well.d.Kind() {
				continue
			}
			x := *well
			c.ill(&x)
			if f := x.look(t, c.check); f.State != c.state || !strings.Contains(f.Found, c.says) {
				t.Errorf("%s: %s, %q; want %s and %q", c.check, f.State, f.Found, c.state, c.says)
			}
		}
	})
}

func TestDoctorLooksAtTheDiskOfTheDataFolder(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for _, c := range []struct {
		free, size int64
		err        error
		state      string
	}{
		{50 * gib, 100 * gib, nil, "ok"}, {2 * gib, 4 * gib, nil, "ok"}, {5 * gib, 100 * gib, nil, "warn"}, {gib / 2, gib, nil, "warn"},
		{32 << 20, gib, nil, "fail"}, {0, 0, os.ErrNotExist, "fail"}, {0, 0, errors.ErrUnsupported, "ok"},
	} {
		x := patient{data: "/data", bounds: usualBounds()}
		x.space = func(folder string) (int64, int64, error) {
			if folder != "/data" {
				t.Errorf("the disk of %s is looked at", folder)
			}
			return c.free, c.size, c.err
		}
		if f := x.disk(); f.State != c.state {
			t.Errorf("%d of %d left, %v: %s, want %s", c.free, c.size, c.err, f.State, c.state)
		}
	}
}

// newPatient is a well installation's.
func newPatient(t *testing.T, where db.Config) *patient {
	t.Helper()
	p := &program{cfg: Config{Data: t.TempDir(), Database: where.URL}, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler)}
	c, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return &patient{d: c.db, data: p.cfg.Data, bounds: usualBounds(), space: diskSpace, now: time.Now}
}

// look makes one check.
func (x *patient) look(t *testing.T, check string) finding {
	t.Helper()
	wal := func(context.Context) finding { return x.wal() }
	if x.d.Postgres() {
		wal = x.serverWAL
	}
	return map[string]func(context.Context) finding{"clock": x.clock, "wal": wal, "pool": x.sessions, "dead rows": x.bloat, "totals": x.totals, "credentials": x.credentials, "private apps": x.privateApps}[check](t.Context())
}

// runBeside runs statements on a connection of their own.
func runBeside(t *testing.T, url, data string, statements ...string) {
	t.Helper()
	driver, name := "postgres", url
	if url == "" {
		driver, name = "sqlite", filepath.Join(data, "proprio.db")
	}
	beside, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	for _, s := range statements {
		if _, err := beside.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
