package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// toleranceValueChecks are about values as clients send them.
func toleranceValueChecks() checks {
	return checks{"Q10": q10, "Q11": q11, "Q12": q12, "Q13": q13, "Q14": q14, "Q15": q15, "Q16": q16}
}

func q10(p *probe) {
	p.needsAttributes("active", "displayName")
	for text, want := range map[string]bool{"true": true, "True": true, "TRUE": true, "False": false, "false": false} {
		p.send("POST", p.server.users, p.userBody("bool", object{"active": text})).is(201).equals(want, "active")
	}
	for _, wrong := range []string{"yes", "1", "perhaps"} {
		p.send("POST", p.server.users, p.userBody("bool", object{"active": wrong})).refused(400, "invalidValue")
	}
	p.send("POST", p.server.users, p.userBody("bool", object{"displayName": "True"})).is(201).equals("True", "displayName")
}

func q11(p *probe) {
	p.needsAttributes("emails.primary")
	first, second := p.userName("a"), p.userName("b")
	a := p.send("POST", p.server.users, p.userBody("primary", object{"emails": []object{
		{"value": first, "type": "work", "primary": true}, {"value": second, "type": "home", "primary": true},
	}})).is(201, 400)
	if a.status == 400 {
		p.note("two primary values are refused")
		return
	}
	a.that(primaries(a, "emails") == 1, "one primary value; there are %d", primaries(a, "emails"))
}

func q12(p *probe) {
	p.needsAttributes("roles")
	role := `{"id":"18d14569","value":"Admin","displayName":"Admin"}`
	a := p.send("POST", p.server.users, p.userBody("role", object{"roles": []object{{"value": role}}})).is(201)
	var decoded object
	_ = json.Unmarshal([]byte(role), &decoded)
	value := a.at("roles", 0, "value")
	a.that(value == role || value == decoded["value"], "the role's value as it was sent, or the value it holds, not %s", literal(value))
}

func q13(p *probe) {
	a := p.send("POST", p.server.users, p.userBody("password", object{"password": "Kx7-correct-horse-battery"})).is(201)
	a.absent("password")
	if a.status == 201 && p.feature("patch") && p.o.Profile == ProfileRFC {
		p.patch(p.user(asObject(a.value)), op("replace", "", object{"password": "Kx7-other-horse-battery"})).is(200, 204)
	}
}

func q14(p *probe) {
	sent := p.known(object{"displayName": "  Zoé  O'Neill ", "title": "<b>Ébéniste</b> & \"Chef\"", "nickName": "\u0065\u0301 as two"})
	if p.has("phoneNumbers") {
		sent["phoneNumbers"] = []object{{"value": "(01) 23.45-67 89 ext 4", "type": "work"}}
	}
	u := p.newUser(sent)
	a := p.get(p.user(u)).is(200)
	for _, name := range sortedKeys(sent) {
		a.that(covers(a.at(name), sent[name]), "%s as it was sent, %s, not %s", name, literal(sent[name]), literal(a.at(name)))
	}
}

func q15(p *probe) {
	p.needsGroups()
	u, v := p.newUser(), p.newUser()
	body := p.groupBody("members")
	body["members"] = []object{{"value": id(u), "$ref": nil}, {"value": id(u)}, {"value": id(v), "display": "anything"}}
	a := p.send("POST", p.server.groups, body).is(201)
	if a.status == 201 {
		p.hasMembers(asObject(a.value), u, v)
	}
}

func q16(p *probe) {
	p.counter++
	for _, local := range []string{"o'neill", "a+tag", "a#b", "100%", "zoé", "用户", strings.Repeat("l", 180)} {
		body := p.userBody("odd")
		name := fmt.Sprintf("%s-%d-%s@%s", p.prefix, p.counter, local, p.o.Domain)
		body["userName"] = name
		a := p.send("POST", p.server.users, body).is(201)
		a.equals(name, "userName")
		if a.status == 201 && p.feature("filter") {
			p.list(p.server.users, "filter", "userName eq "+jsonText(name)).is(200).equals(a.text("id"), "Resources", 0, "id")
		}
	}
	p.list(p.server.users, "filter", `userName eq "a \"quoted\" \\ name"`).is(200).equals(0, "totalResults")
}
