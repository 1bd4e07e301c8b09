package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

func TestTransactionIsRunAgainAfterASerializationFailure(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)})
	db.Write(t, d, `create table tries (n bigint)`)
	fail := func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := db.Exec(ctx, d, tx, `do $$ begin raise exception 'try again' using errcode = '40001'; end $$`)
		return err
	}
	tries := 0
	err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
		tries++
		_, err := db.Exec(ctx, d, tx, `insert into tries values (?)`, tries)
		if err != nil {
			return err
		}
		if tries < 3 {
			return fail(ctx, tx)
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Fatalf("%d tries, %v; want 3 and no error", tries, err)
	}
	wantEqual(t, "rows of the tries that failed", db.Count(t, d, `select count(*) from tries`), 1)

	tries = 0
	err = db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
		tries++
		return fail(ctx, tx)
	})
	wantError(t, err, resources.ErrBusy, "")
	if tries < 3 || tries > 20 {
		t.Errorf("%d tries, want a bounded number", tries)
	}
}

func TestSerializableTransactionsThatCollideAreRunAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)})
	db.Write(t, d, `create table counter (n bigint)`)
	db.Write(t, d, `insert into counter values (0)`)
	for _, err := range atOnce(4, func(int) error {
		return db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
			var n int
			_, err := db.Exec(ctx, d, tx, `set transaction isolation level serializable`)
			if err == nil {
				err = db.Get(ctx, d, tx, &n, `select n from counter`)
			}
			if err == nil {
				_, err = db.Exec(ctx, d, tx, `update counter set n = ?`, n+1)
			}
			return err
		})
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	wantEqual(t, "counter", db.Count(t, d, `select n from counter`), 4)
}

func TestTwoProcessesOnOneSQLiteFileNeverSeeBusy(t *testing.T) {
	t.Parallel()
	c := db.Config{Data: t.TempDir()}
	first, second := dbtest.Open(t, c), dbtest.Open(t, c) // two writers that do not know of each other, as two processes are
	b := newBench(t, first)
	for i, err := range atOnce(8, func(i int) error {
		d := []*db.DB{first, second}[i%2]
		for range 10 {
			_, err := d.Apply(t.Context(), b.c, create(newUser(id())))
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	page, err := second.Find(t.Context(), b.c, resources.Query{Type: resources.TypeUser})
	if err != nil || page.Total != 80 {
		t.Errorf("total %v, %v; want 80", page, err)
	}
}

func TestFailedFunctionRollsBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := db.Exec(ctx, d, tx, `insert into companies (id, name, outside_domain, suspended, created) values ('c', 'c', '', ?, 0)`, false)
			return errors.Join(err, boom)
		})
		if !errors.Is(err, boom) {
			t.Errorf("error %v, want %v", err, boom)
		}
		wantEqual(t, "companies", db.Count(t, d, `select count(*) from companies`), 0)
	})
}

func TestPanicInATransactionDoesNotHoldTheWriter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 20 {
			func() {
				defer func() { _ = recover() }()
				_ = db.InTx(t.Context(), d, func(context.Context, *sqlx.Tx) error { panic("a bug") })
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		b := newBench(t, d)
		_, err := d.Apply(ctx, b.c, create(newUser("after@firm.example")))
		if err != nil {
			t.Errorf("after panics: %v", err)
		}
	})
}

func TestMoreNewStatementsThanConnectionsDoNotBlock(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		c.Connections = 2
		d := dbtest.Open(t, c)
		b := newBench(t, d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, err := range atOnce(12, func(i int) error {
			_, err := d.Apply(ctx, b.c, create(newUser(id())))
			if err == nil {
				_, err = d.Find(ctx, b.c, resources.Query{Type: resources.TypeUser, Count: 1 + i})
			}
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestLostConnectionIsBusyAndTheNextOneWorks(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)})
	err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := db.Exec(ctx, d, tx, `select pg_terminate_backend(pg_backend_pid())`)
		return err
	})
	wantError(t, err, resources.ErrBusy, "")
	err = d.Ping(t.Context())
	if err != nil {
		t.Error(err)
	}
}
