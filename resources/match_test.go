package resources_test

import (
	"encoding/json"
	"errors"
	"testing"

	"proprio/resources"
	"proprio/resources/filter"
)

// Match on whole resources is tested beside SQL, which must agree with it: db/filter_cases_test.go.

func TestMatchElement_RFC7644_3_5_2_ValuePaths(t *testing.T) {
	t.Parallel()
	user := resources.NewRegistry().Type(resources.TypeUser)
	work := map[string]any{"value": "Bob@Example.com", "type": "Work", "primary": true}
	home := map[string]any{"value": "bob@home.example", "display": ""}
	name := map[string]any{"familyName": "Lefèvre"}
	for _, c := range []struct {
		path    string
		element any
		want    bool
	}{
		{`emails[type eq "work"]`, work, true},
		{`emails[type eq "work"]`, home, false},
		{`emails[type ne "work"]`, home, true},
		{`emails[type eq null]`, home, true},
		{`emails[type eq "work" and value eq "bob@example.COM"]`, work, true},
		{`emails[type eq "work" and value eq "bob"]`, work, false},
		{`emails[type eq "home" or value sw "BOB@"]`, work, true},
		{`emails[not (type eq "work")]`, work, false},
		{`emails[primary eq "True"]`, work, true},
		{`emails[primary eq false]`, home, true},
		{`emails[primary eq false]`, work, false},
		{`emails[primary pr]`, home, false},
		{`emails[display pr]`, home, false},
		{`emails[value pr]`, home, true},
		{`emails[value pr]`, "not an object", true}, // the value itself
		{`schemas[value eq "urn:x"]`, "urn:x", true},
		{`schemas[value eq "urn:x"]`, "urn:y", false},
		{`name[familyName eq "LEFÈVRE"]`, name, true},
		{`name[givenName pr]`, name, false},
		{`photos[value co "x"]`, map[string]any{"value": json.Number("5")}, false}, // another type is no value
	} {
		p, err := filter.ParsePath(c.path)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		a, err := user.Resolve(p.AttributePath)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		cond, err := user.BindElement(a, p.ValueExpression)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if got := resources.MatchElement(cond, c.element); got != c.want {
			t.Errorf("%s on %v: %v, want %v", c.path, c.element, got, c.want)
		}
	}
}

func TestBindElement_RefusesWhatHasNoValuesToChooseFrom(t *testing.T) {
	t.Parallel()
	user := resources.NewRegistry().Type(resources.TypeUser)
	e, err := filter.Parse(`value pr`)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"userName", "active", "name.givenName"} {
		if _, err := user.BindElement(user.Attribute(path), e); !errors.Is(err, resources.ErrInvalidFilter) {
			t.Errorf("%s[value pr]: %v, want ErrInvalidFilter", path, err)
		}
	}
}

func TestInstant_RFC7643_2_3_5(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2008-01-23T04:56:22Z": "2008-01-23T04:56:22Z", "2008-01-23T04:56:22+01:00": "2008-01-23T03:56:22Z", "2008-01-23T04:56:22": "2008-01-23T04:56:22Z",
		"2008-01-23T04:56:22.1234567Z": "2008-01-23T04:56:22.123456Z", "2008-01-23T04:56:22+14:00": "2008-01-22T14:56:22Z",
		"2008-01-23": "", "04:56:22Z": "", "2008-13-23T04:56:22Z": "", "2008-01-23T04:56:22+20:00": "", "2008-01-23T04:56:22+13:60": "", "2008-01-23T24:00:00Z": "", "": "",
	} {
		got, ok := resources.Instant(in)
		if ok != (want != "") || ok && got.Format("2006-01-02T15:04:05.999999Z07:00") != want {
			t.Errorf("%q is %v (%v), want %q", in, got, ok, want)
		}
	}
}

func TestResolve_RFC7644_3_10(t *testing.T) {
	t.Parallel()
	user := resources.NewRegistry().Type(resources.TypeUser)
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	for in, want := range map[string]string{
		"USERNAME": "userName", "name.GIVENNAME": "name.givenName", "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName": "name.givenName",
		"urn:ietf:params:scim:schemas:core:2.0:User.name.givenName": "name.givenName",
		enterprise + ":manager":       enterprise + ":manager",
		enterprise + ".manager":       enterprise + ":manager",
		enterprise + ".manager.value": enterprise + ":manager.value",
		"manager.value":               enterprise + ":manager.value",
		"URN:IETF:params:scim:schemas:extension:enterprise:2.0:user:Manager": enterprise + ":manager",
		enterprise:               "",
		enterprise + ".bogus":    "",
		enterprise + ":userName": "",
	} {
		p, err := filter.ParsePath(in)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		a, err := user.Resolve(p.AttributePath)
		switch {
		case want == "" && !errors.Is(err, resources.ErrInvalidPath):
			t.Errorf("%s: %v, %v; want ErrInvalidPath", in, a, err)
		case want != "" && (err != nil || a.String() != want):
			t.Errorf("%s: %v, %v; want %s", in, a, err, want)
		}
	}
}
