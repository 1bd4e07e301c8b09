package conformance

import (
	"fmt"
)

// patchChecks are about the frame of a PATCH: its body, its answer, and that it is done whole or not at all.
func patchChecks() checks {
	return checks{"R26": r26, "R27": r27, "R28": r28, "R29": r29, "R31": r31, "R33": r33, "R36": r36, "R37": r37, "R38": r38}
}

func r26(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName")
	u := p.newUser(object{"displayName": "before"})
	change := op("replace", "displayName", "after")
	for _, wrong := range []any{
		object{"schemas": []string{schemaPatchOp}},
		object{"schemas": []string{schemaPatchOp}, "Operations": []object{}},
		object{"schemas": []string{schemaPatchOp}, "Operations": []object{{"path": "displayName", "value": "after"}}},
		object{"schemas": []string{schemaPatchOp}, "Operations": []object{op("move", "displayName", "after")}},
		object{"schemas": []string{schemaUser}, "Operations": []object{change}},
		patchOf(object{"op": "add"}),
	} {
		p.send("PATCH", p.user(u), wrong).is(400)
	}
	p.get(p.user(u)).is(200).equals("before", "displayName")
	p.as(Tolerance, func() { // Entra ID
		p.patch(p.user(u), op("Replace", "displayName", "after")).is(200, 204)
		p.get(p.user(u)).is(200).equals("after", "displayName")
	})
}

func r27(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName")
	u := p.newUser(object{"displayName": "before"})
	read := p.get(p.user(u)).need(200)
	for _, bad := range []object{
		op("replace", "noSuchAttribute.atAll[", "x"),
		op("replace", "userName", nil),
		op("remove", "userName", nil),
		op("replace", "active", object{"a": 1}),
	} {
		p.patch(p.user(u), op("replace", "displayName", "half done"), bad).is(400)
		after := p.get(p.user(u)).is(200).equals("before", "displayName")
		after.equals(read.at("meta", "version"), "meta", "version")
	}
	p.patch(p.user(u), op("replace", "displayName", "one"), op("replace", "displayName", "two")).is(200, 204)
	p.get(p.user(u)).is(200).equals("two", "displayName")
	if p.has("nickName") {
		p.patch(p.user(u), op("add", "nickName", "x"), op("remove", "nickName", nil)).is(200, 204)
		p.get(p.user(u)).is(200).absent("nickName")
	}
}

func r28(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName")
	u := p.newUser(object{"displayName": "before"})
	a := p.patch(p.user(u), op("replace", "displayName", "after")).is(200, 204)
	if a.status == 200 {
		a.equals(id(u), "id").equals("after", "displayName").equals("User", "meta", "resourceType")
	} else {
		p.note("PATCH answers 204")
	}
	b := p.patch(p.user(u)+"?attributes=displayName", op("replace", "displayName", "again")).is(200)
	b.equals("again", "displayName").absent("userName")
}

func r29(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName", "nickName", "name.givenName", "name.familyName")
	u := p.newUser(object{"displayName": "before", "name": object{"givenName": "Zoé", "familyName": "O'Neill"}})
	p.patch(p.user(u), op("replace", "", object{"displayName": "after", "name": object{"givenName": "Ana"}})).is(200, 204)
	p.patch(p.user(u), op("add", "", object{"nickName": "nick"})).is(200, 204)
	p.get(p.user(u)).is(200).equals("after", "displayName").equals("nick", "nickName").equals("Ana", "name", "givenName")
	if p.has(schemaEnterprise + ":department") {
		p.patch(p.user(u), op("add", "", object{schemaEnterprise: object{"department": "Atelier"}})).is(200, 204)
		p.get(p.user(u)).is(200).equals("Atelier", schemaEnterprise, "department").equals("after", "displayName")
	}
	p.as(Tolerance, func() { // Entra ID with aadOptscim062020
		p.patch(p.user(u), op("replace", "", object{"name.givenName": "Eva"})).is(200, 204)
		p.get(p.user(u)).is(200).equals("Eva", "name", "givenName").equals("O'Neill", "name", "familyName")
	})
}

