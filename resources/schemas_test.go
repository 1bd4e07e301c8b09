package resources

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"

	"proprio/resources/filter"
)

// protocol.md 1.2: what the verified errata change in the published schemas.
func TestSchemas_errata(t *testing.T) {
	t.Parallel()
	user, group := registry.Type(TypeUser), registry.Type(TypeGroup)
	if !group.Attribute("displayName").Required {
		t.Error("erratum 5368: Group.displayName is required")
	}
	if !user.Attribute(SchemaEnterprise + ":manager.value").CaseExact {
		t.Error("erratum 8472: manager.value is caseExact")
	}
	if got := user.Attribute("groups.$ref").References; !slices.Equal(got, []string{"Group"}) {
		t.Errorf("erratum 8471: groups.$ref refers to %v", got)
	}
	if group.Attribute("members").SubAttribute("display") == nil {
		t.Error("erratum 6011: members have display")
	}
	if _, err := filter.ParsePath("members.$ref"); err != nil {
		t.Errorf("erratum 8924: $ref is the name of an attribute: %v", err)
	}
	for _, s := range registry.Schemas() {
		published, err := json.Marshal(registry.SchemaDocument(s))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(published), "USA") {
			t.Errorf("erratum 5990: %s writes USA where the country is US", s.ID)
		}
		attributes, _ := registry.SchemaDocument(s)["attributes"].([]map[string]any)
		for _, a := range attributes {
			if a["type"] == "complex" && a["uniqueness"] != nil {
				t.Errorf("erratum 6004: %s is complex and has a uniqueness", a["name"])
			}
		}
	}
	for _, rt := range registry.Types() {
		for _, a := range rt.all() {
			if a.Kind == KindReference && !a.CaseExact {
				t.Errorf("erratum 6001: %s is a reference, so it is caseExact", a)
			}
			for _, sub := range a.Sub {
				if sub.Kind == KindComplex {
					t.Errorf("erratum 8415: %s nests deeper than two levels", sub)
				}
			}
		}
	}
}

// Row 10: what is published is what is enforced.
func TestSchemas_characteristics(t *testing.T) {
	t.Parallel()
	user, group := registry.Type(TypeUser), registry.Type(TypeGroup)
	if a := user.Attributes(); slices.ContainsFunc(a, func(a *Attribute) bool { return a.Name == "password" }) {
		t.Error("row 14: the published User has no password")
	}
	for path, want := range map[string][4]string{ // mutability, returned, uniqueness, caseExact
		"schemas":                          {"readOnly", "always", "none", "true"},
		"id":                               {"readOnly", "always", "server", "true"},
		"externalId":                       {"readWrite", "default", "none", "true"},
		"meta.version":                     {"readOnly", "default", "none", "true"},
		"userName":                         {"readWrite", "default", "server", "false"},
		"groups":                           {"readOnly", "default", "none", "false"},
		SchemaEnterprise + ":manager.$ref": {"readWrite", "default", "none", "true"},
		SchemaOwnership + ":kind":          {"readWrite", "default", "none", "false"},
		SchemaOwnership + ":hold":          {"readOnly", "default", "none", "false"},
		SchemaOwnership + ":sponsor.value": {"readWrite", "default", "none", "true"},
	} {
		a := user.Attribute(path)
		if got := [4]string{a.Mutability, a.Returned, a.Uniqueness, map[bool]string{true: "true", false: "false"}[a.CaseExact]}; got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if a := group.Attribute("displayName"); a.Uniqueness != "server" {
		t.Errorf("Group.displayName: uniqueness %s", a.Uniqueness)
	}
	if a := group.Attribute("members.value"); a.Mutability != "immutable" || !a.CaseExact {
		t.Errorf("members.value: %+v", a)
	}
}

// RFC 7643 §7: every schema can be published, and read again by whoever gets it.
func TestSchemas_publish(t *testing.T) {
	t.Parallel()
	want := []string{SchemaUser, SchemaEnterprise, SchemaOwnership, SchemaGroup, SchemaRole, SchemaEntitlement}
	var got []string
	for _, s := range registry.Schemas() {
		got = append(got, s.ID)
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again schema.Schema
		if err := json.Unmarshal(text, &again); err != nil {
			t.Errorf("%s: %v", s.ID, err)
		}
		if len(again.Attributes) != len(s.Attributes) || s.Description.Value() == "" {
			t.Errorf("%s: %d attributes, read again %d", s.ID, len(s.Attributes), len(again.Attributes))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("schemas %v, want %v", got, want)
	}
}

// RFC 7644 §3.10, Q23, Q36: every way to name an attribute.
func TestResolve_RFC7644_3_10(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"USERNAME":       "userName",
		"name.GivenName": "name.givenName",
		"CORE:userName":  "userName",
		"urn:IETF:params:scim:schemas:core:2.0:user:Name.familyname": "name.familyName",
		"CORE:externalId":   "externalId",
		"ENT:manager.value": SchemaEnterprise + ":manager.value",
		"ENT.manager":       SchemaEnterprise + ":manager",
		"department":        SchemaEnterprise + ":department",
		"OWN:KIND":          SchemaOwnership + ":kind",
		"meta.lastmodified": "meta.lastModified",
		"groups.$ref":       "groups.$ref",
		"displayName":       "displayName",
	} {
		p, err := filter.ParsePath(expand(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		a, err := registry.Type(TypeUser).Resolve(p.AttributePath)
		if err != nil || a.String() != want {
			t.Errorf("%s: %v, %v, want %s", in, a, err, want)
		}
	}
	for _, in := range []string{"nothing", "name.nothing", "ENT:userName", "urn:x:y:userName", "ENT.nothing", "userName.value"} {
		p, err := filter.ParsePath(expand(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		_, err = registry.Type(TypeUser).Resolve(p.AttributePath)
		wantFault(t, err, ErrInvalidPath, p.String(), "has no")
	}
}

// device has what User and Group do not: an immutable attribute, numbers, simple values, a required sub-attribute.
func device() *ResourceType {
	r := &Registry{byName: map[string]*ResourceType{}}
	r.add(&ResourceType{Name: "Device", Endpoint: "/Devices", Schema: schema.Schema{
		ID: "urn:x:Device", Name: optional.NewString("Device"),
		Attributes: schema.Attributes{
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "serial", Mutability: schema.AttributeMutabilityImmutable()})),
			schema.SimpleCoreAttribute(schema.SimpleNumberParams(schema.NumberParams{Name: "ports", Type: schema.AttributeTypeInteger()})),
			schema.SimpleCoreAttribute(schema.SimpleNumberParams(schema.NumberParams{Name: "weight", Type: schema.AttributeTypeDecimal()})),
			schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "tags", MultiValued: true})),
			schema.ComplexCoreAttribute(schema.ComplexParams{Name: "keys", MultiValued: true, SubAttributes: []schema.SimpleParams{
				schema.SimpleStringParams(schema.StringParams{Name: "value", Required: true, Mutability: schema.AttributeMutabilityImmutable()}),
				schema.SimpleStringParams(schema.StringParams{Name: "display"}),
			}}),
		},
	}})
	return r.Type("Device")
}

