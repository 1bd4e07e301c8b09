package scim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// operation is one operation of a bulk request; more are further members, such as version.
func operation(method, path, bulkID string, data any, more ...object) object {
	o := object{"method": method, "path": path}
	if bulkID != "" {
		o["bulkId"] = bulkID
	}
	if data != nil {
		o["data"] = data
	}
	for _, m := range more {
		maps.Copy(o, m)
	}
	return o
}

func bulk(ops ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": ops}
}

func group(name string, members ...string) object {
	list := []object{}
	for _, m := range members {
		list = append(list, object{"value": m})
	}
	return object{"schemas": []string{groupURN}, "displayName": name, "members": list}
}

// statuses of a bulk response, each with the bulkId where there is one.
func (a answer) statuses() []string {
	a.t.Helper()
	var all []string
	list, _ := a.at("Operations").([]any)
	for _, o := range list {
		o, _ := o.(map[string]any)
		s, _ := o["status"].(string)
		if id, ok := o["bulkId"].(string); ok {
			s = id + " " + s
		}
		all = append(all, s)
	}
	return all
}

func (a answer) mustStatuses(want ...string) answer {
	a.t.Helper()
	a.must(200)
	if got := a.statuses(); !slices.Equal(got, want) {
		a.t.Errorf("operations answered %v, want %v\n%s", got, want, a.body)
	}
	return a
}

// id of the resource that the i-th operation was about.
func (a answer) id(i int) string {
	a.t.Helper()
	location := a.text("Operations", i, "location")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// members of a Group, by id.
func (c tenant) members(groupID string) []string {
	c.t.Helper()
	var ids []string
	list, _ := c.do("GET", "/Groups/"+groupID+"?attributes=members", nil).must(200).at("members").([]any)
	for _, m := range list {
		ids = append(ids, m.(map[string]any)["value"].(string))
	}
	return ids
}

// RFC 7644 §3.7: every method in one request, whatever its letter case; each operation is answered in its place.
func TestRFC7644Section37Bulk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		put, patched, gone := c.addUser("put@societe.example", object{"title": "T"}), c.addUser("patch@societe.example"), c.addUser("gone@societe.example")
		a := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Users", "new", user("new@societe.example")),
			operation("put", "/Users/"+put, "", user("put@societe.example", object{"nickName": "N"})),
			operation("Patch", "users//"+patched+"/", "mine", object{"Operations": []object{op("add", "title", "U")}}),
			operation("dElEtE", "/Users/"+gone, "", nil),
			operation("POST", "GROUPS", "g", group("G", put)),
		)).mustStatuses("new 201", "200", "mine 200", "204", "g 201")
		if a.text("schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:BulkResponse" || a.header.Get("Content-Type") != "application/scim+json;charset=utf-8" {
			t.Errorf("%v %s", a.header, a.body)
		}
		for i, want := range []object{
			{"method": "POST", "bulkId": "new", "status": "201", "version": `W/"1"`, "location": base + "/Users/" + a.id(0)},
			{"method": "PUT", "status": "200", "version": `W/"2"`, "location": base + "/Users/" + put},
			{"method": "PATCH", "bulkId": "mine", "status": "200", "version": `W/"2"`, "location": base + "/Users/" + patched},
			{"method": "DELETE", "status": "204", "location": base + "/Users/" + gone},
			{"method": "POST", "bulkId": "g", "status": "201", "version": `W/"1"`, "location": base + "/Groups/" + a.id(4)},
		} {
			if got := a.at("Operations", i); !reflect.DeepEqual(got, map[string]any(want)) {
				t.Errorf("operation %d answered %v, want %v", i, got, want)
			}
		}
		if got := c.do("GET", "/Users/"+put, nil).must(200); got.at("title") != nil || got.at("nickName") != "N" {
			t.Errorf("PUT left %s", got.body)
		}
		if got := c.do("GET", "/Users/"+patched, nil).must(200); got.at("title") != "U" {
			t.Errorf("PATCH left %s", got.body)
		}
		c.do("GET", "/Users/"+gone, nil).must(404)
		if got := c.do("GET", "/Users/"+a.id(0), nil).must(200); got.text("userName") != "new@societe.example" {
			t.Errorf("POST made %s", got.body)
		}
		if got := c.members(a.id(4)); !slices.Equal(got, []string{put}) {
			t.Errorf("members %v", got)
		}
	})
}

