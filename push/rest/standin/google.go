package standin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"encoding/json"
)

// google is the directory of a Google Workspace.
type google struct {
	tokens       *issuer
	users, teams *table
}

// Google starts one. Its domain is atelier.fr.
func Google(t testing.TB) *Server {
	key, text := serviceKey(t)
	g := &google{users: newTable(), teams: newTable()}
	g.tokens = &issuer{path: tokenPath, grant: func(form url.Values) (document, string) {
		c := claims(&key.PublicKey, form.Get("assertion"))
		scopes, _ := c["scope"].(string)
		if form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || c["iss"] != "robot@project.example" ||
			c["sub"] != "admin@atelier.fr" || !strings.Contains(scopes, "admin.directory.user") {
			return nil, "the client is not authorized to act for the subject"
		}
		return nil, ""
	}}
	s := start(t, "/admin/directory/v1", g)
	s.tokens = g.tokens
	credential, err := json.Marshal(document{"type": "service_account", "client_email": "robot@project.example", "private_key": text,
		"token_uri": strings.TrimSuffix(s.URL, s.base) + tokenPath, "subject": "admin@atelier.fr"})
	if err != nil {
		t.Fatal(err)
	}
	s.Credential = string(credential)
	return s
}

func (g *google) mayCall(r *request) bool { return g.tokens.mayCall(r) }

// refuse: 429 is 403 with a reason here.
func (g *google) refuse(status int, words string) answer {
	reason := map[int]string{http.StatusNotFound: "notFound", http.StatusConflict: "duplicate", http.StatusTooManyRequests: "userRateLimitExceeded"}[status]
	if reason == "" {
		reason = "invalid"
	}
	if status == http.StatusTooManyRequests {
		status = http.StatusForbidden
	}
	return answer{status: status, body: document{"error": document{"code": status, "message": words,
		"errors": []document{{"domain": "global", "reason": reason, "message": words}}}}}
}

func (g *google) serve(r *request) answer {
	if r.path == "/groups" || strings.HasPrefix(r.path, "/groups/") {
		return g.serveGroups(r)
	}
	key, rest, one := below(r.path, "/users")
	switch {
	case r.path == "/users" && r.method == http.MethodGet:
		return g.list(r)
	case r.path == "/users" && r.method == http.MethodPost:
		return g.create(r.body)
	case !one || rest != "":
		return g.refuse(http.StatusNotFound, "there is no such endpoint")
	}
	u := g.user(key)
	switch {
	case u == nil:
		return g.refuse(http.StatusNotFound, "Resource Not Found: userKey")
	case r.method == http.MethodGet:
		return ok(u)
	case r.method == http.MethodPatch:
		return g.change(u, r.body)
	}
	return g.refuse(http.StatusMethodNotAllowed, "not offered")
}

// user is found by id, address or alias.
func (g *google) user(key string) document {
	if u := g.users.held[key]; u != nil {
		return u
	}
	return g.users.find(func(u document) bool {
		return strings.EqualFold(text(u, "primaryEmail"), key) ||
			slices.ContainsFunc(texts(u["aliases"]), func(alias string) bool { return strings.EqualFold(alias, key) })
	})
}

// listed is one page; an empty list is left out.
func (g *google) listed(r *request, kind string, all []document) answer {
	part, next := slice(all, atoi(r.query.Get("pageToken")), atoi(r.query.Get("maxResults")))
	body := document{"kind": "admin#directory#" + kind}
	if len(part) > 0 {
		body[kind] = part
	}
	if next > 0 {
		body["nextPageToken"] = fmt.Sprint(next)
	}
	return ok(body)
}

func (g *google) list(r *request) answer {
	if r.query.Get("customer") != "my_customer" {
		return g.refuse(http.StatusBadRequest, "Bad Request: customer or domain is required")
	}
	all := g.users.all()
	if query := r.query.Get("query"); query != "" {
		id, found := strings.CutPrefix(query, "externalId=")
		if !found {
			return g.refuse(http.StatusBadRequest, "Invalid Input: query")
		}
		all = slices.DeleteFunc(all, func(u document) bool { return !slices.Contains(externalIDs(u), id) })
	}
	return g.listed(r, "users", all)
}

func externalIDs(u document) []string {
	list, _ := u["externalIds"].([]any)
	var out []string
	for _, v := range list {
		id, _ := v.(document)
		out = append(out, text(id, "value"))
	}
	return out
}

func (g *google) create(body document) answer {
	if wrong := unknown(body, "primaryEmail", "name", "password", "changePasswordAtNextLogin", "suspended", "externalIds"); wrong != "" {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	name, address := inner(body, "name"), text(body, "primaryEmail")
	switch {
	case text(name, "givenName") == "" || text(name, "familyName") == "" || len(text(body, "password")) < 8:
		return g.refuse(http.StatusBadRequest, "Invalid Input: name or password")
	case !strings.HasSuffix(strings.ToLower(address), "@atelier.fr"):
		return g.refuse(http.StatusNotFound, "Resource Not Found: domain")
	case g.user(address) != nil:
		return g.refuse(http.StatusConflict, "Entity already exists.")
	}
	id := fmt.Sprint(g.users.number())
	delete(body, "password")
	body["id"], body["isAdmin"], body["aliases"] = id, false, []any{}
	g.users.add(id, body)
	return ok(body)
}

// change patches; a former address stays as an alias.
func (g *google) change(u, body document) answer {
	if wrong := unknown(body, "primaryEmail", "name", "suspended"); wrong != "" || len(body) == 0 {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	if address := text(body, "primaryEmail"); address != "" && !strings.EqualFold(address, text(u, "primaryEmail")) {
		if other := g.user(address); other != nil && other["id"] != u["id"] {
			return g.refuse(http.StatusConflict, "Entity already exists.")
		}
		u["aliases"] = append(slices.DeleteFunc(u["aliases"].([]any), func(a any) bool { return a == address }), u["primaryEmail"])
	}
	for name, value := range body {
		u[name] = value
	}
	return ok(u)
}

func (g *google) people() []Person {
	var out []Person
	for _, u := range g.users.all() {
		name := inner(u, "name")
		out = append(out, Person{ID: text(u, "id"), Address: text(u, "primaryEmail"), Name: text(name, "givenName") + " " + text(name, "familyName"),
			Active: u["suspended"] != true})
	}
	return out
}
