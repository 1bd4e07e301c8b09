package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	text "text/template"
	"text/template/parse"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// renderer makes pages. A page's template is made when somebody first looks at it, once per language: its functions speak that
// language. What nobody looks at costs no memory.
type renderer struct {
	parts     *text.Template       // what pages share
	formats   map[string]formatter // by language
	files     map[string]string    // of pages, by name
	mu        sync.Mutex
	templates map[string]*template.Template // made so far, by language and name
}

func newRenderer(zone *time.Location, now func() time.Time) (*renderer, error) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	assets, err := assetPaths()
	if err != nil {
		return nil, err
	}
	phrases, err := loadPhrases()
	if err != nil {
		return nil, err
	}
	r := &renderer{formats: map[string]formatter{}, files: map[string]string{}, templates: map[string]*template.Template{}}
	for _, lang := range languages() {
		texts, err := loadCatalog(lang)
		if err != nil {
			return nil, err
		}
		r.formats[lang] = formatter{catalog: texts, phrases: phrases, zone: zone, now: now, assets: assets, looks: looks()}
	}
	funcs := r.formats[French].funcs() // their names are those of every language
	if r.parts, err = text.New("").Funcs(text.FuncMap(funcs)).ParseFS(templateFiles, "templates/layout.html", "templates/parts*.html"); err != nil {
		return nil, err
	}
	for _, name := range names {
		short := strings.TrimSuffix(path.Base(name), ".html")
		if short == "layout" || strings.HasPrefix(short, "parts") {
			continue
		}
		r.files[short] = name
		if _, err := pageOf(name, r.parts, funcs); err != nil { // now, and not when somebody looks at it
			return nil, err
		}
	}
	return r, nil
}

// page is the template of a page in a language.
func (r *renderer) page(lang, name string) (*template.Template, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := lang + " " + name
	if t := r.templates[key]; t != nil {
		return t, nil
	}
	file, ok := r.files[name]
	if !ok {
		return nil, fmt.Errorf("no page %q", name)
	}
	t, err := pageOf(file, r.parts, r.formats[lang].funcs())
	if err == nil {
		r.templates[key] = t
	}
	return t, err
}

// pageOf is a page with the parts that it names, and those that they name. What a page does not use would cost memory for each
// page and language: escaping makes every copy another one.
func pageOf(file string, parts *text.Template, funcs template.FuncMap) (*template.Template, error) {
	page, err := template.New("").Funcs(funcs).ParseFS(templateFiles, file)
	if err != nil {
		return nil, err
	}
	wanted := []string{"layout"}
	for _, t := range page.Templates() {
		wanted = append(wanted, named(t.Tree)...)
	}
	for len(wanted) > 0 {
		name := wanted[len(wanted)-1]
		wanted = wanted[:len(wanted)-1]
		part := parts.Lookup(name)
		if page.Lookup(name) != nil || part == nil { // one that is nowhere is told when the page is made
			continue
		}
		if _, err := page.AddParseTree(name, part.Tree.Copy()); err != nil {
			return nil, err
		}
		wanted = append(wanted, named(part.Tree)...)
	}
	return page, nil
}

// named are the templates that a template names.
func named(tree *parse.Tree) (names []string) {
	if tree == nil {
		return nil
	}
	for _, call := range templateCall.FindAllStringSubmatch(tree.Root.String(), -1) {
		names = append(names, call[1])
	}
	return names
}

// templateCall is how a parsed template prints its naming of another one.
var templateCall = regexp.MustCompile(`\{\{template "([^"]+)"`)

