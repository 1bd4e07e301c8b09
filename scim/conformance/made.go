package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// made keeps what the suite made on the server, so that all of it is deleted again.
type made struct {
	paths []string // deleted when the check that made them ends
	kept  []string // deleted when the run ends
}

func (m *made) len() int { return len(m.paths) }

// keep has what was made since a mark stay until the run ends.
func (m *made) keep(mark int) {
	m.kept = append(m.kept, m.paths[mark:]...)
	m.paths = m.paths[:mark]
}

func (m *made) add(path string) {
	if path != "" && !slices.Contains(m.paths, path) {
		m.paths = append(m.paths, path)
	}
}

// note reads from an answer what was made, also where the answer should have been another.
func (m *made) note(s *suite, a *answer) {
	if a.Method != http.MethodPost || a.status < 200 || a.status > 299 {
		return
	}
	path, _, _ := strings.Cut(a.Path, "?")
	if operations, ok := a.at("Operations").([]any); ok {
		for _, o := range operations {
			if method, _ := at(o, "method").(string); strings.EqualFold(method, http.MethodPost) {
				location, _ := at(o, "location").(string)
				m.add(s.under(location))
			}
		}
		return
	}
	if id := a.text("id"); id != "" && !strings.HasSuffix(path, "/.search") {
		m.add(strings.TrimRight(path, "/") + "/" + url.PathEscape(id))
	}
}

// under is the path of a location that a server told, under the base address: its last two segments.
func (s *suite) under(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	segments := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	if len(segments) < 2 {
		return ""
	}
	return "/" + strings.Join(segments[len(segments)-2:], "/")
}

// unmake deletes what was made since a mark, newest first. It works to the end although ctx may be over.
func (s *suite) unmake(ctx context.Context, mark int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	var left []string
	for i := len(s.made.paths) - 1; i >= mark; i-- {
		if !s.remove(ctx, s.made.paths[i]) {
			left = append(left, s.made.paths[i])
		}
	}
	slices.Reverse(left)
	s.made.paths = append(s.made.paths[:mark], left...)
}

func (s *suite) remove(ctx context.Context, path string) (gone bool) {
	a := s.roundTrip(ctx, request{method: http.MethodDelete, path: path})
	return a.err == nil && (a.status/100 == 2 || a.status == http.StatusNotFound)
}

// clean deletes everything that is left, and what a search by the run's own prefix still finds: what a server made
// although it answered with an error. It returns what could not be deleted.
func (s *suite) clean(ctx context.Context) (left []string) {
	if s.o.ReadOnly {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	for _, path := range append(s.made.kept, s.strays(ctx)...) {
		s.made.add(path)
	}
	s.unmake(ctx, 0)
	for _, path := range s.made.paths {
		left = append(left, s.base.String()+path)
	}
	return left
}

// strays searches for resources whose name begins with the run's prefix.
func (s *suite) strays(ctx context.Context) (paths []string) {
	for _, kind := range []struct{ endpoint, name string }{{s.server.groups, "displayName"}, {s.server.users, "userName"}} {
		if kind.endpoint == "" {
			continue
		}
		filter := url.QueryEscape(fmt.Sprintf("%s sw %q", kind.name, s.prefix))
		a := s.roundTrip(ctx, request{method: http.MethodGet, path: kind.endpoint + "?count=200&filter=" + filter})
		for _, r := range a.resources() {
			id, _ := r["id"].(string)
			name, _ := member(r, kind.name).(string)
			if id != "" && strings.HasPrefix(strings.ToLower(name), s.prefix) { // whatever the filter did
				paths = append(paths, kind.endpoint+"/"+url.PathEscape(id))
			}
		}
	}
	return paths
}

// userBody is the body of a new User whose name holds a label, with what the server requires besides.
func (p *probe) userBody(label string, more ...object) object {
	name := p.userName(label)
	body := object{"schemas": []string{schemaUser}, "userName": name}
	for _, a := range p.requiredAttributes() {
		body[a["name"].(string)] = p.invent(a, name)
	}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	if _, ok := body[schemaEnterprise]; ok {
		body["schemas"] = []string{schemaUser, schemaEnterprise}
	}
	return body
}

// userName is a new name that no other run has.
func (p *probe) userName(label string) string {
	p.counter++
	return fmt.Sprintf("%s-%s-%d@%s", p.prefix, label, p.counter, p.o.Domain)
}

func (p *probe) groupBody(label string, members ...string) object {
	p.counter++
	body := object{"schemas": []string{schemaGroup}, "displayName": fmt.Sprintf("%s-%s-%d", p.prefix, label, p.counter)}
	if members != nil {
		body["members"] = values(members...)
	}
	return body
}

func values(ids ...string) []object {
	list := []object{}
	for _, id := range ids {
		list = append(list, object{"value": id})
	}
	return list
}

// requiredAttributes are those that the server's User must have, but for userName.
func (s *suite) requiredAttributes() (required []object) {
	list, _ := s.server.schemas[strings.ToLower(schemaUser)]["attributes"].([]any)
	for _, a := range list {
		o, _ := a.(object)
		name, _ := o["name"].(string)
		if o["required"] == true && o["mutability"] != "readOnly" && name != "" &&
			!slices.Contains([]string{"username", "id", "schemas", "meta"}, strings.ToLower(name)) {
			required = append(required, o)
		}
	}
	return required
}

// invent makes a value of an attribute.
func (p *probe) invent(a object, userName string) any {
	var value any
	switch kind, _ := a["type"].(string); kind {
	case "boolean":
		value = true
	case "integer", "decimal":
		value = 1
	case "dateTime":
		value = "2024-01-02T03:04:05Z"
	case "complex":
		parts := object{}
		list, _ := a["subAttributes"].([]any)
		for _, s := range list {
			sub, _ := s.(object)
			name, _ := sub["name"].(string)
			if sub["required"] == true || name == "value" || name == "type" && sub["canonicalValues"] != nil {
				parts[name] = p.invent(sub, userName)
			}
		}
		value = parts
	default:
		value = userName
		if list, _ := a["canonicalValues"].([]any); len(list) > 0 {
			value = list[0]
		}
	}
	if a["multiValued"] == true {
		return []any{value}
	}
	return value
}

// newUser makes a User for a check; without it the check cannot go on.
func (p *probe) newUser(more ...object) object {
	return p.create(p.server.users, p.userBody("user", more...))
}

// newGroup makes a Group of those members.
func (p *probe) newGroup(members ...string) object {
	p.needsGroups()
	return p.create(p.server.groups, p.groupBody("group", members...))
}

func (p *probe) create(endpoint string, body object) object {
	a := p.send(http.MethodPost, endpoint, body)
	made, _ := a.value.(object)
	if a.status != http.StatusCreated || id(made) == "" {
		p.judge(&a, false, "status 201 with an id, for what this check needs first")
		panic(stop{})
	}
	return made
}

func id(resource object) string {
	text, _ := resource["id"].(string)
	return text
}

// user and group are the paths of one resource.
func (p *probe) user(resource object) string {
	return p.server.users + "/" + url.PathEscape(id(resource))
}
func (p *probe) group(resource object) string {
	return p.server.groups + "/" + url.PathEscape(id(resource))
}

// replaced is a User's body for PUT: what the server returned, changed.
func replaced(resource object, change object) object {
	data, _ := json.Marshal(resource)
	var body object
	_ = json.Unmarshal(data, &body) // what was JSON is JSON
	for k, v := range change {
		body[k] = v
	}
	return body
}
