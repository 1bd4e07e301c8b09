package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// graph is the users and groups of a Microsoft 365 tenant.
type graph struct {
	tokens       *issuer
	users, teams *table
	roles        *table
}

// Graph starts one.
func Graph(t testing.TB) *Server {
	g := &graph{users: newTable(), teams: newTable(), roles: newTable()}
	s := start(t, "/v1.0", g)
	host := strings.TrimSuffix(s.URL, s.base)
	g.tokens = &issuer{path: "/atelier.fr/oauth2/v2.0/token", grant: func(form url.Values) (document, string) {
		if form.Get("grant_type") != "client_credentials" || form.Get("client_id") != "app" || form.Get("client_secret") != "graph-secret" ||
			form.Get("scope") != host+"/.default" {
			return nil, "AADSTS7000215: Invalid client secret provided"
		}
		return nil, ""
	}}
	s.tokens = g.tokens
	credential, err := json.Marshal(document{"tenant": "atelier.fr", "client_id": "app", "client_secret": "graph-secret", "authority": host})
	if err != nil {
		t.Fatal(err)
	}
	s.Credential = string(credential)
	return s
}

// Appoint gives somebody a directory role by hand.
func (s *Server) Appoint(address, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.product.(*graph)
	u := g.users.find(func(u document) bool { return text(u, "userPrincipalName") == address })
	id := fmt.Sprintf("a-%d", g.roles.number())
	g.roles.add(id, document{"id": id, "principalId": u["id"], "roleDefinition": document{"displayName": role}})
}

func (g *graph) mayCall(r *request) bool { return g.tokens.mayCall(r) }

func (g *graph) refuse(status int, words string) answer {
	return answer{status: status, body: document{"error": document{"code": "Request_BadRequest", "message": words}}}
}

func (g *graph) missing() answer {
	return answer{status: http.StatusNotFound, body: document{"error": document{"code": "Request_ResourceNotFound", "message": "Resource does not exist"}}}
}

func (g *graph) serve(r *request) answer {
	if r.path == "/groups" || strings.HasPrefix(r.path, "/groups/") {
		return g.serveGroups(r)
	}
	if r.path == "/roleManagement/directory/roleAssignments" && r.method == http.MethodGet {
		return g.listed(r, r.path, "principalId", g.roles.all())
	}
	id, rest, one := below(r.path, "/users")
	switch {
	case r.path == "/users" && r.method == http.MethodGet:
		return g.listed(r, "/users", "userPrincipalName", g.users.all())
	case r.path == "/users" && r.method == http.MethodPost:
		return g.create(r.body)
	case !one || g.users.held[id] == nil:
		return g.missing()
	}
	u := g.users.held[id]
	switch {
	case rest == "revokeSignInSessions" && r.method == http.MethodPost:
		u["-sessions"] = "revoked"
		return ok(document{"value": true})
	case rest != "":
		return g.missing()
	case r.method == http.MethodGet:
		return ok(u)
	case r.method == http.MethodPatch:
		return g.change(u, r.body)
	}
	return g.refuse(http.StatusMethodNotAllowed, "not offered")
}

// listed is one page, with the address of the next one, and a filter on one property.
func (g *graph) listed(r *request, path, property string, all []document) answer {
	if filter := r.query.Get("$filter"); filter != "" {
		value, found := strings.CutPrefix(filter, property+" eq ")
		if !found {
			return g.refuse(http.StatusBadRequest, "Invalid filter clause")
		}
		value = strings.ReplaceAll(strings.Trim(value, "'"), "''", "'")
		all = slices.DeleteFunc(all, func(d document) bool { return !strings.EqualFold(text(d, property), value) })
	}
	part, next := slice(all, atoi(r.query.Get("$skiptoken")), atoi(r.query.Get("$top")))
	body := document{"value": part}
	if part == nil {
		body["value"] = []document{}
	}
	if next > 0 {
		body["@odata.nextLink"] = r.server.URL + path + "?" + url.Values{"$skiptoken": {fmt.Sprint(next)}, "$top": {r.query.Get("$top")}}.Encode()
	}
	return ok(body)
}

func (g *graph) taken(name, but string) bool {
	return g.users.find(func(u document) bool {
		return strings.EqualFold(text(u, "userPrincipalName"), name) && text(u, "id") != but
	}) != nil
}

const duplicate = "Another object with the same value for property userPrincipalName already exists."

func (g *graph) create(body document) answer {
	if wrong := unknown(body, "accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile", "givenName", "surname", "jobTitle", "department"); wrong != "" {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	_, told := body["accountEnabled"].(bool)
	profile := inner(body, "passwordProfile")
	switch {
	case !told || text(body, "displayName") == "" || text(body, "mailNickname") == "" || !isAddress(text(body, "userPrincipalName")):
		return g.refuse(http.StatusBadRequest, "a required property is missing")
	case len(text(profile, "password")) < 8 || profile["forceChangePasswordNextSignIn"] != true:
		return g.refuse(http.StatusBadRequest, "the specified password does not comply")
	case g.taken(text(body, "userPrincipalName"), ""):
		return g.refuse(http.StatusBadRequest, duplicate)
	}
	id := fmt.Sprintf("u-%d", g.users.number())
	delete(body, "passwordProfile")
	body["id"] = id
	g.users.add(id, body)
	return created(body)
}

func (g *graph) change(u, body document) answer {
	if wrong := unknown(body, "accountEnabled", "displayName", "userPrincipalName", "givenName", "surname", "jobTitle", "department"); wrong != "" || len(body) == 0 {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	if name := text(body, "userPrincipalName"); name != "" && g.taken(name, text(u, "id")) {
		return g.refuse(http.StatusBadRequest, duplicate)
	}
	for name, value := range body {
		u[name] = value
	}
	u["-sessions"] = ""
	return answer{status: http.StatusNoContent}
}

func (g *graph) people() []Person {
	var out []Person
	for _, u := range g.users.all() {
		out = append(out, Person{ID: text(u, "id"), Address: text(u, "userPrincipalName"), Name: text(u, "displayName"),
			Active: u["accountEnabled"] == true, State: text(u, "-sessions")})
	}
	return out
}
