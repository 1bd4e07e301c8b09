package resources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/resources/filter"
)

// op makes an operation with a path, as package scim does.
func op(t testing.TB, kind Op, path, value string) Operation {
	t.Helper()
	p, err := filter.ParsePath(expand(path))
	if err != nil {
		t.Fatalf("path %s: %v", path, err)
	}
	o := Operation{Op: kind, Path: p}
	if value != "" {
		in, err := DecodeObject([]byte(`{"v":` + expand(value) + `}`))
		if err != nil {
			t.Fatalf("value %s: %v", value, err)
		}
		o.Value = in["v"]
	}
	return o
}

// lenient is an operation of a path-less value object.
func lenient(o Operation) Operation {
	o.Lenient = true
	return o
}

const someone = `{"userName":"b","title":"T","name":{"givenName":"G","familyName":"F"},"active":true,
	"emails":[{"value":"w@x.fr","type":"work","primary":true},{"value":"h@x.fr","type":"home"}],
	"roles":[{"value":"r1"},{"value":"r2","display":"R"}],
	"ENT":{"department":"d","manager":{"value":"m"}},"OWN":{"kind":"employee"}}`

// RFC 7644 §3.5.2 and clients.md Q30 to Q42: what one operation does to a User. want is how the result differs from
// someone: the attributes given have those values, null ones are gone.
func TestModify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		kind        Op
		path, value string
		want        string
	}{
		{"Q41: add to a singular replaces", OpAdd, "title", `"U"`, `{"title":"U"}`},
		{"Q41: replace of an absent one adds", OpReplace, "nickName", `"N"`, `{"nickName":"N"}`},
		{"Q41: remove of an absent one", OpRemove, "nickName", ``, `{}`},
		{"remove", OpRemove, "TITLE", ``, `{"title":null}`},
		{"replace by null clears", OpReplace, "title", `null`, `{"title":null}`},
		{"add of null is nothing", OpAdd, "title", `null`, `{}`},
		{"Entra: a boolean as text", OpReplace, "active", `"False"`, `{"active":false}`},
		{"Q30: dotted", OpReplace, "name.givenName", `"X"`, `{"name":{"givenName":"X","familyName":"F"}}`},
		{"Q38: replace of a complex keeps what it does not name", OpReplace, "name", `{"GivenName":"X","formatted":"X F"}`,
			`{"name":{"givenName":"X","familyName":"F","formatted":"X F"}}`},
		{"a null sub-attribute goes", OpReplace, "name", `{"givenName":null}`, `{"name":{"familyName":"F"}}`},
		{"replace of a complex by nothing", OpReplace, "name", `{}`, `{}`},
		{"remove a sub-attribute", OpRemove, "name.givenName", ``, `{"name":{"familyName":"F"}}`},
		{"remove a complex", OpRemove, "name", ``, `{"name":null}`},
		{"core URN", OpReplace, "CORE:title", `"U"`, `{"title":"U"}`},
		{"core URN as a path", OpReplace, "CORE", `{"title":"U"}`, `{"title":"U"}`},
		{"row 35: extension attribute", OpReplace, "ENT:department", `"e"`, `{"ENT":{"department":"e","manager":{"value":"m"}}}`},
		{"Q23: without URN", OpReplace, "department", `"e"`, `{"ENT":{"department":"e","manager":{"value":"m"}}}`},
		{"row 35: whole extension", OpReplace, "ENT", `{"division":"v"}`, `{"ENT":{"department":"d","division":"v","manager":{"value":"m"}}}`},
		{"row 35: whole extension removed", OpRemove, "ENT", ``, `{"ENT":null}`},
		{"last attribute of an extension removed", OpRemove, "OWN:kind", ``, `{"OWN":null}`},

		{"Q36: manager as text", OpAdd, "ENT:manager", `"n"`, `{"ENT":{"department":"d","manager":{"value":"n"}}}`},
		{"Q36: manager as object", OpReplace, "ENT:manager", `{"value":"n"}`, `{"ENT":{"department":"d","manager":{"value":"n"}}}`},
		{"Q36: manager as list, short path", OpAdd, "manager", `[{"$ref":"x","value":"n"}]`, `{"ENT":{"department":"d","manager":{"value":"n"}}}`},
		{"Q36: manager.value", OpReplace, "ENT:manager.value", `"n"`, `{"ENT":{"department":"d","manager":{"value":"n"}}}`},
		{"Q36: dotted after the URN", OpReplace, "ENT.manager", `"n"`, `{"ENT":{"department":"d","manager":{"value":"n"}}}`},
		{"Q36: managerId", OpReplace, "ENT:manager", `{"managerId":"n"}`, `{"ENT":{"department":"d","manager":{"value":"n"}}}`},
		{`Q36: manager ""`, OpAdd, "ENT:manager", `""`, `{"ENT":{"department":"d"}}`},
		{"Q36: manager null", OpReplace, "ENT:manager", `null`, `{"ENT":{"department":"d"}}`},
		{"Q36: manager {}", OpReplace, "ENT:manager", `{}`, `{"ENT":{"department":"d"}}`},
		{`Q36: manager {"value":""}`, OpAdd, "ENT:manager", `{"value":""}`, `{"ENT":{"department":"d"}}`},
		{"Q36: manager {value:null}", OpReplace, "ENT:manager", `{"value":null}`, `{"ENT":{"department":"d"}}`},
		{"Q36: remove manager.value", OpRemove, "ENT:manager.value", ``, `{"ENT":{"department":"d"}}`},

		{"add appends", OpAdd, "roles", `[{"value":"r3"}]`, `{"roles":[{"value":"r1"},{"value":"r2","display":"R"},{"value":"r3"}]}`},
		{"Q40: add of one, not in a list", OpAdd, "roles", `{"value":"r3"}`, `{"roles":[{"value":"r1"},{"value":"r2","display":"R"},{"value":"r3"}]}`},
		{"row 33: add of what is there", OpAdd, "roles", `[{"value":"R1"},"r2","r2"]`, `{"roles":[{"value":"R1"},{"value":"r2","display":"R"}]}`},
		{"replace of a list", OpReplace, "roles", `["r9"]`, `{"roles":[{"value":"r9"}]}`},
		{"replace of a list by []", OpReplace, "roles", `[]`, `{"roles":null}`},
		{"replace of a list by empty text", OpReplace, "roles", `""`, `{"roles":null}`},
		{"add of [] is nothing", OpAdd, "roles", `[]`, `{}`},
		{"row 24: a new primary flips the others", OpAdd, "emails", `[{"value":"n@x.fr","primary":true}]`,
			`{"emails":[{"value":"w@x.fr","type":"work","primary":false},{"value":"h@x.fr","type":"home"},{"value":"n@x.fr","primary":true}]}`},
		{"row 24: by value path too", OpReplace, `emails[type eq "home"].primary`, `true`,
			`{"emails":[{"value":"w@x.fr","type":"work","primary":false},{"value":"h@x.fr","type":"home","primary":true}]}`},
		{"row 24: an earlier one takes it back", OpAdd, "emails", `[{"value":"W@x.fr","type":"work","primary":true}]`,
			`{"emails":[{"value":"W@x.fr","type":"work","primary":true},{"value":"h@x.fr","type":"home"}]}`},
		{"Q32: remove with a list takes those", OpRemove, "roles", `[{"value":"R1","$ref":null}]`, `{"roles":[{"value":"r2","display":"R"}]}`},
		{"Q33: remove with an empty list takes none", OpRemove, "roles", `[]`, `{}`},
		{"remove all", OpRemove, "roles", ``, `{"roles":null}`},

		{"value path replace", OpReplace, `emails[type eq "work"].value`, `"n@x.fr"`,
			`{"emails":[{"value":"n@x.fr","type":"work","primary":true},{"value":"h@x.fr","type":"home"}]}`},
		{"value path on the whole value merges", OpReplace, `emails[type eq "work"]`, `{"value":"n@x.fr"}`,
			`{"emails":[{"value":"n@x.fr","type":"work","primary":true},{"value":"h@x.fr","type":"home"}]}`},
		{"value path remove", OpRemove, `emails[type eq "WORK"]`, ``, `{"emails":[{"value":"h@x.fr","type":"home"}]}`},
		{"value path remove of a sub-attribute", OpRemove, `roles[value eq "r2"].display`, ``, `{"roles":[{"value":"r1"},{"value":"r2"}]}`},
		{"value path remove of the value", OpRemove, `emails[type eq "work"].value`, ``, `{"emails":[{"value":"h@x.fr","type":"home"}]}`},
		{"value path replace by empty text", OpReplace, `emails[type eq "work"].value`, `""`, `{"emails":[{"value":"h@x.fr","type":"home"}]}`},
		{"last value removed", OpRemove, `roles[value sw "r"]`, ``, `{"roles":null}`},
		{"remove without a match", OpRemove, `emails[type eq "other"]`, ``, `{}`},
		{"Q31: replace creates", OpReplace, `phoneNumbers[type eq "fax"].value`, `"1"`, `{"phoneNumbers":[{"type":"fax","value":"1"}]}`},
		{"Q31: add creates, siblings stay", OpAdd, `emails[type eq "other"].value`, `"o@x.fr"`,
			`{"emails":[{"value":"w@x.fr","type":"work","primary":true},{"value":"h@x.fr","type":"home"},{"type":"other","value":"o@x.fr"}]}`},
		{"Q31: with all the terms", OpAdd, `addresses[type eq "work" and primary eq true].country`, `"FR"`,
			`{"addresses":[{"type":"work","primary":true,"country":"FR"}]}`},
		{"row 32: Entra's quoted boolean", OpAdd, `roles[primary eq "True"].display`, `"P"`,
			`{"roles":[{"value":"r1"},{"value":"r2","display":"R"},{"primary":true,"display":"P"}]}`},
		{"Q31: nothing to write creates nothing", OpReplace, `phoneNumbers[type eq "fax"].value`, `""`, `{}`},
		{"a sub-attribute of all values", OpReplace, `roles.type`, `"t"`,
			`{"roles":[{"value":"r1","type":"t"},{"value":"r2","display":"R","type":"t"}]}`},
		{"values that become one", OpReplace, `roles.value`, `"r"`, `{"roles":[{"value":"r","display":"R"}]}`},

		{"Q13: password", OpReplace, "password", `"secret"`, `{}`},
		{"schemas", OpAdd, "schemas", `["urn:x"]`, `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := modified(t, Switches{}, op(t, tt.kind, tt.path, tt.value))
			wantDifference(t, got.doc, tt.want)
			if got.ignored != nil {
				t.Errorf("ignored %v", got.ignored)
			}
		})
	}
}

// modified applies operations to someone.
func modified(t *testing.T, s Switches, ops ...Operation) *draft {
	t.Helper()
	d, err := tryModify(t, s, ops...)
	if err != nil {
		t.Fatal(err)
	}
	wantNormal(t, d)
	return d
}

func tryModify(t *testing.T, s Switches, ops ...Operation) (*draft, error) {
	t.Helper()
	before, err := build(t, TypeUser, Switches{}, expand(someone))
	if err != nil {
		t.Fatal(err)
	}
	body := string(marshal(before.doc))
	d := newDraft(before.rt, s, before.doc)
	for _, o := range ops {
		if err = d.apply(o); err != nil {
			break
		}
	}
	if err == nil {
		err = d.finish()
	}
	if after := string(marshal(before.doc)); after != body {
		t.Errorf("the stored document was written to: %s, before %s", after, body)
	}
	return d, err
}

func wantDifference(t *testing.T, got Document, difference string) {
	t.Helper()
	before, err := build(t, TypeUser, Switches{}, expand(someone))
	if err != nil {
		t.Fatal(err)
	}
	in, err := DecodeObject([]byte(expand(difference)))
	if err != nil {
		t.Fatal(err)
	}
	want := before.doc
	for k, v := range in {
		want[k] = v
		if v == nil {
			delete(want, k)
		}
	}
	want["schemas"] = got["schemas"]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestModify_refuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		kind         Op
		path, value  string
		fault        error
		where, tells string
	}{
		{"Q39: remove required", OpRemove, "userName", ``, ErrMutability, "userName", "required"},
		{"replace required by nothing", OpReplace, "userName", `null`, ErrInvalidValue, "userName", "required"},
		{"Q39: read-only", OpReplace, "id", `"1"`, ErrMutability, "id", "read-only"},
		{"read-only meta", OpRemove, "meta", ``, ErrMutability, "meta", "read-only"},
		{"read-only groups", OpAdd, "groups", `[{"value":"g"}]`, ErrMutability, "groups", "read-only"},
		{"read-only sub-attribute", OpReplace, "ENT:manager.displayName", `"x"`, ErrMutability, "ENT:manager.displayName", "read-only"},
		{"hold cannot be cleared", OpRemove, "OWN:hold", ``, ErrMutability, "OWN:hold", "read-only"},
		{"hold cannot be set", OpAdd, "OWN:hold", `"x"`, ErrMutability, "OWN:hold", "read-only"},
		{"unknown attribute", OpReplace, "favourite", `1`, ErrInvalidPath, "favourite", "no attribute"},
		{"unknown sub-attribute", OpReplace, "name.pet", `1`, ErrInvalidPath, "name.pet", "no sub-attribute"},
		{"unknown sub-attribute of a value", OpReplace, `emails[type eq "work"].pet`, `1`, ErrInvalidPath, `emails[type eq "work"].pet`, "no sub-attribute"},
		{"unknown attribute in a filter", OpReplace, `emails[pet eq "x"].value`, `"v"`, ErrInvalidFilter, `emails[pet]`, "no sub-attribute"},
		{"wrong type", OpReplace, "active", `"maybe"`, ErrInvalidValue, "active", `"maybe"`},
		{"filter on one value", OpReplace, `name[givenName eq "x"].familyName`, `"v"`, ErrInvalidPath, `name[givenName eq "x"].familyName`, "has one value"},
		{"Q31: replace without match or eq terms", OpReplace, `emails[type ne "work" and type ne "home"].value`, `"v"`,
			ErrNoTarget, `emails[type ne "work" and type ne "home"].value`, "No value of emails"},
		{"Q31: either-or", OpAdd, `emails[type eq "a" or type eq "b"].value`, `"v"`, ErrNoTarget, `emails[type eq "a" or type eq "b"].value`, "No value"},
		{"Q31: terms that contradict", OpAdd, `emails[type eq "a" and type eq "b"].value`, `"v"`, ErrNoTarget, `emails[type eq "a" and type eq "b"].value`, "No value"},
		{"core schema as a whole", OpRemove, "CORE", ``, ErrMutability, "CORE", "cannot be removed"},
		{"unknown op", Op("move"), "title", `"x"`, ErrInvalidSyntax, "op", "move"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tryModify(t, Switches{}, op(t, tt.kind, tt.path, tt.value))
			wantFault(t, err, tt.fault, tt.where, tt.tells)
		})
	}
}

// Q30, Q39, Q06: keys of a value object without path. Read-only ones are passed over, unknown ones reported.
func TestModify_withoutPath(t *testing.T) {
	t.Parallel()
	got := modified(t, Switches{},
		lenient(op(t, OpReplace, "id", `"x"`)),
		lenient(op(t, OpReplace, "meta", `{}`)),
		lenient(op(t, OpReplace, "OWN:hold", `"x"`)),
		lenient(op(t, OpReplace, "schemas", `[]`)),
		lenient(op(t, OpReplace, "favourite", `1`)),
		lenient(op(t, OpReplace, "name", `{"givenName":"X","pet":"p"}`)),
		lenient(op(t, OpReplace, "name.familyName", `"Y"`)),
		lenient(op(t, OpReplace, "ENT:employeeNumber", `"7"`)),
		lenient(op(t, OpReplace, "OWN", `{"post":"p@x.fr","hold":"x"}`)),
		lenient(op(t, OpReplace, `emails[type eq "work"].value`, `"n@x.fr"`)),
	)
	wantDifference(t, got.doc, `{"name":{"givenName":"X","familyName":"Y"},
		"ENT":{"department":"d","manager":{"value":"m"},"employeeNumber":"7"},"OWN":{"kind":"employee","post":"p@x.fr"},
		"emails":[{"value":"n@x.fr","type":"work","primary":true},{"value":"h@x.fr","type":"home"}]}`)
	if diff := cmp.Diff([]string{"favourite", "name.pet"}, got.ignored); diff != "" {
		t.Error(diff)
	}
	_, err := tryModify(t, Switches{StrictAttributes: true}, lenient(op(t, OpReplace, "favourite", `1`)))
	wantFault(t, err, ErrInvalidSyntax, "favourite", "no attribute")
}

// Q37: several operations on one attribute apply in order.
func TestModify_inOrder(t *testing.T) {
	t.Parallel()
	got := modified(t, Switches{},
		op(t, OpRemove, "roles", ``),
		op(t, OpAdd, "roles", `["a"]`),
		op(t, OpAdd, "roles", `["b"]`),
		op(t, OpReplace, `roles[value eq "a"].display`, `"A"`),
		op(t, OpReplace, "title", `"1"`),
		op(t, OpReplace, "title", `"2"`),
	)
	wantDifference(t, got.doc, `{"roles":[{"value":"a","display":"A"},{"value":"b"}],"title":"2"}`)
}

// PATCH of externalId, which lives beside the document.
func TestModify_externalID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind  Op
		value string
		want  string
	}{{OpAdd, `"e"`, "e"}, {OpReplace, `["e"]`, "e"}, {OpReplace, `null`, ""}, {OpReplace, `""`, ""}, {OpRemove, ``, ""}} {
		got := modified(t, Switches{}, op(t, tt.kind, "externalId", tt.value))
		if got.externalID == nil || *got.externalID != tt.want {
			t.Errorf("%s %s: externalId %v, want %q", tt.kind, tt.value, got.externalID, tt.want)
		}
		wantDifference(t, got.doc, `{}`)
	}
	_, err := tryModify(t, Switches{}, op(t, OpAdd, "externalId", `7`))
	wantFault(t, err, ErrInvalidValue, "externalId", "not 7")
}

// The paths that audit entries name.
func TestDifference(t *testing.T) {
	t.Parallel()
	got := modified(t, Switches{}, op(t, OpReplace, "name.givenName", `"X"`), op(t, OpRemove, "ENT:manager", ``),
		op(t, OpAdd, "emails", `["n@x.fr"]`), op(t, OpReplace, "title", `"T"`))
	before, err := build(t, TypeUser, Switches{}, expand(someone))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"emails", "name.givenName", SchemaEnterprise + ":manager.value"}
	if diff := cmp.Diff(want, got.rt.difference(before.doc, got.doc)); diff != "" {
		t.Error(diff)
	}
	if paths := got.rt.difference(before.doc, before.doc); paths != nil {
		t.Errorf("a document differs from itself in %v", paths)
	}
}

// Whatever the operation, the result is refused or valid and in normal form, and the stored document is not touched.
func FuzzModify(f *testing.F) {
	for _, s := range []string{
		"add\nemails[type eq \"work\"].value\n\"x\"", "replace\nroles\n[\"a\",{\"value\":\"A\",\"primary\":\"true\"}]",
		"remove\nmembers[value eq \"x\" or display co \"y\"]\nnull", "add\nmembers\n[\"x\",{\"members\":[\"y\"]}]",
		"replace\n" + SchemaEnterprise + ":manager\n{\"value\":\"\"}", "replace\n" + SchemaOwnership + "\n{\"kind\":\"Client\"}",
		"remove\naddresses[not (type pr)]\n[]", "add\naddresses[primary eq true and type eq \"x\"]\n{\"country\":\"FR\"}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind, rest, _ := strings.Cut(text, "\n")
		path, value, _ := strings.Cut(rest, "\n")
		p, err := filter.ParsePath(path)
		if err != nil {
			return
		}
		in, err := DecodeObject([]byte(`{"v":` + value + `}`))
		if err != nil {
			return
		}
		before := fmt.Sprint(in)
		for typ, stored := range map[string]string{TypeUser: someone, TypeGroup: `{"displayName":"g"}`} {
			from, err := build(t, typ, Switches{}, expand(stored))
			if err != nil {
				t.Fatal(err)
			}
			body := string(marshal(from.doc))
			for _, isLenient := range []bool{false, true} {
				d := newDraft(from.rt, Switches{}, from.doc)
				if d.apply(Operation{Op: Op(kind), Path: p, Value: in["v"], Lenient: isLenient}) != nil || d.finish() != nil {
					continue
				}
				wantNormal(t, d)
				if d.members != nil {
					_, _ = d.members.change("g", map[string]string{"x": TypeUser}, []Member{{ID: "x", Type: TypeUser}}, d.work)
				}
			}
			if string(marshal(from.doc)) != body || fmt.Sprint(in) != before {
				t.Error("the stored document or the input was written to")
			}
		}
	})
}
