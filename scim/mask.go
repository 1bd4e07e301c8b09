package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"proprio/resources"
)

// mask is what of a JSON object is shown: its members by name. A member that has no mask of its own is shown whole, one
// that is not there is left out.
type mask map[string]mask

// newMask is what a projection shows of a type's resources. `schemas` is not in it: what it lists depends on the rest.
func newMask(rt *resources.ResourceType, p projection) mask {
	m := maskOf(rt.Attributes(), p)
	delete(m, "schemas")
	for _, extension := range rt.Extensions {
		if part := maskOf(rt.Extension(extension.ID), p); len(part) > 0 {
			m[extension.ID] = part
		}
	}
	return m
}

// maskOf is what a projection shows of an object's attributes. What is shown with all of its sub-attributes is shown as it
// is stored.
func maskOf(attributes []*resources.Attribute, p projection) mask {
	m := mask{}
	for _, a := range attributes {
		if !p.shows(a) {
			continue
		}
		m[a.Name] = nil
		if slices.ContainsFunc(a.Sub, func(sub *resources.Attribute) bool { return !p.shows(sub) }) {
			m[a.Name] = maskOf(a.Sub, p)
		}
	}
	return m
}

// project appends what a mask shows of a rendered resource, and in `schemas` the extensions of which something is left
// (RFC 7643 §3). It reads the bytes once and copies those that are shown.
func project(out []byte, rt *resources.ResourceType, rendered []byte, m mask) ([]byte, error) {
	c := &copier{in: rendered, out: out}
	kept, err := c.object(m, true)
	if c.space(); err == nil && c.at < len(c.in) {
		err = errStored
	}
	if err != nil {
		return nil, fmt.Errorf("project %s: %w", rt.Name, err)
	}
	out = c.out
	if kept {
		out = append(out[:len(out)-1], ',')
	} else {
		out = append(out, '{')
	}
	out = appendText(append(out, `"schemas":[`...), rt.Schema.ID)
	for _, extension := range rt.Extensions {
		if slices.Contains(c.extensions, extension.ID) {
			out = appendText(append(out, ','), extension.ID)
		}
	}
	return append(out, "]}"...), nil
}

// errStored is a rendered resource that is not what was stored.
var errStored = errors.New("the stored resource is not JSON of its schema")

// copier copies parts of a JSON text. What it copies was checked when it was stored, so it looks at no more than it needs
// to find where values end.
type copier struct {
	in  []byte
	at  int
	out []byte
	// extensions are the members of the outermost object that are named by a URN and of which something was copied.
	extensions []string
}

// object copies what is shown of the object that begins here. Of an object with nothing in it nothing is copied.
func (c *copier) object(m mask, outermost bool) (kept bool, err error) {
	start := len(c.out)
	if !c.token('{') {
		return false, errStored
	}
	for first := true; !c.token('}'); first = false {
		if !first && !c.token(',') {
			return false, errStored
		}
		shown, err := c.member(m, kept, outermost)
		if err != nil {
			return false, err
		}
		kept = kept || shown
	}
	if !kept {
		c.out = c.out[:start]
		return false, nil
	}
	c.out = append(c.out, '}')
	return true, nil
}

// member copies what is shown of a member, behind the brace or, following others, a comma.
func (c *copier) member(m mask, following, outermost bool) (shown bool, err error) {
	raw, err := c.span()
	if err != nil || raw[0] != '"' || !c.token(':') {
		return false, errStored
	}
	name := raw[1 : len(raw)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if err := json.Unmarshal(raw, &plain); err != nil {
			return false, errStored
		}
		name = []byte(plain)
	}
	part, shown := m[string(name)]
	if !shown {
		_, err := c.span()
		return false, err
	}
	before := len(c.out)
	c.out = append(c.out, opener('{', following))
	c.out = append(append(c.out, raw...), ':')
	if shown, err = c.value(part); !shown {
		c.out = c.out[:before]
	}
	if shown && outermost && bytes.HasPrefix(name, []byte("urn:")) {
		c.extensions = append(c.extensions, string(name))
	}
	return shown, err
}

// opener is what stands before a part: what opens the whole, or following others, a comma.
func opener(open byte, following bool) byte {
	if following {
		return ','
	}
	return open
}

// value copies what is shown of the value that begins here: of a list, what is shown of each element.
func (c *copier) value(m mask) (kept bool, err error) {
	if m == nil {
		raw, err := c.span()
		c.out = append(c.out, raw...)
		return true, err
	}
	switch c.space(); {
	case c.at >= len(c.in):
		return false, errStored
	case c.in[c.at] == '{':
		return c.object(m, false)
	case c.in[c.at] == '[':
		return c.list(m)
	}
	raw, err := c.span()
	if err == nil && string(raw) != "null" {
		err = errStored
	}
	return false, err
}

// list copies what is shown of each element of the list that begins here. Of one with nothing in it nothing is copied.
func (c *copier) list(m mask) (kept bool, err error) {
	start := len(c.out)
	c.at++
	for first := true; !c.token(']'); first = false {
		if !first && !c.token(',') {
			return false, errStored
		}
		before := len(c.out)
		c.out = append(c.out, opener('[', kept))
		shown, err := c.value(m)
		if err != nil {
			return false, err
		}
		if !shown {
			c.out = c.out[:before]
		}
		kept = kept || shown
	}
	if !kept {
		c.out = c.out[:start]
		return false, nil
	}
	c.out = append(c.out, ']')
	return true, nil
}
