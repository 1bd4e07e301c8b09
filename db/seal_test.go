package db_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

func TestSealedSecretOpensOnlyWithItsKeysetAndForItsOwner(t *testing.T) {
	t.Parallel()
	c := db.Config{Data: t.TempDir()}
	d := dbtest.Open(t, c)
	secret := []byte("bearer-token")
	sealed, err := d.Sealer().Seal(secret, "app 1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, secret) {
		t.Error("the sealed value shows the secret")
	}
	again := dbtest.Open(t, c) // a restart finds the same keyset
	got, err := again.Sealer().Open(sealed, "app 1")
	if err != nil || !bytes.Equal(got, secret) {
		t.Errorf("opened %q, %v", got, err)
	}
	_, err = d.Sealer().Open(sealed, "app 2")
	if err == nil {
		t.Error("opened for another owner")
	}
	stranger := dbtest.Open(t, db.Config{Data: t.TempDir()})
	_, err = stranger.Sealer().Open(sealed, "app 1")
	if err == nil {
		t.Error("opened with another keyset")
	}
	for _, bad := range [][]byte{nil, {}, []byte("x"), sealed[:len(sealed)-1]} {
		_, err = d.Sealer().Open(bad, "app 1")
		if err == nil {
			t.Errorf("opened %x", bad)
		}
	}
}

func TestKeysetFileIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	c := db.Config{Data: filepath.Join(t.TempDir(), "data")}
	dbtest.Open(t, c)
	for _, file := range []string{"keyset.json", "proprio.db"} {
		info, err := os.Stat(filepath.Join(c.Data, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
	}
	left, err := filepath.Glob(filepath.Join(c.Data, ".keyset-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestKeysetFromTheConfigurationIsSharedByReplicas(t *testing.T) {
	t.Parallel()
	keyset, err := db.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	one := dbtest.Open(t, db.Config{Data: t.TempDir(), Keyset: keyset})
	two := dbtest.Open(t, db.Config{Data: t.TempDir(), Keyset: keyset})
	sealed, err := one.Sealer().Seal([]byte("s"), "a")
	if err != nil {
		t.Fatal(err)
	}
	got, err := two.Sealer().Open(sealed, "a")
	if err != nil || string(got) != "s" {
		t.Errorf("opened %q, %v", got, err)
	}
}
