package conformance

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// discoveryChecks are about what the server says of itself, of lists and of each resource.
func discoveryChecks() checks {
	return checks{"R06": r06, "R07": r07, "R08": r08, "R09": r09, "R10": r10, "R12": r12}
}

func r06(p *probe) {
	types := p.get("/ResourceTypes").need(200).listOf(1)
	schemas := p.get("/Schemas").need(200).listOf(1)
	listed := map[string]bool{}
	for _, schema := range schemas.resources() {
		urn := id(schema)
		listed[strings.ToLower(urn)] = true
		p.get("/Schemas/"+url.PathEscape(urn)).is(200).equals(urn, "id")
		schemas.that(!strings.Contains(urn, ":api:messages:"), "no message schema such as %s among the schemas", urn)
	}
	for _, t := range types.resources() {
		name, _ := t["name"].(string)
		identifier := id(t)
		if identifier == "" {
			identifier = name
		}
		p.as(Should, func() {
			types.that(identifier == name, "the id of the ResourceType %q is its name, not %q", name, identifier)
		})
		p.get("/ResourceTypes/"+url.PathEscape(identifier)).is(200).equals(name, "name")
		for _, urn := range schemasOf(t) {
			types.that(listed[strings.ToLower(urn)], "%s, which %s refers to, is among the schemas", urn, name)
		}
	}
	p.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:NoSuchThing").is(404)
	p.get("/ResourceTypes/NoSuchThing").is(404)
}

// schemasOf lists the schemas of a resource type.
func schemasOf(t object) (urns []string) {
	if urn, _ := t["schema"].(string); urn != "" {
		urns = append(urns, urn)
	}
	extensions, _ := t["schemaExtensions"].([]any)
	for _, e := range extensions {
		if urn, _ := at(e, "schema").(string); urn != "" {
			urns = append(urns, urn)
		}
	}
	return urns
}

func r07(p *probe) {
	a := p.get("/ServiceProviderConfig").need(200)
	for _, feature := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
		_, ok := a.at(feature, "supported").(bool)
		a.that(ok, "%s.supported is a boolean, not %s", feature, literal(a.at(feature, "supported")))
	}
	for _, number := range [][2]string{{"bulk", "maxOperations"}, {"bulk", "maxPayloadSize"}, {"filter", "maxResults"}} {
		n, ok := a.number(number[0], number[1])
		a.that(ok && n >= 0, "%s.%s is an integer, not %s", number[0], number[1], literal(a.at(number[0], number[1])))
	}
	authentication, ok := a.at("authenticationSchemes").([]any)
	a.that(ok, "authenticationSchemes is an array")
	for _, scheme := range authentication {
		for _, name := range []string{"type", "name", "description"} {
			text, _ := at(scheme, name).(string)
			a.that(text != "", "each authentication scheme has a %s", name)
		}
	}
	p.as(Tolerance, func() { p.get("/ServiceProviderConfig", "Authorization", "").is(200, 401) })
}

// The watch looks for nulls and empty objects in every answer.
func r08(p *probe) {
	u := p.newUser(p.known(object{"profileUrl": nil, "photos": []any{}, "nickName": nil, "displayName": "x"}))
	a := p.get(p.user(u)).need(200)
	schemas, _ := a.at("schemas").([]any)
	a.that(len(schemas) > 0, "schemas is a list that is not empty")
	for _, urn := range schemas {
		text, _ := urn.(string)
		if strings.EqualFold(text, schemaUser) {
			continue
		}
		a.that(!empty(a.at(text)), "schemas names only what is in the resource; there is nothing of %s", text)
	}
	for _, name := range []string{"profileUrl", "photos", "nickName"} {
		a.that(a.at(name) != "", "no empty text for %s", name)
	}
}

func r09(p *probe) {
	p.list(p.server.users, "count", "1").is(200).listOf(0)
	if p.feature("filter") {
		p.list(p.server.users, "filter", `userName eq "`+p.prefix+`-nobody"`).is(200).listOf(0).equals(0, "totalResults")
	}
	u := p.newUser()
	if p.feature("filter") {
		a := p.list(p.server.users, "filter", fmt.Sprintf("userName eq %q", u["userName"])).is(200).listOf(1)
		a.equals(1, "totalResults").equals(id(u), "Resources", 0, "id")
	}
	p.list(p.server.users, "count", "1").is(200).listOf(1)
}

