package db_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
	"proprio/push"
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

// Whoever finds the keyset damaged learns which file it is, and what to do.
func TestADamagedKeysetIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "keyset.json")
	if err := os.WriteFile(file, []byte(`{"primaryKeyId":`), 0o600); err != nil {
		t.Fatal(err)
	}
	for c, want := range map[*db.Config]string{
		{Data: dir}: file + " is damaged", {Data: t.TempDir(), Keyset: []byte("{}")}: "PROPRIO_KEYSET",
	} {
		d, err := db.Open(t.Context(), *c)
		if err == nil {
			d.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want it to tell of %s", err, want)
		}
	}
}

// Replicas seal cursors and the like with keys that they all make from the keyset they share.
func TestKeysDerivedFromAKeysetAreTheSameInEveryProcessAndOtherForEveryPurpose(t *testing.T) {
	t.Parallel()
	keyset, err := db.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	derive := func(keyset []byte, purpose string) string {
		t.Helper()
		d := dbtest.Open(t, db.Config{Data: t.TempDir(), Keyset: keyset})
		key, err := d.Sealer().Derive(purpose)
		if err != nil || len(key) != 32 {
			t.Fatalf("derived %d bytes, %v", len(key), err)
		}
		return string(key)
	}
	key := derive(keyset, "cursors")
	if spaced := bytes.ReplaceAll(keyset, []byte(`,`), []byte(", \n")); derive(spaced, "cursors") != key {
		t.Error("the same keyset, written otherwise, gives another key")
	}
	if derive(keyset, "other") == key {
		t.Error("another purpose has the same key")
	}
	if other, err := db.NewKeyset(); err != nil || derive(other, "cursors") == key {
		t.Errorf("another keyset has the same key (%v)", err)
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

// A lost keyset is made anew without a word, or another one is given: the log says so before an app or a sign-in fails.
func TestAKeysetThatOpensNothingIsTold(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		told := func(c db.Config) bool {
			var log bytes.Buffer
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			dbtest.Open(t, c)
			return strings.Contains(log.String(), "level=ERROR") && strings.Contains(log.String(), "keyset")
		}
		first := dbtest.Open(t, c)
		other := c
		var err error
		if other.Keyset, err = db.NewKeyset(); err != nil {
			t.Fatal(err)
		}
		if told(other) {
			t.Error("told although nothing is sealed yet")
		}
		_, err = first.PutIssuer(t.Context(), oidc.Actor{}, oidc.Issuer{ID: id(), Company: "c", URL: "https://login.example", ClientID: "c", Secret: "s"})
		if err != nil {
			t.Fatal(err)
		}
		if told(c) || !told(other) {
			t.Error("an issuer's secret: told of the right keyset, or not of the wrong one")
		}
		second := dbtest.Open(t, other)
		if _, err = second.CreateApp(t.Context(), audit.Actor{}, push.App{Company: "c", Name: "a", Profile: "generic", URL: "https://a.example"}, []byte("t")); err != nil {
			t.Fatal(err)
		}
		if told(c) || told(other) {
			t.Error("told although each opens one")
		}
	})
}
