package resources

import (
	"net/url"
	"strings"
)

// mergeAddress writes the `value` of a reference that a client gave by its `$ref` alone (RFC 7643 §8.7.1: manager.$ref
// is readWrite). Only the id in it is used: nothing is ever fetched from an address that a client names (H14), and what
// is shown is made from the id.
func (d *draft) mergeAddress(a *Attribute, object map[string]any, address any) error {
	text, isText := address.(string)
	if isText && text == "" {
		return nil
	}
	id := idIn(text)
	if id == "" {
		return Errorf(ErrInvalidValue, a.SubAttribute("$ref").String(),
			"%s takes the address of a resource, such as ../Users/{id}, not %s; or send its id as value.", a, shorten(literal(address)))
	}
	return put(a.SubAttribute("value"), object, id)
}

// idIn is the last segment of the address of a resource, absolute or relative; "" when there is none.
func idIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	parent, id, nested := cutLast(strings.TrimSuffix(u.Path, "/"))
	if !nested || strings.Trim(parent, "./") == "" || strings.Trim(id, ".") == "" {
		return ""
	}
	return id
}

func cutLast(path string) (parent, last string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}
