package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// unsigned stands for the signer of security event tokens: the outcomes as JSON.
func unsigned(_ context.Context, r resources.AsyncRequest) ([]string, error) {
	var tokens []string
	for _, o := range r.Outcome {
		token, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, string(token))
	}
	return tokens, nil
}

// asyncWorld is a server that makes requests later, while run is called.
func asyncWorld(t *testing.T, d *db.DB) (w *world, run func()) {
	w = newWorld(t, d, func(s *scim.Server) { s.Async = scim.NewAsync(d, unsigned) })
	return w, func() {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); w.server.RunAsync(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
}

// accepted checks a 202 and returns where the outcome is.
func (a answer) accepted() string {
	a.t.Helper()
	a.must(202)
	txn := a.header.Get("Set-Txn")
	if a.body != "" || uuid.Validate(txn) != nil || a.header.Get("Preference-Applied") != "respond-async" || a.header.Get("Content-Type") != "" {
		a.t.Errorf("%s: %v %q", a.call, a.header, a.body)
	}
	path, ok := strings.CutPrefix(a.header.Get("Location"), base)
	if !ok || !strings.HasSuffix(path, txn) {
		a.t.Errorf("%s: Location %q", a.call, a.header.Get("Location"))
	}
	return path
}

// outcome waits until a request is made.
func (c tenant) outcome(path string) answer {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if a := c.do("GET", path, nil); a.status != http.StatusAccepted {
			return a
		} else if a.body != "" || a.header.Get("Retry-After") == "" {
			c.t.Fatalf("%s: %v %q", a.call, a.header, a.body)
		}
	}
	c.t.Fatalf("%s: no outcome", path)
	return answer{}
}

const later = "respond-async"

// RFC 9967 §2.5.1: a change can be asked for without waiting: 202, no body, Set-Txn, and a Location for who asked alone.
func TestRFC9967_RespondAsync(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, run := asyncWorld(t, d)
		c, other := w.tenant("Société", ""), w.tenant("Autre", "")
		path := c.do("POST", "/Users", user("anne@societe.example"), "Prefer", later).accepted()
		if got := c.do("GET", "/Users", nil).must(200).at("totalResults"); got != 0.0 {
			t.Errorf("%v Users before anything was made", got)
		}
		c.do("GET", path, nil).must(202)
		c.do("GET", path, nil, "Authorization", "").must(401)
		other.do("GET", path, nil).must(404)
		c.do("GET", "/AsyncRequests/"+unknownID, nil).must(404)
		c.do("GET", "/AsyncRequests/%00", nil).must(404)
		c.do("DELETE", path, nil).must(405)
		run()
		made := c.outcome(path).must(200)
		id := strings.TrimPrefix(made.text("location"), base+"/Users/")
		if made.header.Get("Content-Type") != "application/secevent+jwt" || made.text("status") != "201" || made.text("version") != `W/"1"` {
			t.Errorf("%v %s", made.header, made.body)
		}
		if got := c.do("GET", "/Users/"+id, nil).must(200).text("userName"); got != "anne@societe.example" {
			t.Errorf("made %q", got)
		}
		for _, step := range []struct {
			method, status string
			body           any
		}{
			{"PUT", "200", user("anne@societe.example", object{"title": "T"})}, {"PATCH", "200", patch(op("add", "title", "U"))}, {"DELETE", "204", nil}, {"DELETE", "404", nil},
		} {
			a := c.outcome(c.do(step.method, "/Users/"+id, step.body, "Prefer", later).accepted()).must(200)
			if a.text("method") != step.method || a.text("status") != step.status || (a.at("response") != nil) != (step.status == "404") {
				t.Errorf("%s: %s", step.method, a.body)
			}
		}
		refused := c.outcome(c.do("POST", "/Groups", object{"schemas": []string{groupURN}}, "Prefer", later).accepted())
		if refused.text("status") != "400" || refused.text("response", "scimType") != "invalidValue" {
			t.Errorf("refused: %s", refused.body)
		}
	})
}

// RFC 9967 §2.5.1: what is wrong with a request as such is said at once; so is what is only read.
func TestRFC9967_RespondAsyncOnlyForChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _ := asyncWorld(t, d)
		c := w.tenant("Société", "")
		c.do("GET", "/Users", nil, "Prefer", later).must(200)
		c.do("POST", "/Users", "{", "Prefer", later).scimError(400, "invalidSyntax", "")
		c.do("POST", "/Users", "{}", "Prefer", later, "Content-Type", "text/plain").must(415)
		c.do("POST", "/Users", `{"x":"`+strings.Repeat("x", 2<<20)+`"}`, "Prefer", later).must(413)
		c.do("POST", "/Nowhere", object{}, "Prefer", later).must(404)
		c.do("PUT", "/Users", object{}, "Prefer", later).must(405)
		none := newWorld(t, d).tenant("Sans file", "")
		none.do("POST", "/Users", user("x@societe.example"), "Prefer", later).must(201)
	})
}

// RFC 7240 §4.3: a client that is ready to wait gets the answer itself, when it comes in time.
func TestRFC7240_Wait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, run := asyncWorld(t, d)
		c := w.tenant("Société", "")
		path := c.do("POST", "/Users", user("late@societe.example"), "Prefer", "respond-async, wait=1").accepted()
		run()
		c.outcome(path).must(200)
		a := c.do("POST", "/Users", user("anne@societe.example"), "Prefer", `wait="25"; foo, Respond-Async`).must(201)
		if a.text("userName") != "anne@societe.example" || a.header.Get("ETag") != `W/"1"` || a.header.Get("Preference-Applied") != "" {
			t.Errorf("%v %s", a.header, a.body)
		}
		c.do("PATCH", "/Users/"+a.text("id"), patch(op("add", "title", "T")), "Prefer", later+",wait=25", "If-Match", `W/"7"`).must(412)
	})
}

