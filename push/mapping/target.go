package mapping

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"proprio/push/profiles"
	"proprio/resources"
	"proprio/resources/filter"
)

// target is an attribute of a User in the app.
type target struct {
	path      string
	keys      []string
	attribute *resources.Attribute // nil: of a schema that only the app knows
}

// ours are attributes that rules cannot set, each with the reason.
var ours = map[string]string{
	"schemas": "it follows from the attributes", "meta": "it is the app's", "id": "it is the app's",
	"externalid": "it is the User's id, by which the account is known again", "groups": "Groups are sent by themselves",
	"active": "it follows from the scope and from the User's own", "password": "no password is sent to any app",
	"members": "Groups are sent by themselves",
}

// appAttribute is a path into a schema of the app's own.
var appAttribute = regexp.MustCompile(`^(urn:[^ ]+):([A-Za-z$][A-Za-z0-9$_-]*)(?:\.([A-Za-z$][A-Za-z0-9$_-]*))?$`)

// targetOf resolves a path that a rule sets.
func targetOf(path string, user *resources.ResourceType, p profiles.Profile) (target, string) {
	t, fault := resolve(path, user)
	if fault != "" {
		return t, fault
	}
	name := strings.ToLower(t.keys[0])
	a := t.attribute
	switch {
	case ours[name] != "":
		return t, t.keys[0] + " cannot be set: " + ours[name]
	case a != nil && a.Schema == resources.SchemaOwnership:
		return t, "the ownership of accounts is not sent to any app"
	case a != nil && strings.HasPrefix(a.String(), resources.SchemaEnterprise+":manager"):
		return t, "the manager is sent by the id that the app knows"
	case a != nil && a.Parent != nil && a.Parent.Multi:
		return t, fmt.Sprintf("%s has several values: set %s as a whole", a.Parent, a.Parent)
	case t.keys[0] == resources.SchemaEnterprise && p.Users.NoEnterprise:
		return t, p.Title + " takes no attributes of the enterprise extension"
	case slices.ContainsFunc(p.Users.Omit, t.within):
		return t, p.Title + " takes no " + t.path
	case len(p.Users.Only) > 0 && !slices.ContainsFunc(p.Users.Only, func(only string) bool {
		return t.within(only) || strings.HasPrefix(only, t.path+".")
	}):
		return t, fmt.Sprintf("%s takes no %s; it takes %s", p.Title, t.path, strings.Join(p.Users.Only, ", "))
	}
	return t, ""
}

// within says whether the attribute is the one at a path of a profile, or a part of it.
func (t target) within(path string) bool {
	return t.path == path || strings.HasPrefix(t.path, path+".") || strings.HasPrefix(t.path, path+":")
}

// resolve finds the attribute that a path names.
func resolve(path string, user *resources.ResourceType) (target, string) {
	t := target{path: path}
	parsed, err := filter.ParsePath(path)
	if err == nil && parsed.ValueExpression == nil {
		if a, err := user.Resolve(parsed.AttributePath); err == nil {
			t.attribute, t.keys, t.path = a, a.Keys(), a.String()
			return t, ""
		}
	}
	own := appAttribute.FindStringSubmatch(path)
	switch {
	case path == "":
		return t, "the attribute is missing"
	case own == nil:
		return t, noAttribute(path, user)
	case user.URN(own[1]) != "":
		return t, fmt.Sprintf("the schema %s has no attribute %s", own[1], strings.TrimPrefix(path, own[1]+":"))
	}
	t.keys = []string{own[1], own[2]}
	if own[3] != "" {
		t.keys = append(t.keys, own[3])
	}
	return t, ""
}

// noAttribute says that there is none of a name, and which one may be meant.
func noAttribute(path string, user *resources.ResourceType) string {
	var names []string
	for _, a := range user.Attributes() {
		names = append(names, a.String())
		for _, sub := range a.Sub {
			names = append(names, sub.String())
		}
	}
	for _, ext := range user.Extensions {
		for _, a := range user.Extension(ext.ID) {
			if strings.EqualFold(a.Name, path) {
				return fmt.Sprintf("there is no attribute %q; did you mean %s?", path, a)
			}
			names = append(names, a.String())
		}
	}
	if meant := Nearest(path, names); meant != "" {
		return fmt.Sprintf("there is no attribute %q; did you mean %s?", path, meant)
	}
	return fmt.Sprintf("there is no attribute %q: one of a schema of the app's own is named with its URN, urn:…:User:name", path)
}

// accepts says what is wrong with what an expression makes, as a value of the target; empty: nothing that shows yet.
func (t target) accepts(m made) string {
	if t.attribute == nil || m.kind == reflect.Interface || m.kind == reflect.Invalid {
		return ""
	}
	a := t.attribute
	list := m.kind == reflect.Slice
	one := m.kind
	if list {
		one = reflect.Interface
		if m.of != nil {
			one = m.of.kind
		}
	}
	if list && !a.Multi {
		return fmt.Sprintf("%s takes one value, not a list", t.path)
	}
	if one == reflect.Interface || slices.Contains(kinds(a), one) {
		return ""
	}
	return fmt.Sprintf("%s takes %s, not %s", t.path, wants(a), kindWords(one))
}

// kinds are the kinds of one value that an attribute takes.
func kinds(a *resources.Attribute) []reflect.Kind {
	switch a.Kind {
	case resources.KindBoolean:
		return []reflect.Kind{reflect.Bool}
	case resources.KindInteger:
		return []reflect.Kind{reflect.Int}
	case resources.KindDecimal:
		return []reflect.Kind{reflect.Int, reflect.Float64}
	case resources.KindComplex:
		if a.Multi && a.SubAttribute("value") != nil {
			return []reflect.Kind{reflect.Map, reflect.String}
		}
		return []reflect.Kind{reflect.Map}
	}
	return []reflect.Kind{reflect.String}
}

func wants(a *resources.Attribute) string {
	if a.Kind == resources.KindDecimal {
		return kindWords(reflect.Float64)
	}
	var words []string
	for _, k := range kinds(a) {
		words = append(words, kindWords(k))
	}
	return strings.Join(words, " or ")
}

func kindWords(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	}
	return "this"
}
