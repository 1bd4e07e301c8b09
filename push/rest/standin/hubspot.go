package standin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// hubspot is HubSpot's user provisioning.
type hubspot struct{ users *table }

// HubSpot starts one.
func HubSpot(t testing.TB) *Server {
	s := start(t, "/settings/v3/users", &hubspot{users: newTable()})
	s.Credential = "hubspot-token"
	return s
}

// SetTeam puts somebody into a team by hand; Team reads it.
func (s *Server) SetTeam(address, team string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.product.(*hubspot).named(address)["primaryTeamId"] = team
}

// Team is the team that somebody is in.
func (s *Server) Team(address string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return text(s.product.(*hubspot).named(address), "primaryTeamId")
}

func (h *hubspot) named(address string) document {
	return h.users.find(func(u document) bool { return strings.EqualFold(text(u, "email"), address) })
}

func (h *hubspot) mayCall(r *request) bool {
	return r.header.Get("Authorization") == "Bearer hubspot-token"
}

func (h *hubspot) refuse(status int, words string) answer {
	return answer{status: status, body: document{"status": "error", "message": words, "category": "VALIDATION_ERROR", "correlationId": "1"}}
}

func (h *hubspot) serve(r *request) answer {
	id, rest, one := below(r.path, "")
	switch {
	case r.path == "" && r.method == http.MethodGet:
		return h.list(r)
	case r.path == "" && r.method == http.MethodPost:
		return h.create(r.body)
	case !one || rest != "":
		return h.refuse(http.StatusNotFound, "there is no such endpoint")
	}
	var u document
	switch r.query.Get("idProperty") {
	case "EMAIL":
		u = h.named(id)
	case "USER_ID":
		u = h.users.held[id]
	default:
		return h.refuse(http.StatusBadRequest, "idProperty is EMAIL or USER_ID")
	}
	switch {
	case u == nil:
		return h.refuse(http.StatusNotFound, "user "+id+" does not exist")
	case r.method == http.MethodGet:
		return ok(u)
	case r.method == http.MethodPut:
		return h.change(u, r.body)
	case r.method == http.MethodDelete:
		h.users.remove(text(u, "id"))
		return answer{status: http.StatusNoContent}
	}
	return h.refuse(http.StatusMethodNotAllowed, "not offered")
}

func (h *hubspot) list(r *request) answer {
	part, next := slice(h.users.all(), atoi(r.query.Get("after")), atoi(r.query.Get("limit")))
	body := document{"results": part}
	if next > 0 {
		body["paging"] = document{"next": document{"after": fmt.Sprint(next)}}
	}
	return ok(body)
}

func (h *hubspot) create(body document) answer {
	if wrong := unknown(body, "email", "firstName", "lastName", "roleIds", "primaryTeamId", "secondaryTeamIds", "sendWelcomeEmail"); wrong != "" {
		return h.refuse(http.StatusBadRequest, wrong)
	}
	switch address := text(body, "email"); {
	case !isAddress(address):
		return h.refuse(http.StatusBadRequest, "email is missing or no address")
	case h.named(address) != nil:
		return h.refuse(http.StatusConflict, "a user with that email exists")
	}
	id := fmt.Sprint(h.users.number())
	delete(body, "sendWelcomeEmail")
	body["id"], body["superAdmin"] = id, false
	h.users.add(id, body)
	return created(body)
}

// change puts a user in place: what is left out goes.
func (h *hubspot) change(u, body document) answer {
	fields := []string{"firstName", "lastName", "roleIds", "primaryTeamId", "secondaryTeamIds"}
	if wrong := unknown(body, fields...); wrong != "" {
		return h.refuse(http.StatusBadRequest, wrong)
	}
	for _, name := range fields {
		delete(u, name)
		if body[name] != nil {
			u[name] = body[name]
		}
	}
	return ok(u)
}

func (h *hubspot) setRole(address, role string) { h.named(address)["roleIds"] = []any{role} }

func (h *hubspot) people() []Person {
	var out []Person
	for _, u := range h.users.all() {
		out = append(out, Person{ID: text(u, "id"), Address: text(u, "email"), Name: text(u, "firstName") + " " + text(u, "lastName"), Active: true,
			Role: strings.Join(texts(u["roleIds"]), " ")})
	}
	return out
}

func (h *hubspot) groups() []Group { return nil }
