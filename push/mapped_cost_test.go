package push

import (
	"context"
	"testing"

	"proprio/push/mapping"
	"proprio/push/profiles"
	"proprio/resources"
)

// costly is a User as apps are sent them, and a job for it.
func costly(tb testing.TB, rules mapping.Rules) (*job, *resources.Resource) {
	tb.Helper()
	set, err := profiles.Load(nil)
	if err != nil {
		tb.Fatal(err)
	}
	generic, _ := set.Get("generic")
	r := &resources.Resource{Type: resources.TypeUser, ID: "1", Index: resources.Index{Active: true}, Body: []byte(`{"userName": "marie@atelier.fr",
		"displayName": "Marie", "title": "Comptable", "name": {"givenName": "Marie", "familyName": "Martin"},
		"emails": [{"value": "marie@atelier.fr", "type": "work", "primary": true}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Vente"}}`)}
	j := &job{app: App{ID: "app", Profile: "generic", Settings: Settings{Rules: rules}}, profile: generic,
		rulebook: &Rulebook{Registries: resources.NewRegistry(), Profiles: set}}
	return j, r
}

// An app without rules costs nothing that it did not cost before there were any.
func TestNoRulesCostNothing(t *testing.T) {
	j, r := costly(t, mapping.Rules{})
	ctx := context.Background()
	before := testing.AllocsPerRun(100, func() {
		if _, err := wantedUser(j.profile, r, "", nil); err != nil {
			t.Fatal(err)
		}
	})
	now := testing.AllocsPerRun(100, func() {
		if _, err := j.wantedUser(ctx, r, ""); err != nil {
			t.Fatal(err)
		}
	})
	if now > before {
		t.Errorf("%v allocations, %v without", now, before)
	}
	standing := Standing{Exists: true, Active: true}
	placed := testing.AllocsPerRun(100, func() {
		if err := j.judgeScope(ctx, r, &standing); err != nil || place(j.app, resources.TypeUser, "1", standing).wish != WishActive {
			t.Fatal(err)
		}
	})
	if placed > 0 {
		t.Errorf("%v allocations for the scope of an app without an expression", placed)
	}
}

func BenchmarkWantedUser(b *testing.B) {
	for name, rules := range map[string]mapping.Rules{
		"no rules": {},
		"rules": {Scope: `department == "Vente"`, Mapping: []mapping.Attribute{
			{Target: "title", Expression: "upper(title)"}, {Target: "nickName", From: "displayName"}, {Target: "userType", Constant: []byte(`"Member"`)}}},
	} {
		b.Run(name, func(b *testing.B) {
			j, r := costly(b, rules)
			b.ReportAllocs()
			for b.Loop() {
				s := Standing{Exists: true, Active: true}
				if err := j.judgeScope(b.Context(), r, &s); err != nil {
					b.Fatal(err)
				}
				if _, err := j.wantedUser(b.Context(), r, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