// RFC 7644 §3.7.3: errors stop nothing, unless failOnErrors says after how many; what was processed is answered.
func TestRFC7644Section373FailOnErrors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		c.addUser("taken@societe.example")
		for i, f := range []struct {
			failOnErrors any
			want         []string
		}{
			{nil, []string{"a 201", "x 409", "b 201", "400", "d 201"}}, {0, []string{"a 201", "x 409", "b 201", "400", "d 201"}},
			{1, []string{"a 201", "x 409"}}, {2, []string{"a 201", "x 409", "b 201", "400"}}, {3, []string{"a 201", "x 409", "b 201", "400", "d 201"}},
		} {
			name := func(s string) object { return user(fmt.Sprintf("%s%d@societe.example", s, i)) }
			request := bulk(
				operation("POST", "/Users", "a", name("a")), operation("POST", "/Users", "x", user("Taken@societe.example")),
				operation("POST", "/Users", "b", name("b")), operation("POST", "/Users", "", name("c")), operation("POST", "/Users", "d", name("d")),
			)
			request["failOnErrors"] = f.failOnErrors
			c.do("POST", "/Bulk", request).mustStatuses(f.want...)
			for _, s := range []string{"a", "b", "c", "d"} {
				made := 0.0
				if slices.Contains(f.want, s+" 201") {
					made = 1
				}
				if got := c.do("GET", fmt.Sprintf(`/Users?filter=userName eq "%s%d@societe.example"`, s, i), nil).at("totalResults"); got != made {
					t.Errorf("failOnErrors %v: %s exists %v times, want %v", f.failOnErrors, s, got, made)
				}
			}
		}
	})
}

// RFC 7644 §3.7, §3.14: version is an operation's If-Match.
func TestRFC7644Section37Version(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		path := "/Users/" + c.addUser("anne@societe.example")
		version := func(v any) object { return object{"version": v} }
		a := c.do("POST", "/Bulk", bulk(
			operation("PATCH", path, "", patch(op("add", "title", "a")), version(`W/"1"`)), // now 2
			operation("PATCH", path, "", patch(op("add", "title", "b")), version(`W/"1"`)),
			operation("PUT", path, "", user("anne@societe.example"), version(`W/"1"`)),
			operation("DELETE", path, "", nil, version(`W/"9"`)), operation("DELETE", path, "", nil, version(`2`)),
			operation("PATCH", path, "", patch(op("add", "title", "c")), version("*")), // now 3
			operation("DELETE", path, "", nil, version(`W/"3"`)), operation("DELETE", path, "", nil, version("*")),
		)).mustStatuses("200", "412", "412", "412", "412", "200", "204", "404")
		if got := a.text("Operations", 5, "version"); got != `W/"3"` {
			t.Errorf("version %s", got)
		}
		if got := a.text("Operations", 1, "location"); got != base+path {
			t.Errorf("location of a failed PATCH %q", got)
		}
	})
}

// RFC 7644 §3.7.3: what is wrong with one operation is said in its answer, and changes nothing.
func TestRFC7644Section373FaultsOfOperations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		path, before := "/Users/"+id, c.everything()
		with := func(key string, value any) object {
			o := operation("POST", "/Users", "u", user("new@societe.example"))
			if o[key] = value; value == nil {
				delete(o, key)
			}
			return o
		}
		long := strings.Repeat("é", 3000)
		for name, f := range map[string]struct {
			operation any
			status    string
			scimType  string
			mentions  string
		}{
			"no object":                 {"x", "400", "invalidSyntax", "object"},
			"null":                      {nil, "400", "invalidSyntax", "object"},
			"no method":                 {with("method", nil), "400", "invalidSyntax", "method"},
			"a method that is a number": {with("method", 7), "400", "invalidSyntax", "method"},
			"GET":                       {operation("GET", path, "", nil), "400", "invalidSyntax", "GET"},
			"an unknown method":         {with("method", "BREW"), "400", "invalidSyntax", "BREW"},
			"a key in two spellings":    {with("Method", "PUT"), "400", "invalidSyntax", "twice"},
			"POST without bulkId":       {with("bulkId", nil), "400", "invalidSyntax", "bulkId"},
			"an empty bulkId":           {with("bulkId", ""), "400", "invalidSyntax", "bulkId"},
			"a bulkId that is a number": {with("bulkId", 7), "400", "invalidSyntax", "bulkId"},
			"no path":                   {with("path", nil), "400", "invalidSyntax", "path"},
			"a path that is a number":   {with("path", 7), "400", "invalidSyntax", "path"},
			"an unknown endpoint":       {with("path", "/Devices"), "404", "", "/Devices"},
			"an absolute path":          {with("path", base+"/Users"), "404", "", base},
			"discovery":                 {operation("DELETE", "/Schemas/"+userURN, "", nil), "404", "", "Schemas"},
			"bulk in bulk":              {with("path", "/Bulk"), "404", "", "/Bulk"},
			"a deeper path":             {operation("DELETE", path+"/emails", "", nil), "404", "", "emails"},
			"a query":                   {with("path", "/Users?attributes=id"), "404", "", "attributes"},
			"a query behind an id":      {operation("DELETE", path+"?x=y", "", nil), "400", "invalidPath", "query"},
			"POST on a resource":        {with("path", path), "400", "invalidPath", "/Users"},
			"DELETE of a type":          {operation("DELETE", "/Users", "", nil), "400", "invalidPath", "/Users/{id}"},
			"no data":                   {with("data", nil), "400", "invalidSyntax", "data"},
			"data that is a list":       {operation("PATCH", path, "", []any{}), "400", "invalidSyntax", "data"},
			"a version that is no text": {operation("DELETE", path, "", nil, object{"version": 1}), "400", "invalidSyntax", "version"},
			"wrong schemas in PATCH":    {operation("PATCH", path, "", object{"schemas": []string{userURN}, "Operations": []object{op("add", "title", "x")}}), "400", "invalidSyntax", "PatchOp"},
			"an unknown id":             {operation("DELETE", "/Users/"+unknownID, "", nil), "404", "", unknownID},
			"a very long id":            {operation("DELETE", "/Users/"+long, "", nil), "404", "", "…"},
			"an id that is not UTF-8":   {operation("DELETE", "/Users/%ff%00", "", nil), "404", "", "User"},
		} {
			t.Run(name, func(t *testing.T) {
				c := tenant{c.on(t), c.company, c.connection, c.token}
				a := c.do("POST", "/Bulk", object{"Operations": []any{f.operation}}).must(200)
				response := func(key string) string { return a.text("Operations", 0, "response", key) }
				if a.text("Operations", 0, "status") != f.status || response("status") != f.status || response("scimType") != f.scimType ||
					!strings.Contains(response("detail"), f.mentions) || len(response("detail")) > 300 {
					t.Errorf("answered %.500s, want %s %s with %q", a.body, f.status, f.scimType, f.mentions)
				}
				if a.text("Operations", 0, "response", "schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:Error" {
					t.Errorf("response is no SCIM error: %.300s", a.body)
				}
				if after := c.everything(); after != before {
					t.Errorf("something changed:\n%s\nbefore:\n%s", after, before)
				}
			})
		}
	})
}

