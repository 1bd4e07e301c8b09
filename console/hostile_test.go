package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// Whatever stands in an address, or in a form in the place of an id, is either a page's or not there: nothing is a fault.
func TestPages_idsThatAreNone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		task := w.seedTasks(w.company, "anna@atelier-bremond.fr")[0]
		none := []string{"%00", "%FF%FE", "a%00b", "'%20or%20'1'='1", strings.Repeat("9", 3000), "%F0%9F%98%80%0d%0aSet-Cookie:x"}
		for _, id := range none {
			for _, path := range []string{"/apps/ID", "/apps/ID/log", "/apps/ID/setup/scope", "/apps/ID/access", "/apps/ID/drift", "/apps/ID/accounts", "/apps/" + w.app + "/why/User/ID",
				"/apps/" + w.unfinished + "/setup/ID", "/tasks/ID", "/people/ID", "/groups/ID", "/connections/ID"} {
				if res, _ := w.get(strings.Replace(path, "ID", id, 1), "fr"); res.StatusCode != http.StatusNotFound {
					t.Errorf("GET %s with %.20s: %s", path, id, res.Status)
				}
			}
			for _, path := range []string{"/apps/ID/pause", "/apps/ID/allow", "/apps/ID/setup/scope", "/apps/ID/access", "/tasks/ID/done", "/connections/ID/tokens"} {
				form := url.Values{"all": {"1"}, "proof": {"x"}, "revision": {"1"}, "who": {"all"}}
				if res, _ := w.post(strings.Replace(path, "ID", id, 1), form); res.StatusCode != http.StatusNotFound {
					t.Errorf("POST %s with %.20s: %s", path, id, res.Status)
				}
			}
			odd, err := url.PathUnescape(id)
			must(t, err)
			for _, query := range []string{"state", "page", "name", "before", "q", "id"} {
				for _, path := range []string{"/people", "/groups", "/tasks", "/audit", "/findings", "/apps/" + w.app, "/apps/" + w.app + "/log", "/apps/" + w.app + "/provision"} {
					if res, _ := w.get(path+"?"+query+"="+url.QueryEscape(odd), "fr"); res.StatusCode >= http.StatusInternalServerError {
						t.Errorf("GET %s?%s=%.20s: %s", path, query, id, res.Status)
					}
				}
			}
			for _, form := range []url.Values{{"who": {"groups"}, "group": {odd, w.otherGroup}}, {"who": {"all"}, "preview": {"1"}, "person": {odd}}, {"who": {"groups"}, "q": {odd}, "find": {"1"}}} {
				if res, _ := w.post("/apps/"+w.unfinished+"/setup/scope", form); res.StatusCode != http.StatusOK && res.StatusCode != http.StatusBadRequest {
					t.Errorf("a scope of %.60v: %s", form, res.Status)
				}
			}
			for _, revision := range []string{odd, "-1", "9223372036854775808"} {
				if res, _ := w.post("/tasks/"+task.ID+"/done", url.Values{"proof": {"x"}, "revision": {revision}}); res.Header.Get("Location") != "/tasks/"+task.ID+"?problem=task-changed" && res.StatusCode != http.StatusBadRequest {
					t.Errorf("a task as it never was, %.20q: %s", revision, res.Status)
				}
			}
		}
		if app := w.stored(w.unfinished); len(app.ScopeGroups) != 0 {
			t.Errorf("something was kept: %+v", app)
		}
		if len(w.engine.asked) > 0 {
			t.Errorf("the engine was asked %v", w.engine.asked)
		}
		if res, _ := w.post("/tasks/"+task.ID+"/done", url.Values{"proof": {"done \x00"}, "revision": {"1"}}); res.StatusCode != http.StatusBadRequest {
			t.Errorf("a proof that is no text: %s", res.Status)
		}
		w.leads("/tasks/"+task.ID+"/done", url.Values{"proof": {"done\r\n\u202e<script>"}, "revision": {"1"}}, "/tasks?done=task-done")
		w.says("/tasks/"+task.ID, "fr", []string{"&lt;script&gt;"}, []string{"<script>"})
	})
}
