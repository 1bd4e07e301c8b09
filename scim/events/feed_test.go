package events_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim/events"
)

// about is a SET in a line: type and subject's id.
func about(sets []token, names map[string]string) []string {
	lines := told(sets)
	for i, s := range sets {
		lines[i] += " " + names[fmt.Sprint(s.Subject["id"])]
	}
	return lines
}

var feedAndMore = append([]string{events.FeedAdd, events.FeedRemove}, notices...)

// RFC 9967 §2.3: a feed of one Group's members tells who comes in and who leaves, in their place among what happens to
// them; nothing of others; no feed:remove for who is deleted (§2.4.4).
func TestRFC9967_FeedOfAGroupTellsWhoJoinsAndLeaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		anna, bob, carl := p.user("anna@a.fr"), p.user("bob@a.fr"), p.user("carl@a.fr")
		names := map[string]string{anna: "anna", bob: "bob", carl: "carl"}
		crm := p.group("CRM", anna)
		stream := p.stream(map[string]any{
			"events_requested": feedAndMore, "urn:proprio:ssf:feed": map[string]any{"groups": []string{crm}},
		})
		member := func(verb, id string) {
			if verb == "add" {
				p.patch("/Groups/"+crm, op("add", "members", []map[string]any{{"value": id}}))
				return
			}
			p.patch("/Groups/"+crm, op("remove", `members[value eq "`+id+`"]`, nil))
		}
		p.take(stream, 0) // anna is there already, and no snapshot was asked for
		p.patch("/Users/"+bob, op("replace", "title", "out of the feed"))
		p.patch("/Users/"+anna, op("replace", "title", "Cheffe"))
		wantEqual(t, "before anybody moves", about(p.take(stream, 1), names), []string{"prov:patch:notice [title] anna"})
		member("add", bob)
		member("add", carl)
		p.patch("/Users/"+bob, op("replace", "title", "in the feed"))
		joined := about(p.take(stream, 3), names)
		slices.Sort(joined[:2]) // who joins between two looks, in any order
		wantEqual(t, "who joins", joined, []string{"feed:add bob", "feed:add carl", "prov:patch:notice [title] bob"})
		member("remove", anna)
		wantEqual(t, "who leaves", about(p.take(stream, 1), names), []string{"feed:remove anna"})
		p.patch("/Users/"+anna, op("replace", "title", "gone"))
		p.scim("DELETE", "/Users/"+bob, nil)
		wantEqual(t, "who is deleted", about(p.take(stream, 1), names), []string{"prov:delete bob"})
		p.scim("DELETE", "/Groups/"+crm, nil)
		wantEqual(t, "when the Group goes", about(p.take(stream, 1), names), []string{"feed:remove carl"})
	})
}

// A new stream can ask for feed:add of everything that is there; it may be limited to some resource types.
func TestRFC9967_SnapshotTellsOfWhatIsThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		company := w.company()
		one, two, three := w.party(company, "scim", "ssf.manage"), w.party(company, "ssf.manage"), w.party(company, "ssf.manage")
		const people = 120 // more than one page
		var ids []string
		for i := range people {
			ids = append(ids, one.user(fmt.Sprintf("u%d@a.fr", i)))
		}
		staff := one.group("Staff", ids[:3]...)
		feed := func(f map[string]any) map[string]any {
			return map[string]any{"events_requested": feedAndMore, "urn:proprio:ssf:feed": f}
		}
		everything := one.take(one.stream(feed(map[string]any{"snapshot": true})), people+1)
		var got []string
		for _, s := range everything {
			if s.event() != events.FeedAdd {
				t.Errorf("snapshot tells %s", s.event())
			}
			got = append(got, fmt.Sprint(s.Subject["id"]))
		}
		slices.Sort(got)
		want := append(slices.Clone(ids), staff)
		slices.Sort(want)
		wantEqual(t, "who is told of", got, want)

		stream := two.stream(feed(map[string]any{"snapshot": true, "resource_types": []string{"Group"}}))
		wantEqual(t, "Groups alone", two.take(stream, 1)[0].Subject["id"], any(staff))
		one.patch("/Users/"+ids[0], op("replace", "title", "x"))
		one.patch("/Groups/"+staff, op("replace", "displayName", "Personnel"))
		wantEqual(t, "events of Groups alone", told(two.take(stream, 1)), []string{"prov:patch:notice [displayName]"})

		members := three.take(three.stream(feed(map[string]any{"snapshot": true, "groups": []string{staff}})), 3)
		wantEqual(t, "members of a Group", told(members), []string{"feed:add", "feed:add", "feed:add"})
	})
}

// SSF 1.0 §8.1.3: a receiver adds and removes subjects.
func TestSSF_SubjectsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		anna := p.user("anna@a.fr")
		stream := p.stream(map[string]any{"events_requested": feedAndMore})
		subject := func(verb string, status int, s map[string]any) {
			t.Helper()
			p.must(status, "POST", p.base()+"/subjects/"+verb, map[string]any{"stream_id": stream, "subject": s})
		}
		byURI := map[string]any{"format": "scim", "uri": "/Users/" + anna}
		subject("remove", http.StatusNoContent, byURI)
		subject("remove", http.StatusNoContent, byURI) // and again changes nothing
		p.patch("/Users/"+anna, op("replace", "title", "not told"))
		wantEqual(t, "removed", told(p.take(stream, 1)), []string{"feed:remove"})
		subject("add", http.StatusOK, map[string]any{"format": "email", "email": "Anna@a.fr"})
		p.patch("/Users/"+anna, op("replace", "title", "told"))
		wantEqual(t, "added", told(p.take(stream, 2)), []string{"feed:add", "prov:patch:notice [title]"})
		subject("remove", http.StatusNoContent, map[string]any{"format": "iss_sub", "iss": publicURL + p.base(), "sub": anna})

		subject("add", http.StatusNotFound, map[string]any{"format": "scim", "uri": "/Users/nobody"})
		subject("add", http.StatusNotFound, map[string]any{"format": "email", "email": "nobody@a.fr"})
		subject("add", http.StatusBadRequest, map[string]any{"format": "phone_number", "phone_number": "+33"})
		other := w.party(w.company(), "scim").user("other@b.fr")
		subject("add", http.StatusNotFound, map[string]any{"format": "scim", "uri": "/Users/" + other})
	})
}
