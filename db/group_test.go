package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// gathering is a database whose writer is held, so that the requests that come meanwhile share a transaction.
type gathering struct {
	*db.DB
	t       *testing.T
	release chan struct{}
	results chan error // of the one that holds the writer
	errs    []chan error
}

func gather(t *testing.T, d *db.DB) *gathering {
	t.Helper()
	db.CollectFor(d, time.Hour) // so that who shares with whom does not depend on how busy the machine is
	db.Write(t, d, `create table if not exists notes (n bigint primary key)`)
	g := &gathering{DB: d, t: t, release: make(chan struct{}), results: make(chan error, 1)}
	held := make(chan struct{})
	hold := sync.OnceFunc(func() { close(held) }) // it may have to run again
	go func() {
		g.results <- db.InTx(context.Background(), d, func(context.Context, *sqlx.Tx) error {
			hold()
			<-g.release
			return nil
		})
	}()
	<-held
	return g
}

// join lets a request wait for the writer, in the order of the calls.
func (g *gathering) join(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) {
	result := make(chan error, 1)
	g.errs = append(g.errs, result)
	before := db.Waiting(g.DB)
	go func() {
		defer close(result)
		result <- db.InTx(ctx, g.DB, f)
	}()
	for db.Waiting(g.DB) == before {
		time.Sleep(50 * time.Microsecond)
	}
}

// note is a request that writes one number.
func (g *gathering) note(n int) func(ctx context.Context, tx *sqlx.Tx) error {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := db.Exec(ctx, g.DB, tx, `insert into notes values (?)`, n)
		return err
	}
}

// end frees the writer and returns each request's result, in the order of joining.
func (g *gathering) end() []error {
	g.t.Helper()
	close(g.release)
	if err := <-g.results; err != nil {
		g.t.Error(err)
	}
	errs := make([]error, len(g.errs))
	for i, result := range g.errs {
		errs[i] = <-result
	}
	return errs
}

func (g *gathering) wantNotes(want ...string) {
	g.t.Helper()
	if got := db.Strings(g.t, g.DB, `select cast(n as text) from notes order by n`); !slices.Equal(got, want) {
		g.t.Errorf("notes %v, want %v", got, want)
	}
}

func openSQLite(t *testing.T) *db.DB {
	t.Helper()
	return dbtest.Open(t, db.Config{Data: t.TempDir()})
}

func TestGroup_WhoeverWaitsSharesOneTransactionAndHasItsOwnResult(t *testing.T) {
	t.Parallel()
	g := gather(t, openSQLite(t))
	before := db.Shared(g.DB)
	refused := resources.Errorf(resources.ErrInvalidValue, "n", "not this one")
	for n := range 8 {
		g.join(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
			err := g.note(n)(ctx, tx)
			if n%3 == 1 {
				return errors.Join(err, refused) // after it has written
			}
			return err
		})
	}
	for n, err := range g.end() {
		if want := n%3 == 1; errors.Is(err, resources.ErrInvalidValue) != want || err == nil == want {
			t.Errorf("request %d: %v", n, err)
		}
	}
	g.wantNotes("0", "2", "3", "5", "6")
	after := db.Shared(g.DB)
	if commits, members := after[0]-before[0], after[1]-before[1]; commits != 1 || members != 9 {
		t.Errorf("%d transactions for %d requests, want 1 for 9", commits, members)
	}
}

func TestGroup_ARequestSeesWhatThoseBeforeItWrote(t *testing.T) {
	t.Parallel()
	g := gather(t, openSQLite(t))
	g.join(t.Context(), g.note(1))
	g.join(t.Context(), g.note(1)) // the same key
	g.join(t.Context(), g.note(2))
	errs := g.end()
	if errs[0] != nil || !errors.Is(errs[1], resources.ErrUniqueness) || errs[2] != nil {
		t.Errorf("results %v", errs)
	}
	g.wantNotes("1", "2")
}

// TestGroup_WhenSQLiteTakesTheTransactionBack: a disk that fills up, or a write that is interrupted, undoes the whole
// transaction. Whoever was in it must not hear of success for what is gone.
func TestGroup_WhenSQLiteTakesTheTransactionBack(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]string{
		"and the request fails":      `insert or rollback into notes values (1)`,
		"and the request goes on":    `insert or rollback into notes values (1)`,
		"by a rollback of a request": `rollback`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gather(t, openSQLite(t))
			g.join(t.Context(), g.note(1))
			g.join(t.Context(), g.note(2))
			g.join(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := db.Exec(ctx, g.DB, tx, `insert into notes values (3)`)
				if err != nil {
					return err
				}
				_, err = db.Exec(ctx, g.DB, tx, lose)
				if name == "and the request fails" {
					return err
				}
				_, _ = db.Exec(ctx, g.DB, tx, `insert into notes values (33)`) // must not become a transaction of its own
				return nil
			})
			g.join(t.Context(), g.note(4))
			errs := g.end()
			if errs[0] != nil || errs[1] != nil || errs[2] == nil || errs[3] != nil {
				t.Errorf("results %v; want the third to fail and no other", errs)
			}
			g.wantNotes("1", "2", "4")
		})
	}
}

