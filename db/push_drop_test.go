package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// unpushed is a company without an app, and one User whose mark was read while there was none.
type unpushed struct {
	*pushed
	user resources.Resource
	read []push.Mark
}

func newUnpushed(t *testing.T, d *db.DB) *unpushed {
	t.Helper()
	u := &unpushed{pushed: &pushed{t: t, d: d, now: time.Now().UTC().Truncate(time.Microsecond)}}
	c, err := d.CreateCompany(t.Context(), audit.Actor{}, ownership.Company{ID: pushID(), Name: "C " + pushID(), OutsideDomain: ownership.OutsideHold})
	u.check(err)
	u.company = c.ID
	u.user = resources.Resource{Type: "User", ID: pushID(), Body: []byte(`{"userName":"a"}`), Created: u.now, LastModified: u.now,
		Index: resources.Index{UserName: "a", UserNameFolded: "a", Active: true}}
	_, err = d.Apply(t.Context(), resources.Caller{Company: u.company}, resources.Change{Action: audit.ActionCreate, Resource: &u.user, SetBody: true})
	u.check(err)
	u.read = u.marks()
	if len(u.read) != 1 || u.read[0].Wanted {
		t.Fatalf("marks %+v, want one that no app waits for", u.read)
	}
	return u
}

// marks are the company's.
func (u *unpushed) marks() (ours []push.Mark) {
	u.t.Helper()
	all, err := u.d.DirtyMarks(u.t.Context(), 1000)
	u.check(err)
	for _, m := range all {
		if m.Company == u.company {
			ours = append(ours, m)
		}
	}
	return ours
}

func (u *unpushed) addApp() push.App {
	u.t.Helper()
	a, err := u.d.CreateApp(u.t.Context(), audit.Actor{}, push.App{ID: pushID(), Company: u.company, Name: "Cadence", Profile: "generic",
		URL: "https://app.example.com"}, []byte("token"))
	u.check(err)
	return a
}

func (u *unpushed) remove(ctx context.Context) error {
	_, err := u.d.Apply(ctx, resources.Caller{Company: u.company}, resources.Change{Action: audit.ActionRemove,
		Resource: &resources.Resource{Type: "User", ID: u.user.ID}})
	return err
}

// wantMarks checks how many marks are left, and whether an app waits for them.
func (u *unpushed) wantMarks(n int, wanted bool) {
	u.t.Helper()
	left := u.marks()
	if len(left) != n || n > 0 && left[0].Wanted != wanted {
		u.t.Errorf("marks %+v, want %d, wanted: %v", left, n, wanted)
	}
}

// A mark is dropped only while its company has no app, and only as it was read: what is changed once the app is there, or
// while marks are dropped, is planned for it.
func TestAnAppMadeWhileMarksAreDroppedLosesNoChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, play := range map[string]func(t *testing.T, u *unpushed){
			"no app":                                 dropWithoutApp,
			"an app since the marks were read":       dropAfterApp,
			"a change since the marks were read":     dropAfterChange,
			"an app and a change that are under way": dropDuringAppAndChange,
			"another company's app":                  dropBesideAnotherApp,
		} {
			t.Run(name, func(t *testing.T) { play(t, newUnpushed(t, d)) })
		}
	})
}

func dropWithoutApp(_ *testing.T, u *unpushed) {
	u.check(u.d.DropMarks(u.t.Context(), u.company, u.read))
	u.wantMarks(0, false)
}

func dropAfterApp(_ *testing.T, u *unpushed) {
	u.addApp()
	u.check(u.d.DropMarks(u.t.Context(), u.company, u.read))
	u.wantMarks(1, true)
}

func dropAfterChange(t *testing.T, u *unpushed) {
	u.check(u.remove(t.Context()))
	u.check(u.d.DropMarks(t.Context(), u.company, u.read))
	u.wantMarks(1, false)
	u.addApp()
	u.wantMarks(1, true)
}

func dropBesideAnotherApp(_ *testing.T, u *unpushed) {
	newPushed(u.t, u.d)
	u.check(u.d.DropMarks(u.t.Context(), u.company, u.read))
	u.wantMarks(0, false)
}

// The drop begins before the app is committed, waits for a change of the User that commits after the app, and goes on. On
// SQLite it waits for the one writer; on Postgres for the mark's row, with a view of before the app.
func dropDuringAppAndChange(t *testing.T, u *unpushed) {
	marked, dropping, dropped := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		<-marked
		close(dropping)
		dropped <- u.d.DropMarks(t.Context(), u.company, u.read)
	}()
	first := true
	err := u.d.Together(t.Context(), func(ctx context.Context) error {
		if !first {
			return errors.New("the change was tried twice")
		}
		first = false
		if err := u.remove(ctx); err != nil {
			return err
		}
		close(marked)
		<-dropping
		if u.d.Postgres() { // the app is another transaction's, and its directory does not show the change yet
			waitForDrop(t, u)
			u.addApp()
		}
		return nil
	})
	u.check(err)
	u.check(<-dropped)
	if !u.d.Postgres() {
		u.addApp()
	}
	u.wantMarks(1, true)
}

// waitForDrop waits until a statement waits for the lock of a mark.
func waitForDrop(t *testing.T, u *unpushed) {
	t.Helper()
	for ctx := t.Context(); ctx.Err() == nil; {
		var waits bool
		u.check(db.InTx(ctx, u.d, func(ctx context.Context, tx *sqlx.Tx) error {
			return tx.GetContext(ctx, &waits, `select exists (select 1 from pg_stat_activity where datname = current_database()
				and wait_event_type = 'Lock' and query like 'delete from dirty%')`)
		}))
		if waits {
			return
		}
	}
}
