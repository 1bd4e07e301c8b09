package conformance

import (
	"fmt"
	"slices"
)

// replaceChecks are about PUT and DELETE.
func replaceChecks() checks { return checks{"R19": r19, "R21": r21} }

func r19(p *probe) {
	p.needsAttributes("displayName", "nickName")
	u := p.newUser(p.known(object{"displayName": "Before", "nickName": "gone", "title": "gone",
		"phoneNumbers": []object{{"value": "+33 1 23 45 67 89", "type": "work"}}}))
	kept := object{"schemas": []string{schemaUser}, "userName": u["userName"], "id": id(u), "displayName": "After"}
	for _, a := range p.requiredAttributes() {
		kept[a["name"].(string)] = u[a["name"].(string)]
	}
	a := p.send("PUT", p.user(u), kept).need(200)
	a.equals("After", "displayName")
	read := p.get(p.user(u)).is(200).equals("After", "displayName")
	for _, name := range []string{"nickName", "title", "phoneNumbers"} {
		if p.required(name) {
			continue
		}
		a.absent(name)
		read.absent(name)
	}
	p.clearedBy(u, object{"nickName": nil, "phoneNumbers": []any{}})
	unknown := p.server.users + "/" + nobody
	p.send("PUT", unknown, p.userBody("put")).is(404)
}

// clearedBy judges that null and [] clear attributes that have a value (RFC 7643 §2.5).
func (p *probe) clearedBy(u, cleared object) {
	filled := replaced(u, p.known(object{"nickName": "back", "phoneNumbers": []object{{"value": "+33 1 98 76 54 32", "type": "work"}}}))
	p.send("PUT", p.user(u), filled).is(200).equals("back", "nickName")
	a := p.send("PUT", p.user(u), replaced(filled, p.known(cleared))).is(200)
	for name := range cleared {
		if !p.required(name) {
			a.absent(name)
		}
	}
}

// required says whether the server's User must have an attribute.
func (p *probe) required(name string) bool {
	return slices.ContainsFunc(p.requiredAttributes(), func(a object) bool { return a["name"] == name })
}

func r21(p *probe) {
	u := p.newUser()
	var g object
	if p.server.groups != "" {
		g = p.newGroup(id(u))
	}
	p.send("DELETE", p.user(u), nil).is(204)
	p.get(p.user(u)).is(404)
	p.send("PUT", p.user(u), replaced(u, nil)).is(404)
	p.patch(p.user(u), op("replace", "displayName", "back")).is(404, 501)
	p.send("DELETE", p.user(u), nil).is(404)
	if p.feature("filter") {
		p.list(p.server.users, "filter", fmt.Sprintf("userName eq %q", u["userName"])).is(200).equals(0, "totalResults")
	}
	if g != nil {
		a := p.get(p.group(g)).is(200)
		p.as(Should, func() { a.that(!holdsMember(a, id(u)), "no member that was deleted") })
		p.send("DELETE", p.group(g), nil).is(204)
		p.get(p.group(g)).is(404)
	}
	again := p.userBody("again")
	again["userName"] = u["userName"]
	a := p.send("POST", p.server.users, again).is(201)
	a.that(a.text("id") != id(u), "an id that no other resource ever had (RFC 7643 §3.1)")
}

// members are the ids of a Group's members, sorted.
func members(a answer) []string {
	ids := []string{}
	list, _ := a.at("members").([]any)
	for _, m := range list {
		if value, _ := at(m, "value").(string); value != "" {
			ids = append(ids, value)
		}
	}
	slices.Sort(ids)
	return ids
}

func holdsMember(a answer, id string) bool { return slices.Contains(members(a), id) }

// hasMembers reads a Group and judges its members.
func (p *probe) hasMembers(group object, users ...object) {
	want := []string{}
	for _, u := range users {
		want = append(want, id(u))
	}
	slices.Sort(want)
	a := p.get(p.group(group)).is(200)
	a.that(slices.Equal(members(a), want), "%d members, those left of %v; it has %d", len(want), want, len(members(a)))
}
