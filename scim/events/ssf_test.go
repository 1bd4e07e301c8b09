package events_test

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/events"
)

// SSF 1.0 §7: the transmitter's metadata is at the well-known path of its issuer, for everybody; a token leads to it too.
func TestSSF_MetadataIsAtTheWellKnownPathOfTheIssuer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "ssf.read")
		nobody := party{world: w}
		issuer := publicURL + p.base()
		open := nobody.must(http.StatusOK, "GET", "/.well-known/ssf-configuration"+p.base(), nil).object(t)
		wantEqual(t, "metadata", open, map[string]any{
			"issuer": issuer, "spec_version": "1_0", "jwks_uri": issuer + "/jwks.json",
			"delivery_methods_supported": []any{events.Push, events.Poll},
			"configuration_endpoint":     issuer + "/streams", "status_endpoint": issuer + "/status",
			"add_subject_endpoint": issuer + "/subjects/add", "remove_subject_endpoint": issuer + "/subjects/remove",
			"verification_endpoint": issuer + "/verification", "critical_subject_members": []any{},
			"authorization_schemes": []any{map[string]any{"spec_urn": "urn:ietf:rfc:6749"}}, "default_subjects": "ALL",
		})
		wantEqual(t, "metadata by token", p.must(http.StatusOK, "GET", "/.well-known/ssf-configuration", nil).object(t), open)
		nobody.must(http.StatusUnauthorized, "GET", "/.well-known/ssf-configuration", nil)
	})
}

// SSF 1.0 §8.1.1: a configuration is created, read, changed, replaced and removed; a second stream is 409.
func TestSSF_AStreamIsCreatedReadChangedAndRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "ssf.manage")
		config := p.base() + "/streams"
		made := p.must(http.StatusCreated, "POST", config, map[string]any{
			"events_requested": []string{events.Delete, "urn:example:unknown"}, "description": "Directory replica",
		}).object(t)
		id := made["stream_id"].(string)
		var supported []any
		for _, event := range events.Supported() {
			supported = append(supported, event)
		}
		wantEqual(t, "configuration", made, map[string]any{
			"stream_id": id, "iss": publicURL + p.base(), "aud": publicURL + p.base() + "/receivers/" + p.connection.ID,
			"events_supported": supported, "events_requested": []any{events.Delete, "urn:example:unknown"},
			"events_delivered":          []any{events.Delete},
			"delivery":                  map[string]any{"method": events.Poll, "endpoint_url": publicURL + p.base() + "/poll/" + id},
			"min_verification_interval": 10.0, "description": "Directory replica", "urn:proprio:ssf:feed": map[string]any{},
		})
		p.must(http.StatusConflict, "POST", config, map[string]any{})
		wantEqual(t, "read", p.must(http.StatusOK, "GET", config+"?stream_id="+id, nil).object(t), made)
		var all []map[string]any
		p.must(http.StatusOK, "GET", config, nil).into(t, &all)
		wantEqual(t, "all", all, []map[string]any{made})

		patched := p.must(http.StatusOK, "PATCH", config, map[string]any{"stream_id": id, "iss": made["iss"], "aud": made["aud"],
			"events_requested": []string{events.Activate}}).object(t)
		wantEqual(t, "delivered after PATCH", patched["events_delivered"], any([]any{events.Activate}))
		wantEqual(t, "description after PATCH", patched["description"], any("Directory replica"))
		put := p.must(http.StatusOK, "PUT", config, map[string]any{"stream_id": id, "events_requested": []string{events.Delete}}).object(t)
		wantEqual(t, "description after PUT", put["description"], nil)

		p.must(http.StatusNoContent, "DELETE", config+"?stream_id="+id, nil)
		p.must(http.StatusNotFound, "DELETE", config+"?stream_id="+id, nil)
		p.must(http.StatusNotFound, "GET", config+"?stream_id="+id, nil)
		p.stream(nil)
		entries, err := d.Entries(t.Context(), p.connection.Company, audit.Query{ObjectType: "stream", ObjectID: id})
		if err != nil || len(entries) != 4 {
			t.Errorf("%d entries in the record, %v; want making, two changes, removal", len(entries), err)
		}
		for _, e := range entries {
			if e.ObjectName != p.connection.Name || e.ObjectName == "" {
				t.Errorf("the record names the stream %q, want the name of its connection, %q", e.ObjectName, p.connection.Name)
			}
		}
	})
}

