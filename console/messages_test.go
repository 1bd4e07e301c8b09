package console

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

func catalogs(t *testing.T) map[string]*catalog {
	t.Helper()
	all := map[string]*catalog{}
	for _, lang := range languages() {
		c, err := loadCatalog(lang)
		if err != nil {
			t.Fatal(err)
		}
		all[lang] = c
	}
	return all
}

// keysInTemplates finds every key that a template names as text: {{t "key" …}}, (t "key"), when and day's fallbacks.
func keysInTemplates(t *testing.T) []string {
	t.Helper()
	named := regexp.MustCompile(`(?:[{(]-? ?t|when [^"{}]+|day [^"{}]+) "([a-z.-]+)"`)
	var keys []string
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := templateFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			keys = append(keys, m[1])
		}
	}
	if len(keys) < 100 {
		t.Fatalf("found only %d keys in the templates: the test does not read them any more", len(keys))
	}
	return keys
}

// keysInCode finds the keys that Go code names as text: the first argument of text, and every "error.…", which stands
// for a title and a text unless it is one of them.
func keysInCode(t *testing.T) []string {
	t.Helper()
	var keys []string
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "text" {
					keys = append(keys, literal(n.Args[0])...)
				}
			case *ast.BasicLit:
				for _, key := range literal(n) {
					switch {
					case !strings.HasPrefix(key, "error."):
					case strings.HasSuffix(key, ".title"), strings.HasSuffix(key, ".text"):
						keys = append(keys, key)
					default:
						keys = append(keys, key+".title", key+".text")
					}
				}
			}
			return true
		})
	}
	if len(keys) < 15 {
		t.Fatalf("found only %d keys in the code: the test does not read it any more", len(keys))
	}
	return keys
}

func sources(t *testing.T) []*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// literal is the text of a string literal; nothing for any other expression.
func literal(e ast.Expr) []string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return nil
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return nil
	}
	return []string{s}
}

func presetNames() []string {
	var names []string
	for _, p := range resources.AllPresets() {
		names = append(names, p.Name)
	}
	return names
}

// keysOfSets spells out the keys that are put together from a prefix and a value of a closed set.
func keysOfSets() []string {
	sets := map[string][]string{
		"nav":      {"home", "findings", "tasks", "people", "groups", "apps", "connections", "audit"},
		"severity": names(severities()),
		"verdict":  {string(ownership.Green), string(ownership.Amber), string(ownership.Red)},
		"reason": names([]ownership.Reason{
			ownership.ReasonOutsideDomain, ownership.ReasonConsumerDomain, ownership.ReasonNoAddress, ownership.ReasonUnknownPerson,
			ownership.ReasonAmbiguous, ownership.ReasonPersonInactive, ownership.ReasonPersonHeld, ownership.ReasonAdministrator,
			ownership.ReasonOnlyAdmin, ownership.ReasonAccountClosed,
		}),
		"account-state":  names([]push.State{push.StatePending, push.StateConfirmed, push.StatePartial, push.StateFailed, push.StateRemoved, push.StateHeld, push.StateKept, push.StateWaiting, push.StateAccepted}),
		"class":          names([]push.Class{push.ClassTransient, push.ClassNeedsData, push.ClassNeedsAdmin, push.ClassUnsupported, push.ClassGone}),
		"wish":           {string(push.WishInactive)},
		"class-step":     failureClasses(),
		"difference":     differenceVerdicts(),
		"relation":       relations(),
		"show":           accountFilters(),
		"provision.step": provisionSteps(),
		"call":           {"create", "change", "replace", "delete"},
		"decide.title":   verbs(),
		"decide.means":   verbs(),
		"decide.now":     verbs(),
		"decide.does":    {verbLeave, verbExcept, verbReopen, verbUnlink},
		"decide.wrong":   {"verb", "person", "reason", "until"},
		"planned":        plannedActions(),
		"would":          plannedActions(),
		"product":        productFacts(),
		"confidence":     {"high", "medium", "low"},
		"field":          {"name", "taken", "responsible", "url", "url-braces", "credential", "private", "name-odd", "credential-blank", "count", "percent", "days", "sure", "owner", "expires"},
		"setup.step":     setupSteps(),
		"setup.lead":     setupSteps(),
		"attempt":        attemptActions(),
		"origin":         {push.OriginCreated, push.OriginLinked},
		"action": names([]audit.Action{
			audit.ActionCreate, audit.ActionReplace, audit.ActionModify, audit.ActionRemove, audit.ActionActivate, audit.ActionDeactivate,
			audit.ActionHold, audit.ActionRelease, audit.ActionIssue, audit.ActionRevoke, audit.ActionSignIn, audit.ActionRefuse,
			audit.ActionPush, audit.ActionRead, audit.ActionSync,
		}),
		"actor":         names([]audit.ActorKind{audit.ActorConnection, audit.ActorAdmin, audit.ActorCommand, audit.ActorSystem}),
		"object":        objectTypes(),
		"kind":          kinds(),
		"person-state":  {personActive, personInactive, personHeld},
		"app-state":     {appRunning, appPaused, appBlocked},
		"token":         {tokenActive, tokenExpiring, tokenExpired, tokenRevoked},
		"refused":       refusalKinds(),
		"preset":        presetNames(),
		"client-method": {"secret", "key", "federation"},
		"stream-method": {"push", "poll"},
		"client-by":     {"header", "user-agent", "request", "sequence"},
		"attr": {"emails", "phoneNumbers", "title", "department", "division", "organization", "costCenter", "employeeNumber",
			"manager", "sponsor", "startDate", "endDate", "post", "preferredLanguage", "userName", "displayName", "name.givenName",
			"name.familyName", "roles", "entitlements", "members"},
		"task-tab":         taskStates(),
		"task-proof":       {"text", "screenshot", "export"},
		"task-told":        {"1", "2"},
		"task.problem":     {"proof", "reason", "long"},
		"task-title.User":  {"create", "change", "remove", "deactivate", "reactivate"},
		"task-title.Group": {"create", "change", "remove"},
	}
	var keys []string
	for prefix, values := range sets {
		for _, v := range values {
			keys = append(keys, prefix+"."+v)
		}
	}
	for group, values := range looks() {
		for v := range values {
			keys = append(keys, group+"."+v)
		}
	}
	for parameter, values := range notices() {
		for _, v := range values {
			keys = append(keys, parameter+"."+v)
		}
	}
	for _, kind := range []ownership.FindingKind{
		ownership.FindingLostApp, ownership.FindingOutsideAccount, ownership.FindingOrphanAccount, ownership.FindingLeaverAccount,
		ownership.FindingFewAdmins, ownership.FindingHeldUser, ownership.FindingLateTask,
	} {
		keys = append(keys, fmt.Sprintf("finding.%s.title", kind), fmt.Sprintf("finding.%s.explain", kind))
	}
	for _, problem := range names(push.Problems()) {
		keys = append(keys, "probe."+problem+".title", "probe."+problem+".text")
	}
	for _, kind := range []string{"user", "group"} {
		for _, verb := range []string{"create", "replace", "modify", "remove", "read", "search", "list"} {
			keys = append(keys, "exchange."+verb+"."+kind)
		}
	}
	for _, unit := range []string{"minutes", "hours", "days", "years"} {
		keys = append(keys, "time.ago."+unit, "time.in."+unit)
	}
	return append(append(keys, "exchange.other"), ownership.CureSteps()...)
}