// TestGroup_WhenTheCommitFails: a key that is checked at the end only is broken by one of the requests. None may be told
// that it was written, and all but that one are.
func TestGroup_WhenTheCommitFails(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	db.Write(t, d, `create table late (n bigint references notes (n) deferrable initially deferred)`)
	g := gather(t, d)
	g.join(t.Context(), g.note(1))
	g.join(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := db.Exec(ctx, d, tx, `insert into late values (99)`)
		return err
	})
	g.join(t.Context(), g.note(2))
	errs := g.end()
	if errs[0] != nil || errs[2] != nil || !errors.Is(errs[1], resources.ErrNotFound) {
		t.Errorf("results %v; want the second to fail and no other", errs)
	}
	g.wantNotes("1", "2")
}

func TestGroup_ACancelledRequestLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	g := gather(t, openSQLite(t))
	waiting, leave := context.WithCancel(t.Context())
	running, stop := context.WithCancel(t.Context())
	g.join(t.Context(), g.note(1))
	g.join(waiting, g.note(2))
	g.join(running, func(ctx context.Context, tx *sqlx.Tx) error {
		stop() // in the middle of its work, which is not cut off
		return g.note(3)(ctx, tx)
	})
	g.join(t.Context(), g.note(4))
	leave()
	if err := <-g.errs[1]; !errors.Is(err, context.Canceled) {
		t.Errorf("the request that was cancelled while it waited: %v", err)
	}
	errs := g.end()
	if errs[0] != nil || errs[2] != nil || errs[3] != nil {
		t.Errorf("results %v", errs)
	}
	g.wantNotes("1", "3", "4")
}

func TestGroup_ARequestThatIsAloneEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := gather(t, openSQLite(t))
	g.end()
	ctx, cancel := context.WithCancel(t.Context())
	err := db.AloneTx(ctx, g.DB, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := g.note(1)(ctx, tx); err != nil {
			return err
		}
		cancel()
		return g.note(2)(ctx, tx)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	g.wantNotes()
	db.Write(t, g.DB, `insert into notes values (3)`)
}

func TestGroup_APanicUnwindsItsOwnCallerAndNobodyElse(t *testing.T) {
	t.Parallel()
	g := gather(t, openSQLite(t))
	panics := make(chan any, 1)
	g.join(t.Context(), g.note(1))
	before := db.Waiting(g.DB)
	go func() {
		defer func() { panics <- recover() }()
		_ = db.InTx(t.Context(), g.DB, func(ctx context.Context, tx *sqlx.Tx) error {
			_ = g.note(2)(ctx, tx)
			panic("a bug")
		})
	}()
	for db.Waiting(g.DB) == before {
		time.Sleep(50 * time.Microsecond)
	}
	g.join(t.Context(), g.note(3))
	for i, err := range g.end() {
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if p := <-panics; p != "a bug" {
		t.Errorf("the caller's panic is %v", p)
	}
	g.wantNotes("1", "3")
}

func TestGroup_CloseRefusesThoseWhoWait(t *testing.T) {
	t.Parallel()
	g := gather(t, openSQLite(t))
	g.join(t.Context(), g.note(1))
	closed := make(chan error, 1)
	go func() { closed <- g.Close() }()
	if err := <-g.errs[0]; !errors.Is(err, resources.ErrBusy) {
		t.Errorf("the request that waited: %v", err)
	}
	close(g.release)
	if err := <-g.results; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := db.InTx(t.Context(), g.DB, g.note(2)); !errors.Is(err, resources.ErrBusy) {
		t.Errorf("after Close: %v", err)
	}
}

// TestGroup_NothingIsLostAmongManyWriters: each of many writers adds to one counter, and some fail after they have.
func TestGroup_NothingIsLostAmongManyWriters(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	db.Write(t, d, `create table counter (n bigint)`)
	db.Write(t, d, `insert into counter values (0)`)
	boom := errors.New("boom")
	errs := atOnce(32, func(i int) error {
		for n := range 25 {
			err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := db.Exec(ctx, d, tx, `update counter set n = n + 1`)
				if err == nil && n%5 == i%5 {
					return boom
				}
				return err
			})
			if errors.Is(err, boom) != (n%5 == i%5) {
				return fmt.Errorf("write %d: %w", n, err)
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	wantEqual(t, "counter", db.Count(t, d, `select n from counter`), 32*20)
}

func TestGroup_AnEmptyTransactionWritesNothing(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	before := db.LogFrames(t, d)
	if err := db.InTx(t.Context(), d, func(context.Context, *sqlx.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "frames in the log", db.LogFrames(t, d), before)
	db.Write(t, d, `create table notes (n bigint)`)
	if after := db.LogFrames(t, d); after <= before {
		t.Errorf("%d frames in the log after a write, %d before", after, before)
	}
}

// TestGroup_MoreStatementsThanAreKept: more texts than are kept prepared still run.
func TestGroup_MoreStatementsThanAreKept(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
		for i := range 600 {
			var n int
			if err := db.Get(ctx, d, tx, &n, fmt.Sprintf(`select %d`, i)); err != nil || n != i {
				return fmt.Errorf("statement %d: %d, %w", i, n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestGroup_ACommitIsOnTheDisk: SQLite's writer keeps a write-ahead log and waits for the disk at each commit, whatever
// the connection has been through.
func TestGroup_ACommitIsOnTheDisk(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	for range 2 {
		err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
			for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
				var is string
				if err := db.Get(ctx, d, tx, &is, `pragma `+pragma); err != nil {
					return err
				}
				if is != want {
					t.Errorf("the writer's %s is %s, want %s", pragma, is, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		db.RestartLog(t, d)
	}
}
