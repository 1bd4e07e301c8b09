package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
)

// TestLogIsBegunAnew: readers without a gap keep SQLite from beginning its log anew, so it grows with each write. Past a
// bound the writer stands still until they have left.
func TestLogIsBegunAnew(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	db.Write(t, d, `create table bulk (n integer primary key, text text)`)
	leave := db.ReadOn(t, d) // a reader of the state before the writes
	for range 70 {
		db.Write(t, d, `insert into bulk (text) values (?)`, strings.Repeat("x", 1<<20))
	}
	long := db.LogFrames(t, d)
	if err := db.LookAtLog(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	s, ok := d.WriterStats()
	if !ok || s.Restarts != 0 || s.Hindered == 0 || s.LogBytes < 70<<20 {
		t.Errorf("under a reader that stays: %+v", s)
	}
	db.Write(t, d, `insert into bulk (text) values ('writers go on')`)
	leave()
	if err := db.LookAtLog(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	db.Write(t, d, `insert into bulk (text) values ('the first of the new log')`)
	if s, _ := d.WriterStats(); s.Restarts == 0 || s.LogBytes > 65<<20 {
		t.Errorf("when the reader has left: %+v", s)
	}
	if frames := db.LogFrames(t, d); frames >= long {
		t.Errorf("%d frames in the log, %d before", frames, long)
	}
	wantEqual(t, "rows", db.Count(t, d, `select count(*) from bulk`), 72)
}

// The writer waits as long as before for other processes once it has waited shortly for readers.
func TestLogLeavesTheWritersPatience(t *testing.T) {
	t.Parallel()
	d := openSQLite(t)
	db.RestartLog(t, d)
	err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
		var patience int
		if err := db.Get(ctx, d, tx, &patience, `pragma busy_timeout`); err != nil {
			return err
		}
		wantEqual(t, "busy_timeout", patience, 10000)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
