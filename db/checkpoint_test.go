package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
)

// TestLogIsBegunAnew: readers without a gap keep SQLite from beginning its log anew, so it grows with each write. Past a
// bound the writer stands still until they have left.
func TestLogIsBegunAnew(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d := dbtest.Open(t, db.Config{Data: data})
	size := func() int64 {
		info, err := os.Stat(filepath.Join(data, "proprio.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	db.Write(t, d, `create table bulk (n integer primary key, text text)`)
	leave := db.ReadOn(t, d) // a reader of the state before the writes
	for range 70 {
		db.Write(t, d, `insert into bulk (text) values (?)`, strings.Repeat("x", 1<<20))
	}
	long := db.LogFrames(t, d)
	if err := db.LookAtLog(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if begun, hindered := db.LogRestarts(d); begun != 0 || hindered == 0 || size() < 70<<20 {
		t.Errorf("under a reader that stays: begun %d times, hindered %d times, %d bytes", begun, hindered, size())
	}
	db.Write(t, d, `insert into bulk (text) values ('writers go on')`)
	leave()
	if err := db.LookAtLog(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	db.Write(t, d, `insert into bulk (text) values ('the first of the new log')`)
	if begun, _ := db.LogRestarts(d); begun == 0 || size() > 65<<20 {
		t.Errorf("when the reader has left: begun %d times, %d bytes", begun, size())
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
