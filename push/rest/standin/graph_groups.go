package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func (g *graph) serveGroups(r *request) answer {
	id, rest, one := below(r.path, "/groups")
	switch {
	case r.path == "/groups" && r.method == http.MethodGet:
		var all []document
		for _, group := range g.teams.all() {
			all = append(all, bare(group))
		}
		return g.listed(r, "/groups", "displayName", all)
	case r.path == "/groups" && r.method == http.MethodPost:
		return g.createGroup(r.body)
	case !one || g.teams.held[id] == nil:
		return g.missing()
	}
	group := g.teams.held[id]
	switch {
	case rest != "":
		return g.serveMembers(r, group, rest)
	case r.method == http.MethodGet:
		return ok(bare(group))
	case r.method == http.MethodPatch:
		return g.changeGroup(r, group)
	case r.method == http.MethodDelete:
		g.teams.remove(id)
		return answer{status: http.StatusNoContent}
	}
	return g.refuse(http.StatusMethodNotAllowed, "not offered")
}

func (g *graph) createGroup(body document) answer {
	if wrong := unknown(body, "displayName", "mailEnabled", "securityEnabled", "mailNickname"); wrong != "" {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	if text(body, "displayName") == "" || text(body, "mailNickname") == "" || body["mailEnabled"] != false || body["securityEnabled"] != true {
		return g.refuse(http.StatusBadRequest, "a required property is missing")
	}
	id := fmt.Sprintf("g-%d", g.teams.number())
	body["id"], body[members] = id, []string{}
	g.teams.add(id, body)
	return created(bare(body))
}

// linked is the user that a link is of; nil: there is none.
func (g *graph) linked(r *request, link string) document {
	id, ours := strings.CutPrefix(link, r.server.URL+"/directoryObjects/")
	if !ours {
		return nil
	}
	return g.users.held[id]
}

// changeGroup adds up to 20 members, all or none, or renames.
func (g *graph) changeGroup(r *request, group document) answer {
	if wrong := unknown(r.body, "displayName", "members@odata.bind"); wrong != "" || len(r.body) == 0 {
		return g.refuse(http.StatusBadRequest, wrong)
	}
	links, in := texts(r.body["members@odata.bind"]), group[members].([]string)
	if len(links) > 20 {
		return g.refuse(http.StatusBadRequest, "more than 20 references")
	}
	for _, link := range links {
		u := g.linked(r, link)
		if u == nil {
			return g.missing()
		}
		if slices.Contains(in, text(u, "id")) {
			return g.refuse(http.StatusBadRequest, "One or more added object references already exist for the following modified properties: 'members'.")
		}
		in = append(in, text(u, "id"))
	}
	group[members] = in
	if name := text(r.body, "displayName"); name != "" {
		group["displayName"] = name
	}
	return answer{status: http.StatusNoContent}
}

func (g *graph) serveMembers(r *request, group document, rest string) answer {
	in := group[members].([]string)
	id, ref := strings.CutSuffix(strings.TrimPrefix(rest, "members/"), "/$ref")
	switch {
	case rest == "members" && r.method == http.MethodGet:
		var all []document
		for _, id := range in {
			all = append(all, document{"@odata.type": "#microsoft.graph.user", "id": id})
		}
		return g.listed(r, "/groups/"+text(group, "id")+"/members", "id", all)
	case rest == "members/$ref" && r.method == http.MethodPost:
		u := g.linked(r, text(r.body, "@odata.id"))
		if u == nil {
			return g.missing()
		}
		if slices.Contains(in, text(u, "id")) {
			return g.refuse(http.StatusBadRequest, "One or more added object references already exist for the following modified properties: 'members'.")
		}
		group[members] = append(in, text(u, "id"))
		return answer{status: http.StatusNoContent}
	case ref && r.method == http.MethodDelete:
		if !slices.Contains(in, id) {
			return g.missing()
		}
		group[members] = slices.DeleteFunc(in, func(m string) bool { return m == id })
		return answer{status: http.StatusNoContent}
	}
	return g.missing()
}

func (g *graph) groups() []Group {
	var out []Group
	for _, d := range g.teams.all() {
		group := Group{ID: text(d, "id"), Name: text(d, "displayName")}
		for _, id := range d[members].([]string) {
			group.Members = append(group.Members, text(g.users.held[id], "userPrincipalName"))
		}
		out = append(out, group)
	}
	return out
}
