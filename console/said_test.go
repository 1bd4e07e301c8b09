package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spoken are the folders and files whose sentences reach pages.
var spoken = []string{"../push", "../push/manual", "../push/mapping", "../push/rest", "../scim/client", "../ownership/export",
	"../ownership/inspector.go", "../ownership/account.go", "../resources/load/table.go"}

// refusing are the files of which only refusals reach pages: what they give resources.Errorf, but what is not found.
var refusing = []string{"../db/push_*.go", "../db/tasks*.go", "../cmd/proprio/console_*.go", "*.go"}

// refusals are the refusals of files.
func refusals(t *testing.T, pattern string) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			kind, known := call.Args[0].(*ast.SelectorExpr)
			if !ok || !known || f.Sel.Name != "Errorf" || kind.Sel.Name == "ErrNotFound" || kind.Sel.Name == "ErrForbidden" {
				return true
			}
			if s, ok := folded(call.Args[2]); ok && twoWords.MatchString(gap.ReplaceAllString(s, "|")) {
				found[strings.TrimSpace(s)] = name
			}
			return true
		})
	}
	return found
}

// twoWords is what makes a text a sentence and not a name.
var twoWords = regexp.MustCompile(`[A-Za-z']{2,} [A-Za-z']{2,}`)

// unspoken are texts of these packages that no page shows: of the log, of what programmers see, of the audit record, of queries.
var unspoken = []string{
	"findings about held users: %w", "list apps: %w", "list observed apps: %w", "account reader", "%s on demand %s", "members[value eq %s]", "read accounts", "look up", "the app's lease went to another owner", "client: no transport",
	"client: %q cannot be the id of a resource at %s", "encode the body of %s %s: %w", "decode its document: %w", "decode what was written of a Group: %w",
	"decode what was said to be done of a Group: %w", "decode what a task asks for: %w", "look for administrators: %w", "look whether too many go: %w",
	"read the app again: %w", "read the due accounts: %w", "record the result for account %s (%s): %w", "list the %ss for app %s: %w",
	"plan %d marks of company %s: %w", "raise %d accounts of app %s: %w", "read dirty marks: %w", "the members of a Group that was renamed: %w",
	"under which names Groups are known: %w", `^json: unknown field "(.*)"$`, "read the Users that expressions ask for: %w", "the company's schemas: %w", "the company's domains: %w",
	"app %s: its rules cannot be compiled here", "tell that task %s is late: %w", "principalId eq %s", "userPrincipalName eq %s", "displayName eq %s",
	"Another object with the same value", "already exist", "already being used", "too many", "Google Workspace",
	`^members\[value eq ("(?:[^"\\]|\\.)*")\]$`,
}

// composed are sentences that code puts together from pieces of one word.
var composed = []string{
	"line %d: %w", "%s: %d calls", "semicolons", "commas", "tabs", "did you mean %s?", "this is %s and has to be %s", "this is no whole number: %s", "it divides by zero",
	"an object is asked by a text", "a whole number", "a number", "a text", "a list", "an object", "no value", "any value", "true or false", "%s is %s, and %s takes %s", "GET %s answered %d %s", "GET %s answered %d %s: %s", "POST %s answered %d %s", "POST %s answered %d %s: %s",
	"PUT %s answered %d %s", "PUT %s answered %d %s: %s", "PATCH %s answered %d %s", "PATCH %s answered %d %s: %s", "DELETE %s answered %d %s", "DELETE %s answered %d %s: %s",
}

// sentences are the texts of a package's code with gaps, as package fmt writes them; logging is left out.
func sentences(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	if !strings.HasSuffix(dir, ".go") {
		dir += "/*.go"
	}
	files, err := filepath.Glob(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "../push/mapping/words.go" { // which says another language's words in its own
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		keep := func(s string) {
			if s = strings.TrimSpace(s); twoWords.MatchString(gap.ReplaceAllString(s, "|")) {
				found[s] = name
			}
		}
		var look func(n ast.Node) bool
		look = func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.StructType:
				for _, f := range n.Fields.List {
					f.Tag = nil
				}
			case *ast.CallExpr:
				return !logs(n)
			case *ast.AssignStmt:
				if n.Tok == token.ADD_ASSIGN {
					if s, ok := folded(n.Rhs[0]); ok {
						keep("%s" + s)
						return false
					}
				}
			case *ast.BinaryExpr:
				if s, ok := folded(n); ok {
					keep(s)
					for _, other := range operands(n) {
						ast.Inspect(other, look)
					}
					return false
				}
			case *ast.BasicLit:
				if s, ok := folded(n); ok {
					keep(s)
				}
			}
			return true
		}
		ast.Inspect(file, look)
	}
	if len(found) < 2 {
		t.Fatalf("found only %d sentences in %s: the test does not read it any more", len(found), dir)
	}
	return found
}

// logs says whether a call writes a line of the log.
func logs(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext"}, f.Sel.Name) && len(call.Args) > 0
}

