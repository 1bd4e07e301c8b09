package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// eventChecks are about what of RFC 9967 can be seen from outside.
func eventChecks() checks { return checks{"E01": e01, "E02": e02, "E03": e03} }

const eventURN = "urn:ietf:params:scim:event:"

func eventURIs() []string {
	var uris []string
	for _, name := range []string{"feed:add", "feed:remove", "prov:create:notice", "prov:create:full", "prov:patch:notice",
		"prov:patch:full", "prov:put:notice", "prov:put:full", "prov:delete", "prov:activate", "prov:deactivate", "misc:asyncresp"} {
		uris = append(uris, eventURN+name)
	}
	return uris
}

func e01(p *probe) {
	if at(p.server.config, "securityEvents") == nil {
		p.skip("ServiceProviderConfig has no securityEvents: the server does not claim RFC 9967")
	}
	a := p.get("/ServiceProviderConfig").need(200)
	request := a.text("securityEvents", "asyncRequest")
	a.that(slices.Contains([]string{"none", "long", "request"}, strings.ToLower(request)), "asyncRequest is none, long or request, not %q", request)
	uris, ok := a.at("securityEvents", "eventUris").([]any)
	a.that(ok, "eventUris is an array")
	for _, uri := range uris {
		text, _ := uri.(string)
		a.that(!strings.HasPrefix(text, eventURN) || slices.Contains(eventURIs(), text), "registered event URIs, not %q", text)
	}
}

// claimsAsync skips where the server claims no asynchronous requests.
func (p *probe) claimsAsync() {
	switch request, _ := at(p.server.config, "securityEvents", "asyncRequest").(string); strings.ToLower(request) {
	case "", "none":
		p.skip("ServiceProviderConfig does not claim asynchronous requests")
	}
}

func e02(p *probe) {
	p.claimsAsync()
	u := p.newUser()
	for _, a := range []answer{
		p.send("POST", p.server.users, p.userBody("async"), "Prefer", "respond-async").is(201, 202),
		p.patchAsync(p.user(u)),
		p.send("PUT", p.user(u), replaced(u, nil), "Prefer", "respond-async").is(200, 202),
	} {
		p.accepted(a)
	}
	p.settled(u)
}

func (p *probe) patchAsync(path string) answer {
	return p.send("PATCH", path, patchOf(op("replace", "displayName", "async")), "Prefer", "respond-async").is(200, 204, 202)
}

// accepted judges an answer of 202 (RFC 9967 §2.5.1).
func (p *probe) accepted(a answer) {
	if a.status != 202 {
		p.note("%s with respond-async is answered %d", a.Method, a.status)
		return
	}
	a.that(len(a.body) == 0, "no body")
	a.that(a.header.Get("Set-Txn") != "", "a Set-Txn header")
	a.that(strings.Contains(strings.ToLower(a.header.Get("Preference-Applied")), "respond-async"), "Preference-Applied: respond-async")
	location := a.header.Get("Location")
	a.that(location != "", "a Location")
	if path, ok := strings.CutPrefix(location, p.base.String()); ok && path != "" {
		p.get(path, "Authorization", "").is(401)
	}
}

// settled waits until a resource answers again, so that nothing is under way when it is deleted.
func (p *probe) settled(resource object) {
	p.await(func() bool { return p.get(p.user(resource)).status == 200 })
}

// await asks until something is so, a few seconds long.
func (p *probe) await(so func() bool) bool {
	deadline := time.Now().Add(10 * time.Second)
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		if so() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			timer.Stop()
			return false
		}
	}
}

func e03(p *probe) {
	p.claimsAsync()
	p.needs("filter")
	body := p.userBody("async")
	a := p.send("POST", p.server.users, body, "Prefer", "respond-async").is(201, 202)
	if a.status != 202 {
		p.note("the server answered at once")
		return
	}
	var found answer
	done := p.await(func() bool {
		found = p.list(p.server.users, "filter", fmt.Sprintf("userName eq %q", body["userName"]))
		n, _ := found.number("totalResults")
		return n == 1
	})
	found.that(done, "the User that 202 accepted, within ten seconds")
	for _, r := range found.resources() {
		p.made.add(p.user(r))
	}
	if path, ok := strings.CutPrefix(a.header.Get("Location"), p.base.String()); ok && path != "" {
		p.raw = true // the outcome is a token, not SCIM (RFC 9967 §2.5.1)
		done := p.await(func() bool { found = p.get(path); return found.status == 200 })
		found.that(done, "the outcome at its Location, within ten seconds")
	}
}
