package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// ipsieChecks are about the OpenID IPSIE Account Lifecycle profile of SCIM, draft 00.
func ipsieChecks() checks {
	return checks{"A01": a01, "A02": a02, "A03": a03, "A04": a04, "A05": a05, "A11": a11, "A12": r21, "A13": a13, "A21": a21, "A22": a22, "A23": a23, "A24": a24}
}

// The metadata of RFC 8414 lie at the root of the host, with the path of the issuer after the well-known one.
func a01(p *probe) {
	root := p.base.Scheme + "://" + p.base.Host + "/.well-known/oauth-authorization-server"
	p.raw = true // it is no SCIM endpoint
	a := p.get(root)
	for path := strings.Trim(p.base.Path, "/"); a.status != 200 && path != ""; path = path[:max(strings.LastIndex(path, "/"), 0)] {
		a = p.get(root + "/" + path)
	}
	a.is(200)
	token := a.text("token_endpoint")
	a.that(absolute(token), "an absolute token_endpoint, not %q", token)
	for name, value := range map[string]string{"grant_types_supported": "client_credentials", "scopes_supported": "scim",
		"token_endpoint_auth_methods_supported": "private_key_jwt"} {
		list, _ := a.at(name).([]any)
		a.that(slices.Contains(list, any(value)), "%s among %s", value, name)
	}
}

func a02(p *probe) {
	p.get("/ServiceProviderConfig").is(200).equals(true, "bulk", "supported")
	p.send("POST", "/Bulk", bulkOf(object{"method": "DELETE", "path": p.server.users + "/no-such-id"})).is(200)
}

// The requests go out side by side, as fast as they can; none may be told to come later. How long the answers take is a
// matter of the machine and the way to it.
func a03(p *probe) {
	const requests = 25
	statuses := make([]int, requests)
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() {
			single := *p.transport
			statuses[i] = single.once(p.ctx, request{method: http.MethodGet, path: p.server.users + "?count=1"}).status
		})
	}
	all.Wait()
	p.sent += requests
	good := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			good++
		}
	}
	p.holds(good == requests, fmt.Sprintf("%d of %d", good, requests), "200 to each of %d requests at once", requests)
}

func a04(p *probe) {
	u := p.newUser()
	p.patch(p.user(u), op("replace", "displayName", "several"), op("replace", "nickName", "at once"), op("replace", "active", false)).is(200, 204)
	p.get(p.user(u)).is(200).equals("several", "displayName").equals("at once", "nickName").equals(false, "active")
}

func a05(p *probe) {
	for _, a := range []answer{
		p.send("POST", p.server.users, "{"), p.get(p.server.users + "/'"), p.list(p.server.users, "filter", "'"), p.get(p.server.users, "Authorization", ""),
		p.send("POST", p.server.users, `{"userName":[[]]}`),
	} {
		text := strings.ToLower(string(a.body))
		for _, leak := range []string{"stack trace", "traceback", "goroutine ", "sqlstate", "syntax error at or near", ".java:", ".py\"", ".go:", "exception in"} {
			a.that(!strings.Contains(text, leak), "nothing such as %q in an error", leak)
		}
		a.is(400, 401, 404)
	}
}

func a11(p *probe) {
	u := p.newUser(object{"active": true})
	for _, active := range []bool{false, true} {
		p.patch(p.user(u), op("replace", "active", active)).is(200, 204)
		p.get(p.user(u)).is(200).equals(active, "active")
	}
}

func a13(p *probe) {
	p.needsPeople()
	address := quoted(p.email(2, ""))
	p.finds("userName eq "+address, 2)
	p.finds(fmt.Sprintf(`externalId eq "Ext-%s-2"`, p.prefix), 2)
	p.finds("emails[value eq "+address+"]", 2)
	p.finds(`emails[type eq "work" and value eq `+address+"]", 2)
}

func a21(p *probe) {
	p.counter++
	external := fmt.Sprintf("Ext-%s-al2-%d", p.prefix, p.counter)
	u := p.newUser(object{"displayName": "AL2", "active": true, "externalId": external})
	p.get(p.user(u)).is(200).equals("AL2", "displayName").equals(true, "active").equals(external, "externalId")
	p.patch(p.user(u), op("replace", "displayName", "AL2 again")).is(200, 204)
	p.get(p.user(u)).is(200).equals("AL2 again", "displayName")
}

func a22(p *probe) {
	a := p.get("/Schemas").need(200)
	for _, schema := range a.resources() {
		for _, name := range []string{"password", "secret", "credential", "credentials"} {
			a.that(definition(schema["attributes"], []string{name}) == nil, "no %s in the schema %s", name, id(schema))
		}
	}
}

func a23(p *probe) {
	p.needsGroups()
	u := p.newUser()
	p.counter++
	body := p.groupBody("al2", id(u))
	body["externalId"] = fmt.Sprintf("Ext-%s-group-%d", p.prefix, p.counter)
	g := p.create(p.server.groups, body)
	p.newGroup() // without members
	p.hasMembers(g, u)
	for _, filter := range []string{
		fmt.Sprintf("displayName eq %q", g["displayName"]), fmt.Sprintf("externalId eq %q", body["externalId"]), fmt.Sprintf("members[value eq %q]", id(u)),
	} {
		p.list(p.server.groups, "filter", filter).is(200).equals(1, "totalResults").equals(id(g), "Resources", 0, "id")
	}
}

func a24(p *probe) {
	g, users := p.crew(2)
	operations := []object{}
	for range 25 {
		operations = append(operations, op("remove", fmt.Sprintf("members[value eq %q]", id(users[0])), nil), op("add", "members", values(id(users[0]))))
	}
	p.patch(p.group(g), operations...).is(200, 204)
	p.hasMembers(g, users...)
}
