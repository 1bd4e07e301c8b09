package load

import (
	"fmt"
	"slices"
	"strings"

	"proprio/resources"
	"proprio/resources/filter"
)

// column is what one column of a table holds.
type column struct {
	key       string               // of Input: the attribute's path
	leaf      *resources.Attribute // the attribute that a cell is a value of
	reference *resources.Attribute // the cell names another resource, as the manager; nil: it does not
	members   bool                 // the cell names members
	skip      bool                 // the directory makes it, or does not keep it
}

// skipped are the attributes that a file may have and that are not read: the directory makes them, or keeps none.
var skipped = []string{"id", "meta", "schemas", "groups", "password"}

// parseColumn reads the name of a column: an attribute's path (RFC 7644 §3.10), a path with a filter as in PATCH
// (emails[type eq "work"].value), or that in short: emails.work, addresses.work.locality.
func parseColumn(rt *resources.ResourceType, name string) (column, error) {
	name = strings.TrimSpace(name)
	root, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case slices.Contains(skipped, root):
		return column{skip: true}, nil
	case rt.Name == resources.TypeGroup && root == "members":
		return column{members: true}, nil
	}
	path, err := filter.ParsePath(name)
	if err == nil {
		if a, err := rt.Resolve(path.AttributePath); err == nil {
			return columnOf(rt, name, path, a)
		}
	}
	if c, ok := shortColumn(rt, name); ok {
		return c, nil
	}
	return column{}, fmt.Errorf("column %q: a %s has no such attribute", name, rt.Name)
}

func columnOf(rt *resources.ResourceType, name string, path filter.Path, a *resources.Attribute) (column, error) {
	whole := a
	if a.Parent != nil {
		whole = a.Parent
	}
	switch {
	case a.Mutability == "readOnly" || whole.Mutability == "readOnly":
		return column{skip: true}, nil
	case slices.Contains(rt.References(), whole) && (a == whole || a.Name == "value"):
		return column{key: whole.String(), leaf: whole, reference: whole}, nil
	case path.ValueExpression != nil:
		if path.SubAttribute != nil && a.SubAttribute(*path.SubAttribute) != nil {
			return column{key: name, leaf: a.SubAttribute(*path.SubAttribute)}, nil
		}
		return column{}, fmt.Errorf("column %q: say which part of %s it holds: %s[…].value", name, a, a)
	case whole.Multi && a != whole && a.Name != "value":
		return column{}, fmt.Errorf(`column %q: say of which %s it is: %s[type eq "work"].%s`, name, whole, whole, a.Name)
	case whole.Multi:
		return column{key: whole.String(), leaf: a}, nil
	case a.Kind == resources.KindComplex:
		return column{}, fmt.Errorf("column %q: %s has parts: name one of them, such as %s", name, a, a.Sub[0])
	}
	return column{key: a.String(), leaf: a}, nil
}

// shortColumn reads emails.work as emails[type eq "work"].value, and addresses.work.locality in the same way.
func shortColumn(rt *resources.ResourceType, name string) (column, bool) {
	attribute, rest, _ := strings.Cut(name, ".")
	typ, sub, named := strings.Cut(rest, ".")
	if !named {
		sub = "value"
	}
	a, err := rt.Resolve(filter.AttributePath{AttributeName: attribute})
	if err != nil || !a.Multi || typ == "" || a.SubAttribute("type") == nil || a.SubAttribute(sub) == nil {
		return column{}, false
	}
	key := fmt.Sprintf("%s[type eq %q].%s", a, typ, a.SubAttribute(sub).Name)
	if _, err := filter.ParsePath(key); err != nil {
		return column{}, false
	}
	return column{key: key, leaf: a.SubAttribute(sub)}, true
}

// words are what spreadsheets write for yes and no, in English and in French.
var words = map[string]bool{
	"true": true, "vrai": true, "yes": true, "oui": true, "1": true,
	"false": false, "faux": false, "no": false, "non": false, "0": false,
}

// value reads a cell.
func (c column) value(cell string) any {
	if c.leaf.Kind == resources.KindBoolean {
		if yes, known := words[strings.ToLower(cell)]; known {
			return yes
		}
	}
	return cell
}

// put writes a cell into an input. Columns of one name give the values of a list.
func (c column) put(in resources.Input, cell string) error {
	if c.reference != nil {
		setReference(in, c.reference, cell)
		return nil
	}
	have, twice := in[c.key]
	switch list, _ := have.([]any); {
	case !twice && c.leaf.Multi, !twice && c.leaf.Parent != nil && c.leaf.Parent.Multi && !strings.Contains(c.key, "["):
		in[c.key] = []any{c.value(cell)}
	case !twice:
		in[c.key] = c.value(cell)
	case list != nil:
		in[c.key] = append(list, c.value(cell))
	default:
		return resources.Errorf(resources.ErrInvalidValue, c.key, "Two columns hold it, and it takes one value.")
	}
	return nil
}