// folded is what a text is put together from: literals as they are, all else as a gap. false: nothing of it is a literal.
func folded(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, one := folded(e.X)
		right, other := folded(e.Y)
		if !one {
			left = "%s"
		}
		if !other {
			right = "%s"
		}
		return left + right, one || other
	}
	return "", false
}

// operands are the parts of a text that are no literals.
func operands(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.BasicLit:
		return nil
	case *ast.BinaryExpr:
		return append(operands(e.X), operands(e.Y)...)
	}
	return []ast.Expr{e}
}

// Each sentence of the engine has a French one, and each French one a sentence: neither can change alone.
func TestSaid_everySentenceOfTheEngine(t *testing.T) {
	t.Parallel()
	phrases, err := loadPhraseTexts()
	if err != nil {
		t.Fatal(err)
	}
	reasons := catalogs(t)[French]
	all := map[string]string{}
	for _, dir := range spoken {
		for s, name := range sentences(t, dir) {
			all[s] = name
		}
	}
	for _, pattern := range refusing {
		for s, name := range refusals(t, pattern) {
			all[s] = name
		}
	}
	for s, name := range all {
		_, ok := phrases[s]
		_, reason := reasons.texts["why."+strings.TrimSuffix(s, ": %s")] // which English pages put in other words, too
		if !ok && !reason && !slices.Contains(unspoken, s) {
			t.Errorf("%s has no French in %s: of %s", strconv.Quote(s), phraseFile, name)
		}
	}
	for s, french := range phrases {
		if all[s] == "" && !slices.Contains(composed, s) {
			t.Errorf("%s has French in %s, and nothing says it any more", strconv.Quote(s), phraseFile)
		}
		for i := range gap.FindAllString(s, -1) {
			if place := "{" + strconv.Itoa(i+1) + "}"; !strings.Contains(french, place) {
				t.Errorf("the French of %s has no place %s", strconv.Quote(s), place)
			}
		}
	}
	for _, s := range unspoken {
		if all[s] == "" {
			t.Errorf("%s is left out, and nothing says it any more", strconv.Quote(s))
		}
	}
}

// What is said is told in French as far as it is the engine's: what an app answered stays as it is, between quotation marks.
func TestSaid(t *testing.T) {
	t.Parallel()
	f := french(t)
	for english, want := range map[string]string{
		"nothing is to be done": "rien n’est à faire",
		"the User is on hold: address outside the company's domains: gmail.com": "la personne est en attente\u00a0: address outside the company&#39;s domains: gmail.com",
		"GET https://crm.example/Users answered 401 Unauthorized: nothing is to be done. The app no longer takes the token: set a new one": "GET https://crm.example/Users\u00a0: réponse 401 Unauthorized\u00a0: «\u00a0nothing is to be done\u00a0». " +
			"L’application n’accepte plus le jeton\u00a0: donnez-en un nouveau",
		"the app already holds a User \"anne@x.fr\" (id 4) that was not made here. Decide: let this app link existing accounts, which puts it under the directory's control, or rename or remove it in the app": "l’application a déjà User «\u00a0anne@x.fr\u00a0» (identifiant 4) qui n’a pas été créé d’ici. " +
			"Décidez\u00a0: reprenez ce compte, ce qui le met sous le contrôle de l’annuaire, ou renommez-le ou supprimez-le dans l’application",
		"it would be deactivated, because the User is inactive: link it by itself": "il serait désactivé, car la personne est inactive\u00a0: reprenez-le seul",
		"line 3: \"x\" is no e-mail address\nline 4: the row has neither an e-mail address nor a user name": "ligne 3\u00a0: «\u00a0x\u00a0» n’est pas une adresse électronique\n" +
			"ligne 4\u00a0: la ligne n’a ni adresse électronique ni nom de connexion",
		"something <new>": `<span lang="en">something &lt;new&gt;</span>`,
		"":                "",
	} {
		if got := string(f.said(english)); got != want {
			t.Errorf("%q is told as\n%s, want\n%s", english, got, want)
		}
	}
	f.catalog = catalogs(t)[English]
	if got := f.said("nothing is <to> be done"); got != "nothing is &lt;to&gt; be done" {
		t.Errorf("English is told as %q", got)
	}
}

func french(t *testing.T) formatter {
	t.Helper()
	phrases, err := loadPhrases()
	if err != nil {
		t.Fatal(err)
	}
	return formatter{catalog: catalogs(t)[French], phrases: phrases}
}

// A text of an app's that is made to be hard to read takes no time.
func TestSaid_isBounded(t *testing.T) {
	t.Parallel()
	looks := 0
	french(t).translate(strings.Repeat("found as: known as; a: ", 2000), phraseDepth, &looks)
	if looks > mostLooks {
		t.Errorf("all phrases were gone through %d times", looks)
	}
}

func TestSaid_typography(t *testing.T) {
	t.Parallel()
	texts, err := loadPhraseTexts()
	if err != nil {
		t.Fatal(err)
	}
	for english, words := range texts {
		if at := breakingSpace.FindString(words); at != "" {
			t.Errorf("%s: %q has %q", english, words, at)
		}
	}
}
