package push

import (
	"context"
	"fmt"
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
		j.reading = read(r)
		if _, err := wantedUser(j.profile, j.reading, "", nil); err != nil {
			t.Fatal(err)
		}
	})
	now := testing.AllocsPerRun(100, func() {
		j.reading = nil
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

// people is a store that only knows Users.
type people struct {
	Plans
	all map[string]*resources.Resource
}

func (p people) People(context.Context, string, []string) (map[string]*resources.Resource, error) {
	return p.all, nil
}

// A User is decoded once, however many apps ask of it, and however often a worker does.
func TestAUserIsReadOnce(t *testing.T) {
	one, eight := testing.AllocsPerRun(100, scopedByMany(t, 1)), testing.AllocsPerRun(100, scopedByMany(t, 8))
	j, r := costly(t, ruled())
	decoding := testing.AllocsPerRun(100, func() { read(r) })
	if each := (eight - one) / 7; each > decoding/2 {
		t.Errorf("%v allocations for each further app; to decode the User takes %v", each, decoding)
	}
	all := testing.AllocsPerRun(100, func() { asked(t, j, r) })
	if again := testing.AllocsPerRun(100, func() { askedAgain(t, j, r) }); all-again < decoding || all > 3*decoding {
		t.Errorf("%v allocations, %v for who was read already; to decode the User takes %v", all, again, decoding)
	}
}

// asked is what a worker asks of a User.
func asked(tb testing.TB, j *job, r *resources.Resource) {
	tb.Helper()
	j.reading = nil // another User
	askedAgain(tb, j, r)
}

func askedAgain(tb testing.TB, j *job, r *resources.Resource) {
	tb.Helper()
	s := Standing{Exists: true, Active: true}
	if err := j.judgeScope(context.Background(), r, &s); err != nil || j.read(r).manager() != "" {
		tb.Fatal(err)
	}
	if _, err := j.wantedUser(context.Background(), r, ""); err != nil {
		tb.Fatal(err)
	}
}

// ruled are rules of each kind.
func ruled() mapping.Rules {
	return mapping.Rules{Scope: `department == "Vente"`, Mapping: []mapping.Attribute{
		{Target: "title", Expression: "upper(title)"}, {Target: "nickName", From: "displayName"}, {Target: "userType", Constant: []byte(`"Member"`)}}}
}

// scopedByMany are apps with an expression, and a look whether they take somebody in.
func scopedByMany(tb testing.TB, apps int) (look func()) {
	tb.Helper()
	j, r := costly(tb, mapping.Rules{Scope: `department == "Vente"`})
	store := people{all: map[string]*resources.Resource{"1": r}}
	var list []App
	for i := range apps {
		app := j.app
		app.ID = fmt.Sprint(i)
		list = append(list, app)
	}
	return func() {
		standings := map[string]Standing{"1": {Exists: true, Active: true}}
		if err := j.rulebook.scopes(context.Background(), store, list, "", standings); err != nil || !standings["1"].scopedFor(list[0]).in {
			tb.Fatal(err)
		}
	}
}

func BenchmarkScopes(b *testing.B) {
	for _, apps := range []int{1, 8} {
		b.Run(fmt.Sprint(apps), func(b *testing.B) {
			look := scopedByMany(b, apps)
			b.ReportAllocs()
			for b.Loop() {
				look()
			}
		})
	}
}

func BenchmarkWantedUser(b *testing.B) {
	for name, rules := range map[string]mapping.Rules{"no rules": {}, "rules": ruled()} {
		b.Run(name, func(b *testing.B) {
			j, r := costly(b, rules)
			b.ReportAllocs()
			for b.Loop() {
				asked(b, j, r)
			}
		})
	}
}
