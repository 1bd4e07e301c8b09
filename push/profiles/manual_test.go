package profiles_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"proprio/push/profiles"
)

// A product without an interface says in both languages what a person has to do there, where, and how soon; what takes
// access away is more urgent than what gives it.
func TestWhatAPersonHasToDoIsSaidInBothLanguages(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"jefacture", "eko-crm", "manual"} {
		p, ok := set.Get(name)
		if !ok || !p.ByHand() {
			t.Fatalf("profile %s: %t %q", name, ok, p.Protocol)
		}
		for _, does := range []string{"create", "change", "remove", "deactivate", "reactivate"} {
			procedure := p.Manual.Procedure(does)
			if procedure.Days == 0 || procedure.Proof == "" || procedure.Menu.FR == "" || procedure.Menu.EN == "" || len(procedure.Steps) == 0 {
				t.Errorf("%s, %s: %+v", name, does, procedure)
			}
			for _, step := range procedure.Steps {
				if step.EN == "" || step.FR == "" || step.EN == step.FR {
					t.Errorf("%s, %s: step %+v", name, does, step)
				}
			}
		}
		if d, c := p.Manual.Deactivate.Days, p.Manual.Create.Days; d >= c {
			t.Errorf("%s: deactivation within %d days, creation within %d", name, d, c)
		}
	}
}

func TestAWrongProcedureSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const step = `"menu": {"en": "Users", "fr": "Utilisateurs"}, "steps": [{"en": "Do it.", "fr": "Faites-le."}]`
	does := func(create, deactivate string) string {
		return `{"name": "x", "title": "X", "protocol": "manual", "manual": {"attributes": ["userName"], "create": {` + create +
			`}, "change": {` + step + `, "days": 5, "proof": "text"}, "remove": {` + step + `, "days": 2, "proof": "text"}, "deactivate": {` + deactivate +
			`}, "reactivate": {` + step + `, "days": 3, "proof": "text"}}}`
	}
	create, deactivate := step+`, "days": 5, "proof": "text"`, step+`, "days": 1, "proof": "text"`
	for text, want := range map[string]string{
		does(create, deactivate):                                                                   "",
		does(create, step+`, "days": 5, "proof": "text"`):                                          "manual.deactivate.days",
		does(step+`, "days": 0, "proof": "text"`, deactivate):                                      "days is 0",
		does(step+`, "days": 5, "proof": "word of honour"`, deactivate):                            "word of honour",
		does(`"menu": {"en": "Users", "fr": "U"}, "days": 5, "proof": "text"`, deactivate):         "steps is empty",
		does(strings.ReplaceAll(create, "Faites-le.", ""), deactivate):                             "in French",
		strings.Replace(does(create, deactivate), `["userName"]`, `[]`, 1):                         "manual.attributes",
		strings.Replace(does(create, deactivate), `["userName"]`, `["active"]`, 1):                 "manual.attributes",
		`{"name": "x", "title": "X", "protocol": "manual"}`:                                        "manual.attributes",
		`{"name": "x", "title": "X", "manual": {"attributes": ["userName"]}}`:                      "only for the protocol",
		`{"name": "x", "title": "X", "manual": {"create": {` + create + `}}}`:                      "only for the protocol",
		`{"name": "x", "title": "X", "protocol": "manual", "manual": {"attribute": ["userName"]}}`: "attribute",
	} {
		_, err := profiles.Load(fstest.MapFS{"x.json": {Data: []byte(text)}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that names %q", text, err, want)
		}
	}
}
