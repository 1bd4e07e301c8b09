package mapping

import (
	"fmt"
	"strings"
	"testing"

	"proprio/resources"
)

// crowded is a person in very many Groups.
func crowded(t testing.TB) *Person {
	t.Helper()
	p := person(t)
	for i := range 5000 {
		p.Groups = append(p.Groups, resources.Ref{ID: fmt.Sprint(i), Display: fmt.Sprintf("Groupe %04d", i)})
	}
	return p
}

// What an administrator may sensibly ask of somebody in 5,000 Groups is answered; what grows without bound ends.
func TestBudget(t *testing.T) {
	t.Parallel()
	double := func(n int, with string) string { // doubles a value n times
		text := "let a0 = " + with + "; "
		for i := range n {
			text += fmt.Sprintf("let a%d = a%d + a%d; ", i+1, i, i)
		}
		return text + fmt.Sprintf("len(a%d) > 0", n)
	}
	nested := func(n int) string { // lists of which each holds the one before twice
		text := "let a0 = [title, title]; "
		for i := range n {
			text += fmt.Sprintf("let a%d = [a%d, a%d]; ", i+1, i, i)
		}
		return text
	}
	for text, ends := range map[string]bool{
		nested(40) + "a40 == a40":                 false,
		nested(40) + "a40 in [a40]":               false,
		nested(8) + "a8 == a8":                    true,
		`any(groups, # startsWith "Groupe 4999")`: true,
		`"Vente" in groups and len(filter(groups, # matches "^Groupe 1")) == 1000`: true,
		`any(groups, lower(#) == "groupe 4999")`:                                   true,
		double(8, "title"):                                                         true,
		double(60, "title"):                                                        false,
		`any(groups, {let a = #; any(groups, # == a + "x")})`:                      false,
		`all(groups, any(groups, any(groups, # == "x")))`:                          false,
		`len(filter(groups, # in groups)) > 0`:                                     false,
		`len(filter(groups, groups == groups)) > 0`:                                false,
		`len(map(groups, map(groups, #))) > 0`:                                     false,
		`len(join(groups, ",")) > 0`:                                               false,
		`len(replace(replace(replace("aaaaaaaaaa", "a", "aaaaaaaaaa"), "a", "aaaaaaaaaa"), "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) > 0`: false,
		`len(concat(groups, groups, groups, groups, groups, groups, groups, groups, groups, groups)) > 0`:                                                    true,
		`let a = concat(groups, groups); let b = concat(a, a, a, a, a, a, a); let c = concat(b, b, b, b); len(c) > 0`:                                        false,
		`all(groups, all(split(#, ""), all(groups, # != "")))`:                                                                                               false,
		`all(groups, none(groups, # matches "(a|aa)+$"))`:                                                                                                    false,
	} {
		c, err := ViewOf(userType(t)).Compile(Rules{Scope: text}, profile(t, ""))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		many := crowded(t)
		inTime(t, text, func() { _, _, err = c.InScope(many) })
		if (err == nil) != ends || !ends && !strings.Contains(err.Error(), " at 1:") {
			t.Errorf("%s: %v, want an end by itself: %v", text, err, ends)
		}
	}
}

