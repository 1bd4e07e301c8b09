package manual_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/push/manual"
)

// What a document says is compared as somebody would enter it: nested or flat, lists in any order, nothing that is not entered.
func TestDifference(t *testing.T) {
	t.Parallel()
	attributes := []string{"userName", "name.familyName", "emails", "roles", "title"}
	list := func(values ...string) []any {
		var out []any
		for _, v := range values {
			out = append(out, map[string]any{"value": v})
		}
		return out
	}
	nested := map[string]any{"userName": "anna", "active": true, "name": map[string]any{"familyName": "Martin", "givenName": "Anna"},
		"emails": list("b@x.fr", "a@x.fr"), "roles": []any{map[string]any{"display": "Comptable"}}, "nickName": "Nana"}
	flat := manual.Flat(nested, attributes)
	want := map[string]any{"active": true, "userName": "anna", "name.familyName": "Martin", "emails": "a@x.fr, b@x.fr", "roles": "Comptable"}
	if diff := cmp.Diff(want, flat); diff != "" {
		t.Errorf("flat (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(flat, manual.Flat(flat, attributes)); diff != "" {
		t.Errorf("a flat document is not flat already:\n%s", diff)
	}
	if manual.Flat(nil, attributes) != nil {
		t.Error("no document became one")
	}
	for name, c := range map[string]struct {
		change map[string]any
		want   []manual.Line
		loses  bool
	}{
		"nothing":            {map[string]any{}, nil, false},
		"order":              {map[string]any{"emails": list("a@x.fr", "b@x.fr")}, nil, false},
		"not entered there":  {map[string]any{"nickName": "Nanette"}, nil, false},
		"another role":       {map[string]any{"roles": list("Comptable", "Gestionnaire")}, []manual.Line{{Attribute: "roles", Before: "Comptable", After: "Comptable, Gestionnaire"}}, false},
		"a role instead":     {map[string]any{"roles": list("Gestionnaire")}, []manual.Line{{Attribute: "roles", Before: "Comptable", After: "Gestionnaire"}}, true},
		"no role any more":   {map[string]any{"roles": nil}, []manual.Line{{Attribute: "roles", Before: "Comptable"}}, true},
		"an address goes":    {map[string]any{"emails": list("a@x.fr")}, []manual.Line{{Attribute: "emails", Before: "a@x.fr, b@x.fr", After: "a@x.fr"}}, false},
		"something is added": {map[string]any{"title": "Directrice"}, []manual.Line{{Attribute: "title", After: "Directrice"}}, false},
	} {
		after := map[string]any{}
		for k, v := range nested {
			after[k] = v
		}
		for k, v := range c.change {
			after[k] = v
		}
		lines := manual.Difference(flat, manual.Flat(after, attributes), attributes)
		if diff := cmp.Diff(c.want, lines); diff != "" || manual.Loses(lines) != c.loses {
			t.Errorf("%s: loses %t, lines (-want +got):\n%s", name, manual.Loses(lines), diff)
		}
	}
}

// What follows from a need, for a task in each state.
func TestNeed_follow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	change := manual.Need{Known: true, Action: manual.ActionChange, Days: 5, Wanted: []byte(`{"a":1}`), Why: "because"}
	nothing := manual.Need{Known: true, Why: "gone"}
	task := func(state manual.State, action manual.Action) manual.Task {
		return manual.Task{ID: "t", State: state, Action: action, Wanted: []byte(`{"a":1}`), Due: now.Add(time.Hour), Revision: 3, Step: 1}
	}
	for name, c := range map[string]struct {
		need    manual.Need
		latest  manual.Task
		state   manual.State
		isNew   bool
		changed bool
		due     time.Time
		step    int
	}{
		"first":                           {change, manual.Task{}, manual.StateOpen, true, true, now.AddDate(0, 0, 5), 0},
		"the same":                        {change, task(manual.StateOpen, manual.ActionChange), manual.StateOpen, false, false, now.Add(time.Hour), 1},
		"other work":                      {change, task(manual.StateOpen, manual.ActionDeactivate), manual.StateOpen, false, true, now.AddDate(0, 0, 5), 0},
		"after one that was done":         {change, task(manual.StateDone, manual.ActionChange), manual.StateOpen, true, true, now.AddDate(0, 0, 5), 0},
		"nothing, and one open":           {nothing, task(manual.StateOpen, manual.ActionChange), manual.StateWithdrawn, false, true, now.Add(time.Hour), 0},
		"nothing, and one done":           {nothing, task(manual.StateDone, manual.ActionChange), manual.StateDone, false, false, now.Add(time.Hour), 1},
		"nobody knows what is needed now": {manual.Need{}, task(manual.StateOpen, manual.ActionChange), manual.StateOpen, false, false, now.Add(time.Hour), 1},
	} {
		got, isNew, changed := c.need.Follow(c.latest, now)
		if got.State != c.state || isNew != c.isNew || changed != c.changed || !got.Due.Equal(c.due) || got.Step != c.step {
			t.Errorf("%s: state %s due %s step %d, new %t, changed %t", name, got.State, got.Due, got.Step, isNew, changed)
		}
		if changed && !isNew && got.Revision != 4 {
			t.Errorf("%s: revision %d does not tell of the change", name, got.Revision)
		}
	}
}

// An app's own terms are days; what makes no sense is refused.
func TestSettings(t *testing.T) {
	t.Parallel()
	if terms := (manual.Settings{}).Terms(); terms.Grace != 72*time.Hour || terms.Escalate != 72*time.Hour {
		t.Errorf("terms %+v", terms)
	}
	if terms := (manual.Settings{GraceDays: 1, EscalateDays: 14}).Terms(); terms.Grace != 24*time.Hour || terms.Escalate != 14*24*time.Hour {
		t.Errorf("terms %+v", terms)
	}
	for _, s := range []manual.Settings{{GraceDays: -1}, {EscalateDays: 1000}} {
		if s.Check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}
