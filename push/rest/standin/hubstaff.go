package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// hubstaff is one organization of Hubstaff: invitations, and the members that they become.
type hubstaff struct {
	tokens           *issuer
	invites, members *table
}

// Hubstaff starts one. Its refresh token is good for one use.
func Hubstaff(t testing.TB) *Server {
	h := &hubstaff{tokens: &issuer{path: tokenPath}, invites: newTable(), members: newTable()}
	h.members.add("1", document{"id": 1, "email": owner, "role": "owner"})
	refresh := &rotating{now: "hubstaff-refresh"}
	h.tokens.grant = refresh.grant
	s := start(t, "/v2", h)
	s.tokens = h.tokens
	s.Credential = `{"refresh_token": "hubstaff-refresh", "token_url": "` + strings.TrimSuffix(s.URL, s.base) + tokenPath + `"}`
	s.URL += hubstaffOrganization
	return s
}

const hubstaffOrganization = "/organizations/42"

// Accept has somebody accept an invitation.
func (s *Server) Accept(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.product.(interface{ accept(string) }).accept(address)
}

// Leave takes somebody out by hand.
func (s *Server) Leave(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.product.(interface{ leave(string) }).leave(address)
}

func (h *hubstaff) accept(address string) {
	for _, id := range h.invites.ids {
		if i := h.invites.held[id]; strings.EqualFold(text(i, "email"), address) {
			h.invites.remove(id)
			n := h.members.number()
			h.members.add(fmt.Sprint(n), document{"id": n, "email": i["email"], "role": i["role"]})
			return
		}
	}
}

func (h *hubstaff) leave(address string) {
	for _, id := range h.members.ids {
		if strings.EqualFold(text(h.members.held[id], "email"), address) {
			h.members.remove(id)
			return
		}
	}
}

func (h *hubstaff) mayCall(r *request) bool { return h.tokens.mayCall(r) }

func (h *hubstaff) refuse(status int, words string) answer {
	return answer{status: status, body: document{"code": "made_up", "error": words}}
}

func (h *hubstaff) serve(r *request) answer {
	id, rest, one := below(r.path, "/invites") // an invitation is not below its organization
	switch {
	case one && rest == "" && r.method == http.MethodDelete:
		if h.invites.held[id] == nil {
			return h.refuse(http.StatusNotFound, "no such invite")
		}
		h.invites.remove(id)
		return ok(document{})
	case r.path == hubstaffOrganization+"/members" && r.method == http.MethodGet:
		return h.listMembers(r)
	case r.path == hubstaffOrganization+"/invites" && r.method == http.MethodGet:
		return h.listInvites(r)
	case r.path == hubstaffOrganization+"/invites" && r.method == http.MethodPost:
		return h.invite(r.body)
	case r.path == hubstaffOrganization+"/update_members" && r.method == http.MethodPut:
		return h.updateMembers(r.body)
	}
	return h.refuse(http.StatusNotFound, "there is no such endpoint")
}

// updateMembers takes members out: their times stay.
func (h *hubstaff) updateMembers(body document) answer {
	list, _ := body["members"].([]any)
	for _, v := range list {
		m, _ := v.(document)
		n, number := m["user_id"].(float64)
		if wrong := unknown(m, "user_id", "role"); wrong != "" || !number || m["role"] != "remove" {
			return h.refuse(http.StatusBadRequest, "members: "+wrong)
		}
		if h.members.held[fmt.Sprint(n)] == nil {
			return h.refuse(http.StatusNotFound, "no such member")
		}
		h.members.remove(fmt.Sprint(n))
	}
	if len(list) == 0 {
		return h.refuse(http.StatusBadRequest, "members is missing")
	}
	return ok(document{})
}

// page is a page in Hubstaff's way, which begins with an id: what goes from an earlier one moves nobody.
func (h *hubstaff) page(r *request, all []document) (part []document, pagination document) {
	from := atoi(r.query.Get("page_start_id"))
	all = slices.DeleteFunc(all, func(d document) bool { return d["id"].(int) < from })
	part, next := slice(all, 0, atoi(r.query.Get("page_limit")))
	pagination = document{}
	if next > 0 {
		pagination["next_page_start_id"] = all[next]["id"]
	}
	return part, pagination
}

func (h *hubstaff) listMembers(r *request) answer {
	part, pagination := h.page(r, h.members.all())
	members, users := []document{}, []document{}
	for _, m := range part {
		members = append(members, document{"user_id": m["id"], "membership_role": m["role"], "membership_status": "active"})
		users = append(users, document{"id": m["id"], "email": m["email"], "name": "Somebody"})
	}
	body := document{"members": members, "pagination": pagination}
	if r.query.Get("include[]") == "users" {
		body["users"] = users
	}
	return ok(body)
}

func (h *hubstaff) listInvites(r *request) answer {
	if r.query.Get("status") != "pending" {
		return h.refuse(http.StatusBadRequest, "the stand-in knows of pending invites only")
	}
	part, pagination := h.page(r, h.invites.all())
	return ok(document{"invites": part, "pagination": pagination})
}

func (h *hubstaff) invite(body document) answer {
	if wrong := unknown(body, "email", "role", "project_ids"); wrong != "" {
		return h.refuse(http.StatusBadRequest, wrong)
	}
	address := text(body, "email")
	same := func(d document) bool { return strings.EqualFold(text(d, "email"), address) }
	roles := []string{"project_user", "organization_manager", "project_manager", "project_viewer"}
	if !isAddress(address) || unknown(document{text(body, "role"): true}, roles...) != "" {
		return h.refuse(http.StatusBadRequest, "email or role is not taken")
	}
	if h.invites.find(same) != nil || h.members.find(same) != nil {
		return h.refuse(http.StatusBadRequest, "already invited or a member")
	}
	n := h.invites.number()
	i := document{"id": n, "email": strings.ToLower(address), "role": body["role"], "status": "pending"}
	h.invites.add(fmt.Sprint(n), i)
	return created(document{"invite": i})
}

func (h *hubstaff) people() []Person {
	var out []Person
	for state, held := range map[string]*table{"invited": h.invites, "member": h.members} {
		for _, d := range held.all() {
			out = append(out, Person{ID: text(d, "email"), Address: text(d, "email"), Active: true, State: state, Role: text(d, "role")})
		}
	}
	return out
}

func (h *hubstaff) groups() []Group { return nil }
