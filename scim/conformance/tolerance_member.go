package conformance

import "fmt"

// toleranceMemberChecks are about members of Groups as clients change them.
func toleranceMemberChecks() checks { return checks{"Q32": q32, "Q33": q33, "Q34": q34, "Q35": q35} }

// crew makes Users and a Group of them.
func (p *probe) crew(n int) (group object, users []object) {
	p.needs("patch")
	p.needsGroups()
	ids := []string{}
	for range n {
		u := p.newUser()
		users, ids = append(users, u), append(ids, id(u))
	}
	return p.newGroup(ids...), users
}

func q32(p *probe) {
	g, users := p.crew(6)
	first := func(n int) string { return id(users[n]) }
	for n, value := range []any{
		[]object{{"$ref": nil, "value": first(0)}},
		object{"members": values(first(1))},
		first(2),
		[]string{first(3)},
	} {
		p.patch(p.group(g), op("Remove", "members", value)).is(200, 204)
		p.hasMembers(g, users[n+1:]...)
	}
	p.patch(p.group(g), op("remove", fmt.Sprintf("members[value eq %q or value eq %q]", first(4), "nobody"), nil)).is(200, 204)
	p.hasMembers(g, users[5])
	p.patch(p.group(g), op("remove", "members", nil)).is(200, 204)
	p.hasMembers(g)
}

func q33(p *probe) {
	g, users := p.crew(2)
	p.patch(p.group(g), op("remove", "members", []object{})).is(200, 204)
	p.hasMembers(g, users...)
}

func q34(p *probe) {
	g, users := p.crew(1)
	stranger := p.newUser()
	before := p.get(p.group(g)).need(200)
	p.patch(p.group(g), op("Add", "members", values(id(users[0])))).is(200, 204)
	p.patch(p.group(g), op("Remove", "members", values(id(stranger)))).is(200, 204)
	p.hasMembers(g, users...)
	p.unchanged(before, p.get(p.group(g)).is(200))
}

func q35(p *probe) {
	g, users := p.crew(3)
	other := p.newUser()
	p.patch(p.group(g), op("replace", "members", values(id(users[0]), id(other)))).is(200, 204)
	p.hasMembers(g, users[0], other)
}
