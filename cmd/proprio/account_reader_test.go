package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/profiles"
)

// An app's profile says where the app tells its administrators; both ways of reading accounts follow it.
func TestAccountReaderFollowsTheProfile(t *testing.T) {
	t.Parallel()
	const user = `{"id":"7","userName":"marie@gmail.com","userType":"admin"}`
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		if r.URL.Path == "/Users/7" {
			_, _ = io.WriteString(w, user)
			return
		}
		_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"Resources":[`+user+`]}`)
	}))
	t.Cleanup(target.Close)
	set, err := profiles.Load(fstest.MapFS{
		"plain.json": {Data: []byte(`{"name":"plain","title":"Plain"}`)},
		"typed.json": {Data: []byte(`{"name":"typed","title":"Typed","roles":{"attribute":"userType"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	c := &core{db: d, log: slog.New(slog.DiscardHandler), now: time.Now}
	if c.engine, err = push.NewEngine(push.Config{Store: d, Resources: d, Now: c.now, Log: c.log, Owner: newID(), Profiles: set}); err != nil {
		t.Fatal(err)
	}
	actor := audit.Actor{Kind: audit.ActorCommand, Name: "test"}
	company, err := d.CreateCompany(t.Context(), actor, ownership.Company{ID: newID(), Name: "Reader"})
	if err != nil {
		t.Fatal(err)
	}
	for profile, want := range map[string]bool{"typed": true, "plain": false} {
		app, err := d.CreateApp(t.Context(), actor, push.App{ID: newID(), Company: company.ID, Name: profile, Profile: profile,
			URL: target.URL, AllowPrivate: true}, []byte("token"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := accountReader{c}.ReadAccounts(t.Context(), appRef(app))
		if err != nil || len(list) != 1 || list[0].Administrator != want {
			t.Errorf("profile %s: the list has %+v, %v; want administrator %v", profile, list, err, want)
		}
		one, found, err := accountReader{c}.ReadAccount(t.Context(), appRef(app), "7")
		if err != nil || !found || one.Administrator != want {
			t.Errorf("profile %s: the account is %+v, %v; want administrator %v", profile, one, err, want)
		}
	}
}