func r31(p *probe) {
	p.needs("patch")
	u := p.newUser()
	created, _ := at(u, "meta", "created").(string)
	for _, attribute := range []string{"userName", "id"} {
		p.patch(p.user(u), op("remove", attribute, nil)).refused(400, "mutability")
	}
	p.as(Should, func() {
		p.patch(p.user(u), op("replace", "id", "another-id")).refused(400, "mutability")
		p.patch(p.user(u), op("replace", "meta.created", "2001-01-01T00:00:00Z")).refused(400, "mutability")
		if p.has("groups") {
			p.patch(p.user(u), op("add", "groups", values("some-group"))).refused(400, "mutability")
		}
	})
	a := p.get(p.user(u)).is(200).equals(id(u), "id").equals(u["userName"], "userName")
	a.that(a.text("meta", "created") == created, "meta.created unchanged")
	if p.server.groups != "" {
		g := p.newGroup()
		p.as(Should, func() {
			p.patch(p.group(g), op("remove", "displayName", nil)).refused(400, "mutability", "invalidValue")
		})
	}
}

func r33(p *probe) {
	p.needs("patch")
	p.needsAttributes("emails")
	address := p.userName("mail")
	u := p.newUser(object{"emails": []object{{"value": address, "type": "work"}}})
	before := p.get(p.user(u)).need(200)
	p.patch(p.user(u), op("add", "emails", []object{{"value": address, "type": "work"}})).is(200, 204)
	after := p.get(p.user(u)).is(200)
	list, _ := after.at("emails").([]any)
	after.that(len(list) == 1, "one e-mail, since the same was added; there are %d", len(list))
	p.unchanged(before, after)
	other := p.userName("mail")
	twice := []object{{"value": other, "type": "home"}, {"value": other, "type": "home"}}
	p.patch(p.user(u), op("add", "emails", twice)).is(200, 204)
	after = p.get(p.user(u)).is(200)
	list, _ = after.at("emails").([]any)
	p.as(Should, func() {
		after.that(len(list) == 2, "two e-mails, since one was added twice in a list; there are %d", len(list))
	})
}

// unchanged judges that a resource is as it was, so that nothing tells of a change.
func (p *probe) unchanged(before, after answer) {
	for _, name := range []string{"lastModified", "version"} {
		after.that(same(before.at("meta", name), after.at("meta", name)), "meta.%s unchanged, %s", name, literal(before.at("meta", name)))
	}
}

func r36(p *probe) {
	p.needs("patch")
	p.needsGroups()
	var users []object
	for range 3 {
		users = append(users, p.newUser())
	}
	g := p.newGroup(id(users[0]))
	p.patch(p.group(g), op("add", "members", values(id(users[0])))).is(200, 204)
	p.patch(p.group(g), op("remove", fmt.Sprintf("members[value eq %q]", id(users[2])), nil)).is(200, 204)
	p.hasMembers(g, users[0])
	var many []object
	for range 17 { // fifty values of three Users: what counts is how many the operation names
		many = append(many, values(id(users[0]), id(users[1]), id(users[2]))...)
	}
	p.patch(p.group(g), op("add", "members", many)).is(200, 204)
	p.hasMembers(g, users...)
}

func r37(p *probe) {
	p.needs("patch")
	p.needsGroups()
	one, other := p.newUser(), p.newUser()
	g := p.newGroup(id(one))
	p.patch(p.group(g), op("replace", fmt.Sprintf("members[value eq %q].value", id(one)), id(other))).is(400)
	p.hasMembers(g, one)
	p.patch(p.group(g), op("add", "members", values(id(other)))).is(200, 204)
	p.hasMembers(g, one, other)
}

func r38(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName")
	u := p.newUser(object{"displayName": "same"})
	before := p.get(p.user(u)).need(200)
	for _, name := range []string{"replace", "add"} {
		p.patch(p.user(u), op(name, "displayName", "same")).is(200, 204)
	}
	after := p.get(p.user(u)).is(200).equals("same", "displayName")
	p.as(Should, func() { p.unchanged(before, after) })
}
