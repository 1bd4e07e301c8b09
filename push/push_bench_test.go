package push_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/resources"
)

// BenchmarkFirstPush makes a thousand accounts in an app that does next to nothing: what an account costs the engine and the
// database.
func BenchmarkFirstPush(b *testing.B) {
	const people = 1000
	for name, where := range map[string]db.Config{"sqlite": {Data: b.TempDir()}, "postgres": {Data: b.TempDir(), URL: dbtest.PostgresURL(b)}} {
		b.Run(name, func(b *testing.B) {
			d := dbtest.Open(b, where)
			for b.Loop() {
				b.StopTimer()
				e := firstPush(b, d, people)
				b.StartTimer()
				if err := e.RunOnce(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*people)/b.Elapsed().Seconds(), "accounts/s")
		})
	}
}

// firstPush is an engine with people to push.
func firstPush(b *testing.B, d *db.DB, people int) *push.Engine {
	b.Helper()
	check := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	var made atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/scim+json")
		if r.Method != http.MethodPost {
			fmt.Fprint(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"%d","active":true}`, made.Add(1))
	}))
	b.Cleanup(app.Close)
	set, err := profiles.Load(fstest.MapFS{"fast.json": &fstest.MapFile{
		Data: []byte(`{"name": "fast", "title": "Fast", "rate": {"perSecond": 100000, "burst": 1000, "concurrency": 8}}`)}})
	check(err)
	actor := audit.Actor{Kind: audit.ActorCommand, Name: "test"}
	company, err := d.CreateCompany(b.Context(), actor, ownership.Company{ID: newID(), Name: newID(), OutsideDomain: ownership.OutsideHold, Created: time.Now()})
	check(err)
	directory := &resources.Directory{Registry: resources.NewRegistry(), Store: d, Policy: &policy{}, Now: time.Now, NewID: newID}
	for n := range people {
		_, err := directory.Create(b.Context(), resources.Caller{Company: company.ID, Actor: actor}, resources.TypeUser, input{
			"userName": fmt.Sprintf("p%d@atelier.fr", n), "active": true, "name": map[string]any{"familyName": "Martin"}, "title": "Comptable",
			"emails": []any{map[string]any{"value": fmt.Sprintf("p%d@atelier.fr", n), "primary": true}}})
		check(err)
	}
	_, err = d.CreateApp(b.Context(), actor, push.App{Company: company.ID, Name: "fast", Profile: "fast", URL: app.URL, AllowPrivate: true}, []byte("token"))
	check(err)
	e, err := push.NewEngine(push.Config{Store: d, Resources: d, Profiles: set, Now: time.Now, Owner: newID(), Log: slog.New(slog.DiscardHandler)})
	check(err)
	return e
}
