package resources_test

import (
	"testing"

	"proprio/resources"
)

// A reference is found in a Body where it is one, in the form of either database, and nowhere else: not in a text that
// looks like one, not in a list, not under another key.
func TestReferencesAreFoundInABody(t *testing.T) {
	t.Parallel()
	const id = "0198-a"
	for _, c := range []struct {
		body  string
		found bool // by name
		quick bool // by id too
	}{
		{`{"urn:x":{"manager":{"value":"0198-a"}},"z":1}`, true, true},
		{`{"urn:x": {"manager": {"value": "0198-a"}}, "z": 1}`, true, true},
		{`{"manager":{"value":"0198-a"},"title":"0198-a"}`, true, true},
		{`{"title":"0198-a 0198-a","manager":{"value":"0198-a"}}`, true, true},
		{`{"manager":{"displayName":"x","value":"0198-a"}}`, true, false},
		{`{"manager":{"value":"0198-a","displayName":"x"}}`, true, false},
		{`{"title":"\"manager\":{\"value\":\"0198-a\"}"}`, false, false},
		{`{"title":"manager","nickName":"0198-a"}`, false, false},
		{`{"manager":{"value":"0198-b"}}`, false, false},
		{`{"lineManager":{"value":"0198-a"}}`, false, false},
		{`{"manager":[{"value":"0198-a"}]}`, false, false},
		{`{"manager":"0198-a"}`, false, false},
		{`{}`, false, false},
		{``, false, false},
	} {
		r, ok := resources.FindReference([]byte(c.body), "manager")
		if ok = ok && r.ID == id; ok != c.found {
			t.Errorf("%s: found %v, want %v", c.body, ok, c.found)
		}
		quick := false
		resources.FindReferencesTo([]byte(c.body), id, func(name []byte, byID resources.Reference) {
			if string(name) != "manager" {
				return
			}
			if quick = true; byID != r || c.body[byID.End] != '}' {
				t.Errorf("%s: by id %+v, by name %+v", c.body, byID, r)
			}
		})
		if quick != c.quick {
			t.Errorf("%s: found by id %v, want %v", c.body, quick, c.quick)
		}
	}
}
