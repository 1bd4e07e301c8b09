package resources_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"proprio/audit"
	"proprio/resources"
)

// load creates Users at once and tells what became of each: the id, or the path of the refusal.
func (s *site) load(typ string, texts ...string) (results []*resources.Result, refused []string) {
	s.t.Helper()
	inputs := make([]resources.Input, len(texts))
	for i, text := range texts {
		inputs[i] = decode(s.t, text)
	}
	outcomes, err := s.CreateMany(s.t.Context(), s.caller, typ, inputs)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range outcomes {
		results = append(results, o.Result)
		var fault *resources.Error
		errors.As(o.Err, &fault)
		if fault == nil {
			refused = append(refused, "")
		} else {
			refused = append(refused, fault.Path)
		}
	}
	return results, refused
}

// Many at once meet the rules that one meets, and those that are refused do not hold up the others.
func TestCreateMany_refusesRowByRow(t *testing.T) {
	for name, clean := range map[string]bool{"written at once": true, "one cannot be written": false} {
		t.Run(name, func(t *testing.T) {
			eachSite(t, func(s *site) {
				boss := s.create("User", `{"userName":"boss"}`)
				texts := []string{
					`{"userName":"a@corp.fr","externalId":"A","emails":[{"value":"a@corp.fr"}],"ENT":{"manager":{"value":"` + boss.ID + `"}}}`,
					`{"displayName":"nobody"}`,
					`{"userName":"b@elsewhere.fr"}`,
					`{"userName":"c","ENT":{"manager":{"value":"` + s.NewID() + `"}}}`,
					`{"userName":"d","emails":"no address","active":"perhaps"}`,
					`{"userName":"e","title":"E"}`,
				}
				want := []string{"", "userName", "", resources.SchemaEnterprise + ":manager.value", "active", ""}
				if !clean {
					texts = append(texts, `{"userName":"BOSS"}`, `{"userName":"f"}`, `{"userName":"F"}`)
					want = append(want, "userName", "", "userName")
				}
				results, refused := s.load("User", texts...)
				if !slices.Equal(refused, want) {
					t.Fatalf("refused %q, want %q", refused, want)
				}
				if r := s.get("User", results[0].Resource.ID); r.ExternalID != "A" || r.Index.Manager != boss.ID || r.Version != 1 {
					t.Errorf("%+v", r)
				}
				if r := s.get("User", results[2].Resource.ID); r.Index.Hold != "elsewhere.fr is outside" {
					t.Errorf("held: %q", r.Index.Hold)
				}
				for i, r := range results {
					if (r != nil) != (want[i] == "") || r != nil && (!r.Created || !r.Changed) {
						t.Errorf("row %d: %+v", i, r)
					}
				}
			})
		})
	}
}

// Many new ones at once: what is returned is what is read, and each has its entry in the record.
func TestCreateMany_isRead(t *testing.T) {
	eachSite(t, func(s *site) {
		var texts []string
		for i := range 40 {
			texts = append(texts, fmt.Sprintf(`{"userName":"many%d@corp.fr","externalId":"x%[1]d","displayName":"É %[1]d","active":%t,
				"emails":[{"value":"many%[1]d@corp.fr","type":"work","primary":true},{"value":"m%[1]d@corp.fr"}],
				"ENT":{"department":"D"}}`, i, i%3 > 0))
		}
		results, refused := s.load("User", texts...)
		members := []string{}
		for i, r := range results {
			if refused[i] != "" {
				t.Fatalf("row %d: %s", i, refused[i])
			}
			s.same(r.Resource)
			s.wantActions(r.Resource.ID, audit.ActionCreate)
			members = append(members, r.Resource.ID)
		}
		list, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		groups, _ := s.load("Group", `{"displayName":"G","members":`+string(list)+`}`, `{"displayName":"g"}`, `{"displayName":"H","members":["`+s.NewID()+`"]}`)
		if groups[0] == nil || groups[1] != nil || groups[2] != nil {
			t.Errorf("Groups %v: want the first, not its namesake and not one with an unknown member", groups)
		}
		s.wantMembers(groups[0].Resource, resourcesOf(results)...)
	})
}

func resourcesOf(results []*resources.Result) (list []*resources.Resource) {
	for _, r := range results {
		list = append(list, r.Resource)
	}
	return list
}
