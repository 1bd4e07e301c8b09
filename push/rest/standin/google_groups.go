package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// members are who is in a group, by id.
const members = "-members"

func (g *google) serveGroups(r *request) answer {
	key, rest, one := below(r.path, "/groups")
	switch {
	case r.path == "/groups" && r.method == http.MethodGet:
		return g.listGroups(r)
	case r.path == "/groups" && r.method == http.MethodPost:
		return g.createGroup(r.body)
	case !one:
		return g.refuse(http.StatusNotFound, "there is no such endpoint")
	}
	group := g.teams.held[key]
	switch {
	case group == nil:
		return g.refuse(http.StatusNotFound, "Resource Not Found: groupKey")
	case rest != "":
		return g.serveMembers(r, group, rest)
	case r.method == http.MethodGet:
		return ok(bare(group))
	case r.method == http.MethodPatch:
		if wrong := unknown(r.body, "name"); wrong != "" {
			return g.refuse(http.StatusBadRequest, wrong)
		}
		group["name"] = r.body["name"]
		return ok(bare(group))
	case r.method == http.MethodDelete:
		g.teams.remove(key)
		return answer{status: http.StatusNoContent}
	}
	return g.refuse(http.StatusMethodNotAllowed, "not offered")
}

// bare is a group without what its answers do not show.
func bare(group document) document {
	out := document{}
	for name, value := range group {
		if name != members {
			out[name] = value
		}
	}
	return out
}

func (g *google) listGroups(r *request) answer {
	all := []document{}
	name, filtered := strings.CutPrefix(r.query.Get("query"), "name='")
	name = strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(strings.TrimSuffix(name, "'"))
	for _, group := range g.teams.all() {
		if !filtered || text(group, "name") == name {
			all = append(all, bare(group))
		}
	}
	if r.query.Get("customer") != "my_customer" {
		return g.refuse(http.StatusBadRequest, "Bad Request: customer or domain is required")
	}
	return g.listed(r, "groups", all)
}

func (g *google) createGroup(body document) answer {
	if wrong := unknown(body, "email", "name", "description"); wrong != "" {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	address := text(body, "email")
	switch {
	case !strings.HasSuffix(address, "@atelier.fr") || strings.ContainsFunc(address, func(r rune) bool { return r > '~' || r <= ' ' }):
		return g.refuse(http.StatusBadRequest, "Invalid Input: email")
	case g.teams.find(func(d document) bool { return text(d, "email") == address }) != nil:
		return g.refuse(http.StatusConflict, "Entity already exists.")
	}
	id := fmt.Sprintf("g%d", g.teams.number())
	body["id"], body[members] = id, []string{}
	g.teams.add(id, body)
	return ok(bare(body))
}

func (g *google) serveMembers(r *request, group document, rest string) answer {
	in := group[members].([]string)
	id, one := strings.CutPrefix(rest, "members/")
	switch {
	case rest == "members" && r.method == http.MethodGet:
		var all []document
		for _, id := range in {
			all = append(all, document{"id": id, "email": g.users.held[id]["primaryEmail"], "role": "MEMBER", "type": "USER"})
		}
		return g.listed(r, "members", all)
	case rest == "members" && r.method == http.MethodPost:
		id := text(r.body, "id")
		if wrong := unknown(r.body, "id", "role"); wrong != "" || r.body["role"] != "MEMBER" {
			return g.refuse(http.StatusBadRequest, wrong)
		}
		if g.users.held[id] == nil {
			return g.refuse(http.StatusNotFound, "Resource Not Found: memberKey")
		}
		if slices.Contains(in, id) {
			return g.refuse(http.StatusConflict, "Member already exists.")
		}
		group[members] = append(in, id)
		return ok(document{"id": id})
	case one && r.method == http.MethodDelete:
		if !slices.Contains(in, id) {
			return g.refuse(http.StatusNotFound, "Resource Not Found: memberKey")
		}
		group[members] = slices.DeleteFunc(in, func(m string) bool { return m == id })
		return answer{status: http.StatusNoContent}
	}
	return g.refuse(http.StatusMethodNotAllowed, "not offered")
}

func (g *google) groups() []Group {
	var out []Group
	for _, d := range g.teams.all() {
		group := Group{ID: text(d, "id"), Name: text(d, "name")}
		for _, id := range d[members].([]string) {
			group.Members = append(group.Members, text(g.users.held[id], "primaryEmail"))
		}
		out = append(out, group)
	}
	return out
}