// What a receiver sends wrong is answered with 4xx and changes nothing.
func TestSSF_BadInputIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		id := p.stream(only(notices...))
		before := string(p.must(http.StatusOK, "GET", p.base()+"/streams?stream_id="+id, nil).body)
		on := func(body string) string { return strings.Replace(body, "{", `{"stream_id":"`+id+`",`, 1) }
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", "/streams", `[`, 400},
			{"POST", "/streams", `"x"`, 400},
			{"POST", "/streams", `{"events_requested":"x"}`, 400},
			{"PATCH", "/streams", `{}`, 400},
			{"PATCH", "/streams", `{"stream_id":"\u0000"}`, 404},
			{"PATCH", "/streams", on(`{"iss":"https://evil.example"}`), 400},
			{"PATCH", "/streams", on(`{"aud":["https://evil.example"]}`), 400},
			{"PATCH", "/streams", on(`{"delivery":{"method":"urn:carrier:pigeon"}}`), 400},
			{"PATCH", "/streams", on(`{"delivery":{"method":"urn:ietf:rfc:8935","endpoint_url":"https://r.example","authorization_header":"a\nb"}}`), 400},
			{"PATCH", "/streams", on(`{"urn:proprio:ssf:feed":{"groups":["nobody"]}}`), 400},
			{"PATCH", "/streams", on(`{"urn:proprio:ssf:feed":{"groups":["\u0000"]}}`), 400},
			{"PATCH", "/streams", on(`{"urn:proprio:ssf:feed":{"resource_types":["Robot"]}}`), 400},
			{"PATCH", "/streams", on(`{"description":"` + strings.Repeat("x", 3000) + `"}`), 400},
			{"PATCH", "/streams", on(`{"description":"` + strings.Repeat("x", 2<<20) + `"}`), 413},
			{"POST", "/status", on(`{"status":"asleep"}`), 400},
			{"POST", "/verification", `{}`, 404},
			{"POST", "/poll/" + id, `{"maxEvents":-1}`, 400},
			{"POST", "/poll/" + id, `{"ack":"x"}`, 400},
			{"POST", "/poll/" + id, `{"ack":["\u0000"],"returnImmediately":true}`, 200},
			{"POST", "/subjects/add", on(`{"subject":"x"}`), 400},
			{"POST", "/subjects/add", on(`{"subject":{"format":"scim","id":"\u0000"}}`), 404},
			{"GET", "/poll/" + id, ``, 405},
		} {
			a := p.do(c.method, p.base()+c.path, c.body)
			if a.status != c.status {
				t.Errorf("%s %s %.80s: %d %s, want %d", c.method, c.path, c.body, a.status, a.body, c.status)
			}
		}
		wantEqual(t, "the stream afterwards", string(p.must(http.StatusOK, "GET", p.base()+"/streams?stream_id="+id, nil).body), before)
	})
}

// SSF 1.0 §8.1.2: while paused nothing is sent, and afterwards what happened meanwhile; while disabled it is lost.
func TestSSF_PausedHoldsAndDisabledDrops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		status := func(status events.Status) {
			t.Helper()
			p.must(http.StatusOK, "POST", p.base()+"/status", map[string]any{"stream_id": stream, "status": status, "reason": "upgrade"})
			wantEqual(t, "status", p.must(http.StatusOK, "GET", p.base()+"/status?stream_id="+stream, nil).object(t),
				map[string]any{"stream_id": stream, "status": string(status), "reason": "upgrade"})
		}
		status(events.Paused)
		held := p.user("a@a.fr")
		sets, _ := p.poll(stream, map[string]any{"returnImmediately": true})
		wantEqual(t, "SETs while paused", len(sets), 0)
		status(events.Enabled)
		wantEqual(t, "afterwards", p.take(stream, 1)[0].Subject["id"], any(held))

		status(events.Disabled)
		p.user("b@a.fr")
		settle(t, d, p.connection.Company, 2)
		status(events.Enabled)
		after := p.user("c@a.fr")
		sets = p.take(stream, 1)
		if len(sets) != 1 || sets[0].Subject["id"] != after {
			t.Errorf("after it was disabled %v are told, want the last User alone", told(sets))
		}
	})
}