// funcs is what templates may call.
func (f formatter) funcs() template.FuncMap {
	return template.FuncMap{
		"t":        f.text,     // {{t "people.count" "n" .Total}}
		"word":     f.word,     // {{word "reason" .}}: a value from a closed set, or as it is
		"reason":   f.reason,   // {{reason .Reason}}: of an audit entry
		"why":      f.told,     // {{why .Why}}: of the push engine
		"attempt":  f.attempt,  // {{attempt .Action .Why}}: what the push engine did, and what for
		"hold":     f.hold,     // {{hold .Hold}}: why a User is not in force
		"step":     f.step,     // {{step .}}: a step of a cure
		"say":      f.say,      // {{say .Token}}: a Text in the reader's language
		"said":     f.said,     // {{said .Error}}: a sentence of the push engine
		"badge":    f.badge,    // {{badge "verdict" .Verdict}}
		"when":     f.when,     // {{when .ConfirmedAt "time.never"}}
		"day":      f.day,      // {{day .Due "time.none"}}
		"distance": f.distance, // {{distance .LastUsed}}
		"took":     f.took,     // {{took .Duration}}
		"number":   f.number,
		"icon":     f.icon,
		"asset":    func(file string) string { return f.assets[file] },
		"dict":     dict,

		"accountPath":  accountPath,  // {{accountPath .App.ID .List .Key}}: the page of an account that an app holds
		"accountsPath": accountsPath, // {{accountsPath .App.ID .List}}: a list of an app's accounts
		"relations":    relations,    // how accounts stand to the directory
		"fieldError":   messageOf,    // {{fieldError .Errors "name"}}: what is wrong with a field; empty: nothing
	}
}

// dict makes the argument of a template part: {{template "pager" dict "Page" .Page "Path" "/people"}}.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok || i+1 == len(pairs) {
			return nil, fmt.Errorf("dict: argument %d is not a name with a value", i)
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// messageOf is what is wrong with a field of a form.
func messageOf(errors []fieldError, field string) string {
	for _, e := range errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// frame is what the layout needs around a page's own data.
type frame struct {
	Lang     string
	Here     string // path and query, for coming back after a change of language
	Section  string
	Session  Session
	SignedIn bool
	CanAct   bool
	Banner   string
	Done     string // message key of what was just done; empty: nothing
	Problem  string // message key of what could not be done; empty: nothing
	Data     any
}

// render writes a page. Nothing is sent before the whole page could be made.
func (c *Console) render(v *visit, status int, name string, data any) error {
	t, err := c.pages.page(v.lang, name)
	if err != nil {
		return err
	}
	here := "/" // a form's answer, or a provider's redirect, is no place to come back to
	if v.r.Method == http.MethodGet && !strings.HasPrefix(v.r.URL.Path, "/sign-in/") {
		here = v.r.URL.RequestURI()
	}
	var page bytes.Buffer
	err = t.ExecuteTemplate(&page, "layout", frame{
		Lang: v.lang, Here: here, Section: v.section, Session: v.session, SignedIn: v.session.Company != "",
		CanAct: v.session.Role == RoleAdmin, Banner: c.Banner,
		Done: notice(v.r, "done"), Problem: notice(v.r, "problem"), Data: data,
	})
	if err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.lang)
	v.w.Header().Add("Vary", "Accept-Language, Cookie")
	v.w.WriteHeader(status)
	_, err = page.WriteTo(v.w)
	if err != nil {
		c.Logger.DebugContext(v.r.Context(), "reader left", "error", err)
	}
	return nil
}

// notices are what an action may say after its redirect: ?done=sync becomes the message done.sync.
func notices() map[string][]string {
	return map[string][]string{
		"done": {"sync", "read", "pause", "resume", "retry", "unblock", "allow", "reject", "added", "access", "saved", "start", "test", "revoke", "enable", "disable", "losses", "task-done", "task-refused",
			"changed", "uploaded", "forgotten", "linked", "decided-link", "decided-adopt", "decided-leave", "decided-except", "decided-reopen", "decided-unlink"},
		"problem": {"task-changed", "tokens", "read"},
	}
}

// notice is the message key for a notice parameter, from the closed set only: an address cannot make a page speak.
func notice(r *http.Request, parameter string) string {
	value := r.URL.Query().Get(parameter)
	for _, known := range notices()[parameter] {
		if value == known {
			return parameter + "." + known
		}
	}
	return ""
}

// back ends an action: the reader sees the page it acted on, with a notice.
func back(v *visit, to, parameter, value string) error {
	separator := "?"
	if strings.Contains(to, "?") {
		separator = "&"
	}
	http.Redirect(v.w, v.r, to+separator+parameter+"="+value, http.StatusSeeOther)
	return nil
}

// assetPaths names every static file by its content, so that it can be cached for ever.
func assetPaths() (map[string]string, error) {
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	for _, f := range files {
		b, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		paths[f.Name()] = "/static/" + f.Name() + "?v=" + base64.RawURLEncoding.EncodeToString(sum[:6])
	}
	return paths, nil
}

func (*renderer) serveAsset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(w, r, staticFiles, "static/"+path.Base(r.PathValue("file")))
}