// RFC 9967 §2.5.1.2: of a bulk request each operation has an outcome, and a transaction of its own: txn:0, txn:1, …
func TestRFC9967_BulkAsync(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, run := asyncWorld(t, d)
		run()
		c := w.tenant("Société", "")
		path := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Groups", "g", group("G", "bulkId:u")), operation("POST", "/Users", "u", user("u@societe.example")),
			operation("DELETE", "/Users/"+unknownID, "", nil),
		), "Prefer", later).accepted()
		sets := c.outcome(path).must(200).at("sets").([]any)
		for i, want := range []string{`"bulkId":"g"`, `"bulkId":"u"`, `"status":"404"`} {
			if len(sets) != 3 || !strings.Contains(sets[i].(string), want) {
				t.Fatalf("sets %v: %d lacks %s", sets, i, want)
			}
		}
		entries, err := d.ChangesOf(context.Background(), c.company, strings.TrimPrefix(path, "/AsyncRequests/"), time.Time{})
		if err != nil || len(entries) != 2 || !strings.HasSuffix(entries[0].Txn, ":1") || !strings.HasSuffix(entries[1].Txn, ":0") {
			t.Errorf("%+v, %v", entries, err)
		}
	})
}

// A process that dies between a change and its outcome leaves nothing made twice, and no outcome that is a conflict with
// itself: what is acknowledged with 202 comes to a true end.
func TestAsync_aBrokenOffRequestIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w, run := asyncWorld(t, d)
		c := w.tenant("Société", "")
		single := c.do("POST", "/Users", user("anne@societe.example"), "Prefer", later).accepted()
		many := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Users", "u", user("u@societe.example")), operation("POST", "/Groups", "g", group("G", "bulkId:u")),
			operation("PATCH", "/Users/bulkId:u", "", patch(op("add", "title", "T"))),
		), "Prefer", later).accepted()
		claimed, err := d.ClaimAsync(ctx, "dead", time.Now(), time.Now().Add(-time.Second), 10)
		if err != nil || len(claimed) != 2 {
			t.Fatalf("%v, %v", claimed, err)
		}
		caller := resources.Caller{Company: c.company, Connection: c.connection.ID}
		made := map[string]string{}
		for txn, name := range map[string]string{claimed[0].Txn: "anne@societe.example", claimed[1].Txn + ":0": "u@societe.example"} {
			caller.Txn = txn
			result, err := w.server.Directory.Create(ctx, caller, "User", resources.Input{"userName": name})
			if err != nil {
				t.Fatal(err)
			}
			made[name] = result.Resource.ID
		}
		run()
		if a := c.outcome(single).must(200); a.text("status") != "201" || a.text("location") != base+"/Users/"+made["anne@societe.example"] {
			t.Errorf("single: %s", a.body)
		}
		bulk := c.outcome(many).must(200)
		if strings.Count(bulk.body, `\"status\":\"20`) != 3 {
			t.Errorf("bulk: %s", bulk.body)
		}
		u := c.do("GET", "/Users/"+made["u@societe.example"], nil).must(200)
		if u.at("title") != "T" || u.text("groups", 0, "display") != "G" {
			t.Errorf("u is %s", u.body)
		}
		if got := c.do("GET", "/Users", nil).at("totalResults"); got != 2.0 {
			t.Errorf("%v Users", got)
		}
	})
}

// A request is made with the rights that its connection has when it is made; its body is not kept beyond that.
func TestAsync_theConnectionsRightsOfNow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w, run := asyncWorld(t, d)
		c := w.tenant("Société", "")
		path := c.do("POST", "/Users", user("anne@societe.example"), "Prefer", later).accepted()
		off := c.connection
		off.Disabled = true
		if err := d.SetConnection(ctx, system, off); err != nil {
			t.Fatal(err)
		}
		run()
		txn := strings.TrimPrefix(path, "/AsyncRequests/")
		r := resources.AsyncRequest{}
		for r.Finished.IsZero() {
			time.Sleep(10 * time.Millisecond)
			var err error
			if r, err = d.Async(ctx, c.company, c.connection.ID, txn); err != nil {
				t.Fatal(err)
			}
		}
		if r.Outcome[0].Status != "403" || len(r.Body) > 0 {
			t.Errorf("%+v", r)
		}
		if err := d.PurgeAsync(ctx, r.Finished.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Async(ctx, c.company, c.connection.ID, txn); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("after the purge: %v", err)
		}
	})
}

// A company that has much to be made does not keep the others waiting: whoever has least under way is next.
func TestAsync_companiesTakeTurns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _ := asyncWorld(t, d)
		busy, other := w.tenant("Société", ""), w.tenant("Autre", "")
		for range 5 {
			busy.do("POST", "/Users", user("anne@societe.example"), "Prefer", later).accepted()
		}
		other.do("POST", "/Users", user("paul@autre.example"), "Prefer", later).accepted()
		var got []string
		now := time.Now()
		for range 3 {
			claimed, err := d.ClaimAsync(t.Context(), "worker", now, now.Add(time.Minute), 1)
			if err != nil || len(claimed) != 1 {
				t.Fatalf("%v, %v", claimed, err)
			}
			got = append(got, claimed[0].Company)
		}
		if want := []string{busy.company, other.company, busy.company}; !slices.Equal(got, want) {
			t.Errorf("claimed of %v, want %v", got, want)
		}
	})
}
