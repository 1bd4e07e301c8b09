package conformance

import (
	"fmt"
	"slices"
)

// tolerancePatchChecks are about PATCH as clients send it, but for members.
func tolerancePatchChecks() checks {
	return checks{"Q30": q30, "Q31": q31, "Q36": q36, "Q37": q37, "Q38": q38, "Q39": q39, "Q40": q40, "Q41": q41, "Q42": q42}
}

func q30(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName", "nickName", "name.givenName", "emails", schemaEnterprise+":department", schemaEnterprise+":costCenter")
	work := p.userName("work")
	for _, name := range []string{"replace", "Add"} {
		u := p.newUser(object{"name": object{"familyName": "O'Neill"}})
		p.patch(p.user(u), op(name, "", object{
			"displayName": "nested", "name.givenName": "dotted", "name": object{"middleName": "M"}, schemaEnterprise + ":department": "by URN",
			schemaEnterprise: object{"costCenter": "whole"}, `emails[type eq "work"].value`: work, "nickName": "n",
		})).is(200, 204)
		a := p.get(p.user(u)).is(200)
		a.equals("nested", "displayName").equals("dotted", "name", "givenName").equals("O'Neill", "name", "familyName")
		a.equals("by URN", schemaEnterprise, "department").equals("whole", schemaEnterprise, "costCenter").equals(work, "emails", 0, "value")
	}
}

func q31(p *probe) {
	p.needs("patch")
	p.needsAttributes("phoneNumbers", "phoneNumbers.type")
	const mobile, work, fax = "+33 6 11 11 11 11", "+33 1 22 22 22 22", "+33 1 33 33 33 33"
	u := p.newUser(object{"phoneNumbers": []object{{"value": mobile, "type": "mobile"}}})
	p.patch(p.user(u), op("Add", `phoneNumbers[type eq "work"].value`, work)).is(200, 204)
	p.patch(p.user(u), op("Replace", `phoneNumbers[type eq "fax"].value`, fax)).is(200, 204)
	a := p.get(p.user(u)).is(200)
	list, _ := a.at("phoneNumbers").([]any)
	a.that(len(list) == 3, "three numbers, not %d", len(list))
	for _, want := range []object{{"type": "mobile", "value": mobile}, {"type": "work", "value": work}, {"type": "fax", "value": fax}} {
		a.that(slices.ContainsFunc(list, func(v any) bool { return covers(v, want) }), "a number %s", literal(want))
	}
	a.that(primaries(a, "phoneNumbers") == 0, "no primary invented")
}

func q36(p *probe) {
	p.needs("patch")
	manager := schemaEnterprise + ":manager"
	p.needsAttributes(manager)
	boss, u := p.newUser(), p.newUser()
	for _, set := range []any{id(boss), object{"value": id(boss)}, []object{{"value": id(boss)}}} {
		p.patch(p.user(u), op("Add", manager, set)).is(200, 204)
		p.get(p.user(u)).is(200).equals(id(boss), schemaEnterprise, "manager", "value")
		p.patch(p.user(u), op("Remove", manager, nil)).is(200, 204)
		p.get(p.user(u)).is(200).absent(schemaEnterprise, "manager")
	}
	for _, clear := range []any{`""`, "null", "{}", `{"value":""}`, `{"value":null}`} {
		p.patch(p.user(u), op("Add", manager, id(boss))).is(200, 204)
		body := fmt.Sprintf(`{"schemas":[%q],"Operations":[{"op":"Replace","path":%q,"value":%s}]}`, schemaPatchOp, manager, clear)
		p.send("PATCH", p.user(u), body).is(200, 204)
		p.get(p.user(u)).is(200).absent(schemaEnterprise, "manager")
	}
}

func q37(p *probe) {
	p.needs("patch")
	p.needsAttributes("emails")
	one, two := p.userName("one"), p.userName("two")
	u := p.newUser(object{"emails": []object{{"value": one, "type": "work"}}})
	p.patch(p.user(u), op("Remove", `emails[type eq "work"]`, nil), op("Add", "emails", []object{{"value": two, "type": "work"}}),
		op("Replace", `emails[type eq "work"].display`, "the second")).is(200, 204)
	a := p.get(p.user(u)).is(200).equals(two, "emails", 0, "value").equals("the second", "emails", 0, "display")
	a.that(len(p.addresses(a)) == 1, "one e-mail, not %d", len(p.addresses(a)))
}

func q38(p *probe) {
	p.needs("patch")
	p.needsAttributes("name.givenName", "name.familyName")
	u := p.newUser(object{"name": object{"givenName": "Zoé", "familyName": "O'Neill"}})
	p.patch(p.user(u), op("Replace", "name", object{"givenName": "Ana"})).is(200, 204)
	p.get(p.user(u)).is(200).equals("Ana", "name", "givenName").equals("O'Neill", "name", "familyName")
}

func q39(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName")
	u := p.newUser(object{"displayName": "before"})
	p.patch(p.user(u), op("replace", "", object{"id": "another", "displayName": "after"})).is(200, 204)
	p.get(p.user(u)).is(200).equals("after", "displayName").equals(id(u), "id")
	p.patch(p.user(u), op("replace", "displayName", "lost"), op("replace", "id", "another")).refused(400, "mutability")
	p.patch(p.user(u), op("replace", "displayName", "lost"), op("remove", "userName", nil)).refused(400, "mutability")
	p.get(p.user(u)).is(200).equals("after", "displayName")
}

func q40(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName", "emails")
	address := p.userName("one")
	u := p.newUser()
	p.patch(p.user(u), op("add", "emails", object{"value": address, "type": "work"})).is(200, 204)
	p.get(p.user(u)).is(200).equals(address, "emails", 0, "value")
	p.patch(p.user(u), op("replace", "displayName", []string{"in a list"})).is(200, 204)
	p.get(p.user(u)).is(200).equals("in a list", "displayName")
}

func q41(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName", "nickName")
	u := p.newUser(object{"displayName": "before"})
	p.patch(p.user(u), op("add", "displayName", "after"), op("replace", "nickName", "new")).is(200, 204)
	p.get(p.user(u)).is(200).equals("after", "displayName").equals("new", "nickName")
	for range 2 {
		p.patch(p.user(u), op("remove", "nickName", nil)).is(200, 204)
	}
	p.get(p.user(u)).is(200).absent("nickName")
}

func q42(p *probe) {
	p.needs("patch")
	p.needsAttributes("displayName")
	u := p.newUser()
	p.patch(p.user(u), slices.Repeat([]object{op("replace", "displayName", "many")}, 300)...).is(200, 204)
	a := p.patch(p.user(u), slices.Repeat([]object{op("replace", "displayName", "too many")}, 5000)...)
	a.is(200, 204, 413)
	if a.status == 413 {
		a.that(a.text("detail") != "", "a detail that tells the limit")
		p.get(p.user(u)).is(200).equals("many", "displayName")
	}
}
