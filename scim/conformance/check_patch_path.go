package conformance

import (
	"fmt"
	"slices"
)

// patchPathChecks are about where a PATCH operation leads.
func patchPathChecks() checks {
	return checks{"R30": r30, "R32": r32, "R34": r34, "R35": r35}
}

func r30(p *probe) {
	p.needs("patch")
	p.needsAttributes("emails")
	work, home := p.userName("work"), p.userName("home")
	u := p.newUser(object{"emails": []object{{"value": work, "type": "work"}, {"value": home, "type": "home"}}})
	if p.o.Profile == ProfileRFC {
		p.patch(p.user(u), op("remove", "", nil)).refused(400, "noTarget")
		p.patch(p.user(u), op("remove", `emails[type eq "home"]`, nil)).is(200, 204)
		a := p.get(p.user(u)).is(200).equals(work, "emails", 0, "value")
		a.that(len(p.addresses(a)) == 1, "one e-mail left, not %d", len(p.addresses(a)))
	} else { // I12 and I13 rule those
		p.patch(p.user(u), op("remove", "", nil)).refused(400, "noTarget", "invalidSyntax")
	}
	if !p.required("emails") {
		p.patch(p.user(u), op("remove", "emails", nil)).is(200, 204)
		p.get(p.user(u)).is(200).absent("emails")
	}
	if p.server.groups != "" {
		p.removesMembers()
	}
}

// removesMembers takes members from a Group: one by a filter, one by a list, then all.
func (p *probe) removesMembers() {
	users := []object{p.newUser(), p.newUser(), p.newUser()}
	g := p.newGroup(id(users[0]), id(users[1]), id(users[2]))
	p.patch(p.group(g), op("remove", fmt.Sprintf("members[value eq %q]", id(users[0])), nil)).is(200, 204)
	p.hasMembers(g, users[1:]...)
	p.as(Tolerance, func() { // Entra ID
		p.patch(p.group(g), op("remove", "members", values(id(users[1])))).is(200, 204)
		p.hasMembers(g, users[2])
	})
	p.patch(p.group(g), op("remove", "members", nil)).is(200, 204)
	p.hasMembers(g)
}

func r32(p *probe) {
	p.needs("patch")
	p.needsAttributes("emails", "emails.type")
	work, home := p.userName("work"), p.userName("home")
	u := p.newUser(object{"emails": []object{{"value": work, "type": "work"}}})
	for _, path := range []string{`emails[type eq "a" or type eq "b"].value`, `emails[type ne "work"].value`} {
		p.patch(p.user(u), op("replace", path, home)).refused(400, "noTarget")
	}
	a := p.patch(p.user(u), op("replace", `emails[type eq "home"].value`, home)).is(200, 204, 400)
	b := p.get(p.user(u)).is(200)
	if a.status == 400 {
		a.refused(400, "noTarget")
		b.that(!slices.Contains(p.addresses(b), home), "nothing created by what was refused")
		p.note("replace where a filter selects nothing is noTarget")
	} else {
		b.that(slices.Contains(p.addresses(b), home), "the value created, since the operation succeeded")
		p.note("replace where a filter selects nothing creates the value it describes (RFC 7644 erratum 8097)")
	}
	b.that(slices.Contains(p.addresses(b), work), "the other value untouched")
	p.patch(p.user(u), op("replace", `emails[type eq "work"].display`, "at work")).is(200, 204)
	p.get(p.user(u)).is(200)
}

// addresses are the values of a User's e-mails.
func (p *probe) addresses(a answer) (found []string) {
	list, _ := a.at("emails").([]any)
	for _, e := range list {
		value, _ := at(e, "value").(string)
		found = append(found, value)
	}
	return found
}

func r34(p *probe) {
	p.needs("patch")
	p.needsAttributes("active")
	u := p.newUser(object{"active": true})
	p.patch(p.user(u), op("replace", "active", "False")).is(200, 204)
	p.get(p.user(u)).is(200).equals(false, "active")
	p.patch(p.user(u), op("replace", "active", "True")).is(200, 204)
	p.get(p.user(u)).is(200).equals(true, "active")
	if p.has("roles.primary") {
		p.patch(p.user(u), op("add", "roles", []object{{"value": "admin", "primary": "True"}})).is(200, 204)
		p.get(p.user(u)).is(200).equals(true, "roles", 0, "primary")
	}
}

func r35(p *probe) {
	p.needs("patch")
	department := schemaEnterprise + ":department"
	p.needsAttributes(department, schemaEnterprise+":manager")
	u, boss, other := p.newUser(), p.newUser(), p.newUser()
	p.patch(p.user(u), op("add", department, "Atelier")).is(200, 204)
	a := p.get(p.user(u)).is(200).equals("Atelier", schemaEnterprise, "department")
	schemas, _ := a.at("schemas").([]any)
	a.that(slices.Contains(schemas, any(schemaEnterprise)), "schemas names the extension that is now used")
	p.patch(p.user(u), op("add", schemaEnterprise+":manager", object{"value": id(boss)})).is(200, 204)
	p.get(p.user(u)).is(200).equals(id(boss), schemaEnterprise, "manager", "value")
	p.patch(p.user(u), op("replace", schemaEnterprise+":manager.value", id(other))).is(200, 204)
	p.get(p.user(u)).is(200).equals(id(other), schemaEnterprise, "manager", "value")
	p.patch(p.user(u), op("remove", schemaEnterprise+":manager", nil)).is(200, 204)
	p.get(p.user(u)).is(200).absent(schemaEnterprise, "manager")
	p.patch(p.user(u), op("replace", schemaUser+":displayName", "by its URN")).is(200, 204)
	p.get(p.user(u)).is(200).equals("by its URN", "displayName")
	p.as(Should, func() {
		p.patch(p.user(u), op("remove", schemaEnterprise, nil)).is(200, 204)
		p.get(p.user(u)).is(200).absent(schemaEnterprise)
	})
	p.as(Tolerance, func() { // Entra ID
		p.patch(p.user(u), op("add", schemaEnterprise+":manager", id(boss))).is(200, 204)
		p.get(p.user(u)).is(200).equals(id(boss), schemaEnterprise, "manager", "value")
		p.patch(p.user(u), op("replace", schemaEnterprise+":manager", "")).is(200, 204)
		p.get(p.user(u)).is(200).absent(schemaEnterprise, "manager")
	})
}
