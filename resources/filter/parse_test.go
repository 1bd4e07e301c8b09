package filter_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

const core = "urn:ietf:params:scim:schemas:core:2.0:User"

func name(s string) filter.AttributePath { return filter.AttributePath{AttributeName: s} }

func sub(s, sub string) filter.AttributePath {
	return filter.AttributePath{AttributeName: s, SubAttribute: &sub}
}

func in(urn string, p filter.AttributePath) filter.AttributePath {
	p.URIPrefix = &urn
	return p
}

func is(p filter.AttributePath, op parser.CompareOperator, v any) filter.Expression {
	return &filter.AttributeExpression{AttributePath: p, Operator: op, CompareValue: v}
}

func and(l, r filter.Expression) filter.Expression {
	return &filter.LogicalExpression{Left: l, Right: r, Operator: parser.AND}
}

func or(l, r filter.Expression) filter.Expression {
	return &filter.LogicalExpression{Left: l, Right: r, Operator: parser.OR}
}

func not(e filter.Expression) filter.Expression { return &filter.NotExpression{Expression: e} }

func values(p filter.AttributePath, e filter.Expression) filter.Expression {
	return &filter.ValuePath{AttributePath: p, ValueFilter: e}
}

func pr(s string) filter.Expression { return is(name(s), "pr", nil) }

func TestParse_RFC7644_3_4_2_2(t *testing.T) {
	t.Parallel()
	work := is(name("type"), "eq", "work")
	for _, c := range []struct {
		name, in string
		want     filter.Expression
	}{
		{"equality", `userName eq "bjensen"`, is(name("userName"), "eq", "bjensen")},
		{"sub-attribute", `name.familyName co "O'Malley"`, is(sub("name", "familyName"), "co", "O'Malley")},
		{"URN with dots in its version", core + `:userName sw "J"`, is(in(core, name("userName")), "sw", "J")},
		{"URN and sub-attribute", core + `:name.givenName sw "J"`, is(in(core, sub("name", "givenName")), "sw", "J")},
		{"present", `title pr`, pr("title")},
		{"date", `meta.lastModified gt "2011-05-13T04:42:34Z"`, is(sub("meta", "lastModified"), "gt", "2011-05-13T04:42:34Z")},
		{"and", `title pr and userType eq "Employee"`, and(pr("title"), is(name("userType"), "eq", "Employee"))},
		{"or", `title pr or userType eq "Intern"`, or(pr("title"), is(name("userType"), "eq", "Intern"))},
		{"not before a parenthesis", `userType ne "Employee" and not (emails co "a" or emails.value co "b")`,
			and(is(name("userType"), "ne", "Employee"), not(or(is(name("emails"), "co", "a"), is(sub("emails", "value"), "co", "b"))))},
		{"value path", `emails[type eq "work" and value co "@example.com"]`,
			values(name("emails"), and(work, is(name("value"), "co", "@example.com")))},
		{"value path of three terms", `members[value eq "1" or value eq "2" or value eq "3"]`,
			values(name("members"), or(or(is(name("value"), "eq", "1"), is(name("value"), "eq", "2")), is(name("value"), "eq", "3")))},
		{"not, parentheses and ne inside a value path", `emails[not (type eq "work") and (a pr or b ne 1)]`,
			values(name("emails"), and(not(work), or(pr("a"), is(name("b"), "ne", json.Number("1")))))},
		{"not before a value path", `not emails[type eq "work"]`, not(values(name("emails"), work))},
		{"and binds tighter than or", `a pr or b pr and c pr`, or(pr("a"), and(pr("b"), pr("c")))},
		{"or after and", `a pr and b pr or c pr`, or(and(pr("a"), pr("b")), pr("c"))},
		{"parentheses come first", `(a pr or b pr) and c pr`, and(or(pr("a"), pr("b")), pr("c"))},
		{"not binds tightest", `not (a pr) and b pr`, and(not(pr("a")), pr("b"))},
		{"not in not", `not (not (not (a pr)))`, not(not(not(pr("a"))))},
		{"operators and keywords in capitals", `NOT (userName EQ "x") AND Title Pr OR a Eq TRUE`,
			or(and(not(is(name("userName"), "eq", "x")), pr("Title")), is(name("a"), "eq", true))},
		{"true, false and null", `a eq true and b eq False and c ne NULL`,
			and(and(is(name("a"), "eq", true), is(name("b"), "eq", false)), is(name("c"), "ne", nil))},
		{"numbers as written", `a eq 12345678901234567890 or a gt -0.10e+2`,
			or(is(name("a"), "eq", json.Number("12345678901234567890")), is(name("a"), "gt", json.Number("-0.10e+2")))},
		{"$ref (erratum 8924)", `members.$ref eq "x"`, is(sub("members", "$ref"), "eq", "x")},
		{"space around everything", "  (\ta pr )\n", pr("a")},
		{"an attribute whose name begins like a keyword", `nothing pr and order pr and android pr`,
			and(and(pr("nothing"), pr("order")), pr("android"))},
		{"brackets and keywords inside a string", `a eq "x) or (b pr] and "`, is(name("a"), "eq", "x) or (b pr] and ")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := filter.Parse(c.in)
			if err != nil {
				t.Fatalf("%s: %v", c.in, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.in, diff)
			}
		})
	}
}

