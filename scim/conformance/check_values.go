package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// valueChecks are about what attributes hold.
func valueChecks() checks {
	return checks{"R22": r22, "R23": r23, "R24": r24, "R25": r25}
}

func r22(p *probe) {
	const secret = "Kx7-correct-horse-battery"
	body := p.userBody("secret", object{"password": secret})
	never := func(a answer) {
		a.that(a.at("password") == nil && !strings.Contains(string(a.body), secret), "no password in the answer")
	}
	a := p.send("POST", p.server.users, body)
	never(a)
	if a.status == 400 {
		p.note("a password is refused")
		return
	}
	a.need(201)
	u := asObject(a.value)
	never(p.get(p.user(u)).is(200))
	never(p.get(p.user(u) + "?attributes=password,userName").is(200))
	never(p.get(p.user(u) + "?attributes=" + schemaUser + ":password").is(200))
	never(p.send("PUT", p.user(u)+"?attributes=password", replaced(u, object{"password": secret + "2"})).is(200))
	if p.feature("patch") {
		never(p.patch(p.user(u)+"?attributes=password", op("replace", "password", secret+"3")).is(200, 204))
	}
	if !p.feature("filter") {
		return
	}
	for _, filter := range []string{"password pr", `password sw "Kx7"`, `password eq "` + secret + `3"`} {
		found := p.list(p.server.users, "filter", fmt.Sprintf("userName eq %q and %s", u["userName"], filter))
		found.is(200, 400, 403)
		if n, _ := found.number("totalResults"); found.status == 200 {
			p.as(Should, func() { found.that(n == 0, "a password is never found by a filter") })
		}
	}
}

func r23(p *probe) {
	p.needsPeople()
	external := fmt.Sprintf("Ext-%s-1", p.prefix)
	a := p.get(p.user(p.people[0])).is(200)
	a.equals(external, "externalId")
	p.needs("filter")
	p.finds(fmt.Sprintf("externalId eq %q", external), 1)
	p.finds(fmt.Sprintf("externalId eq %q", strings.ToUpper(external)))
}

func r24(p *probe) {
	p.needsAttributes("emails", "emails.primary")
	first, second := p.userName("first"), p.userName("second")
	u := p.newUser(object{"emails": []object{{"value": first, "type": "work", "primary": true}, {"value": second, "type": "home"}}})
	p.needs("patch")
	p.patch(p.user(u), op("add", "emails", []object{{"value": p.userName("third"), "type": "other", "primary": true}})).is(200, 204)
	a := p.get(p.user(u)).is(200)
	a.that(primaries(a, "emails") == 1, "one primary value, the one added last; there are %d", primaries(a, "emails"))
	for i := range 3 {
		if a.at("emails", i, "value") == first {
			a.that(a.at("emails", i, "primary") != true, "primary taken from the value that had it")
		}
	}
	p.patch(p.user(u), op("replace", `emails[type eq "home"].primary`, true)).is(200, 204)
	b := p.get(p.user(u)).is(200)
	b.that(primaries(b, "emails") == 1, "one primary value after it was handed over; there are %d", primaries(b, "emails"))
}

func primaries(a answer, attribute string) (n int) {
	list, _ := a.at(attribute).([]any)
	for _, v := range list {
		if at(v, "primary") == true {
			n++
		}
	}
	return n
}

func r25(p *probe) {
	for _, wrong := range []struct {
		attribute string
		body      object
	}{
		{"active", object{"active": "perhaps"}},
		{"active", object{"active": 3}},
		{"name", object{"name": "not an object"}},
		{"displayName", object{"displayName": object{"a": "b"}}},
		{"displayName", object{"displayName": json.Number("5")}},
		{"x509Certificates", object{"x509Certificates": []object{{"value": "%%% not base64 %%%"}}}},
	} {
		if p.has(wrong.attribute) {
			p.send("POST", p.server.users, p.userBody("wrong", wrong.body)).is(400)
		}
	}
	if p.server.groups != "" {
		u := p.newUser()
		g := p.newGroup(id(u))
		a := p.get(p.group(g)).is(200)
		p.follows(a.text("members", 0, "$ref"), id(u))
		if p.has("groups") {
			b := p.get(p.user(u)).is(200)
			p.follows(b.text("groups", 0, "$ref"), id(g))
		}
	}
	p.manager()
}

// manager judges the reference of a User to its manager.
func (p *probe) manager() {
	path := schemaEnterprise + ":manager"
	if p.server.schemas != nil && p.attribute(path) == nil || !p.feature("patch") {
		return
	}
	boss, u := p.newUser(), p.newUser()
	p.patch(p.user(u), op("add", path, object{"value": id(boss)})).is(200, 204)
	a := p.get(p.user(u)).is(200).equals(id(boss), schemaEnterprise, "manager", "value")
	p.follows(a.text(schemaEnterprise, "manager", "$ref"), id(boss))
}

// follows goes where a reference leads, when it is on this server.
func (p *probe) follows(ref, id string) {
	if ref == "" {
		return // $ref is not required
	}
	path := p.under(ref)
	p.holds(path != "" && strings.HasSuffix(path, "/"+id), ref, "a $ref that ends in the id it refers to")
	if path != "" {
		p.get(path).is(200).equals(id, "id")
	}
}
