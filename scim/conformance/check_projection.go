package conformance

import "fmt"

// projectionChecks are about which attributes an answer has.
func projectionChecks() checks { return checks{"R49": r49} }

func r49(p *probe) {
	p.needsAttributes("displayName", "nickName", "name.givenName", "name.familyName")
	u := p.newUser(p.known(object{"displayName": "shown", "nickName": "hidden",
		"name": object{"givenName": "Zoé", "familyName": "O'Neill"}, schemaEnterprise: object{"department": "Atelier", "costCenter": "7"}}))
	only := func(a answer) {
		a.is(200).equals("shown", "displayName").equals(id(u), "id").absent("nickName").absent("name")
	}
	without := func(a answer) {
		a.is(200).absent("displayName").equals("hidden", "nickName").equals(id(u), "id")
	}
	path := p.user(u)
	only(p.get(path + "?attributes=displayName"))
	only(p.get(path + "?attributes=DISPLAYNAME"))
	only(p.get(path + "?attributes=" + schemaUser + ":displayName"))
	without(p.get(path + "?excludedAttributes=displayName"))
	only(p.send("PUT", path+"?attributes=displayName", replaced(u, nil)))
	without(p.send("PUT", path+"?excludedAttributes=displayName", replaced(u, nil)))
	if p.feature("patch") {
		if a := p.patch(path+"?attributes=displayName", op("replace", "displayName", "shown")); a.status != 204 { // see R28
			only(a)
		}
	}
	p.send("POST", p.server.users+"?attributes=displayName", p.userBody("projected", object{"displayName": "shown"})).
		is(201).equals("shown", "displayName").absent("userName")

	p.get(path+"?attributes=name.givenName").is(200).equals("Zoé", "name", "givenName").absent("name", "familyName")
	p.get(path+"?excludedAttributes=name.givenName").is(200).absent("name", "givenName").equals("O'Neill", "name", "familyName")
	p.get(path+"?excludedAttributes=id,schemas").is(200).equals(id(u), "id")
	if p.has(schemaEnterprise + ":department") {
		a := p.get(path + "?attributes=" + schemaEnterprise + ":department").is(200)
		a.equals("Atelier", schemaEnterprise, "department").absent(schemaEnterprise, "costCenter")
	}
	p.as(Should, func() { p.get(path + "?attributes=displayName&excludedAttributes=nickName").is(400) })
	if p.feature("filter") {
		filter := fmt.Sprintf("userName eq %q", u["userName"])
		a := p.list(p.server.users, "filter", filter, "attributes", "displayName").is(200)
		a.equals(id(u), "Resources", 0, "id").equals("shown", "Resources", 0, "displayName").absent("Resources", 0, "nickName")
		a = p.list(p.server.users, "filter", filter, "excludedAttributes", "displayName").is(200)
		a.absent("Resources", 0, "displayName").equals("hidden", "Resources", 0, "nickName")
	}
}
