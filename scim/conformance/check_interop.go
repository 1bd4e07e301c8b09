package conformance

import (
	"fmt"
	"net/url"
)

// interopChecks are about draft-zollner-scim-interop-profile, but for PATCH.
func interopChecks() checks {
	return checks{"I01": i01, "I02": r06, "I03": i03, "I04": i04, "I05": i05, "I06": i06, "I07": i07, "I08": i08, "I09": i09, "I10": i10,
		"I18": i18, "I19": r15}
}

func i01(p *probe) {
	p.get("/ServiceProviderConfig").is(200).equals(true, "interopProfileConformant")
}

func i03(p *probe) {
	a := p.get("/ResourceTypes").need(200)
	for _, t := range a.resources() {
		a.that(t["id"] != nil && t["id"] == t["name"], "id and name of a ResourceType are the same, not %s and %s", literal(t["id"]), literal(t["name"]))
	}
}

func i04(p *probe) {
	a := p.get("/Schemas/" + url.PathEscape(schemaUser)).need(200)
	list := a.at("attributes")
	a.that(definition(list, []string{"userName"})["caseExact"] != true, "caseExact false for userName")
	for _, name := range []string{"id", "externalId"} {
		if d := definition(list, []string{name}); d != nil {
			a.that(d["caseExact"] == true, "caseExact true for %s", name)
		}
	}
	r40(p)
}

func i05(p *probe) {
	a := p.get("/Schemas").need(200)
	for _, schema := range a.resources() {
		list, _ := schema["attributes"].([]any)
		for _, attribute := range list {
			if kind := definition(at(attribute, "subAttributes"), []string{"type"}); kind != nil {
				a.that(!empty(kind["canonicalValues"]), "canonicalValues for %s.type of %s", at(attribute, "name"), id(schema))
			}
		}
	}
}

func i06(p *probe) {
	p.needsPeople()
	p.holds(p.feature("filter"), "not supported", "filter is supported")
	p.finds(`displayName eq "dora"`, 4)
	p.finds(`displayName eq "dora" and active eq true`, 4)
	p.finds(`displayName eq "dora" and active eq false`)
}

func i07(p *probe) {
	p.send("POST", p.server.users, p.userBody("unknown", object{"favouriteColour": "green"})).refused(400, "invalidSyntax")
	u := p.newUser()
	p.send("PUT", p.user(u), replaced(u, object{"favouriteColour": "green"})).refused(400, "invalidSyntax")
	p.send("POST", p.server.users, p.userBody("unknown", object{"name": object{"favouriteColour": "green"}})).refused(400, "invalidSyntax")
}

func i08(p *probe) {
	const urn = "urn:example:unknown:1.0:Thing"
	body := p.userBody("unknown", object{urn: object{"a": 1}})
	body["schemas"] = []string{schemaUser, urn}
	p.send("POST", p.server.users, body).refused(400, "invalidSyntax")
	body = p.userBody("unknown")
	body["schemas"] = []string{schemaUser, urn}
	p.send("POST", p.server.users, body).refused(400, "invalidSyntax")
}

func i09(p *probe) {
	p.list(p.server.users, "filter", `favouriteColour eq "green"`).refused(400, "invalidFilter")
	p.list(p.server.users, "filter", `userName eq "x" and name.favouriteColour eq "green"`).refused(400, "invalidFilter")
}

func i10(p *probe) {
	for _, name := range []string{"maxPageSize", "defaultPageSize"} {
		if n, told := integer(at(p.server.config, "pagination", name)); told {
			p.holds(n >= 100, fmt.Sprint(n), "pagination.%s of 100 or more", name)
		}
	}
	if n, told := integer(at(p.server.config, "filter", "maxResults")); told {
		p.holds(n >= 100, fmt.Sprint(n), "filter.maxResults of 100 or more")
	}
	p.list(p.server.users, "count", "100").is(200)
}

func i18(p *probe) {
	p.needsAttributes("active")
	u := p.newUser(object{"active": true})
	p.patch(p.user(u), op("replace", "active", false)).is(200, 204)
	p.get(p.user(u)).is(200).equals(false, "active")
	r21(p)
}
