package events_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/events"
)

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// told is a SET in a line: type, subject's path, attributes.
func told(sets []token) []string {
	lines := []string{}
	for _, s := range sets {
		line := strings.TrimPrefix(s.event(), "urn:ietf:params:scim:event:")
		if a, ok := s.payload()["attributes"]; ok {
			line += fmt.Sprint(" ", a)
		}
		lines = append(lines, line)
	}
	return lines
}

var notices = []string{
	events.CreateNotice, events.PutNotice, events.PatchNotice, events.Delete, events.Activate, events.Deactivate,
}

// RFC 9967 §2.4: each kind of change is told once, as what it is, in the order in which it happened.
func TestRFC9967_EveryKindOfChangeIsToldAsWhatItIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(notices...))
		id := p.user("anna@a.fr", "externalId", "anna-1")
		user := "/Users/" + id
		p.scim("PUT", user, map[string]any{"schemas": []string{resources.SchemaUser}, "userName": "anna@a.fr", "externalId": "anna-1",
			"name": map[string]any{"familyName": "Martin"}, "title": "Chef"})
		p.patch(user, op("replace", "title", "Cheffe"))
		p.patch(user, op("replace", "title", "Cheffe")) // changes nothing
		p.patch(user, op("replace", "active", false))
		p.patch(user, op("replace", "active", true), op("remove", "title", nil))
		p.scim("DELETE", user, nil)

		sets := p.take(stream, 7)
		wantEqual(t, "what is told", told(sets), []string{
			"prov:create:notice [id externalId userName]", "prov:put:notice [name.familyName title]", "prov:patch:notice [title]",
			"prov:deactivate", "prov:activate", "prov:patch:notice [title]", "prov:delete",
		})
		var versions []any
		for _, s := range sets {
			wantEqual(t, "sub_id", s.Subject, map[string]any{"format": "scim", "uri": user, "id": id, "externalId": "anna-1"})
			versions = append(versions, s.payload()["version"])
		}
		wantEqual(t, "version after each change", versions, []any{`W/"1"`, `W/"2"`, `W/"3"`, `W/"4"`, `W/"5"`, `W/"5"`, nil})
	})
}

// RFC 9967 §2.1 and RFC 8417 §2: the subject is in the top-level claim sub_id; no sub, no exp; one event; the type of the
// token is in its header; each SET has a jti of its own.
func TestRFC9967_SubjectIsTopLevelSubID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice, events.Delete))
		p.scim("DELETE", "/Users/"+p.user("a@a.fr"), nil)
		seen := map[string]bool{}
		for _, s := range p.take(stream, 2) {
			for _, claim := range []string{"sub", "exp"} {
				if s.claims[claim] != nil {
					t.Errorf("%s: the claim %s is %v, must not be there", s.event(), claim, s.claims[claim])
				}
			}
			if s.Subject["format"] != "scim" || !strings.HasPrefix(fmt.Sprint(s.Subject["uri"]), "/Users/") {
				t.Errorf("sub_id is %v, want the format scim and a path under the SCIM base", s.Subject)
			}
			if len(s.Events) != 1 || s.payload()["sub_id"] != nil {
				t.Errorf("events are %v, want one, without a subject of its own", s.Events)
			}
			if s.header.ExtraHeaders["typ"] != "secevent+jwt" || s.header.Algorithm != "RS256" || s.header.KeyID == "" {
				t.Errorf("header is %+v, want typ secevent+jwt, RS256 and a kid (RFC 8417 §2.3)", s.header)
			}
			wantEqual(t, "iss", s.Issuer, publicURL+p.base())
			wantEqual(t, "aud", s.Audience, []string{publicURL + p.base() + "/receivers/" + p.connection.ID})
			if s.IssuedAt == 0 || s.JTI == "" || seen[s.JTI] {
				t.Errorf("iat %d, jti %q: want both, and each jti once", s.IssuedAt, s.JTI)
			}
			seen[s.JTI] = true
		}
	})
}

