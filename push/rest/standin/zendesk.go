package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// zendesk is Zendesk's users and their tickets. Its search sees somebody new only after a while.
type zendesk struct {
	users   *table
	tickets *table
	indexed map[string]bool
	lag     bool
}

// Zendesk starts one.
func Zendesk(t testing.TB) *Server {
	s := start(t, "/api/v2", &zendesk{users: newTable(), tickets: newTable(), indexed: map[string]bool{}})
	s.Credential = `{"email": "admin@atelier.fr", "token": "zendesk-token"}`
	return s
}

// Lag has the search miss whoever is made from now on.
func (s *Server) Lag() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.product.(*zendesk).lag = true
}

// Assign gives somebody a ticket in each of some states.
func (s *Server) Assign(address string, states ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	z := s.product.(*zendesk)
	u := z.users.find(func(u document) bool { return strings.EqualFold(text(u, "email"), address) })
	for _, state := range states {
		n := z.tickets.number()
		z.tickets.add(fmt.Sprint(n), document{"id": n, "status": state, "assignee_id": u["id"]})
	}
}

// Tickets are the states of all tickets, each with whose it is: "nobody", "admin" after it fell to them, or "somebody".
func (s *Server) Tickets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, t := range s.product.(*zendesk).tickets.all() {
		whose := "somebody"
		switch t["assignee_id"] {
		case nil:
			whose = "nobody"
		case "admin":
			whose = "admin"
		}
		out = append(out, text(t, "status")+" of "+whose)
	}
	return out
}

func (z *zendesk) mayCall(r *request) bool {
	user, password, ok := (&http.Request{Header: r.header}).BasicAuth()
	return ok && user == "admin@atelier.fr/token" && password == "zendesk-token"
}

func (z *zendesk) refuse(status int, words string) answer {
	return answer{status: status, body: document{"error": "RecordInvalid", "description": words}}
}

func (z *zendesk) serve(r *request) answer {
	if number, rest, one := below(r.path, "/tickets"); one && rest == "" && r.method == http.MethodPut {
		return z.changeTicket(z.tickets.held[number], r.body)
	}
	id, rest, one := below(r.path, "/users")
	switch {
	case r.path == "/users" && r.method == http.MethodGet:
		return z.list(r)
	case r.path == "/users" && r.method == http.MethodPost:
		return z.create(r.body)
	case r.path == "/users/search" && r.method == http.MethodGet:
		return z.search(r.query.Get("query"))
	case r.path == "/users/show_many" && r.method == http.MethodGet:
		return z.showMany(r.query.Get("external_ids"))
	case !one || z.users.held[id] == nil:
		return answer{status: http.StatusNotFound, body: document{"error": "RecordNotFound", "description": "Not found"}}
	case rest == "tickets/assigned" && r.method == http.MethodGet:
		return z.assigned(r, z.users.held[id])
	case rest != "":
		return z.identities(r, z.users.held[id], rest)
	case r.method == http.MethodGet:
		return ok(document{"user": z.users.held[id]})
	case r.method == http.MethodPut:
		return z.change(z.users.held[id], r.body)
	}
	return z.refuse(http.StatusMethodNotAllowed, "not offered")
}

// list pages by cursor.
func (z *zendesk) list(r *request) answer {
	var staff []document
	for _, u := range z.users.all() {
		if slices.Contains(r.query["role[]"], text(u, "role")) {
			staff = append(staff, u)
		}
	}
	return z.paged(r, "users", staff)
}

func (z *zendesk) paged(r *request, name string, all []document) answer {
	part, next := slice(all, atoi(r.query.Get("page[after]")), atoi(r.query.Get("page[size]")))
	if part == nil {
		part = []document{}
	}
	return ok(document{name: part, "meta": document{"has_more": next > 0, "after_cursor": fmt.Sprint(next)}})
}

func (z *zendesk) assigned(r *request, u document) answer {
	var all []document
	for _, t := range z.tickets.all() {
		if t["assignee_id"] == u["id"] {
			all = append(all, t)
		}
	}
	return z.paged(r, "tickets", all)
}

func (z *zendesk) changeTicket(t, body document) answer {
	next := inner(body, "ticket")
	if wrong := unknown(body, "ticket") + unknown(next, "assignee_id", "group_id"); wrong != "" || t == nil || t["status"] == "closed" {
		return z.refuse(http.StatusUnprocessableEntity, "ticket: "+wrong)
	}
	t["assignee_id"] = next["assignee_id"]
	return ok(document{"ticket": t})
}

// search finds by any address that somebody has, as Zendesk does.
func (z *zendesk) search(query string) answer {
	address, found := strings.CutPrefix(query, "email:")
	if !found {
		return z.refuse(http.StatusBadRequest, "the stand-in searches by email only")
	}
	address = strings.Trim(address, `"`)
	users := []document{}
	for _, id := range z.users.ids {
		u := z.users.held[id]
		if z.indexed[id] && slices.ContainsFunc(addresses(u), func(a string) bool { return strings.EqualFold(a, address) }) {
			users = append(users, u)
		}
	}
	return ok(document{"users": users, "next_page": nil, "count": len(users)})
}

