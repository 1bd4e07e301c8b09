package scim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// Every response with a body is application/scim+json, errors and discovery included; a 204 has no body. Requests may
// come as application/json too, in UTF-8; anything else is 415 (RFC 7644 §3.1, §3.8, §8.1).
func TestRequirement01_EveryResponseIsScimJSON(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		for _, r := range []struct {
			method, path string
			body         any
			want         int
		}{
			{"POST", "/Users", user("bruno@societe.example"), 201}, {"GET", "/Users/" + id, nil, 200}, {"GET", "/Users", nil, 200},
			{"PUT", "/Users/" + id, user("anne@societe.example"), 200}, {"PATCH", "/Users/" + id, patch(op("replace", "title", "x")), 200},
			{"GET", "/Schemas", nil, 200}, {"GET", "/Schemas/" + userURN, nil, 200}, {"GET", "/ResourceTypes", nil, 200},
			{"GET", "/ResourceTypes/User", nil, 200}, {"GET", "/ServiceProviderConfig", nil, 200},
			{"POST", "/Bulk", bulk(operation("DELETE", "/Users/none", "", nil)), 200},
			{"POST", "/Users", `{`, 400}, {"GET", "/nowhere", nil, 404}, {"GET", "/Schemas?filter=id pr", nil, 403}, {"DELETE", "/Users", nil, 405},
		} {
			a := c.do(r.method, r.path, r.body).must(r.want)
			if got := a.header.Get("Content-Type"); got != "application/scim+json;charset=utf-8" {
				t.Errorf("%s: Content-Type %q", a.call, got)
			}
		}
		for i, r := range []struct {
			contentType string
			want        int
		}{
			{"application/scim+json", 201}, {"application/scim+json; charset=utf-8", 201}, {"application/json", 201},
			{"application/json;charset=UTF-8", 201}, {"Application/SCIM+JSON", 201}, {"", 201},
			{"text/plain", 415}, {"application/xml", 415}, {"application/scim+json; charset=iso-8859-1", 415},
			{"application/x-www-form-urlencoded", 415},
		} {
			a := c.do("POST", "/Users", user(fmt.Sprintf("sent%d@societe.example", i)), "Content-Type", r.contentType)
			if a.status != r.want {
				t.Errorf("a body of type %q: %d, want %d", r.contentType, a.status, r.want)
			}
		}
		a := c.do("DELETE", "/Users/"+id, nil).must(204)
		if a.body != "" || a.header.Get("Content-Type") != "" {
			t.Errorf("a 204 with the body %q of type %q", a.body, a.header.Get("Content-Type"))
		}
	})
}

// Every refusal is a whole SCIM error: schemas, status as a text, a detail, and a scimType where RFC 7644 table 9 has
// one (§3.12).
func TestRequirement02_EveryErrorHasAScimBody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d, func(s *scim.Server) { s.Limits.Body = 4 << 10 }).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		path := "/Users/" + id
		for _, r := range []struct {
			method, path string
			body         any
			headers      []string
			status       int
			scimType     string
		}{
			{"GET", "/Users", nil, []string{"Authorization", ""}, 401, ""},
			{"GET", "/nowhere", nil, []string{"Authorization", ""}, 401, ""},
			{"GET", "/Schemas?filter=id pr", nil, nil, 403, ""},
			{"GET", "/nowhere", nil, nil, 404, ""},
			{"GET", path + "/name/familyName", nil, nil, 404, ""},
			{"GET", "/Users/none", nil, nil, 404, ""},
			{"PUT", "/Users", user("x@societe.example"), nil, 405, ""},
			{"GET", path, nil, []string{"Accept", "text/html"}, 406, ""},
			{"POST", "/Users", user("ANNE@societe.example"), nil, 409, "uniqueness"},
			{"PUT", path, user("anne@societe.example"), []string{"If-Match", `W/"77"`}, 412, ""},
			{"POST", "/Users", user(strings.Repeat("x", 5<<10)), nil, 413, ""},
			{"POST", "/Users", user("x@societe.example"), []string{"Content-Type", "text/csv"}, 415, ""},
			{"POST", "/Users", `{"userName":`, nil, 400, "invalidSyntax"},
			{"POST", "/Users", object{"schemas": []string{userURN}}, nil, 400, "invalidValue"},
			{"GET", "/Users?filter=userName xx 1", nil, nil, 400, "invalidFilter"},
			{"PATCH", path, patch(op("replace", "no such path", 1)), nil, 400, "invalidPath"},
			{"PATCH", path, patch(object{"op": "remove"}), nil, 400, "noTarget"},
			{"PATCH", path, patch(op("replace", "id", "x")), nil, 400, "mutability"},
			{"GET", "/Me", nil, nil, 501, ""},
		} {
			c.do(r.method, r.path, r.body, r.headers...).scimError(r.status, r.scimType, "")
		}
	})
}