// What the schema of User says of common attributes is tried on a User.
func r10(p *probe) {
	if p.server.schemas == nil {
		p.skip("the schemas cannot be read (see R06)")
	}
	user := p.server.schemas[strings.ToLower(schemaUser)]
	p.holds(user != nil, "none", "a schema %s", schemaUser)
	if user == nil {
		return
	}
	name := p.attribute("userName")
	p.holds(name["required"] == true, literal(name["required"]), "userName is required in the schema")
	p.holds(name["uniqueness"] == "server" || name["uniqueness"] == "global", literal(name["uniqueness"]), "userName is unique in the schema")
	u := p.newUser(p.known(object{"displayName": "as sent", "nickName": "as sent"}))
	stored := p.get(p.user(u)).need(200)
	for key := range asObject(stored.value) {
		switch key {
		case "schemas", "id", "externalId", "meta":
			continue
		}
		if strings.HasPrefix(key, "urn:") {
			stored.that(p.server.schemas[strings.ToLower(key)] != nil, "%s, which is returned, is among the schemas", key)
			continue
		}
		stored.that(p.attribute(key) != nil, "%s, which is returned, is in the schema", key)
	}
	list, _ := user["attributes"].([]any)
	for _, a := range list {
		definition := asObject(a)
		name, _ := definition["name"].(string)
		if definition["returned"] == "never" {
			stored.that(stored.at(name) == nil, "%s, whose schema says returned never, is not returned", name)
		}
		p.wellDefined(name, definition)
	}
}

// wellDefined judges the definition of one attribute (RFC 7643 §7 and its errata).
func (p *probe) wellDefined(name string, definition object) {
	allowed := func(characteristic string, values ...string) {
		got, told := definition[characteristic].(string)
		p.holds(!told || slices.Contains(values, got), got, "%s of %s is one of %s", characteristic, name, strings.Join(values, ", "))
	}
	kind, _ := definition["type"].(string)
	p.holds(kind != "" && name != "", literal(definition), "each attribute has a name and a type")
	allowed("type", "string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex")
	allowed("mutability", "readOnly", "readWrite", "immutable", "writeOnly")
	allowed("returned", "always", "never", "default", "request")
	allowed("uniqueness", "none", "server", "global")
	subs, _ := definition["subAttributes"].([]any)
	p.holds(kind == "complex" == (len(subs) > 0), fmt.Sprintf("%s with %d sub-attributes", kind, len(subs)),
		"%s has sub-attributes if and only if it is complex", name)
	for _, s := range subs {
		p.holds(at(s, "type") != "complex", "complex", "no sub-attribute of %s is complex itself (RFC 7643 §2.3.8)", name)
	}
}

func asObject(v any) object {
	o, _ := v.(object)
	return o
}

func r12(p *probe) {
	made := p.send("POST", p.server.users, p.userBody("meta", p.known(object{"displayName": "first"}))).need(201)
	read := p.get(p.user(asObject(made.value))).need(200)
	for _, a := range []answer{made, read} {
		a.equals("User", "meta", "resourceType")
		for _, name := range []string{"created", "lastModified"} {
			_, err := time.Parse(time.RFC3339, a.text("meta", name))
			a.that(err == nil, "meta.%s is a dateTime, not %s", name, literal(a.at("meta", name)))
		}
		a.that(a.text("meta", "created") == a.text("meta", "lastModified"), "lastModified is created until the first change")
		location := a.text("meta", "location")
		a.that(strings.HasSuffix(location, "/"+a.text("id")), "meta.location ends in the id, not %s", literal(location))
		p.as(Should, func() { a.that(absolute(location), "meta.location is absolute, not %s", literal(location)) })
		if header := a.header.Get("Content-Location"); header != "" {
			a.that(header == location, "Content-Location is meta.location, not %s", header)
		}
	}
	if location := made.header.Get("Location"); location != "" { // R14 asks for it
		made.that(location == made.text("meta", "location"), "Location is meta.location, not %q", location)
	}
	if supported, _ := at(p.server.config, "etag", "supported").(bool); supported {
		read.that(read.text("meta", "version") != "", "meta.version, since ETags are supported")
	}
	if p.server.groups != "" {
		g := p.newGroup()
		p.get(p.group(g)).is(200).equals("Group", "meta", "resourceType")
	}
}

func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.IsAbs() && u.Host != ""
}
