package db_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryQueryCarriesTheCompany reads this package's source: each SQL statement that touches a company's table must
// bind that table to a company, by a condition on company_id or, for an insert, by a value for it. There are as many
// mentions of company_id as there are tables, so that a join or a sub-query cannot forget it. What has a reason to look
// over all companies is listed below, with the reason.
func TestEveryQueryCarriesTheCompany(t *testing.T) {
	t.Parallel()
	tables := tenantTables(t)
	used := map[string]bool{}
	found := 0
	for _, s := range statements(t) {
		touched := len(tables.FindAllString(s.sql, -1))
		if touched == 0 {
			continue
		}
		found++
		if bindings(s.sql) >= touched {
			continue
		}
		if overAllCompanies[s.function] != "" && !used[s.function] {
			used[s.function] = true
			continue
		}
		t.Errorf("%s: %s touches %d table(s) of a company and binds %d to it: %s", s.place, s.function, touched, bindings(s.sql), s.sql)
	}
	if found < 50 {
		t.Errorf("only %d statements were found; the test does not see what it should", found)
	}
	for function := range overAllCompanies {
		if !used[function] {
			t.Errorf("%s needs no exception any more", function)
		}
	}
}

// overAllCompanies are the functions with one statement each that may look beyond one company, and the reason.
var overAllCompanies = map[string]string{
	"connections.go:tokenInForce":        "a token's hash says whose it is",
	"oauth_grant.go:ClientByID":          "a client_id says whose it is: nobody has shown who they are yet",
	"signin_sessions.go:SessionByHash":   "a session's hash says whose it is",
	"signin_issuers.go:Issuer":           "nobody is signed in yet; the issuer's id is in the redirect address",
	"companies.go:CompanyOfDomain":       "a proved domain belongs to one company: the company is what is looked for",
	"changes.go:newestEntry":             "how far the record is complete is found for all companies at once",
	"events_queue.go:forgetStreams":      "as ForgetLeases",
	"events_queue.go:HasPushStreams":     "nothing is rung for while no company has a stream to push",
	"events_queue.go:StreamsToPush":      "finds work of all companies; each stream names its own",
	"companies.go:PolicyChanges":         "finds work of all companies; each item names its own",
	"push_plan.go:DirtyMarks":            "finds work of all companies; each mark names its own",
	"push_apps.go:HasApps":               "nobody is planned for while no company has an app",
	"push_work.go:AppsWithWork":          "finds work of all companies; each app names its own",
	"milestones_check.go:milestoneLists": "a duty for all companies; each list names its own",
	"removed.go:PurgeRemoved":            "what was deleted long ago goes, whoever's it was",
	"async.go:ClaimAsync":                "finds work of all companies; each request names its own",
	"async.go:PurgeAsync":                "what was finished long ago goes, whoever it was for",
	"async.go:forgetAsync":               "as ForgetLeases",
	"push_log.go:PurgeAttempts":          "a duty for all companies; each app names its own",
	"push_reconcile.go:AppsToReconcile":  "finds work of all companies; each app names its own",
	"push_work.go:ForgetLeases":          "a server that starts alone on its database frees what it held when it died",
	"keyset.go:TrySecrets":               "tries the keyset on the newest secrets; shows none",
	"carry.go:refuseTaken":               "a proved domain belongs to one company: whoever has it there is looked for",
	"snapshot.go:look":                   "a backup is of all companies",
	"census.go:Queues":                   "how much waits of all companies together",
	"health.go:Recorded":                 "the clock is that of all companies",
	"census.go:Census":                   "how many there are of all companies together",
	"ownership_read.go:observed":         "each caller's condition is looked at instead",
	"tasks_read.go:tasks":                "each caller's condition is looked at instead",
	"tasks_read.go:oneTask":              "each caller's condition is looked at instead",
	"tasks_read.go:LateTasks":            "finds work of all companies; each task names its own",
	"ownership_read.go:findings":         "each caller's condition is looked at instead",
}

// ofNoCompany are the tables without company_id: companies has its own id, duties are the cluster's, and a
// backup is of all companies.
var ofNoCompany = map[string]bool{"companies": true, "duties": true, "backups": true}