// A 401 says how to authenticate (RFC 7644 §2, RFC 9110 §11.6.1, RFC 6750 §3).
func TestRequirement03_UnauthorizedSaysHowToAuthenticate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		expired := c.issue(c.connection, time.Now().Add(-time.Minute), scim.Scope)
		for header, want := range map[string]string{
			"": `Bearer realm="scim"`, "Basic dTpw": `Bearer realm="scim"`, "Bearer": `Bearer realm="scim"`,
			"Bearer short": `Bearer realm="scim", error="invalid_token"`, "Bearer " + expired: `Bearer realm="scim", error="invalid_token"`,
			"Bearer " + resources.TokenPrefix + strings.Repeat("x", 43): `Bearer realm="scim", error="invalid_token"`,
		} {
			for _, path := range []string{"/Users", "/Schemas", "/nowhere", "/Bulk"} {
				a := c.do("GET", path, nil, "Authorization", header).must(401)
				if got := a.header.Get("WWW-Authenticate"); got != want {
					t.Errorf("Authorization %.20q: WWW-Authenticate %q, want %q", header, got, want)
				}
			}
		}
	})
}

// An id that nobody has is 404, whatever it looks like and whatever is asked of it (RFC 7644 §3.6, §3.12).
func TestRequirement04_AnUnknownIdIs404(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		group := object{"schemas": []string{groupURN}, "displayName": "x"}
		userID, groupID := c.addUser("anne@societe.example"), c.addGroup("Bureau")
		for _, id := range []string{unknownID, "1", "0", "-1", "none", "a%20b", "%00", "%ff", "..%2f", "'", "%22", "me@x.example", "%F0%9F%98%80", strings.ToUpper(unknownID) + "x"} {
			for _, endpoint := range []string{"/Users/", "/Groups/"} {
				body := user("x@societe.example")
				if endpoint == "/Groups/" {
					body = group
				}
				c.do("GET", endpoint+id, nil).scimError(404, "", "")
				c.do("HEAD", endpoint+id, nil).must(404)
				c.do("PUT", endpoint+id, body).scimError(404, "", "")
				c.do("PATCH", endpoint+id, patch(op("replace", "displayName", "x"))).scimError(404, "", "")
				c.do("DELETE", endpoint+id, nil).scimError(404, "", "")
			}
		}
		c.do("GET", "/Users/"+groupID, nil).scimError(404, "", "") // of another type
		c.do("DELETE", "/Groups/"+userID, nil).scimError(404, "", "")
		c.do("GET", "/Users/"+userID, nil).must(200)
	})
}

// Discovery is read only: 405 with Allow. What the protocol has and this server has not is 501 (RFC 7644 §3.12, §4;
// RFC 9110 §15.5.6).
func TestRequirement05_MethodNotAllowedAndNotImplemented(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/ResourceTypes/none",
			"/Schemas", "/Schemas/" + userURN, "/Schemas/urn:none"} {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
				a := c.do(method, path, `{}`)
				a.scimError(405, "", method)
				if got := a.header.Get("Allow"); got != "GET, HEAD" {
					t.Errorf("%s: Allow %q", a.call, got)
				}
			}
		}
		for path, want := range map[string]string{
			"/Users": "GET, HEAD, POST", "/Groups": "GET, HEAD, POST", "/Users/x": "DELETE, GET, HEAD, PATCH, PUT", "/Bulk": "POST",
		} {
			a := c.do("TRACK", path, nil)
			a.scimError(405, "", "TRACK")
			if got := a.header.Get("Allow"); got != want {
				t.Errorf("%s: Allow %q, want %q", path, got, want)
			}
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			c.do(method, "/Me", `{}`).scimError(501, "", "")
		}
	})
}

