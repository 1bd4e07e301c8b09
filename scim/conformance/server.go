package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// server is what the server says of itself, read before the first check.
type server struct {
	config  object            // ServiceProviderConfig; nil when it cannot be read
	users   string            // path of the User endpoint
	groups  string            // path of the Group endpoint; empty when there is none
	types   []object          // ResourceTypes
	schemas map[string]object // by URN in lower case; nil when they cannot be read
}

// prepare reads the discovery documents and makes sure that the suite can work: the server is there, the token is good,
// and a User can be made.
func (s *suite) prepare(ctx context.Context) error {
	s.server = server{users: "/Users", groups: "/Groups"}
	config := s.roundTrip(ctx, request{method: http.MethodGet, path: "/ServiceProviderConfig"})
	if config.err != nil {
		return fmt.Errorf("GET %s/ServiceProviderConfig: %s", s.base, config.Exchange.Error)
	}
	s.server.config, _ = config.value.(object)
	if config.status != http.StatusOK {
		s.server.config = nil
	}
	if types := s.roundTrip(ctx, request{method: http.MethodGet, path: "/ResourceTypes"}); types.status == http.StatusOK {
		s.learnTypes(types.resources())
	}
	if schemas := s.roundTrip(ctx, request{method: http.MethodGet, path: "/Schemas"}); schemas.status == http.StatusOK {
		s.server.schemas = map[string]object{}
		for _, schema := range schemas.resources() {
			id, _ := schema["id"].(string)
			s.server.schemas[strings.ToLower(id)] = schema
		}
	}
	users := s.roundTrip(ctx, request{method: http.MethodGet, path: s.server.users + "?count=1"})
	switch {
	case users.err != nil:
		return fmt.Errorf("GET %s: %s", s.server.users, users.Exchange.Error)
	case users.status == http.StatusUnauthorized || users.status == http.StatusForbidden:
		return fmt.Errorf("the server refuses the token: %s", s.hide(users.describe()))
	case config.status == http.StatusNotFound && users.status == http.StatusNotFound:
		return fmt.Errorf("neither ServiceProviderConfig nor %s is under %s; is this the SCIM base address?", s.server.users, s.base)
	}
	if s.o.ReadOnly {
		return nil
	}
	return s.tryUser(ctx)
}

// tryUser makes a User and deletes it. Refusal for the user name's domain is common, and would spoil every check.
func (s *suite) tryUser(ctx context.Context) error {
	p := &probe{suite: s, ctx: ctx, result: &Result{}, level: Must}
	var made answer
	p.run(func(p *probe) { made = p.send(http.MethodPost, s.server.users, p.userBody("hello")) })
	defer s.unmake(ctx, 0)
	if made.err != nil {
		return fmt.Errorf("POST %s: %s", s.server.users, made.Exchange.Error)
	}
	if made.status == http.StatusBadRequest && strings.EqualFold(made.text("scimType"), "invalidValue") {
		return fmt.Errorf("it refuses to create a User named under %s: %s (pass --domain with a domain that the server accepts)",
			s.o.Domain, s.hide(made.describe()))
	}
	if made.status == http.StatusForbidden {
		return fmt.Errorf("the token may not create a User: %s (--read-only judges what can be judged without)", s.hide(made.describe()))
	}
	s.watch = watch{} // it is judged by R14 and R18
	return nil
}

func (s *suite) learnTypes(types []object) {
	s.server.types = types
	s.server.groups = ""
	for _, t := range types {
		endpoint, _ := t["endpoint"].(string)
		if !strings.HasPrefix(endpoint, "/") {
			endpoint = "/" + endpoint[strings.LastIndex(endpoint, "/")+1:]
		}
		switch schema, _ := t["schema"].(string); {
		case strings.EqualFold(schema, schemaUser):
			s.server.users = endpoint
		case strings.EqualFold(schema, schemaGroup):
			s.server.groups = endpoint
		}
	}
}

// feature reads a flag of ServiceProviderConfig. What is not declared is taken for supported: R07 judges that.
func (s *suite) feature(name string) bool {
	supported, told := at(s.server.config, name, "supported").(bool)
	return supported || !told
}

// needs skips a check that is about a feature the server does not claim.
func (p *probe) needs(features ...string) {
	for _, f := range features {
		if !p.feature(f) {
			p.skip("ServiceProviderConfig says %s is not supported", f)
		}
	}
}

// needsGroups skips a check that is about Groups where there are none.
func (p *probe) needsGroups() {
	if p.server.groups == "" {
		p.skip("the server has no resource type for Group")
	}
}

// needsAttributes skips a check whose attributes the server's User does not have. They are names of the core schema, or
// of the enterprise extension with its URN and a colon before them.
func (p *probe) needsAttributes(names ...string) {
	for _, name := range names {
		if !p.has(name) {
			p.skip("the server's User has no %s", name)
		}
	}
}

// has says whether User has an attribute, by the published schemas; what is not published is taken to be there.
func (s *suite) has(name string) bool { return s.server.schemas == nil || s.attribute(name) != nil }

// attribute finds the definition of an attribute of User: "name.givenName", "urn:…:User:department".
func (s *suite) attribute(name string) object {
	urn := schemaUser
	if strings.HasPrefix(name, schemaEnterprise+":") {
		urn, name = schemaEnterprise, strings.TrimPrefix(name, schemaEnterprise+":")
	}
	schema := s.server.schemas[strings.ToLower(urn)]
	if name == "externalId" && schema != nil { // common attributes are often left out of a schema (RFC 7643 §3.1)
		return object{"name": name, "caseExact": true}
	}
	return definition(schema["attributes"], strings.Split(name, "."))
}

func definition(attributes any, name []string) object {
	list, _ := attributes.([]any)
	for _, a := range list {
		o, _ := a.(object)
		if own, _ := o["name"].(string); !strings.EqualFold(own, name[0]) {
			continue
		}
		if len(name) == 1 {
			return o
		}
		return definition(o["subAttributes"], name[1:])
	}
	return nil
}
