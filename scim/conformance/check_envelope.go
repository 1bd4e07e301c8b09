package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// envelopeChecks are about how requests and answers are wrapped, whatever they are about.
func envelopeChecks() checks {
	return checks{"R01": r01, "R02": r02, "R03": r03, "R04": r04, "R05": r05, "R11": r11, "R13": r13}
}

// Every answer's own type is judged by the watch.
func r01(p *probe) {
	p.get("/ServiceProviderConfig").is(200)
	p.get(p.server.users + "/" + nobody).is(404)
	for _, kind := range []string{"application/json", "application/scim+json; charset=utf-8", "application/json;charset=UTF-8"} {
		p.send("POST", p.server.users, p.userBody("type"), "Content-Type", kind).is(201)
	}
	p.send("POST", p.server.users, p.userBody("type"), "Content-Type", "text/plain").is(415)
	u := p.newUser()
	p.send("DELETE", p.user(u), nil).is(204)
}

// Every error's body is judged by the watch: of an unknown id, path and method, of broken JSON and of a missing token.
func r02(p *probe) {
	p.get(p.server.users + "/" + nobody).is(404)
	p.get("/NoSuchEndpoint").is(404)
	p.get("/ServiceProviderConfig/no/such/path").is(404)
	p.send("POST", p.server.users, `{"schemas":`).refused(400, "invalidSyntax")
	p.get(p.server.users, "Authorization", "").is(401)
}

// nobody is an id that no resource has.
const nobody = "00000000-0000-4000-8000-000000000000"

func r03(p *probe) {
	for _, header := range []string{"", "Bearer", "Bearer not-a-token-of-this-server", "Basic bm9ib2R5Om5vYm9keQ=="} {
		a := p.get(p.server.users, "Authorization", header).is(401)
		a.that(a.header.Get("WWW-Authenticate") != "", "a WWW-Authenticate header")
	}
	p.send("POST", p.server.users, p.userBody("stranger"), "Authorization", "").is(401)
}

func r04(p *probe) {
	endpoints := []string{p.server.users}
	if p.server.groups != "" {
		endpoints = append(endpoints, p.server.groups)
	}
	for _, endpoint := range endpoints {
		for _, unknown := range []string{
			nobody, "no-such-id", "1", "-1", "%27%20or%201=1", "null", strings.Repeat("x", 200),
		} {
			p.get(endpoint + "/" + unknown).is(404)
		}
		gone := endpoint + "/" + nobody
		body := p.userBody("gone")
		if endpoint == p.server.groups {
			body = p.groupBody("gone")
		}
		p.send("PUT", gone, body).is(404)
		p.patch(gone, op("replace", "displayName", "nobody")).is(404)
		p.send("DELETE", gone, nil).is(404)
	}
}

// Deletion is tried on the one document that no server could delete.
func r05(p *probe) {
	for _, try := range []struct{ method, path string }{
		{"POST", "/ServiceProviderConfig"}, {"PUT", "/ServiceProviderConfig"}, {"PATCH", "/ServiceProviderConfig"},
		{"DELETE", "/ServiceProviderConfig"}, {"POST", "/Schemas"}, {"PUT", "/Schemas"}, {"PATCH", "/Schemas"},
		{"POST", "/ResourceTypes"}, {"PUT", "/ResourceTypes"}, {"PATCH", "/ResourceTypes"},
	} {
		var body any
		if try.method != "DELETE" {
			body = object{}
		}
		a := p.send(try.method, try.path, body)
		p.as(Should, func() { a.is(405) })
		a.is(405, 404, 403, 501, 400)
		if a.status == 405 {
			a.that(a.header.Get("Allow") != "", "an Allow header with 405 (RFC 9110 §15.5.6)")
		}
	}
}

func r11(p *probe) {
	p.get(p.server.users + "/?count=1").is(200)
	p.get(strings.ToLower(p.server.users) + "?count=1").is(200)
	p.get("/serviceproviderconfig").is(200)
	p.get("/ServiceProviderConfig/").is(200)
}

func r13(p *probe) {
	p.get(p.server.users + "?count=1&aadOptscim062020&feature=x").is(200)
	p.get("/ServiceProviderConfig?whatever=1").is(200)
	p.as(Should, func() {
		for _, path := range []string{"/Schemas", "/ResourceTypes"} {
			p.list(path, "filter", `id eq "x"`).is(403)
		}
	})
	a := p.list("/ServiceProviderConfig", "filter", `id eq "x"`)
	a.is(200, 403)
	if a.status == 200 {
		p.note("a filter on ServiceProviderConfig is ignored")
	}
	u := p.newUser()
	p.get(p.user(u)+"?whatever=1").is(200).equals(id(u), "id")
}

// listOf judges the shape of a list (R09) and returns its number of results.
func (a answer) listOf(atLeast int) answer {
	schemas, _ := a.at("schemas").([]any)
	a.that(slices.Contains(schemas, any(schemaListResponse)), "schemas names %s", schemaListResponse)
	total, ok := a.number("totalResults")
	a.that(ok && total >= atLeast, "totalResults is an integer of %d or more, not %s", atLeast, literal(a.at("totalResults")))
	for _, name := range []string{"startIndex", "itemsPerPage"} {
		if v := a.at(name); v != nil {
			_, ok := integer(v)
			a.that(ok, "%s is an integer, not %s", name, literal(v))
		}
	}
	resources, ok := a.at("Resources").([]any)
	if total > 0 && atLeast > 0 {
		a.that(ok, "Resources is an array, not %s", literal(a.at("Resources")))
	} else {
		a.p.as(Should, func() { a.that(ok, "Resources is an array, also when it is empty") })
	}
	if n, told := a.number("itemsPerPage"); told && ok {
		a.that(n == len(resources), "itemsPerPage is the number of resources in this page, %d, not %d", len(resources), n)
	}
	return a
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
