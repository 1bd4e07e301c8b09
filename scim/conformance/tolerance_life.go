package conformance

import "fmt"

// toleranceLifeChecks are about the life of users and groups as clients see it.
func toleranceLifeChecks() checks {
	return checks{"Q50": q50, "Q51": q51, "Q52": q52, "Q53": q53, "Q54": q54, "Q55": q55, "Q57": q57}
}

func q50(p *probe) {
	p.needsAttributes("active")
	p.counter++
	external := fmt.Sprintf("Ext-%s-life-%d", p.prefix, p.counter)
	u := p.newUser(object{"active": true, "externalId": external})
	var g object
	if p.server.groups != "" {
		g = p.newGroup(id(u))
	}
	p.send("PUT", p.user(u), replaced(u, object{"active": false})).is(200)
	p.get(p.user(u)).is(200).equals(false, "active").equals(external, "externalId")
	if g != nil {
		p.hasMembers(g, u)
	}
	p.send("PUT", p.user(u), replaced(u, object{"active": true})).is(200)
	p.get(p.user(u)).is(200).equals(true, "active")
}

func q51(p *probe) {
	p.needsAttributes("active")
	u := p.newUser(object{"active": false})
	body := p.userBody("again", object{"active": true})
	body["userName"] = u["userName"]
	a := p.send("POST", p.server.users, body).is(201, 409)
	if a.status == 201 {
		p.note("POST of the name of an inactive User revives it")
		a.that(a.text("id") == id(u), "the same id as before")
		return
	}
	a.refused(409, "uniqueness")
	p.note("POST of the name of an inactive User is 409")
}

func q52(p *probe) {
	u := p.newUser()
	var g object
	if p.server.groups != "" {
		g = p.newGroup(id(u))
	}
	p.send("DELETE", p.user(u), nil).is(204)
	p.send("DELETE", p.user(u), nil).is(404)
	p.get(p.user(u)).is(404)
	if p.feature("filter") {
		p.list(p.server.users, "filter", fmt.Sprintf("id eq %q", id(u))).is(200).equals(0, "totalResults")
	}
	if g != nil {
		p.hasMembers(g)
	}
	body := p.userBody("again")
	body["userName"] = u["userName"]
	p.send("POST", p.server.users, body).is(201)
}

func q53(p *probe) {
	p.needsGroups()
	g := p.newGroup()
	body := p.groupBody("twin")
	body["displayName"] = g["displayName"]
	a := p.send("POST", p.server.groups, body).is(201, 409)
	if a.status == 409 {
		a.refused(409, "uniqueness")
		p.note("a displayName belongs to one Group")
		return
	}
	p.note("two Groups may have one displayName")
}

func q54(p *probe) {
	p.needsAttributes("active", "displayName")
	for _, active := range []bool{true, false} {
		u := p.newUser(object{"active": active})
		body := replaced(u, object{"displayName": "changed"})
		delete(body, "active")
		p.send("PUT", p.user(u), body).is(200)
		p.get(p.user(u)).is(200).equals(active, "active").equals("changed", "displayName")
	}
}

func q55(p *probe) {
	p.needsGroups()
	u := p.newUser()
	g := p.newGroup(id(u))
	body := replaced(g, nil)
	delete(body, "members")
	p.send("PUT", p.group(g), body).is(200)
	a := p.get(p.group(g)).is(200)
	if len(members(a)) == 0 {
		p.note("PUT of a Group without members clears them")
	} else {
		p.note("PUT of a Group without members keeps them")
		a.that(holdsMember(a, id(u)), "the member that was there, or none")
	}
	p.send("PUT", p.group(g), replaced(body, object{"members": values(id(u))})).is(200)
	p.hasMembers(g, u)
	p.send("PUT", p.group(g), replaced(body, object{"members": []object{}})).is(200)
	p.hasMembers(g)
}

func q57(p *probe) {
	p.needsAttributes(schemaEnterprise + ":manager")
	manager := object{"manager": object{"value": nobody}}
	a := p.send("POST", p.server.users, p.userBody("manager", object{schemaEnterprise: manager})).is(201, 400)
	if a.status == 400 {
		a.refused(400, "invalidValue")
		p.note("a manager that does not exist is refused")
		return
	}
	p.note("a manager that does not exist is taken")
}