// settle waits until the log shows n changes: on Postgres other tests' transactions may hold it back.
func settle(t *testing.T, d *db.DB, company string, n int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		changes, err := d.Changes(t.Context(), company, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == n {
			return
		}
	}
	t.Fatal("the log does not show the changes")
}

// SSF 1.0 §8.1.4: verification sends the state back over the stream, at most so often.
func TestSSF_VerificationComesOverTheStream(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "ssf.manage")
		stream := p.stream(only(notices...))
		ask := map[string]any{"stream_id": stream, "state": "VGhpcyBpcyBhbiBleGFtcGxl"}
		p.must(http.StatusNoContent, "POST", p.base()+"/verification", ask)
		again := p.must(http.StatusTooManyRequests, "POST", p.base()+"/verification", ask)
		if again.header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		sets := p.take(stream, 1)
		wantEqual(t, "types", typesOf(sets), []string{events.Verification})
		wantEqual(t, "payload", sets[0].payload(), map[string]any{"state": ask["state"]})
		wantEqual(t, "subject", sets[0].Subject, map[string]any{"format": "opaque", "id": stream})
		w.later(11 * time.Second)
		p.must(http.StatusNoContent, "POST", p.base()+"/verification", ask)
	})
}

// SSF 1.0 §8.1.5: when an administrator changes the status, the receiver is told.
func TestSSF_StreamUpdatedIsToldWhenAnAdministratorPauses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		id := p.stream(only(notices...))
		s, err := d.Stream(t.Context(), p.connection.Company, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.publisher.SetStatus(t.Context(), system, s, events.Paused, "maintenance"); err != nil {
			t.Fatal(err)
		}
		p.user("a@a.fr")
		sets := p.take(id, 1)
		wantEqual(t, "told while paused", typesOf(sets), []string{events.StreamUpdated})
		wantEqual(t, "payload", sets[0].payload(), map[string]any{"status": "paused", "reason": "maintenance"})
	})
}

// CAEP interoperability profile §2.6: RS256 with 2048 bits at least. A key that was replaced verifies for a while longer;
// private parts are neither published nor stored in clear.
func TestCAEP_KeysRotateAndOldTokensStillVerify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.keyless(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		p.user("a@a.fr")
		old := p.take(stream, 1)[0].header.KeyID
		if _, err := w.publisher.Signer.Rotate(t.Context(), p.connection.Company); err != nil {
			t.Fatal(err)
		}
		p.user("b@a.fr")
		if now := p.take(stream, 1)[0].header.KeyID; now == old {
			t.Error("the new key does not sign")
		}
		published := func() (ids []string) {
			a := party{world: w}.must(http.StatusOK, "GET", p.base()+"/jwks.json", nil)
			var set jose.JSONWebKeySet
			a.into(t, &set)
			for _, k := range set.Keys {
				if key, ok := k.Key.(*rsa.PublicKey); !ok || key.N.BitLen() < 2048 || k.Algorithm != "RS256" || k.Use != "sig" {
					t.Errorf("published key %s is not a public RSA key of 2048 bits for RS256", k.KeyID)
				}
				ids = append(ids, k.KeyID)
			}
			return ids
		}
		wantEqual(t, "the old key is published", slices.Contains(published(), old), true)
		w.later(31 * 24 * time.Hour)
		wantEqual(t, "the old key is published after a month", slices.Contains(published(), old), false)

		other := w.party(w.keyless(), "scim", "ssf.manage")
		wantEqual(t, "another company's keys before its first token",
			string(other.must(http.StatusOK, "GET", other.base()+"/jwks.json", nil).body), `{"keys":[]}`)
	})
}