// Row 19, row 37, and RFC 7643 §2.2 and §2.3: the characteristics hold for any schema.
func TestCharacteristics_ofAnySchema(t *testing.T) {
	t.Parallel()
	rt := device()
	change := func(from, path string, kind Op, value string) (Document, error) {
		in, err := DecodeObject([]byte(from))
		if err != nil {
			t.Fatal(err)
		}
		d := newDraft(rt, Switches{}, nil)
		if err = d.assign(in); err == nil && path != "" {
			err = d.apply(op(t, kind, path, value))
		}
		if err == nil {
			err = d.finish()
		}
		return d.doc, err
	}
	for _, tt := range []struct{ from, path, value, want string }{
		{`{"serial":"1"}`, "serial", `"1"`, `{"serial":"1"}`},
		{`{}`, "serial", `"1"`, `{"serial":"1"}`},
		{`{"ports":3.0}`, "ports", `4e2`, `{"ports":400}`},
		{`{"weight":1.50}`, "", ``, `{"weight":1.5}`},
		{`{"tags":["a","b","a"]}`, "tags", `["b","c"]`, `{"tags":["a","b","c"]}`},
		{`{"keys":[{"value":"a"}]}`, `keys[value eq "a"].display`, `"A"`, `{"keys":[{"value":"a","display":"A"}]}`},
	} {
		doc, err := change(tt.from, tt.path, OpAdd, tt.value)
		if err != nil {
			t.Errorf("%s, add %s %s: %v", tt.from, tt.path, tt.value, err)
			continue
		}
		wantDocument(t, doc, tt.want)
	}
	doc, err := change(`{"tags":["a","b","c"]}`, "tags", OpRemove, `["a","c"]`)
	if err != nil {
		t.Fatal(err)
	}
	wantDocument(t, doc, `{"tags":["b"]}`)
	doc, err = change(`{"tags":["a","b"]}`, `tags[value eq "a"]`, OpReplace, `"z"`)
	if err != nil {
		t.Fatal(err)
	}
	wantDocument(t, doc, `{"tags":["z","b"]}`)
	for _, tt := range []struct {
		from, path string
		kind       Op
		value      string
		fault      error
		at         string
	}{
		{`{"serial":"1"}`, "serial", OpReplace, `"2"`, ErrMutability, "serial"},
		{`{"serial":"1"}`, "serial", OpRemove, ``, ErrMutability, "serial"},
		{`{"keys":[{"value":"a"}]}`, `keys[value eq "a"].value`, OpReplace, `"b"`, ErrMutability, "keys.value"},
		{`{"keys":[{"value":"a"}]}`, `keys[value eq "a"]`, OpReplace, `{"value":"b"}`, ErrMutability, "keys.value"},
		{`{"keys":[{"display":"a"}]}`, ``, "", ``, ErrInvalidValue, "keys.value"},
		{`{"ports":1.5}`, ``, "", ``, ErrInvalidValue, "ports"},
		{`{"ports":99999999999999999999}`, ``, "", ``, ErrInvalidValue, "ports"},
		{`{"ports":"1"}`, ``, "", ``, ErrInvalidValue, "ports"},
		{`{"weight":1e999}`, ``, "", ``, ErrInvalidValue, "weight"},
		{`{"tags":[{}]}`, ``, "", ``, ErrInvalidValue, "tags"},
	} {
		_, err := change(tt.from, tt.path, tt.kind, tt.value)
		wantFault(t, err, tt.fault, tt.at, "")
	}
	put := newDraft(rt, Switches{}, nil)
	if err := put.assign(Input{"serial": "2"}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, put.checkImmutable(Document{"serial": "1"}), ErrMutability, "serial", "cannot be changed")
	if err := put.checkImmutable(Document{}); err != nil {
		t.Errorf("an immutable attribute that is not set yet: %v", err)
	}
}
