package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"proprio/console"
	"proprio/db"
	"proprio/db/dbtest"
)

// paths is one address of every page, filters and pages of lists included.
func (w *world) paths() []string {
	return []string{
		"/", "/findings", "/people", "/people?q=martin&state=active&kind=employee", "/people?page=2", "/people?q=nobody-at-all",
		"/people/" + w.people["camille.bremond@atelier-bremond.fr"], "/people/" + w.people["sophie.marchetti@gmail.com"],
		"/people/" + w.people["paul.fabre@atelier-bremond.fr"], "/people/" + w.people["hostile@atelier-bremond.fr"],
		"/groups", "/groups?q=atelier", "/groups/" + w.group, "/apps", "/apps/" + w.app, "/apps/" + w.app + "?verdict=red&state=failed",
		"/apps/" + w.app + "?state=failed&class=needs-admin", "/apps/" + w.app + "/log", "/apps/" + w.app + "/log?name=nobody&outcome=failed&action=create",
		"/apps/" + w.app + "/why/User/" + w.people["louise.martin@atelier-bremond.fr"], "/apps/" + w.app + "/why/Group/" + w.group,
		"/apps/" + w.app + "/accounts", "/apps/" + w.app + "/accounts?show=all&q=a", "/apps/" + w.app + "/account?key=2", "/apps/" + w.app + "/account?key=3&verb=link",
		"/apps/" + w.app + "/account?key=2&verb=link&person=anne", "/apps/" + w.app + "/account?key=3&verb=except", "/apps/" + w.app + "/account?key=4&verb=reopen", "/apps/" + w.app + "/links", "/apps/" + w.app + "/export", "/apps/" + w.app + "/settings", "/apps/" + w.app + "/scope", "/apps/" + w.app + "/provision", "/apps/" + w.app + "/provision?q=louise",
		"/apps/" + w.app + "/provision?type=Group&object=" + w.group,
		"/apps/" + w.app + "/drift", "/apps/" + w.app + "/drift?verdict=missing", "/apps/" + w.app + "/access", "/apps/new", "/apps/new?product=generic",
		"/apps/new?product=braces", "/apps/new?product=manual", "/apps/" + w.unfinished, "/apps/" + w.unfinished + "/access",
		"/apps/" + w.unfinished + "/setup/test", "/apps/" + w.unfinished + "/setup/accounts", "/apps/" + w.unfinished + "/setup/scope", "/apps/" + w.unfinished + "/setup/trial",
		"/apps/" + w.app + "?done=sync", "/apps/" + w.app + "?problem=read",
		"/connections", "/connections/" + w.conn, "/audit", "/audit?type=User&id=" + w.people["paul.fabre@atelier-bremond.fr"], "/audit?type=User",
	}
}

func TestPages_everyPageInBothLanguages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, lang := range []string{"fr", "en"} {
			for _, path := range w.paths() {
				res, body := w.get(path, lang)
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s %s: %s", lang, path, res.Status)
				}
				checkPage(t, lang+" "+path, lang, body)
			}
			res, body := w.get("/no/such/page", lang)
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("%s: an unknown page is %s", lang, res.Status)
			}
			checkPage(t, lang+" 404", lang, body)
		}
	})
}

func TestPages_outsideTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	w.signIn.session = nil
	for _, lang := range []string{"fr", "en"} {
		_, body := w.get("/sign-in?return=/apps", lang)
		checkPage(t, lang+" sign-in", lang, body)
		if !strings.Contains(body, `value="/apps"`) || !strings.Contains(body, "Entra ID") {
			t.Errorf("%s: the sign-in page has no issuer, or forgets where to return", lang)
		}
		for _, kind := range []string{"again", "cancelled", "refused", "provider", "fault", "", "made-up"} {
			w.signIn.refusal = &console.RefusedError{Kind: kind, Reference: "ref-4711"}
			res, body := w.get("/sign-in/issuer-1/callback?error=access_denied&error_description=%3Cb%3Eboo", lang)
			checkPage(t, lang+" refused "+kind, lang, body)
			if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "ref-4711") || strings.Contains(body, "boo") {
				t.Errorf("%s %q: a refusal shows its reference and nothing of the provider's text: %s", lang, kind, res.Status)
			}
		}
	}
}