// RFC 9967 §2.2: what one request changed has one txn; another request has another.
func TestRFC9967_TxnIsConstantPerRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(notices...))
		bulk := map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []map[string]any{
			{"method": "POST", "path": "/Users", "bulkId": "1", "data": map[string]any{"schemas": []string{resources.SchemaUser}, "userName": "a@a.fr"}},
			{"method": "POST", "path": "/Users", "bulkId": "2", "data": map[string]any{"schemas": []string{resources.SchemaUser}, "userName": "b@a.fr"}},
		}}
		asked := p.must(http.StatusOK, "POST", "/scim/v2/Bulk", bulk)
		p.user("c@a.fr")
		sets := p.take(stream, 3)
		if sets[0].Txn == "" || sets[0].Txn != sets[1].Txn || sets[2].Txn == sets[0].Txn || sets[2].Txn == "" {
			t.Errorf("txn of two changes of one request and of a third: %q %q %q", sets[0].Txn, sets[1].Txn, sets[2].Txn)
		}
		wantEqual(t, "txn and the request's id", sets[0].Txn, asked.header.Get("X-Request-Id"))
	})
}

// RFC 9967 §2.4: full carries data and no attributes, notice the other way round; delete has no payload at all. A patch
// carries the operations that lead to what is now.
func TestRFC9967_FullCarriesDataAndNoticeAttributes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateFull, events.CreateNotice, events.PatchFull, events.PutFull, events.Delete))
		id := p.user("a@a.fr", "password", "Secret-9967!", "externalId", "x")
		created := p.take(stream, 1)[0]
		wantEqual(t, "type", created.event(), events.CreateFull)
		if created.payload()["attributes"] != nil {
			t.Errorf("full has attributes: %v", created.payload())
		}
		data := created.payload()["data"].(map[string]any)
		read := p.scim("GET", "/Users/"+id, nil)
		wantEqual(t, "data and what GET shows", data, read)
		if raw, _ := json.Marshal(created.claims); strings.Contains(string(raw), "Secret-9967!") {
			t.Error("the password is in the token")
		}

		p.patch("/Users/"+id, op("replace", "name.familyName", "Martin"), op("replace", resources.SchemaEnterprise+":department", "IT"))
		p.patch("/Users/"+id, op("remove", "name.familyName", nil))
		p.scim("DELETE", "/Users/"+id, nil)
		rest := p.take(stream, 1)
		last := rest[len(rest)-1]
		wantEqual(t, "type", last.event(), events.Delete)
		wantEqual(t, "payload of delete", last.payload(), map[string]any{})

		id = p.user("b@a.fr")
		p.take(stream, 1)
		p.patch("/Users/"+id, op("replace", "name.familyName", "Martin"), op("replace", resources.SchemaEnterprise+":department", "IT"))
		patched := p.take(stream, 1)[0]
		wantEqual(t, "data of a patch", patched.payload(), map[string]any{"version": `W/"2"`, "data": map[string]any{
			"schemas": []any{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
			"Operations": []any{
				map[string]any{"op": "replace", "path": "name.familyName", "value": "Martin"},
				map[string]any{"op": "replace", "path": resources.SchemaEnterprise + ":department", "value": "IT"},
			},
		}})
		p.patch("/Users/"+id, op("remove", "name.familyName", nil))
		removed := p.take(stream, 1)[0].payload()["data"].(map[string]any)["Operations"]
		wantEqual(t, "a patch that removes", removed, any([]any{map[string]any{"op": "remove", "path": "name.familyName"}}))
	})
}

