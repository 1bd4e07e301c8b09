package conformance

import (
	"fmt"
	"net/url"
	"strings"
)

// toleranceEnvelopeChecks are about bodies and headers as clients send them.
func toleranceEnvelopeChecks() checks {
	return checks{"Q01": q01, "Q02": q02, "Q03": q03, "Q04": q04, "Q05": q05, "Q06": q06, "Q07": q07}
}

func q01(p *probe) {
	p.needsAttributes("displayName", "nickName")
	body := p.userBody("case")
	body["DISPLAYNAME"] = "in capitals"
	a := p.send("POST", p.server.users, body).is(201)
	a.equals("in capitals", "displayName")
	if a.status != 201 || !p.feature("patch") {
		return
	}
	path := p.user(asObject(a.value))
	p.send("PATCH", path, object{"SCHEMAS": []string{schemaPatchOp},
		"operations": []object{{"OP": "Replace", "Path": "NICKNAME", "VALUE": "in capitals"}}}).is(200, 204)
	p.get(path).is(200).equals("in capitals", "nickName")
	p.patch(path, op("REPLACE", strings.ToUpper(schemaUser)+":displayName", "by a URN in capitals")).is(200, 204)
	p.get(path).is(200).equals("by a URN in capitals", "displayName")
}

func q02(p *probe) {
	p.send("POST", p.server.users, p.userBody("plain"), "Content-Type", "").is(201)
	p.send("POST", p.server.users, p.userBody("plain"), "Content-Type", "application/json; charset=utf-8").is(201)
	for _, accept := range []string{"", "*/*", "application/json", "application/scim+json, application/json;q=0.5"} {
		p.get(p.server.users+"?count=1", "Accept", accept).is(200)
	}
	p.get(p.server.users+"?count=1", "Accept-Charset", "utf-8").is(200)
}

func q03(p *probe) {
	u := p.newUser()
	p.get(p.user(u), "User-Agent", "").is(200)
	p.get(p.user(u), "ADSCIMVersion", "1.0", "X-Forwarded-Proto", "gopher").is(200)
	p.get(p.user(u) + "/").is(200)
	if !p.feature("filter") {
		return
	}
	for _, query := range []string{
		"?aadOptscim062020&filter=" + strings.ReplaceAll(url.QueryEscape(fmt.Sprintf("userName eq %q", u["userName"])), "+", "%20"),
		"?filter=" + url.QueryEscape(fmt.Sprintf("userName eq %q", u["userName"])), // a space is a +
	} {
		p.get(p.server.users+query).is(200).equals(id(u), "Resources", 0, "id")
	}
	twice := p.get(p.server.users + "?filter=userName%2520eq%2520%2522" + url.QueryEscape(fmt.Sprint(u["userName"])) + "%2522")
	twice.is(400)
}

func q04(p *probe) {
	department := object{schemaEnterprise: object{"department": "Atelier"}}
	bodies := []object{p.userBody("schemas"), p.userBody("schemas"), p.userBody("schemas")}
	bodies[0]["schemas"] = []string{schemaUser, "urn:example:unknown:1.0:Thing"}
	bodies[1]["schemas"] = []string{strings.ToUpper(schemaUser)}
	bodies[2]["schemas"] = []string{"urn:scim:schemas:core:1.0", schemaUser}
	for _, body := range bodies {
		p.send("POST", p.server.users, body).is(201)
	}
	if p.has(schemaEnterprise + ":department") {
		body := p.userBody("schemas", department)
		body["schemas"] = []string{schemaUser}
		p.send("POST", p.server.users, body).is(201).equals("Atelier", schemaEnterprise, "department")
	}
	if p.feature("patch") && p.has("displayName") {
		u := p.newUser()
		p.send("PATCH", p.user(u), object{"Operations": []object{op("replace", "displayName", "no schemas")}}).is(200, 204)
		p.get(p.user(u)).is(200).equals("no schemas", "displayName")
	}
}

func q05(p *probe) {
	body := p.userBody("null", p.known(object{"title": nil, "addresses": nil, "roles": []any{}, "nickName": "", "groups": []any{}}))
	body["id"], body["meta"] = "mine", object{"resourceType": "User"}
	a := p.send("POST", p.server.users, body).is(201)
	a.absent("title").absent("addresses").absent("roles").that(a.text("id") != "mine", "an id of the server's own")
	if a.status == 201 {
		p.send("PUT", p.user(asObject(a.value)), replaced(asObject(a.value), p.known(object{"title": nil, "groups": []any{}}))).is(200)
	}
}

func q06(p *probe) {
	u := p.newUser(object{"favouriteColour": "green"})
	p.get(p.user(u)).is(200).absent("favouriteColour")
	p.send("PUT", p.user(u), replaced(u, object{"favouriteColour": "green"})).is(200).absent("favouriteColour")
}

func q07(p *probe) {
	name := p.userName("keys")
	a := p.send("POST", p.server.users, fmt.Sprintf(`{"schemas":[%q],"userName":%q,"displayName":"a","displayName":"b"}`, schemaUser, name))
	a.is(201, 400)
	if a.status == 400 {
		p.note("a JSON object that names a key twice is refused")
	} else {
		p.note("of a key given twice in a JSON object, %s is kept", literal(a.at("displayName")))
	}
	deep := `{"schemas":["` + schemaUser + `"],"x":` + strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000) + "}"
	b := p.send("POST", p.server.users, deep)
	b.that(b.status >= 400 && b.status < 500, "a status of 4xx for JSON of depth 2000")
}
