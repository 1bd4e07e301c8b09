package resources_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/resources"
)

// RFC 7644 §3.3: what a create leaves, and that a read returns the same.
func TestCreate_RFC7644_3_3(t *testing.T) {
	eachSite(t, func(s *site) {
		result, err := s.Create(t.Context(), s.caller, resources.TypeUser, decode(t, `{"id":"mine","externalId":"00u1","userName":"Anna@Corp.fr",
			"password":"secret","active":true,"emails":[{"value":"anna@corp.fr","type":"work","primary":true}],"favourite":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r := result.Resource
		s.same(r)
		if r.ID == "mine" || r.Version != 1 || !r.Created.Equal(r.LastModified) || r.ExternalID != "00u1" || strings.Contains(string(r.Body), "secret") {
			t.Errorf("%+v %s", r, r.Body)
		}
		want := resources.Index{UserName: "Anna@Corp.fr", UserNameFolded: "anna@corp.fr", Active: true,
			Emails: []resources.Email{{Value: "anna@corp.fr", Folded: "anna@corp.fr", Type: "work", Primary: true}}}
		if diff := cmp.Diff(want, r.Index); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"favourite"}, result.Ignored); diff != "" {
			t.Error(diff)
		}
		entry := s.entries(r.ID)[0]
		if entry.ObjectName != "Anna@Corp.fr" || entry.Actor != s.caller.Actor || !cmp.Equal(entry.Changed, []string{"active", "emails", "externalId", "userName"}) {
			t.Errorf("entry %+v", entry)
		}
		s.unchanged(resources.ErrUniqueness, "already in use by another User", func() error { // row 15
			_, err := s.Create(t.Context(), s.caller, resources.TypeUser, decode(t, `{"userName":"ANNA@corp.fr"}`))
			return err
		})
		s.unchanged(resources.ErrNotFound, `"Device"`, func() error {
			_, err := s.Create(t.Context(), s.caller, "Device", resources.Input{})
			return err
		})
	})
}

// RFC 7644 §3.5.1; Q54: what a replacement does not name is cleared, but `active` and what is the company's to say.
func TestReplace_RFC7644_3_5_1(t *testing.T) {
	eachSite(t, func(s *site) {
		boss := s.create("User", `{"userName":"boss"}`)
		r := s.create("User", `{"userName":"anna","externalId":"e1","title":"T","active":false,"ENT":{"department":"d"},
			"OWN":{"kind":"client","sponsor":"`+boss.ID+`"}}`)
		got := s.replace(r, `{"userName":"anna","nickName":"N"}`)
		want := document(t, r)
		delete(want, "title")
		delete(want, resources.SchemaEnterprise)
		want["nickName"] = "N"
		want["schemas"] = []any{resources.SchemaUser, resources.SchemaOwnership}
		if diff := cmp.Diff(want, document(t, got.Resource)); diff != "" {
			t.Error(diff)
		}
		if got.Resource.ExternalID != "" || got.Resource.Version != 2 || !got.Changed || got.Created || !got.Resource.Created.Equal(r.Created) {
			t.Errorf("%+v", got)
		}
		if again := s.replace(r, `{"userName":"anna","nickName":"N","active":null,"OWN":null}`); again.Changed || again.Resource.Version != 2 {
			t.Errorf("the same again: changed %v, version %d", again.Changed, again.Resource.Version)
		}
		if named := s.replace(r, `{"userName":"anna","OWN":{}}`); strings.Contains(string(named.Resource.Body), "client") {
			t.Errorf("an ownership extension that is named and empty stayed: %s", named.Resource.Body)
		}
		s.wantActions(r.ID, audit.ActionCreate, audit.ActionReplace, audit.ActionReplace)
		s.unchanged(resources.ErrUniqueness, `"BOSS"`, func() error { // row 15
			_, err := s.Replace(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, decode(t, `{"userName":"BOSS"}`))
			return err
		})
		s.unchanged(resources.ErrInvalidValue, "userName", func() error {
			_, err := s.Replace(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, resources.Input{})
			return err
		})
		s.unchanged(resources.ErrNotFound, "", func() error { // PUT never creates
			_, err := s.Replace(t.Context(), s.caller, "User", s.NewID(), resources.Precondition{}, decode(t, `{"userName":"x"}`))
			return err
		})
		s.unchanged(resources.ErrNotFound, "", func() error { // a User is no Group
			_, err := s.Replace(t.Context(), s.caller, "Group", r.ID, resources.Precondition{}, decode(t, `{"displayName":"x"}`))
			return err
		})
	})
}

// RFC 7644 §3.5.2: in order, all or none, and nothing spent on nothing (rows 27, 33, 38).
func TestModify_RFC7644_3_5_2(t *testing.T) {
	eachSite(t, func(s *site) {
		s.create("User", `{"userName":"taken"}`)
		r := s.create("User", `{"userName":"anna","roles":["r"]}`)
		got := s.modify(r, set("title", "T"), set("name.givenName", "A"), set("externalId", "e9"))
		if got.Resource.Version != 2 || got.Resource.ExternalID != "e9" || !got.Changed {
			t.Errorf("%+v", got.Resource)
		}
		if e := s.entries(r.ID)[1]; !cmp.Equal(e.Changed, []string{"externalId", "name.givenName", "title"}) {
			t.Errorf("changed %v", e.Changed)
		}
		same := s.modify(r, set("title", "T"), operation(resources.OpAdd, "roles", []any{"r"}), set("externalId", "e9"))
		if same.Changed || same.Resource.Version != 2 || !same.Resource.LastModified.Equal(got.Resource.LastModified) {
			t.Errorf("nothing changed, but %+v", same)
		}
		if alone := s.modify(r, set("externalId", "e10")); !alone.Changed || alone.Resource.ExternalID != "e10" || alone.Resource.Version != 3 {
			t.Errorf("externalId alone: %+v", alone)
		}
		s.unchanged(resources.ErrInvalidValue, "active", func() error {
			_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set("title", "U"), set("active", "maybe")})
			return err
		})
		s.unchanged(resources.ErrUniqueness, `"Taken"`, func() error { // row 15
			_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set("title", "U"), set("userName", "Taken")})
			return err
		})
		s.unchanged(resources.ErrMutability, "required", func() error { // Q39
			_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{},
				[]resources.Operation{set("title", "U"), operation(resources.OpRemove, "userName", nil)})
			return err
		})
	})
}

// RFC 7644 §3.14: a precondition that does not hold changes nothing; without one, parallel changes all arrive.
func TestVersions_RFC7644_3_14(t *testing.T) {
	eachSite(t, func(s *site) {
		r := s.create("User", `{"userName":"anna"}`)
		s.modify(r, set("title", "T"))
		stale := resources.Precondition{Version: 1}
		s.unchanged(resources.ErrVersion, "version 2, not 1", func() error {
			_, err := s.Modify(t.Context(), s.caller, "User", r.ID, stale, []resources.Operation{set("title", "U")})
			return err
		})
		s.unchanged(resources.ErrVersion, "version 2, not 1", func() error {
			_, err := s.Replace(t.Context(), s.caller, "User", r.ID, stale, decode(t, `{"userName":"b"}`))
			return err
		})
		s.unchanged(resources.ErrVersion, "version 2, not 1", func() error {
			return s.Remove(t.Context(), s.caller, "User", r.ID, stale)
		})
		if _, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{Version: 2}, []resources.Operation{set("title", "U")}); err != nil {
			t.Fatal(err)
		}
		attributes := []string{"nickName", "userType", "locale", "timezone", "preferredLanguage", "displayName"}
		var wg sync.WaitGroup
		for _, a := range attributes {
			wg.Go(func() {
				_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set(a, "x")})
				if err != nil {
					t.Errorf("%s: %v", a, err)
				}
			})
		}
		wg.Wait()
		doc := document(t, s.get("User", r.ID))
		for _, a := range attributes {
			if doc[a] != "x" {
				t.Errorf("the change of %s was lost", a)
			}
		}
	})
}

// Q50, Q51: deactivation is recorded as what it is; the userName of an inactive User is not free.
func TestInactive_Q50_Q51(t *testing.T) {
	eachSite(t, func(s *site) {
		r := s.create("User", `{"userName":"anna","title":"T","externalId":"e1"}`)
		group := s.create("Group", `{"displayName":"G","members":["`+r.ID+`"]}`)
		off := s.modify(r, set("active", "False"))
		if off.Resource.Index.Active || off.Resource.ExternalID != "e1" || len(off.Resource.Groups) != 1 {
			t.Errorf("%+v", off.Resource)
		}
		again := decode(t, `{"userName":"Anna","externalId":"e2","nickName":"N"}`)
		s.unchanged(resources.ErrUniqueness, "inactive", func() error {
			_, err := s.Create(t.Context(), s.caller, "User", again)
			return err
		})
		okta := s.caller
		okta.Switches.ReviveInactive = true
		revived, err := s.Create(t.Context(), okta, "User", again)
		if err != nil {
			t.Fatal(err)
		}
		s.same(revived.Resource)
		if revived.Created || !revived.Changed || revived.Resource.ID != r.ID || !revived.Resource.Index.Active || revived.Resource.ExternalID != "e2" {
			t.Errorf("%+v", revived)
		}
		if doc := document(t, revived.Resource); doc["title"] != nil || doc["nickName"] != "N" || doc["userName"] != "Anna" {
			t.Errorf("revived as %v", doc)
		}
		s.wantMembers(group, r)
		s.unchanged(resources.ErrUniqueness, "already in use", func() error { // active again
			_, err := s.Create(t.Context(), okta, "User", again)
			return err
		})
		s.wantActions(r.ID, audit.ActionCreate, audit.ActionDeactivate, audit.ActionActivate)
	})
}

// Q57; row 21: references lead to Users that exist, and vanish with them. A sponsor stays named.
func TestReferences_Q57(t *testing.T) {
	eachSite(t, func(s *site) {
		boss := s.create("User", `{"userName":"boss"}`)
		group := s.create("Group", `{"displayName":"G"}`)
		text := `{"userName":"anna","ENT":{"manager":"` + boss.ID + `"},"OWN":{"sponsor":{"value":"` + boss.ID + `"}}}`
		r := s.create("User", text)
		unknown := s.NewID()
		for _, id := range []string{unknown, group.ID, "nonsense"} {
			for _, path := range []string{"ENT:manager", "OWN:sponsor"} {
				s.unchanged(resources.ErrInvalidValue, id, func() error {
					_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set(path, id)})
					return err
				})
			}
			s.unchanged(resources.ErrInvalidValue, id, func() error {
				_, err := s.Create(t.Context(), s.caller, "User", decode(t, `{"userName":"x","manager":"`+id+`"}`))
				return err
			})
		}
		s.unchanged(resources.ErrInvalidValue, "own sponsor", func() error {
			_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set("OWN:sponsor", r.ID)})
			return err
		})
		if err := s.Remove(t.Context(), s.caller, "User", boss.ID, resources.Precondition{}); err != nil {
			t.Fatal(err)
		}
		left := s.get("User", r.ID)
		if body := string(left.Body); strings.Contains(body, "manager") || !strings.Contains(body, "sponsor") || left.Version != 2 {
			t.Errorf("version %d, %s", left.Version, body)
		}
		s.modify(r, set("title", "T")) // a reference that was there does not stand in the way
		s.wantActions(boss.ID, audit.ActionCreate, audit.ActionRemove)
	})
}

// Row 21, while those who have the manager are being changed.
func TestReferences_parallel(t *testing.T) {
	eachSite(t, func(s *site) {
		boss := s.create("User", `{"userName":"boss"}`)
		var wg sync.WaitGroup
		var reports []*resources.Resource
		for _, name := range []string{"a", "b", "c", "d"} {
			r := s.create("User", `{"userName":"`+name+`","manager":"`+boss.ID+`"}`)
			reports = append(reports, r)
			wg.Go(func() {
				for _, title := range []string{"1", "2", "3"} {
					if _, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set("title", title)}); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		if err := s.Remove(t.Context(), s.caller, "User", boss.ID, resources.Precondition{Version: 1}); err != nil {
			t.Error(err)
		}
		wg.Wait()
		for _, r := range reports {
			if doc := document(t, s.get("User", r.ID)); doc["title"] != "3" || doc[resources.SchemaEnterprise] != nil {
				t.Errorf("%v", doc)
			}
		}
	})
}

// Q52: gone is gone; the userName is free at once.
func TestRemove_Q52(t *testing.T) {
	eachSite(t, func(s *site) {
		r := s.create("User", `{"userName":"anna"}`)
		group := s.create("Group", `{"displayName":"G","members":["`+r.ID+`"]}`)
		if err := s.Remove(t.Context(), s.caller, "User", r.ID, resources.Precondition{Version: 1}); err != nil {
			t.Fatal(err)
		}
		s.wantMembers(group)
		s.unchanged(resources.ErrNotFound, "", func() error { return s.Remove(t.Context(), s.caller, "User", r.ID, resources.Precondition{}) })
		s.unchanged(resources.ErrNotFound, "", func() error { return s.Remove(t.Context(), s.caller, "User", "nonsense", resources.Precondition{}) })
		if again := s.create("User", `{"userName":"Anna"}`); again.ID == r.ID {
			t.Error("an id was used twice")
		}
		if err := s.Remove(t.Context(), s.caller, "Group", group.ID, resources.Precondition{}); err != nil {
			t.Fatal(err)
		}
	})
}

// An externalId is one connection's; a console or an import has none.
func TestExternalID_ofOneConnection(t *testing.T) {
	eachSite(t, func(s *site) {
		console := s.caller
		console.Connection = ""
		result, err := s.Create(t.Context(), console, "User", decode(t, `{"userName":"anna","externalId":"e"}`))
		if err != nil {
			t.Fatal(err)
		}
		if result.Resource.ExternalID != "" || !cmp.Equal(result.Ignored, []string{"externalId"}) {
			t.Errorf("%q, ignored %v", result.Resource.ExternalID, result.Ignored)
		}
		s.modify(result.Resource, set("externalId", "e1"))
		if _, err := s.Replace(t.Context(), console, "User", result.Resource.ID, resources.Precondition{}, decode(t, `{"userName":"anna2"}`)); err != nil {
			t.Fatal(err)
		}
		if got := s.get("User", result.Resource.ID); got.ExternalID != "e1" {
			t.Errorf("the console changed the connection's externalId to %q", got.ExternalID)
		}
	})
}
