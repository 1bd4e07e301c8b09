package resources_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/resources"
	"proprio/resources/filter"
)

func bind(t *testing.T, rt *resources.ResourceType, text string, o filter.Options) (resources.Condition, error) {
	t.Helper()
	e, err := o.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rt.Bind(e)
}

// same compares conditions; an attribute is the same as itself only.
var same = cmp.Comparer(func(a, b *resources.Attribute) bool { return a == b })

func TestBind_RFC7644_3_4_2_2(t *testing.T) {
	t.Parallel()
	user := resources.NewRegistry().Type(resources.TypeUser)
	a := user.Attribute
	eq := func(path string, v any) resources.Condition {
		return resources.Compare{Attribute: a(path), Op: "eq", Value: v}
	}
	element := func(path string, where resources.Condition) resources.Condition {
		return resources.Element{Attribute: a(path), Where: where}
	}
	not := func(c resources.Condition) resources.Condition { return resources.Not{Term: c} }
	present := func(path string) resources.Condition { return resources.Present{Attribute: a(path)} }
	and := func(terms ...resources.Condition) resources.Condition { return resources.And{Terms: terms} }
	or := func(terms ...resources.Condition) resources.Condition { return resources.Or{Terms: terms} }
	for text, want := range map[string]resources.Condition{
		`userName eq "BOB"`:        eq("userName", "bob"),
		`externalId eq "BOB"`:      eq("externalId", "BOB"),
		`displayName eq "ΣΊΣΥΦΟΣ"`: eq("displayName", "σίσυφοσ"),
		`name.givenName ne "X"`:    not(eq("name.givenName", "x")),
		`title eq null`:            not(present("title")),
		`title ne null`:            not(not(present("title"))),
		`active eq "False"`:        eq("active", false),
		`active eq TRUE`:           eq("active", true),
		`meta.created eq "2026-01-31T09:00:00.1234567+01:00"`: eq("meta.created", time.Date(2026, 1, 31, 8, 0, 0, 123456000, time.UTC)),
		`meta.created eq "2026-01-31T08:00:00"`:               eq("meta.created", time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)),
		`emails eq "A@B.example"`:                             element("emails", eq("emails.value", "a@b.example")),
		`emails.value eq "A@B.example"`:                       element("emails", eq("emails.value", "a@b.example")),
		`emails[value eq "A@B.example"]`:                      element("emails", eq("emails.value", "a@b.example")),
		`emails[type eq "work"].value eq "A@B.example"`:       element("emails", and(eq("emails.type", "work"), eq("emails.value", "a@b.example"))),
		`emails.value ne "a@b.example"`:                       not(element("emails", eq("emails.value", "a@b.example"))),
		`emails[value ne "a@b.example"]`:                      element("emails", not(eq("emails.value", "a@b.example"))),
		`schemas eq "X"`:                                      element("schemas", resources.Compare{Attribute: a("schemas"), Op: "eq", Value: a("schemas").Comparable("eq", "X")}),
		`schemas[value pr]`:                                   element("schemas", present("schemas")),
		`emails pr`:                                           element("emails", or(present("emails.value"), present("emails.display"), present("emails.type"), present("emails.primary"))),
		`manager pr`:                                          or(present("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value")),
		`manager eq "x"`:                                      eq("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "x"),
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager eq "x"`: eq("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "x"),
		`meta[version eq "x"]`: and(or(present("meta.resourceType"), present("meta.created"), present("meta.lastModified"), present("meta.version")),
			eq("meta.version", "x")),
		`title pr and nickName pr and userType pr or locale pr`: or(and(present("title"), present("nickName"), present("userType")), present("locale")),
	} {
		got, err := bind(t, user, text, filter.Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !cmp.Equal(want, got, same) {
			t.Errorf("%s:\n got %+v\nwant %+v", text, got, want)
		}
	}
}

func TestBind_Q24_WhatCannotBeAnsweredIsRefusedByName(t *testing.T) {
	t.Parallel()
	registry := resources.NewRegistry()
	for _, c := range []struct{ typ, filter, path, detail string }{
		{"User", `shoeSize eq "42"`, "shoeSize", `User has no attribute "shoeSize"`},
		{"User", `members eq "x"`, "members", `User has no attribute "members"`},
		{"Group", `userName eq "x"`, "userName", `Group has no attribute "userName"`},
		{"User", `name.shoeSize eq "42"`, "name.shoeSize", `name has no sub-attribute "shoeSize"`},
		{"User", `userName.x eq "42"`, "userName.x", `userName has no sub-attribute "x"`},
		{"User", `urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"`, "urn:ietf:params:scim:schemas:core:2.0:Group:displayName", "User has no attribute"},
		{"User", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr`, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "User has no attribute"},
		{"User", `bogus[type eq "x"]`, "bogus", `User has no attribute "bogus"`},
		{"User", `emails[bogus eq "x"]`, "emails[bogus]", `emails has no sub-attribute "bogus"`},
		{"User", `emails[emails.type eq "x"]`, "emails[emails.type]", `emails has no sub-attribute "emails.type"`},
		{"User", `userName[value eq "x"]`, "userName", "takes no filter in [ ]"},
		{"User", `name.givenName[value eq "x"]`, "name.givenName", "takes no filter in [ ]"},
		{"User", `name eq "x"`, "name", "name is complex: compare one of its sub-attributes, such as name.formatted"},
		{"User", `addresses co "Paris"`, "addresses", "addresses is complex"},
		{"User", `active gt true`, "active", "active is of type boolean, which has no operator gt; it has eq ne pr"},
		{"User", `active co "rue"`, "active", "active is of type boolean, which has no operator co"},
		{"User", `emails[primary le false]`, "emails.primary", "has no operator le"},
		{"User", `x509Certificates.value ge "AAEC"`, "x509Certificates.value", "is of type binary, which has no operator ge"},
		{"User", `x509Certificates co "AAEC"`, "x509Certificates.value", "is of type binary, which has no operator co"},
		{"User", `meta.created sw "2026"`, "meta.created", "is of type dateTime, which has no operator sw"},
		{"User", `active eq 5`, "active", "active cannot be compared with 5; it takes true or false"},
		{"User", `active eq "yes"`, "active", `active cannot be compared with "yes"; it takes true or false`},
		{"User", `userName eq true`, "userName", "userName cannot be compared with true; it takes a string in double quotes"},
		{"User", `userName eq 5`, "userName", "userName cannot be compared with 5"},
		{"User", `userName ne 5`, "userName", "userName cannot be compared with 5"},
		{"User", `meta.created gt "yesterday"`, "meta.created", `meta.created cannot be compared with "yesterday"; it takes a date and time, such as`},
		{"User", `meta.created gt "2026-01-31"`, "meta.created", "it takes a date and time"},
		{"User", `meta.created gt "2026-01-31T00:00:00+20:00"`, "meta.created", "it takes a date and time"},
		{"User", `meta.created gt 5`, "meta.created", "meta.created cannot be compared with 5"},
		{"User", `userName eq "a\u0000b"`, "userName", "U+0000"},
		{"User", `password pr`, "password", ""},
		{"User", `meta.location sw "x"`, "meta.location", "filter on id"},
		{"User", `groups.$ref co "x"`, "groups.$ref", "made from groups.value"},
		{"User", `manager.displayName eq "x"`, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName", "manager.value"},
		{"Group", `members.$ref gt "x"`, "members.$ref", "made from members.value"},
		{"User", `userName eq "x" or shoeSize pr`, "shoeSize", "no attribute"},
		{"User", `not (title pr and (userName eq "x" or active gt 1))`, "active", "no operator gt"},
	} {
		got, err := bind(t, registry.Type(c.typ), c.filter, filter.Options{})
		var fault *resources.Error
		if !errors.Is(err, resources.ErrInvalidFilter) || !errors.As(err, &fault) || got != nil {
			t.Errorf("%s: %v, %v; want ErrInvalidFilter", c.filter, got, err)
			continue
		}
		if fault.Path != c.path || !strings.Contains(fault.Detail, c.detail) {
			t.Errorf("%s: at %s: %s\nwant %s: %s", c.filter, fault.Path, fault.Detail, c.path, c.detail)
		}
	}
}

func TestBind_Q20_UnquotedValueIsReadByTheAttributesType(t *testing.T) {
	t.Parallel()
	user := resources.NewRegistry().Type(resources.TypeUser)
	for text, want := range map[string]any{
		`externalId eq jyoung`: "jyoung", `externalId eq 0042`: "0042", `externalId eq true`: "true", `active eq true`: true, `active eq False`: false,
		`meta.created gt 2026-01-31T08:00:00Z`: time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC),
	} {
		cond, err := bind(t, user, text, filter.Options{Unquoted: true})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := cond.(resources.Compare).Value; got != want {
			t.Errorf("%s: %#v, want %#v", text, got, want)
		}
	}
	if _, err := bind(t, user, `active eq jyoung`, filter.Options{Unquoted: true}); !errors.Is(err, resources.ErrInvalidFilter) {
		t.Errorf("active eq jyoung: %v, want ErrInvalidFilter", err)
	}
}

func TestBind_ALongChainIsOneList(t *testing.T) {
	t.Parallel()
	user := resources.NewRegistry().Type(resources.TypeUser)
	cond, err := bind(t, user, strings.Repeat(`userName eq "a" or `, 400-1)+`userName eq "a"`, filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(cond.(resources.Or).Terms); n != 400 {
		t.Errorf("%d terms, want %d", n, 400)
	}
}
