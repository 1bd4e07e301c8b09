package push

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/push/profiles"
)

const ext = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// RFC 7644 §3.5.2: the least PATCH.
func TestDifference(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ form, written, want, ops string }{
		"nothing":                 {"paths", `{"userName":"a","schemas":["x"]}`, `{"userName":"a","schemas":["x","y"]}`, `null`},
		"replace":                 {"paths", `{"userName":"a"}`, `{"userName":"b"}`, `[{"op":"replace","path":"userName","value":"b"}]`},
		"add":                     {"paths", `{}`, `{"title":"b"}`, `[{"op":"add","path":"title","value":"b"}]`},
		"nothing known":           {"paths", `null`, `{"title":"b"}`, `[{"op":"replace","path":"title","value":"b"}]`},
		"remove":                  {"paths", `{"title":"b"}`, `{}`, `[{"op":"remove","path":"title"}]`},
		"false":                   {"paths", `{"active":true}`, `{"active":false}`, `[{"op":"replace","path":"active","value":false}]`},
		"sub-attributes":          {"paths", `{"name":{"givenName":"a","middleName":"m"}}`, `{"name":{"givenName":"b","familyName":"f"}}`, `[{"op":"add","path":"name.familyName","value":"f"},{"op":"replace","path":"name.givenName","value":"b"},{"op":"remove","path":"name.middleName"}]`},
		"new complex":             {"paths", `{}`, `{"name":{"givenName":"a"}}`, `[{"op":"add","path":"name","value":{"givenName":"a"}}]`},
		"multi-valued as a whole": {"paths", `{"emails":[{"value":"a"},{"value":"b"}]}`, `{"emails":[{"value":"b"}]}`, `[{"op":"replace","path":"emails","value":[{"value":"b"}]}]`},
		"extension":               {"paths", `{"` + ext + `":{"department":"a"}}`, `{"` + ext + `":{"department":"b"}}`, `[{"op":"replace","path":"` + ext + `:department","value":"b"}]`},
		"extension goes":          {"paths", `{"` + ext + `":{"department":"a"}}`, `{}`, `[{"op":"remove","path":"` + ext + `:department"}]`},
		"manager changes":         {"paths", `{"` + ext + `":{"manager":{"value":"1"}}}`, `{"` + ext + `":{"manager":{"value":"2"}}}`, `[{"op":"replace","path":"` + ext + `:manager.value","value":"2"}]`},
		"object": {"object", `{"title":"t","name":{"givenName":"a"},"` + ext + `":{"department":"a","costCenter":"1"}}`,
			`{"name":{"givenName":"b"},"` + ext + `":{"department":"b","costCenter":"1"}}`,
			`[{"op":"remove","path":"title"},{"op":"replace","value":{"name":{"givenName":"b"},"` + ext + `":{"department":"b"}}}]`},
	} {
		written, err := decodeFields([]byte(c.written))
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeFields([]byte(c.want))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(difference(profiles.Profile{PatchForm: c.form}, written, want))
		if diff := cmp.Diff(normal(t, c.ops), normal(t, string(got))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func normal(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMemberOperationsByProfile(t *testing.T) {
	t.Parallel()
	changes := memberChanges(map[string]int64{"a": 1, "b": 1, "c": 1}, map[string]int64{"b": 1, "c": 2, "d": 1})
	for form, want := range map[string]string{
		"filter": `[{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"c"},{"value":"d"}]}]`,
		"value":  `[{"op":"remove","path":"members","value":[{"value":"a"}]},{"op":"add","path":"members","value":[{"value":"c"},{"value":"d"}]}]`,
	} {
		got, _ := json.Marshal(memberOperations(profiles.Members{Remove: form}, changes))
		if diff := cmp.Diff(normal(t, want), normal(t, string(got))); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
	}
}

func TestChunksKeepBothLimits(t *testing.T) {
	t.Parallel()
	sent := map[string]int64{}
	want := map[string]int64{}
	for i := range 250 {
		sent[string(rune('a'+i))] = 1
		want[string(rune(1000+i))] = 1
	}
	changes := memberChanges(sent, want)
	for _, m := range []profiles.Members{{PerCall: 100, OperationsPerCall: 100, Remove: "filter"}, {PerCall: 100, OperationsPerCall: 2, Remove: "filter"},
		{PerCall: 1, OperationsPerCall: 2, Remove: "filter"}, {PerCall: 7, OperationsPerCall: 100, Remove: "value"}} {
		n := 0
		for _, chunk := range chunked(m, changes) {
			n += len(chunk)
			if ops := memberOperations(m, chunk); len(chunk) > m.PerCall || len(ops) > m.OperationsPerCall {
				t.Errorf("%+v: a call with %d changes in %d operations", m, len(chunk), len(ops))
			}
		}
		if n != len(changes) {
			t.Errorf("%+v: %d changes sent of %d", m, n, len(changes))
		}
	}
}
