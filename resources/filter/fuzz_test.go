package filter_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

// seeds are filters of RFC 7644 figure 2, of clients, and broken ones.
var seeds = []string{
	`userName eq "bjensen"`, `name.familyName co "O'Malley"`, `userName sw "J"`, core + `:userName sw "J"`, `title pr`,
	`meta.lastModified ge "2011-05-13T04:42:34Z"`, `title pr and userType eq "Employee"`, `title pr or userType eq "Intern"`,
	`schemas eq "` + enterprise + `"`, `userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`,
	`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`,
	`userType eq "Employee" and (emails.type eq "work")`, `userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`,
	`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`,
	`id eq "a" and manager eq "b"`, enterprise + `:employeeNumber eq "1"`, `active eq TRUE`, `a eq -12.5e3`, `a eq 1E+2`, `a ne null`,
	`NOT (a pr) AND b GT 5`, `a pr or b pr and c pr or not(d pr)`, `((a pr))`, `members.$ref eq "x"`, `a eq "日本 😀"`,
	`members[value eq "1" or value eq "2" or value eq "3"]`, `emails[type eq "work"].value eq "x"`, `a eq "\u00e9\ud83d\ude00\n\""`,
	`userName eq`, `(((`, `a[b[c pr]]`, `not not a pr`, `a eq "x`, `a eq 99999999999999999999`, "a eq \"\x00\"", "\xff pr",
}

// theirs parses with scim2/filter-parser. It is asked only what it survives and where it and the RFC agree.
func theirs(s string) (filter.Expression, error) { return parser.ParseFilterNumber([]byte(s)) }

// comparable says whether both parsers read the same language on an input: theirs does not decode escapes, rewrites the
// letter E of numbers, and costs too much on deep nesting.
func comparable(s string) bool {
	return len(s) < 400 && strings.Count(s, "(")+strings.Count(s, "[") < 8 && !strings.Contains(s, `\`)
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := filter.Parse(s)
		if err != nil {
			checkFault(t, s, err)
			return
		}
		if got == nil || reflect.ValueOf(got).IsNil() {
			t.Fatalf("%q is accepted as nothing", s)
		}
		if again, err := filter.Parse(" " + s + " "); err != nil || !cmp.Equal(got, again) {
			t.Errorf("%q with space around it: %v, %v", s, again, err)
		}
		if grouped, err := filter.Parse("(" + s + ")"); err == nil && !cmp.Equal(got, grouped) {
			t.Errorf("%q in parentheses is another filter: %v", s, grouped)
		}
		if !comparable(s) {
			return
		}
		if want, err := theirs(s); err == nil && !cmp.Equal(normal(want), normal(got)) {
			t.Errorf("%q: filter-parser reads it otherwise (-theirs +ours):\n%s", s, cmp.Diff(normal(want), normal(got)))
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{
		`members`, `name.familyName`, `addresses[type eq "work"]`, `members[value eq "x"].display`, enterprise, core + `:name.givenName`,
		enterprise + `.manager.value`, `emails[type eq "work" and (a pr or not (b pr))].value`, `a.b.c`, `a[`, `urn:`, `$ref`, "é",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := filter.ParsePath(s)
		if err != nil {
			checkFault(t, s, err)
			return
		}
		if !comparable(s) || strings.Contains(s, ":") { // theirs takes a URN's end for an attribute in other places
			return
		}
		want, err := parser.ParsePathNumber([]byte(s))
		if err != nil {
			return
		}
		want.ValueExpression, got.ValueExpression = normal(want.ValueExpression), normal(got.ValueExpression)
		if !cmp.Equal(want, got) {
			t.Errorf("%q: filter-parser reads it otherwise (-theirs +ours):\n%s", s, cmp.Diff(want, got))
		}
	})
}

// checkFault holds an error to its promise: it says something, about a place in the input.
func checkFault(t *testing.T, s string, err error) {
	t.Helper()
	var fault *filter.Error
	if !errors.As(err, &fault) {
		t.Fatalf("%q: error of type %T", s, err)
	}
	if fault.Message == "" || fault.Offset < 0 || fault.Offset > len([]rune(s)) {
		t.Errorf("%q: %+v", s, fault)
	}
}

func TestParse_AgreesWithFilterParser(t *testing.T) {
	t.Parallel()
	both := 0
	for _, s := range seeds {
		ours, err := filter.Parse(s)
		if err != nil || !comparable(s) {
			continue
		}
		want, err := theirs(s)
		if err != nil {
			continue
		}
		both++
		if diff := cmp.Diff(normal(want), normal(ours)); diff != "" {
			t.Errorf("%s (-theirs +ours):\n%s", s, diff)
		}
	}
	if both < 20 {
		t.Errorf("only %d seeds were compared", both)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{seeds[0], seeds[12], enterprise + `:employeeNumber eq "1"`} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Parse(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestParse_CostsAtMostFourAllocations(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		if _, err := filter.Parse(seeds[0]); err != nil {
			t.Error(err)
		}
	})
	if n > 4 {
		t.Errorf("%s takes %v allocations", seeds[0], n)
	}
}

// normal writes every number's exponent with a small e, as filter-parser does.
func normal(e filter.Expression) filter.Expression {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: normal(e.Left), Right: normal(e.Right), Operator: e.Operator}
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: normal(e.Expression)}
	case *filter.ValuePath:
		return &filter.ValuePath{AttributePath: e.AttributePath, ValueFilter: normal(e.ValueFilter)}
	case *filter.AttributeExpression:
		c := *e
		if n, ok := c.CompareValue.(json.Number); ok {
			c.CompareValue = json.Number(strings.ToLower(string(n)))
		}
		return &c
	}
	return e
}
