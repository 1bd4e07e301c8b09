package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"proprio/scim/client"
)

// fields is a SCIM resource as JSON.
type fields = map[string]any

// schemaEnterprise is the extension whose attributes a change names without it (RFC 7643 §4.3).
const schemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// query asks for the resources whose attribute has a value; without an attribute, for all.
type query struct {
	attribute, value string
	size             int  // of pages, as wished
	glance           bool // the first page alone is wanted, to see that the product answers: what takes calls of its own may be left out
}

// eqFilter is the one form of filter that the engine sends (RFC 7644 §3.4.2.2).
var eqFilter = regexp.MustCompile(`^([A-Za-z.]+) eq ("(?:[^"\\]|\\.)*")$`)

func parseQuery(o client.ListOptions) (query, error) {
	q := query{size: o.PageSize, glance: o.MaxPages == 1}
	if o.Filter == "" {
		return q, nil
	}
	m := eqFilter.FindStringSubmatch(o.Filter)
	if m == nil {
		return q, cannot(http.StatusBadRequest, "there is no way to ask this product for %s", o.Filter)
	}
	q.attribute = m[1]
	if err := json.Unmarshal([]byte(m[2]), &q.value); err != nil {
		return q, cannot(http.StatusBadRequest, "the value in %s cannot be read", o.Filter)
	}
	return q, nil
}

// unknown refuses a query on an attribute that the product is not asked about.
func (q query) unknown() error {
	return cannot(http.StatusBadRequest, "there is no way to ask this product for accounts by %s", q.attribute)
}

// asFields reads a resource in whatever form it is given.
func asFields(resource any) (fields, error) {
	text, err := json.Marshal(resource)
	if err != nil {
		return nil, fmt.Errorf("encode a resource: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var doc fields
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}
	return doc, nil
}

// change is what is to become of a resource.
type change struct {
	// set holds whole attributes by name, those of the enterprise extension among them; nil takes one away.
	set fields
	// add and drop are members by id.
	add, drop []string
}

// memberPath is how one member is named in a removal (RFC 7644 §3.5.2.2).
var memberPath = regexp.MustCompile(`^members\[value eq ("(?:[^"\\]|\\.)*")\]$`)

// changeOf reads a PATCH: one operation without path for what is set, operations with a path for what goes, and those of
// members. The removal of a sub-attribute alone says nothing to these products: the attribute that holds it comes whole.
func changeOf(ops []client.Operation) (change, error) {
	c := change{set: fields{}}
	for _, op := range ops {
		switch {
		case op.Path == "members" || strings.HasPrefix(op.Path, "members["):
			if err := c.members(op); err != nil {
				return change{}, err
			}
		case op.Path == "":
			values, err := asFields(op.Value)
			if err != nil {
				return change{}, err
			}
			c.merge(values)
		case op.Op == "remove":
			name := strings.TrimPrefix(op.Path, schemaEnterprise+":")
			if !strings.Contains(name, ".") {
				c.set[name] = nil
			}
		default:
			c.set[strings.TrimPrefix(op.Path, schemaEnterprise+":")] = op.Value
		}
	}
	return c, nil
}

func (c *change) merge(values fields) {
	for name, value := range values {
		if inside, ok := value.(fields); ok && name == schemaEnterprise {
			c.merge(inside)
			continue
		}
		c.set[name] = value
	}
}

func (c *change) members(op client.Operation) error {
	if m := memberPath.FindStringSubmatch(op.Path); m != nil && op.Op == "remove" {
		var id string
		if err := json.Unmarshal([]byte(m[1]), &id); err != nil {
			return fmt.Errorf("members to take out: %w", err)
		}
		c.drop = append(c.drop, id)
		return nil
	}
	list, err := asFields(fields{"members": op.Value})
	if err != nil {
		return err
	}
	for _, member := range client.Document(list).Values("members") {
		id := member.Text("value")
		switch {
		case id == "":
			return fmt.Errorf("a member without an id")
		case op.Op == "remove":
			c.drop = append(c.drop, id)
		default:
			c.add = append(c.add, id)
		}
	}
	return nil
}

// has says whether a change is about an attribute.
func (c change) has(name string) bool {
	_, there := c.set[name]
	return there
}

// text is an attribute that is to be set to a text; empty: it goes, or it is none.
func (c change) text(name string) string {
	s, _ := c.set[name].(string)
	return s
}

// flag is a boolean attribute; told says whether the change is about it.
func (c change) flag(name string) (is, told bool) {
	is, told = c.set[name].(bool)
	return is, told
}

// sub is a sub-attribute's text.
func sub(doc fields, name, within string) string {
	m, _ := doc[name].(fields)
	s, _ := m[within].(string)
	return s
}

// values are the texts of a multi-valued attribute, such as roles.
func values(doc fields, name string) []string {
	var out []string
	for _, v := range client.Document(doc).Values(name) {
		if s := v.Text("value"); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// valued is a multi-valued attribute of texts.
func valued(texts ...string) []any {
	list := []any{}
	for _, t := range texts {
		list = append(list, fields{"value": t})
	}
	return list
}

// account is a User as it is shown to the engine: what every product tells.
func account(id, address string, active bool) client.Document {
	return client.Document{"id": id, "userName": address, "active": active,
		"emails": []any{fields{"value": address, "primary": true}}}
}

// put sets an attribute that has a value.
func put(doc client.Document, name, value string) {
	if value != "" {
		doc[name] = value
	}
}

// named gives an account its name, as far as it is known.
func named(doc client.Document, given, family string) {
	name := fields{}
	for key, value := range map[string]string{"givenName": given, "familyName": family} {
		if value != "" {
			name[key] = value
		}
	}
	if len(name) > 0 {
		doc["name"] = name
	}
}

// same compares names and addresses as products do: without letter case.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// number is an attribute that is a number, or a text that stands for one; empty: it is not there.
func number(d client.Document, name string) string {
	switch v := d.Get(name).(type) {
	case json.Number:
		return v.String()
	case string:
		return v
	}
	return ""
}

// json64 is a text of digits as a JSON number; other text stays what it is, for the product to refuse.
func json64(text string) any {
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return text
	}
	return json.Number(text)
}
