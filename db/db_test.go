package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

func TestOpenMigratesFromEmptyAndTwiceIsANoOp(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		first := dbtest.Open(t, c)
		before := db.SchemaVersion(t, first)
		if before < 1 {
			t.Fatalf("schema version %d after Open, want the newest migration", before)
		}
		second := dbtest.Open(t, c)
		if after := db.SchemaVersion(t, second); after != before {
			t.Errorf("schema version %d after a second Open, want %d", after, before)
		}
		err := second.Ping(t.Context())
		if err != nil {
			t.Error(err)
		}
	})
}

func TestReplicasThatStartTogetherAllMigrate(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				d, err := db.Open(context.Background(), c)
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				_ = d.Close()
			})
		}
		wg.Wait()
	})
}

// Passwords hold characters that break URLs, and what is wrong with a setting ends in logs.
func TestAMistakeInTheDatabaseURLDoesNotShowThePassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"postgres://u:s3cr%zzet@localhost/x", "postgres://u:s3cr et@localhost/x", "postgres://u:s3cr/et@localhost/x",
		"postgres://u:s3cr#et@localhost/x", "postgres://u:s3cret@[::1/x", "postgres://localhost/x?password=s3cret&sslmode=never",
		"postgres://u:s3cr\x7fet@localhost/x", "mysql://u:s3cret@localhost/x", "host=localhost password=s3cret",
	} {
		d, err := db.Open(t.Context(), db.Config{Data: t.TempDir(), URL: dsn})
		if err == nil {
			_ = d.Close()
			t.Errorf("%s: opened", dsn)
			continue
		}
		if strings.Contains(err.Error(), "s3cr") || !strings.Contains(err.Error(), "database URL") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	err := os.WriteFile(file, nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]db.Config{
		"no folder":         {},
		"folder is a file":  {Data: file},
		"other database":    {Data: t.TempDir(), URL: "mysql://localhost/x"},
		"nobody listens":    {Data: t.TempDir(), URL: "postgres://127.0.0.1:1/x?sslmode=disable"},
		"keyset is garbage": {Data: t.TempDir(), Keyset: []byte("{")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := db.Open(t.Context(), c)
			if err == nil {
				_ = d.Close()
				t.Fatal("opened, want an error")
			}
		})
	}
}
