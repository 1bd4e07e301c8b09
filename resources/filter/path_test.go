package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/resources/filter"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

func ptr(s string) *string { return &s }

func TestParsePath_RFC7644_3_5_2(t *testing.T) {
	t.Parallel()
	up, last := enterprise[:strings.LastIndex(enterprise, ":")], "User"
	for in, want := range map[string]filter.Path{
		`members`:                   {AttributePath: name("members")},
		`name.familyName`:           {AttributePath: sub("name", "familyName")},
		`members.$ref`:              {AttributePath: sub("members", "$ref")},
		` active `:                  {AttributePath: name("active")},
		`addresses[type eq "work"]`: {AttributePath: name("addresses"), ValueExpression: is(name("type"), "eq", "work")},
		`members[value eq "x"].display`: {
			AttributePath: name("members"), ValueExpression: is(name("value"), "eq", "x"), SubAttribute: ptr("display"),
		},
		core + `:name.givenName`:            {AttributePath: in(core, sub("name", "givenName"))},
		core + `:emails[type eq "a:b.c"].x`: {AttributePath: in(core, name("emails")), ValueExpression: is(name("type"), "eq", "a:b.c"), SubAttribute: ptr("x")},
		enterprise + `:manager.value`:       {AttributePath: in(enterprise, sub("manager", "value"))},
		enterprise + `:manager`:             {AttributePath: in(enterprise, name("manager"))},
		enterprise:                          {AttributePath: in(up, name(last))},
		enterprise + `.manager`:             {AttributePath: in(up, sub(last, "manager"))},
		enterprise + `.manager.value`:       {AttributePath: in(enterprise, sub("manager", "value"))},
	} {
		got, err := filter.ParsePath(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func TestParsePath_MalformedIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:                            "character 1: path is empty",
		`a b`:                         `character 3: "b" is not expected here`,
		`members[value eq "x"]y`:      `character 22: "y" is not expected here`,
		`members[value eq "x"].`:      `character 23: the end where the name of an attribute is expected`,
		`members[value eq "x"].a.b`:   `character 23: "a.b" is not the name of an attribute`,
		`members[value eq "x"][a pr]`: `character 22: "[" is not expected here`,
		`members[`:                    "character 9: the end where the name of an attribute is expected",
		`.a`:                          `character 1: ".a" is not the name of an attribute`,
		`a.`:                          `character 1: "a." is not the name of an attribute`,
		`/name/givenName`:             `character 1: "/name/givenName" is not the name of an attribute`,
		`userName eq "x"`:             `character 10: "eq" is not expected here`,
		`http://example.com/a:b`:      `character 1: "http://example.com/a:b" is neither an attribute nor a URN with an attribute`,
		strings.Repeat("a", 9000):     "character 8193: path is longer than 8 KiB",
	} {
		_, err := filter.ParsePath(in)
		var fault *filter.Error
		if !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("%.40s:\n got %v\nwant %s", in, err, want)
		}
	}
}

func TestURN_IsOnlyWhatIsNothingMore(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		enterprise:                  enterprise,
		enterprise + ":manager":     enterprise + ":manager", // no schema has this name: the resource type will tell
		enterprise + ".manager":     "",
		enterprise + `[value eq 1]`: "",
		enterprise + `[value pr].x`: "",
		"members":                   "",
		strings.ToUpper(enterprise): strings.ToUpper(enterprise),
	} {
		p, err := filter.ParsePath(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if got := filter.URN(p); got != want {
			t.Errorf("URN of %s is %q, want %q", in, got, want)
		}
	}
}