// tenantTables matches the use of a table that has company_id in a statement.
func tenantTables(t *testing.T) *regexp.Regexp {
	t.Helper()
	create := regexp.MustCompile(`(?s)create table (\w+) \((.*?)\n\)`)
	var names []string
	files, err := fs.Glob(os.DirFS("migrations"), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile("migrations/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range create.FindAllStringSubmatch(string(text), -1) {
			switch {
			case strings.Contains(m[2], "company_id"):
				names = append(names, m[1])
			case !ofNoCompany[m[1]]:
				t.Errorf("%s: table %s has no company_id", file, m[1])
			}
		}
	}
	if len(names) < 15 {
		t.Fatalf("only %d tables found: %v", len(names), names)
	}
	return regexp.MustCompile(`\b(?:from|join|into|update) (?:` + strings.Join(names, "|") + `)\b`)
}

// bindings counts what binds a statement's tables to a company: conditions, and the columns of an insert.
func bindings(sql string) int {
	return len(regexp.MustCompile(`\bcompany_id (?:=|in) |\binto \w+ \([^)]*\bcompany_id\b`).FindAllString(sql, -1))
}

// statement is an SQL text of this package. A part that is no constant is [?].
type statement struct{ place, function, sql string }

// builders are the functions that put a text before an argument of theirs and make a statement of it.
var builders = map[string]struct {
	before   string
	argument int
}{
	"observed":        {"select from observed_accounts a where ", 2},
	"findings":        {"select from findings where ", 2},
	"tasks":           {"select from tasks t where ", 2},
	"oneTask":         {"select from tasks t where ", 2},
	"selectResources": {"select from ", 1},
}

// statements collects the texts of the package.
func statements(t *testing.T) []statement {
	t.Helper()
	set := token.NewFileSet()
	files := map[string]*ast.File{}
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	global := texts{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[name], err = parser.ParseFile(set, name, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // a text may be made of one in a later file
		for _, file := range files {
			for _, decl := range file.Decls {
				if g, ok := decl.(*ast.GenDecl); ok {
					ast.Inspect(g, global.learn)
				}
			}
		}
	}
	var all []statement
	for name, file := range files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				for _, s := range statementsOf(f, maps.Clone(global)) {
					all = append(all, statement{set.Position(s.Pos).String(), name + ":" + f.Name.Name, s.Text})
				}
			}
		}
	}
	return all
}

// found is a text and where it is.
type found struct {
	Pos  token.Pos
	Text string
}

// statementsOf collects the statements of a function. A constant or a variable counts where it is used.
func statementsOf(f *ast.FuncDecl, known texts) (all []found) {
	ast.Inspect(f.Body, known.learn)
	spaces := regexp.MustCompile(`\s+`)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return false
		case ast.Expr:
			text, constant := known.text(n)
			if constant {
				all = append(all, found{n.Pos(), spaces.ReplaceAllString(text, " ")})
			}
			return !constant
		}
		return true
	})
	return all
}

// texts are the strings that names stand for.
type texts map[string]string

// learn notes the first text that a name is given.
func (k texts) learn(n ast.Node) bool {
	note := func(name ast.Expr, value ast.Expr) {
		id, ok := name.(*ast.Ident)
		text, constant := k.text(value)
		if ok && constant {
			k[id.Name] = text
		}
	}
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i, value := range n.Values {
			note(n.Names[i], value)
		}
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
			for i, value := range n.Rhs {
				note(n.Lhs[i], value)
			}
		}
	}
	return true
}

// text joins the string constants of an expression; ok is false when there is none in it.
func (k texts) text(e ast.Expr) (text string, ok bool) {
	const unknown = " [?] "
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return unknown, false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.Ident:
		if text, ok := k[e.Name]; ok {
			return text, true
		}
	case *ast.CallExpr:
		if method, ok := e.Fun.(*ast.SelectorExpr); ok && builders[method.Sel.Name].before != "" {
			b := builders[method.Sel.Name]
			text, _ := k.text(e.Args[b.argument])
			return b.before + text, true
		}
	case *ast.BinaryExpr:
		left, first := k.text(e.X)
		right, second := k.text(e.Y)
		return left + right, e.Op == token.ADD && (first || second)
	}
	return unknown, false
}
