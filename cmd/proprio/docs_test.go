package main_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fileName finds the files that a package's documentation names.
var fileName = regexp.MustCompile(`(?:^|[\s(])([a-z0-9_]+\.(?:go|html))\b`)

// TestEveryPackageSaysWhatItIs: each package has a doc.go with the one package comment, which names each of its files
// and no file that is not there.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	packages := goFiles(t, filepath.Join("..", ".."))
	if len(packages) < 10 {
		t.Fatalf("only %d packages found", len(packages))
	}
	for dir, files := range packages {
		doc := packageComment(t, filepath.Join(dir, "doc.go"))
		if !strings.HasPrefix(doc, "Package ") && !strings.HasPrefix(doc, "Command ") {
			t.Errorf("%s: doc.go is missing or does not begin with Package or Command", dir)
			continue
		}
		named := map[string]bool{"doc.go": true}
		for _, match := range fileName.FindAllStringSubmatch(doc, -1) {
			named[match[1]] = true
			if _, err := os.Stat(filepath.Join(dir, match[1])); err != nil {
				t.Errorf("%s: doc.go names %s, which is not there", dir, match[1])
			}
		}
		for _, file := range files {
			if !named[file] {
				t.Errorf("%s: doc.go does not say what %s is for", dir, file)
			}
			if file != "doc.go" && packageComment(t, filepath.Join(dir, file)) != "" {
				t.Errorf("%s: %s has a package comment too", dir, file)
			}
		}
	}
}

// TestTheDocsLinkToWhatIsThere: no page of ours points to a file that is not there.
func TestTheDocsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	seen := 0
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		pages, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %v, %d pages", pattern, err, len(pages))
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range link.FindAllStringSubmatch(string(text), -1) {
				seen++
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), match[1])); err != nil {
					t.Errorf("%s links to %s, which is not there", page, match[1])
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d links were found", seen)
	}
}

// goFiles lists the files of each package under root, tests left out.
func goFiles(t *testing.T, root string) map[string][]string {
	t.Helper()
	packages := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (name == "node_modules" || strings.HasPrefix(name, ".")):
			return fs.SkipDir
		case !entry.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// packageComment returns a file's package comment; empty when there is none, or no such file.
func packageComment(t *testing.T, path string) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
	if os.IsNotExist(err) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Doc.Text()
}
