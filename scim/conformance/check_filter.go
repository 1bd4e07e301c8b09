package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// filterChecks are about the query language, on five Users that the suite made.
func filterChecks() checks {
	return checks{"R39": r39, "R40": r40, "R41": r41, "R42": r42, "R43": r43, "R44": r44, "R45": r45, "R46": r46}
}

func r39(p *probe) {
	p.needs("filter")
	p.needsAttributes("displayName")
	p.finds(`DISPLAYNAME EQ "dora"`, 4)
	p.finds(`displayname Eq "dora" OR DisplayName eQ "bruno"`, 2, 4)
	p.finds(`NOT (displayName SW "A") AND displayName Co "r"`, 2, 4)
	p.finds(`EMAILS[TYPE EQ "home" AND Value CO "pop-4"]`, 4)
	p.as(Tolerance, func() { p.finds(strings.ToUpper(schemaUser)+`:displayName eq "dora"`, 4) })
}

func r40(p *probe) {
	p.needs("filter")
	p.needsPeople()
	name, _ := p.people[1]["userName"].(string)
	p.finds(fmt.Sprintf("userName eq %q", strings.ToUpper(name)), 2)
	if p.attribute("displayName")["caseExact"] == false {
		p.finds(`displayName eq "ANNA"`, 1)
	}
	p.finds(fmt.Sprintf("externalId eq %q", strings.ToUpper(fmt.Sprintf("Ext-%s-2", p.prefix))))
	p.finds(fmt.Sprintf("id eq %q", id(p.people[1])), 2)
	if upper := strings.ToUpper(id(p.people[1])); upper != id(p.people[1]) {
		p.finds(fmt.Sprintf("id eq %q", upper))
	}
}

func r41(p *probe) {
	p.needs("filter")
	p.needsAttributes("displayName", "nickName", "active", "emails")
	p.needsPeople()
	third, _ := p.people[2]["userName"].(string)
	for _, one := range []struct {
		filter string
		want   []int
	}{
		{`displayName eq "Anna"`, []int{1}},
		{`displayName ne "Anna"`, []int{2, 3, 4, 5}},
		{`displayName co "nn"`, []int{1}},
		{`displayName sw "br"`, []int{2}},
		{`displayName ew "ora"`, []int{4}},
		{`nickName pr`, []int{1, 2, 4, 5}},
		{fmt.Sprintf("userName gt %q", third), []int{4, 5}},
		{fmt.Sprintf("userName ge %q", third), []int{3, 4, 5}},
		{fmt.Sprintf("userName lt %q", third), []int{1, 2}},
		{fmt.Sprintf("userName le %q", third), []int{1, 2, 3}},
		{`active eq false`, []int{2}},
		{`displayName eq "Anna" or displayName eq "dora"`, []int{1, 4}},
		{`not (nickName pr)`, []int{3}},
		{`not (not (displayName eq "Anna"))`, []int{1}},
		{`displayName eq "Anna" or displayName eq "dora" and active eq false`, []int{1}},
		{`(displayName eq "Anna" or displayName eq "dora") and active eq false`, nil},
		{`not (active eq false) and displayName eq "Anna"`, []int{1}},
		{`emails[type eq "home" and value co "pop-4"]`, []int{4}},
		{`emails[type eq "work" and value co "pop-4"]`, nil},
		{`emails[type ne "work"]`, []int{1, 4}},
		{`emails[not (type eq "work")]`, []int{1, 4}},
		{`emails[type eq "work"] and emails[type eq "home"]`, []int{1}},
		{`emails.type eq "home"`, []int{1, 4}},
	} {
		p.finds(one.filter, append([]int{}, one.want...)...)
	}
}

func r42(p *probe) {
	p.needs("filter")
	for _, bad := range []string{
		`userName`, `userName eq`, `userName foo "x"`, `(userName eq "x"`, `userName eq "x")`, `eq "x"`, `"x" eq userName`,
		`userName eq "x" and`, `and userName eq "x"`, `userName eq "x" userName eq "y"`, `emails[type eq "work"`, `userName eq "x`,
		`not userName eq "x"`, `emails[]`,
	} {
		p.list(p.server.users, "filter", bad).refused(400, "invalidFilter")
	}
	for _, bad := range []string{`active gt false`, `active le true`} {
		if p.has("active") {
			p.list(p.server.users, "filter", bad).refused(400, "invalidFilter")
		}
	}
	if p.has("x509Certificates") {
		p.list(p.server.users, "filter", `x509Certificates.value gt "AAAA"`).refused(400, "invalidFilter")
	}
}

func r43(p *probe) {
	p.needs("filter")
	p.needsAttributes("nickName", "emails")
	p.finds(`nickName pr`, 1, 2, 4, 5)
	p.finds(`emails pr`, 1, 2, 3, 4)
	p.finds(`nickName ne "alpha"`, 2, 3, 4, 5)
	p.as(Should, func() {
		p.finds(`nickName eq null`, 3)
		p.finds(`nickName ne null`, 1, 2, 4, 5)
	})
}

func r44(p *probe) {
	p.needs("filter")
	p.needsAttributes("displayName", "title")
	p.finds(`displayName eq "Émile"`, 5)
	p.finds(`displayName eq "\u00c9mile"`, 5)
	p.finds("title eq "+jsonText(`Chef "A" \ B`), 1)
	p.finds(schemaUser+`:displayName eq "dora"`, 4)
	if p.has(schemaEnterprise + ":employeeNumber") {
		p.finds(schemaEnterprise+`:employeeNumber eq "`+p.prefix+`-100"`, 1)
	}
	p.finds(fmt.Sprintf("id eq %q", id(p.people[3])), 4)
	p.finds(`meta.lastModified gt "2011-05-13T04:42:34Z"`, 1, 2, 3, 4, 5)
	p.finds(`meta.created lt "2011-05-13T04:42:34Z"`)
	p.finds(`meta.resourceType eq "User"`, 1, 2, 3, 4, 5)
	p.finds(`schemas eq "`+schemaUser+`"`, 1, 2, 3, 4, 5)
}

func jsonText(text string) string {
	data, _ := json.Marshal(text)
	return string(data)
}

func r45(p *probe) {
	p.needs("filter")
	p.needsAttributes("emails", "name")
	p.needsPeople()
	for _, filter := range []string{`emails co "pop-4"`, `emails eq "` + p.email(4, ".home") + `"`} {
		a := p.list(p.server.users, "filter", p.among(filter)).is(200, 400)
		if a.status == 400 {
			a.refused(400, "invalidFilter")
			continue
		}
		got := numbers(p.people, a.resources())
		a.that(len(got) == 1 && got[0] == 4, "the fourth of the five made for this, by the value of its e-mail, not %v", got)
	}
	p.as(Should, func() { p.list(p.server.users, "filter", `name eq "x"`).refused(400, "invalidFilter") })
}

func r46(p *probe) {
	p.needs("filter")
	endpoints := map[string]string{p.server.users: "userName"}
	if p.server.groups != "" {
		endpoints[p.server.groups] = "displayName"
	}
	for _, endpoint := range sortedKeys(endpoints) {
		a := p.list(endpoint, "filter", endpoints[endpoint]+` eq "`+p.prefix+`-nobody-at-all"`).is(200)
		a.equals(0, "totalResults")
		a.that(len(a.resources()) == 0, "no resources")
	}
}
