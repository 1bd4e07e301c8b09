package standin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// pipedrive is Pipedrive's Users API.
type pipedrive struct{ users *table }

// Pipedrive starts one.
func Pipedrive(t testing.TB) *Server {
	s := start(t, "/v1", &pipedrive{users: newTable()})
	s.Credential = "pipedrive-token"
	return s
}

func (p *pipedrive) mayCall(r *request) bool { return r.header.Get("x-api-token") == "pipedrive-token" }

func (p *pipedrive) refuse(status int, words string) answer {
	return answer{status: status, body: document{"success": false, "error": words, "error_info": "see the API reference"}}
}

func (p *pipedrive) serve(r *request) answer {
	id, rest, one := below(r.path, "/users")
	switch {
	case r.path == "/users" && r.method == http.MethodGet:
		return ok(document{"success": true, "data": p.users.all(), "additional_data": document{"pagination": document{"more_items_in_collection": false}}})
	case r.path == "/users" && r.method == http.MethodPost:
		return p.create(r.body)
	case !one || rest != "":
		return p.refuse(http.StatusNotFound, "there is no such endpoint")
	case p.users.held[id] == nil:
		return p.refuse(http.StatusNotFound, "User not found")
	case r.method == http.MethodPut:
		return p.change(p.users.held[id], r.body)
	case r.method == http.MethodGet:
		return ok(document{"success": true, "data": p.users.held[id]})
	}
	return p.refuse(http.StatusMethodNotAllowed, "not offered")
}

func (p *pipedrive) create(body document) answer {
	address := text(body, "email")
	if wrong := unknown(body, "email", "access", "active_flag"); wrong != "" {
		return p.refuse(http.StatusBadRequest, wrong)
	}
	if !isAddress(address) || p.users.find(func(u document) bool { return strings.EqualFold(text(u, "email"), address) }) != nil {
		return p.refuse(http.StatusBadRequest, "email is missing, no address, or taken")
	}
	list, _ := body["access"].([]any)
	for _, v := range list {
		access, _ := v.(document)
		if wrong := unknown(access, "app", "admin", "permission_set_id"); wrong != "" || text(access, "app") == "" {
			return p.refuse(http.StatusBadRequest, "access: "+wrong)
		}
	}
	id := p.users.number()
	u := document{"id": id, "email": address, "name": strings.Split(address, "@")[0], "active_flag": body["active_flag"], "access": list, "is_admin": 0}
	p.users.add(fmt.Sprint(id), u)
	return created(document{"success": true, "data": u})
}

func (p *pipedrive) change(u, body document) answer {
	if wrong := unknown(body, "active_flag"); wrong != "" {
		return p.refuse(http.StatusBadRequest, wrong)
	}
	flag, told := body["active_flag"].(bool)
	if !told {
		return p.refuse(http.StatusBadRequest, "active_flag is missing")
	}
	u["active_flag"] = flag
	return ok(document{"success": true, "data": u})
}

func (p *pipedrive) people() []Person {
	var out []Person
	for _, u := range p.users.all() {
		out = append(out, Person{ID: fmt.Sprint(u["id"]), Address: text(u, "email"), Name: text(u, "name"), Active: u["active_flag"] == true})
	}
	return out
}

func (p *pipedrive) groups() []Group { return nil }