// An operation is judged as a request of its own: whatever a single request is refused for, a bulk of one is refused
// for, in the same words.
func TestRFC7644Section37OneOperationIsLikeOneRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		userID := c.addUser("present@societe.example", object{"title": "before", "emails": []object{{"value": "p@societe.example", "type": "work"}}})
		c.addUser("other@societe.example")
		groupID := c.addGroup("Present", userID)
		before, compared := c.everything(), 0
		for _, b := range badRequests() {
			data, isObject := b.body.(object)
			if !isObject || !slices.Contains([]string{"POST", "PUT", "PATCH"}, b.method) || strings.Contains(b.path, "?") ||
				b.path == "/Bulk" || len(b.headers) > 0 && b.headers[0] != "If-Match" {
				continue
			}
			path := strings.NewReplacer("{user}", userID, "{group}", groupID).Replace(b.path)
			o := operation(b.method, path, "x", data)
			if len(b.headers) > 0 {
				o["version"] = b.headers[1]
			}
			single, inBulk := c.do(b.method, path, b.body, b.headers...), c.do("POST", "/Bulk", bulk(o)).must(200)
			if !reflect.DeepEqual(inBulk.at("Operations", 0, "response"), any(single.json())) {
				t.Errorf("%s: in bulk %s\nalone %s", b.name, inBulk.body, single.body)
			}
			compared++
		}
		if after := c.everything(); after != before || compared < 30 {
			t.Errorf("%d compared; before\n%s\nafter\n%s", compared, before, after)
		}
	})
}

// RFC 7644 §3.7.4: as many operations and bytes as ServiceProviderConfig says, and not one more.
func TestRFC7644Section374Limits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d, func(s *scim.Server) { s.Limits = scim.Limits{Bulk: 3, Body: 2000} }).tenant("Société", "")
		config := c.do("GET", "/ServiceProviderConfig", nil).must(200)
		if !reflect.DeepEqual(config.at("bulk"), any(map[string]any{"supported": true, "maxOperations": 3.0, "maxPayloadSize": 2000.0})) {
			t.Errorf("ServiceProviderConfig says %v", config.at("bulk"))
		}
		one := operation("DELETE", "/Users/"+unknownID, "", nil)
		c.do("POST", "/Bulk", bulk(one, one, one)).mustStatuses("404", "404", "404")
		c.do("POST", "/Bulk", bulk(one, one, one, one)).scimError(413, "", "maxOperations is 3")
		body, err := json.Marshal(bulk(one))
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, strings.Repeat(" ", 2000-len(body))...)
		c.do("POST", "/Bulk", body).mustStatuses("404")
		c.do("POST", "/Bulk", append(body, ' ')).scimError(413, "", "maxPayloadSize, 2000 bytes")
	})
}
