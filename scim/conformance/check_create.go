package conformance

import (
	"fmt"
	"strings"
)

// createChecks are about new resources and their names.
func createChecks() checks {
	return checks{"R14": r14, "R15": r15, "R16": r16, "R17": r17, "R18": r18, "R20": r20}
}

func r14(p *probe) {
	body := p.userBody("create", p.known(object{"displayName": "Created"}))
	a := p.send("POST", p.server.users, body).need(201)
	a.that(a.text("id") != "", "an id")
	a.equals(body["userName"], "userName")
	location := a.header.Get("Location")
	a.that(location != "", "a Location")
	p.as(Should, func() { a.that(absolute(location), "an absolute Location, not %q", location) })
	a.that(a.text("meta", "location") != "", "meta.location")
	p.get(p.user(asObject(a.value))).is(200).equals(a.text("id"), "id")
	if absolute(location) {
		if path, ok := strings.CutPrefix(location, p.base.String()); ok {
			p.get(path).is(200).equals(a.text("id"), "id")
		} else {
			p.note("Location has another beginning than the address the suite was given: %s", location)
		}
	}
}

func r15(p *probe) {
	first, second := p.newUser(), p.newUser()
	name, _ := first["userName"].(string)
	for _, taken := range []string{name, strings.ToUpper(name)} {
		body := p.userBody("twice")
		body["userName"] = taken
		p.send("POST", p.server.users, body).refused(409, "uniqueness")
		p.send("PUT", p.user(second), replaced(second, object{"userName": taken})).refused(409, "uniqueness")
		if p.feature("patch") {
			p.patch(p.user(second), op("replace", "userName", taken)).refused(409, "uniqueness")
		}
	}
	p.get(p.user(second)).is(200).equals(second["userName"], "userName")
	p.send("PUT", p.user(first), replaced(first, object{})).is(200) // its own name is not taken
}

func r16(p *probe) {
	const foreign = "11111111-2222-4333-8444-555555555555"
	meta := object{"resourceType": "Group", "created": "2001-01-01T00:00:00Z", "lastModified": "2001-01-01T00:00:00Z",
		"location": "https://elsewhere.example/Users/1", "version": `W/"99"`}
	own := object{"id": foreign, "meta": meta}
	if p.has("groups") {
		own["groups"] = []object{{"value": foreign, "display": "none"}}
	}
	a := p.send("POST", p.server.users, p.userBody("own", own)).need(201)
	ignored := func(a answer) {
		a.that(a.text("id") != foreign && a.text("id") != "", "an id of the server's own")
		a.equals("User", "meta", "resourceType")
		a.that(!strings.HasPrefix(a.text("meta", "created"), "2001"), "meta.created of the server's own")
		a.absent("groups")
	}
	ignored(a)
	put := replaced(asObject(a.value), own)
	again := p.send("PUT", p.user(asObject(a.value)), put).is(200)
	if again.status == 200 {
		ignored(again)
		again.equals(a.text("id"), "id").equals(a.text("meta", "created"), "meta", "created")
	}
	p.get(p.server.users + "/" + foreign).is(404)
}

func r17(p *probe) {
	without := func(body object, name string) object {
		delete(body, name)
		return body
	}
	refused := func(a answer) {
		a.is(400)
		p.as(Should, func() { a.refused(400, "invalidValue") })
	}
	refused(p.send("POST", p.server.users, without(p.userBody("nameless"), "userName")))
	empty := p.userBody("nameless")
	empty["userName"] = ""
	refused(p.send("POST", p.server.users, empty))
	u := p.newUser()
	refused(p.send("PUT", p.user(u), without(replaced(u, nil), "userName")))
	p.get(p.user(u)).is(200).equals(u["userName"], "userName")
	if p.server.groups != "" {
		p.as(Should, func() { // erratum 5368 made it required
			refused(p.send("POST", p.server.groups, without(p.groupBody("nameless"), "displayName")))
		})
	}
}

func r18(p *probe) {
	if required := p.requiredAttributes(); len(required) > 0 {
		for _, a := range required {
			p.note("the server's User also requires %s", literal(a["name"]))
		}
	}
	p.send("POST", p.server.users, p.userBody("small")).is(201)
	if p.server.groups != "" {
		p.send("POST", p.server.groups, p.groupBody("small")).is(201).absent("members")
	}
}

// fullUser has one of each kind of attribute.
func (p *probe) fullUser() object {
	p.counter++
	address := fmt.Sprintf("%s-full-%d@%s", p.prefix, p.counter, p.o.Domain)
	return p.known(object{
		"externalId": "Ext-" + address, "displayName": "Zoé O'Neill", "nickName": "Zo", "title": "Ébéniste", "userType": "Employee",
		"preferredLanguage": "fr-FR", "locale": "fr-FR", "timezone": "Europe/Paris", "profileUrl": "https://www.example.com/zoe", "active": true,
		"name":         object{"formatted": "Mme Zoé O'Neill", "givenName": "Zoé", "familyName": "O'Neill", "honorificPrefix": "Mme"},
		"emails":       []object{{"value": address, "type": "work", "primary": true}},
		"phoneNumbers": []object{{"value": "+33 1 23 45 67 89", "type": "work"}},
		"addresses": []object{{"type": "work", "streetAddress": "1 rue du Bois", "locality": "Nantes", "postalCode": "44000",
			"country": "FR", "region": "Pays de la Loire"}},
		schemaEnterprise: object{"employeeNumber": "700", "department": "Atelier", "costCenter": "CC-7", "organization": "Bois"},
	})
}

func r20(p *probe) {
	full := p.fullUser()
	body := p.userBody("full", full)
	made := p.send("POST", p.server.users, body).need(201)
	read := p.get(p.user(asObject(made.value))).need(200)
	for _, name := range sortedKeys(full) {
		if made.at(name) != nil {
			read.that(same(made.at(name), read.at(name)), "%s as the answer to POST had it, %s", name, literal(made.at(name)))
		}
		read.that(covers(read.at(name), full[name]), "%s as it was sent, %s", name, literal(full[name]))
	}
	changed := replaced(asObject(read.value), p.known(object{"displayName": "Zoé Martin", "nickName": nil}))
	put := p.send("PUT", p.user(asObject(made.value)), changed).need(200)
	after := p.get(p.user(asObject(made.value))).need(200)
	for name := range asObject(put.value) {
		if name != "meta" {
			after.that(same(put.at(name), after.at(name)), "%s as the answer to PUT had it, %s", name, literal(put.at(name)))
		}
	}
}

// covers says whether a value that came back holds all that was sent; the server may have added to it.
func covers(got, sent any) bool {
	switch sent := sent.(type) {
	case object:
		for key, v := range sent {
			if !covers(member(asObject(got), key), v) {
				return false
			}
		}
		return true
	case []object:
		list, _ := got.([]any)
		if len(list) < len(sent) {
			return false
		}
		for i, v := range sent {
			if !covers(list[i], v) {
				return false
			}
		}
		return true
	}
	return same(got, sent)
}