// HEAD is GET without its body, wherever there is a GET (RFC 9110 §9.3.2): part of requirement 5, for what answers 405
// to HEAD breaks probes and proxies.
func TestRequirement05_HeadIsGetWithoutTheBody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		for _, path := range []string{"/Users", "/Users?filter=userName%20pr", "/Users/" + id, "/Groups", "/Schemas", "/Schemas/" + userURN,
			"/ResourceTypes", "/ResourceTypes/Group", "/ServiceProviderConfig", "/nowhere", "/Users/none"} {
			get, head := c.do("GET", path, nil), c.do("HEAD", path, nil)
			if head.status != get.status || head.body != "" {
				t.Errorf("HEAD %s: %d with %d bytes, GET: %d", path, head.status, len(head.body), get.status)
			}
			for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Location", "Content-Location"} {
				if head.header.Get(name) != get.header.Get(name) {
					t.Errorf("HEAD %s: %s %q, GET: %q", path, name, head.header.Get(name), get.header.Get(name))
				}
			}
		}
	})
}

// ResourceTypes and Schemas are lists whose members can be had one by one; whatever is referred to is there, and
// messages are no resources (RFC 7644 §3.1, §4; RFC 7643 §6, §7).
func TestRequirement06_DiscoveryListsAndSingles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		listed := map[string]bool{}
		for _, list := range []string{"/Schemas", "/ResourceTypes"} {
			all := c.do("GET", list, nil).must(200)
			rows, _ := all.at("Resources").([]any)
			if all.text("schemas", 0) != listURN || len(rows) == 0 || all.at("totalResults") != float64(len(rows)) {
				t.Errorf("%s is no ListResponse: %.300s", list, all.body)
			}
			for i := range rows {
				id := all.text("Resources", i, "id")
				listed[id] = true
				one := c.do("GET", list+"/"+id, nil).must(200)
				if one.text("id") != id || one.text("meta", "location") != base+list+"/"+id || !sameJSON(t, one.body, asJSON(t, rows[i])) {
					t.Errorf("%s/%s is not what the list shows: %.300s", list, id, one.body)
				}
				if strings.Contains(id, ":api:messages:") {
					t.Errorf("a message is listed: %s", id)
				}
				if list == "/ResourceTypes" {
					refersTo(t, listed, one)
				}
			}
			c.do("GET", list+"/none", nil).scimError(404, "", "none")
			c.do("GET", list+"/"+strings.ToUpper(userURN)+"x", nil).scimError(404, "", "")
		}
	})
}

// refersTo checks that the schemas of a resource type are listed, and that its id is its name.
func refersTo(t *testing.T, listed map[string]bool, one answer) {
	t.Helper()
	if one.text("id") != one.text("name") {
		t.Errorf("resource type %s has the id %s", one.text("name"), one.text("id"))
	}
	urns := []string{one.text("schema")}
	for i := 0; one.at("schemaExtensions", i) != nil; i++ {
		urns = append(urns, one.text("schemaExtensions", i, "schema"))
	}
	for _, urn := range urns {
		if !listed[urn] {
			t.Errorf("%s refers to %s, which is not in /Schemas", one.text("id"), urn)
		}
	}
}

// ServiceProviderConfig declares every feature, with its limits (RFC 7643 §5). It tells nobody anything about a company,
// so that a client may read it before it has a token; a wrong token is refused all the same, because clients try theirs
// on it.
func TestRequirement07_ServiceProviderConfigDeclaresEveryFeature(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		a := c.do("GET", "/ServiceProviderConfig", nil).must(200)
		for _, feature := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
			if _, ok := a.at(feature, "supported").(bool); !ok {
				t.Errorf("%s.supported is %v", feature, a.at(feature, "supported"))
			}
		}
		for _, limit := range [][]any{{"bulk", "maxOperations"}, {"bulk", "maxPayloadSize"}, {"filter", "maxResults"}} {
			if n, _ := a.at(limit...).(float64); n < 1 {
				t.Errorf("%v is %v", limit, a.at(limit...))
			}
		}
		for _, member := range []string{"type", "name", "description"} {
			if a.text("authenticationSchemes", 0, member) == "" {
				t.Errorf("the authentication scheme has no %s", member)
			}
		}
		for _, path := range []string{"/ServiceProviderConfig", "/serviceproviderconfig/"} {
			open := c.do("GET", path, nil, "Authorization", "").must(200)
			if open.at("patch", "supported") != true || open.at("authenticationSchemes", 0, "type") == nil {
				t.Errorf("without a token: %s", open.body)
			}
		}
		c.do("HEAD", "/ServiceProviderConfig", nil, "Authorization", "").must(200)
		c.do("PUT", "/ServiceProviderConfig", `{}`, "Authorization", "").must(401)
		c.do("GET", "/ServiceProviderConfig/x", nil, "Authorization", "").must(401)
		c.do("GET", "/ServiceProviderConfig", nil, "Authorization", "Bearer "+c.token+"x").must(401)
	})
}

const listURN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