// addresses are the values of a user's identities.
func addresses(u document) []string {
	var out []string
	for _, i := range u["-identities"].([]document) {
		out = append(out, text(i, "value"))
	}
	return out
}

func (z *zendesk) showMany(external string) answer {
	users := []document{}
	for _, u := range z.users.all() {
		if external != "" && text(u, "external_id") == external {
			users = append(users, u)
		}
	}
	return ok(document{"users": users})
}

func (z *zendesk) taken(address string) bool {
	return z.users.find(func(u document) bool {
		return slices.ContainsFunc(addresses(u), func(a string) bool { return strings.EqualFold(a, address) })
	}) != nil
}

func (z *zendesk) create(body document) answer {
	u := inner(body, "user")
	if wrong := unknown(body, "user") + unknown(u, "email", "name", "role", "external_id", "custom_role_id", "verified", "skip_verify_email"); wrong != "" {
		return z.refuse(http.StatusUnprocessableEntity, wrong)
	}
	address := text(u, "email")
	switch {
	case text(u, "name") == "" || !isAddress(address):
		return z.refuse(http.StatusUnprocessableEntity, "name or email: cannot be blank")
	case z.taken(address):
		return answer{status: http.StatusUnprocessableEntity, body: document{"error": "RecordInvalid", "description": "Record validation errors",
			"details": document{"email": []document{{"error": "DuplicateValue", "description": "Email is already being used by another user"}}}}}
	case !slices.Contains([]string{"end-user", "agent", "admin"}, text(u, "role")):
		return z.refuse(http.StatusUnprocessableEntity, "role is not valid")
	}
	n := z.users.number()
	u["id"], u["suspended"] = n, false
	u["-identities"] = []document{{"id": z.users.number(), "type": "email", "value": address, "primary": true}}
	z.users.add(fmt.Sprint(n), u)
	z.indexed[fmt.Sprint(n)] = !z.lag
	return created(document{"user": u})
}

func (z *zendesk) change(u, body document) answer {
	next := inner(body, "user")
	if wrong := unknown(body, "user") + unknown(next, "email", "name", "role", "custom_role_id", "suspended"); wrong != "" || len(next) == 0 {
		return z.refuse(http.StatusUnprocessableEntity, wrong)
	}
	if next["suspended"] == true && u["role"] != "end-user" {
		return z.refuse(http.StatusUnprocessableEntity, "the stand-in wants the seat freed before the user is suspended")
	}
	if next["role"] == "end-user" {
		for _, t := range z.tickets.all() {
			if t["assignee_id"] == u["id"] && t["status"] != "solved" && t["status"] != "closed" {
				t["assignee_id"] = "admin"
			}
		}
	}
	for name, value := range next {
		if name == "email" { // only a further address
			u["-identities"] = append(u["-identities"].([]document), document{"id": z.users.number(), "type": "email", "value": value, "primary": false})
			continue
		}
		u[name] = value
	}
	return ok(document{"user": u})
}

// identities lists a user's addresses, adds one, and makes one the primary one.
func (z *zendesk) identities(r *request, u document, rest string) answer {
	held := u["-identities"].([]document)
	id, primary := strings.CutSuffix(strings.TrimPrefix(rest, "identities/"), "/make_primary")
	switch {
	case rest == "identities" && r.method == http.MethodGet:
		return ok(document{"identities": held})
	case rest == "identities" && r.method == http.MethodPost:
		i := inner(r.body, "identity")
		if wrong := unknown(i, "type", "value", "verified", "primary"); wrong != "" || !isAddress(text(i, "value")) || z.taken(text(i, "value")) {
			return z.refuse(http.StatusUnprocessableEntity, "identity: "+wrong)
		}
		i["id"], i["primary"] = z.users.number(), false
		u["-identities"] = append(held, i)
		return created(document{"identity": i})
	case primary && r.method == http.MethodPut:
		for _, i := range held {
			i["primary"] = fmt.Sprint(i["id"]) == id
			if i["primary"] == true {
				u["email"] = i["value"]
			}
		}
		return ok(document{"identities": held})
	}
	return answer{status: http.StatusNotFound, body: document{"error": "RecordNotFound", "description": "Not found"}}
}

func (z *zendesk) setRole(address, role string) {
	z.users.find(func(u document) bool { return strings.EqualFold(text(u, "email"), address) })["role"] = role
}

func (z *zendesk) people() []Person {
	var out []Person
	for _, u := range z.users.all() {
		out = append(out, Person{ID: fmt.Sprint(u["id"]), Address: text(u, "email"), Name: text(u, "name"),
			Active: u["suspended"] == false && u["role"] != "end-user", State: text(u, "role"), Role: text(u, "role")})
	}
	return out
}

func (z *zendesk) groups() []Group { return nil }
