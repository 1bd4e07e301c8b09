package scim_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// catalogues are what this package is held to, by the prefix of the test names, as ranges of numbers: the requirements
// of the RFCs and of clients (protocol.md section 2), the points where those disagree (section 3), the tolerance rules
// (clients.md section 6, whose numbers have gaps), and the ways to lose data (section 8). A rule without a test is a
// rule that nobody keeps.
var catalogues = map[string][][2]int{
	"Requirement": {{1, 58}},
	"Row":         {{1, 20}},
	"Q":           {{1, 7}, {10, 16}, {20, 42}, {50, 57}},
	"H":           {{1, 16}},
}

var numbered = regexp.MustCompile(`^Test(Requirement|Row|Q|H)(\d\d)_[A-Z0-9]\w*$`)

// numbers lists a catalogue as test names begin: Q01, Q02 and so on.
func numbers(prefix string) []string {
	var all []string
	for _, r := range catalogues[prefix] {
		for n := r[0]; n <= r[1]; n++ {
			all = append(all, fmt.Sprintf("%s%02d", prefix, n))
		}
	}
	return all
}

// TestCatalogueIsTestedWhole reads the package's tests: each number has a test named after it, in two digits, that says
// what the rule is, and there is no number beyond the catalogue.
func TestCatalogueIsTestedWhole(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	tested := map[string][]string{} // files by prefix and number
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			m := numbered.FindStringSubmatch(f.Name.Name)
			if m == nil {
				continue
			}
			if !slices.Contains(numbers(m[1]), m[1]+m[2]) {
				t.Errorf("%s: %s has a number that the catalogue has not", file, f.Name.Name)
			}
			if strings.TrimSpace(f.Doc.Text()) == "" {
				t.Errorf("%s: %s does not quote its rule", file, f.Name.Name)
			}
			key := m[1] + m[2]
			tested[key] = append(tested[key], file)
		}
	}
	var missing []string
	for prefix := range catalogues {
		for _, key := range numbers(prefix) {
			if tested[key] == nil {
				missing = append(missing, key)
			}
		}
	}
	slices.Sort(missing)
	if missing != nil {
		t.Errorf("no test is named after %s", strings.Join(missing, ", "))
	}
}
