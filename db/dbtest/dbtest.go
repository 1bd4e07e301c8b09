package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/lib/pq" // the driver that makes schemas

	"proprio/db"
)

// Each runs f as sub-tests "sqlite" and "postgres", each on an empty, migrated database that is closed afterwards.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachConfig(t, func(t *testing.T, c db.Config) {
		t.Helper()
		if c.URL == "" {
			putMigrated(t, c.Data)
		}
		f(t, Open(t, c))
	})
}

// EachConfig is Each for tests that open the database themselves, perhaps more than once.
func EachConfig(t *testing.T, f func(t *testing.T, c db.Config)) {
	t.Helper()
	only := os.Getenv("PROPRIO_TEST_DATABASE")
	if only != "postgres" {
		t.Run("sqlite", func(t *testing.T) { f(t, db.Config{Data: t.TempDir()}) })
	}
	if only != "sqlite" {
		t.Run("postgres", func(t *testing.T) { f(t, db.Config{Data: t.TempDir(), URL: PostgresURL(t), Connections: 8}) })
	}
}

// migrated is an empty SQLite database with the schema, made once: that takes longer than many a test.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "proprio-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	d, err := db.Open(context.Background(), db.Config{Data: dir})
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "proprio.db"))
})

func putMigrated(t testing.TB, dir string) {
	t.Helper()
	file, err := migrated()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "proprio.db"), file, 0o600)
	}
	if err != nil {
		t.Fatalf("make the database: %v", err)
	}
}

// Open opens a database and closes it when the test ends.
func Open(t testing.TB, c db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), c)
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() {
		err := d.Close()
		if err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return d
}

// PostgresURL makes an empty schema for the test and returns the URL that leads to it. The schema is dropped when the
// test ends. Without Postgres the test is skipped, or fails when CI=true.
func PostgresURL(t testing.TB) string {
	t.Helper()
	pg, err := server()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Postgres is required when CI=true: %v", err)
		}
		t.Skipf("skipped on Postgres: %v", err)
	}
	u, err := url.Parse(pg.url)
	if err != nil {
		t.Fatalf("PROPRIO_TEST_POSTGRES is not a URL: %v", err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	execute(t, pg.url, "create schema "+schema)
	t.Cleanup(func() { execute(t, pg.url, "drop schema "+schema+" cascade") })
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func execute(t testing.TB, dsn, statement string) {
	t.Helper()
	conn, err := sql.Open("postgres", dsn)
	if err == nil {
		_, err = conn.Exec(statement)
		_ = conn.Close()
	}
	if err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}
