package conformance

import (
	"fmt"
	"net/url"
	"strings"
)

// toleranceQueryChecks are about queries as clients send them.
func toleranceQueryChecks() checks {
	return checks{"Q20": q20, "Q21": q21, "Q22": q22, "Q23": q23, "Q24": q24, "Q25": q25, "Q26": q26, "Q27": q27, "Q28": q28, "Q29": q29}
}

func q20(p *probe) {
	p.needs("filter")
	p.needsAttributes("active")
	p.finds(`active eq "False"`, 2)
	p.finds(`active eq "True"`, 1, 3, 4, 5)
	external := fmt.Sprintf("Ext-%s-1", p.prefix)
	a := p.list(p.server.users, "filter", "externalId eq "+external).is(200, 400)
	if a.status == 400 {
		a.refused(400, "invalidFilter")
		p.note("values without quotes are refused")
		return
	}
	a.equals(1, "totalResults")
}

func q21(p *probe) {
	p.needs("filter")
	p.needsAttributes("emails")
	p.needsPeople()
	home := quoted(p.email(4, ".home"))
	for _, filter := range []string{
		`emails[type eq "home"].value eq ` + home, "emails.value eq " + home, "emails eq " + home, "emails[value eq " + home + "]",
	} {
		p.finds(filter, 4)
	}
}

func q22(p *probe) {
	p.needs("filter")
	p.needsAttributes("emails")
	p.needsPeople()
	p.finds("userName eq "+quoted(strings.ToUpper(p.email(2, ""))), 2)
	p.finds("emails.value eq "+quoted(strings.ToUpper(p.email(2, ""))), 2)
	p.finds("externalId eq " + quoted(strings.ToLower(fmt.Sprintf("Ext-%s-2", p.prefix))))
}

func q23(p *probe) {
	p.needs("filter")
	p.needsAttributes("displayName", schemaEnterprise+":employeeNumber")
	p.finds(schemaUser+`:displayName eq "dora"`, 4)
	p.finds(schemaUser+`:emails[type eq "home"]`, 1, 4)
	p.finds(fmt.Sprintf(`%s:employeeNumber eq "%s-100"`, schemaEnterprise, p.prefix), 1)
	p.finds(schemaEnterprise+":employeeNumber pr", 1, 5)
}

func q24(p *probe) {
	p.needs("filter")
	for _, filter := range []string{`userName like "x"`, `userName eq`, `nonsense`, `userName = "x"`, `noSuchAttribute eq "x"`, `emails[type eq "work"`} {
		a := p.list(p.server.users, "filter", filter, "count", "1")
		total, _ := a.number("totalResults")
		a.that(a.status == 400 || a.status == 200 && total == 0, "400, or nothing found; never resources that the filter did not choose")
	}
	a := p.get(p.server.users + "?filter=" + url.QueryEscape(`userName eq "`+p.prefix)).is(400)
	a.that(len(a.resources()) == 0, "no resources")
}

func q25(p *probe) {
	p.needs("filter")
	for _, filter := range []string{`userName eq "00000000-0000-4000-8000-000000000000"`, `externalId eq "nobody"`, `id eq "nobody"`} {
		a := p.list(p.server.users, "filter", filter).is(200).equals(0, "totalResults")
		list, ok := a.at("Resources").([]any)
		a.that(ok && len(list) == 0, "an empty Resources")
	}
}

func q26(p *probe) {
	p.needs("filter")
	p.needsPeople()
	page := func(query ...string) answer {
		return p.list(p.server.users, append([]string{"filter", p.among("")}, query...)...).is(200).equals(population, "totalResults")
	}
	page("startIndex", "0", "count", "2").equals(1, "startIndex").equals(2, "itemsPerPage")
	page("startIndex", "5", "count", "2").equals(1, "itemsPerPage")
	page("startIndex", "99", "count", "2").equals(0, "itemsPerPage")
	page("count", "0").equals(0, "itemsPerPage")
	page("count", "-1").equals(0, "itemsPerPage")
	page("startIndex", "1", "count", "100000").equals(population, "itemsPerPage")
}

func q27(p *probe) {
	p.needsGroups()
	g := p.newGroup(id(p.newUser()))
	p.get(p.group(g)+"?excludedAttributes=members").is(200).absent("members").equals(g["displayName"], "displayName")
	p.get(p.group(g)+"?attributes=id").is(200).equals(id(g), "id").absent("members").absent("displayName")
	if p.feature("filter") {
		filter := fmt.Sprintf("displayName eq %q", g["displayName"])
		for _, shape := range [][2]string{{"excludedAttributes", "members"}, {"attributes", "id"}} {
			a := p.list(p.server.groups, "filter", filter, shape[0], shape[1]).is(200)
			a.equals(id(g), "Resources", 0, "id").absent("Resources", 0, "members")
		}
	}
}

func q28(p *probe) {
	p.needs("filter")
	p.needsGroups()
	u, stranger := p.newUser(), p.newUser()
	g := p.newGroup(id(u))
	for _, form := range []string{`id eq "%s" and members eq "%s"`, `id eq "%s" and members[value eq "%s"]`, `id eq "%s" and members.value eq "%s"`} {
		p.list(p.server.groups, "filter", fmt.Sprintf(form, id(g), id(u)), "excludedAttributes", "members").is(200).equals(1, "totalResults")
		p.list(p.server.groups, "filter", fmt.Sprintf(form, id(g), id(stranger))).is(200).equals(0, "totalResults")
	}
}

func q29(p *probe) {
	p.needs("filter")
	p.needsAttributes("active")
	p.finds("userName pr", 1, 2, 3, 4, 5)
	p.get(p.user(p.people[1])).is(200).equals(false, "active")
}
