package resources_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/resources"
)

// values are members as a client sends them.
func values(members ...*resources.Resource) []any {
	list := []any{}
	for _, m := range members {
		list = append(list, map[string]any{"value": m.ID, "$ref": nil})
	}
	return list
}

// RFC 7643 §4.2; Q32 to Q37: members come and go without the rest being touched.
func TestGroupMembers_Q32_Q37(t *testing.T) {
	eachSite(t, func(s *site) {
		a, b, c := s.create("User", `{"userName":"a"}`), s.create("User", `{"userName":"b"}`), s.create("User", `{"userName":"c"}`)
		inner := s.create("Group", `{"displayName":"Inner"}`)
		g := s.create("Group", `{"displayName":"G","members":[{"value":"`+a.ID+`"},{"value":"`+a.ID+`"}]}`)
		s.wantMembers(g, a)

		got := s.modify(g, operation(resources.OpAdd, "members", values(a, b, inner)))
		if !got.Changed || got.Resource.Version != 2 {
			t.Errorf("%+v", got)
		}
		s.wantMembers(g, a, b, inner)
		if e := s.entries(g.ID)[1]; e.ObjectName != "G" || e.Action != audit.ActionModify || !cmp.Equal(e.Changed, []string{"members"}) {
			t.Errorf("entry %+v", e)
		}
		for _, nothing := range []resources.Operation{ // Q33, Q34
			operation(resources.OpAdd, "members", values(b)),
			operation(resources.OpRemove, "members", values(c)),
			operation(resources.OpRemove, "members", []any{}),
		} {
			if got := s.modify(g, nothing); got.Changed || got.Resource.Version != 2 {
				t.Errorf("%v: changed %v, version %d", nothing, got.Changed, got.Resource.Version)
			}
		}
		s.modify(g, operation(resources.OpRemove, `members[value eq "`+a.ID+`"]`, nil), operation(resources.OpAdd, "members", values(c)))
		s.wantMembers(g, b, c, inner)
		s.modify(g, operation(resources.OpRemove, `members[type eq "Group" or display eq "B"]`, nil))
		s.wantMembers(g, c)
		s.modify(g, set("members", values(a, b)), set("displayName", "H"), set("externalId", "x"))
		s.wantMembers(g, a, b)
		if now := s.get("Group", g.ID); now.Index.DisplayName != "H" || now.ExternalID != "x" {
			t.Errorf("%+v", now)
		}
		s.modify(g, operation(resources.OpRemove, "members", nil))
		s.wantMembers(g)
		if groups := s.get("User", a.ID).Groups; len(groups) != 0 {
			t.Errorf("a is still in %v", groups)
		}
	})
}

// Row 2 and row 27: one member that does not exist, and nothing of the request happens.
func TestGroupMembers_refuse(t *testing.T) {
	eachSite(t, func(s *site) {
		a := s.create("User", `{"userName":"a"}`)
		g := s.create("Group", `{"displayName":"G","members":["`+a.ID+`"]}`)
		unknown := s.NewID()
		ops := map[string][]resources.Operation{
			unknown:             {set("displayName", "H"), operation(resources.OpAdd, "members", []any{unknown})},
			"of itself":         {operation(resources.OpAdd, "members", values(g))},
			"cannot be edited":  {operation(resources.OpRemove, "members", nil), set(`members[value eq "x"].value`, "y")},
			"displayName is re": {operation(resources.OpRemove, "members", nil), set("displayName", "")},
		}
		for detail, some := range ops {
			kind := resources.ErrInvalidValue
			if detail == "cannot be edited" {
				kind = resources.ErrMutability
			}
			s.unchanged(kind, detail, func() error {
				_, err := s.Modify(t.Context(), s.caller, "Group", g.ID, resources.Precondition{}, some)
				return err
			})
		}
		s.unchanged(resources.ErrInvalidValue, unknown, func() error {
			_, err := s.Create(t.Context(), s.caller, "Group", decode(t, `{"displayName":"N","members":["`+unknown+`"]}`))
			return err
		})
		s.unchanged(resources.ErrInvalidValue, unknown, func() error {
			_, err := s.Replace(t.Context(), s.caller, "Group", g.ID, resources.Precondition{}, decode(t, `{"displayName":"N","members":["`+unknown+`"]}`))
			return err
		})
		s.unchanged(resources.ErrVersion, "version 1, not 7", func() error {
			_, err := s.Modify(t.Context(), s.caller, "Group", g.ID, resources.Precondition{Version: 7}, []resources.Operation{operation(resources.OpRemove, "members", nil)})
			return err
		})
	})
}

