package dbtest

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the driver, for a look at the file from outside
)

// Sound fails the test unless SQLite finds its file in a data folder whole, and every reference in it. Others may have the
// file open.
func Sound(t testing.TB, data string) {
	t.Helper()
	file, err := sql.Open("sqlite", "file:"+filepath.Join(data, "proprio.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var found string
	err = file.QueryRow(`select group_concat(integrity_check) from pragma_integrity_check`).Scan(&found)
	if err != nil || found != "ok" {
		t.Errorf("integrity_check: %s %v", found, err)
	}
	var broken int
	err = file.QueryRow(`select count(*) from pragma_foreign_key_check`).Scan(&broken)
	if err != nil || broken > 0 {
		t.Errorf("foreign_key_check: %d broken references, %v", broken, err)
	}
}
