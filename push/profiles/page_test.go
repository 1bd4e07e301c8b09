package profiles_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"proprio/push/profiles"
)

var update = flag.Bool("update", false, "write the pages of docs/apps anew")

const pages = "../../docs/apps"

// Each product has a page in docs/apps, and it says what the profile says.
func TestEveryProductHasItsPage(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"README.md": index(set)}
	for _, name := range set.Names() {
		p, _ := set.Get(name)
		files[name+".md"] = p.Page()
	}
	there, err := os.ReadDir(pages)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, entry := range there {
		if _, known := files[entry.Name()]; !known {
			t.Errorf("docs/apps/%s is of no profile: remove it", entry.Name())
		}
	}
	for name, want := range files {
		path := filepath.Join(pages, name)
		if *update {
			if err := os.MkdirAll(pages, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil || string(have) != want {
			t.Errorf("docs/apps/%s is not what its profile says (%v): go test ./push/profiles -run Page -update", name, err)
		}
	}
}

func index(set *profiles.Set) string {
	var b strings.Builder
	b.WriteString("# Apps\n\nWhat each product takes, refuses and does with what it is sent, as Proprio knows it. These pages are written from\n" +
		"the profiles in [push/profiles/data](../../push/profiles/data): change them there.\n\n| Profile | Product | Plan | Confidence |\n|---|---|---|---|\n")
	for _, name := range set.Names() {
		p, _ := set.Get(name)
		fmt.Fprintf(&b, "| [`%s`](%s.md) | %s | %s | %s |\n", name, name, p.Title, p.Plan, p.Confidence)
	}
	return b.String()
}
