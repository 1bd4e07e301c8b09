package mapping

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/push/profiles"
	"proprio/resources"
)

// The examples of docs/mapping.md are right: the rules compile, and the expressions have the values that the page shows.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	set, err := profiles.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	user := resources.NewRegistry().Type(resources.TypeUser)
	who := &Person{ID: "1", Groups: []resources.Ref{{ID: "g1", Display: "Direction"}, {ID: "g2", Display: "Vente"}}}
	blocks := 0
	for _, block := range regexp.MustCompile("(?s)```json( [a-z]+)?\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		name := strings.TrimSpace(block[1])
		if name == "person" {
			who.Doc = object(t, block[2])
			continue
		}
		if name == "" {
			name = "generic"
		}
		p, known := set.Get(name)
		if !known {
			t.Fatalf("there is no profile %q", name)
		}
		blocks++
		if _, err := ViewOf(user).Compile(rulesOf(t, block[2]), p); err != nil {
			t.Errorf("%s%v", block[2], err)
		}
	}
	if blocks < 4 || who.Doc == nil {
		t.Fatalf("%d blocks: the page is read wrongly", blocks)
	}
	tryExpressions(t, string(text), ViewOf(user), who)
}

// tryExpressions compares what the page says that expressions make of a person.
func tryExpressions(t *testing.T, page string, v *View, who *Person) {
	t.Helper()
	rows := regexp.MustCompile("(?m)^\\| `(.+)` \\| `(.+)` \\|$").FindAllStringSubmatch(page, -1)
	if len(rows) < 15 {
		t.Fatalf("%d rows: the page is read wrongly", len(rows))
	}
	values, err := v.values(who)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		e, err := parse("", row[1], v, func(made) string { return "" })
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
			continue
		}
		got, err := e.run(values)
		var want any
		if err := json.Unmarshal([]byte(row[2]), &want); err != nil {
			t.Fatalf("%s: %v", row[2], err)
		}
		if diff := cmp.Diff(want, decoded(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", row[1], err, diff)
		}
	}
}

// The functions that the page names are those that there are.
func TestDocsNameEveryFunction(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "there are the functions")
	list, _, _ = strings.Cut(list, "\n\n")
	names := map[string]bool{}
	for _, found := range regexp.MustCompile("`([a-zA-Z]+)`").FindAllStringSubmatch(list, -1) {
		names[found[1]] = true
	}
	for _, name := range builtins {
		if !names[name] {
			t.Errorf("the page does not name %s", name)
		}
		delete(names, name)
	}
	for _, f := range functions() {
		if !names[f.name] {
			t.Errorf("the page does not name %s", f.name)
		}
		delete(names, f.name)
	}
	if len(names) > 0 {
		t.Errorf("the page names %v, which there are not", names)
	}
}
