package conformance

import "slices"

// interopPatchChecks are about its rules for PATCH.
func interopPatchChecks() checks {
	return checks{"I11": i11, "I12": i12, "I13": i13, "I14": i14, "I15": i15, "I16": i16, "I17": i17}
}

func i11(p *probe) {
	p.get("/ServiceProviderConfig").is(200).equals(true, "patch", "supported")
	u := p.newUser()
	p.patch(p.user(u), op("replace", "displayName", "patched")).is(200, 204)
	p.get(p.user(u)).is(200).equals("patched", "displayName")
}

func i12(p *probe) {
	work, other := p.userName("work"), p.userName("other")
	u := p.newUser(object{"emails": []object{{"value": work, "type": "work"}}})
	p.patch(p.user(u), op("replace", `emails[type eq "work"]`, object{"value": other, "type": "work"})).refused(400, "invalidPath")
	p.get(p.user(u)).is(200).equals(work, "emails", 0, "value")
}

func i13(p *probe) {
	u := p.newUser(object{"displayName": "before"})
	for _, name := range []string{"add", "replace"} {
		p.patch(p.user(u), op(name, "", object{"displayName": "after"})).refused(400, "invalidSyntax")
	}
	p.get(p.user(u)).is(200).equals("before", "displayName")
}

func i14(p *probe) {
	u := p.newUser(object{"displayName": "before"})
	for _, name := range []string{"add", "replace"} {
		p.patch(p.user(u), op(name, "displayName", "by "+name)).is(200, 204)
		p.get(p.user(u)).is(200).equals("by "+name, "displayName")
	}
}

func i15(p *probe) {
	u := p.newUser(object{"name": object{"givenName": "Zoé", "familyName": "O'Neill"}})
	p.patch(p.user(u), op("add", "name", object{"givenName": "Ana"})).is(200, 204)
	p.get(p.user(u)).is(200).equals("Ana", "name", "givenName").equals("O'Neill", "name", "familyName")
	p.patch(p.user(u), op("replace", "name", object{"givenName": "Eva"})).is(200, 204)
	p.get(p.user(u)).is(200).equals("Eva", "name", "givenName").absent("name", "familyName")
}

func i16(p *probe) {
	one, two, three := p.userName("one"), p.userName("two"), p.userName("three")
	u := p.newUser(object{"emails": []object{{"value": one, "type": "work"}}})
	p.patch(p.user(u), op("add", "emails", []object{{"value": two, "type": "home"}})).is(200, 204)
	a := p.get(p.user(u)).is(200)
	a.that(slices.Equal(p.addresses(a), []string{one, two}), "both e-mails after add")
	p.patch(p.user(u), op("replace", "emails", []object{{"value": three, "type": "work"}})).is(200, 204)
	b := p.get(p.user(u)).is(200)
	b.that(slices.Equal(p.addresses(b), []string{three}), "the one e-mail after replace")
}

func i17(p *probe) {
	one, two := p.userName("one"), p.userName("two")
	u := p.newUser(object{"emails": []object{{"value": one, "type": "work"}, {"value": two, "type": "work"}}})
	p.patch(p.user(u), op("replace", `emails[type eq "work"].display`, "both")).refused(400, "invalidFilter")
	p.get(p.user(u)).is(200).absent("emails", 0, "display")
}
