package conformance

import "strings"

// versionChecks are about ETags and preconditions.
func versionChecks() checks { return checks{"R53": r53, "R54": r54} }

func r53(p *probe) {
	p.needs("etag")
	p.needsAttributes("displayName")
	u := p.newUser(object{"displayName": "before"})
	a := p.get(p.user(u)).need(200)
	tag := a.header.Get("ETag")
	a.that(strings.HasPrefix(strings.TrimPrefix(tag, "W/"), `"`), "an ETag such as W/\"1\", not %q", tag)
	a.equals(tag, "meta", "version")
	p.get(p.user(u), "If-None-Match", tag).is(304)
	p.get(p.user(u), "If-None-Match", `W/"another"`).is(200)
	const stale = `W/"not-this-version"`
	p.send("PUT", p.user(u), replaced(u, object{"displayName": "stale"}), "If-Match", stale).is(412)
	p.send("DELETE", p.user(u), nil, "If-Match", stale).is(412)
	if p.feature("patch") {
		p.send("PATCH", p.user(u), patchOf(op("replace", "displayName", "stale")), "If-Match", stale).is(412)
		p.send("PATCH", p.user(u), patchOf(op("replace", "displayName", "star")), "If-Match", "*").is(200, 204)
	}
	b := p.get(p.user(u)).is(200)
	b.that(b.text("displayName") != "stale", "nothing written after 412")
	tag = b.header.Get("ETag")
	c := p.send("PUT", p.user(u), replaced(u, object{"displayName": "fresh"}), "If-Match", tag).is(200)
	c.that(c.text("meta", "version") != tag, "another version after a change")
	if supported, _ := at(p.server.config, "bulk", "supported").(bool); supported {
		d := p.send("POST", "/Bulk", bulkOf(object{"method": "DELETE", "path": p.user(u), "version": stale})).is(200)
		d.equals("412", "Operations", 0, "status")
	}
	p.send("DELETE", p.user(u), nil, "If-Match", p.get(p.user(u)).header.Get("ETag")).is(204)
}

// Only reading is tried: /Me may be the account whose token the suite has.
func r54(p *probe) {
	a := p.get("/Me").is(200, 307, 308, 403, 404, 501)
	switch a.status {
	case 200:
		location := a.text("meta", "location")
		a.that(absolute(location) && !strings.HasSuffix(strings.ToLower(location), "/me"), "meta.location is the permanent address, not %q", location)
		p.note("/Me answers directly")
	case 307, 308:
		a.that(a.header.Get("Location") != "", "a Location")
		p.note("/Me redirects")
	default:
		p.note("/Me answers %d", a.status)
	}
}
