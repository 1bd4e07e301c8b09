package mapping

import (
	"strings"
	"testing"
)

// Who reads what went wrong knows nothing of the machine that it went wrong in.
func TestFailuresAreSaidInWords(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`1 / (len(sites) - 2)`:         "at 1:3: it divides by zero",
		`1 % (len(sites) - 2)`:         "at 1:3: it divides by zero",
		`1.0 / 0`:                      "at 1:5: it divides by zero",
		`int(title)`:                   "at 1:1: this is no whole number: Chef d'équipe",
		`groups[[sites, 1][0]]`:        "at 1:7: this is no whole number: a list",
		`groups[7]`:                    "at 1:7: index out of range: 7 (array length is 2)",
		`[sites, 1][0] + 1`:            "at 1:15: a list + a whole number",
		`[sites, ""][0] contains "x"`:  "at 1:16: this is a list and has to be a text",
		`[sites, true][0] ? 1 : 2`:     "has to be true or false",
		`({"x": 1})[[sites, "x"][0]]`:  "at 1:11: an object is asked by a text",
		`[sites, ""][0] matches "x"`:   "only a text can match a pattern",
		`string(emails)`:               "at 1:1: only a text, a number, true or false can be written as text",
		`join([title, 1], "")`:         "at 1:1: join takes a list of texts",
		`uniq(emails)`:                 "at 1:1: uniq takes a list of texts or numbers",
		`map(groups, repeatless(#))`:   "mapping[0].expression: 1:13: unknown name repeatless",
		`emails[0].valeu`:              "unknown field valeu",
		`sort([sites, sites])`:         "a list < a list",
		`let a = title + title; a + 1`: "invalid operation: + (mismatched types a text and a whole number)",
	} {
		c, err := ViewOf(userType(t)).Compile(Rules{Mapping: []Attribute{{Target: "urn:app:2.0:User:x", Expression: expression}}}, profile(t, ""))
		if err == nil {
			_, err = c.Apply(Object{}, person(t), true)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "interface") || strings.Contains(err.Error(), "reflect") {
			t.Errorf("%s\n got %v\nwant %s", expression, err, want)
		}
	}
}

// A long expression is shown around its mistake.
func TestMistakesOfLongExpressions(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(`title != "x" and `, 30) + `titel == "" and ` + strings.Repeat(`title != "y" and `, 30) + `active`
	_, err := ViewOf(userType(t)).Compile(Rules{Scope: text}, profile(t, ""))
	if err == nil {
		t.Fatal("it is taken")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || len([]rune(lines[1])) > 160 || !strings.Contains(lines[0], "1:511: unknown name titel") {
		t.Fatalf("%v", err)
	}
	if at := strings.IndexByte(lines[2], '^'); !strings.HasPrefix(string([]rune(lines[1])[at:]), "titel") {
		t.Errorf("the mark is elsewhere:\n%v", err)
	}
}