func names[T ~string](values []T) []string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

func TestMessages_everyKeyInEveryLanguage(t *testing.T) {
	t.Parallel()
	needed := slices.Concat(keysInTemplates(t), keysInCode(t), keysOfSets())
	for lang, c := range catalogs(t) {
		for _, key := range needed {
			if _, ok := c.texts[key]; !ok && !strings.HasSuffix(key, ".") {
				t.Errorf("%s has no message %q", lang, key)
			}
		}
	}
}

func TestMessages_sameKeysFormsAndPlaceholders(t *testing.T) {
	t.Parallel()
	all := catalogs(t)
	placeholders := regexp.MustCompile(`\{[a-z]+\}`)
	shape := func(c *catalog) map[string]string {
		out := map[string]string{}
		for key, m := range c.texts {
			found := placeholders.FindAllString(m.other, -1)
			slices.Sort(found)
			out[key] = fmt.Sprint(m.one != "", found)
		}
		return out
	}
	if diff := cmp.Diff(shape(all[French]), shape(all[English])); diff != "" {
		t.Errorf("French and English differ in more than words (-fr +en):\n%s", diff)
	}
}

func TestMessages_noneIsUnused(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, key := range slices.Concat(keysInTemplates(t), keysInCode(t), keysOfSets()) {
		used[key] = true
	}
	// Words for values of packages that the console does not import: refusals of oidc, texts and duties of push and others.
	outside := []string{"reason.", "why.", "attempt.", "duty."}
	for _, key := range slices.Sorted(maps.Keys(catalogs(t)[French].texts)) {
		if !used[key] && !slices.ContainsFunc(outside, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("no page uses the message %q", key)
		}
	}
}

// breakingSpace is where French wants a space that does not break, or a curly apostrophe.
var breakingSpace = regexp.MustCompile(` [:;!?»]|« |[^\x{202f}][;!?](\s|$)|'`)

func TestMessages_frenchTypography(t *testing.T) {
	t.Parallel()
	for key, m := range catalogs(t)[French].texts {
		for _, s := range []string{m.one, m.other} {
			if at := breakingSpace.FindString(s); at != "" {
				t.Errorf("%s: %q has %q, where French wants a space that does not break, or a curly apostrophe", key, s, at)
			}
		}
	}
}

func TestCatalog_countsAndNumbers(t *testing.T) {
	t.Parallel()
	all := catalogs(t)
	tests := []struct {
		lang string
		n    int
		want string
	}{
		{French, 0, "0\u00a0membre"}, {French, 1, "1\u00a0membre"}, {French, 2, "2\u00a0membres"}, {French, 1234567, "1\u202f234\u202f567\u00a0membres"},
		{English, 0, "0 members"}, {English, 1, "1 member"}, {English, 2, "2 members"}, {English, 1234567, "1,234,567 members"},
	}
	for _, test := range tests {
		got, err := all[test.lang].text("group.count", "n", test.n)
		if err != nil || got != test.want {
			t.Errorf("%s %d: got %q, %v; want %q", test.lang, test.n, got, err, test.want)
		}
	}
	if _, err := all[French].text("no.such.key"); err == nil {
		t.Error("a missing message must be an error")
	}
}