// checkPage parses a page and holds it to the house rules of accessibility and safety.
func checkPage(t *testing.T, name, lang, body string) {
	t.Helper()
	fail := func(format string, args ...any) { t.Helper(); t.Errorf("%s: %s", name, fmt.Sprintf(format, args...)) }
	checkWellFormed(fail, body)
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	count, ids, labelled := map[string]int{}, map[string]bool{}, map[string]bool{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				fail("the id %q is there twice", id)
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labelled[attr(n, "for")] = true
		}
		checkElement(fail, n)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			checkReferences(fail, n, ids, labelled)
		}
	}
	for _, once := range []string{"h1", "main", "title", "header", "footer"} {
		if count[once] < 1 || (once == "h1" || once == "main") && count[once] > 1 {
			fail("%d elements %s", count[once], once)
		}
	}
	if !strings.Contains(body, `<html lang="`+lang+`">`) {
		fail("the page does not say that it is in %s", lang)
	}
	if !strings.Contains(body, `<a class="skip" href="#main">`) {
		fail("no skip link")
	}
	for _, hostile := range []string{hostileName, hostileAgent, "hunter2", "Zwetschge", "zwetschge"} {
		if strings.Contains(body, hostile) {
			fail("shows %q as it is", hostile)
		}
	}
}

func checkElement(fail func(string, ...any), n *html.Node) {
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			fail("inline %s=%q on %s", a.Key, a.Val, n.Data)
		}
	}
	switch n.Data {
	case "script", "style":
		fail("a %s element", n.Data)
	case "img":
		if !has(n, "alt") {
			fail("an image without alt")
		}
	case "table":
		if first := firstElement(n); first == nil || first.Data != "caption" || strings.TrimSpace(text(first)) == "" {
			fail("a table without caption")
		}
	case "th":
		if attr(n, "scope") == "" {
			fail("a table heading without scope: %s", text(n))
		}
	case "form":
		if attr(n, "method") == "" || !submits(n) {
			fail("the form %q has no method or no button to send it", attr(n, "action"))
		}
	case "a", "button", "summary":
		if strings.TrimSpace(text(n)) == "" && attr(n, "aria-label") == "" {
			fail("a %s without words", n.Data)
		}
	case "span":
		if strings.HasPrefix(attr(n, "class"), "badge") && (strings.TrimSpace(text(n)) == "" || firstElement(n) == nil) {
			fail("a badge that speaks by colour alone: %q", text(n))
		}
	}
}

func checkReferences(fail func(string, ...any), n *html.Node, ids, labelled map[string]bool) {
	for _, key := range []string{"aria-labelledby", "aria-describedby", "for"} {
		for _, id := range strings.Fields(attr(n, key)) {
			if !ids[id] {
				fail("%s points to %q, which is not there", key, id)
			}
		}
	}
	if to := attr(n, "href"); strings.HasPrefix(to, "#") && !ids[to[1:]] {
		fail("a link to %s, which is not there", to)
	}
	control := n.Data == "input" || n.Data == "select" || n.Data == "textarea"
	if control && attr(n, "type") != "hidden" && !labelled[attr(n, "id")] {
		fail("the field %q has no label", attr(n, "name"))
	}
}

// checkWellFormed holds the source itself to closing what it opens, in order; a parser would mend it in silence.
func checkWellFormed(fail func(string, ...any), body string) {
	void := map[string]bool{"meta": true, "link": true, "input": true, "img": true, "br": true}
	var open []string
	z := html.NewTokenizer(strings.NewReader(body))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		name, _ := z.TagName()
		switch kind {
		case html.StartTagToken:
			if !void[string(name)] {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != string(name) {
				fail("</%s> closes what is not open: %v", name, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		fail("left open: %v", open)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func firstElement(n *html.Node) *html.Node {
	for c := range n.ChildNodes() {
		if c.Type == html.ElementNode {
			return c
		}
	}
	return nil
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func submits(form *html.Node) bool {
	for d := range form.Descendants() {
		if d.Type == html.ElementNode && d.Data == "button" && attr(d, "type") == "submit" {
			return true
		}
	}
	return false
}