func TestParse_Q21_SubAttributeAfterValuePath(t *testing.T) {
	t.Parallel()
	got, err := filter.Parse(`emails[type eq "work"].value eq "x" and active eq true`)
	if err != nil {
		t.Fatal(err)
	}
	want := and(values(name("emails"), and(is(name("type"), "eq", "work"), is(name("value"), "eq", "x"))), is(name("active"), "eq", true))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParse_RFC8259_7_StringEscapes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`""`:                         "",
		`"a\"b\\c\/d"`:               `a"b\c/d`,
		`"\b\f\n\r\t"`:               "\b\f\n\r\t",
		`"\u00e9 é"`:                 "é é",
		`"\ud83d\ude00"`:             "😀",
		`"\uD83D\uDE00\u0041 after"`: "😀A after",
		`"\u0000"`:                   "\x00",
		`"日本\u8a9e"`:                 "日本語",
	} {
		e, err := filter.Parse("a eq " + in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := e.(*filter.AttributeExpression).CompareValue; got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
		var std string
		if err := json.Unmarshal([]byte(in), &std); err != nil || std != want {
			t.Errorf("%s: encoding/json reads %q (%v)", in, std, err)
		}
	}
}

func TestParse_Q24_MalformedIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:                              "character 1: filter is empty",
		`   `:                           "character 4: filter is empty",
		`userName`:                      "character 9: userName has no operator",
		`userName eq`:                   "character 12: eq has no value",
		`userName eq bob`:               `character 13: "bob" is not a value; a string goes in double quotes`,
		`userName eq 'bob'`:             `character 13: "'bob'" is not a value; a string goes in double quotes`,
		`userName is "bob"`:             `character 10: "is" is not an operator; there are eq ne co sw ew gt ge lt le pr`,
		`userName equals "bob"`:         `character 10: "equals" is not an operator; there are eq ne co sw ew gt ge lt le pr`,
		`userName eq "bob`:              "character 13: the string is never closed",
		`userName eq "bob\"`:            "character 13: the string is never closed",
		`é eq "x"`:                      `character 1: "é" where the name of an attribute is expected`,
		`a eq "é" or b`:                 "character 14: b has no operator",
		`(a pr`:                         `character 1: parenthesis "(" is never closed`,
		`a pr)`:                         `character 5: ')' closes nothing`,
		`(a pr]`:                        `character 6: "]" where ')' is expected`,
		`emails[type eq "work"`:         `character 7: bracket "[" is never closed`,
		`emails[]`:                      `character 8: "]" where the name of an attribute is expected`,
		`emails[type]`:                  `character 12: type has no operator`,
		`emails[a[b pr]]`:               "character 9: a value path cannot stand inside another one",
		`emails[type eq "work"].value`:  "character 29: value has no operator",
		`emails[type eq "work"].`:       "character 24: the end where the name of an attribute is expected",
		`a pr b pr`:                     `character 6: "b" is not expected here`,
		`a pr and`:                      `character 6: "and" is not expected here`,
		`a pr and `:                     "character 10: the end where the name of an attribute is expected",
		`and a pr`:                      `character 5: "a" is not an operator; there are eq ne co sw ew gt ge lt le pr`,
		`a eq "x"and b pr`:              `character 9: "and" right after a string; a quote inside a string is written \"`,
		`a eq "x" "y"`:                  `character 10: "\"y\"" is not expected here`,
		`a eq "\x"`:                     `character 7: "\\x" is not an escape`,
		`a eq "\u12g4"`:                 `character 7: \u must have four hexadecimal digits`,
		`a eq "\u12`:                    `character 7: \u must have four hexadecimal digits`,
		`a eq "\ud83d x"`:               "character 7: half a surrogate pair is not a character",
		`a eq "\ude00"`:                 "character 7: half a surrogate pair is not a character",
		"a eq \"x\ny\"":                 "character 8: a control character in a string must be written as an escape",
		"a eq \"\xff\"":                 "character 7: not valid UTF-8",
		`not a pr`:                      `character 1: "not" must stand before a parenthesis: not (…)`,
		`not`:                           "character 4: not has no operator",
		`a.b.c pr`:                      `character 1: "a.b.c" is not the name of an attribute`,
		`1a pr`:                         `character 1: "1a" is not the name of an attribute`,
		`foo:a pr`:                      `character 1: "foo:a" is neither an attribute nor a URN with an attribute`,
		`urn:x:y: pr`:                   `character 1: "urn:x:y:" is not the name of an attribute`,
		`a gt null`:                     "character 6: null can be compared with eq and ne only",
		`a eq 01`:                       `character 6: "01" is not a value; a string goes in double quotes`,
		`a eq 1.`:                       `character 6: "1." is not a value; a string goes in double quotes`,
		`a eq +1`:                       `character 6: "+1" is not a value; a string goes in double quotes`,
		`a eq .5`:                       `character 6: ".5" is not a value; a string goes in double quotes`,
		`a eq 1e`:                       `character 6: "1e" is not a value; a string goes in double quotes`,
		`a eq -`:                        `character 6: "-" is not a value; a string goes in double quotes`,
		`userName eq "x" or 1=1`:        `character 20: "1=1" is not the name of an attribute`,
		`userName eq "x"; drop table x`: `character 16: ";" right after a string; a quote inside a string is written \"`,
	} {
		e, err := filter.Parse(in)
		var fault *filter.Error
		if !errors.As(err, &fault) || e != nil {
			t.Errorf("%s: %v, %v; want an error", in, e, err)
			continue
		}
		if err.Error() != want {
			t.Errorf("%s:\n got %s\nwant %s", in, err, want)
		}
	}
}

