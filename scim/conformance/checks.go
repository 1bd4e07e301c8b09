package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checks are the checks of one file, by requirement.
type checks map[string]func(*probe)

// allChecks joins them.
func allChecks() checks {
	all := checks{}
	for _, part := range []checks{
		envelopeChecks(), discoveryChecks(), createChecks(), replaceChecks(), valueChecks(), patchChecks(), patchPathChecks(),
		filterChecks(), pageChecks(), projectionChecks(), bulkChecks(), versionChecks(), securityChecks(), cursorChecks(),
		eventChecks(), draftChecks(), toleranceEnvelopeChecks(), toleranceValueChecks(), toleranceQueryChecks(),
		tolerancePatchChecks(), toleranceMemberChecks(), toleranceLifeChecks(), interopChecks(), interopPatchChecks(), ipsieChecks(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// population is how many Users the shared population has.
const population = 5

// crowd is the beginning of their user names.
func (p *probe) crowd() string { return p.prefix + "-pop" }

// email is the address of one of them, by its number from 1 on and a label.
func (p *probe) email(n int, label string) string {
	return fmt.Sprintf("%s-%d%s@%s", p.crowd(), n, label, p.o.Domain)
}

// needsPeople makes the population that checks of queries share, once in a run. The second is inactive, the
// third has no nickName, the fifth no e-mail.
func (p *probe) needsPeople() []object {
	if p.people != nil {
		return p.people
	}
	work := func(n int) object { return object{"type": "work", "value": p.email(n, "")} }
	home := func(n int) object { return object{"type": "home", "value": p.email(n, ".home")} }
	descriptions := []object{
		{"displayName": "Anna", "nickName": "alpha", "title": `Chef "A" \ B`, "emails": []object{work(1), home(1)}, "active": true,
			schemaEnterprise: object{"employeeNumber": p.prefix + "-100", "department": "Sales"}},
		{"displayName": "bruno", "nickName": "Bravo", "title": "Ébéniste", "emails": []object{work(2)}, "active": false},
		{"displayName": "Chloé", "emails": []object{work(3)}, "active": true},
		{"displayName": "dora", "nickName": "delta", "title": "Zed", "emails": []object{home(4)}, "active": true},
		{"displayName": "Émile", "nickName": "echo", "active": true, schemaEnterprise: object{"employeeNumber": p.prefix + "-101"}},
	}
	mark := p.made.len()
	var people []object
	for i, more := range descriptions {
		body := p.userBody("pop", p.known(more))
		body["userName"] = p.email(i+1, "")
		body["externalId"] = fmt.Sprintf("Ext-%s-%d", p.prefix, i+1)
		people = append(people, p.create(p.server.users, body))
	}
	p.made.keep(mark)
	p.people = people
	return people
}

// known leaves out the attributes that the server's User does not have.
func (p *probe) known(body object) object {
	out := object{}
	for name, value := range body {
		if name == schemaEnterprise && (p.server.schemas == nil || p.server.schemas[strings.ToLower(name)] != nil) || p.has(name) {
			out[name] = value
		}
	}
	return out
}

// among narrows a filter to the population.
func (p *probe) among(filter string) string {
	if filter == "" {
		return fmt.Sprintf("userName sw %q", p.crowd())
	}
	return fmt.Sprintf("userName sw %q and (%s)", p.crowd(), filter)
}

// finds judges which of the population a filter selects, by their numbers from 1 on.
func (p *probe) finds(filter string, want ...int) {
	people := p.needsPeople()
	a := p.list(p.server.users, "filter", p.among(filter), "count", "100").is(200)
	if a.status != 200 {
		return
	}
	got := numbers(people, a.resources())
	a.that(slices.Equal(got, want), "%s selects %v of the five made for this, not %v", filter, want, got)
}

// numbers says which of the people a list holds; 0 stands for a stranger.
func numbers(people, found []object) []int {
	got := []int{}
	for _, r := range found {
		got = append(got, 1+slices.IndexFunc(people, func(one object) bool { return id(one) == id(r) }))
	}
	slices.Sort(got)
	return got
}
