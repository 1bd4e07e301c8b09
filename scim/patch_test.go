package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/resources"
)

var options = patchOptions{operations: 1000}

// Every dialect of a PATCH body becomes operations with a path. An operation is written here as "op path value", with
// ? behind the op where it is lenient.
func TestPatchDialects(t *testing.T) {
	t.Parallel()
	const ext = resources.SchemaEnterprise
	cases := []struct {
		name string
		typ  string
		body string
		want []string
	}{
		{"RFC 7644 §3.5.2", "User", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"nickName","value":"Babs"}]}`,
			[]string{`add nickName "Babs"`}},
		{"Q01 keys, operations and schemas in any letter case", "User", `{"Schemas":["URN:ietf:params:scim:api:messages:2.0:patchop"],"operations":[{"OP":"Replace","Path":"active","VALUE":"False"}]}`,
			[]string{`replace active "False"`}},
		{"Q04 schemas missing", "User", `{"Operations":[{"op":"remove","path":"title"}]}`, []string{`remove title null`}},
		{"Q30 an object without path", "User", `{"Operations":[{"op":"replace","value":{"active":false}}]}`, []string{`replace? active false`}},
		{"Q30 a nested object stays whole", "User", `{"Operations":[{"op":"add","value":{"name":{"givenName":"A","familyName":"B"}}}]}`,
			[]string{`add? name {"familyName":"B","givenName":"A"}`}},
		{"Q30 dotted, URN and value-path keys mixed", "User", `{"Operations":[{"op":"replace","value":{"displayName":"x","name.givenName":"y","` + ext + `:employeeNumber":"7","emails[type eq \"work\"].value":"e@x.example"}}]}`,
			[]string{`replace? displayName "x"`, `replace? emails[type eq "work"].value "e@x.example"`, `replace? name.givenName "y"`, `replace? ` + ext + `:employeeNumber "7"`}},
		{"Q30 an extension as a key", "User", `{"Operations":[{"op":"add","value":{"` + ext + `":{"department":"D"}}}]}`,
			[]string{`add? ` + ext + ` {"department":"D"}`}},
		{"a path that is a whole extension", "User", `{"Operations":[{"op":"remove","path":"` + ext + `"}]}`, []string{`remove ` + ext + ` null`}},
		{"Q06 a key that is no name is kept, to be reported", "User", `{"Operations":[{"op":"replace","value":{"shoe size":44,"a.b.c":1,"http://x/y:z":2,"prénom":"A"}}]}`,
			[]string{`replace? a.b.c 1`, `replace? http://x/y:z 2`, `replace? prénom "A"`, `replace? shoe size 44`}},
		{"an empty path is none", "User", `{"Operations":[{"op":"replace","path":"","value":{"title":"t"}}]}`, []string{`replace? title "t"`}},
		{"an empty object does nothing", "User", `{"Operations":[{"op":"replace","value":{}}]}`, nil},
		{"null is a value", "User", `{"Operations":[{"op":"replace","path":"title","value":null}]}`, []string{`replace title null`}},
		{"Q32 members by a list (Entra)", "Group", `{"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u"}]}]}`,
			[]string{`remove members [{"$ref":null,"value":"u"}]`}},
		{"Q32 members nested in members (Salesforce)", "Group", `{"Operations":[{"op":"remove","path":"members","value":{"members":[{"value":"u"}]}}]}`,
			[]string{`remove members [{"value":"u"}]`}},
		{"Q32 members by a filter", "Group", `{"Operations":[{"op":"remove","path":"members[value eq \"u\" or value eq \"v\"]"}]}`,
			[]string{`remove members[value eq "u" or value eq "v"] null`}},
		{"Q37 in the order of the request", "Group", `{"Operations":[{"op":"remove","path":"members[value eq \"u\"]"},{"op":"add","path":"members","value":[{"value":"v"}]}]}`,
			[]string{`remove members[value eq "u"] null`, `add members [{"value":"v"}]`}},
		{"Okta sends the id", "Group", `{"Operations":[{"op":"replace","value":{"id":"g","displayName":"n"}}]}`,
			[]string{`replace? displayName "n"`, `replace? id "g"`}},
	}
	registry := resources.NewRegistry()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body, err := resources.DecodeObject([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			ops, err := decodePatch(registry.Type(c.typ), body, options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, written(ops)); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
		})
	}
}

func written(ops []resources.Operation) []string {
	var all []string
	for _, o := range ops {
		lenient := ""
		if o.Lenient {
			lenient = "?"
		}
		value, _ := json.Marshal(o.Value)
		all = append(all, fmt.Sprintf("%s%s %s %s", o.Op, lenient, o.Path, value))
	}
	return all
}

// Q42: the limit is on the operations of the request, and is named.
func TestQ42AsManyOperationsAsTheLimit(t *testing.T) {
	t.Parallel()
	list := make([]any, 3)
	for i := range list {
		list[i] = map[string]any{"op": "add", "path": "title", "value": "x"}
	}
	rt := resources.NewRegistry().Type("User")
	if ops, err := decodePatch(rt, map[string]any{"Operations": list}, patchOptions{operations: 3}); err != nil || len(ops) != 3 {
		t.Errorf("three of three: %v, %v", ops, err)
	}
	if _, err := decodePatch(rt, map[string]any{"Operations": list}, patchOptions{operations: 2}); !errors.Is(err, resources.ErrTooLarge) {
		t.Errorf("three of two: %v", err)
	}
}

// Whatever is sent, decoding a PATCH gives operations that are whole, or a domain error; never a panic, and the same
// each time.
func FuzzDecodePatch(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[{"op":"add","path":"members","value":[{"value":"u"}]}]}`,
		`{"Operations":[{"op":"replace","value":{"name.givenName":"y","emails[type eq \"work\"].value":"z"}}]}`,
		`{"operations":[{"OP":"Remove","path":"members","value":{"members":[]}}]}`,
		`{"schemas":[7],"Operations":[null]}`, `{"Operations":[{"op":"add","path":"urn:","value":[]}]}`,
		`{"Operations":[{"op":"replace","path":"` + resources.SchemaEnterprise + `:","value":{"manager":null}}]}`,
		`{"Operations":[{"op":"add","path":"a[b eq","value":1}]}`, `{"Operations":[{"op":"add","value":{"":1}}]}`,
	} {
		f.Add(seed)
	}
	registry := resources.NewRegistry()
	f.Fuzz(func(t *testing.T, text string) {
		body, err := resources.DecodeObject([]byte(text))
		if err != nil {
			return
		}
		for _, rt := range registry.Types() {
			ops, err := decodePatch(rt, body, options)
			if err != nil {
				var e *resources.Error
				if !errors.As(err, &e) || wireError(err, "").Status/100 != 4 || e.Detail == "" {
					t.Fatalf("error that is not the client's: %v", err)
				}
				continue
			}
			for _, o := range ops {
				if o.Path.AttributePath.AttributeName == "" || (o.Op != resources.OpAdd && o.Op != resources.OpRemove && o.Op != resources.OpReplace) {
					t.Fatalf("operation %+v", o)
				}
			}
			if again, err := decodePatch(rt, body, options); err != nil || !reflect.DeepEqual(written(again), written(ops)) {
				t.Fatalf("decoded twice: %v and %v (%v)", written(ops), written(again), err)
			}
		}
	})
}