func TestParse_CapsKeepStackAndTimeBounded(t *testing.T) {
	t.Parallel()
	nested := func(n int, open, closing string) string {
		return strings.Repeat(open, n) + "a pr" + strings.Repeat(closing, n)
	}
	terms := func(n int) string { return strings.Repeat("a pr or ", n-1) + "a pr" }
	for name, c := range map[string]struct {
		in, want string // want "": accepted
	}{
		"32 parentheses":            {nested(32, "(", ")"), ""},
		"33 parentheses":            {nested(33, "(", ")"), "nested deeper than 32"},
		"32 negations":              {nested(32, "not (", ")"), ""},
		"33 negations":              {nested(33, "not (", ")"), "nested deeper than 32"},
		"31 in brackets":            {"x[" + nested(31, "(", ")") + "]", ""},
		"32 in brackets":            {"x[" + nested(32, "(", ")") + "]", "nested deeper than 32"},
		"depth is not a count":      {strings.Repeat("((a pr)) and ", 100) + "a pr", ""},
		"500 comparisons":           {terms(500), ""},
		"501 comparisons":           {terms(501), "more than 500 comparisons"},
		"8 KiB":                     {`a eq "` + strings.Repeat("x", 8<<10-7) + `"`, ""},
		"8 KiB and a byte":          {`a eq "` + strings.Repeat("x", 8<<10-6) + `"`, "filter is longer than 8 KiB"},
		"a megabyte of openings":    {strings.Repeat("(", 1<<20), "filter is longer than 8 KiB"},
		"openings up to 8 KiB":      {strings.Repeat("(", 8<<10), "nested deeper than 32"},
		"negations up to 8 KiB":     {strings.Repeat("not ", 2<<10), "is not an operator"},
		"nothing but a long name":   {strings.Repeat("a", 8<<10), "has no operator"},
		"nothing but a long string": {`a eq "` + strings.Repeat(`\u0041`, 1300), "the string is never closed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := filter.Parse(c.in)
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestParse_Q20_UnquotedValuesOnlyWhenAllowed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		`a eq jyoung`: filter.Bare("jyoung"), `a eq 0042`: filter.Bare("0042"), `a eq true`: filter.Bare("true"),
		`a eq bob@example.com`: filter.Bare("bob@example.com"), `a eq "x y"`: "x y", `a eq null`: nil,
	} {
		e, err := filter.Options{Unquoted: true}.Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := e.(*filter.AttributeExpression).CompareValue; got != want {
			t.Errorf("%s: %#v, want %#v", in, got, want)
		}
	}
	path, err := filter.Options{Unquoted: true}.ParsePath(`members[value eq 42]`)
	if err != nil || path.ValueExpression.(*filter.AttributeExpression).CompareValue != filter.Bare("42") {
		t.Errorf("path: %v, %v", path, err)
	}
	if _, err := (filter.Options{Unquoted: true}).Parse(`a eq jyoung smith`); err == nil {
		t.Error("two words without quotes were taken for a value")
	}
}