// A full event must not claim that a later state is what the change made: where the resource has moved on, it is told as
// a notice; to who takes nothing else, data and version are those of now.
func TestRFC9967_FullIsOnlyToldOfTheStateThatTheChangeMade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		company := w.company()
		both, strict := w.party(company, "scim", "ssf.manage"), w.party(company, "ssf.manage")
		one := both.stream(only(events.CreateFull, events.CreateNotice, events.PatchNotice))
		two := strict.stream(only(events.CreateFull))
		id := both.user("a@a.fr")
		both.patch("/Users/"+id, op("replace", "title", "Chef"))

		wantEqual(t, "told to who takes notices", told(both.take(one, 2)), []string{"prov:create:notice [id userName]", "prov:patch:notice [title]"})
		full := strict.take(two, 1)[0].payload()
		wantEqual(t, "version of the data", full["version"], any(`W/"2"`))
		data := full["data"].(map[string]any)
		wantEqual(t, "title in the data", data["title"], any("Chef"))
	})
}

// RFC 9967 §2.2: a receiver learns what it calls a resource itself, and nothing of what others call it.
func TestRFC9967_ExternalIDIsTheReceiversOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		company := w.company()
		idp, receiver := w.party(company, "scim"), w.party(company, "ssf.manage")
		stream := receiver.stream(only(notices...))
		id := idp.user("a@a.fr", "externalId", "idp-1")
		idp.patch("/Users/"+id, op("replace", "externalId", "idp-2"))
		idp.scim("DELETE", "/Users/"+id, nil)
		sets := receiver.take(stream, 2)
		wantEqual(t, "what is told", told(sets), []string{"prov:create:notice [id userName]", "prov:delete"})
		for _, s := range sets {
			if raw, _ := json.Marshal(s.claims); strings.Contains(string(raw), "idp-") {
				t.Errorf("another connection's externalId is told: %s", raw)
			}
		}
	})
}

// A User on hold is not in force, whatever `active` says: who comes in on hold is told of as created and deactivated.
func TestRFC9967_HoldIsToldAsDeactivation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(notices...))
		user := "/Users/" + p.user("a@a.fr", "displayName", "outsider")
		p.patch(user, op("replace", "displayName", "Anna"))
		p.patch(user, op("replace", "displayName", "outsider"))
		wantEqual(t, "what is told", told(p.take(stream, 6)), []string{
			"prov:create:notice [id displayName " + resources.SchemaOwnership + ":hold userName]", "prov:deactivate",
			"prov:activate", "prov:patch:notice [displayName]", "prov:deactivate", "prov:patch:notice [displayName]",
		})
	})
}

// What a receiver does not ask for by its own name, it hears of as a patch of attributes.
func TestRFC9967_DeactivationIsAPatchToWhoDoesNotAskForIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.PatchNotice))
		p.patch("/Users/"+p.user("a@a.fr"), op("replace", "active", false))
		sets := p.take(stream, 1)
		if len(sets) != 1 || !slices.Contains(sets[0].payload()["attributes"].([]any), any("active")) {
			t.Errorf("told %v, want one patch of active", told(sets))
		}
	})
}

// CAEP 1.0 §3.1: who is deactivated or deleted is to be signed out everywhere; the reason is not empty.
func TestCAEP_SessionRevokedGoesBesideDeactivationAndDeletion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.Deactivate, events.SessionRevoked))
		user := "/Users/" + p.user("anna@a.fr")
		p.patch(user, op("replace", "active", false))
		p.scim("DELETE", user, nil)
		plain := p.user("no-address")
		p.scim("DELETE", "/Users/"+plain, nil)
		sets := p.take(stream, 4)
		wantEqual(t, "types", typesOf(sets), []string{events.Deactivate, events.SessionRevoked, events.SessionRevoked, events.SessionRevoked})
		wantEqual(t, "one transaction", sets[1].Txn, sets[0].Txn)
		wantEqual(t, "subject", sets[1].Subject, map[string]any{"format": "email", "email": "anna@a.fr"})
		wantEqual(t, "subject without address", sets[3].Subject, map[string]any{"format": "iss_sub", "iss": publicURL + p.base(), "sub": plain})
		for _, s := range sets[1:] {
			reason, _ := s.payload()["reason_admin"].(map[string]any)
			if reason["en"] == nil || reason["en"] == "" || s.payload()["event_timestamp"] == nil {
				t.Errorf("payload is %v, want reason_admin and event_timestamp", s.payload())
			}
		}
	})
}
