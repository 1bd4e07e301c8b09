package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// bulkChecks are about many operations in one request.
func bulkChecks() checks { return checks{"R52": r52} }

func r52(p *probe) {
	p.needs("bulk")
	p.bulkAnswers()
	if p.server.groups != "" {
		p.bulkReferences()
	}
	p.bulkStopsAtErrors()
	p.bulkLimits()
}

func bulkOf(operations ...object) object {
	return object{"schemas": []string{schemaBulkRequest}, "Operations": operations}
}

// bulkAnswers makes, changes, fails and deletes in one request.
func (p *probe) bulkAnswers() {
	u := p.newUser(p.known(object{"displayName": "before"}))
	a := p.send("POST", "/Bulk", bulkOf(
		object{"method": "POST", "path": p.server.users, "bulkId": "one", "data": p.userBody("bulk")},
		object{"method": "PATCH", "path": p.user(u), "data": patchOf(op("replace", "displayName", "after"))},
		object{"method": "POST", "path": p.server.users, "bulkId": "two", "data": object{"schemas": []string{schemaUser}}},
		object{"method": "PUT", "path": p.server.users + "/no-such-id", "data": p.userBody("bulk")},
		object{"method": "DELETE", "path": p.user(u)},
		object{"method": "POST", "path": "/NoSuchEndpoint", "bulkId": "three", "data": object{}},
	)).need(200)
	operations, _ := a.at("Operations").([]any)
	a.that(len(operations) == 6, "an answer to each of six operations; there are %d", len(operations))
	for i, status := range []string{"201", "200 204", "400", "404", "204", "4"} {
		got, text := at(a.value, "Operations", i, "status").(string)
		a.that(text, "Operations[%d].status is a text, not %s", i, literal(at(a.value, "Operations", i, "status")))
		a.that(slices.Contains(strings.Fields(status), got) || status == "4" && strings.HasPrefix(got, status),
			"Operations[%d].status is %s, not %s", i, status, got)
		if strings.HasPrefix(got, "4") {
			a.equals(got, "Operations", i, "response", "status")
		}
		location := at(a.value, "Operations", i, "location") != nil
		a.that(location || i == 2 || i == 5, "Operations[%d] has a location: only a POST that failed has none", i)
	}
	a.equals("one", "Operations", 0, "bulkId")
	a.that(strings.Contains(string(a.body), ":BulkResponse"), "the schema of a BulkResponse")
}

// bulkReferences makes a Group whose members are made after it, and reaches into one made before.
func (p *probe) bulkReferences() {
	group := p.groupBody("bulk")
	group["members"] = values("bulkId:late")
	name := p.userBody("bulk")
	a := p.send("POST", "/Bulk", bulkOf(
		object{"method": "POST", "path": p.server.groups, "bulkId": "group", "data": group},
		object{"method": "POST", "path": p.server.users, "bulkId": "late", "data": name},
	)).need(200)
	made := map[string]string{}
	for i := range 2 {
		made[fmt.Sprint(at(a.value, "Operations", i, "bulkId"))] = p.under(a.text("Operations", i, "location"))
	}
	a.that(made["group"] != "" && made["late"] != "", "both made, although the first refers to the second by its bulkId")
	if made["group"] == "" || made["late"] == "" {
		return
	}
	g := p.get(made["group"]).is(200)
	user := made["late"][strings.LastIndex(made["late"], "/")+1:]
	g.that(holdsMember(g, user), "the member %s for bulkId:late", user)
	g.that(!strings.Contains(string(g.body), "bulkId"), "no bulkId left in what was made")

	b := p.send("POST", "/Bulk", bulkOf(
		object{"method": "POST", "path": p.server.users, "bulkId": "ab", "data": p.userBody("bulk")},
		object{"method": "PATCH", "path": p.server.users + "/bulkId:ab", "data": patchOf(op("replace", "displayName", "by bulkId"))},
	)).need(200)
	if path := p.under(b.text("Operations", 0, "location")); path != "" && p.has("displayName") {
		p.get(path).is(200).equals("by bulkId", "displayName")
	}
}

func (p *probe) bulkStopsAtErrors() {
	body := bulkOf(
		object{"method": "DELETE", "path": p.server.users + "/no-such-id"},
		object{"method": "POST", "path": p.server.users, "bulkId": "never", "data": p.userBody("never")},
	)
	body["failOnErrors"] = 1
	a := p.send("POST", "/Bulk", body).need(200)
	operations, _ := a.at("Operations").([]any)
	a.that(len(operations) == 1, "one answer: failOnErrors 1 ends after the first error; there are %d", len(operations))
}

// bulkLimits sends one operation more than the server says it takes, where that is little enough to send.
func (p *probe) bulkLimits() {
	limit, ok := integer(at(p.server.config, "bulk", "maxOperations"))
	size, known := integer(at(p.server.config, "bulk", "maxPayloadSize"))
	deletion := object{"method": "DELETE", "path": p.server.users + "/no-such-id"}
	if ok && limit > 0 && limit <= 5000 && (!known || (limit+1)*70 < size) {
		a := p.send("POST", "/Bulk", bulkOf(slices.Repeat([]object{deletion}, limit+1)...)).is(413)
		p.as(Should, func() {
			a.that(strings.Contains(a.text("detail"), fmt.Sprint(limit)), "a detail that names the limit, %d", limit)
		})
	}
	if known && size > 0 && size <= 4<<20 {
		large := bulkOf(object{"method": "DELETE", "path": p.server.users + "/no-such-id", "data": object{"x": strings.Repeat("x", size)}})
		p.send("POST", "/Bulk", large).is(413)
	}
}