// Q55: PUT without members keeps them, [] clears them, a list is all there is to be.
func TestReplaceGroup_Q55(t *testing.T) {
	eachSite(t, func(s *site) {
		a, b := s.create("User", `{"userName":"a"}`), s.create("User", `{"userName":"b"}`)
		g := s.create("Group", `{"displayName":"G","members":["`+a.ID+`"]}`)
		s.replace(g, `{"displayName":"H"}`)
		s.wantMembers(g, a)
		s.replace(g, `{"displayName":"H","members":null}`)
		s.wantMembers(g, a)
		if got := s.replace(g, `{"displayName":"H","members":["`+a.ID+`"]}`); got.Changed {
			t.Error("the same members again are a change")
		}
		s.replace(g, `{"displayName":"H","members":["`+b.ID+`"]}`)
		s.wantMembers(g, b)
		s.replace(g, `{"displayName":"H","members":[]}`)
		s.wantMembers(g)
	})
}

// Q53: one displayName, one Group, in any letter case; unless the connection allows it.
func TestGroupNames_Q53(t *testing.T) {
	eachSite(t, func(s *site) {
		s.create("Group", `{"displayName":"Sales"}`)
		other := s.create("Group", `{"displayName":"Other"}`)
		s.unchanged(resources.ErrUniqueness, `displayName "SALES" is already in use by another Group`, func() error {
			_, err := s.Create(t.Context(), s.caller, "Group", decode(t, `{"displayName":"SALES"}`))
			return err
		})
		s.unchanged(resources.ErrUniqueness, `"sales"`, func() error {
			_, err := s.Modify(t.Context(), s.caller, "Group", other.ID, resources.Precondition{}, []resources.Operation{set("displayName", "sales")})
			return err
		})
		lax := s.caller
		lax.Switches.DuplicateGroupNames = true
		twin, err := s.Create(t.Context(), lax, "Group", decode(t, `{"displayName":"sales"}`))
		if err != nil {
			t.Fatal(err)
		}
		s.replace(twin.Resource, `{"displayName":"sales","externalId":"x"}`) // a name that stays is not asked about
		s.create("User", `{"userName":"a","displayName":"Sales"}`)           // Users may share theirs, with Groups and with Users
		s.create("User", `{"userName":"b","displayName":"Sales"}`)
	})
}

// H3: parallel changes of one Group are all there afterwards.
func TestGroupMembers_parallel(t *testing.T) {
	eachSite(t, func(s *site) {
		g := s.create("Group", `{"displayName":"G"}`)
		var users []*resources.Resource
		for i := range 12 {
			users = append(users, s.create("User", fmt.Sprintf(`{"userName":"u%d"}`, i)))
		}
		var wg sync.WaitGroup
		for i, u := range users {
			wg.Go(func() {
				ops := []resources.Operation{operation(resources.OpAdd, "members", values(u))}
				if i%3 == 0 {
					ops = append(ops, set("displayName", fmt.Sprintf("G%d", i)))
				}
				if _, err := s.Modify(t.Context(), s.caller, "Group", g.ID, resources.Precondition{}, ops); err != nil {
					t.Errorf("add %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		s.wantMembers(g, users...)
	})
}

// Row 36: a thousand members in one request.
func TestGroupMembers_thousand(t *testing.T) {
	eachSite(t, func(s *site) {
		var ids []any
		var changes []resources.Change
		for i := range 1000 {
			name := fmt.Sprintf("u%d", i)
			doc := resources.Document{"schemas": []any{resources.SchemaUser}, "userName": name}
			r := &resources.Resource{Type: "User", ID: s.NewID(), Body: []byte(`{"schemas":["` + resources.SchemaUser + `"],"userName":"` + name + `"}`),
				Index: resources.NewRegistry().Type("User").Index(doc)}
			changes = append(changes, resources.Change{Action: audit.ActionCreate, Resource: r, SetBody: true})
			ids = append(ids, r.ID)
		}
		if _, err := s.Store.Apply(t.Context(), s.caller, changes...); err != nil {
			t.Fatal(err)
		}
		g := s.create("Group", `{"displayName":"G"}`)
		s.modify(g, operation(resources.OpAdd, "members", ids))
		if got := s.members(g); len(got) != len(ids) {
			t.Fatalf("%d members, want %d", len(got), len(ids))
		}
		s.modify(g, operation(resources.OpRemove, "members", slices.Clone(ids[:999])))
		if got := s.members(g); len(got) != 1 || got[0] != ids[999] {
			t.Errorf("members %v, want the last one", got)
		}
	})
}