// RFC 9967 §2.5.1: the outcome of an asynchronous request is a SET in the form of a bulk response's operation; those of a
// bulk request are numbered in its order.
func TestRFC9967_AsyncResponses(t *testing.T) {
	t.Parallel()
	failed := json.RawMessage(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400"}`)
	one := resources.AsyncRequest{Txn: "t", Method: "PUT", Path: "/Users/1?x=y", Outcome: []resources.AsyncOutcome{
		{Method: "PUT", Version: `W/"2"`, Location: publicURL + "/scim/v2/Users/1", Status: "200"},
	}}
	refused := resources.AsyncRequest{Txn: "t", Method: "POST", Path: "/Users?x=y", Outcome: []resources.AsyncOutcome{
		{Method: "POST", Status: "400", Response: failed},
	}}
	many := resources.AsyncRequest{Txn: "t", Method: "POST", Path: "/Bulk", Outcome: []resources.AsyncOutcome{
		{Method: "POST", BulkID: "a", Version: `W/"1"`, Location: publicURL + "/scim/v2/Users/2", Status: "201"},
		{Method: "DELETE", Location: publicURL + "/scim/v2/Users/3", Status: "204"},
	}}
	for _, c := range []struct {
		name           string
		request        resources.AsyncRequest
		txns, uris     []string
		first, another string
	}{
		{"one", one, []string{"t"}, []string{"/Users/1"}, `{"method":"PUT","version":"W/\"2\"","status":"200"}`, ""},
		{"refused", refused, []string{"t"}, []string{"/Users"}, `{"method":"POST","status":"400","response":` + string(failed) + `}`, ""},
		{"bulk", many, []string{"t:0", "t:1"}, []string{"/Users/2", "/Users/3"},
			`{"method":"POST","bulkId":"a","version":"W/\"1\"","status":"201"}`, `{"method":"DELETE","status":"204"}`},
	} {
		sets, err := events.Responses(c.request)
		if err != nil {
			t.Fatal(err)
		}
		var txns, uris, payloads []string
		for _, s := range sets {
			txns, uris, payloads = append(txns, s.Txn), append(uris, s.Subject.URI), append(payloads, string(s.Payload))
		}
		wantEqual(t, c.name+": txn", txns, c.txns)
		wantEqual(t, c.name+": uri", uris, c.uris)
		want := []string{c.first}
		if c.another != "" {
			want = append(want, c.another)
		}
		wantEqual(t, c.name+": payload", payloads, want)
	}
}

// RFC 9967 §4: ServiceProviderConfig says which events there are.
func TestRFC9967_ServiceProviderConfigPublishesEvents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		config := w.party(w.company(), "scim").scim("GET", "/ServiceProviderConfig", nil)
		var uris []any
		for _, event := range events.SCIM() {
			uris = append(uris, event)
		}
		wantEqual(t, "securityEvents", config["securityEvents"], any(map[string]any{"asyncRequest": "request", "eventUris": uris}))
	})
}

// RFC 9967 §2.5.1: what became of an asynchronous request is told in the stream of the connection that made it, under the
// txn that it was promised, and can be fetched by it; no other connection hears of it.
func TestRFC9967_TheOutcomeOfAnAsynchronousRequestIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		company := w.company()
		p, other := w.party(company, "scim", "ssf.manage"), w.party(company, "scim", "ssf.manage")
		stream := p.stream(only(events.Delete, events.AsyncResponse))
		theirs := other.stream(only(events.Delete, events.AsyncResponse))
		user := "/Users/" + p.user("a@a.fr")
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); w.scim.RunAsync(ctx) }()
		t.Cleanup(func() { cancel(); <-done })

		accepted := p.do("DELETE", "/scim/v2"+user, nil, "Prefer", "respond-async")
		txn := accepted.header.Get("Set-Txn")
		if accepted.status != http.StatusAccepted || txn == "" || len(accepted.body) != 0 {
			t.Fatalf("answer %d %v %s", accepted.status, accepted.header, accepted.body)
		}
		sets := p.take(stream, 2)
		told := map[string]token{}
		for _, s := range sets {
			told[s.event()] = s
			wantEqual(t, "txn of "+s.event(), s.Txn, txn)
			wantEqual(t, "path of "+s.event(), s.Subject["uri"], any(user))
		}
		wantEqual(t, "outcome", told[events.AsyncResponse].payload(), map[string]any{"method": "DELETE", "status": "204"})
		at := strings.TrimPrefix(accepted.header.Get("Location"), publicURL)
		fetched := p.verify(string(p.must(http.StatusOK, "GET", at, nil).body))
		wantEqual(t, "the token that is fetched", fetched.claims, told[events.AsyncResponse].claims)
		other.must(http.StatusNotFound, "GET", at, nil)
		wantEqual(t, "what another connection hears", typesOf(other.take(theirs, 1)), []string{events.Delete})
	})
}
