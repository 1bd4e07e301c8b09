package conformance

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// securityChecks are about tenants, names, personal data and hostile input.
func securityChecks() checks {
	return checks{"R55": r55, "R56": r56, "R57": r57, "R58": r58}
}

func r55(p *probe) {
	if p.second == "" {
		p.skip("it takes the token of a second tenant: --second-token-file")
	}
	u := p.newUser()
	other := "Bearer " + p.second
	as := func(method, path string, body any) answer { return p.send(method, path, body, "Authorization", other) }
	as("GET", p.user(u), nil).is(404)
	as("PUT", p.user(u), replaced(u, nil)).is(404)
	as("PATCH", p.user(u), patchOf(op("replace", "displayName", "taken"))).is(404)
	as("DELETE", p.user(u), nil).is(404)
	for _, filter := range []string{fmt.Sprintf("userName eq %q", u["userName"]), fmt.Sprintf("id eq %q", id(u))} {
		a := as("GET", p.server.users+"?filter="+url.QueryEscape(filter), nil).is(200)
		a.equals(0, "totalResults")
	}
	if p.feature("bulk") {
		a := as("POST", "/Bulk", bulkOf(object{"method": "DELETE", "path": p.user(u)})).is(200)
		a.equals("404", "Operations", 0, "status")
	}
	p.get(p.user(u)).is(200).equals(u["userName"], "userName")
}

// "é" is one letter, or an e and an accent: the same name (RFC 8265 §3.3, Unicode NFC).
func r56(p *probe) {
	local := p.prefix + "-renée"
	composed, decomposed := local+"@"+p.o.Domain, strings.Replace(local, "é", "e\u0301", 1)+"@"+p.o.Domain
	body := p.userBody("unicode")
	body["userName"] = composed
	a := p.send("POST", p.server.users, body)
	if a.status == 400 {
		p.skip("the server takes no letters beyond ASCII in a userName")
	}
	a.need(201)
	twin := p.userBody("unicode")
	twin["userName"] = decomposed
	p.send("POST", p.server.users, twin).refused(409, "uniqueness")
	if p.feature("filter") {
		found := p.list(p.server.users, "filter", fmt.Sprintf("userName eq %q", decomposed)).is(200)
		found.equals(1, "totalResults").equals(a.text("id"), "Resources", 0, "id")
	}
}

func r57(p *probe) {
	a := p.send("POST", p.server.users+"/.search", object{"schemas": []string{schemaSearch}, "filter": `userName eq "` + p.prefix + `-nobody"`, "count": 1})
	p.as(Should, func() { a.is(200) })
	if p.base.Scheme != "https" {
		p.result.Why = "TLS was left out: the address is not https"
		return
	}
	old, ok := p.client.Transport.(*http.Transport)
	if !ok {
		return
	}
	old = old.Clone()
	old.TLSClientConfig = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10, InsecureSkipVerify: true} //nolint:gosec // an old version must be refused
	defer old.CloseIdleConnections()
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, p.base.String()+"/ServiceProviderConfig", nil) // without the token
	if err == nil {
		var resp *http.Response
		if resp, err = (&http.Client{Transport: old, Timeout: p.o.Timeout}).Do(req); err == nil {
			resp.Body.Close()
		}
	}
	p.holds(err != nil, "an answer over TLS 1.1", "no answer below TLS 1.2")
}

func r58(p *probe) {
	p.raw = true // what is too long may never reach the SCIM server
	below500 := func(a answer) {
		a.that(a.err == nil && (a.status < 500 || a.status == http.StatusNotImplemented), "a status below 500")
	}
	deep := strings.Repeat("(", 500) + `userName eq "x"` + strings.Repeat(")", 500)
	for _, filter := range []string{
		deep, strings.Repeat(`userName eq "x" or `, 300) + `userName eq "x"`, `userName eq "` + strings.Repeat("x", 7000) + `"`, "\x00", `userName eq "\ud800"`,
		strings.Repeat("not (", 200) + "userName pr" + strings.Repeat(")", 200), "'; drop table users; --",
	} {
		below500(p.list(p.server.users, "filter", filter, "count", "1"))
	}
	below500(p.get(p.server.users + "?count=99999999999999999999&startIndex=-99999999999999999999"))
	below500(p.get(p.server.users + "/%00"))
	below500(p.get(p.server.users + "/%ff%fe"))
	below500(p.get(p.server.users + "?attributes=" + strings.Repeat("x,", 2000) + "y"))
	for _, body := range []string{
		"", "null", "[]", "5", `"text"`, "{", `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "\xff\xfe",
		`{"schemas":5,"userName":{}}`, `{"schemas":["` + schemaUser + `"],"userName":["a"],"emails":5,"name":[]}`,
	} {
		below500(p.send("POST", p.server.users, body))
	}
	if p.feature("patch") {
		u := p.newUser()
		for _, path := range []string{"emails[", "[]", "a.b.c.d", "emails[type eq \"x\"]].value", strings.Repeat("a", 5000), "urn:", "\x00"} {
			below500(p.patch(p.user(u), op("add", path, "x")))
		}
		below500(p.send("PATCH", p.user(u), object{"schemas": []string{schemaPatchOp}, "Operations": "none"}))
	}
	if p.feature("bulk") {
		below500(p.send("POST", "/Bulk", object{"schemas": []string{schemaBulkRequest}, "Operations": []any{5, nil, "x"}}))
	}
}