// What expressions make of a person is a document that an app takes, and no more than that.
func TestWhatExpressionsMakeIsBounded(t *testing.T) {
	t.Parallel()
	nested := "let a0 = [email, email]; "
	for i := range 40 {
		nested += fmt.Sprintf("let a%d = [a%d, a%d]; ", i+1, i, i)
	}
	for name, c := range map[string]struct {
		rules []Attribute
		fault string
	}{
		"a long list":            {rules: []Attribute{{Target: "urn:app:2.0:User:x", Expression: `map(groups, email + email)`}}, fault: "mapping[0]"},
		"one text many times":    {rules: []Attribute{{Target: "urn:app:2.0:User:x", Expression: `let t = join(map(filter(groups, # startsWith "Groupe 00"), #), ","); map(groups, t)`}}, fault: "mapping[0]"},
		"lists in lists":         {rules: []Attribute{{Target: "urn:app:2.0:User:x", Expression: nested + "a40"}}, fault: "mapping[0]"},
		"objects":                {rules: []Attribute{{Target: "phoneNumbers", Expression: `map(groups, ({"value": #, "type": "work"}))`}}, fault: "mapping[0]"},
		"little by little":       {rules: []Attribute{{Target: "urn:app:2.0:User:x", Expression: "groups[0:2000]"}, {Target: "urn:app:2.0:User:y", Expression: "groups[0:3000]"}}, fault: "mapping[1]"},
		"what somebody may want": {rules: []Attribute{{Target: "urn:app:2.0:User:x", Expression: "groups[0:2000]"}, {Target: "title", Expression: `join(groups[0:100], ",")`}}},
	} {
		compiled, err := ViewOf(userType(t)).Compile(Rules{Mapping: c.rules}, profile(t, ""))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		who := crowded(t)
		var out Outcome
		inTime(t, name, func() { out, err = compiled.Apply(Object{}, who, false) })
		if c.fault == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.fault != "" && (err == nil || !strings.Contains(err.Error(), "("+c.fault+") failed on this person: with this one the app's expressions make more than 64 KiB")) {
			t.Errorf("%s: %v, and %d steps", name, err, len(out.Steps))
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := person(t)
	long.Doc["title"] = strings.Repeat("x", maxText+1)
	c, err := ViewOf(userType(t)).Compile(Rules{Scope: `title == ""`}, profile(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.InScope(long); err == nil || !strings.Contains(err.Error(), "failed on this person: title of this User has 4097 bytes") {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]string{
		strings.Repeat(" ", maxLength) + "1":                "the expression has 2001 characters",
		strings.Repeat("not ", 450) + "active":              "exceeds maximum",
		strings.Repeat("(", 900) + strings.Repeat(")", 900): "1:",
	} {
		if _, err := ViewOf(userType(t)).Compile(Rules{Scope: text}, profile(t, "")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d characters: %v, want %s", len(text), err, want)
		}
	}
	many := Rules{Mapping: make([]Attribute, maxAttributes+1)}
	if _, err := ViewOf(userType(t)).Compile(many, profile(t, "")); err == nil || !strings.Contains(err.Error(), "100 are the limit") {
		t.Errorf("%v", err)
	}
}

// seeds are expressions with something of each kind.
func seeds(f *testing.F) {
	for _, text := range []string{`department == "Vente"`, `any(groups, # startsWith "V") and userType in ["a", "b"]`,
		`let x = split(email, "@"); x[0] + "." + upper(x[1])`, `filter(emails, .type == "work")[0].value ?? ""`, `title matches "^[a-z]+$"`,
		`map(roles, .value) | join(", ")`, `extension["urn:atelier:2.0:User"].floor + 1`, `active ? "yes" : "no"`, `emails?.[3]?.value`,
		`{"value": email, "type": "work"}`, `[1, 2.5, "x", nil, true]`, `sort(groups, "desc")[0:3]`, `1 / 0`, `first(groups) | lower()`,
		`reverse(uniq(concat(groups, sites)))`, `string(floor) + trim(" x ") + ascii("é")`, `find(emails, .primary).value[1:-1]`} {
		f.Add(text)
	}
}

// FuzzEval: whatever an administrator writes, nothing panics, what is wrong has a place, and what is compiled ends within its
// budget with a value that fits, or an error that says where.
func FuzzEval(f *testing.F) {
	seeds(f)
	user, p := userType(f), profile(f, `, "grants": {"values": ["a"]}`)
	many := crowded(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, rules := range []Rules{{Scope: text}, {Roles: []Role{{Expression: text, Value: "a"}}},
			{Mapping: []Attribute{{Target: "title", Expression: text}}}, {Mapping: []Attribute{{Target: "emails", Expression: text, Clear: true}}},
			{Mapping: []Attribute{{Target: "urn:app:2.0:User:a.b", Expression: text}}}} {
			c, err := ViewOf(user).Compile(rules, p)
			if err != nil {
				if text != "" && !strings.Contains(err.Error(), "\n  | ") && !strings.Contains(err.Error(), "the expression") {
					t.Fatalf("%q: %v: there is no place in it", text, err)
				}
				continue
			}
			check(t, c, text, many)
		}
	})
}

func check(t *testing.T, c *Compiled, text string, many *Person) {
	t.Helper()
	who := person(t)
	before := fmt.Sprint(who.Doc)
	_, _, scopeErr := c.InScope(who)
	doc := object(t, helene)
	out, err := c.Apply(doc, who, true)
	if fmt.Sprint(who.Doc) != before {
		t.Fatalf("%q changes the person", text)
	}
	for _, e := range []error{scopeErr, err} {
		if e != nil && e.Error() == "" {
			t.Fatalf("%q: an empty error", text)
		}
	}
	for _, step := range out.Steps {
		if (step.Effect == EffectSet) != (step.Value != nil) || (step.Effect == EffectFailed) != (step.Error != "") {
			t.Fatalf("%q: %+v", text, step)
		}
		if _, isText := step.Value.(string); step.Target == "title" && step.Value != nil && !isText {
			t.Fatalf("%q: title is %T", text, step.Value)
		}
	}
	inTime(t, text, func() {
		if _, _, err := c.InScope(many); err != nil && !strings.Contains(err.Error(), " at ") {
			t.Fatalf("%q: %v: there is no place in it", text, err)
		}
		_, _ = c.Apply(Object{}, many, true)
	})
}
